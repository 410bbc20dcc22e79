//! An instant on a page: in the zone of the project, with UTC for those who look closer.

use askama::Template;
use jiff::{Timestamp, tz::TimeZone};

/// An instant.
#[derive(Debug, Clone, Template)]
#[template(
    source = r#"<time datetime="{{ utc }}" title="{{ utc }}">{{ shown }}</time>"#,
    ext = "html"
)]
pub(crate) struct Moment {
    utc: String,
    shown: String,
}

impl Moment {
    /// An instant in a zone, to the minute.
    pub(crate) fn new(at: Timestamp, zone: &TimeZone) -> Self {
        let shown = at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
        Self { utc: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), shown }
    }

    /// As it is shown, for a sentence.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }
}
