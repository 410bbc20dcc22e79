//! What expressions give.

use insta::assert_snapshot;

use super::support::{Company, DEPARTMENT, PERSON, berlin, env, now, row, run, schema};
use crate::{Binding, Clock, Frame, compile};
use muster_model::{EntityId, Value};

#[test]
fn a_path_reads_through_links() {
    assert_eq!(run("person.department.code"), "'D007'");
    assert_eq!(run("department.code"), "'D007'");
    assert_eq!(run("person.manager.department.head.employeeId"), "'0007'");
    assert_eq!(run("person.manager.manager.manager.title"), "null");
    assert_eq!(run("person"), "#1");
    assert_eq!(run("person[\"title\"]"), "'Head of Sales'");
}

#[test]
fn inverses_are_lists_of_entities() {
    assert_eq!(run("person.positions"), "[#20, #21]");
    assert_eq!(run("person.positions.map(p, p.title)"), "['Nurse', 'Teacher']");
    assert_eq!(run("person.positions.map(p, p.until == null, p.title)"), "['Teacher']");
    assert_eq!(run("person.positions.exists(p, p.title == 'Nurse')"), "true");
    assert_eq!(run("person.positions.all(p, p.title == 'Nurse')"), "false");
    assert_eq!(run("person.positions.exists_one(p, p.title != 'Nurse')"), "true");
    assert_eq!(
        run("person.positions.filter(p, p.title == 'Nurse').map(p, p.holder.givenName)"),
        "['Ada']"
    );
    assert_eq!(run("size(person.positions)"), "2");
    assert_eq!(run("size(person.reports)"), "0");
    assert_eq!(run("person.manager.reports.map(r, r.givenName)"), "['Ada']");
    assert_eq!(run("first(person.positions).title"), "'Nurse'");
    assert_eq!(run("person.positions[1].title"), "'Teacher'");
    assert_eq!(run("person.positions[2].title"), "null");
    assert_eq!(run("person in department.members"), "true");
    assert_eq!(
        run(
            "department.members.exists(m, m.positions.exists(p, p.title == title && m.title == null))"
        ),
        "false"
    );
}

#[test]
fn null_is_a_value_only_for_equality() {
    assert_eq!(run("endDate == null"), "true");
    assert_eq!(run("endDate != null"), "false");
    assert_eq!(run("endDate == startDate"), "false");
    assert_eq!(run("endDate != startDate"), "true");
    assert_eq!(run("manager.title == null"), "true");
    assert_eq!(run("null == null"), "true");
    assert_eq!(run("manager.level == 7"), "false");
    assert_eq!(run("manager.level != 7"), "true");
    assert_eq!(run("manager.hours == 7"), "false");
    assert_eq!(run("manager.hours == manager.level"), "true");
}

#[test]
fn nothing_is_ordered_against_null() {
    for operator in ["<", "<=", ">", ">="] {
        assert_eq!(run(&format!("endDate {operator} startDate")), "false");
        assert_eq!(run(&format!("startDate {operator} endDate")), "false");
        assert_eq!(run(&format!("manager.level {operator} 3")), "false");
        assert_eq!(run(&format!("now {operator} end_of(endDate)")), "false");
    }
}

#[test]
fn null_does_not_hold() {
    assert_eq!(run("manager.onLeave && true"), "false");
    assert_eq!(run("manager.onLeave || true"), "true");
    assert_eq!(run("!manager.onLeave"), "true");
    assert_eq!(run("manager.onLeave ? 'yes' : 'no'"), "'no'");
    assert_eq!(run("manager.onLeave"), "null");
    assert_eq!(run("null && true"), "false");
}

