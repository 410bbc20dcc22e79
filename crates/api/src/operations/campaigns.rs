//! Access reviews: campaigns, and the items that reviewers decide about.
//!
//! Items are decided by people: a token has to act for somebody. Whoever may see those of others has the right
//! `assignments.read`.

use muster_app::{Kind, json::list as items};
use muster_policy::Right::{AssignmentsRead, AssignmentsWrite};
use muster_review::{
    Decision, ItemAnswer, ItemQuery, NewCampaign, WhoseItems, campaign_id, campaign_status,
    decide_items, evidence_to_send, json, list_campaigns, list_items, open_campaign,
    release_silence, see_item, undo_item,
};
use muster_store::ItemState;
use muster_web::Problem;
use serde_json::{Value as Json, json};

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
};

pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![
        Operation::list(
            ("campaigns.list", "/campaigns", "List campaigns of access reviews, the newest first"),
            AssignmentsRead,
            "@Campaign",
            campaigns,
        )
        .query("closed:flag*")
        .paged(),
        Operation::get(
            ("campaigns.get", "/campaigns/{campaign}", "See how far a campaign is"),
            AssignmentsRead,
            "@Campaign",
            status,
        ),
        Operation::get(
            (
                "campaigns.evidence",
                "/campaigns/{campaign}/evidence",
                "Fetch the signed evidence of a campaign, a zip archive",
            ),
            AssignmentsRead,
            "map",
            evidence,
        )
        .files(&["application/zip"]),
        Operation::post(
            ("campaigns.open", "/campaigns", "Open a campaign of an access review now"),
            AssignmentsWrite,
            "@Campaign",
            open,
        )
        .body("review:filled title:filled?* person:filled?*")
        .makes(),
        Operation::post(
            (
                "campaigns.release",
                "/campaigns/{campaign}/release",
                "Say what becomes of items that nobody answered and the guard holds",
            ),
            AssignmentsWrite,
            "@Campaign",
            release,
        )
        .body("silence:keep|revoke confirm:int?*"),
    ];
    all.extend(of_reviewers());
    all
}

fn of_reviewers() -> [Operation; 4] {
    [
        Operation::list(
            (
                "review-items.list",
                "/review-items",
                "List the items about which you are asked, or all of a campaign",
            ),
            None,
            "@ReviewItem",
            list,
        )
        .query("of:mine|all* campaign:text* state:waiting|decided|over*")
        .paged(),
        Operation::get(
            (
                "review-items.get",
                "/review-items/{id}",
                "See an item, what a revocation does and what was said",
            ),
            None,
            "@ReviewItem",
            get,
        ),
        Operation::post(
            (
                "review-items.decide",
                "/review-items/decide",
                "Decide about an item, or about several that are about the same",
            ),
            None,
            "@ReviewItems",
            decide,
        )
        .body(
            "items:int[+] answer:keep|revoke|shorten|unsure|forward reason:text?* until:instant?* to:filled?* \
             seen:filled?* confirm:int?*",
        ),
        Operation::post(
            ("review-items.undo", "/review-items/{id}/undo", "Take a decision back"),
            None,
            "@ReviewItem",
            undo,
        )
        .body("reason:text?*"),
    ]
}

async fn campaigns(asked: Asked) -> Result<Told, Problem> {
    let (closed, part) = (asked.flag("closed"), (asked.after(), asked.limit()));
    let page = list_campaigns(&asked.ctx, &asked.opened, closed, part).await?;
    let views: Vec<Json> = page.items.iter().map(json::campaign).collect();
    Ok(items(&views, page.next.map(cursor).as_deref()).into())
}

async fn status(asked: Asked) -> Result<Told, Problem> {
    let view = campaign_status(&asked.ctx, &asked.opened, asked.text("campaign")).await?;
    Ok(json::campaign(&view).into())
}

async fn evidence(asked: Asked) -> Result<Told, Problem> {
    let name = asked.text("campaign");
    let (_, bytes) = evidence_to_send(&asked.ctx, &asked.opened, name).await?;
    Ok(Told::file(bytes, "application/zip", "evidence.zip"))
}

async fn open(asked: Asked) -> Result<Told, Problem> {
    let only = match asked.maybe("person") {
        Some(person) => Some(asked.person(person).await?),
        None => None,
    };
    let (review, title) = (asked.text("review"), asked.maybe("title"));
    let new = NewCampaign { review, title, cause: "hand", only };
    Ok(Told::made(&json::campaign(&open_campaign(&asked.ctx, &asked.opened, &new).await?)))
}

async fn release(asked: Asked) -> Result<Told, Problem> {
    let silence = (asked.text("silence") == "revoke", asked.int("confirm"));
    let name = asked.text("campaign");
    Ok(json::campaign(&release_silence(&asked.ctx, &asked.opened, name, silence).await?).into())
}

async fn list(mut asked: Asked) -> Result<Told, Problem> {
    let campaign = match asked.maybe("campaign") {
        Some(name) => Some(campaign_id(&asked.opened, name).await?),
        None => None,
    };
    let whose = if asked.maybe("of") == Some("all") {
        asked.within(AssignmentsRead)?;
        let missing = || Problem::invalid("`campaign` says of which campaign all are wanted");
        WhoseItems::All(campaign.ok_or_else(missing)?)
    } else {
        WhoseItems::Of(asked.me()?)
    };
    let state = asked.maybe("state").and_then(ItemState::from_word);
    let (after, limit) = (asked.after().unwrap_or(0), asked.limit());
    let query = ItemQuery { whose, campaign, state, after, limit };
    let page = list_items(&asked.ctx, &asked.opened, &query).await?;
    let views: Vec<Json> = page.items.iter().map(json::item).collect();
    Ok(items(&views, page.next.map(cursor).as_deref()).into())
}

async fn get(mut asked: Asked) -> Result<Told, Problem> {
    let (me, id) = (asked.me().ok(), asked.id("id"));
    let mut seen = see_item(&asked.ctx, &asked.opened, me, id).await;
    // Whoever is not asked about it may have the right to see it all the same.
    let is_hidden = seen.as_ref().is_err_and(|error| error.kind() == Kind::NotFound);
    if is_hidden && me.is_some() && asked.within(AssignmentsRead).is_ok() {
        seen = see_item(&asked.ctx, &asked.opened, None, id).await;
    }
    Ok(json::item(&seen?).into())
}

async fn decide(asked: Asked) -> Result<Told, Problem> {
    let missing = |name: &str| Problem::invalid(format!("`{name}` is missing"));
    let answer = match asked.text("answer") {
        "keep" => ItemAnswer::Keep,
        "revoke" => ItemAnswer::Revoke,
        "shorten" => ItemAnswer::Shorten(asked.instant("until").ok_or_else(|| missing("until"))?),
        "forward" => ItemAnswer::Forward(asked.owned("to").ok_or_else(|| missing("to"))?),
        _ => ItemAnswer::Unsure,
    };
    let decision = Decision {
        answer,
        reason: asked.text("reason").to_owned(),
        mark: asked.owned("seen"),
        confirm: asked.confirm(),
    };
    let (me, ids) = (asked.me()?, asked.ints("items"));
    let views = decide_items(&asked.ctx, &asked.opened, me, &ids, &decision).await?;
    let views: Vec<Json> = views.iter().map(json::item).collect();
    Ok(json!({ "items": views }).into())
}

async fn undo(asked: Asked) -> Result<Told, Problem> {
    let (me, id, reason) = (asked.me()?, asked.id("id"), asked.text("reason"));
    Ok(json::item(&undo_item(&asked.ctx, &asked.opened, me, id, reason).await?).into())
}
