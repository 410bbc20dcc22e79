//! What a SCIM system may be told in its `settings:`, checked once and kept in one place.

use std::collections::BTreeMap;

use muster_connector::SettingReader;
use muster_http::HttpSettings;
use muster_model::{Setting, SettingProblem, Settings, Text};

use crate::profile::{Booleans, Overrides, PatchUse, Profile, Removal};

/// The checked settings of one service.
#[derive(Debug, Clone)]
pub(crate) struct ScimSettings {
    pub(crate) http: HttpSettings,
    pub(crate) profile: Profile,
    pub(crate) overrides: Overrides,
    /// How many members go into one request.
    pub(crate) members_per_request: usize,
    pub(crate) incremental: bool,
    pub(crate) delete: bool,
    /// The class whose objects are members of groups.
    pub(crate) member_class: Text,
    /// By the lower-case name.
    pub(crate) classes: BTreeMap<String, ClassSettings>,
}

/// What the settings say of a class.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClassSettings {
    pub(crate) endpoint: Option<Text>,
    pub(crate) schemas: Vec<Text>,
    pub(crate) name: Option<Text>,
    pub(crate) filter: Option<Text>,
}

impl ScimSettings {
    /// Checks the settings; answers every problem at once.
    pub(crate) fn read(settings: &Settings) -> Result<Self, Vec<SettingProblem>> {
        let mut reader = SettingReader::new(settings);
        let http = HttpSettings::read(&mut reader);
        let profile = match reader.choice("profile", &["auto", "rfc", "entra", "okta", "minimal"]) {
            Some(1) => Profile::Rfc,
            Some(2) => Profile::Entra,
            Some(3) => Profile::Okta,
            Some(4) => Profile::Minimal,
            Some(_) | None => Profile::Auto,
        };
        let members = reader.number("members_per_request", 1..=10_000).unwrap_or(500);
        let read = Self {
            http,
            profile,
            overrides: read_overrides(&mut reader),
            members_per_request: usize::try_from(members).unwrap_or(500),
            incremental: reader.boolean("incremental").unwrap_or(false),
            delete: reader.boolean("delete").unwrap_or(true),
            member_class: reader.text("member_class").unwrap_or_else(|| "User".into()),
            classes: read_classes(&mut reader, settings),
        };
        let problems = reader.finish();
        if problems.is_empty() { Ok(read) } else { Err(problems) }
    }
}

fn read_overrides(reader: &mut SettingReader<'_>) -> Overrides {
    Overrides {
        patch: reader.choice("patch", &["rfc", "entra", "none"]).map(|at| match at {
            0 => PatchUse::Rfc,
            1 => PatchUse::Entra,
            _ => PatchUse::None,
        }),
        booleans: reader
            .choice("booleans", &["native", "text"])
            .map(|at| if at == 0 { Booleans::Native } else { Booleans::Text }),
        removal: reader
            .choice("removal", &["filter", "value"])
            .map(|at| if at == 0 { Removal::Filter } else { Removal::Value }),
        filter: reader.boolean("filter"),
        cursors: reader.choice("paging", &["index", "cursor"]).map(|at| at == 1),
        page_size: reader.number("page_size", 1..=10_000),
    }
}

fn read_classes(
    reader: &mut SettingReader<'_>,
    settings: &Settings,
) -> BTreeMap<String, ClassSettings> {
    let names: Vec<Text> = match settings.entries.get("classes") {
        Some((_, Setting::Map(classes))) => classes.entries.keys().cloned().collect(),
        Some((
            _,
            Setting::Null | Setting::Scalar(..) | Setting::List(..) | Setting::Secret { .. },
        ))
        | None => Vec::new(),
    };
    let read = reader.map("classes", |classes| {
        let read_one = |name: &Text| {
            let class = classes.map(name, |class| Some(read_class(class)))?;
            Some((name.to_lowercase(), class))
        };
        Some(names.iter().filter_map(read_one).collect())
    });
    read.unwrap_or_default()
}

fn read_class(reader: &mut SettingReader<'_>) -> ClassSettings {
    let read = ClassSettings {
        endpoint: reader.text("endpoint"),
        schemas: reader.list("schemas"),
        name: reader.text("name"),
        filter: reader.text("filter"),
    };
    if let Some(name) = &read.name
        && let Err(error) = muster_scim::parse_path(name)
    {
        let help = Some("write an attribute such as userName".to_owned());
        reader.problem("name", format!("`{name}` is not an attribute: {error}"), help);
    }
    if let Some(filter) = &read.filter
        && let Err(error) = muster_scim::parse_filter(filter)
    {
        let help = Some("write something like userType eq \"Employee\"".to_owned());
        reader.problem("filter", format!("`{filter}` is not a filter: {error}"), help);
    }
    if let Some(endpoint) = read.endpoint.as_ref().filter(|text| text.contains("://")) {
        let help = Some("write a path below `url`, such as /Users".to_owned());
        reader.problem("endpoint", format!("`{endpoint}` is not a path"), help);
    }
    read
}

#[cfg(test)]
mod tests;
