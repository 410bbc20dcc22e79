//! Requests for roles: what can be asked for, asking, deciding, letting others decide.
//!
//! They are made and decided by people: a token has to act for somebody. Whoever may see the requests of others has the
//! right `requests.read`.

use muster_app::{Kind, json::list as items};
use muster_governance::{
    Answer, CatalogueQuery, ChangeRequest, ExtendRequest, NewDelegation, NewRequest, NoticeChange,
    RequestQuery, RequestView, ShortenRequest, Verdict, Whose, change_notice_settings,
    change_request, check_request, create_delegation, create_request, decide_request,
    end_delegation, extend_assignment, json, list_delegations, list_requests, search_catalogue,
    see_notice_settings, see_request, shorten_assignment, suggest_roles, withdraw_request,
};
use muster_policy::Right::RequestsRead;
use muster_web::Problem;
use serde_json::{Value as Json, json};

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
};

/// What is asked for.
const WANTED: &str =
    "roles:filled[+] people:filled[]* from:instant?* until:instant?* reason:text?* answers:texts*";

pub(super) fn operations() -> Vec<Operation> {
    let mut all = Vec::from(catalogue_operations());
    all.extend([
        Operation::list(
            ("requests.list", "/requests", "List requests, the newest first"),
            None,
            "@Request",
            list,
        )
        .query("of:mine|about_me|to_decide|all* ended:flag*")
        .paged(),
        Operation::get(
            ("requests.get", "/requests/{id}", "See a request with its history"),
            None,
            "@Request",
            get,
        )
        .tagged(),
        Operation::post(
            ("requests.preview", "/requests-preview", "See what a request would come to"),
            None,
            "@RequestPreviews",
            preview,
        )
        .body(WANTED),
        Operation::post(
            ("requests.create", "/requests", "Ask for roles"),
            None,
            "@Requests",
            create,
        )
        .body(WANTED)
        .makes(),
        Operation::post(
            ("requests.extend", "/requests-extend", "Ask for more time with a role"),
            None,
            "@Request",
            extend,
        )
        .body("role:filled person:filled?* until:instant?* reason:text?* answers:texts*")
        .makes(),
    ]);
    all.extend(changes());
    all.extend(delegations());
    all.extend(notices());
    all
}

fn catalogue_operations() -> [Operation; 2] {
    [
        Operation::list(
            ("catalogue.list", "/catalogue", "List the roles that you can ask for"),
            None,
            "@CatalogueEntry",
            catalogue,
        )
        .query("search:text* person:text*")
        .paged(),
        Operation::list(
            (
                "catalogue.suggestions",
                "/catalogue-suggestions",
                "List roles that your peers have and you can ask for",
            ),
            None,
            "@Suggestion",
            suggestions,
        ),
    ]
}

fn changes() -> Vec<Operation> {
    let both = [
        (("requests.approve", "/requests/{id}/approve", "Approve a request"), Verdict::Approve),
        (("requests.refuse", "/requests/{id}/refuse", "Refuse a request"), Verdict::Refuse),
    ];
    let decide = both.map(|(line, verdict)| {
        let handler = move |asked: Asked| decide(asked, verdict);
        let body = if verdict == Verdict::Approve {
            "reason:text?* until:instant?*"
        } else {
            "reason:filled"
        };
        Operation::post(line, None, "@Request", handler).body(body)
    });
    let own = [
        Operation::post(
            (
                "requests.shorten",
                "/requests-shorten",
                "Let a role that a request gave end earlier, or at once",
            ),
            None,
            "@Request",
            shorten,
        )
        .body("role:filled person:filled?* until:instant?* reason:text?*"),
        Operation::post(
            (
                "requests.change",
                "/requests/{id}/change",
                "Change a request that waits; earlier approvals are void",
            ),
            None,
            "@Request",
            change,
        )
        .body("from:instant?* until:instant?* reason:text?*"),
        Operation::post(
            ("requests.withdraw", "/requests/{id}/withdraw", "Take a request back"),
            None,
            "@Request",
            withdraw,
        )
        .body("reason:text?*"),
    ];
    own.into_iter().chain(decide).collect()
}

