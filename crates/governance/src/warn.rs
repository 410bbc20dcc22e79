//! What is said before something that was asked for ends: once, while there is time to ask for more.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Opened};
use muster_store::{Assignment, Notice, NoticeKind, ReadTx, Request, RequestState, Tx};

use crate::{history::ENDING, notices::notify};

/// How long before the end, where it was given for long enough.
const BEFORE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Requests of one person that are looked at.
const WAITING: usize = 1000;

/// When somebody hears that what they have ends: a week before, and not before three quarters of the time are over.
pub(crate) fn warned_at(from: Timestamp, until: Timestamp) -> Timestamp {
    let quarter = until.duration_since(from) / 4;
    until.checked_sub(BEFORE.min(quarter)).unwrap_or(until)
}

/// Puts into the queue that an assignment ends, for its time.
pub(crate) async fn warn_of_end(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    request: i64,
    given: &Assignment,
) -> Result<(), Error> {
    let Some(until) = given.valid_until else { return Ok(()) };
    let from = given.valid_from.unwrap_or_else(|| ctx.now());
    let what = (NoticeKind::Request, request, ENDING);
    notify(opened, tx, what, &[given.entity].into(), warned_at(from, until)).await
}

/// When what a request gave ends, if it is time to say so and nothing follows: neither another assignment nor a request that waits.
pub(crate) async fn is_ending(
    tx: &mut ReadTx,
    (request, notice): (&Request, &Notice),
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let Some(id) = request.assignment.filter(|_| request.state == RequestState::Approved) else {
        return Ok(None);
    };
    let all = tx.assignments_of(request.subject).await?;
    let Some(own) = all.iter().find(|one| one.id == id && one.ended_at.is_none()) else {
        return Ok(None);
    };
    let Some(until) = own.valid_until.filter(|until| *until > now) else { return Ok(None) };
    // Where another end was set meanwhile, that is told by itself.
    let at = warned_at(own.valid_from.unwrap_or(own.created_at), until);
    let is_own = notice.due_at.duration_since(at).abs() < SignedDuration::from_secs(1);
    let goes_on = all.iter().any(|other| {
        other.role == own.role
            && other.ended_at.is_none()
            && other.valid_until.is_none_or(|at| at > until)
    });
    let waiting = tx.requests_about(request.subject, false, None, WAITING).await?;
    let is_asked = waiting.iter().any(|other| other.role == request.role);
    Ok(Some(until).filter(|_| !goes_on && !is_asked && is_own))
}
