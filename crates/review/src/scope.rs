//! Whether something that somebody holds is within the scope of a review.

use jiff::Timestamp;
use muster_lang::{Binding, Clock, Frame, World};
use muster_model::Row;
use muster_policy::{AccessReview, Model};
use muster_store::ItemKind;

use crate::held::{Ground, Held, shown};

/// Whether a review is about somebody.
pub(crate) fn is_about(
    model: &Model,
    review: &AccessReview,
    row: &Row,
    world: &dyn World,
    now: Timestamp,
) -> bool {
    if row.type_id != review.type_id {
        return false;
    }
    let Some(people) = &review.scope.people else { return true };
    let (bindings, clock) = ([Binding::Row(row)], Clock::new(now));
    let timezone = &model.timezone;
    people.program.holds(&Frame { bindings: &bindings, world, clock: &clock, timezone })
}

/// Whether a review is about this.
pub(crate) fn fits(
    ground: &Ground<'_>,
    review: &AccessReview,
    held: &Held,
    decided_at: Option<Timestamp>,
    now: Timestamp,
) -> bool {
    let scope = &review.scope;
    let is_old = |at: Option<Timestamp>, time: Option<jiff::SignedDuration>| {
        time.is_none_or(|time| at.is_none_or(|at| now.duration_since(at) >= time))
    };
    let is_unused = scope.unused_for.is_none()
        || held.last_used.is_some_and(|used| is_old(Some(used), scope.unused_for));
    let is_risky = match (scope.risk, held.risk) {
        (Some(least), Some(risk)) => risk >= least,
        (Some(_), None) => matches!(held.kind, ItemKind::Extra | ItemKind::Nested),
        (None, _) => true,
    };
    is_named(ground, review, held)
        && is_risky
        && is_unused
        && is_old(decided_at, scope.not_reviewed_for)
}

/// Whether a role, a system or an entitlement of the scope is meant; everything where none is named.
fn is_named(ground: &Ground<'_>, review: &AccessReview, held: &Held) -> bool {
    let scope = &review.scope;
    if scope.roles.is_empty() && scope.systems.is_empty() && scope.entitlements.is_empty() {
        return true;
    }
    let model = &ground.opened.model;
    let role = model.roles.iter().position(|of| of.name == held.thing);
    let role = role.filter(|_| matches!(held.kind, ItemKind::Assigned | ItemKind::Rule));
    let grants = role.and_then(|role| ground.grants(role));
    role.is_some_and(|role| scope.roles.contains(&role))
        || scope.systems.iter().any(|system| held.systems.contains(system))
        || scope.entitlements.iter().any(|right| match grants {
            Some(grants) => grants.contains(right),
            None => shown(ground.opened, right) == held.thing,
        })
}
