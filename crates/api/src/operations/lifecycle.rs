//! What is said by hand about the lifecycle of people.

use muster_engine::{
    FactRequest, anonymise_due, anonymise_person, json, lift_lifecycle_fact, list_lifecycle_facts,
    restore_identity, set_lifecycle_fact,
};
use muster_policy::{
    FactKind,
    Right::{LifecycleWrite, PeopleRead},
};
use muster_web::Problem;
use serde_json::Value as Json;

use crate::{Operation, answer::Told, asked::Asked, jobs::Jobs};

pub(super) fn operations() -> Vec<Operation> {
    let mut all = sayings();
    all.extend(afterwards());
    all
}

fn sayings() -> Vec<Operation> {
    vec![
        Operation::list(
            (
                "lifecycle.list",
                "/people/{person}/lifecycle",
                "List what was said about a lifecycle by hand",
            ),
            PeopleRead,
            "@Fact",
            list,
        ),
        Operation::post(
            (
                "lifecycle.terminate",
                "/people/{person}/terminate",
                "End a lifecycle, at once or at an instant",
            ),
            LifecycleWrite,
            "@Fact",
            |asked: Asked| say(asked, FactKind::Terminated),
        )
        .body("reason:filled at:instant?*"),
        Operation::post(
            ("lifecycle.suspend", "/people/{person}/suspend", "Suspend a person for a time"),
            LifecycleWrite,
            "@Fact",
            |asked: Asked| say(asked, FactKind::Suspended),
        )
        .body("reason:filled from:instant?* until:instant?*"),
        Operation::post(
            ("lifecycle.used", "/people/{person}/used", "Say that somebody uses their accounts"),
            LifecycleWrite,
            "@Fact",
            |asked: Asked| say(asked, FactKind::Used),
        )
        .body("reason:filled from:instant?*"),
        Operation::post(
            ("lifecycle.delete", "/people/{person}/delete", "Say that a person is deleted"),
            LifecycleWrite,
            "@Fact",
            |asked: Asked| say(asked, FactKind::Deleted),
        )
        .body("reason:filled"),
    ]
}

/// What takes back what was said, and what ends it for good.
fn afterwards() -> Vec<Operation> {
    vec![
        Operation::post(
            ("lifecycle.reinstate", "/people/{person}/reinstate", "Lift a termination"),
            LifecycleWrite,
            "@Fact",
            |asked: Asked| lift(asked, FactKind::Terminated),
        )
        .body("reason:filled"),
        Operation::post(
            ("lifecycle.resume", "/people/{person}/resume", "End a suspension now"),
            LifecycleWrite,
            "@Fact",
            |asked: Asked| lift(asked, FactKind::Suspended),
        )
        .body("reason:filled"),
        Operation::post(
            (
                "lifecycle.restore",
                "/people/{person}/restore",
                "Bring a terminated or deleted person back",
            ),
            LifecycleWrite,
            "@Restored",
            restore,
        )
        .body("reason:filled"),
        Operation::post(
            (
                "lifecycle.anonymise",
                "/people/{person}/anonymise",
                "Erase the personal attributes of a person who left",
            ),
            LifecycleWrite,
            "@Anonymised",
            anonymise,
        )
        .body("reason:filled"),
        Operation::job(
            (
                "lifecycle.anonymise-due",
                "/anonymise",
                "Erase the personal attributes of all whose retention is over",
            ),
            LifecycleWrite,
            due,
        ),
    ]
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let facts = list_lifecycle_facts(&asked.ctx, &asked.opened, asked.text("person")).await?;
    let items: Vec<Json> = facts.iter().map(json::fact).collect();
    Ok(muster_app::json::list(&items, None).into())
}

async fn say(asked: Asked, kind: FactKind) -> Result<Told, Problem> {
    let request = FactRequest {
        person: asked.text("person").to_owned(),
        kind,
        from: asked.instant("at").or_else(|| asked.instant("from")),
        until: asked.instant("until"),
        reason: asked.text("reason").to_owned(),
    };
    Ok(json::fact(&set_lifecycle_fact(&asked.ctx, &asked.opened, &request).await?).into())
}

async fn lift(asked: Asked, kind: FactKind) -> Result<Told, Problem> {
    let (person, reason) = (asked.text("person"), asked.text("reason"));
    let fact = lift_lifecycle_fact(&asked.ctx, &asked.opened, person, kind, reason).await?;
    Ok(json::fact(&fact).into())
}

async fn restore(asked: Asked) -> Result<Told, Problem> {
    let (person, reason) = (asked.text("person"), asked.text("reason"));
    Ok(json::restored(&restore_identity(&asked.ctx, &asked.opened, person, reason).await?).into())
}

async fn anonymise(asked: Asked) -> Result<Told, Problem> {
    let (person, reason) = (asked.text("person"), asked.text("reason"));
    Ok(json::anonymised(&anonymise_person(&asked.ctx, &asked.opened, person, reason).await?).into())
}

async fn due(asked: Asked) -> Result<Told, Problem> {
    if !asked.ctx.reach.is_everybody() {
        return Err(Problem::denied(
            "this is about everybody, and you may change some people only",
        ));
    }
    Jobs::begin(asked, "anonymise", |asked, running| async move {
        let now = asked.ctx.now();
        Ok(json::anonymised(&anonymise_due(&asked.ctx, &asked.opened, now, &running).await?))
    })
    .await
}