fn delegations() -> [Operation; 3] {
    [
        Operation::list(
            (
                "delegations.list",
                "/delegations",
                "List who decides in whose place, as it concerns you",
            ),
            None,
            "@Delegation",
            delegated,
        ),
        Operation::post(
            ("delegations.create", "/delegations", "Let somebody decide in your place"),
            None,
            "@Delegation",
            delegate,
        )
        .body("to:filled from:instant?* until:instant reason:text?*")
        .makes(),
        Operation::post(
            ("delegations.end", "/delegations/{id}/end", "Take a delegation back"),
            None,
            "map",
            end,
        ),
    ]
}

fn notices() -> [Operation; 2] {
    [
        Operation::get(
            ("notices.get", "/notices", "See how you are told what waits for you"),
            None,
            "@NoticeSettings",
            notice_settings,
        ),
        Operation::post(
            ("notices.change", "/notices", "Choose how you are told"),
            None,
            "@NoticeSettings",
            change_notices,
        )
        .body(CHOICES),
    ]
}

/// What can be chosen; `usual` takes a choice back.
const CHOICES: &str = "approvals:at-once|daily|never|usual* requests:at-once|daily|never|usual* reviews:at-once|daily|never|usual* forms:at-once|daily|never|usual* guests:at-once|daily|never|usual* by:mail|chat|usual* language:en|de|usual*";

async fn catalogue(asked: Asked) -> Result<Told, Problem> {
    let query = CatalogueQuery {
        search: asked.text("search").to_owned(),
        person: asked.owned("person"),
        after: asked.after(),
        limit: asked.limit(),
    };
    let page = search_catalogue(&asked.ctx, &asked.opened, asked.me()?, &query).await?;
    let entries: Vec<Json> = page.items.iter().map(json::catalogue_entry).collect();
    Ok(items(&entries, page.next.map(cursor).as_deref()).into())
}

async fn suggestions(asked: Asked) -> Result<Told, Problem> {
    let found = suggest_roles(&asked.ctx, &asked.opened, asked.me()?).await?;
    let found: Vec<Json> = found.iter().map(json::suggestion).collect();
    Ok(items(&found, None).into())
}

async fn list(mut asked: Asked) -> Result<Told, Problem> {
    let whose = match asked.maybe("of") {
        Some("all") => {
            asked.within(RequestsRead)?;
            Whose::All
        }
        Some("about_me") => Whose::About(asked.me()?),
        Some("to_decide") => Whose::ToDecide(asked.me()?),
        _ => Whose::By(asked.me()?),
    };
    let (ended, before, limit) = (asked.flag("ended"), asked.after(), asked.limit());
    let query = RequestQuery { whose, ended, before, limit };
    let page = list_requests(&asked.ctx, &asked.opened, &query).await?;
    let views: Vec<Json> = page.items.iter().map(json::request).collect();
    Ok(items(&views, page.next.map(cursor).as_deref()).into())
}

async fn get(mut asked: Asked) -> Result<Told, Problem> {
    let (me, id) = (asked.me().ok(), asked.id("id"));
    let mut seen = see_request(&asked.ctx, &asked.opened, me, id).await;
    // Whoever takes no part in it may have the right to see it all the same.
    let is_hidden = seen.as_ref().is_err_and(|error| error.kind() == Kind::NotFound);
    if is_hidden && me.is_some() && asked.within(RequestsRead).is_ok() {
        seen = see_request(&asked.ctx, &asked.opened, None, id).await;
    }
    Ok(json::request(&seen?).into())
}

fn wanted(asked: &Asked) -> NewRequest {
    NewRequest {
        roles: asked.texts("roles"),
        people: asked.texts("people"),
        from: asked.instant("from"),
        until: asked.instant("until"),
        reason: asked.text("reason").to_owned(),
        answers: asked.pairs("answers"),
    }
}

