//! What holds for every model, all facts, every observed state and every instant.

use jiff::Timestamp;
use muster_model::{AccountId, EntityId, Location, Text, Value};
use muster_plan::{
    AttributeChange, Kind, Observed, Operation, OperationReason, Plan, Target, decode_operation,
    encode_operation,
};
use muster_policy::{AccountRef, Evaluator, Want};

use proptest::{
    collection::vec,
    option,
    prelude::any,
    prop_assert, prop_assert_eq, prop_oneof, proptest,
    strategy::{Just, Strategy as _},
    test_runner::Config as ProptestConfig,
};

use crate::{
    random::{Choices, assignments_text, facts_text, model_text, time},
    simulate::apply,
    support::{Accounts, compute},
    world::{Facts, instant, model},
};

/// A random case: the model, the facts, accounts that fit them in nothing, the time.
fn case(choices: &mut Choices<'_>) -> (Evaluator, Facts, Accounts, Timestamp) {
    let evaluator = Evaluator::new(model(&model_text(choices)));
    let mut facts = facts_text(choices);
    facts.push_str(&assignments_text(choices, evaluator.model().roles.len()));
    let facts = Facts::read(evaluator.model(), &facts);
    let now = instant(time(choices));
    let accounts = observed(choices, &evaluator, &facts);
    (evaluator, facts, accounts, now)
}

fn observed(choices: &mut Choices<'_>, evaluator: &Evaluator, facts: &Facts) -> Accounts {
    let mut accounts = Accounts::new();
    let mut id = 0;
    for row in facts.identities(evaluator.model()) {
        for system in &evaluator.model().systems {
            if choices.once_in(2) {
                continue;
            }
            id += 1;
            let enabled = choices.once_in(2);
            let text = ["x", "y", "1", "2026-03-29", ""];
            let mut value = || Value::text(choices.pick(&text));
            let values = system.accounts[0].set.iter().map(|mapping| {
                if mapping.many { Value::List([value(), value()].into()) } else { value() }
            });
            let values = values.collect();
            let mut entitlements: Vec<(usize, Text)> = (0..choices.below(4))
                .map(|_| (0, choices.pick(&["g1", "g2", "r1", "r2", "t-T1", "other"]).into()))
                .collect();
            entitlements.sort_unstable();
            entitlements.dedup();
            accounts.entry(row.id).or_default().push(Observed {
                id: AccountId(id),
                account: AccountRef { system: system.id, account: 0 },
                native_id: format!("#{id}").into(),
                name: choices
                    .pick(&["p1", "p2", "uid=x,ou=people,dc=x", "UID=X, ou=people,dc=x"])
                    .into(),
                enabled: Some(enabled),
                values,
                entitlements,
                disabled_since: (!enabled).then(|| instant(time(choices))),
                last_used: None,
            });
        }
    }
    accounts
}

fn operation() -> impl proptest::strategy::Strategy<Value = Operation> {
    let text = || "\\PC{0,12}".prop_map(Text::from);
    let scalar = || {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<f64>().prop_map(Value::Float),
            "\\PC{0,12}".prop_map(|t| Value::text(t.as_str())),
            vec(any::<u8>(), 0..9).prop_map(|bytes| Value::Binary(bytes.into())),
            any::<[u8; 16]>().prop_map(Value::Uuid),
            any::<i64>().prop_map(|id| Value::Link(EntityId(id))),
            Just(Value::Date(jiff::civil::date(2026, 2, 28))),
            (-9_999_999_999_i64..9_999_999_999, 0..1_000_000_000_i32).prop_map(
                |(s, ns): (i64, i32)| {
                    Value::DateTime(Timestamp::new(s, if s < 0 { -ns } else { ns }).unwrap())
                }
            ),
        ]
    };
    let value = move || {
        prop_oneof![scalar(), vec(scalar(), 0..4).prop_map(|items| Value::List(items.into()))]
    };
    let kind = prop_oneof![
        (vec((text(), value()), 0..4), any::<bool>())
            .prop_map(|(values, enabled)| Kind::Create { values, enabled }),
        vec((text(), value(), value()), 0..4).prop_map(|changes| Kind::Update {
            changes: changes
                .into_iter()
                .map(|(attribute, old, new)| AttributeChange { attribute, old, new })
                .collect(),
        }),
        text().prop_map(|to| Kind::Rename { to }),
        Just(Kind::Enable),
        Just(Kind::Disable),
        Just(Kind::Delete),
        (text(), text()).prop_map(|(entitlement, name)| Kind::Grant { entitlement, name }),
        (text(), text()).prop_map(|(entitlement, name)| Kind::Revoke { entitlement, name }),
    ];
    let target = (text(), text(), option::of(any::<i64>()), text(), text());
    let at = option::of((text(), any::<u32>(), any::<u32>()));
    (any::<i64>(), text(), target, kind, text(), at, option::of(text())).prop_map(
        |(identity, subject, target, kind, reason, at, blocked)| {
            let (system, account_type, account, native_id, name) = target;
            let account = account.map(AccountId);
            Operation {
                identity: EntityId(identity),
                subject,
                target: Target { system, account_type, account, native_id, name },
                kind,
                reason: OperationReason {
                    text: reason,
                    at: at.map(|(file, line, column)| Location { file, line, column }),
                },
                blocked,
            }
        },
    )
}

