//! The model files of a new project.

use std::fmt::Write as _;

use super::{
    Content, Input, NewFile,
    decide::{Proposal, Source},
    names, yaml,
};

/// Puts the files into the proposal: model files, copies of data, a file that stands in for a directory.
pub(super) fn files(proposal: &mut Proposal, inputs: &[Input]) {
    let mut files = Vec::new();
    let mut text = |path: &str, text: String| {
        files.push(NewFile { path: path.to_owned(), content: Content::Text(text) });
    };
    let empty = Shape { person: None };
    let shape = proposal.sources.first().map_or(empty, |person| Shape { person: Some(person) });
    text("muster.yaml", project());
    let is_free = proposal.sources.iter().all(|source| source.type_name != "group");
    let groups = if is_free && !shape.has("groups") { Groups::Proposed } else { Groups::There };
    text("schema/person.yaml", shape.person(groups));
    for source in proposal.sources.iter().skip(1) {
        text(&format!("schema/{}.yaml", file_stem(&source.type_name)), thing(source));
    }
    if !proposal.sources.is_empty() {
        text("systems/hr.yaml", hr(&proposal.sources, inputs));
    }
    text("systems/directory.yaml", shape.directory());
    let columns: Vec<&str> = shape.mappings().iter().map(|(column, _)| *column).collect();
    text("data/directory.csv", format!("login,state,{},groups\n", columns.join(",")));
    text("policy/roles.yaml", shape.roles());
    text("tests/starter.yaml", shape.tests());
    text(".gitignore", "# What people are called and what they have stays out of version control.\nmuster.db*\nmuster.key\ndata/\n".to_owned());
    for source in &proposal.sources {
        files.extend(data(source, inputs));
    }
    proposal.files = files;
}

/// Whether the project gets a type for groups of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Groups {
    Proposed,
    /// A file has groups already, or something of that name.
    There,
}

fn project() -> String {
    "# schema/   what you know about people\n\
     # systems/  where it comes from, and the accounts that follow from it\n\
     # policy/   who gets what\n\
     # tests/    what the policy must do: muster test\n\
     muster: 1\n\
     timezone: UTC                     # where days begin and end, such as Europe/Berlin\n\
     store: sqlite:muster.db\n"
        .to_owned()
}

/// Where a source's file lies in the project.
fn data_path(source: &Source, inputs: &[Input]) -> String {
    let input = inputs.get(source.sheet.input);
    if source.sheet.rewritten.is_some() {
        let stem = source.sheet.file.split('.').next().unwrap_or("people");
        return format!("data/{}.csv", file_stem(stem));
    }
    match input.and_then(|input| input.inside.clone()) {
        Some(inside) => inside,
        None => format!("data/{}", source.sheet.file),
    }
}

/// The copy of a source's file, unless it lies in the project already and can stay as it is.
fn data(source: &Source, inputs: &[Input]) -> Option<NewFile> {
    let path = data_path(source, inputs);
    if let Some(rewritten) = &source.sheet.rewritten {
        return Some(NewFile { path, content: Content::Text(rewritten.clone()) });
    }
    let inside = inputs.get(source.sheet.input).is_some_and(|input| input.inside.is_some());
    (!inside).then_some(NewFile { path, content: Content::Copy(source.sheet.input) })
}

fn file_stem(name: &str) -> String {
    let words = names::words(name);
    if words.is_empty() { "data".to_owned() } else { words.join("-") }
}

