//! What a database may be told in its `settings:`, checked once and kept in one place.
//!
//! Nothing is looked up here: the password stays a reference and the authority's file a path.

mod class;
mod url;

use std::{collections::BTreeMap, time::Duration};

use jiff::tz::TimeZone;
use muster_connector::{SecretRef, SettingReader};
use muster_model::{Capabilities, NameRule, Setting, SettingProblem, Settings, Text};

pub(crate) use class::{Changes, ChangesBy, Class, Flag, FlagKind, ListTable, Source};
pub(crate) use url::{Place, Url};

use crate::dialect::Dialect;

/// The class of the login roles of a PostgreSQL server.
pub(crate) const ROLE: &str = "role";
/// The class of the roles that others are members of.
pub(crate) const MEMBERSHIP: &str = "membership";

/// Rows that are asked for at once, where the settings say nothing.
const PAGE_SIZE: u64 = 5_000;

/// The checked settings of one database.
#[derive(Debug, Clone)]
pub(crate) struct SqlSettings {
    pub(crate) url: Url,
    pub(crate) password: Option<SecretRef>,
    pub(crate) tls: Tls,
    /// The file with the authority that signed the server's certificate.
    pub(crate) ca: Option<Text>,
    pub(crate) connections: u16,
    pub(crate) connect_timeout: Duration,
    /// How long one statement may take.
    pub(crate) timeout: Duration,
    pub(crate) keepalive: Duration,
    pub(crate) page_size: usize,
    pub(crate) writable: bool,
    /// The zone of columns without one.
    pub(crate) zone: TimeZone,
    /// Set when the roles of the server are accounts.
    pub(crate) roles: Option<Roles>,
    classes: BTreeMap<Text, Class>,
}

/// How the server's certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tls {
    /// Nothing is encrypted.
    Off,
    /// Encrypted; the certificate must come from a known authority, for whatever name.
    VerifyCa,
    /// Encrypted; the certificate must come from a known authority and be for this host.
    VerifyFull,
}

/// Which roles of a PostgreSQL server are accounts and which are groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Roles {
    /// Only the members of this role are accounts; a new account becomes one.
    pub(crate) accounts: Option<Text>,
    /// Only the members of this role are groups; a new group becomes one.
    pub(crate) groups: Option<Text>,
}

impl SqlSettings {
    /// Checks the settings; answers every problem at once.
    pub(crate) fn read(settings: &Settings) -> Result<Self, Vec<SettingProblem>> {
        let mut reader = SettingReader::new(settings);
        let url = url::read(&mut reader).unwrap_or_else(Url::none);
        let password = reader.secret("password");
        if password.is_some() && url.dialect == Dialect::Sqlite && !url.is_none() {
            let help = Some("leave `password` out".to_owned());
            reader.problem("password", "a SQLite file has no password", help);
        }
        let tls = read_tls(&mut reader, &url);
        let seconds = Duration::from_secs;
        let connections = reader.number("connections", 1..=64).unwrap_or(4);
        let page_size = reader.number("page_size", 1..=10_000).unwrap_or(PAGE_SIZE);
        let writable = reader.boolean("writable").unwrap_or(false);
        let read = Self {
            password,
            tls,
            ca: reader.text("ca"),
            connections: u16::try_from(connections).unwrap_or(4),
            connect_timeout: reader.duration("connect_timeout").unwrap_or(seconds(10)),
            timeout: reader.duration("timeout").unwrap_or(seconds(60)),
            keepalive: reader.duration("keepalive").unwrap_or(seconds(30)),
            page_size: usize::try_from(page_size).unwrap_or(10_000),
            writable,
            zone: read_zone(&mut reader),
            roles: read_roles(&mut reader, &url),
            classes: read_classes(&mut reader, settings, url.dialect),
            url,
        };
        if read.timeout < Duration::from_millis(1) || read.connect_timeout.is_zero() {
            let help = Some("write for example `60s`".to_owned());
            reader.problem("timeout", "a time limit must not be zero", help);
        }
        let problems = reader.finish();
        if problems.is_empty() { Ok(read) } else { Err(problems) }
    }

    /// The class that the model calls `name`; one that nobody described is the table of that name.
    pub(crate) fn class(&self, name: &str) -> Class {
        self.classes.get(name).cloned().unwrap_or_else(|| Class::table(name))
    }

    /// The described classes by their names.
    pub(crate) fn classes(&self) -> impl Iterator<Item = (&Text, &Class)> {
        self.classes.iter()
    }

