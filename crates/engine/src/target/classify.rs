//! Which of the objects of a class are accounts of one type, where several account types share the class.

use muster_app::Opened;
use muster_connector::{Field, ReadObject};
use muster_lang::{Binding, Clock, EmptyWorld, Frame};
use muster_model::Value;
use muster_policy::System;

use crate::report::ReadReport;

/// Lets the objects of one account type through.
pub(super) struct Sieve<'a> {
    opened: &'a Opened,
    system: &'a System,
    position: usize,
    /// What has to be read: what is kept, and behind it what only the rules read.
    pub(super) fields: Vec<Field>,
    n_kept: usize,
    /// The field of each column that the rules read.
    columns: Vec<usize>,
}

impl<'a> Sieve<'a> {
    /// For the account type at `position`, of which `kept` is kept.
    pub(super) fn new(
        opened: &'a Opened,
        system: &'a System,
        position: usize,
        kept: &[Field],
    ) -> Self {
        let mut fields = kept.to_vec();
        let mut columns = Vec::new();
        for (name, value_type, many) in &system.classify.columns {
            let known = fields.iter().position(|field| field.name == *name);
            columns.push(known.unwrap_or(fields.len()));
            if known.is_none() {
                let field = Field { name: name.clone(), value_type: *value_type, many: *many };
                fields.push(field);
            }
        }
        Self { opened, system, position, fields, n_kept: kept.len(), columns }
    }

    /// Takes the objects out that are of another account type. They count as never read.
    pub(super) fn keep(&self, objects: &mut Vec<ReadObject>, report: &mut ReadReport) {
        if self.system.classify.rules.is_empty() {
            return;
        }
        let n = objects.len();
        objects.retain(|object| self.is_kept(object));
        for object in objects.iter_mut() {
            object.object.values.truncate(self.n_kept);
        }
        report.objects = report.objects.saturating_sub((n - objects.len()) as u64);
    }

    fn is_kept(&self, object: &ReadObject) -> bool {
        let values: Vec<Value> = self
            .columns
            .iter()
            .map(|field| object.object.values.get(*field).map_or(Value::Null, as_text))
            .collect();
        let clock = Clock::new(jiff::Timestamp::UNIX_EPOCH);
        let frame = Frame {
            bindings: &[Binding::Record(&values)],
            world: &EmptyWorld,
            clock: &clock,
            timezone: &self.opened.model.timezone,
        };
        let class = self.system.accounts.get(self.position).map(|account| &account.object);
        // A rule for another object class says nothing about this one.
        let of_class = |account: usize| {
            self.system.accounts.get(account).map(|account| &account.object) == class
        };
        let mut rules = self.system.classify.rules.iter().filter(|rule| of_class(rule.account));
        let holds = |rule: &&muster_policy::Classification| {
            rule.when.as_ref().is_none_or(|when| when.program.holds(&frame))
        };
        match rules.clone().find(holds) {
            Some(rule) => rule.account == self.position,
            None => !rules.any(|rule| rule.account == self.position),
        }
    }
}

/// The first of several values, as text: the rules know nothing else.
fn as_text(value: &Value) -> Value {
    value.items().first().map_or(Value::Null, Value::to_wire_text)
}
