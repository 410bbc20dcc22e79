//! A small company, and the two functions that know the interface: `check` and `run`.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc};

use jiff::{Timestamp, civil::date, tz::TimeZone};
use muster_model::{
    Attribute, AttributeKind, EntityId, EntityType, Reference, Row, Schema, Slot, TypeId, Value,
    ValueType,
};

use crate::{
    Binding, Clock, ColumnSet, Columns, Env, Frame, Problem, Program, Type, Variable, VariableType,
    World, compile,
};

pub(super) const PERSON: TypeId = TypeId(0);
pub(super) const DEPARTMENT: TypeId = TypeId(1);
pub(super) const POSITION: TypeId = TypeId(2);

fn attribute(
    slot: usize,
    name: &str,
    value_type: ValueType,
    many: bool,
    kind: AttributeKind,
) -> Attribute {
    let choices: &[&str] = if name == "status" { &["active", "terminated"] } else { &[] };
    Attribute {
        slot: Slot(u16::try_from(slot).unwrap()),
        name: name.into(),
        value_type,
        many,
        required: false,
        unique: false,
        choices: choices.iter().map(|choice| (*choice).into()).collect(),
        kind,
    }
}

fn entity_type(
    id: TypeId,
    name: &str,
    attributes: &[(&str, ValueType, bool, AttributeKind)],
) -> EntityType {
    EntityType {
        id,
        name: name.into(),
        identity: id == PERSON,
        key: Slot(0),
        timezone: None,
        attributes: attributes
            .iter()
            .enumerate()
            .map(|(slot, (name, ty, many, kind))| attribute(slot, name, *ty, *many, *kind))
            .collect(),
    }
}

/// People in departments, with positions.
pub(super) fn schema() -> Arc<Schema> {
    use AttributeKind::{Inverse, Stored};
    use ValueType::{Bool, Date, DateTime, Float, Int, Link, Text, Uuid};
    let one = |name, ty| (name, ty, false, Stored);
    let inverse = |name, of, slot| (name, Link(of), true, Inverse { of, slot: Slot(slot) });
    Arc::new(Schema {
        types: vec![
            entity_type(
                PERSON,
                "person",
                &[
                    one("employeeId", Text),
                    one("givenName", Text),
                    one("familyName", Text),
                    one("title", Text),
                    one("status", Text),
                    one("level", Int),
                    one("hours", Float),
                    one("onLeave", Bool),
                    one("startDate", Date),
                    one("endDate", Date),
                    one("lastSeen", DateTime),
                    one("guid", Uuid),
                    ("phones", Text, true, Stored),
                    one("department", Link(DEPARTMENT)),
                    one("manager", Link(PERSON)),
                    inverse("reports", PERSON, 14),
                    inverse("positions", POSITION, 2),
                ],
            ),
            entity_type(
                DEPARTMENT,
                "department",
                &[
                    one("code", Text),
                    one("name", Text),
                    one("head", Link(PERSON)),
                    inverse("members", PERSON, 13),
                ],
            ),
            entity_type(
                POSITION,
                "position",
                &[
                    one("number", Text),
                    one("title", Text),
                    one("holder", Link(PERSON)),
                    one("until", Date),
                ],
            ),
        ],
    })
}

/// Rows by id; the other ends of links are worked out when it is made.
pub(super) struct Company {
    rows: BTreeMap<EntityId, Row>,
    inverses: BTreeMap<(EntityId, TypeId, Slot), Vec<EntityId>>,
}

impl World for Company {
    fn row(&self, id: EntityId) -> Option<&Row> {
        self.rows.get(&id)
    }

    fn inverse(&self, id: EntityId, of: TypeId, slot: Slot) -> &[EntityId] {
        self.inverses.get(&(id, of, slot)).map_or(&[], Vec::as_slice)
    }
}

pub(super) fn row(schema: &Schema, id: i64, type_id: TypeId, values: &[(&str, Value)]) -> Row {
    let entity_type = schema.get(type_id).unwrap();
    let mut row = Row::empty(EntityId(id), type_id, entity_type.attributes.len());
    for (name, value) in values {
        row.set(entity_type.attribute_named(name).unwrap().slot, value.clone());
    }
    row
}

pub(super) fn texts(items: &[&str]) -> Value {
    Value::List(items.iter().map(|item| Value::text(*item)).collect())
}

fn link(id: i64) -> Value {
    Value::Link(EntityId(id))
}

impl Company {
    pub(super) fn new(rows: Vec<Row>, schema: &Schema) -> Self {
        let mut inverses: BTreeMap<(EntityId, TypeId, Slot), Vec<EntityId>> = BTreeMap::new();
        for row in &rows {
            for attribute in &schema.get(row.type_id).unwrap().attributes {
                if let Value::Link(to) = row.get(attribute.slot) {
                    inverses.entry((*to, row.type_id, attribute.slot)).or_default().push(row.id);
                }
            }
        }
        Self { rows: rows.into_iter().map(|row| (row.id, row)).collect(), inverses }
    }

