//! What a program reads, how it can be looked up, and how its outcome is explained.

use insta::assert_snapshot;
use muster_model::{EntityId, Value};
use proptest::prelude::*;

use super::{
    limits::sound,
    support::{Company, PERSON, berlin, env, now, program, show, with_frame},
};
use crate::{
    Binding, Clock, EmptyWorld, Env, Frame, IndexTest, Join, Variable, VariableType, World as _,
    compile,
};

fn paths(source: &str) -> String {
    let texts: Vec<String> =
        program(source).paths().iter().map(|path| path.text.to_string()).collect();
    texts.join(", ")
}

#[test]
fn paths_are_exact_and_in_order_of_the_text() {
    assert_snapshot!(paths("person.department.code == 'x'"), @"person.department.code");
    assert_snapshot!(paths("givenName + familyName + givenName"), @"person.givenName, person.familyName");
    assert_snapshot!(paths("department != null && department.code == 'x'"), @"person.department, person.department.code");
    assert_snapshot!(paths("record[\"Emp No\"] + record.emp_no"), @r#"record["Emp No"], record.emp_no"#);
    assert_snapshot!(paths("n + 1"), @"n");
    assert_snapshot!(paths("person == manager"), @"person, person.manager");
    assert_snapshot!(paths("1 + 2"), @"");
    assert_snapshot!(paths("onLeave ? title : manager.title"), @"person.onLeave, person.title, person.manager.title");
}

#[test]
fn paths_in_macros_lead_through_the_list() {
    assert_snapshot!(paths("positions.exists(p, p.title == 'x')"), @"person.positions.title");
    assert_snapshot!(paths("positions.exists(p, true)"), @"person.positions");
    assert_snapshot!(paths("phones.exists(p, p == title)"), @"person.phones, person.title");
    assert_snapshot!(paths("positions.exists(p, title == 'x')"), @"person.positions, person.title");
    assert_snapshot!(paths("positions.filter(p, p.until == null).map(q, q.title)"), @"person.positions.until, person.positions.title");
    assert_snapshot!(paths("size(positions)"), @"person.positions");
    assert_snapshot!(paths("first(sort(positions)).title"), @"person.positions.title");
    assert_snapshot!(paths("first(positions)"), @"person.positions");
    assert_snapshot!(paths("positions[0].title"), @"person.positions.title");
    assert_snapshot!(paths("reports.exists(r, r.positions.exists(p, p.title == r.title))"), @"person.reports.positions.title, person.reports.title");
    assert_snapshot!(paths("(onLeave ? manager : department.head).title"), @"person.onLeave, person.manager, person.department.head, person.manager.title, person.department.head.title");
    assert_snapshot!(paths("reports.map(r, r.manager).exists(m, m.title == 'x')"), @"person.reports.manager, person.reports.manager.title");
    let paths = program("positions.exists(p, p.title == 'x')");
    assert_eq!(paths.paths()[0].steps.len(), 2);
}

/// The key, its value over the sample, and the test.
fn key(source: &str) -> String {
    let Some(key) = program(source).index_key() else { return "none".to_owned() };
    let value = with_frame(&Clock::new(now()), |frame| show(&key.value.eval(frame)));
    match key.test {
        IndexTest::OneOf(values) => {
            let values: Vec<String> = values.iter().map(show).collect();
            format!("{} ({value}) in {}", key.text, values.join(", "))
        }
        IndexTest::Prefix(prefix) => format!("{} ({value}) starts with {prefix}", key.text),
    }
}

#[test]
fn those_for_whom_a_condition_over_two_can_hold_are_found_by_a_link() {
    let person = |name: &str| Variable { name: name.into(), ty: VariableType::Entity(PERSON) };
    let env = Env { variables: vec![person("person"), person("me")], ..env() };
    let join = |source: &str| compile(source, &env, None).unwrap().join();
    let slot = |name: &str| program(name).paths()[0].steps[0].1;
    let (department, manager) = (slot("department"), slot("manager"));
    let same = Some(Join { link: department, of: Some(department) });
    assert_eq!(join("person.department == me.department"), same);
    assert_eq!(join("onLeave && me.department == person.department"), same);
    assert_eq!(join("person.manager == me"), Some(Join { link: manager, of: None }));
    for other in [
        "person.department != me.department",
        "person.department == me.department || onLeave",
        "person.department.code == me.department.code",
        "person.title == me.title",
        "person.manager == person",
    ] {
        assert_eq!(join(other), None, "{other}");
    }
}

#[test]
fn conditions_are_looked_up_by_their_equalities() {
    assert_snapshot!(key("department.code == 'D007'"), @"person.department.code ('D007') in 'D007'");
    assert_snapshot!(key("'D007' == department.code && level > 3"), @"person.department.code ('D007') in 'D007'");
    assert_snapshot!(key("level > 3 && title in ['a', 'b']"), @"person.title ('Head of Sales') in 'a', 'b'");
    assert_snapshot!(key("title in ['a', 'b'] && status == 'active'"), @"person.status ('active') in 'active'");
    assert_snapshot!(key("title.startsWith('Head') && onLeave"), @"person.title ('Head of Sales') starts with Head");
    assert_snapshot!(key("startsWith(title, 'H') && title in ['a', 'b']"), @"person.title ('Head of Sales') in 'a', 'b'");
    assert_snapshot!(key("lower(title) == 'head of sales'"), @"lower(person.title) ('head of sales') in 'head of sales'");
    assert_snapshot!(key("title == 'a' || title == 'b'"), @"person.title ('Head of Sales') in 'a', 'b'");
    assert_snapshot!(key("record.emp_no == '1'"), @"record.emp_no ('0042') in '1'");
    assert_snapshot!(key("level == 7"), @"person.level (7) in 7");
}

#[test]
fn what_does_not_have_to_hold_is_no_key() {
    for source in [
        "title == 'a' || level == 3",
        "title != 'a'",
        "!(title == 'a')",
        "title == null",
        "title == givenName",
        "hours == 1.0",
        "department == link('department', 'x')",
        "positions.exists(p, p.title == 'a')",
        "upper(title) == 'A'",
        "true",
        "title in phones",
        "onLeave ? title == 'a' : false",
    ] {
        assert_eq!(key(source), "none", "{source}");
    }
}

#[test]
fn constants_are_known() {
    let constant = |source: &str| {
        program(source).constant().map_or_else(|| "no".to_owned(), |value| show(&value))
    };
    assert_eq!(constant("true"), "true");
    assert_eq!(constant("lower('A') + 'b'"), "'ab'");
    assert_eq!(constant("[1, 2].exists(x, x > 1)"), "true");
    assert_eq!(constant("date('2026-01-31')"), "2026-01-31");
    assert_eq!(constant("start_of(date('2026-01-31'))"), "no");
    assert_eq!(constant("title"), "no");
    assert_eq!(constant("now > datetime('2026-01-01T00:00:00Z')"), "no");
}

#[test]
fn conditions_say_which_part_held_and_what_it_read() {
    let program = program(
        "(department.code == 'D007' || false) && level > 9 && positions.exists(p, p.title == 'Nurse') && now >= start_of(startDate) && now >= end_of(endDate)",
    );
    let clock = Clock::new("2026-01-01T00:00:00Z".parse().unwrap());
    let lines: Vec<String> = with_frame(&clock, |frame| {
        let conditions = program.conditions(frame).into_iter();
        conditions
            .map(|condition| {
                let reads: Vec<String> = condition
                    .reads
                    .iter()
                    .map(|(path, value)| format!("{path} = {}", show(value)))
                    .collect();
                let flips = condition.flips.map_or_else(String::new, |at| format!(", flips {at}"));
                format!("{} | {} | {}{flips}", condition.source, condition.holds, reads.join(", "))
            })
            .collect()
    });
    assert_snapshot!(lines.join("\n"), @r"
    department.code == 'D007' || false | true | person.department.code = 'D007'
    level > 9 | false | person.level = 7
    positions.exists(p, p.title == 'Nurse') | true | person.positions.title = ['Nurse', 'Teacher']
    now >= start_of(startDate) | false | person.startDate = 2026-01-31, flips 2026-01-30T23:00:00Z
    now >= end_of(endDate) | false | person.endDate = null
    ");
    assert_eq!(clock.next_change(), None);
}

#[test]
fn a_program_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>(_: &T) {}
    shared(&program("positions.exists(p, p.title.matches('x')) && now > lastSeen"));
}

#[test]
fn a_program_is_shown_by_its_text() {
    let program = program("title == 'x'");
    assert_eq!(format!("{program:?}"), "Program(title == 'x')");
    assert!(program.source().contains("title"));
}

/// Conditions over Ada's own values, many of which hold.
fn condition() -> impl Strategy<Value = String> {
    let test = prop_oneof![
        Just("title == 'Head of Sales'"),
        Just("title == 'Nurse'"),
        Just("title.startsWith('Head')"),
        Just("lower(title) == 'head of sales'"),
        Just("level in [6, 7]"),
        Just("level in [1, 2]"),
        Just("7 == level"),
        Just("status == 'active'"),
        Just("onLeave"),
        Just("department.code == 'D007'"),
        Just("manager.title == 'x'"),
        Just("hours > 30.0"),
        Just("endDate == null"),
    ];
    test.prop_map(str::to_owned).prop_recursive(4, 12, 2, |inner| {
        prop_oneof![
            3 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            1 => inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whenever_a_condition_holds_its_key_does(source in condition()) {
        let program = program(&source);
        let Some(key) = program.index_key() else { return Ok(()) };
        with_frame(&Clock::new(now()), |frame| {
            let value = key.value.eval(frame);
            let matches = match &key.test {
                IndexTest::OneOf(values) => values.contains(&value),
                IndexTest::Prefix(prefix) => value.as_text().is_some_and(|text| text.starts_with(&**prefix)),
            };
            assert!(matches || !program.holds(frame), "{source}: {} is {}", key.text, show(&value));
        });
    }

    #[test]
    fn a_condition_holds_when_all_its_parts_do(source in condition()) {
        let program = program(&source);
        with_frame(&Clock::new(now()), |frame| {
            let all = program.conditions(frame).iter().all(|part| part.holds);
            assert_eq!(program.holds(frame), all, "{source}");
        });
    }

    /// What is not among the paths has no influence.
    #[test]
    fn only_what_the_paths_name_is_read(source in prop_oneof![sound(), condition()], slot in 0_usize..17) {
        let Ok(program) = compile(&source, &env(), None) else { return Ok(()) };
        let named = program.paths().iter().any(|path| path.steps.first().is_some_and(|step| step.1.index() == slot));
        if named {
            return Ok(());
        }
        let company = Company::sample();
        let ada = company.row(EntityId(1)).unwrap();
        let mut other = ada.clone();
        other.values[slot] = Value::Null;
        let (clock, timezone) = (Clock::new(now()), berlin());
        let record = [Value::text("0042")];
        let value = |row| {
            let bindings = [Binding::Row(row), Binding::Record(&record)];
            program.eval(&Frame { bindings: &bindings, world: &company, clock: &clock, timezone: &timezone })
        };
        prop_assert_eq!(value(ada), value(&other));
    }
}

#[test]
fn a_constant_has_the_same_value_in_every_frame() {
    let program = program("[1, 2].map(x, x + 1)");
    let (clock, timezone) = (Clock::new(now()), berlin());
    let frame = Frame { bindings: &[], world: &EmptyWorld, clock: &clock, timezone: &timezone };
    assert_eq!(program.constant(), Some(program.eval(&frame)));
}
