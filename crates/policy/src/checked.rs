//! The checked model: what `project` makes of model files and evaluation runs on.
//!
//! Everything here is resolved: names are positions, expressions are compiled, includes have no cycles. Nothing here
//! knows YAML.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use muster_lang::Program;
use muster_model::{Location, Schema, Settings, Slot, SystemId, Text, TypeId, Value, ValueType};

use crate::{
    AccessModel, AccessReview, Application, Conflict, DecisionExpectation, Directory, Duty, Idle,
    LastUsed, Review, Server, SignIn, TypeModel, Webhook, Work, Workflow,
};

/// A whole checked model.
#[derive(Debug)]
pub struct Model {
    /// The entity types.
    pub schema: Arc<Schema>,
    /// The zone in which days start and end unless the identity has its own.
    pub timezone: TimeZone,
    /// Where the repository is kept, from `store:`; the command line may override it.
    pub store: Option<Text>,
    /// Where others reach this Muster, from `url:`, without `/` at its end.
    pub url: Option<Text>,
    /// Behaviour of each entity type, by [`TypeId`].
    pub types: Vec<TypeModel>,
    /// The systems, by [`SystemId`], in order of name.
    pub systems: Vec<System>,
    /// The built-in source of what is entered by hand, with a read for each entity type. It is not among `systems`: nothing
    /// is connected.
    pub local: System,
    /// The roles, by position, in order of name.
    pub roles: Vec<Role>,
    /// Duties by position, in order of name.
    pub duties: Vec<Duty>,
    /// Conflicts between duties.
    pub conflicts: Vec<Conflict>,
    /// Policy tests in the order written.
    pub tests: Vec<PolicyTest>,
    /// Lifecycle workflows, in order of name.
    pub workflows: Vec<Workflow>,
    /// Addresses that events are posted to, in order of name.
    pub webhooks: Vec<Webhook>,
    /// How mail is sent (`mail:`), as its settings are written.
    pub mail: Option<Settings>,
    /// How the journal is signed and where it goes (`audit:`), as its settings are written.
    pub audit: Option<Settings>,
    /// The file with the key that seals secrets in the store, from `sealing:`.
    pub sealing_key: Option<Text>,
    /// How the project is served (`server:`).
    pub server: Server,
    /// What holds for all sign-ins (`sign_in:`).
    pub sign_in: SignIn,
    /// Who may do what in applications.
    pub access: AccessModel,
    /// The applications that rely on Muster for sign-in, in order of name.
    pub applications: Vec<Application>,
    /// What of it is served over LDAP (`directory:`).
    pub directory: Option<Directory>,
    /// The access reviews, in order of name.
    pub access_reviews: Vec<AccessReview>,
    /// Guests and the organisations from which they come (`guests:`).
    pub guests: Option<crate::Guests>,
    /// How people are told what waits for them (`notices:`).
    pub notices: crate::Notices,
    /// What people enter by forms, in order of name.
    pub forms: Vec<crate::Form>,
}

/// An expression with the place where it is written.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The compiled expression.
    pub program: Program,
    /// Where it stands.
    pub at: Location,
}

/// A connected system.
#[derive(Debug, Clone)]
pub struct System {
    /// Its position in the model.
    pub id: SystemId,
    /// Its name.
    pub name: Text,
    /// The kind of connector: `csv`, `ldap`.
    pub connector: Text,
    /// The connector's settings.
    pub settings: Settings,
    /// The agent that reaches it; `None` when this machine does.
    pub agent: Option<Text>,
    /// Faults to make on purpose, for tests and the demo (`chaos:`).
    pub chaos: Option<Settings>,
    /// What may be done to it.
    pub mode: Mode,
    /// What it is the source of.
    pub reads: Vec<Read>,
    /// The account types it holds.
    pub accounts: Vec<AccountType>,
    /// Which account type an object is that several of them could be.
    pub classify: Classify,
    /// The kinds of entitlement it holds.
    pub entitlements: Vec<EntitlementKind>,
    /// Limits on planned changes.
    pub guards: Guards,
    /// What waits for a second person; the first rule that is about an operation decides.
    pub reviews: Vec<Review>,
    /// How long drift waits for a decision before it is put right; `None` for ever.
    pub decline_after: Option<SignedDuration>,
    /// True when its values are compared as text.
    pub text_only: bool,
    /// How its names compare.
    pub names: muster_model::NameRule,
    /// Calls that may be under way at once.
    pub parallel: u16,
    /// Whether it can be read at all; of one that cannot, what is known is what was done.
    pub readable: bool,
    /// Systems that come first: an identity's account is made here after those there, and deleted before them.
    pub after: Vec<SystemId>,
    /// How it is worked with: pace, delivery, schedule.
    pub work: Work,
    /// Where it is written.
    pub at: Location,
}