    /// Ada, a nurse in Sales with two positions; Bob is her manager and has hardly any values.
    pub(super) fn sample() -> Self {
        let schema = schema();
        let day = |y, m, d| Value::Date(date(y, m, d));
        let ada = row(
            &schema,
            1,
            PERSON,
            &[
                ("employeeId", Value::text("0042")),
                ("givenName", Value::text("Ada")),
                ("familyName", Value::text("Lovelace")),
                ("title", Value::text("Head of Sales")),
                ("status", Value::text("active")),
                ("level", Value::Int(7)),
                ("hours", Value::Float(38.5)),
                ("onLeave", Value::Bool(false)),
                ("startDate", day(2026, 1, 31)),
                ("lastSeen", Value::DateTime("2026-03-01T23:30:00Z".parse().unwrap())),
                ("guid", Value::Uuid([7; 16])),
                ("phones", texts(&["+49 40 123", "+49 40 456"])),
                ("department", link(10)),
                ("manager", link(2)),
            ],
        );
        let bob = row(
            &schema,
            2,
            PERSON,
            &[("employeeId", Value::text("0007")), ("department", link(10))],
        );
        let sales = row(
            &schema,
            10,
            DEPARTMENT,
            &[("code", Value::text("D007")), ("name", Value::text("Sales")), ("head", link(2))],
        );
        let position = |id, number: &str, title: &str, until| {
            row(
                &schema,
                id,
                POSITION,
                &[
                    ("number", Value::text(number)),
                    ("title", Value::text(title)),
                    ("holder", link(1)),
                    ("until", until),
                ],
            )
        };
        let first = position(20, "P1", "Nurse", day(2026, 6, 30));
        let second = position(21, "P2", "Teacher", Value::Null);
        Self::new(vec![ada, bob, sales, first, second], &schema)
    }
}

/// The variables of the sample: `person` (Ada), `record` (text columns), `n`, `name`.
pub(super) fn env() -> Env {
    let columns = ColumnSet {
        columns: vec![
            ("emp_no".into(), ValueType::Text, false),
            ("Emp No".into(), ValueType::Text, false),
            ("tags".into(), ValueType::Text, true),
        ],
        closed: true,
    };
    let variable = |name: &str, ty| Variable { name: name.into(), ty };
    Env {
        schema: schema(),
        variables: vec![
            variable("person", VariableType::Entity(PERSON)),
            variable("record", VariableType::Record(Columns(Rc::new(RefCell::new(columns))))),
            variable("n", VariableType::Value(Type::Scalar(ValueType::Int))),
        ],
        implicit: Some(0),
        now: true,
    }
}

pub(super) fn now() -> Timestamp {
    "2026-02-01T00:00:00Z".parse().unwrap()
}

pub(super) fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

/// Calls `each` with a frame over the sample company.
pub(super) fn with_frame<T>(clock: &Clock, each: impl FnOnce(&Frame<'_>) -> T) -> T {
    let company = Company::sample();
    let timezone = berlin();
    let (record, n) = ([Value::text("0042"), Value::text("42"), texts(&["a", "b"])], Value::Int(3));
    let ada = company.row(EntityId(1)).unwrap();
    let bindings = [Binding::Row(ada), Binding::Record(&record), Binding::Value(&n)];
    each(&Frame { bindings: &bindings, world: &company, clock, timezone: &timezone })
}

/// The program, or a panic that prints the problems.
pub(super) fn program(source: &str) -> Program {
    compile(source, &env(), None)
        .unwrap_or_else(|problems| panic!("{source}: {}", print(source, &problems)))
}

/// The value of an expression over the sample company, as it is written in expressions; or its problems.
pub(super) fn run(source: &str) -> String {
    match compile(source, &env(), None) {
        Ok(program) => with_frame(&Clock::new(now()), |frame| show(&program.eval(frame))),
        Err(problems) => print(source, &problems),
    }
}

/// The type of an expression, or its problems.
pub(super) fn check(source: &str) -> String {
    check_in(source, &env(), None)
}

pub(super) fn check_in(source: &str, env: &Env, expected: Option<&Type>) -> String {
    match compile(source, env, expected) {
        Ok(program) => program.ty().describe(&env.schema),
        Err(problems) => print(source, &problems),
    }
}

/// Problems, one a line: code, what is underlined, message, help.
pub(super) fn print(source: &str, problems: &[Problem]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| {
            let at = source.get(problem.start..problem.end).unwrap_or("OUT OF RANGE");
            let help: Vec<String> = problem.help.iter().map(|help| format!(" ({help})")).collect();
            let help = help.concat();
            format!("{} at `{at}`: {}{help}", problem.code, problem.message)
        })
        .collect();
    lines.join("\n")
}

/// A value as it would be written in an expression.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(show).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Reference(reference) => {
            let Reference { to, key } = &**reference;
            format!("link {} '{key}'", to.0)
        }
        Value::Float(x) => format!("{x:?}"),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Binary(_)
        | Value::Uuid(_)
        | Value::Link(_) => value.to_string(),
    }
}