/// Attributes as lines of the schema, aligned.
fn attribute_lines(source: &Source, out: &mut String) {
    let width =
        source.attributes.iter().map(|attribute| attribute.name.len()).max().unwrap_or(0) + 1;
    for (index, attribute) in source.attributes.iter().enumerate() {
        let mut parts = format!("type: {}", attribute.type_name);
        if let Some(to) = &attribute.link {
            let inverse = match attribute.name.as_str() {
                "manager" if to == "person" => Some("reports"),
                "department" if to == "department" => Some("members"),
                _ => None,
            };
            _ = write!(parts, ", to: {to}");
            if let Some(inverse) = inverse.filter(|_| source.attribute("reports").is_none()) {
                _ = write!(parts, ", inverse: {inverse}");
            }
        }
        if attribute.unique {
            parts.push_str(", unique: true");
        }
        if index == source.key {
            parts.push_str(", required: true");
        }
        _ = writeln!(
            out,
            "      {:<width$} {{ {parts} }}{}",
            format!("{}:", attribute.name),
            column_comment(&attribute.name, &attribute.column)
        );
    }
}

/// Says which column it is where the names differ.
fn column_comment(name: &str, column: &str) -> String {
    if name == column { String::new() } else { format!("   # column {}", yaml::comment(column)) }
}

/// The schema of what is not a person.
fn thing(source: &Source) -> String {
    let (key, _) = source.key();
    let mut out = format!("types:\n  {}:\n    key: {key}\n", source.type_name);
    let name = source.attributes.iter().find(|attribute| {
        attribute.type_name == "string"
            && names::words(&attribute.name).iter().any(|word| word == "name" || word == "title")
    });
    if let Some(name) = name {
        _ = writeln!(out, "    display: {}", yaml::scalar(&name.name));
    }
    out.push_str("    attributes:\n");
    attribute_lines(source, &mut out);
    out
}

/// Where the facts come from.
fn hr(sources: &[Source], inputs: &[Input]) -> String {
    let mut out = "# Where facts come from. One file is the authority for each attribute it owns.\nsystems:\n".to_owned();
    for (index, source) in sources.iter().enumerate() {
        let system = if index == 0 {
            "hr".to_owned()
        } else {
            format!("hr-{}", file_stem(&source.type_name))
        };
        let (key, column) = source.key();
        let mut settings = vec![
            format!("path: {}", yaml::scalar(&data_path(source, inputs))),
            format!("key: {}", yaml::scalar(column)),
        ];
        if source.sheet.rewritten.is_none() {
            match source.sheet.delimiter {
                ',' => {}
                '\t' => settings.push("delimiter: tab".to_owned()),
                other => settings.push(format!("delimiter: {}", yaml::quoted(&other.to_string()))),
            }
            if let Some(encoding) = source.sheet.encoding {
                settings.push(format!("encoding: {encoding}"));
            }
        }
        _ = writeln!(
            out,
            "  {system}:\n    connector: csv\n    settings: {{ {} }}",
            settings.join(", ")
        );
        _ = writeln!(out, "    reads:\n      {}:", source.type_name);
        let on = format!("{key} == {}", yaml::column(column));
        _ = writeln!(out, "        match: [{{ on: {} }}]\n        owns:", yaml::quoted(&on));
        let width =
            source.attributes.iter().map(|attribute| attribute.name.len()).max().unwrap_or(0) + 1;
        for attribute in &source.attributes {
            _ = writeln!(
                out,
                "          {:<width$} {}",
                format!("{}:", attribute.name),
                yaml::scalar(&attribute.expression)
            );
        }
        if index == 0 {
            out.push_str("        absent: { keep: 30d, state: leaver }     # gone from the file for a month: left\n");
        }
    }
    out
}

/// What the other files need to know about people.
struct Shape<'a> {
    person: Option<&'a Source>,
}

