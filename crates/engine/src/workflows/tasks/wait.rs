//! `wait`: before the next task.

use super::{At, Outcome};

pub(super) fn wait(at: &At<'_>) -> Outcome {
    let until = match at.task.length("for") {
        Some(length) => at.began.unwrap_or(at.now).checked_add(length).ok(),
        None => at.instant("until"),
    };
    match until.filter(|until| *until > at.now) {
        Some(until) => Outcome::Wait(until),
        None => Outcome::Done(String::new()),
    }
}