fn done(plan: &Plan) -> Vec<&Operation> {
    plan.to_do().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn after_a_plan_is_done_nothing_is_left_to_do(bytes in vec(any::<u8>(), 0..400)) {
        let (evaluator, facts, mut accounts, now) = case(&mut Choices(bytes.iter()));
        let (plan, _) = compute(&evaluator, &facts, &accounts, now);
        apply(evaluator.model(), &mut accounts, &plan, now);
        let (rest, _) = compute(&evaluator, &facts, &accounts, now);
        prop_assert_eq!(done(&rest), Vec::<&Operation>::new());
    }

    #[test]
    fn what_is_there_after_a_plan_is_what_was_wanted(bytes in vec(any::<u8>(), 0..400)) {
        let (evaluator, facts, mut accounts, now) = case(&mut Choices(bytes.iter()));
        let before = accounts.clone();
        let (plan, _) = compute(&evaluator, &facts, &accounts, now);
        apply(evaluator.model(), &mut accounts, &plan, now);
        let blocked = |id: EntityId| plan.operations.iter().any(|o| o.identity == id && o.blocked.is_some());
        for row in facts.identities(evaluator.model()) {
            for desired in facts.evaluate(&evaluator, row, now).accounts {
                let of = |accounts: &Accounts| {
                    accounts.get(&row.id).and_then(|own| own.iter().find(|o| o.account == desired.account)).cloned()
                };
                let (was, is) = (of(&before), of(&accounts));
                match desired.want {
                    Want::Absent => prop_assert_eq!(is, None),
                    Want::Retained { keep_entitlements, .. } => {
                        prop_assert!(was.is_some() || is.is_none(), "it was created");
                        let Some(is) = is else { continue };
                        prop_assert_eq!(is.enabled, Some(desired.enabled));
                        let was = was.unwrap();
                        prop_assert_eq!((is.name, is.values), (was.name, was.values), "it was changed");
                        let kept = if keep_entitlements { was.entitlements } else { Vec::new() };
                        prop_assert_eq!(is.entitlements, kept);
                    }
                    Want::Present => {
                        let Some(is) = is else {
                            prop_assert_eq!(&desired.name, &None);
                            continue;
                        };
                        prop_assert_eq!(is.enabled, Some(desired.enabled));
                        if !blocked(row.id) {
                            prop_assert_eq!(&is.entitlements, &desired.entitlements);
                        }
                        let system = &evaluator.model().systems[desired.account.system.index()];
                        let wire = |value: &Value| if system.text_only { value.to_wire_text() } else { value.clone() };
                        let set = &system.accounts[desired.account.account].set;
                        for (at, mapping) in set.iter().enumerate() {
                            let expected = if mapping.on_create && let Some(was) = &was {
                                was.values[at].clone()
                            } else {
                                wire(&desired.values[at])
                            };
                            let mut found: Vec<Value> = wire(&is.values[at]).items().to_vec();
                            found.sort();
                            found.dedup();
                            let mut wanted: Vec<Value> = wire(&expected).items().to_vec();
                            wanted.sort();
                            wanted.dedup();
                            prop_assert_eq!(found, wanted, "{}", mapping.attribute);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_order_of_what_goes_in_changes_no_byte(bytes in vec(any::<u8>(), 0..400)) {
        let (evaluator, facts, mut accounts, now) = case(&mut Choices(bytes.iter()));
        let (plan, _) = compute(&evaluator, &facts, &accounts, now);
        for own in accounts.values_mut() {
            own.reverse();
        }
        let (again, _) = compute(&evaluator, &facts, &accounts, now);
        prop_assert_eq!(plan.hash(), again.hash());
        let mut turned = plan.operations.clone();
        turned.reverse();
        let turned = Plan::new(plan.base.clone(), turned, Vec::new(), plan.guards.clone());
        prop_assert_eq!(&plan.operations, &turned.operations);
        prop_assert_eq!(plan.hash(), turned.hash());
    }

    #[test]
    fn nobody_comes_to_hold_what_a_conflict_blocks(bytes in vec(any::<u8>(), 0..400)) {
        let (evaluator, facts, mut accounts, now) = case(&mut Choices(bytes.iter()));
        let model = evaluator.model();
        let both = |accounts: &Accounts, id: EntityId| {
            let holds = |duty: &muster_policy::Duty| duty.entitlements.iter().any(|(system, kind, name)| {
                accounts.get(&id).is_some_and(|own| own.iter().any(|observed| {
                    observed.account.system == *system && observed.entitlements.contains(&(*kind, name.clone()))
                }))
            });
            let hard = model.conflicts.iter().find(|conflict| conflict.blocks()).unwrap();
            hard.between.iter().all(|duty| holds(&model.duties[*duty]))
        };
        let before = accounts.clone();
        let (plan, _) = compute(&evaluator, &facts, &accounts, now);
        apply(model, &mut accounts, &plan, now);
        for row in facts.identities(model) {
            prop_assert!(!both(&accounts, row.id) || both(&before, row.id));
        }
    }

    #[test]
    fn an_operation_is_kept_without_loss(operation in operation()) {
        prop_assert_eq!(decode_operation(&encode_operation(&operation)), Ok(operation));
    }
}
