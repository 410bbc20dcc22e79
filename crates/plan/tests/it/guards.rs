//! Guards: a count and a share, over what was done within a day.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use muster_model::{EntityId, Text};
use muster_plan::{Kind, Operation, OperationReason, Target, count_guarded};

use crate::world::model;

const MODEL: &str = r"
muster: 1
types: { person: { identity: true, key: id, attributes: { id: { type: string, unique: true } } } }
systems:
  dir:
    connector: plain
    accounts: { user: { name: person.id, set: {} } }
    guards: { disable: { max: 3, percent: 10 }, create: { max: 1, percent: 0 } }
  shop:
    connector: plain
    accounts: { user: { name: person.id, set: {} } }
";

const CREATE: Kind = Kind::Create { values: Vec::new(), enabled: true };

fn operations(system: &str, kind: &Kind, n: i64) -> Vec<Operation> {
    let one = |i| Operation {
        identity: EntityId(i),
        subject: i.to_string().into(),
        target: Target {
            system: system.into(),
            account_type: "user".into(),
            account: None,
            native_id: "".into(),
            name: i.to_string().into(),
        },
        kind: kind.clone(),
        reason: OperationReason { text: "test".into(), at: None },
        blocked: None,
    };
    (0..n).map(one).collect()
}

/// What the guards say of `n` operations, after `recent` ones, with `there` to compare with.
fn held(system: &str, kind: &Kind, n: i64, recent: u64, there: u64) -> bool {
    let key: (Text, Text) = (system.into(), kind.name().into());
    let recent = BTreeMap::from([(key, recent)]);
    let mut checks = count_guarded(&model(MODEL), &operations(system, kind, n), &recent);
    checks.iter_mut().any(|check| {
        let maybe = check.needs_population();
        check.population = Some(there);
        assert!(maybe || !check.is_crossed(), "the population is wanted where it matters");
        check.is_crossed()
    })
}

#[test]
fn a_count_up_to_the_maximum_is_never_held() {
    assert!(!held("dir", &Kind::Disable, 3, 0, 3));
    assert!(held("dir", &Kind::Disable, 4, 0, 3));
}

#[test]
fn a_count_up_to_the_share_is_never_held() {
    assert!(!held("dir", &Kind::Disable, 100, 0, 1000));
    assert!(held("dir", &Kind::Disable, 101, 0, 1000));
}

#[test]
fn what_was_done_within_a_day_counts_too() {
    assert!(held("dir", &Kind::Disable, 1, 3, 10));
    assert!(held("dir", &Kind::Disable, 1, 100, 1000));
    assert!(!held("dir", &Kind::Disable, 1, 99, 1000));
}

#[test]
fn what_was_done_within_a_day_holds_nothing_that_does_no_more() {
    assert!(!held("dir", &Kind::Disable, 0, 500, 1000));
    assert!(!held("dir", &Kind::Enable, 500, 500, 1000));
}

#[test]
fn each_system_has_limits_of_its_own_and_the_usual_ones_where_nothing_is_written() {
    assert!(!held("shop", &Kind::Disable, 5, 0, 10));
    assert!(held("shop", &Kind::Disable, 6, 0, 10));
    assert!(!held("shop", &CREATE, 500, 0, 10));
    assert!(held("dir", &CREATE, 2, 0, 0));
}

#[test]
fn what_a_conflict_blocks_does_not_count() {
    let mut operations = operations("dir", &Kind::Disable, 9);
    for operation in &mut operations {
        operation.blocked = Some("four-eyes".into());
    }
    assert_eq!(count_guarded(&model(MODEL), &operations, &BTreeMap::new()), []);
}

#[test]
fn guards_come_in_order_of_system_and_kind() {
    let mut all = operations("shop", &Kind::Delete, 1);
    all.extend(operations("shop", &Kind::Disable, 2));
    all.extend(operations("dir", &Kind::Disable, 3));
    all.extend(operations("dir", &Kind::Update { changes: Vec::new() }, 3));
    let checks = count_guarded(&model(MODEL), &all, &BTreeMap::new());
    let lines: Vec<String> = checks
        .iter()
        .map(|check| format!("{} {} {}", check.system, check.kind, check.planned))
        .collect();
    assert_snapshot!(lines.join("\n"), @r"
    dir disable 3
    shop delete 1
    shop disable 2
    ");
}