impl Shape<'_> {
    fn has(&self, name: &str) -> bool {
        match self.person {
            Some(person) => person.attribute(name).is_some(),
            None => ["employeeId", "givenName", "familyName", "department", "startDate", "endDate"]
                .contains(&name),
        }
    }

    fn key(&self) -> &str {
        self.person.map_or("employeeId", |person| person.key().0)
    }

    /// The expression for a login name made from other attributes; `None` when a column gives it or nothing is there.
    fn generated(&self) -> Option<&'static str> {
        match (
            self.has("userName"),
            self.has("givenName") && self.has("familyName"),
            self.has("fullName"),
        ) {
            (true, ..) | (false, false, false) => None,
            (false, true, _) => Some("givenName + '.' + familyName"),
            (false, false, true) => Some("fullName"),
        }
    }

    /// The attribute that names accounts.
    fn login(&self) -> &str {
        let unique =
            self.person.is_none_or(|person| person.attribute("userName").is_none_or(|a| a.unique));
        let named = self.has("userName") && unique || self.generated().is_some();
        if named { "userName" } else { self.key() }
    }

    fn person(&self, groups: Groups) -> String {
        let mut out = format!("types:\n  person:\n    identity: true\n    key: {}\n", self.key());
        if self.has("givenName") && self.has("familyName") {
            out.push_str("    display: givenName + \" \" + familyName\n");
        } else if self.has("fullName") {
            out.push_str("    display: fullName\n");
        }
        out.push_str("    attributes:\n");
        match self.person {
            Some(person) => attribute_lines(person, &mut out),
            None => out.push_str(
                "      employeeId: { type: string, unique: true, required: true }\n\
                 \x20     givenName:  { type: string }\n\
                 \x20     familyName: { type: string }\n\
                 \x20     department: { type: string }\n\
                 \x20     startDate:  { type: date }\n\
                 \x20     endDate:    { type: date }\n",
            ),
        }
        if let Some(base) = self.generated() {
            let clean = format!("ascii(lower(replace({base}, ' ', '.')))");
            _ = writeln!(
                out,
                "      # Made once and kept: the first candidate that is free.\n      userName:\n        type: string\n        unique: true\n        generate:\n          - {}\n          - {}",
                yaml::quoted(&clean),
                yaml::quoted(&format!("{clean} + string(n)"))
            );
        }
        let last_day = self.last_day();
        if !self.has(last_day) {
            _ = writeln!(
                out,
                "      {last_day}: {{ type: date }}         # no column gives it yet"
            );
        }
        if groups == Groups::Proposed {
            out.push_str("      groups: { type: link, to: group, many: true, inverse: members }\n");
        }
        out.push_str("\n    # The first state that holds.\n    lifecycle:\n");
        let mut left = format!("{last_day} != null && now >= end_of({last_day})");
        if let Some(status) =
            self.person.and_then(|p| p.attribute("status")).filter(|s| !s.leaver_values.is_empty())
        {
            let values: Vec<String> =
                status.leaver_values.iter().map(|value| yaml::literal(value)).collect();
            left = format!("{left} || status in [{}]", values.join(", "));
        }
        _ = writeln!(out, "      leaver:  {{ when: {} }}", yaml::quoted(&left));
        if self.is_date("startDate") {
            out.push_str(
                "      planned: { when: 'startDate != null && now < start_of(startDate)' }\n",
            );
        }
        out.push_str("      active:  { when: 'true' }\n");
        if groups == Groups::Proposed {
            out.push_str(
                "\n  # Groups of people, kept by hand or over SCIM.\n  group:\n    key: name\n    display: name\n    attributes:\n      \
                 name: { type: string, unique: true, required: true }\n",
            );
        }
        out
    }

    /// The attribute that holds the last day; one of our own where no column gives days.
    fn last_day(&self) -> &'static str {
        let names = ["endDate", "lastDay", "leftOn"];
        names
            .into_iter()
            .find(|name| self.is_date(name) || !self.has(name))
            .unwrap_or("musterLastDay")
    }

    fn is_date(&self, name: &str) -> bool {
        match self.person {
            Some(person) => {
                person.attribute(name).is_some_and(|attribute| attribute.type_name == "date")
            }
            None => self.has(name),
        }
    }

    /// The columns of the file that stands in for a directory, each with its value.
    fn mappings(&self) -> Vec<(&'static str, String)> {
        let mut mappings = vec![
            ("employee", format!("person.{}", self.key())),
            ("name", "person.display".to_owned()),
        ];
        for (column, attribute) in [("mail", "mail"), ("title", "title")] {
            if self.person.is_some() && self.has(attribute) {
                mappings.push((column, format!("person.{attribute}")));
            }
        }
        mappings.extend(self.department().map(|department| ("department", department)));
        mappings
    }

    /// A file that stands in for a directory, so that there is a plan to look at.
    fn directory(&self) -> String {
        let mut out = "# A CSV file that stands in for your directory, so that there is a plan to look at.\n\
             # For a real one, say `connector: ldap` and give its settings.\n\
             systems:\n  directory:\n    connector: csv\n    settings:\n      path: data/directory.csv\n      key: login\n      writable: true\n      \
             enabled: { column: state, on: active, off: locked }\n      many: '|'\n    mode: propose\n    accounts:\n      user:\n"
            .to_owned();
        _ = writeln!(out, "        match: [{{ on: employee == person.{} }}]", self.key());
        _ = writeln!(out, "        name: person.{}\n        set:", self.login());
        for (column, value) in self.mappings() {
            _ = writeln!(out, "          {:<11} {value}", format!("{column}:"));
        }
        out.push_str("        states:\n");
        if self.is_date("startDate") {
            out.push_str("          planned: { prepare: 3d, enabled: false }\n");
        }
        out.push_str(
            "          active:  {}\n          leaver:  { enabled: false, entitlements: none, delete_after: 30d }\n    \
             entitlements:\n      group: { attribute: groups }\n",
        );
        out
    }

    /// The attribute that says where somebody works, as text.
    fn department(&self) -> Option<String> {
        match self.person {
            None => Some("person.department".to_owned()),
            Some(person) => {
                let attribute = person
                    .attribute("department")
                    .filter(|a| a.type_name == "string" || a.link.is_some())?;
                Some(if attribute.link.is_some() {
                    "person.department.display".to_owned()
                } else {
                    "person.department".to_owned()
                })
            }
        }
    }

    fn roles(&self) -> String {
        let mut out = "# Who gets what. A role is had by rule (`when`), by inclusion, or by `muster assign`.\nroles:\n  \
             employee:\n    description: What everybody has who works here.\n    when: person.lifecycle == 'active'\n    \
             grants:\n      - directory.user\n      - { directory.group: all-staff }\n"
            .to_owned();
        if let Some(department) = self.department() {
            let name = format!("'dept-' + ascii(lower(replace({department}, ' ', '-')))");
            _ = writeln!(
                out,
                "\n  department-member:\n    description: The group of the own department.\n    \
                 when: person.department != null\n    includes: [employee]\n    grants:\n      - {{ directory.group: {{ each: {} }} }}",
                yaml::literal(&name)
            );
        }
        out
    }

    fn tests(&self) -> String {
        let mut given = vec![format!("{}: '1'", self.key())];
        let names = [
            ("givenName", "Ada"),
            ("familyName", "Lovelace"),
            ("fullName", "Ada Lovelace"),
            ("userName", "ada"),
        ];
        given.extend(
            names
                .iter()
                .filter(|(name, _)| self.has(name) && *name != self.key())
                .map(|(name, value)| format!("{name}: {value}")),
        );
        let given = given.join(", ");
        let mut out = format!(
            "tests:\n  - name: whoever works here has an account\n    given: {{ person: {{ {given} }} }}\n    at: 2026-01-15\n    \
             expect:\n      lifecycle: active\n      accounts: {{ directory.user: enabled }}\n      \
             grants: [{{ directory.group: all-staff }}]\n"
        );
        _ = write!(
            out,
            "\n  - name: the day after the last one the account is locked\n    given: {{ person: {{ {given}, {}: 2026-01-31 }} }}\n    \
             at: 2026-02-01\n    expect:\n      lifecycle: leaver\n      accounts: {{ directory.user: disabled }}\n      grants: []\n",
            self.last_day()
        );
        out
    }
}