/// Which account type an object is that several account types of one object class could be.
#[derive(Debug, Clone, Default)]
pub struct Classify {
    /// Rules in order; the first one that holds decides.
    pub rules: Vec<Classification>,
    /// The columns of the object that the rules read, by number.
    pub columns: Vec<(Text, ValueType, bool)>,
}

/// One rule of classification.
#[derive(Debug, Clone)]
pub struct Classification {
    /// When it holds; the one variable is the object. `None`: always.
    pub when: Option<Rule>,
    /// The account type, by position in `System::accounts`.
    pub account: usize,
    /// Where it is written.
    pub at: Location,
}

/// What may be done to a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Differences are reported, never changed.
    Observe,
    /// Differences become a plan that a person applies; drift is reported.
    #[default]
    Propose,
    /// Differences and drift become part of the plan.
    Enforce,
}

impl Mode {
    /// The word for it, as in model files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Propose => "propose",
            Self::Enforce => "enforce",
        }
    }
}

/// Limits on what one plan, and the plans of the last 24 hours together, may do to one system (or change set, to one type).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guards {
    /// By kind of operation: `create`, `update`, `rename`, `disable`, `delete`, `grant`, `revoke`; kinds that are missing are not limited.
    pub limits: BTreeMap<Text, Limit>,
}

/// A limit is crossed when the count is above `max` **and** above `percent` of what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// A count that is always allowed.
    pub max: u64,
    /// A share of what is there, in percent, that is always allowed.
    pub percent: u32,
}

/// What a source tells about one entity type.
#[derive(Debug, Clone)]
pub struct Read {
    /// The entity type.
    pub type_id: TypeId,
    /// The object class to read; empty for systems with one kind.
    pub class: Text,
    /// The columns its expressions read, in the order of their numbers: name, type, several values.
    pub columns: Vec<(Text, ValueType, bool)>,
    /// How a record finds its entity: variables are the record (0, implicit nothing) and the entity (1).
    pub matches: Vec<Match>,
    /// True for what is entered by hand: its columns are the attributes of the type, a column without a value says
    /// nothing, and what a connected source says of an attribute comes before it.
    pub by_hand: bool,
    /// The attributes this source is the authority for; the one variable is `record`.
    pub owns: Vec<(Slot, Rule)>,
    /// Limits on the change sets of a day: `create`, `update`, `absent`, and `attribute` for the values of any one attribute.
    pub guards: Guards,
    /// True when a record that vanished says something about its entity (`absent:`).
    pub absent: bool,
    /// True when only what changed is read where the system can tell.
    pub incremental: bool,
    /// How long after the last complete read the next one is complete again.
    pub complete_every: SignedDuration,
    /// Which candidates a person is asked about.
    pub suggest: Suggest,
    /// Where it is written.
    pub at: Location,
}

/// Which candidates of correlation a person is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Suggest {
    /// The best one, and only where it is not sure.
    #[default]
    Best,
    /// All of them: nothing is linked without a person where there could be a choice.
    All,
}

/// One rule of correlation: the values on both sides must be equal and none of them `null`.
#[derive(Debug, Clone)]
pub struct Match {
    /// Computed from the record or account.
    pub theirs: Vec<Program>,
    /// Computed from the entity.
    pub ours: Vec<Program>,
    /// 1 to 100; below 100 a person decides.
    pub confidence: u8,
    /// Where it is written.
    pub at: Location,
}

