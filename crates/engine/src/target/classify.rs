//! Which of the objects of a class are accounts of one type, where several account types share the class; and when those
//! were last used, where that is told.

use jiff::Timestamp;
use muster_app::Opened;
use muster_connector::{Field, ReadObject};
use muster_lang::{Binding, Clock, EmptyWorld, Frame, Program};
use muster_model::{Text, Value, ValueType};
use muster_policy::{LastUsed, System};

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
    /// How the last use is told, and the field of each column that this reads.
    last_used: Option<(&'a LastUsed, Vec<usize>)>,
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
        let columns = fields_of(&mut fields, &system.classify.columns);
        let last_used = system.accounts.get(position).and_then(|of| of.last_used.as_ref());
        let last_used = last_used.map(|of| (of, fields_of(&mut fields, &of.columns)));
        Self { opened, system, position, fields, n_kept: kept.len(), columns, last_used }
    }

    /// Takes the objects out that are of another account type: they count as never read. Answers when the accounts of the
    /// others were last used, nothing where nobody tells.
    pub(super) fn keep(
        &self,
        objects: &mut Vec<ReadObject>,
        report: &mut ReadReport,
    ) -> Vec<Option<Timestamp>> {
        if !self.system.classify.rules.is_empty() {
            let n = objects.len();
            objects.retain(|object| self.is_kept(object));
            report.objects = report.objects.saturating_sub((n - objects.len()) as u64);
        }
        let last_used = self.last_used.iter().flat_map(|(of, columns)| {
            objects.iter().map(|object| {
                let told = self.ask(&of.rule.program, columns, object);
                if let Value::DateTime(at) = told { Some(at) } else { None }
            })
        });
        let last_used = last_used.collect();
        for object in objects.iter_mut() {
            object.object.values.truncate(self.n_kept);
        }
        last_used
    }

    /// What an expression says of an object.
    fn ask(&self, program: &Program, columns: &[usize], object: &ReadObject) -> Value {
        let value = |field: &usize| object.object.values.get(*field).map_or(Value::Null, as_text);
        let values: Vec<Value> = columns.iter().map(value).collect();
        let clock = Clock::new(Timestamp::UNIX_EPOCH);
        program.eval(&Frame {
            bindings: &[Binding::Record(&values)],
            world: &EmptyWorld,
            clock: &clock,
            timezone: &self.opened.model.timezone,
        })
    }

    fn is_kept(&self, object: &ReadObject) -> bool {
        let class = self.system.accounts.get(self.position).map(|account| &account.object);
        // A rule for another object class says nothing about this one.
        let of_class = |account: usize| {
            self.system.accounts.get(account).map(|account| &account.object) == class
        };
        let mut rules = self.system.classify.rules.iter().filter(|rule| of_class(rule.account));
        let holds = |rule: &&muster_policy::Classification| {
            rule.when.as_ref().is_none_or(|when| {
                self.ask(&when.program, &self.columns, object) == Value::Bool(true)
            })
        };
        match rules.clone().find(holds) {
            Some(rule) => rule.account == self.position,
            None => !rules.any(|rule| rule.account == self.position),
        }
    }
}

/// The place of each column among the fields, to which those are added that are not there.
fn fields_of(fields: &mut Vec<Field>, columns: &[(Text, ValueType, bool)]) -> Vec<usize> {
    let place = |(name, value_type, many): &(Text, ValueType, bool)| {
        fields.iter().position(|field| field.name == *name).unwrap_or_else(|| {
            fields.push(Field { name: name.clone(), value_type: *value_type, many: *many });
            fields.len() - 1
        })
    };
    columns.iter().map(place).collect()
}

/// The first of several values, as text: the rules know nothing else.
fn as_text(value: &Value) -> Value {
    value.items().first().map_or(Value::Null, Value::to_wire_text)
}
