//! When something that failed is tried again.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash as _, Hasher as _},
};

use jiff::{SignedDuration, Timestamp};

/// The first pause; it doubles with every failure.
const FIRST: SignedDuration = SignedDuration::from_secs(5);
/// No pause is longer, whatever a system asks for.
pub(crate) const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// When to try again after `failures` failures in a row; `asked` is what the system asked for.
///
/// A fifth more or less, by `who`, so that what failed together is not tried again together.
pub(crate) fn next_try(
    now: Timestamp,
    failures: u32,
    asked: Option<std::time::Duration>,
    who: impl std::hash::Hash,
) -> Timestamp {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(12));
    let mut hasher = DefaultHasher::new();
    (who, failures, now.as_microsecond()).hash(&mut hasher);
    let percent = 80 + i32::try_from(hasher.finish() % 41).unwrap_or(20);
    let jittered = doubled.min(LONGEST).saturating_mul(percent) / 100;
    let asked = asked.and_then(|asked| SignedDuration::try_from(asked).ok());
    let pause = jittered.max(asked.unwrap_or(SignedDuration::ZERO).min(LONGEST));
    now.saturating_add(pause).unwrap_or(now)
}

/// True when something that waits until `at` may be tried now. What seems to wait longer than anything ever does was
/// written down by a clock that was wrong.
pub(crate) fn is_due(at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_none_or(|at| at <= now || at.duration_since(now) > LONGEST.saturating_mul(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_differ_a_little() {
        let now = Timestamp::UNIX_EPOCH;
        let pause = |failures, who| next_try(now, failures, None, who).duration_since(now);
        assert!((4..=6).contains(&pause(1, "a").as_secs()));
        assert!((8..=12).contains(&pause(2, "a").as_secs()));
        assert!((2880..=4320).contains(&pause(40, "a").as_secs()));
        assert!(["a", "b", "c", "d", "e"].iter().any(|who| pause(5, who) != pause(5, "z")));
    }

    #[test]
    fn what_a_system_asks_for_is_the_least_and_an_hour_the_most() {
        let now = Timestamp::UNIX_EPOCH;
        let asked = |seconds| {
            let asked = Some(std::time::Duration::from_secs(seconds));
            next_try(now, 1, asked, 0).duration_since(now).as_secs()
        };
        assert_eq!(asked(90), 90);
        assert_eq!(asked(1_000_000), 3600);
    }

    #[test]
    fn a_clock_that_was_a_day_ahead_does_not_keep_anything_waiting_for_a_day() {
        let now = Timestamp::UNIX_EPOCH;
        let in_a_day = now + SignedDuration::from_hours(24);
        assert!(is_due(Some(in_a_day), now));
        assert!(!is_due(Some(now + SignedDuration::from_mins(59)), now));
        assert!(is_due(None, now) && is_due(Some(now), in_a_day));
    }
}
