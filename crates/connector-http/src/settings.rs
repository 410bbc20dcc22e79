//! The settings of a REST service, as written and checked: classes, their operations, paging.

mod class;
mod operation;

use std::collections::BTreeMap;

use muster_connector::SettingReader;
use muster_http::HttpSettings;
use muster_model::{Capabilities, NameRule, Setting, SettingProblem, Settings, Text};

pub(crate) use self::{
    class::{Class, State},
    operation::{Listing, Operation, Paging},
};

/// What `settings:` says, with defaults filled in.
#[derive(Debug, Clone)]
pub(crate) struct RestSettings {
    /// What every HTTP system has.
    pub(crate) http: HttpSettings,
    /// The classes by name.
    pub(crate) classes: BTreeMap<Text, Class>,
    /// What statuses mean here.
    pub(crate) errors: Vec<Meaning>,
    /// How names compare.
    names: NameRule,
}

/// What a status means, when it also says these words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Words in the answer, in lower case; empty for any.
    pub(crate) words: String,
    /// `exists`, `not_found`, `throttled`, `refused`, `invalid` or `unreachable`.
    pub(crate) kind: &'static str,
}

const KINDS: [&str; 6] = ["exists", "not_found", "throttled", "refused", "invalid", "unreachable"];

impl RestSettings {
    /// Reads the settings.
    pub(crate) fn read(settings: &Settings) -> Result<Self, Vec<SettingProblem>> {
        let mut reader = SettingReader::new(settings);
        let http = HttpSettings::read(&mut reader);
        let names = match reader.choice("names", &["exact", "ignore_case"]) {
            Some(1) => NameRule::CaseInsensitive,
            Some(_) | None => NameRule::Exact,
        };
        let errors = read_errors(&mut reader);
        let classes = read_classes(&mut reader);
        let problems = reader.finish();
        if problems.is_empty() { Ok(Self { http, classes, errors, names }) } else { Err(problems) }
    }

    /// The class of that name; an empty name is the only class.
    pub(crate) fn class(&self, name: &str) -> Option<&Class> {
        match self.classes.get(name) {
            None if name.is_empty() && self.classes.len() == 1 => self.classes.values().next(),
            found => found,
        }
    }

    /// What can be done with a service that has these settings.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let any = |can: &dyn Fn(&Class) -> bool| self.classes.values().any(can);
        Capabilities {
            read: any(&|class| class.list.is_some()),
            create: any(&|class| class.create.is_some()),
            update: any(&|class| class.update.is_some()),
            rename: any(&|class| class.rename.is_some()),
            enable: any(&Class::can_enable),
            delete: any(&|class| class.delete.is_some()),
            members: any(&|class| class.members.is_some()),
            incremental: any(&|class| class.list.as_ref().is_some_and(|list| list.since.is_some())),
            text_only: true,
            names: self.names,
            parallel: self.http.connections,
        }
    }
}

/// The keys of a map, so that each can be read with its own reader.
pub(crate) fn keys(reader: &mut SettingReader<'_>, key: &str) -> Vec<Text> {
    match reader.raw(key) {
        Some(Setting::Map(map)) => map.entries.keys().cloned().collect(),
        Some(_) | None => Vec::new(),
    }
}

fn read_classes(reader: &mut SettingReader<'_>) -> BTreeMap<Text, Class> {
    let names = keys(reader, "classes");
    if names.is_empty() {
        let help = "write `classes: { user: { name: login, list: { path: /users } } }`".to_owned();
        reader.problem("classes", "the setting `classes` is missing or empty", Some(help));
    }
    let read = |classes: &mut SettingReader<'_>| {
        let mut all = BTreeMap::new();
        for name in &names {
            let class = classes.map(name, class::read);
            all.extend(class.map(|class| (name.clone(), class)));
        }
        Some(all)
    };
    reader.map("classes", read).unwrap_or_default()
}

fn read_errors(reader: &mut SettingReader<'_>) -> Vec<Meaning> {
    let read = |errors: &mut SettingReader<'_>| {
        let mut all = Vec::new();
        for kind in KINDS {
            for text in errors.list(kind) {
                let (status, words) = text.split_once(' ').unwrap_or((&text, ""));
                match status.parse() {
                    Ok(status) if (100..600).contains(&status) => {
                        all.push(Meaning { status, words: words.trim().to_lowercase(), kind });
                    }
                    Ok(_) | Err(_) => {
                        let message = format!("`{text}` does not begin with an HTTP status");
                        let help = "write for example `409` or `\"422 already taken\"`".to_owned();
                        errors.problem(kind, message, Some(help));
                    }
                }
            }
        }
        // Those with words say more, so they come first.
        all.sort_by_key(|meaning| meaning.words.is_empty());
        Some(all)
    };
    reader.map("errors", read).unwrap_or_default()
}

#[cfg(test)]
mod tests;
