//! Durations as people write them in model files: `30d`, `12h`, `90m`, `45s`, `10ms`.

use std::time::Duration;

/// The text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a duration: write a whole number and `d`, `h`, `m`, `s` or `ms`, such as `90s`"
)]
pub struct ParseDurationError {
    /// What was given, shortened.
    pub text: String,
}

/// Reads a whole number followed by `d`, `h`, `m`, `s` or `ms`; `0` alone needs no unit.
///
/// Units are not combined (`1h30m` is `90m`), so that every duration has one way to be written.
pub fn parse_duration(text: &str) -> Result<Duration, ParseDurationError> {
    let fail = || ParseDurationError { text: text.chars().take(60).collect() };
    let trimmed = text.trim();
    let unit_at = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
    let (digits, unit) = trimmed.split_at_checked(unit_at).ok_or_else(fail)?;
    let number: u64 = digits.parse().map_err(|_| fail())?;
    let in_seconds = |seconds: u64| number.checked_mul(seconds).map(Duration::from_secs);
    match unit {
        "d" => in_seconds(86_400),
        "h" => in_seconds(3_600),
        "m" => in_seconds(60),
        "s" => in_seconds(1),
        "ms" => Some(Duration::from_millis(number)),
        "" if number == 0 => Some(Duration::ZERO),
        _ => None,
    }
    .ok_or_else(fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_one_unit() {
        let seconds = |text| parse_duration(text).unwrap().as_secs();
        assert_eq!(
            [seconds("2d"), seconds("12h"), seconds("90m"), seconds("45s"), seconds("0")],
            [172_800, 43_200, 5_400, 45, 0]
        );
        assert_eq!(parse_duration("10ms").unwrap(), Duration::from_millis(10));
    }

    #[test]
    fn what_is_no_duration_is_refused_with_an_example() {
        for text in ["", "d", "5", "1h30m", "-3s", "1.5h", "5 years", "99999999999999999999d"] {
            let error = parse_duration(text).unwrap_err().to_string();
            assert!(error.contains("such as `90s`"), "{text}: {error}");
        }
    }
}
