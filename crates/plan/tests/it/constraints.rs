//! What comes before what, across systems.

use muster_model::EntityId;
use muster_plan::{Kind, Operation, OperationReason, Target, constraints};

use crate::world::model;

const MODEL: &str = r"
muster: 1
types: { person: { identity: true, key: id, attributes: { id: { type: string, unique: true } } } }
systems:
  dir:
    connector: plain
    accounts: { user: { name: person.id, set: {} } }
    entitlements: { group: { members: member } }
  shop:
    connector: plain
    after: [dir]
    accounts: { user: { name: person.id, set: {} } }
    entitlements: { group: { members: member } }
duties: { pay: [dir.group: pay], check: [shop.group: check] }
conflicts: { four-eyes: { between: [pay, check], on: block } }
";

fn operation(identity: i64, system: &str, kind: Kind) -> Operation {
    Operation {
        identity: EntityId(identity),
        subject: identity.to_string().into(),
        target: Target {
            system: system.into(),
            account_type: "user".into(),
            account: None,
            native_id: "".into(),
            name: identity.to_string().into(),
        },
        kind,
        reason: OperationReason { text: "test".into(), at: None },
        blocked: None,
    }
}

const CREATE: Kind = Kind::Create { values: Vec::new(), enabled: true };

fn grant(name: &str) -> Kind {
    Kind::Grant { entitlement: "group".into(), name: name.into() }
}

fn revoke(name: &str) -> Kind {
    Kind::Revoke { entitlement: "group".into(), name: name.into() }
}

#[test]
fn accounts_of_one_person_are_made_in_order_and_deleted_in_reverse() {
    let operations = [
        operation(1, "shop", CREATE),
        operation(2, "dir", CREATE),
        operation(1, "dir", CREATE),
        operation(3, "dir", Kind::Delete),
        operation(3, "shop", Kind::Delete),
        operation(4, "shop", CREATE),
        operation(4, "dir", Kind::Disable),
    ];
    let after = constraints(&model(MODEL), &operations);
    assert_eq!(after, [vec![2], vec![], vec![], vec![4], vec![], vec![], vec![]]);
}

#[test]
fn a_grant_comes_after_what_it_conflicts_with_is_taken() {
    let operations = [
        operation(1, "shop", grant("check")),
        operation(1, "dir", revoke("pay")),
        operation(1, "shop", grant("other")),
        operation(2, "dir", revoke("pay")),
        operation(1, "dir", revoke("other")),
    ];
    let after = constraints(&model(MODEL), &operations);
    assert_eq!(after, [vec![1], vec![], vec![], vec![], vec![]]);
}
