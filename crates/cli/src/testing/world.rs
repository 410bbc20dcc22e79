//! The entities that a test gives, as a world of their own.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_lang::{Binding, Clock, Frame, World as _};
use muster_model::{AssignmentId, EntityId, Row, Slot, Text, TypeId, Value, ValueType};
use muster_policy::{Assignment, Evaluation, Evaluator, Identity, MemoryWorld, Model, PolicyTest};

/// What a test gives, ready for evaluation.
pub(super) struct World {
    entities: MemoryWorld,
    tested: Option<Row>,
    assignments: Vec<Assignment>,
    keys: BTreeMap<(TypeId, Text), EntityId>,
}

impl World {
    /// Builds the rows, links them by key, makes generated values and computes what others read.
    pub(super) fn new(evaluator: &Evaluator, test: &PolicyTest, now: Timestamp) -> Self {
        let model = evaluator.model();
        let mut rows = rows(model, test);
        let keys = keys(model, &rows);
        for row in &mut rows {
            for value in &mut row.values {
                *value = linked(value, &keys);
            }
        }
        let mut entities = MemoryWorld::default();
        for row in &rows {
            insert_links(model, row, &mut entities);
            entities.insert(row.clone());
        }
        for row in &mut rows {
            generate(model, row, &entities, now);
            entities.insert(row.clone());
        }
        entities.complete(evaluator, now);
        let is_identity = |row: &&Row| {
            model.schema.get(row.type_id).is_some_and(|entity_type| entity_type.identity)
        };
        let tested = rows.iter().find(is_identity).cloned();
        Self { entities, tested, assignments: assignments(test), keys }
    }

    /// Evaluates the first identity.
    pub(super) fn evaluate(&self, evaluator: &Evaluator, now: Timestamp) -> Option<Evaluation> {
        let row = self.tested.as_ref()?;
        let identity = Identity {
            row,
            assignments: &self.assignments,
            withheld: &[],
            facts: &[],
            exceptions: &[],
            absent_since: None,
            known_state: None,
        };
        Some(evaluator.evaluate(&identity, &self.entities, now))
    }

    /// The entities given, as links lead to them.
    pub(super) fn entities(&self) -> &MemoryWorld {
        &self.entities
    }

    /// The entity of a type with this key.
    pub(super) fn entity(&self, type_id: TypeId, key: &Text) -> Option<&Row> {
        self.entities.row(*self.keys.get(&(type_id, key.clone()))?)
    }

    /// The identity in short: `{contract: contractor, endDate: 2026-01-31}`.
    pub(super) fn case(&self, model: &Model) -> String {
        let Some(row) = &self.tested else { return "{}".to_owned() };
        let Some(entity_type) = model.schema.get(row.type_id) else { return "{}".to_owned() };
        let parts = entity_type.attributes.iter().filter_map(|attribute| {
            let value = row.get(attribute.slot);
            let shown = !value.is_null() && attribute.kind == muster_model::AttributeKind::Stored;
            let linked = if let Value::Link(id) = value { self.entities.row(*id) } else { None };
            let key = linked.and_then(|row| key_of(model, row));
            let text = key.unwrap_or_else(|| value.to_string());
            shown.then(|| format!("{}: {text}", attribute.name))
        });
        format!("{{{}}}", parts.collect::<Vec<_>>().join(", "))
    }
}

fn key_of(model: &Model, row: &Row) -> Option<String> {
    let key = model.schema.get(row.type_id)?.key;
    Some(row.get(key).to_string())
}

fn rows(model: &Model, test: &PolicyTest) -> Vec<Row> {
    (1..)
        .zip(&test.given)
        .map(|(id, given)| {
            let n = model
                .schema
                .get(given.type_id)
                .map_or(0, |entity_type| entity_type.attributes.len());
            let mut row = Row::empty(EntityId(id), given.type_id, n);
            for (slot, value) in &given.values {
                row.set(*slot, value.clone());
            }
            row
        })
        .collect()
}

fn keys(model: &Model, rows: &[Row]) -> BTreeMap<(TypeId, Text), EntityId> {
    rows.iter()
        .filter_map(|row| Some(((row.type_id, key_of(model, row)?.into()), row.id)))
        .collect()
}

/// The value with references turned into links; those that lead to nothing given are no value.
fn linked(value: &Value, keys: &BTreeMap<(TypeId, Text), EntityId>) -> Value {
    match value {
        Value::Reference(reference) => keys
            .get(&(reference.to, reference.key.clone()))
            .map_or(Value::Null, |id| Value::Link(*id)),
        Value::List(items) => Value::set(items.iter().map(|item| linked(item, keys)).collect()),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Binary(_)
        | Value::Uuid(_)
        | Value::Link(_) => value.clone(),
    }
}

fn insert_links(model: &Model, row: &Row, entities: &mut MemoryWorld) {
    let Some(entity_type) = model.schema.get(row.type_id) else { return };
    for attribute in entity_type.attributes.iter().filter(|attribute| attribute.kind.is_kept()) {
        if !matches!(attribute.value_type, ValueType::Link(_)) {
            continue;
        }
        for value in row.get(attribute.slot).items() {
            if let Value::Link(target) = value {
                entities.insert_link(row.type_id, attribute.slot, row.id, *target);
            }
        }
    }
}

/// Fills generated attributes that the test does not give with their first candidate.
fn generate(model: &Model, row: &mut Row, entities: &MemoryWorld, now: Timestamp) {
    let Some(behaviour) = model.types.get(row.type_id.index()) else { return };
    let clock = Clock::new(now);
    let first = Value::Int(1);
    for (slot, candidates) in &behaviour.generated {
        if !row.get(*slot).is_null() {
            continue;
        }
        let made = candidates.first().map(|rule| {
            let bindings = [Binding::Row(row), Binding::Value(&first)];
            let frame = Frame {
                bindings: &bindings,
                world: entities,
                clock: &clock,
                timezone: &model.timezone,
            };
            rule.program.eval(&frame)
        });
        set(row, *slot, made);
    }
}

fn set(row: &mut Row, slot: Slot, value: Option<Value>) {
    if let Some(value) = value {
        row.set(slot, value);
    }
}

fn assignments(test: &PolicyTest) -> Vec<Assignment> {
    (1..)
        .zip(&test.roles)
        .map(|(id, role)| Assignment {
            id: AssignmentId(id),
            role: *role,
            from: None,
            until: None,
            reason: "given by the test".into(),
            by: "test".into(),
        })
        .collect()
}
