//! Lengths of time in model files: `30d`, `12h`, `90m`, `45s`. A day is 24 hours here.

use jiff::SignedDuration;

/// Reads a length of time; `None` when the text is none or beyond a thousand years.
pub(crate) fn parse_duration(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().next_back()?;
    let seconds = match unit {
        'd' => 86_400,
        'h' => 3_600,
        'm' => 60,
        's' => 1,
        _ => return None,
    };
    let digits = text.strip_suffix(unit)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let total = digits.parse::<i64>().ok()?.checked_mul(seconds)?;
    (total <= 365_250 * 86_400).then(|| SignedDuration::from_secs(total))
}
