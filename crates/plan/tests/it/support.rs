//! `plan(model, facts, observed, at) -> text`: the only function of these tests that knows the API.
//!
//! Observed accounts are lines: `7 dir.user ada enabled mail=a@b tags=[x,y] group:sales since=2026-01-01` is the account
//! `ada` of person 7; instead of `enabled` also `disabled` or `-` where the system has no such notion.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::Timestamp;
use muster_model::{AccountId, EntityId, Text, Value, parse_value};
use muster_plan::{Base, Kind, Observed, Operation, Plan, compare, count_guarded, describe};
use muster_policy::{AccountRef, Evaluator, Model};

use crate::world::{Facts, instant, key, model, words};

/// Accounts by identity.
pub(crate) type Accounts = BTreeMap<EntityId, Vec<Observed>>;

/// Evaluates, compares and prints the operations in the order in which they are done.
pub(crate) fn plan(model_text: &str, facts: &str, observed: &str, at: &str) -> String {
    let evaluator = Evaluator::new(model(model_text));
    let facts = Facts::read(evaluator.model(), facts);
    let accounts = read_accounts(evaluator.model(), &facts, observed);
    let (plan, next) = compute(&evaluator, &facts, &accounts, instant(at));
    let mut out = show(&plan);
    if let Some(at) = next {
        writeln!(out, "next {at}").unwrap();
    }
    out
}

/// The plan, and when an account that is kept disabled is due for deletion.
pub(crate) fn compute(
    evaluator: &Evaluator,
    facts: &Facts,
    accounts: &Accounts,
    now: Timestamp,
) -> (Plan, Option<Timestamp>) {
    let model = evaluator.model();
    let world = facts.world(evaluator, now);
    let mut operations = Vec::new();
    let mut next: Option<Timestamp> = None;
    for row in facts.identities(model) {
        let evaluation = evaluator.evaluate(&facts.identity(row), &world, now);
        let own = accounts.get(&row.id).map_or(&[][..], Vec::as_slice);
        let compared = compare(evaluator, &evaluation, own, &key(model, row), &world, now);
        operations.extend(compared.operations);
        next = next.into_iter().chain(compared.next_change).min();
    }
    (plan_of(model, operations, accounts, &BTreeMap::new(), now), next)
}

/// A plan of these operations with its guards.
pub(crate) fn plan_of(
    model: &Model,
    operations: Vec<Operation>,
    accounts: &Accounts,
    recent: &BTreeMap<(Text, Text), u64>,
    now: Timestamp,
) -> Plan {
    let mut population: BTreeMap<(Text, Text), u64> = BTreeMap::new();
    for observed in accounts.values().flatten() {
        let system = &model.systems[observed.account.system.index()].name;
        let mut add = |kind: &str, n: u64| {
            *population.entry((system.clone(), kind.into())).or_default() += n;
        };
        for kind in ["create", "update", "rename", "delete"] {
            add(kind, 1);
        }
        add("disable", u64::from(observed.enabled != Some(false)));
        add("revoke", observed.entitlements.len() as u64);
    }
    let mut guards = count_guarded(model, &operations, recent);
    for guard in &mut guards {
        guard.population = population.get(&(guard.system.clone(), guard.kind.clone())).copied();
    }
    let base = Base { revision: 1, facts_version: 1, now, systems: Vec::new() };
    Plan::new(base, operations, Vec::new(), guards)
}

/// The operations, one in a line.
pub(crate) fn show(plan: &Plan) -> String {
    let mut out = String::new();
    for operation in &plan.operations {
        let Operation { subject, target, kind, reason, blocked, .. } = operation;
        let blocked = blocked.as_ref().map_or(String::new(), |by| format!(" BLOCKED by {by}"));
        let at = reason.at.as_ref().map_or(String::new(), |at| format!(" {at}"));
        let (symbol, what) = (kind.symbol(), describe(kind));
        let account = format!("{}.{} {}", target.system, target.account_type, target.name);
        writeln!(out, "{symbol} {subject} {account}: {what}  ({}{at}){blocked}", reason.text)
            .unwrap();
        if let Kind::Create { values, .. } = kind {
            for (attribute, value) in values {
                writeln!(out, "    {attribute} = {value}").unwrap();
            }
        }
    }
    for guard in plan.crossed() {
        writeln!(out, "HELD {} {} {}", guard.system, guard.kind, guard.planned).unwrap();
    }
    if out.is_empty() { "nothing to do\n".to_owned() } else { out }
}

/// Reads the lines.
pub(crate) fn read_accounts(model: &Model, facts: &Facts, text: &str) -> Accounts {
    let mut accounts = Accounts::new();
    for (n, line) in (1..).zip(text.lines().map(words).filter(|line| !line.is_empty())) {
        let row = facts.identities(model).find(|row| *key(model, row) == *line[0]);
        let row = row.unwrap_or_else(|| panic!("nobody has the key `{}`", line[0]));
        let account = account_named(model, &line[1]);
        accounts.entry(row.id).or_default().push(observed(
            model,
            AccountId(n),
            account,
            &line[2..],
        ));
    }
    accounts
}

/// The account type written `system.type`.
pub(crate) fn account_named(model: &Model, text: &str) -> AccountRef {
    let (system, account) = text.split_once('.').unwrap();
    let system = model.systems.iter().find(|candidate| *candidate.name == *system).unwrap();
    let account = system.accounts.iter().position(|candidate| *candidate.name == *account);
    AccountRef { system: system.id, account: account.unwrap() }
}

fn observed(model: &Model, id: AccountId, account: AccountRef, words: &[String]) -> Observed {
    let system = &model.systems[account.system.index()];
    let mut observed = Observed {
        id,
        account,
        native_id: format!("#{id}").into(),
        name: words[0].as_str().into(),
        enabled: match words[1].as_str() {
            "enabled" => Some(true),
            "disabled" => Some(false),
            _ => None,
        },
        values: vec![Value::Null; system.accounts[account.account].set.len()],
        entitlements: Vec::new(),
        disabled_since: None,
        last_used: None,
    };
    words[2..].iter().for_each(|word| set(model, &mut observed, word));
    observed
}

/// Sets `attribute=value`, adds `kind:name`, notes `since=instant`.
pub(crate) fn set(model: &Model, observed: &mut Observed, word: &str) {
    let system = &model.systems[observed.account.system.index()];
    if let Some(since) = word.strip_prefix("since=") {
        observed.disabled_since = Some(instant(since));
    } else if let Some((attribute, text)) = word.split_once('=') {
        let set = &system.accounts[observed.account.account].set;
        let at = set.iter().position(|mapping| *mapping.attribute == *attribute);
        let at = at.unwrap_or_else(|| panic!("no attribute `{attribute}`"));
        let read = |text: &str| {
            if system.text_only {
                Value::text(text)
            } else {
                parse_value(text, set[at].value_type).unwrap()
            }
        };
        observed.values[at] = match text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            Some(items) => Value::List(items.split(',').map(read).collect()),
            None if text.is_empty() => Value::Null,
            None => read(text),
        };
    } else if let Some((kind, name)) = word.split_once(':') {
        let kind = system.entitlements.iter().position(|k| *k.name == *kind).unwrap();
        observed.entitlements.push((kind, name.into()));
        observed.entitlements.sort_unstable();
        observed.entitlements.dedup();
    } else {
        panic!("`{word}` is not understood");
    }
}
