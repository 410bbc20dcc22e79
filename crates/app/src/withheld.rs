//! What is withheld from somebody is not given to them in vain: it is refused, with the reason and the way out.

use jiff::Timestamp;
use muster_policy::Withhold;

use crate::{Error, IdentityFacts, Kind, Opened, subject_of, withhold_name};

/// Refuses to give a role, by position, from an instant on, when it is withheld then.
///
/// # Errors
///
/// `Conflict`, which says why, until when, and what lifts it.
pub fn refuse_withheld(
    opened: &Opened,
    person: &IdentityFacts,
    role: usize,
    from: Timestamp,
) -> Result<(), Error> {
    let what = Withhold::Role(role);
    let Some(held) = person.withheld.iter().find(|one| one.what == what && one.holds(from)) else {
        return Ok(());
    };
    let name = opened.model.roles.get(role).map_or("?", |of| &of.name);
    let who = subject_of(&opened.model, &person.row, &person.key);
    let until = held.until.map(|at| format!(" until {}", at.strftime("%F"))).unwrap_or_default();
    let message = format!(
        "role `{name}` is withheld from `{who}`{until} and would have no effect: {}",
        held.reason
    );
    Err(Error::new(Kind::Conflict, message)
        .hint("who decided it takes it back while there is time: muster reviews undo NUMBER")
        .hint(format!(
            "after that, whoever may take `{name}` from `{who}` lifts it: muster unassign {who} {} --reason …",
            withhold_name(&opened.model, &what)
        )))
}
