//! What a page was asked with: values of the address, of the query and of a form.

use std::collections::BTreeMap;

use axum::{extract::Query, http::Uri};
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use muster_web::Problem;

/// Rows on one page of a list.
pub(crate) const ROWS: usize = 50;

/// Values that one request may hold.
const MOST_VALUES: usize = 2000;

/// Days that can be asked for at most.
const MOST_DAYS: i64 = 3660;

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

    /// Adds what stands in a form.
    pub(crate) fn add_form(&mut self, form: &[u8]) -> Result<(), Problem> {
        let unreadable = || Problem::invalid("what was sent cannot be read");
        let text = std::str::from_utf8(form).map_err(|_| unreadable())?;
        self.add_query(&format!("/?{text}").parse().map_err(|_| unreadable())?)
    }

    /// Adds what stands in a query.
    pub(crate) fn add_query(&mut self, uri: &Uri) -> Result<(), Problem> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
        let Query(pairs) = pairs.map_err(|_| Problem::invalid("what was sent cannot be read"))?;
        if pairs.len() > MOST_VALUES {
            return Err(Problem::invalid("too many values were sent"));
        }
        self.add(pairs);
        Ok(())
    }

    /// A value, without the space around it; empty when there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// A value with the space around it.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    /// A value that is not empty.
    pub(crate) fn filled(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// All values of a name that are not empty, each once.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for text in self.0.get(name).into_iter().flatten().map(|text| text.trim()) {
            if !text.is_empty() && !texts.iter().any(|known| known == text) {
                texts.push(text.to_owned());
            }
        }
        texts
    }

    /// What was given under names that begin like this, by the rest of the name.
    pub(crate) fn beginning(&self, prefix: &str) -> BTreeMap<String, String> {
        let named = self.0.keys().filter_map(|name| Some((name.strip_prefix(prefix)?, name)));
        named.map(|(rest, name)| (rest.to_owned(), self.text(name).to_owned())).collect()
    }

    /// So many days after an instant; `None` when nothing was entered.
    pub(crate) fn days_after(
        &self,
        name: &str,
        from: Timestamp,
    ) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.filled(name) else { return Ok(None) };
        let days = text.parse::<i64>().ok().filter(|days| (1..=MOST_DAYS).contains(days));
        let end =
            days.and_then(|days| from.checked_add(SignedDuration::from_hours(24 * days)).ok());
        let wrong =
            || Problem::invalid(format!("`{text}` is not a number of days from 1 to {MOST_DAYS}"));
        Ok(Some(end.ok_or_else(wrong)?))
    }

    /// As [`Given::day`], but what is not a day is refused rather than left out.
    pub(crate) fn real_day(
        &self,
        name: &str,
        zone: &TimeZone,
    ) -> Result<Option<Timestamp>, Problem> {
        let day = self.day(name, zone);
        match self.filled(name).filter(|_| day.is_none()) {
            Some(text) => Err(Problem::invalid(format!("`{text}` is not a day: 2026-12-31"))),
            None => Ok(day),
        }
    }

    /// A whole number.
    pub(crate) fn number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.text(name).parse().ok()
    }

    /// How many rows of a list came before this page.
    pub(crate) fn after(&self) -> usize {
        self.number("after").unwrap_or(0)
    }

    /// A day, as fields for days write it, from its beginning.
    pub(crate) fn day(&self, name: &str, zone: &TimeZone) -> Option<Timestamp> {
        let day: civil::Date = self.text(name).parse().ok()?;
        Some(day.to_zoned(zone.clone()).ok()?.timestamp())
    }
}
