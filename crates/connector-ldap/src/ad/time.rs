//! Times as Active Directory counts them: steps of 100 ns since the year 1601, with two values that mean "never".

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use muster_model::ValueType;

/// Seconds between 1601 and 1970.
const EPOCH: i64 = 11_644_473_600;
const PER_SECOND: i64 = 10_000_000;
/// What `accountExpires` holds for an account that does not expire.
pub(crate) const NEVER: &str = "9223372036854775807";

/// Attributes that hold such a time.
const ATTRIBUTES: [&str; 9] = [
    "accountExpires",
    "badPasswordTime",
    "lastLogoff",
    "lastLogon",
    "lastLogonTimestamp",
    "lockoutTime",
    "msDS-LastSuccessfulInteractiveLogonTime",
    "msDS-UserPasswordExpiryTimeComputed",
    "pwdLastSet",
];

/// True when `attribute` holds such a time.
pub(crate) fn is_time(attribute: &str) -> bool {
    ATTRIBUTES.iter().any(|name| name.eq_ignore_ascii_case(attribute))
}

/// The readable form of a time: an instant, a day, or the bare number where that is wanted; `None` stands for "never".
pub(crate) fn readable(number: &str, wanted: ValueType) -> Option<String> {
    let Ok(count) = number.parse::<i64>() else { return Some(number.to_owned()) };
    if wanted == ValueType::Int {
        return Some(number.to_owned());
    }
    if count == i64::MAX || count == 0 {
        return None;
    }
    let since = SignedDuration::new(
        count.div_euclid(PER_SECOND),
        i32::try_from(count.rem_euclid(PER_SECOND) * 100).unwrap_or(0),
    );
    let from_1970 = since - SignedDuration::from_secs(EPOCH);
    let Ok(at) = Timestamp::from_duration(from_1970) else { return Some(number.to_owned()) };
    if wanted == ValueType::Date {
        return Some(at.strftime("%Y-%m-%d").to_string());
    }
    Some(at.to_string())
}

/// The number for a text that was written: an instant, a day (its beginning in UTC), or the bare number.
///
/// What is none of them is sent as it is, and the directory says what it thinks of it.
pub(crate) fn number(text: &str) -> String {
    let day = |day: Date| day.to_zoned(TimeZone::UTC).map(|at| at.timestamp());
    let instant = text.parse::<Timestamp>().or_else(|_| text.parse::<Date>().and_then(day)).ok();
    let count = instant.and_then(|at| {
        let seconds = at.as_second().checked_add(EPOCH)?.checked_mul(PER_SECOND)?;
        seconds.checked_add(i64::from(at.subsec_nanosecond() / 100))
    });
    count.map_or_else(|| text.to_owned(), |count| count.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_readable_and_come_back_as_they_were() {
        let text = readable("134396582783250420", ValueType::DateTime).unwrap();
        assert_eq!(text, "2026-11-20T14:24:38.325042Z");
        assert_eq!(number(&text), "134396582783250420");
        assert_eq!(readable("134396582783250420", ValueType::Date).unwrap(), "2026-11-20");
        assert_eq!(readable(&number("2026-12-31"), ValueType::Date).unwrap(), "2026-12-31");
        assert_eq!(readable("134396582783250420", ValueType::Int).unwrap(), "134396582783250420");
    }

    #[test]
    fn never_is_no_value_and_numbers_pass() {
        assert_eq!(readable(NEVER, ValueType::DateTime), None);
        assert_eq!(readable("0", ValueType::Text), None);
        assert_eq!(readable("0", ValueType::Int).unwrap(), "0");
        assert_eq!(number("0"), "0");
        assert_eq!(number("-1"), "-1");
        assert_eq!(number("soon"), "soon");
    }
}
