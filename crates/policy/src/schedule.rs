//! Times of day and days at which something is done: the five fields of cron.

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, Time},
    tz::TimeZone,
};

/// How far ahead is looked: within this many days every schedule that has a day at all has one (29 February).
const DAYS: i32 = 366 * 8 + 2;

/// Minute, hour, day of the month, month, day of the week; each a set of what it may be.
///
/// As cron has it: where both days are restricted, either of them is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether either of the days is enough.
    either_day: bool,
}

impl Schedule {
    /// Reads `0 6 * * 1-5`: `*`, numbers, `a-b`, `/step` and lists of them; Sunday is 0 or 7. The error says which part
    /// is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err("five fields are needed: minute, hour, day, month, day of the week".into());
        };
        let mut weekdays = field(weekday, 0, 7, "day of the week")?;
        weekdays |= weekdays >> 7 & 1;
        Ok(Self {
            minutes: field(minute, 0, 59, "minute")?,
            hours: field(hour, 0, 23, "hour")?,
            days: field(day, 1, 31, "day")?,
            months: field(month, 1, 12, "month")?,
            weekdays,
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        })
    }

    /// The first instant after `after`; `None` when there is no such day.
    ///
    /// A time that the clocks skip is the instant at which they have skipped it; one that comes twice counts once.
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let begin = zone.to_datetime(after).date();
        // The day before: a time of it that is skipped may lie after midnight.
        let mut date = begin.checked_sub(1.day()).ok()?;
        for _ in 0..DAYS {
            if self.has_day(date) {
                let mut times = self.times().filter_map(|time| {
                    zone.to_timestamp(date.to_datetime(time)).ok().filter(|at| *at > after)
                });
                if let Some(at) = times.next() {
                    return Some(at);
                }
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    fn has_day(&self, date: Date) -> bool {
        let has = |set: u64, n: i8| u32::try_from(n).is_ok_and(|n| set >> n & 1 == 1);
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        let fits = if self.either_day { day || weekday } else { day && weekday };
        fits && has(self.months, date.month())
    }

    fn times(&self) -> impl Iterator<Item = Time> {
        let members = |set: u64, most: i8| (0..=most).filter(move |n| set >> *n & 1 == 1);
        let minutes = self.minutes;
        members(self.hours, 23).flat_map(move |hour| {
            members(minutes, 59).filter_map(move |minute| Time::new(hour, minute, 0, 0).ok())
        })
    }
}

/// The set that a field stands for.
fn field(text: &str, first: u32, last: u32, what: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no {what} ({first} to {last})");
    let number = |text: &str| -> Result<u32, String> {
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|n| is_digits && (first..=last).contains(n));
        number.ok_or_else(wrong)
    };
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (number(from)?, number(to)?),
            None if range == "*" => (first, last),
            None if part.contains('/') => (number(range)?, last),
            None => (number(range)?, number(range)?),
        };
        if from > to {
            return Err(wrong());
        }
        for n in (from..=to).step_by(step) {
            set |= 1 << n;
        }
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, zone: &str, after: &str, n: usize) -> Vec<String> {
        let schedule = Schedule::parse(schedule).unwrap();
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap();
        let mut at: Timestamp = after.parse().unwrap();
        let mut times = Vec::new();
        while times.len() < n {
            let Some(next) = schedule.next_after(at, &zone) else { break };
            times.push(next.to_string());
            at = next;
        }
        times
    }

    #[test]
    fn a_schedule_is_kept_in_the_time_of_its_zone() {
        // Friday evening; the next working day is Monday, by then in summer time.
        let times = next("0 6 * * 1-5", "Europe/Berlin", "2026-03-27T20:00:00Z", 2);
        assert_eq!(times, ["2026-03-30T04:00:00Z", "2026-03-31T04:00:00Z"]);
        let times = next("*/20 8,9 * * *", "UTC", "2026-01-01T08:30:00Z", 4);
        assert_eq!(times[0], "2026-01-01T08:40:00Z");
        assert_eq!(times[3], "2026-01-01T09:40:00Z");
    }

    #[test]
    fn a_time_that_is_skipped_comes_late_and_one_that_comes_twice_comes_once() {
        let times = next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2);
        assert_eq!(times, ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]);
        let times = next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2);
        assert_eq!(times, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn days_are_as_cron_has_them() {
        let times = next("0 0 13 * 5", "UTC", "2026-11-01T00:00:00Z", 3);
        assert_eq!(times, ["2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z"]);
        let times = next("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", 1);
        assert_eq!(times, ["2028-02-29T00:00:00Z"]);
        assert_eq!(next("0 0 * * 7", "UTC", "2026-11-01T00:00:00Z", 1), ["2026-11-08T00:00:00Z"]);
        assert_eq!(next("0 0 31 2 *", "UTC", "2026-01-01T00:00:00Z", 1), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_schedule_is_told() {
        for text in [
            "",
            "* * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "5-1 * * * *",
            "*/0 * * * *",
            "+1 * * * *",
            "a * * * *",
            "1,,2 * * * *",
        ] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }
}
