//! How operations are kept, hashed and printed.

use insta::assert_snapshot;
use jiff::Timestamp;
use muster_model::{AccountId, EntityId, Value};
use muster_plan::{
    AttributeChange, Base, Grouping, Kind, Operation, OperationReason, Plan, SystemRead, Target,
    TextOptions, decode_operation, encode_operation, plan_json, plan_markdown, plan_text,
};

fn operation(subject: &str, kind: Kind) -> Operation {
    Operation {
        identity: EntityId(7),
        subject: subject.into(),
        target: Target {
            system: "dir".into(),
            account_type: "user".into(),
            account: Some(AccountId(1)),
            native_id: "n1".into(),
            name: "uid=ada".into(),
        },
        kind,
        reason: OperationReason { text: "no role grants it".into(), at: None },
        blocked: None,
    }
}

fn grant(name: &str) -> Kind {
    Kind::Grant { entitlement: "group".into(), name: name.into() }
}

fn plan(operations: Vec<Operation>) -> Plan {
    let systems = vec![
        SystemRead { system: "dir".into(), at: Some(Timestamp::UNIX_EPOCH), complete: true },
        SystemRead { system: "shop".into(), at: None, complete: false },
    ];
    let base = Base { revision: 3, facts_version: 9, now: Timestamp::UNIX_EPOCH, systems };
    Plan::new(base, operations, Vec::new(), Vec::new())
}

const OPTIONS: TextOptions = TextOptions { grouping: Grouping::Rule, per_group: 2 };

#[test]
fn no_value_of_a_system_can_write_to_the_terminal_or_break_a_table() {
    let evil = "x\u{1b}[2J\nrm|<b>";
    let change = |old: &str| AttributeChange {
        attribute: "cn".into(),
        old: Value::text(old),
        new: Value::Null,
    };
    let plan = plan(vec![
        operation(evil, Kind::Delete),
        operation("a", grant(evil)),
        operation("b", Kind::Revoke { entitlement: "group".into(), name: evil.into() }),
        operation("c", Kind::Rename { to: evil.into() }),
        operation("d", Kind::Update { changes: vec![change(evil)] }),
    ]);
    for grouping in [Grouping::Rule, Grouping::Person, Grouping::System] {
        let options = TextOptions { grouping, per_group: 9 };
        let text = plan_text(&plan, "p", options);
        assert!(!text.contains('\u{1b}'), "{text:?}");
        let markdown = plan_markdown(&plan, "p", options);
        assert!(!markdown.contains('\u{1b}') && !markdown.contains("<b>"), "{markdown:?}");
        let rows = markdown.lines().filter(|line| line.starts_with("| ")).count();
        let headings = markdown.matches("| | who |").count();
        assert_eq!(rows - headings, 5, "{markdown}");
    }
}

#[test]
fn a_plan_reads_by_rule_with_what_takes_access_first_and_says_what_is_left_out() {
    let mut operations: Vec<Operation> =
        ["a", "b", "c"].into_iter().map(|who| operation(who, grant("g"))).collect();
    operations.push(operation("d", Kind::Disable));
    operations[0].blocked = Some("four-eyes".into());
    assert_snapshot!(plan_text(&plan(operations), "0a1b2c3d", OPTIONS), @r"
    Plan 0a1b2c3d  base: revision 3, oldest read 1970-01-01 00:00:00Z (dir); never read: shop

      no role grants it  1 identity
      - d                    dir          disable account

      no role grants it  1 identity
      + a                    dir          grant group g   BLOCKED by conflict `four-eyes`
      + b                    dir          grant group g
        … 1 more

      1 not shown: muster plan --all | --by person | --by system

    Changes: 3   + 2 create/enable/grant   ~ 0 update   - 1 revoke/disable/delete   1 blocked
    ");
}

#[test]
fn a_plan_without_operations_says_so() {
    assert_snapshot!(plan_text(&plan(Vec::new()), "0a1b2c3d", OPTIONS), @r"
    Plan 0a1b2c3d  base: revision 3, oldest read 1970-01-01 00:00:00Z (dir); never read: shop

    Nothing to do: every system is as the model says.

    Changes: 0   + 0 create/enable/grant   ~ 0 update   - 0 revoke/disable/delete
    ");
}

#[test]
fn a_plan_in_json_has_stable_keys_and_typed_values() {
    let changes = vec![AttributeChange {
        attribute: "level".into(),
        old: Value::Int(3),
        new: Value::Bool(true),
    }];
    let plan = plan(vec![operation("ada", Kind::Update { changes })]);
    assert_snapshot!(format!("{:#}", plan_json(&plan, "0a1b2c3d")), @r#"
    {
      "at": "1970-01-01T00:00:00Z",
      "drift": [],
      "facts_version": 9,
      "format": 1,
      "guards": [],
      "hash": "683154600a78c3c0f9b546c12ede3c4c719c68349bed0eea27780ab5808c8656",
      "held": false,
      "observed_only": [],
      "operations": [
        {
          "account": "uid=ada",
          "account_type": "user",
          "blocked": null,
          "changes": [
            {
              "attribute": "level",
              "new": true,
              "old": 3
            }
          ],
          "identity": 7,
          "kind": "update",
          "reason": "no role grants it",
          "rule": null,
          "subject": "ada",
          "system": "dir"
        }
      ],
      "plan": "0a1b2c3d",
      "revision": 3,
      "systems": [
        {
          "complete": true,
          "read_at": "1970-01-01T00:00:00Z",
          "system": "dir"
        },
        {
          "complete": false,
          "read_at": null,
          "system": "shop"
        }
      ],
      "waiting": []
    }
    "#);
}

#[test]
fn the_hash_covers_revision_facts_and_every_operation_in_order() {
    let both = || vec![operation("a", grant("g")), operation("b", Kind::Disable)];
    let base = plan(both());
    let mut turned = both();
    turned.reverse();
    assert_eq!(base.hash(), plan(turned).hash());
    assert_ne!(base.hash(), plan(both().split_off(1)).hash());
    let mut other = plan(both());
    other.base.revision = 4;
    assert_ne!(base.hash(), other.hash());
    let mut other = plan(both());
    other.base.facts_version = 8;
    assert_ne!(base.hash(), other.hash());
    let mut other = both();
    other[0].target.native_id = "n2".into();
    assert_ne!(base.hash(), plan(other).hash());
    assert_eq!(base.hash().len(), 64);
}

#[test]
fn bytes_that_are_no_operation_are_refused_and_never_a_panic() {
    let bytes = encode_operation(&operation("ada", grant("g")));
    for end in 0..bytes.len() {
        assert!(decode_operation(&bytes[..end]).is_err(), "{end} of {} bytes", bytes.len());
    }
    for at in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            let mut broken = bytes.clone();
            broken[at] ^= flip;
            // Anything may come out, but something does.
            drop(decode_operation(&broken));
        }
    }
}