async fn preview(asked: Asked) -> Result<Told, Problem> {
    let checked = check_request(&asked.ctx, &asked.opened, asked.me()?, &wanted(&asked)).await?;
    let checked: Vec<Json> = checked.iter().map(json::checked).collect();
    Ok(json!({ "items": checked }).into())
}

async fn create(asked: Asked) -> Result<Told, Problem> {
    let made = create_request(&asked.ctx, &asked.opened, asked.me()?, &wanted(&asked)).await?;
    let views: Vec<Json> = made.iter().map(json::request).collect();
    Ok(Told::made(&json!({ "items": views })))
}

async fn extend(asked: Asked) -> Result<Told, Problem> {
    let more = ExtendRequest {
        role: asked.text("role").to_owned(),
        person: asked.owned("person"),
        until: asked.instant("until"),
        reason: asked.text("reason").to_owned(),
        answers: asked.pairs("answers"),
    };
    let view = extend_assignment(&asked.ctx, &asked.opened, asked.me()?, &more).await?;
    Ok(Told::made(&json::request(&view)))
}

async fn shorten(asked: Asked) -> Result<Told, Problem> {
    let less = ShortenRequest {
        role: asked.text("role").to_owned(),
        person: asked.owned("person"),
        until: asked.instant("until"),
        reason: asked.text("reason").to_owned(),
    };
    told(shorten_assignment(&asked.ctx, &asked.opened, asked.me()?, &less).await)
}

async fn change(asked: Asked) -> Result<Told, Problem> {
    let change = ChangeRequest {
        from: asked.instant("from"),
        until: asked.instant("until"),
        reason: asked.owned("reason"),
    };
    let id = asked.id("id");
    told(change_request(&asked.ctx, &asked.opened, asked.me()?, id, &change).await)
}

async fn withdraw(asked: Asked) -> Result<Told, Problem> {
    let (id, reason) = (asked.id("id"), asked.text("reason"));
    told(withdraw_request(&asked.ctx, &asked.opened, asked.me()?, id, reason).await)
}

async fn decide(asked: Asked, verdict: Verdict) -> Result<Told, Problem> {
    let answer =
        Answer { verdict, note: asked.text("reason").to_owned(), until: asked.instant("until") };
    let id = asked.id("id");
    told(decide_request(&asked.ctx, &asked.opened, asked.me()?, id, &answer).await)
}

fn told(view: Result<RequestView, muster_app::Error>) -> Result<Told, Problem> {
    Ok(json::request(&view?).into())
}

async fn delegated(asked: Asked) -> Result<Told, Problem> {
    let all = list_delegations(&asked.ctx, &asked.opened, asked.me()?).await?;
    let all: Vec<Json> = all.iter().map(json::delegation).collect();
    Ok(items(&all, None).into())
}

async fn delegate(asked: Asked) -> Result<Told, Problem> {
    let until = asked.instant("until").ok_or_else(|| Problem::invalid("`until` is missing"))?;
    let (to, reason) = (asked.text("to").to_owned(), asked.text("reason").to_owned());
    let new = NewDelegation { to, from: asked.instant("from"), until, reason };
    let view = create_delegation(&asked.ctx, &asked.opened, asked.me()?, &new).await?;
    Ok(Told::made(&json::delegation(&view)))
}

async fn end(asked: Asked) -> Result<Told, Problem> {
    end_delegation(&asked.ctx, &asked.opened, asked.me()?, asked.id("id")).await?;
    Ok(json!({ "ended": asked.id("id") }).into())
}

async fn notice_settings(asked: Asked) -> Result<Told, Problem> {
    let settings = see_notice_settings(&asked.ctx, &asked.opened, asked.me()?).await?;
    Ok(json::notice_settings(&settings).into())
}

async fn change_notices(asked: Asked) -> Result<Told, Problem> {
    let change = NoticeChange::read(NoticeChange::names().map(|name| (name, asked.text(name))))?;
    let me = asked.me()?;
    let settings = change_notice_settings(&asked.ctx, &asked.opened, me, &change).await?;
    Ok(json::notice_settings(&settings).into())
}
