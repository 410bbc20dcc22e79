//! Instants as requests write them.

use jiff::{Timestamp, fmt::temporal::DateTimeParser};

/// Characters of an instant at most.
const LONGEST: usize = 64;

/// An instant with its offset, as RFC 3339 writes it. What lies beyond the last instant we know is the last one: whoever
/// writes the year 9999 means "for ever".
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    if text.len() > LONGEST {
        return None;
    }
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    let pieces = DateTimeParser::new().parse_pieces(text).ok()?;
    (pieces.offset().is_some() && pieces.time().is_some() && pieces.date().year() == 9999)
        .then_some(Timestamp::MAX)
}
