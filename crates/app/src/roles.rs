//! The roles of the model, for people.

use muster_model::{Location, Text};
use muster_policy::{Grant, GrantName, Model, Role};

use crate::{Error, Opened, opened::similar};

/// A role as it is shown.
#[derive(Debug, Clone)]
pub struct RoleView {
    /// Its name.
    pub name: Text,
    /// What it is for.
    pub description: Option<Text>,
    /// Who answers for it.
    pub owner: Option<Text>,
    /// The rule, as written.
    pub when: Option<Text>,
    /// The roles it includes.
    pub includes: Vec<Text>,
    /// What it grants itself: `directory.user`, `directory.group: sales`.
    pub grants: Vec<String>,
    /// Where it is written.
    pub at: Location,
}

/// All roles in order of name.
pub fn list_roles(opened: &Opened) -> Vec<RoleView> {
    opened.model.roles.iter().map(|role| view(&opened.model, role)).collect()
}

/// The role with this name.
pub fn role_named(opened: &Opened, name: &str) -> Result<RoleView, Error> {
    let (_, role) = find_role(opened, name, "muster roles lists them")?;
    Ok(view(&opened.model, role))
}

/// The role with this name in the model, and its position; `otherwise` is the hint when no role is named nearly so.
pub fn find_role<'o>(
    opened: &'o Opened,
    name: &str,
    otherwise: &str,
) -> Result<(usize, &'o Role), Error> {
    let mut roles = opened.model.roles.iter().enumerate();
    roles.find(|(_, role)| &*role.name == name).ok_or_else(|| {
        let error = Error::not_found(format!("there is no role `{name}`"));
        match similar(name, opened.model.roles.iter().map(|role| &role.name)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(otherwise),
        }
    })
}

fn view(model: &Model, role: &Role) -> RoleView {
    let included = role.includes.iter().filter_map(|position| model.roles.get(*position));
    RoleView {
        name: role.name.clone(),
        description: role.description.clone(),
        owner: role.owner.clone(),
        when: role.when.as_ref().map(|rule| rule.program.source().clone()),
        includes: included.map(|role| role.name.clone()).collect(),
        grants: role.grants.iter().filter_map(|grant| grant_text(model, grant)).collect(),
        at: role.at.clone(),
    }
}

fn grant_text(model: &Model, grant: &Grant) -> Option<String> {
    match grant {
        Grant::Account { system, account, at: _ } => {
            let system = model.systems.get(system.index())?;
            Some(format!("{}.{}", system.name, system.accounts.get(*account)?.name))
        }
        Grant::Entitlement { system, kind, name, at: _ } => {
            let system = model.systems.get(system.index())?;
            let name = match name {
                GrantName::Literal(name) => name.to_string(),
                GrantName::Computed(program) => format!("each {}", program.source()),
            };
            Some(format!("{}.{}: {name}", system.name, system.entitlements.get(*kind)?.name))
        }
    }
}
