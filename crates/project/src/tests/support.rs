//! Builders for the tests: a catalogue of pretended connectors, and loading to text.

use muster_model::{Capabilities, NameRule, Setting, SettingProblem, Settings};

use crate::{Catalogue, File, Loaded, load, render};

/// Connectors that exist only here: `csv` (everything but members), `fixed` (everything but renaming), `ldap`
/// (everything), `log` (only reads, and
/// not through an agent).
pub(crate) struct Pretended;

const ALL: Capabilities = Capabilities {
    read: true,
    create: true,
    update: true,
    rename: true,
    enable: true,
    delete: true,
    members: true,
    incremental: true,
    text_only: true,
    names: NameRule::Exact,
    parallel: 4,
};

impl Catalogue for Pretended {
    fn connectors(&self) -> Vec<&'static str> {
        vec!["csv", "fixed", "ldap", "log"]
    }

    fn can_be_remote(&self, connector: &str) -> bool {
        connector != "log"
    }

    fn capabilities(
        &self,
        connector: &str,
        settings: &Settings,
    ) -> Result<Capabilities, Vec<SettingProblem>> {
        if let Some((span, Setting::Scalar(..))) = settings.entries.get("password") {
            let message = "a secret cannot stand in a model file".to_owned();
            let help = Some("write `password: { env: NAME }`".to_owned());
            return Err(vec![SettingProblem { message, span: *span, help }]);
        }
        Ok(match connector {
            "ldap" => ALL,
            "fixed" => Capabilities { rename: false, ..ALL },
            "csv" => Capabilities { members: false, ..ALL },
            _ => Capabilities {
                create: false,
                update: false,
                rename: false,
                enable: false,
                delete: false,
                members: false,
                ..ALL
            },
        })
    }
}

/// Loads files given as path and text.
pub(crate) fn loaded(files: &[(&str, &str)]) -> Loaded {
    let files =
        files.iter().map(|(path, text)| File { path: (*path).into(), text: (*text).into() });
    load(files.collect(), &Pretended)
}

/// What is said about these files.
pub(crate) fn said(files: &[(&str, &str)]) -> String {
    let loaded = loaded(files);
    render(&loaded.diagnostics, &loaded.sources, false)
}

/// What is said about one file that is added to a small project without problems.
pub(crate) fn said_of(text: &str) -> String {
    said(&[("muster.yaml", BASE), ("part.yaml", text)])
}

/// A small project: people and departments, a source, a directory, one role.
pub(crate) const BASE: &str = r#"muster: 1
timezone: Europe/Berlin
types:
  person:
    identity: true
    key: id
    display: name
    attributes:
      id: { type: string, unique: true }
      name: { type: string }
      status: { type: string, choices: [active, left] }
      end: { type: date }
      team: { type: link, to: team, inverse: members }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      active: { when: "true" }
  team:
    key: code
    attributes:
      code: { type: string, unique: true }
      title: { type: string }
systems:
  hr:
    connector: csv
    reads:
      person: { owns: { id: record.no, name: record.name, end: record.end, team: record.team } }
      team: { owns: { code: record.code, title: record.title } }
  dir:
    connector: ldap
    accounts:
      user:
        for: person
        match: [{ on: uid == person.id }]
        name: person.id
        set: { uid: person.id, mail: "person.id + '@x.example'" }
        states: { active: {}, leaver: { enabled: false, entitlements: none, delete_after: 30d } }
    entitlements:
      group: { object: groupOfNames, members: member }
roles:
  staff: { for: person, when: "person.lifecycle == 'active'", grants: [dir.user, { dir.group: all }] }
"#;
