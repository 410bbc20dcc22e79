//! What a page was asked with: values of the address, of the query and of a form.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil, tz::TimeZone};

/// Rows on one page of a list.
pub(crate) const ROWS: usize = 50;

/// Values by name. Those of the address count before all others; of two with one name the first counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given(BTreeMap<String, Vec<String>>);

impl Given {
    /// Adds what is not there yet under its name.
    pub(crate) fn add(&mut self, pairs: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in pairs {
            self.0.entry(name).or_default().push(value);
        }
    }

    /// A value, without the space around it; empty when there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        let first = self.0.get(name).and_then(|values| values.first());
        first.map_or("", |text| text.trim())
    }

    /// A value that is not empty.
    pub(crate) fn filled(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A whole number.
    pub(crate) fn number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.text(name).parse().ok()
    }

    /// A day, as fields for days write it, from its beginning.
    pub(crate) fn day(&self, name: &str, zone: &TimeZone) -> Option<Timestamp> {
        let day: civil::Date = self.text(name).parse().ok()?;
        Some(day.to_zoned(zone.clone()).ok()?.timestamp())
    }
}
