//! Asks for more time with a role that somebody was given, also after it ended.

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened, resolve_person};
use muster_model::EntityId;
use muster_store::Assignment;

use crate::{
    NewRequest, RequestView,
    create::{Draft, make, waits_already},
    people::{People, need_to_work, not_left},
    rules,
    stage::Crowd,
    terms::{not_for, role_named, terms_for},
    view::one,
};

/// For what more time is asked.
#[derive(Debug, Clone, Default)]
pub struct ExtendRequest {
    /// The role.
    pub role: String,
    /// Who has it; oneself when `None`.
    pub person: Option<String>,
    /// Until when; `None` for what is usual.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// Answers by question.
    pub answers: std::collections::BTreeMap<String, String>,
}

/// Makes a request for the time from the end of the last assignment on; when that is over, from now on. Where the model
/// lets people extend freely, and they do it for themselves, it is given at once.
///
/// # Errors
///
/// `NotFound` when the role was not given with an end, otherwise as `create_request`.
pub async fn extend_assignment(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    more: &ExtendRequest,
) -> Result<RequestView, Error> {
    let now = ctx.now();
    let crowd = Crowd::look(opened, now).await?;
    let mut tx = opened.store.begin().await?;
    let (at, role) = role_named(opened, &more.role)?;
    let id = match &more.person {
        Some(name) => resolve_person(ctx, opened, &mut tx, name).await?.row.id,
        None => me,
    };
    let people = People::load(opened, &mut tx, [me, id].into(), now).await?;
    let (asks, subject) = (people.need(me)?, people.need(id)?);
    need_to_work(opened, asks)?;
    not_left(opened, subject)?;
    let given = tx.assignments_of(id).await?;
    let last = given.into_iter().filter(|a| a.role == role.name && a.ended_at.is_none());
    let Some(last) = last.max_by_key(|a| (a.valid_until, a.id)) else {
        let message = format!("role `{}` was not given to `{}`", role.name, subject.subject);
        return Err(Error::not_found(message)
            .hint(format!("ask for it: muster requests create {}", role.name)));
    };
    let terms = terms_for(opened, &people, role, (asks, subject), now);
    let mut terms = terms.ok_or_else(|| not_for(role, subject))?;
    waits_already(&mut tx, subject, &role.name).await?;
    let from = begins(&last, now)?;
    let until = rules::end(&terms, now, from, more.until)
        .map_err(|problem| Error::invalid(problem.to_string()))?;
    if terms.extend && me == id && from.is_some() {
        terms.stages.clear();
    }
    // What somebody has already completes nothing.
    let conflicts = Vec::new();
    let extends = Some(last.id);
    let draft = Draft { subject: id, role, at, terms, from, until, extends, conflicts };
    let (reason, answers) = (more.reason.clone(), more.answers.clone());
    let new = NewRequest { reason, answers, ..NewRequest::default() };
    let made = make(ctx, (opened, &crowd), &mut tx, (me, &people), &[draft], &new).await?.pop();
    tx.commit().await?;
    let made = made.ok_or_else(|| Error::bug("no request was made of a draft"))?;
    one(ctx, opened, made, false).await
}

/// From when more time counts; `None` for at once.
fn begins(last: &Assignment, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    match last.valid_until {
        Some(until) => Ok(Some(until).filter(|until| *until > now)),
        None => Err(Error::invalid(format!("role `{}` was given without an end", last.role))),
    }
}