#[test]
fn everything_else_with_null_is_null() {
    assert_eq!(run("givenName + manager.givenName"), "null");
    assert_eq!(run("manager.level + 1"), "null");
    assert_eq!(run("-manager.level"), "null");
    assert_eq!(run("lower(manager.title)"), "null");
    assert_eq!(run("startsWith(manager.title, 'a')"), "null");
    assert_eq!(run("string(manager.level)"), "null");
    assert_eq!(run("dn('uid', manager.title, 'ou=people')"), "null");
    assert_eq!(run("link('department', manager.title)"), "null");
    assert_eq!(run("size(manager.title)"), "null");
    assert_eq!(run("days_between(endDate, startDate)"), "null");
    assert_eq!(run("manager.title.matches('x')"), "null");
}

#[test]
fn some_functions_know_null() {
    assert_eq!(run("default(manager.title, 'none')"), "'none'");
    assert_eq!(run("default(title, 'none')"), "'Head of Sales'");
    assert_eq!(run("default(manager.phones, ['x'])"), "['x']");
    assert_eq!(run("join([givenName, manager.title, familyName], ' ')"), "'Ada Lovelace'");
    assert_eq!(run("has(endDate)"), "false");
    assert_eq!(run("has(person.startDate)"), "true");
    assert_eq!(run("has(manager.phones)"), "false");
    assert_eq!(run("has(manager.reports)"), "true");
    assert_eq!(run("manager.title in ['a']"), "false");
    assert_eq!(run("'a' in manager.phones"), "false");
    assert_eq!(run("max([manager.level, level])"), "7");
}

#[test]
fn a_list_attribute_without_values_is_the_empty_list() {
    assert_eq!(run("size(manager.phones)"), "0");
    assert_eq!(run("manager.phones == []"), "true");
    assert_eq!(run("manager.phones == null"), "true");
    assert_eq!(run("phones == null"), "false");
    assert_eq!(run("manager.phones.all(p, false)"), "true");
    assert_eq!(run("manager.phones + ['x']"), "['x']");
}

#[test]
fn impossible_arithmetic_is_null() {
    assert_eq!(run("9223372036854775807 + 1"), "null");
    assert_eq!(run("-9223372036854775808 - 1"), "null");
    assert_eq!(run("-(-9223372036854775808)"), "null");
    assert_eq!(run("9223372036854775807 * level"), "null");
    assert_eq!(run("level / 0"), "null");
    assert_eq!(run("level % 0"), "null");
    assert_eq!(run("(-9223372036854775808) / (-1)"), "null");
    assert_eq!(run("hours / 0"), "null");
    assert_eq!(run("1e308 * 10.0"), "null");
    assert_eq!(run("int(title)"), "null");
    assert_eq!(run("int(hours * 1e30)"), "null");
    assert_eq!(run("date(title)"), "null");
    assert_eq!(run("bool(title)"), "null");
    assert_eq!(run("uuid(title)"), "null");
}

#[test]
fn numbers_of_both_kinds_mix() {
    assert_eq!(run("level + hours"), "45.5");
    assert_eq!(run("level < hours"), "true");
    assert_eq!(run("hours == 38.5 && level == 7.0"), "true");
    assert_eq!(run("0.0 == -0.0"), "true");
}

#[test]
fn records_are_read_by_column() {
    assert_eq!(run("record.emp_no"), "'0042'");
    assert_eq!(run("record[\"Emp No\"]"), "'42'");
    assert_eq!(run("record[\"Emp No\"] + record.emp_no"), "'420042'");
    assert_eq!(run("employeeId == record.emp_no"), "true");
    assert_eq!(run("'a' in record.tags"), "true");
    assert_eq!(run("has(record.emp_no)"), "true");
}

#[test]
fn a_reference_by_key_equals_the_link_that_leads_there() {
    assert_eq!(run("link('department', 'D007')"), "link 1 'D007'");
    assert_eq!(run("person.department == link('department', 'D007')"), "true");
    assert_eq!(run("link('department', 'D008') == department"), "false");
    assert_eq!(run("department in [link('department', 'D007')]"), "true");
    assert_eq!(run("manager == department.head"), "true");
    assert_eq!(run("manager == person"), "false");
}