/// What it means that the record of an entity is no longer in a complete read (`absent: { keep: 30d, state: leaver }`).
///
/// The values the record gave stay. Without this rule nothing else happens either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absent {
    /// How long the record must have been away.
    pub keep: SignedDuration,
    /// The lifecycle state that holds from then on, by position in the type's lifecycle; it comes before all others.
    pub state: usize,
}

/// A kind of account on a system.
#[derive(Debug, Clone)]
pub struct AccountType {
    /// The system.
    pub system: SystemId,
    /// Its name: `user` in `directory.user`.
    pub name: Text,
    /// The entity type that may hold it.
    pub identity: TypeId,
    /// The object class.
    pub object: Text,
    /// How an account finds its identity: variables are the account (0, implicit) and the identity (1).
    pub matches: Vec<Match>,
    /// The columns of the account that `matches` read, by number.
    pub columns: Vec<(Text, ValueType, bool)>,
    /// The name it should have; the one variable is the identity.
    pub account_name: Rule,
    /// The attributes it should have, in order of name.
    pub set: Vec<Mapping>,
    /// Effects by lifecycle state, by position in the type's lifecycle; `None` when the state is not mentioned.
    pub states: Vec<Option<StateEffect>>,
    /// What happens when no role grants it any more.
    pub unassigned: StateEffect,
    /// What is kept right about it.
    pub manage: Manage,
    /// True when an identity may have several accounts of the type.
    pub several: bool,
    /// Which candidates a person is asked about.
    pub suggest: Suggest,
    /// When an account was last used, as the system tells it.
    pub last_used: Option<LastUsed>,
    /// What becomes of accounts that nobody uses; only where it is known when they were last used.
    pub idle: Option<Idle>,
    /// Where it is written.
    pub at: Location,
}

/// What of an account is kept right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manage {
    /// All of it: accounts are made, switched, renamed and deleted.
    #[default]
    All,
    /// Attributes of accounts that are there and linked, nothing else: write-back to a source.
    Attributes,
}

/// One attribute of an account.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// The attribute on the system.
    pub attribute: Text,
    /// Its value; the one variable is the identity. `None` when only roles contribute values.
    pub value: Option<Rule>,
    /// The type of a value.
    pub value_type: ValueType,
    /// True when it may hold several values.
    pub many: bool,
    /// True when the value is set at creation and left alone after.
    pub on_create: bool,
}

/// What a lifecycle state means for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateEffect {
    /// For a state before the first working one: how long before it ends the account is made ready.
    pub prepare: Option<SignedDuration>,
    /// Whether the account can be used.
    pub enabled: bool,
    /// Whether it keeps what roles grant.
    pub entitlements: bool,
    /// How long after the state began the account is deleted; `Some(ZERO)` at once.
    pub delete_after: Option<SignedDuration>,
}

/// A kind of entitlement on a system.
#[derive(Debug, Clone)]
pub struct EntitlementKind {
    /// Its name: `group` in `directory.group`.
    pub name: Text,
    /// The object class.
    pub object: Text,
    /// How membership is kept.
    pub held: Held,
    /// The position in `System::accounts` of the account type that holds it.
    pub account: usize,
    /// The name of the object for an entitlement name; the one variable is `name` (text). `None`: the name itself.
    pub object_name: Option<Rule>,
    /// True when an entitlement that does not exist yet is created.
    pub create: bool,
    /// Where it is written.
    pub at: Location,
}

/// How a system keeps who holds an entitlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// In this attribute of the entitlement's object, as account names (`member`).
    OnGroup(Text),
    /// In this attribute of the account, as entitlement names.
    OnAccount(Text),
}

