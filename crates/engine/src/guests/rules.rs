//! What is decided about guests without a store.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Error, Kind, gives_role};
use muster_policy::{AddressProblem, Organisation};
use muster_store::{Assignment, Guest, GuestState};

/// Between two mails to one address that strangers can bring about.
pub(super) const PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// Until when a guest stays who is invited at `now`.
pub(super) fn stay(
    of: &Organisation,
    now: Timestamp,
    wanted: Option<Timestamp>,
) -> Result<Timestamp, Error> {
    let Some(until) = wanted else { return Ok(after(now, of.usual)) };
    if until <= now {
        return Err(Error::invalid(format!("the end {until} is over already")));
    }
    let latest = after(now, of.longest);
    if until > latest {
        return Err(Error::invalid(format!("guests of {} stay until {latest} at most", of.title)));
    }
    Ok(until)
}

/// Whether somebody gave a guest a role that holds at `now`; rules do not count.
pub(super) fn has_role(assignments: &[Assignment], now: Timestamp) -> bool {
    assignments.iter().any(|given| {
        given.ended_at.is_none()
            && gives_role(given)
            && given.valid_from.is_none_or(|from| from <= now)
            && given.valid_until.is_none_or(|until| until > now)
    })
}

/// What a guest who showed that the address is theirs becomes.
pub(super) fn settled(guest: &Guest, of: &Organisation, has_role: bool, now: Timestamp) -> Guest {
    let (state, next_at) = if has_role {
        (GuestState::Active, None)
    } else {
        (GuestState::Blocked, Some(after(now, of.blocked)))
    };
    if guest.state == state {
        return guest.clone();
    }
    Guest { state, since: now, next_at, ..guest.clone() }
}

/// So long after an instant.
pub(super) fn after(now: Timestamp, length: SignedDuration) -> Timestamp {
    now.checked_add(length).unwrap_or(Timestamp::MAX)
}

/// Why somebody is no guest.
pub(super) fn refused(problem: &AddressProblem) -> Error {
    let kind = match problem {
        AddressProblem::Malformed(_) | AddressProblem::Foreign(_) => Kind::Invalid,
        AddressProblem::Blocked { .. } | AddressProblem::Unknown(_) => Kind::Denied,
    };
    Error::new(kind, problem.to_string())
        .hint("`guests.organisations` of the model names the domains")
}
