//! How a connected system is worked with: pace, delivery, schedule.

use jiff::{SignedDuration, tz::TimeZone};

use crate::Schedule;

/// How a system is worked with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Work {
    /// At most so many calls in a length of time; `None`: as fast as it answers.
    pub rate: Option<Rate>,
    /// Whether a command waits for it.
    pub delivery: Delivery,
    /// How often it is read when nobody asks; `None`: never.
    pub every: Option<SignedDuration>,
    /// At which times it is read when nobody asks, in which zone.
    pub at: Option<(Schedule, TimeZone)>,
    /// How often everything is read where the other reads yield only changes; `None`: with every read.
    pub complete_every: Option<SignedDuration>,
    /// How long somebody who left may still be able to use an account before there is an alarm.
    pub leaver_alarm: SignedDuration,
}

/// At most `calls` calls within `within`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many; at least one.
    pub calls: u32,
    /// Within which time; longer than nothing.
    pub within: SignedDuration,
}

/// Whether a command waits for a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// What cannot be done now fails the command.
    #[default]
    Blocking,
    /// What cannot be done now waits in the queue; the outcome is seen later.
    Background,
}
