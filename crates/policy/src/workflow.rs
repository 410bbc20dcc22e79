//! Checked workflows: what begins one, whom it is for, and its tasks in order.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use muster_lang::{Binding, Clock, Frame, Program, World};
use muster_model::{Location, Row, Settings, Slot, Text, TypeId, Value};

use crate::{AccountRef, Evaluator, Model, Rule};

/// A lifecycle workflow.
#[derive(Debug, Clone)]
pub struct Workflow {
    /// Its name.
    pub name: Text,
    /// For people.
    pub description: Option<Text>,
    /// The identity type it is for; its expressions have one variable, the identity, named like the type.
    pub type_id: TypeId,
    /// What begins it.
    pub trigger: Trigger,
    /// For whom it runs; asked again before each task. `None`: for everybody.
    pub scope: Option<Rule>,
    /// What it does, in order.
    pub tasks: Vec<WorkflowTask>,
    /// Where it is written.
    pub at: Location,
}

/// What begins a workflow.
#[derive(Debug, Clone)]
pub enum Trigger {
    /// An instant of each identity.
    Date {
        /// The instant; `null` for those who have none.
        instant: Rule,
        /// So long after the instant; negative for before.
        offset: SignedDuration,
        /// How much later it may still begin, once.
        late: SignedDuration,
    },
    /// One of these attributes got another value.
    Changed(Vec<Slot>),
    /// A role came, by position.
    Gained(usize),
    /// A role went, by position.
    Lost(usize),
    /// A lifecycle state began, by position.
    Entered(usize),
    /// An account of this type will be disabled because nobody uses it.
    Idle(AccountRef),
    /// Only somebody begins it.
    Demand,
}

/// One task of a workflow.
#[derive(Debug, Clone)]
pub struct WorkflowTask {
    /// What kind: `mail`, `assign`.
    pub kind: Text,
    /// Its name; empty without one.
    pub name: Text,
    /// Only when this holds.
    pub when: Option<Rule>,
    /// What its kind needs, by key.
    pub args: BTreeMap<Text, TaskArg>,
    /// Where it is written.
    pub at: Location,
}

/// Something a task needs.
#[derive(Debug, Clone)]
pub enum TaskArg {
    /// Text as written.
    Text(Text),
    /// Several texts.
    Texts(Vec<Text>),
    /// A value worked out from the identity.
    Value(Rule),
    /// A length of time.
    Length(SignedDuration),
    /// A role, by position.
    Role(usize),
    /// A kept attribute.
    Attribute(Slot),
    /// Settings with secrets by reference.
    Settings(Settings),
}

impl WorkflowTask {
    /// The text under `key`.
    pub fn text(&self, key: &str) -> Option<&Text> {
        match self.args.get(key)? {
            TaskArg::Text(text) => Some(text),
            TaskArg::Texts(_)
            | TaskArg::Value(_)
            | TaskArg::Length(_)
            | TaskArg::Role(_)
            | TaskArg::Attribute(_)
            | TaskArg::Settings(_) => None,
        }
    }

    /// The expression under `key`.
    pub fn rule(&self, key: &str) -> Option<&Rule> {
        if let Some(TaskArg::Value(rule)) = self.args.get(key) { Some(rule) } else { None }
    }

    /// The length of time under `key`.
    pub fn length(&self, key: &str) -> Option<SignedDuration> {
        if let Some(TaskArg::Length(length)) = self.args.get(key) { Some(*length) } else { None }
    }

    /// The role under `key`, by position.
    pub fn role(&self, key: &str) -> Option<usize> {
        if let Some(TaskArg::Role(role)) = self.args.get(key) { Some(*role) } else { None }
    }
}

impl Workflow {
    /// Every expression of it.
    pub(crate) fn programs(&self) -> impl Iterator<Item = &Program> {
        let instant =
            if let Trigger::Date { instant, .. } = &self.trigger { Some(instant) } else { None };
        let tasks = self.tasks.iter().flat_map(|task| {
            let args = task
                .args
                .values()
                .filter_map(|arg| if let TaskArg::Value(rule) = arg { Some(rule) } else { None });
            task.when.iter().chain(args)
        });
        instant.into_iter().chain(&self.scope).chain(tasks).map(|rule| &rule.program)
    }
}

impl Model {
    /// An account type as it is named in model files: `directory.user`.
    pub fn account_name(&self, account: AccountRef) -> String {
        let system = self.systems.get(account.system.index());
        let of = system
            .and_then(|system| Some((&system.name, &system.accounts.get(account.account)?.name)));
        of.map_or_else(|| "?".to_owned(), |(system, of)| format!("{system}.{of}"))
    }

    /// The roles, by position, whose coming and going is noticed: those with a grace period and those that begin workflows.
    pub fn watched_roles(&self) -> Vec<usize> {
        let begins = |role: usize| {
            self.workflows.iter().any(|workflow| {
                matches!(workflow.trigger, Trigger::Gained(r) | Trigger::Lost(r) if r == role)
            })
        };
        let watched = self.roles.iter().enumerate();
        watched.filter(|(at, role)| role.grace.is_some() || begins(*at)).map(|(at, _)| at).collect()
    }
}

impl Evaluator {
    /// What an expression gives for an identity that was evaluated.
    pub fn ask(&self, rule: &Rule, row: &Row, world: &dyn World, now: Timestamp) -> Value {
        self.ask_when(rule, row, world, now).0
    }

    /// As [`Evaluator::ask`], with the next instant at which it may give something else.
    pub fn ask_when(
        &self,
        rule: &Rule,
        row: &Row,
        world: &dyn World,
        now: Timestamp,
    ) -> (Value, Option<Timestamp>) {
        let clock = Clock::new(now);
        let timezone = self.timezone_of(row);
        let bindings = [Binding::Row(row)];
        let frame = Frame { bindings: &bindings, world, clock: &clock, timezone: &timezone };
        (rule.program.eval(&frame), clock.next_change())
    }

    /// The instant that an expression gives: of a day its first instant in the zone of the identity.
    pub fn instant(
        &self,
        rule: &Rule,
        row: &Row,
        world: &dyn World,
        now: Timestamp,
    ) -> (Option<Timestamp>, Option<Timestamp>) {
        let (value, next) = self.ask_when(rule, row, world, now);
        let instant = if let Value::DateTime(at) = value {
            Some(at)
        } else if let Value::Date(day) = value {
            day.to_zoned(self.timezone_of(row)).ok().map(|zoned| zoned.timestamp())
        } else {
            None
        };
        (instant, next)
    }

    /// Whether a condition holds for an identity that was evaluated; one that is not there holds.
    pub fn holds(&self, rule: Option<&Rule>, row: &Row, world: &dyn World, now: Timestamp) -> bool {
        rule.is_none_or(|rule| self.ask(rule, row, world, now) == Value::Bool(true))
    }
}