#[test]
fn macros_may_be_nested_and_see_outer_elements() {
    assert_eq!(run("[1, 2].map(x, [10, 20].map(y, x + y))"), "[[11, 21], [12, 22]]");
    assert_eq!(run("flatten([1, 2].map(x, [10, 20].map(y, x + y)))"), "[11, 21, 12, 22]");
    assert_eq!(run("[1, 2].exists(x, [2, 3].exists(x, x == 3))"), "true");
    assert_eq!(run("[[1], [2]].exists(x, 2 in x)"), "true");
}

#[test]
fn too_large_results_are_null() {
    assert_eq!(run("size(pad_left('x', 65536, '.'))"), "65536");
    assert_eq!(run("pad_left('x', 65537, '.')"), "null");
    assert_eq!(run("pad_left('x', 65536, '.') + 'y'"), "null");
    assert_eq!(run("replace(pad_left('x', 65536, '.'), '.', '..')"), "null");
    assert_eq!(run("size(split(pad_left('x', 9999, ','), ','))"), "9999");
    assert_eq!(run("split(pad_left('x', 20000, ','), ',')"), "null");
    assert_eq!(run("join([pad_left('x', 65536, '.'), 'y'], '')"), "null");
}

#[test]
fn an_evaluation_that_would_take_too_many_steps_is_null() {
    let thousand = "split(pad_left('x', 1000, ','), ',')";
    let source = format!("!{thousand}.exists(x, {thousand}.exists(y, y == 'no'))");
    assert_eq!(run(&source), "null");
    let program = compile(&source, &env(), None).unwrap();
    let clock = Clock::new(now());
    super::support::with_frame(&clock, |frame| assert!(!program.holds(frame)));
}

#[test]
fn what_is_read_through_a_link_is_not_copied() {
    let schema = schema();
    let name: muster_model::Text = "Sales".into();
    let rows = vec![
        row(&schema, 1, PERSON, &[("department", Value::Link(EntityId(10)))]),
        row(&schema, 10, DEPARTMENT, &[("name", Value::Text(name.clone()))]),
    ];
    let company = Company::new(rows, &schema);
    let person = crate::World::row(&company, EntityId(1)).unwrap();
    let program = compile("department.name", &env(), None).unwrap();
    let (clock, timezone) = (Clock::new(now()), berlin());
    let bindings = [Binding::Row(person)];
    let frame = Frame { bindings: &bindings, world: &company, clock: &clock, timezone: &timezone };
    let Value::Text(found) = program.eval(&frame) else { panic!("no text") };
    assert!(std::sync::Arc::ptr_eq(&name, &found));
}

#[test]
fn absent_and_missing_bindings_read_as_null() {
    let (clock, timezone) = (Clock::new(now()), berlin());
    for bindings in
        [vec![], vec![Binding::Absent, Binding::Absent], vec![Binding::Value(&Value::Int(1)); 3]]
    {
        let frame = Frame {
            bindings: &bindings,
            world: &crate::EmptyWorld,
            clock: &clock,
            timezone: &timezone,
        };
        for source in [
            "person.department.code",
            "record.emp_no",
            "lower(person.title)",
            "size(person.reports) == 1",
        ] {
            let program = compile(source, &env(), None).unwrap();
            let value = program.eval(&frame);
            assert!(value.is_null() || value == Value::Bool(false), "{source}: {value}");
        }
    }
}

#[test]
fn text_functions_work_as_functions_and_methods() {
    assert_snapshot!(run("person.givenName.lower() + '.' + lower(person.familyName)"), @"'ada.lovelace'");
    assert_snapshot!(run("givenName.substring(0, 1).lower() + familyName.lower().ascii()"), @"'alovelace'");
    assert_snapshot!(run("'a,b'.split(',').join('-')"), @"'a-b'");
}
