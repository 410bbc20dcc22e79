//! How fast a system is called: the rate and the number of calls at once that the model allows.

use std::time::Duration;

use muster_policy::System;
use tokio::time::Instant;

/// Calls are let out in portions, so that a rate holds within any tenth of a second and not only over a minute.
const PORTION: Duration = Duration::from_millis(100);

/// The pace of one system.
#[derive(Debug)]
pub(super) struct Pace {
    /// Calls that may go out together.
    portion: usize,
    /// The time that one call takes of the rate; `None` without a rate.
    each: Option<Duration>,
    /// When the next portion may go out.
    next: Option<Instant>,
}

impl Pace {
    /// The pace the model allows, where the connector would have `parallel` calls under way.
    pub(super) fn new(system: &System, parallel: u16) -> Self {
        let at_once = if system.parallel < parallel {
            usize::from(system.parallel.max(1))
        } else {
            usize::MAX
        };
        let each = system.work.rate.map(|rate| rate.within.unsigned_abs() / rate.calls.max(1));
        let of_rate = each.map_or(usize::MAX, |each| per(PORTION, each).max(1));
        Self { portion: at_once.min(of_rate), each, next: None }
    }

    /// How many calls may go out together.
    pub(super) fn portion(&self) -> usize {
        self.portion
    }

    /// How many operations are taken on at once, so that a request to stop is heard within about a second.
    pub(super) fn batch(&self) -> usize {
        self.each.map_or(usize::MAX, |each| per(Duration::from_secs(1), each).max(1))
    }

    /// Waits until `n` more calls may go out.
    pub(super) async fn turn(&mut self, n: usize) {
        let Some(each) = self.each else { return };
        let now = Instant::now();
        let from = self.next.filter(|next| *next > now).unwrap_or(now);
        tokio::time::sleep_until(from).await;
        self.next = Some(from + each * u32::try_from(n).unwrap_or(u32::MAX));
    }
}

/// How many times `each` fits into `within`.
fn per(within: Duration, each: Duration) -> usize {
    let n = within.as_nanos().checked_div(each.as_nanos()).unwrap_or(u128::MAX);
    usize::try_from(n).unwrap_or(usize::MAX)
}
