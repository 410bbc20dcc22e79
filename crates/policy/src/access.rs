//! Access as the model says it: the applications that ask, and the rules they are answered by. The `decision` crate
//! decides.
//!
//! Expressions of rules have the variables [`SUBJECT`], [`RESOURCE`], [`ENVIRONMENT`] and, where the identity type is
//! known, the identity, named like its type, at [`IDENTITY`].

use muster_model::{Location, SystemId, Text, TypeId, Value, ValueType};

use crate::Rule;

/// The variable `subject`: a record of [`SUBJECT_COLUMNS`] and what the application may say of a subject.
pub const SUBJECT: usize = 0;
/// The variable `resource`: a record of [`RESOURCE_COLUMNS`] and the properties of the application's resources, or the
/// entity that the resource is.
pub const RESOURCE: usize = 1;
/// The variable `environment`: a record of [`ENVIRONMENT_COLUMNS`] and what the application may say of the circumstances.
pub const ENVIRONMENT: usize = 2;
/// The variable named like the identity type.
pub const IDENTITY: usize = 3;

/// A property of a subject, a resource or the environment: name, type, several values.
pub type Property = (Text, ValueType, bool);

/// What every subject has.
pub const SUBJECT_COLUMNS: [(&str, ValueType, bool); 3] = [
    ("id", ValueType::Text, false),
    ("type", ValueType::Text, false),
    ("roles", ValueType::Text, true),
];
/// What every resource has.
pub const RESOURCE_COLUMNS: [(&str, ValueType, bool); 2] =
    [("id", ValueType::Text, false), ("type", ValueType::Text, false)];
/// What every environment has.
pub const ENVIRONMENT_COLUMNS: [(&str, ValueType, bool); 1] =
    [("time", ValueType::DateTime, false)];

/// Who may do what in applications.
#[derive(Debug, Default)]
pub struct AccessModel {
    /// The applications, in order of name.
    pub apps: Vec<App>,
    /// The rules, in order of name.
    pub rules: Vec<AccessRule>,
}

/// An application that asks for decisions (`apps:`). The columns begin with those that everything of the kind has.
#[derive(Debug, Clone)]
pub struct App {
    /// Its name.
    pub name: Text,
    /// For people.
    pub description: Option<Text>,
    /// What may be done to what, in order of name.
    pub resources: Vec<ResourceType>,
    /// The columns of `subject`.
    pub subject: Vec<Property>,
    /// The columns of `resource`, for all types of resource.
    pub resource: Vec<Property>,
    /// The columns of `environment`.
    pub environment: Vec<Property>,
    /// Where it is written.
    pub at: Location,
}

/// A type of resource of an application.
#[derive(Debug, Clone)]
pub struct ResourceType {
    /// Its name.
    pub name: Text,
    /// What may be done to it, in the order written.
    pub actions: Vec<Text>,
    /// Which of the application's properties it has, by column of `resource`.
    pub properties: Vec<usize>,
    /// The entity type whose entities the resources are: their ids are keys, their properties attributes.
    pub entity: Option<TypeId>,
    /// Where it is written.
    pub at: Location,
}

/// A rule of access (`access:`).
#[derive(Debug, Clone)]
pub struct AccessRule {
    /// Its name.
    pub name: Text,
    /// Why, for whoever is allowed or denied by it.
    pub reason: Option<Text>,
    /// The application, by position; `None`: all.
    pub app: Option<usize>,
    /// The types of resource, by position in [`App::resources`]; empty: all.
    pub resources: Vec<usize>,
    /// The actions; empty: all.
    pub actions: Vec<Text>,
    /// The identity type it is about; `None`: every subject.
    pub subjects: Option<TypeId>,
    /// The type of the variable at [`IDENTITY`], if there is one.
    pub identity: Option<TypeId>,
    /// True when it may also allow subjects that the repository does not know.
    pub unknown: bool,
    /// The lifecycle states, by position, in which it may allow; `None`: those that work, see `TypeModel::works`.
    pub states: Option<Vec<usize>>,
    /// The subject must hold one of these roles, by position; empty: none is asked for.
    pub roles: Vec<usize>,
    /// The subject must hold one of these entitlements; empty: none is asked for.
    pub entitlements: Vec<(SystemId, usize, Text)>,
    /// What follows when it applies.
    pub effect: Effect,
    /// The condition; `None`: no more than what stands above.
    pub when: Option<Rule>,
    /// The entity type of the variable `resource`, when it is an entity and no record.
    pub entity: Option<TypeId>,
    /// Where it is written.
    pub at: Location,
}

/// What a rule does when it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Allows, unless a rule denies.
    Allow,
    /// Denies, whatever allows.
    Deny,
}

/// A decision that a policy test expects.
#[derive(Debug, Clone)]
pub struct DecisionExpectation {
    /// The application, by position.
    pub app: usize,
    /// The type of resource, by position in [`App::resources`].
    pub resource: usize,
    /// The resource's id; `""` where the test does not say.
    pub id: Text,
    /// The action.
    pub action: Text,
    /// Columns of `subject` that are given.
    pub subject: Vec<(usize, Value)>,
    /// Columns of `resource` that are given.
    pub properties: Vec<(usize, Value)>,
    /// Columns of `environment` that are given.
    pub environment: Vec<(usize, Value)>,
    /// True when the subject is one that the repository does not know.
    pub unknown: bool,
    /// What is expected.
    pub effect: Effect,
    /// The rule that decides, by position; `None`: not compared.
    pub rule: Option<usize>,
    /// Where it is written.
    pub at: Location,
}

impl AccessModel {
    /// The application with this name.
    pub fn app_named(&self, name: &str) -> Option<usize> {
        self.apps.binary_search_by(|app| (*app.name).cmp(name)).ok()
    }
}

impl App {
    /// The type of resource with this name.
    pub fn resource_named(&self, name: &str) -> Option<usize> {
        self.resources.binary_search_by(|resource| (*resource.name).cmp(name)).ok()
    }
}