    /// Set when `class` means the roles of the server; a described table of that name hides them.
    pub(crate) fn roles_of(&self, class: &str) -> Option<&Roles> {
        let is_theirs = class == ROLE || class == MEMBERSHIP;
        self.roles.as_ref().filter(|_| is_theirs && !self.classes.contains_key(class))
    }

    /// What can be done with a database that has these settings.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let has_roles = self.roles.is_some();
        let any = |holds: fn(&Class) -> bool| self.classes.values().any(holds);
        let may = |able: bool| self.writable && able;
        Capabilities {
            read: true,
            create: self.writable,
            update: self.writable,
            rename: self.writable,
            enable: may(has_roles || any(|class| class.enabled.is_some())),
            delete: self.writable,
            members: may(has_roles || any(|class| !class.lists.is_empty())),
            incremental: any(|class| class.changes.is_some()),
            text_only: false,
            names: NameRule::Exact,
            parallel: self.connections,
        }
    }
}

fn read_tls(reader: &mut SettingReader<'_>, url: &Url) -> Tls {
    let choices =
        [("verify-full", Tls::VerifyFull), ("verify-ca", Tls::VerifyCa), ("off", Tls::Off)];
    let names = choices.map(|(name, _)| name);
    let chosen = reader.choice("tls", &names);
    let is_here = !matches!(&url.place, Place::Network(host, _) if !url::is_loopback(host));
    let tls = match chosen.and_then(|index| choices.get(index)) {
        Some((_, tls)) => *tls,
        None if is_here => Tls::Off,
        None => Tls::VerifyFull,
    };
    if tls != Tls::Off && !matches!(url.place, Place::Network(..)) && !url.is_none() {
        let help = Some("leave `tls` out".to_owned());
        reader.problem("tls", "`tls` needs a server on the network", help);
    }
    tls
}

fn read_zone(reader: &mut SettingReader<'_>) -> TimeZone {
    let Some(name) = reader.text("timezone") else { return TimeZone::UTC };
    TimeZone::get(&name).unwrap_or_else(|_| {
        let help = Some("write for example `Europe/Berlin` or `UTC`".to_owned());
        reader.problem("timezone", format!("`{name}` is not a known time zone"), help);
        TimeZone::UTC
    })
}

fn read_roles(reader: &mut SettingReader<'_>, url: &Url) -> Option<Roles> {
    let roles = reader.map("roles", |roles| {
        let read = Roles { accounts: roles.text("accounts"), groups: roles.text("groups") };
        for (key, name) in [("accounts", &read.accounts), ("groups", &read.groups)] {
            if let Some(problem) = name.as_ref().and_then(|name| Dialect::Postgres.refuses(name)) {
                roles.problem(key, problem, Some("write the name of a role".to_owned()));
            }
        }
        Some(read)
    });
    if roles.is_some() && url.dialect != Dialect::Postgres {
        let help = Some("leave `roles` out; describe the tables under `classes`".to_owned());
        reader.problem("roles", "`roles` needs a PostgreSQL server", help);
    }
    roles
}

fn read_classes(
    reader: &mut SettingReader<'_>,
    settings: &Settings,
    dialect: Dialect,
) -> BTreeMap<Text, Class> {
    let names = keys_of(settings, "classes");
    let read = reader.map("classes", |classes| {
        let read_one = |name: &Text| {
            let class = classes.map(name, |class| Some(class::read(class, name, dialect)))?;
            Some((name.clone(), class))
        };
        Some(names.iter().filter_map(read_one).collect::<BTreeMap<_, _>>())
    });
    let read = read.unwrap_or_default();
    for class in read.values() {
        for (list, table) in &class.lists {
            if let Some(of) = &table.of
                && read.get(of).is_none_or(|of| of.key.len() > 1)
            {
                let message = format!(
                    "`lists.{list}.of` names `{of}`, which is no class with one key column"
                );
                let help = Some("describe that class under `classes`".to_owned());
                reader.problem("classes", message, help);
            }
        }
    }
    read
}

/// The keys of the map under `key`.
fn keys_of(settings: &Settings, key: &str) -> Vec<Text> {
    match settings.entries.get(key) {
        Some((_, Setting::Map(map))) => map.entries.keys().cloned().collect(),
        Some((
            _,
            Setting::Null | Setting::Scalar(..) | Setting::List(..) | Setting::Secret { .. },
        ))
        | None => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
