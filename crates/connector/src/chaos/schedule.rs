//! Decides what happens to a call: a pure function of the settings and a number.

use super::settings::{ChaosSettings, Rate};

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes well.
    Pass,
    /// It does not reach the system.
    Drop,
    /// It reaches the system, and the answer is lost.
    FailAfter,
    /// It reaches the system twice.
    Duplicate,
    /// It is answered with yes and not done.
    Lie,
    /// It is told to wait.
    Throttle,
    /// It is refused.
    Fail,
    /// The read ends early.
    Cut,
    /// The system is gone for good.
    Dead,
}

/// A number for `seed` and `parts`, the same on every machine and in every version (FNV-1a, then mixed).
pub(super) fn hash(seed: u64, parts: &[&str]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for part in parts {
        for byte in part.bytes().chain([0]) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// What happens to a call of this kind when the dice show `dice`. The rates of the faults that can befall it add up.
pub(super) fn fate(settings: &ChaosSettings, kind: &str, dice: u64) -> Fate {
    let is_read = kind == "read";
    let is_change = !matches!(kind, "read" | "get" | "test" | "discover");
    let faults = [
        (true, settings.drop, Fate::Drop),
        (true, settings.fail_after, Fate::FailAfter),
        (true, settings.throttle, Fate::Throttle),
        (is_change, settings.duplicate, Fate::Duplicate),
        (is_change, settings.lie, Fate::Lie),
        (is_change, settings.fail, Fate::Fail),
        (is_read, settings.cut_reads, Fate::Cut),
    ];
    let mut shown = dice % u64::from(Rate::ALWAYS.0);
    for (applies, rate, fate) in faults {
        let width = if applies { u64::from(rate.0) } else { 0 };
        if shown < width {
            return fate;
        }
        shown -= width;
    }
    Fate::Pass
}
