//! How long a server asks to wait: `Retry-After` in seconds or as a date.
//!
//! A date is compared with the `Date` of the same answer, so the clocks of both sides need not agree.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822};

/// A day; a server that asks for more is asked again after a day.
const LONGEST: Duration = Duration::from_hours(24);

/// Reads `Retry-After`; `date` is the `Date` header of the answer.
pub(crate) fn parse(retry_after: &str, date: Option<&str>) -> Option<Duration> {
    let text = retry_after.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)).min(LONGEST));
    }
    let until = timestamp(text)?;
    let now = timestamp(date?.trim())?;
    let seconds = until.as_second().saturating_sub(now.as_second()).max(0);
    Some(Duration::from_secs(seconds.unsigned_abs()).min(LONGEST))
}

fn timestamp(text: &str) -> Option<Timestamp> {
    static PARSER: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new();
    PARSER.parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood_and_capped() {
        let date = Some("Fri, 20 Nov 2026 14:00:00 GMT");
        assert_eq!(parse("120", None), Some(Duration::from_mins(2)));
        assert_eq!(parse(" 0 ", None), Some(Duration::ZERO));
        assert_eq!(parse("Fri, 20 Nov 2026 14:00:30 GMT", date), Some(Duration::from_secs(30)));
        assert_eq!(parse("Fri, 20 Nov 2026 13:00:00 GMT", date), Some(Duration::ZERO));
        assert_eq!(parse("99999999999999999999999", None), Some(LONGEST));
        assert_eq!(parse("Fri, 20 Nov 2099 13:00:00 GMT", date), Some(LONGEST));
    }

    #[test]
    fn what_cannot_be_read_is_no_wish() {
        for text in ["", "soon", "-5", "1.5", "Fri, 40 Nov 2026 14:00:30 GMT"] {
            assert_eq!(parse(text, Some("Fri, 20 Nov 2026 14:00:00 GMT")), None, "{text}");
        }
        assert_eq!(parse("Fri, 20 Nov 2026 14:00:30 GMT", None), None);
    }
}
