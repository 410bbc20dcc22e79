//! On which terms somebody may ask for a role for somebody.

use jiff::Timestamp;
use muster_app::{Error, Kind, Opened, find_role};
use muster_lang::{Binding, Clock, Frame};
use muster_policy::{RequestTerms, Role};

use crate::people::{People, Somebody};

const CATALOGUE: &str = "muster requests catalogue lists what can be asked for";

/// The terms when `me` asks for a role for `subject`; `None` when they cannot.
pub(crate) fn terms_for(
    opened: &Opened,
    people: &People,
    role: &Role,
    (me, subject): (&Somebody, &Somebody),
    now: Timestamp,
) -> Option<RequestTerms> {
    if subject.row().type_id != role.type_id {
        return None;
    }
    let asks = me.row().type_id;
    let bindings = [Binding::Row(subject.row()), Binding::Row(me.row())];
    let clock = Clock::new(now);
    let timezone = &opened.model.timezone;
    let frame = Frame { bindings: &bindings, world: &people.world, clock: &clock, timezone };
    let holding = role.request.iter().filter(|policy| match &policy.who {
        Some(who) => who.iter().any(|(of, rule)| *of == asks && rule.program.holds(&frame)),
        None => true,
    });
    RequestTerms::strictest(holding.map(|policy| &policy.terms))
}

/// The role with this name, with its position.
pub(crate) fn role_named<'o>(opened: &'o Opened, name: &str) -> Result<(usize, &'o Role), Error> {
    find_role(opened, name, CATALOGUE)
}

/// Somebody cannot ask for this.
pub(crate) fn not_for(role: &Role, subject: &Somebody) -> Error {
    Error::new(
        Kind::Denied,
        format!("you cannot ask for role `{}` for `{}`", role.name, subject.subject),
    )
    .hint(CATALOGUE)
}
