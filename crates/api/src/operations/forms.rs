//! Forms: what people enter step by step, until it is a record.
//!
//! They are filled in by people: a token has to act for somebody. Who may do a step follows from the model, not from a right.

use std::collections::BTreeMap;

use muster_app::json::list as items;
use muster_engine::{
    DraftDeed, DraftQuery, DraftWork, NewDraft, find_for_draft, json, list_drafts, list_forms,
    look_at_draft, see_draft, start_draft, work_draft,
};
use muster_web::Problem;
use serde_json::Value as Json;

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
};

/// What is entered, with the version of the draft that was seen.
const ENTERED: &str = "entered:texts* version:int?*";

pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![
        Operation::list(
            ("forms.list", "/forms", "List the forms that you may begin"),
            None,
            "@Form",
            forms,
        ),
        Operation::list(
            ("drafts.list", "/drafts", "List drafts of forms, the newest first"),
            None,
            "@Draft",
            list,
        )
        .query("of:mine|waiting* ended:flag*")
        .paged(),
        Operation::get(
            ("drafts.get", "/drafts/{id}", "See a draft, as far as its steps are yours"),
            None,
            "@Draft",
            get,
        ),
        Operation::list(
            ("drafts.find", "/drafts/{id}/find", "Find to whom a link in a draft can lead"),
            None,
            "@LinkFound",
            find,
        )
        .query("field:text* search:text*"),
        Operation::post(
            ("drafts.start", "/forms/{form}/drafts", "Begin a draft of a form"),
            None,
            "@Draft",
            start,
        )
        .body("about:filled?*")
        .makes(),
        Operation::post(
            (
                "drafts.preview",
                "/drafts/{id}/preview",
                "See what is wrong with what you enter, and at the last step what it would come to",
            ),
            None,
            "@Draft",
            preview,
        )
        .body("entered:texts*"),
    ];
    all.extend(deeds());
    all
}

fn deeds() -> [Operation; 5] {
    [
        Operation::post(
            ("drafts.save", "/drafts/{id}/save", "Keep what you enter in a draft"),
            None,
            "@Draft",
            |asked: Asked| work(asked, DraftDeed::Save),
        )
        .body(ENTERED),
        Operation::post(
            (
                "drafts.submit",
                "/drafts/{id}/submit",
                "End a step of a draft; the last one makes a record of it",
            ),
            None,
            "@Draft",
            |asked: Asked| {
                let despite_look_alikes = asked.flag("despite_look_alikes");
                work(asked, DraftDeed::Submit { despite_look_alikes })
            },
        )
        .body("entered:texts* version:int?* despite_look_alikes:flag*"),
        Operation::post(
            ("drafts.return", "/drafts/{id}/return", "Give a draft back to a step before"),
            None,
            "@Draft",
            |asked: Asked| {
                let to = asked.owned("to");
                work(asked, DraftDeed::Return { to })
            },
        )
        .body("to:filled?* note:filled version:int?*"),
        Operation::post(
            ("drafts.refuse", "/drafts/{id}/refuse", "Refuse a draft for good"),
            None,
            "@Draft",
            |asked: Asked| work(asked, DraftDeed::Refuse),
        )
        .body("note:filled version:int?*"),
        Operation::post(
            ("drafts.withdraw", "/drafts/{id}/withdraw", "Take a draft back that you began"),
            None,
            "@Draft",
            |asked: Asked| work(asked, DraftDeed::Withdraw),
        )
        .body("note:text?*"),
    ]
}

async fn forms(asked: Asked) -> Result<Told, Problem> {
    let forms = list_forms(&asked.ctx, &asked.opened, asked.me()?).await?;
    let forms: Vec<Json> = forms.iter().map(json::form).collect();
    Ok(items(&forms, None).into())
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let waiting = asked.maybe("of") == Some("waiting");
    let (ended, before, limit) = (asked.flag("ended"), asked.after(), asked.limit());
    let query = DraftQuery { waiting, ended, before, limit };
    let page = list_drafts(&asked.ctx, &asked.opened, asked.me()?, &query).await?;
    let drafts: Vec<Json> = page.items.iter().map(json::draft).collect();
    Ok(items(&drafts, page.next.map(cursor).as_deref()).into())
}

async fn get(asked: Asked) -> Result<Told, Problem> {
    let view = see_draft(&asked.ctx, &asked.opened, asked.me()?, asked.id("id")).await?;
    Ok(json::draft(&view).into())
}

async fn find(asked: Asked) -> Result<Told, Problem> {
    let (me, wanted) = (asked.me()?, (asked.text("field"), asked.text("search")));
    let found = find_for_draft(&asked.ctx, &asked.opened, me, asked.id("id"), wanted).await?;
    let found: Vec<Json> = found.iter().map(json::link_found).collect();
    Ok(items(&found, None).into())
}

async fn start(asked: Asked) -> Result<Told, Problem> {
    let new = NewDraft { form: asked.text("form").to_owned(), about: asked.owned("about") };
    let view = start_draft(&asked.ctx, &asked.opened, asked.me()?, &new).await?;
    Ok(Told::made(&json::draft(&view)))
}

async fn preview(asked: Asked) -> Result<Told, Problem> {
    let (me, entered) = (asked.me()?, asked.pairs("entered"));
    let view = look_at_draft(&asked.ctx, &asked.opened, me, asked.id("id"), &entered).await?;
    Ok(json::draft(&view).into())
}

async fn work(asked: Asked, deed: DraftDeed) -> Result<Told, Problem> {
    let entered: BTreeMap<String, String> = asked.pairs("entered");
    let note = asked.text("note").to_owned();
    let work = DraftWork { deed, version: asked.int("version"), entered, note };
    let (me, id) = (asked.me()?, asked.id("id"));
    Ok(json::draft(&work_draft(&asked.ctx, &asked.opened, me, id, &work).await?).into())
}
