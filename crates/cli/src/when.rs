//! Instants as people write them on the command line: a day or an instant.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use muster_app::Clock;

/// A day (its first instant in the project's zone) or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Day(Date),
    Instant(Timestamp),
}

impl When {
    /// The instant, with days beginning in `timezone`.
    pub(crate) fn instant(self, timezone: &TimeZone) -> Timestamp {
        match self {
            Self::Day(day) => {
                day.to_zoned(timezone.clone()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
            }
            Self::Instant(at) => at,
        }
    }
}

/// Reads `2027-02-01` or `2027-02-01T08:00:00Z`.
pub(crate) fn parse_when(text: &str) -> Result<When, String> {
    if let Ok(day) = text.parse::<Date>()
        && text.len() <= "+002027-02-01".len()
    {
        return Ok(When::Day(day));
    }
    text.parse::<Timestamp>().map(When::Instant).map_err(|_| {
        "write a day like 2027-02-01 or an instant like 2027-02-01T08:00:00Z".to_owned()
    })
}

/// An instant for people: to the second, in UTC.
pub(crate) fn shown(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Seconds since `start`, for closing lines.
pub(crate) fn seconds_since(clock: &dyn Clock, start: Timestamp) -> f64 {
    clock.now().duration_since(start).as_secs_f64().max(0.0)
}

/// A duration for closing lines: `38 ms`, `2.1 s`, `3 min`.
pub(crate) fn took(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1000.0)
    } else if seconds < 120.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{:.0} min", seconds / 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_in_the_zone_of_the_project() {
        let when = parse_when("2027-02-01").unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(when.instant(&berlin).to_string(), "2027-01-31T23:00:00Z");
        assert_eq!(when.instant(&TimeZone::UTC).to_string(), "2027-02-01T00:00:00Z");
    }

    #[test]
    fn an_instant_is_itself() {
        let when = parse_when("2027-02-01T08:00:00+01:00").unwrap();
        assert_eq!(when.instant(&TimeZone::UTC).to_string(), "2027-02-01T07:00:00Z");
    }

    #[test]
    fn what_is_neither_is_refused_with_an_example() {
        for text in ["", "tomorrow", "2027-13-01", "01.02.2027", "2027-02-01T08:00"] {
            assert!(parse_when(text).unwrap_err().contains("2027-02-01"), "{text}");
        }
    }

    #[test]
    fn durations_are_short() {
        assert_eq!([took(0.0384), took(2.14), took(240.0)], ["38 ms", "2.1 s", "4 min"]);
    }
}
