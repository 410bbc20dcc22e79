//! Roles that are kept for a grace period, for whoever reviews them.

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened, Page, decode_facts, subject_of};
use muster_model::{AssignmentId, Text};

use crate::effects::GRACE;

/// A role that somebody lost by rule and keeps for a time.
#[derive(Debug, Clone)]
pub struct Grace {
    /// The assignment.
    pub id: AssignmentId,
    /// The identity.
    pub person: Text,
    /// The role.
    pub role: Text,
    /// Always [`GRACE`].
    pub origin: Text,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Option<Timestamp>,
    /// True when the role wants somebody to look at it.
    pub review: bool,
}

/// Roles that are kept for a grace period now, by role and identity.
pub async fn list_grace(
    ctx: &Ctx,
    opened: &Opened,
    after: Option<i64>,
    limit: usize,
) -> Result<Page<Grace>, Error> {
    let now = ctx.now();
    let mut tx = opened.store.read().await?;
    let after = match after {
        Some(id) => tx.assignment(AssignmentId(id)).await?,
        None => None,
    };
    let mut page = Page { items: Vec::new(), next: None };
    for role in opened.model.roles.iter().filter(|role| role.grace.is_some()) {
        let mut from = match &after {
            Some(last) if role.name < last.role => continue,
            Some(last) if role.name == last.role => Some((last.entity, last.id)),
            Some(_) | None => None,
        };
        loop {
            let given = tx.assignments_of_role(&role.name, from, 1000).await?;
            let Some(last) = given.last() else { break };
            from = Some((last.entity, last.id));
            let kept = given.into_iter().filter(|given| {
                *given.origin == *GRACE && given.valid_until.is_none_or(|until| until > now)
            });
            for given in kept {
                if page.items.len() >= limit {
                    page.next = page.items.last().map(|grace: &Grace| grace.id.0);
                    return Ok(page);
                }
                let Some(entity) = tx.entity(given.entity).await? else { continue };
                let row = decode_facts(
                    &opened.model,
                    &opened.names,
                    entity.id,
                    role.type_id,
                    &entity.facts,
                )?;
                page.items.push(Grace {
                    id: given.id,
                    person: subject_of(&opened.model, &row, &entity.key),
                    role: given.role,
                    origin: given.origin,
                    since: given.created_at,
                    until: given.valid_until,
                    review: role.review,
                });
            }
        }
    }
    Ok(page)
}
