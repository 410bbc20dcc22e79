//! The `chaos:` map of a system.

use std::time::Duration;

use muster_model::{SettingProblem, Settings};

use crate::{SettingReader, parse_duration};

/// How often something happens, in ten-thousandths of all calls; prints and is written as percent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(pub u32);

impl Rate {
    /// Every call.
    pub const ALWAYS: Self = Self(10_000);

    /// So many percent; never more than 100.
    pub fn percent(percent: u32) -> Self {
        Self(percent.saturating_mul(100).min(Self::ALWAYS.0))
    }

    /// Reads `5`, `5%` or `0.25` as percent, with at most two digits after the point.
    fn parse(text: &str) -> Option<Self> {
        let number = text.trim().trim_end_matches('%').trim_end();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.len() > 2 || whole.is_empty() {
            return None;
        }
        let digits = format!("{whole}{fraction:0<2}");
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let rate = Self(digits.parse().ok().filter(|_| is_number)?);
        (rate <= Self::ALWAYS).then_some(rate)
    }
}

/// What goes wrong and how often. The default is that nothing does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChaosSettings {
    /// Chooses the schedule; the same seed gives the same faults.
    pub seed: u64,
    /// Calls that do not reach the system and answer `Unreachable`.
    pub drop: Rate,
    /// Calls that reach the system and whose answer is lost: `Unreachable` too. A read ends early instead.
    pub fail_after: Rate,
    /// Changes that reach the system twice.
    pub duplicate: Rate,
    /// Changes that are answered with yes and not done.
    pub lie: Rate,
    /// Calls that are answered with `Throttled`.
    pub throttle: Rate,
    /// How long a throttled caller is asked to wait.
    pub throttle_after: Duration,
    /// Changes that are refused with `Invalid`; tried again they may go well.
    pub fail: Rate,
    /// Reads that end early and say that they are not complete.
    pub cut_reads: Rate,
    /// Every call takes at least and at most so long; a batch of changes is one call.
    pub delay: Option<(Duration, Duration)>,
    /// After so many calls the system is gone for good; each change and each read counts as one.
    pub die_after: Option<u64>,
}

impl Default for ChaosSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            drop: Rate::default(),
            fail_after: Rate::default(),
            duplicate: Rate::default(),
            lie: Rate::default(),
            throttle: Rate::default(),
            throttle_after: Duration::from_secs(1),
            fail: Rate::default(),
            cut_reads: Rate::default(),
            delay: None,
            die_after: None,
        }
    }
}

impl ChaosSettings {
    /// Reads the `chaos:` map, or tells every problem in it.
    pub fn read(settings: &Settings) -> Result<Self, Vec<SettingProblem>> {
        let mut reader = SettingReader::new(settings);
        let defaults = Self::default();
        let chaos = Self {
            seed: reader.number("seed", 0..=u64::MAX).unwrap_or(defaults.seed),
            drop: rate(&mut reader, "drop"),
            fail_after: rate(&mut reader, "fail_after"),
            duplicate: rate(&mut reader, "duplicate"),
            lie: rate(&mut reader, "lie"),
            throttle: rate(&mut reader, "throttle"),
            throttle_after: reader.duration("throttle_after").unwrap_or(defaults.throttle_after),
            fail: rate(&mut reader, "fail"),
            cut_reads: rate(&mut reader, "cut_reads"),
            delay: delay(&mut reader),
            die_after: reader.number("die_after", 0..=u64::MAX),
        };
        let of_changes =
            [chaos.drop, chaos.fail_after, chaos.duplicate, chaos.lie, chaos.throttle, chaos.fail];
        let of_reads = [chaos.drop, chaos.fail_after, chaos.throttle, chaos.cut_reads];
        let sum = |rates: &[Rate]| rates.iter().map(|rate| rate.0).sum::<u32>();
        if sum(&of_changes).max(sum(&of_reads)) > Rate::ALWAYS.0 {
            let help = "a call can go wrong in one way only; lower some of them".to_owned();
            reader.problem("seed", "the rates add up to more than 100 percent", Some(help));
        }
        let problems = reader.finish();
        if problems.is_empty() { Ok(chaos) } else { Err(problems) }
    }

    /// How long the call with these dice takes.
    pub(super) fn delay_of(&self, dice: u64) -> Option<Duration> {
        let (least, most) = self.delay?;
        let range = u64::try_from(most.saturating_sub(least).as_millis()).unwrap_or(u64::MAX);
        let more = (dice >> 16) % range.saturating_add(1);
        Some(least + Duration::from_millis(more))
    }
}

fn rate(reader: &mut SettingReader<'_>, key: &str) -> Rate {
    let Some(text) = reader.text(key) else { return Rate::default() };
    Rate::parse(&text).unwrap_or_else(|| {
        let message = format!("setting `{key}` must be a percentage from 0 to 100, not `{text}`");
        let help = "write for example `5` or `0.25`, with at most two digits after the point";
        reader.problem(key, message, Some(help.to_owned()));
        Rate::default()
    })
}

/// `10ms`, or a range `5ms..50ms`.
fn delay(reader: &mut SettingReader<'_>) -> Option<(Duration, Duration)> {
    let text = reader.text("delay")?;
    let (least, most) = text.split_once("..").unwrap_or((&text, &text));
    match (parse_duration(least), parse_duration(most)) {
        (Ok(least), Ok(most)) if least <= most => Some((least, most)),
        _ => {
            let message = format!("setting `delay` must be a duration or a range, not `{text}`");
            let help = "write for example `10ms` or `5ms..50ms`".to_owned();
            reader.problem("delay", message, Some(help));
            None
        }
    }
}