/// A role.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its name.
    pub name: Text,
    /// For people.
    pub description: Option<Text>,
    /// The identity type it is for; its expressions have one variable, the identity, named like the type.
    pub type_id: TypeId,
    /// Who has it by rule; `None`: only by assignment or inclusion.
    pub when: Option<Rule>,
    /// Roles it brings, by position.
    pub includes: Vec<usize>,
    /// What it grants itself.
    pub grants: Vec<Grant>,
    /// Values it contributes to account attributes.
    pub values: Vec<Contribution>,
    /// Who answers for it.
    pub owner: Option<Text>,
    /// How much harm it can do, from 0 to 100.
    pub risk: Option<u8>,
    /// How it is asked for: policies of which those that are for somebody all hold. Empty when nobody can ask.
    pub request: Vec<crate::RequestPolicy>,
    /// How long whoever loses it by rule keeps it.
    pub grace: Option<SignedDuration>,
    /// True when those who keep it so are listed for review.
    pub review: bool,
    /// What its holders may do in Muster itself.
    pub muster: Option<crate::Administration>,
    /// Where it is written.
    pub at: Location,
}

/// Something a role grants.
#[derive(Debug, Clone)]
pub enum Grant {
    /// An account.
    Account {
        /// The system.
        system: SystemId,
        /// Position in `System::accounts`.
        account: usize,
        /// Where it is written.
        at: Location,
    },
    /// An entitlement, and with it the account that holds it.
    Entitlement {
        /// The system.
        system: SystemId,
        /// Position in `System::entitlements`.
        kind: usize,
        /// Which one.
        name: GrantName,
        /// Where it is written.
        at: Location,
    },
}

/// The name of a granted entitlement.
#[derive(Debug, Clone)]
pub enum GrantName {
    /// Always the same.
    Literal(Text),
    /// Worked out from the identity (`{ directory.group: { each: "'dept-' + person.department.code" } }`); a list grants each, `null` none.
    Computed(Program),
}

/// A value that a role contributes to an account attribute.
#[derive(Debug, Clone)]
pub struct Contribution {
    /// The system.
    pub system: SystemId,
    /// Position in `System::accounts`.
    pub account: usize,
    /// Position in `AccountType::set`.
    pub mapping: usize,
    /// The value; the one variable is the identity.
    pub value: Rule,
}

/// A test of the policy, written in the project.
#[derive(Debug, Clone)]
pub struct PolicyTest {
    /// Its name.
    pub name: Text,
    /// The entities given: type, local name, attribute values. The first one of an identity type is tested.
    pub given: Vec<GivenEntity>,
    /// Roles assigned directly.
    pub roles: Vec<usize>,
    /// The time; `None`: the test does not depend on it and any instant will do.
    pub at_time: Option<TestTime>,
    /// What is expected; only what is mentioned is compared.
    pub expect: Expectation,
    /// Where it is written.
    pub at: Location,
}

/// The instant of a policy test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestTime {
    /// The start of a day in the project's time zone.
    Day(Date),
    /// An instant.
    Instant(Timestamp),
}

/// An entity given to a policy test. Links are `Value::Reference` by key to other given entities.
#[derive(Debug, Clone)]
pub struct GivenEntity {
    /// Its type.
    pub type_id: TypeId,
    /// Its attribute values.
    pub values: Vec<(Slot, Value)>,
}

/// What a policy test expects.
#[derive(Debug, Clone, Default)]
pub struct Expectation {
    /// The lifecycle state.
    pub lifecycle: Option<Text>,
    /// Accounts by `system.type`: `enabled`, `disabled` or `none`.
    pub accounts: Vec<(SystemId, usize, AccountExpectation)>,
    /// Exactly these entitlements: system, kind, name. Checked when present.
    pub grants: Option<Vec<(SystemId, usize, Text)>>,
    /// Exactly these roles, by position, included ones too. Checked when present.
    pub roles: Option<Vec<usize>>,
    /// Attribute values of accounts.
    pub values: Vec<(SystemId, usize, usize, Value)>,
    /// Names of conflicts that must be found, exactly. Checked when present.
    pub conflicts: Option<Vec<Text>>,
    /// What applications are answered.
    pub decisions: Vec<DecisionExpectation>,
}

/// The expected state of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountExpectation {
    /// It exists and can be used.
    Enabled,
    /// If it exists, it cannot be used.
    Disabled,
    /// It is not there.
    None,
}
