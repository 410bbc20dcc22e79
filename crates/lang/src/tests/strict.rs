//! Conditions of which a value is missing: they neither hold nor fail.

use jiff::{Timestamp, tz::TimeZone};
use muster_model::{EntityId, Value, ValueType};

use super::support::{Company, PERSON, schema};
use crate::{
    Binding, Clock, ColumnSet, Columns, Env, Frame, Variable, VariableType, World as _,
    compile_condition,
};

/// What becomes of a condition about `person` and a request `r` that says `level`, `tags` and nothing else; with
/// `somebody`, the person is Ada, otherwise nobody.
fn decided(source: &str, somebody: bool) -> &'static str {
    let columns = Columns::default();
    *columns.0.borrow_mut() = ColumnSet {
        columns: vec![
            ("level".into(), ValueType::Int, false),
            ("owner".into(), ValueType::Text, false),
            ("tags".into(), ValueType::Text, true),
            ("labels".into(), ValueType::Text, true),
            ("secret".into(), ValueType::Bool, false),
        ],
        closed: true,
    };
    let env = Env {
        schema: schema(),
        variables: vec![
            Variable { name: "person".into(), ty: VariableType::Entity(PERSON) },
            Variable { name: "r".into(), ty: VariableType::Record(columns) },
        ],
        implicit: None,
        now: true,
    };
    let program = compile_condition(source, &env).unwrap_or_else(|found| panic!("{found:?}"));
    let company = Company::sample();
    let values =
        [Value::Int(3), Value::Null, Value::List([Value::text("a"), Value::text("b")].into())];
    let clock = Clock::new(Timestamp::UNIX_EPOCH);
    let person = if somebody {
        company.row(EntityId(1)).map_or(Binding::Absent, Binding::Row)
    } else {
        Binding::Absent
    };
    let frame = Frame {
        bindings: &[person, Binding::Record(&values)],
        world: &company,
        clock: &clock,
        timezone: &TimeZone::UTC,
    };
    match program.decide(&frame) {
        Some(true) => "yes",
        Some(false) => "no",
        None => "missing",
    }
}

#[test]
fn what_needs_a_missing_value_is_not_decided() {
    for (source, outcome) in [
        ("r.level == 3", "yes"),
        ("r.level != 3", "no"),
        ("r.owner == 'ada'", "missing"),
        ("r.owner != 'ada'", "missing"),
        ("!(r.owner == 'ada')", "missing"),
        ("r.secret", "missing"),
        ("!r.secret", "missing"),
        ("r.owner in ['ada']", "missing"),
        ("'ada' in r.labels", "missing"),
        ("'a' in r.tags", "yes"),
        ("'c' in r.tags", "no"),
        ("r.owner.startsWith('a')", "missing"),
        ("r.owner.matches('a')", "missing"),
        ("lower(r.owner) == 'ada'", "missing"),
        ("now < datetime(r.owner)", "missing"),
        ("size(r.labels) == 0", "missing"),
        ("size(r.tags) == 2", "yes"),
        ("size(r.tags + r.labels) == 2", "missing"),
        ("join([r.owner, 'x']) == 'x'", "missing"),
        ("[r.owner, 'x'] == ['x']", "missing"),
        ("max(r.level, 1) == 3", "yes"),
        ("r.labels.exists(x, x == 'a')", "missing"),
        ("r.labels.all(x, x == 'a')", "missing"),
        ("r.tags.exists(x, x == r.owner)", "missing"),
        ("r.tags.exists(x, x == 'a' || x == r.owner)", "yes"),
        ("r.tags.all(x, x == 'a' && x == r.owner)", "no"),
        ("r.tags.exists_one(x, x == 'a')", "yes"),
        ("size(r.tags.filter(x, x != r.owner)) == 0", "missing"),
        ("size(r.tags.map(x, x == r.owner, x)) == 0", "missing"),
        ("(r.secret ? 1 : 2) == 2", "missing"),
        ("(r.secret && true) == false", "missing"),
        ("(r.level > 1 ? r.owner : 'x') == 'x'", "missing"),
    ] {
        assert_eq!((source, decided(source, true)), (source, outcome));
    }
}

#[test]
fn a_side_that_decides_makes_up_for_a_missing_one() {
    assert_eq!(decided("r.owner == 'ada' || r.level == 3", true), "yes");
    assert_eq!(decided("r.level == 3 || r.owner == 'ada'", true), "yes");
    assert_eq!(decided("r.owner == 'ada' || r.level == 4", true), "missing");
    assert_eq!(decided("r.owner == 'ada' && r.level == 4", true), "no");
    assert_eq!(decided("r.owner == 'ada' && r.level == 3", true), "missing");
}

#[test]
fn a_question_about_absence_has_an_answer() {
    assert_eq!(decided("r.owner == null", true), "yes");
    assert_eq!(decided("has(r.owner)", true), "no");
    assert_eq!(decided("default(r.owner, 'ada') == 'ada'", true), "yes");
    assert_eq!(decided("person.endDate == null", true), "yes");
    assert_eq!(decided("size(person.manager.phones) == 0", true), "yes");
}

#[test]
fn of_nobody_nothing_is_known_not_even_that_a_value_is_absent() {
    for source in [
        "person.endDate == null",
        "has(person.title)",
        "person.title == 'x'",
        "person.title != 'x'",
        "size(person.phones) == 0",
        "size(person.positions) == 0",
        "person.positions.all(p, p.title == 'x')",
        "person.phones == ['x']",
        "person.manager.endDate == null",
    ] {
        assert_eq!((source, decided(source, false)), (source, "missing"));
    }
}

#[test]
fn networks_are_tested_by_prefix() {
    for (address, network, inside) in [
        ("10.1.2.3", "10.0.0.0/8", "yes"),
        ("11.1.2.3", "10.0.0.0/8", "no"),
        ("::ffff:10.1.2.3", "10.0.0.0/8", "yes"),
        ("10.1.2.3", "10.1.2.3", "yes"),
        ("10.1.2.3", "0.0.0.0/0", "yes"),
        ("2001:db8::1", "2001:db8::/32", "yes"),
        ("2001:db9::1", "2001:db8::/32", "no"),
        ("2001:db8::1", "::/0", "yes"),
        ("10.1.2.3", "::/0", "no"),
        ("10.1.2.3, 8.8.8.8", "10.0.0.0/8", "missing"),
        ("010.1.2.3", "10.0.0.0/8", "missing"),
        ("unknown", "10.0.0.0/8", "missing"),
    ] {
        let source = format!("in_network('{address}', '{network}')");
        assert_eq!((&source, decided(&source, true)), (&source, inside));
    }
}
