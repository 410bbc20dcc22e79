//! A question, and how its values become what rules read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_lang::{Binding, Clock, Frame, World};
use muster_model::{Row, Text, Value, ValueType, parse_value};
use muster_policy::{App, Model, Property, RESOURCE_COLUMNS, SUBJECT_COLUMNS};

use crate::{Holder, Place};

/// Values by name as a question carries them. Names that the application does not declare are passed over.
pub type Properties = BTreeMap<Text, Value>;

/// Who wants to do what to what, and when.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Who.
    pub subject: Subject<'a>,
    /// The action, by name.
    pub action: &'a str,
    /// What it is done to.
    pub resource: Resource<'a>,
    /// The circumstances.
    pub environment: &'a Properties,
    /// The entities that links of the subject and of the resource lead to.
    pub world: &'a dyn World,
    /// The time; what a question says of it does not count.
    pub now: Timestamp,
}

/// Who wants to do something.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What the repository knows of it; `None` when it knows nothing.
    pub holder: Option<&'a Holder>,
    /// Its type as the question says.
    pub type_name: &'a str,
    /// Its id as the question says.
    pub id: &'a str,
    /// What the application says of it.
    pub properties: &'a Properties,
}

/// What something is done to.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    /// Its type: `app.type`, or `type` where no other application has one of that name.
    pub type_name: &'a str,
    /// Its id.
    pub id: &'a str,
    /// What the application says of it.
    pub properties: &'a Properties,
    /// The entity it is, for types whose resources are entities; `None` when there is none.
    pub row: Option<&'a Row>,
}

impl std::fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question")
            .field("subject", &self.subject)
            .field("action", &self.action)
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

/// A question with its values as rules read them.
pub(crate) struct Asked<'a> {
    pub(crate) question: &'a Question<'a>,
    pub(crate) place: Place,
    pub(crate) action: usize,
    subject: Vec<Value>,
    resource: Vec<Value>,
    environment: Vec<Value>,
    clock: Clock,
}

/// A value that is not of the declared type.
pub(crate) struct Unreadable(pub(crate) Text);

impl<'a> Asked<'a> {
    pub(crate) fn new(
        model: &Model,
        question: &'a Question<'a>,
        place: Place,
        action: usize,
        app: &App,
    ) -> Result<Self, Unreadable> {
        let Question { subject, resource, environment, now, .. } = question;
        let roles = subject.holder.map_or(Value::Null, |holder| holder.role_names.clone());
        // Whoever is known has one name only, whatever unique attribute the question names them by.
        let (type_name, id) = subject.holder.map_or_else(
            || (Value::text(subject.type_name), Value::text(subject.id)),
            |holder| names(model, &holder.row),
        );
        let own = [id, type_name, roles];
        let subject = columns("subject", own, &app.subject, subject.properties)?;
        let name = app.resources.get(place.resource).map_or("", |resource| &*resource.name);
        let own = [Value::text(resource.id), Value::text(name)];
        let resource = columns("resource", own, &app.resource, resource.properties)?;
        let own = [Value::DateTime(*now)];
        let environment = columns("environment", own, &app.environment, environment)?;
        let clock = Clock::new(*now);
        Ok(Self { question, place, action, subject, resource, environment, clock })
    }

    /// Calls `use_it` with what a rule sees: the resource as an entity, or as a record.
    pub(crate) fn with_frame<T>(
        &self,
        model: &Model,
        entity: bool,
        use_it: impl FnOnce(&Frame<'_>) -> T,
    ) -> T {
        let row = |row: Option<&'a Row>| row.map_or(Binding::Absent, Binding::Row);
        let resource =
            if entity { row(self.question.resource.row) } else { Binding::Record(&self.resource) };
        let bindings = [
            Binding::Record(&self.subject),
            resource,
            Binding::Record(&self.environment),
            row(self.question.subject.holder.map(|holder| &holder.row)),
        ];
        use_it(&Frame {
            bindings: &bindings,
            world: self.question.world,
            clock: &self.clock,
            timezone: &model.timezone,
        })
    }
}

/// The name of an entity's type, and its key.
fn names(model: &Model, row: &Row) -> (Value, Value) {
    let of = model.schema.get(row.type_id);
    let key = of.map_or(Value::Null, |of| row.get(of.key).clone());
    let key = if key.is_null() { key } else { Value::text(key.to_string()) };
    (of.map_or(Value::Null, |of| Value::Text(of.name.clone())), key)
}

const _: () = assert!(SUBJECT_COLUMNS.len() == 3 && RESOURCE_COLUMNS.len() == 2, "as `own` above");

/// The values of the columns: those that everything has, and those that are given.
fn columns<const N: usize>(
    variable: &str,
    own: [Value; N],
    columns: &[Property],
    given: &Properties,
) -> Result<Vec<Value>, Unreadable> {
    let mut values = Vec::with_capacity(columns.len());
    values.extend(own);
    for (name, wanted, many) in columns.iter().skip(N) {
        let value = given.get(name).unwrap_or(&Value::Null);
        values.push(
            read(value, *wanted, *many)
                .ok_or_else(|| Unreadable(format!("{variable}.{name}").into()))?,
        );
    }
    Ok(values)
}

/// The value in the declared type; `None` when it is of another.
fn read(value: &Value, wanted: ValueType, many: bool) -> Option<Value> {
    if value.is_null() {
        return Some(Value::Null);
    }
    if !many {
        return single(value, wanted);
    }
    let items: Option<Vec<Value>> = value.items().iter().map(|item| single(item, wanted)).collect();
    items.map(|items| Value::List(items.into()))
}

fn single(value: &Value, wanted: ValueType) -> Option<Value> {
    match (value, wanted) {
        (Value::Text(text), wanted) if wanted != ValueType::Text => {
            parse_value(text, wanted).ok().filter(|value| !value.is_null())
        }
        (Value::Text(_), ValueType::Text)
        | (Value::Int(_), ValueType::Int)
        | (Value::Float(_), ValueType::Float)
        | (Value::Bool(_), ValueType::Bool)
        | (Value::Date(_), ValueType::Date)
        | (Value::DateTime(_), ValueType::DateTime)
        | (Value::Binary(_), ValueType::Binary)
        | (Value::Uuid(_), ValueType::Uuid) => Some(value.clone()),
        (Value::Int(number), ValueType::Float) => number.to_string().parse().ok().map(Value::Float),
        _ => None,
    }
}
