//! Reads a `settings:` map strictly: known keys only, right types, all problems at once with their places.
//!
//! It looks nothing up: a secret stays a [`SecretRef`] until the connector opens.

use std::{ops::RangeInclusive, time::Duration};

use muster_model::{Setting, SettingProblem, Settings, Span, Text};

use crate::{ConnectorError, SecretPlace, SecretRef, parse_duration};

/// Takes settings one by one, remembers which keys exist and collects what is wrong.
///
/// Each getter answers `None` both for a key that is absent and for one that is wrong; the problem is kept.
/// [`SettingReader::finish`] adds a problem for each key that nobody asked for.
#[derive(Debug)]
pub struct SettingReader<'a> {
    settings: &'a Settings,
    /// `settings.enabled.` in nested maps, so that messages name the whole path.
    prefix: String,
    known: Vec<String>,
    problems: Vec<SettingProblem>,
}

impl<'a> SettingReader<'a> {
    /// Starts to read `settings`.
    pub fn new(settings: &'a Settings) -> Self {
        Self { settings, prefix: String::new(), known: Vec::new(), problems: Vec::new() }
    }

    /// Takes the setting under `key` as it was written; an explicit null counts as absent.
    pub fn raw(&mut self, key: &str) -> Option<&'a Setting> {
        self.known.push(key.to_owned());
        match self.settings.entries.get(key) {
            Some((_, Setting::Null)) | None => None,
            Some((_, setting)) => Some(setting),
        }
    }

    /// The place of `key`, or of the whole map when it is absent.
    pub fn span(&self, key: &str) -> Span {
        self.settings.entries.get(key).map_or(self.settings.span, |(span, _)| *span)
    }

    /// Notes a problem with the value of `key`.
    pub fn problem(&mut self, key: &str, message: impl Into<String>, help: Option<String>) {
        let span = self.value_span(key);
        self.problems.push(SettingProblem { message: message.into(), span, help });
    }

    /// A text, number or boolean as written.
    pub fn text(&mut self, key: &str) -> Option<Text> {
        match self.raw(key)? {
            Setting::Scalar(text, _) => Some(text.clone()),
            Setting::Null | Setting::List(..) | Setting::Map(_) | Setting::Secret { .. } => {
                self.wrong(key, "one value", "write a single text or number");
                None
            }
        }
    }

    /// A text that must be there and not be empty.
    pub fn required(&mut self, key: &str) -> Option<Text> {
        let n_problems = self.problems.len();
        let text = self.text(key);
        if self.problems.len() > n_problems {
            return None;
        }
        match text {
            Some(text) if !text.is_empty() => Some(text),
            Some(_) => {
                self.wrong(key, "a text that is not empty", "give it a value");
                None
            }
            None => {
                let path = format!("{}{key}", self.prefix);
                self.problem(key, format!("the setting `{path}` is missing"), None);
                None
            }
        }
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, key: &str) -> Option<bool> {
        match &*self.text(key)? {
            "true" => Some(true),
            "false" => Some(false),
            other => {
                self.wrong(key, &format!("true or false, not `{other}`"), "write true or false");
                None
            }
        }
    }

    /// A whole number within `range`.
    pub fn number(&mut self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let text = self.text(key)?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let (low, high) = (range.start(), range.end());
            let wanted = format!("a whole number from {low} to {high}, not `{text}`");
            self.wrong(key, &wanted, "write digits only");
        }
        number
    }

    /// A duration such as `30s`.
    pub fn duration(&mut self, key: &str) -> Option<Duration> {
        match parse_duration(&self.text(key)?) {
            Ok(duration) => Some(duration),
            Err(error) => {
                let path = format!("{}{key}", self.prefix);
                self.problem(key, format!("setting `{path}`: {error}"), None);
                None
            }
        }
    }

    /// A number of bytes such as `64KiB`, `1MiB` or `4096`.
    pub fn size(&mut self, key: &str) -> Option<u64> {
        let text = self.text(key)?;
        let size = parse_size(&text);
        if size.is_none() {
            let wanted = format!("a size, not `{text}`");
            self.wrong(
                key,
                &wanted,
                "write a whole number and `KiB`, `MiB` or `GiB`, such as `1MiB`",
            );
        }
        size
    }

    /// One of `choices`; answers its position.
    pub fn choice(&mut self, key: &str, choices: &[&str]) -> Option<usize> {
        let text = self.text(key)?;
        let found = choices.iter().position(|choice| *choice == &*text);
        if found.is_none() {
            let list = choices.join("`, `");
            let help = closest(&text, choices.iter().copied())
                .map(|near| format!("did you mean `{near}`?"));
            let path = format!("{}{key}", self.prefix);
            let message = format!("setting `{path}` must be one of `{list}`, not `{text}`");
            self.problem(key, message, help);
        }
        found
    }

    /// Several texts; a single one is a list of one, an absent key an empty list.
    pub fn list(&mut self, key: &str) -> Vec<Text> {
        match self.raw(key) {
            None | Some(Setting::Null) => Vec::new(),
            Some(Setting::Scalar(text, _)) => vec![text.clone()],
            Some(Setting::List(items, _)) => {
                let mut texts = Vec::with_capacity(items.len());
                for item in items {
                    if let Setting::Scalar(text, _) = item {
                        texts.push(text.clone());
                    } else {
                        self.wrong(key, "a list of texts", "write `[one, two]`");
                    }
                }
                texts
            }
            Some(Setting::Map(_) | Setting::Secret { .. }) => {
                self.wrong(key, "a list of texts", "write `[one, two]`");
                Vec::new()
            }
        }
    }

    /// A map of its own, read by `read`; its unknown keys are problems too.
    pub fn map<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        match self.raw(key)? {
            Setting::Map(settings) => {
                let mut inner = Self::new(settings);
                inner.prefix = format!("{}{key}.", self.prefix);
                let value = read(&mut inner);
                self.problems.extend(inner.finish());
                value
            }
            Setting::Null | Setting::Scalar(..) | Setting::List(..) | Setting::Secret { .. } => {
                self.wrong(key, "a map", "write `{ name: value }`");
                None
            }
        }
    }

    /// A secret, which must be `{ env: NAME }` or `{ file: PATH }`; one written into the project is a problem.
    pub fn secret(&mut self, key: &str) -> Option<SecretRef> {
        let (from, name, span) = match self.raw(key)? {
            Setting::Secret { from, name, span } => (from.clone(), name.clone(), *span),
            Setting::Map(map) if map.entries.len() == 1 => match map.entries.first_key_value() {
                Some((from, (_, Setting::Scalar(name, span)))) => {
                    (from.clone(), name.clone(), *span)
                }
                Some(_) | None => return self.no_secret(key),
            },
            Setting::Null | Setting::Scalar(..) | Setting::List(..) | Setting::Map(_) => {
                return self.no_secret(key);
            }
        };
        let from = match &*from {
            "env" => SecretPlace::Env,
            "file" => SecretPlace::File,
            _ => return self.no_secret(key),
        };
        if name.is_empty() {
            return self.no_secret(key);
        }
        Some(SecretRef { from, name, span })
    }

    /// Ends the reading: the problems found and one for each key that is not known, in the order of the text.
    pub fn finish(mut self) -> Vec<SettingProblem> {
        for (key, (span, _)) in &self.settings.entries {
            if !self.known.iter().any(|known| known.as_str() == &**key) {
                let path = format!("{}{key}", self.prefix);
                let known = self.known.iter().map(String::as_str);
                let help = match closest(key, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known settings: {}", self.known_keys()),
                };
                self.problems.push(SettingProblem {
                    message: format!("unknown setting `{path}`"),
                    span: *span,
                    help: Some(help),
                });
            }
        }
        self.problems.sort_by_key(|problem| problem.span);
        self.problems
    }

    fn known_keys(&self) -> String {
        let mut keys: Vec<&str> = self.known.iter().map(String::as_str).collect();
        keys.sort_unstable();
        keys.dedup();
        format!("`{}`", keys.join("`, `"))
    }

    fn no_secret(&mut self, key: &str) -> Option<SecretRef> {
        let path = format!("{}{key}", self.prefix);
        self.problem(
            key,
            format!("setting `{path}` is a secret and must not stand in the project"),
            Some(
                "do not write secrets into the project; use { env: NAME } or { file: PATH }"
                    .to_owned(),
            ),
        );
        None
    }

    fn wrong(&mut self, key: &str, wanted: &str, help: &str) {
        let path = format!("{}{key}", self.prefix);
        self.problem(key, format!("setting `{path}` must be {wanted}"), Some(help.to_owned()));
    }

    fn value_span(&self, key: &str) -> Span {
        let Some((key_span, setting)) = self.settings.entries.get(key) else {
            return self.settings.span;
        };
        match setting {
            Setting::Null => *key_span,
            Setting::Scalar(_, span) | Setting::List(_, span) | Setting::Secret { span, .. } => {
                *span
            }
            Setting::Map(map) => map.span,
        }
    }
}

/// All problems in one line, for the error of a connector that is opened without a check before.
pub fn settings_error(problems: &[SettingProblem]) -> ConnectorError {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| match &problem.help {
            Some(help) => format!("{} ({help})", problem.message),
            None => problem.message.clone(),
        })
        .collect();
    ConnectorError::Settings(lines.join("; "))
}

/// The candidate that `word` was probably meant to be, if one is near enough.
pub fn closest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let wanted = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()), candidate)
        })
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn parse_size(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(unit_at)?;
    let number: u64 = digits.parse().ok()?;
    let factor: u64 = match unit.trim_start() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests;
