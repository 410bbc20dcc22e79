//! What is decided without a store: for how long a role is given, what is due when, who may not decide.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use muster_model::EntityId;
use muster_policy::RequestTerms;
use muster_store::{RequestStage, RequestStep};

/// Why a role cannot be given for the time that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TimeProblem {
    /// It ends before it begins.
    #[error("the end {until} is not after the start {from}")]
    Reversed {
        /// The start.
        from: Timestamp,
        /// The end.
        until: Timestamp,
    },
    /// It is over already.
    #[error("the end {0} is over already")]
    Over(Timestamp),
    /// It is longer than the terms allow.
    #[error("it is given until {0} at most")]
    TooLong(Timestamp),
}

/// Until when a role is given that is asked for at `now`, from `from` until `until`. Without an end it is what is usual,
/// or as long as it can be.
pub(crate) fn end(
    terms: &RequestTerms,
    now: Timestamp,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
) -> Result<Option<Timestamp>, TimeProblem> {
    let begins = from.filter(|from| *from > now).unwrap_or(now);
    let latest = terms.longest.and_then(|longest| begins.checked_add(longest).ok());
    let Some(until) = until else {
        let usual = terms.usual.and_then(|usual| begins.checked_add(usual).ok());
        return Ok(usual.or(latest));
    };
    if until <= now {
        return Err(TimeProblem::Over(until));
    }
    if until <= begins {
        return Err(TimeProblem::Reversed { from: begins, until });
    }
    match latest.filter(|latest| until > *latest) {
        Some(latest) => Err(TimeProblem::TooLong(latest)),
        None => Ok(Some(until)),
    }
}

/// What is due next at a stage that waits since `since`, after what was due at `done`.
pub(crate) fn next_due(
    stage: &RequestStage,
    since: Timestamp,
    done: Timestamp,
) -> (Timestamp, RequestStep) {
    let expire = (after(since, stage.timeout), RequestStep::Expire);
    let remind = stage.remind.map(|seconds| (after(since, seconds), RequestStep::Remind));
    let escalate = stage.escalate.map(|seconds| (after(since, seconds), RequestStep::Escalate));
    let ahead = remind.into_iter().chain(escalate).filter(|(at, _)| *at > done);
    ahead.min().filter(|next| *next < expire).unwrap_or(expire)
}

/// Whether others may decide too, because those who should did not.
pub(crate) fn is_escalated(stage: &RequestStage, since: Timestamp, now: Timestamp) -> bool {
    stage.escalate.is_some_and(|seconds| after(since, seconds) <= now)
}

/// Whether nobody may decide any more.
pub(crate) fn is_over(stage: &RequestStage, since: Timestamp, now: Timestamp) -> bool {
    after(since, stage.timeout) <= now
}

fn after(since: Timestamp, seconds: i64) -> Timestamp {
    since.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// Who may not decide: whoever asked and whoever would get it, under whichever of their identities.
#[derive(Debug, Clone, Default)]
pub(crate) struct Barred(pub(crate) BTreeSet<EntityId>);

impl Barred {
    /// Whether this identity, as merged identities count, may not decide.
    pub(crate) fn is(&self, who: EntityId) -> bool {
        self.0.contains(&who)
    }
}

/// The end that an approver may set: earlier than what was asked for, and to come.
pub(crate) fn shortened(
    now: Timestamp,
    (from, until): (Option<Timestamp>, Option<Timestamp>),
    wanted: Timestamp,
) -> Result<Timestamp, TimeProblem> {
    if wanted <= now {
        return Err(TimeProblem::Over(wanted));
    }
    if let Some(from) = from.filter(|from| wanted <= *from) {
        return Err(TimeProblem::Reversed { from, until: wanted });
    }
    match until.filter(|until| wanted > *until) {
        Some(until) => Err(TimeProblem::TooLong(until)),
        None => Ok(wanted),
    }
}

#[cfg(test)]
mod tests;
