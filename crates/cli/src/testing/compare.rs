//! What a test expects against what came out.

use std::collections::BTreeSet;

use muster_model::{SystemId, Text, Value};
use muster_policy::{
    AccountExpectation, AccountRef, DesiredAccount, Evaluation, Expectation, Model, Want,
};

use super::Difference;

/// Everything that is mentioned and not as expected.
pub(super) fn differences(
    model: &Model,
    expected: &Expectation,
    evaluation: &Evaluation,
) -> Vec<Difference> {
    let Expectation { lifecycle, accounts, grants, roles, values, conflicts, decisions: _ } =
        expected;
    let mut found = Vec::new();
    let mut compare = |what: &str, expected: String, got: String| {
        if expected != got {
            found.push(Difference { what: what.to_owned(), expected, got });
        }
    };
    if let Some(state) = lifecycle {
        compare(
            "lifecycle",
            state.to_string(),
            state_name(model, evaluation).unwrap_or("none").to_owned(),
        );
    }
    for (system, account, wanted) in accounts {
        let reference = AccountRef { system: *system, account: *account };
        let desired = evaluation.accounts.iter().find(|desired| desired.account == reference);
        if !is_as_expected(*wanted, desired) {
            compare(
                &account_name(model, reference),
                account_word(*wanted).to_owned(),
                got_word(desired).to_owned(),
            );
        }
    }
    if let Some(grants) = grants {
        let got = evaluation.accounts.iter().flat_map(|desired| {
            desired
                .entitlements
                .iter()
                .map(|(kind, name)| (desired.account.system, *kind, name.clone()))
        });
        let (expected, got) = sets(model, &grants.iter().cloned().collect(), &got.collect());
        compare("grants", expected, got);
    }
    if let Some(roles) = roles {
        let got: BTreeSet<usize> = evaluation.roles.iter().map(|held| held.role).collect();
        let expected: BTreeSet<usize> = roles.iter().copied().collect();
        compare("roles", role_names(model, &expected), role_names(model, &got));
    }
    for (system, account, mapping, wanted) in values {
        let reference = AccountRef { system: *system, account: *account };
        let got = value_of(evaluation, reference, *mapping);
        let text_only = model.systems.get(system.index()).is_some_and(|system| system.text_only);
        if got != *wanted && !(text_only && got.to_wire_text() == wanted.to_wire_text()) {
            let name = mapping_name(model, reference, *mapping);
            compare(&name, wanted.to_string(), got.to_string());
        }
    }
    if let Some(conflicts) = conflicts {
        let expected: BTreeSet<&str> = conflicts.iter().map(|name| &**name).collect();
        let got = conflict_names(model, evaluation);
        compare("conflicts", list(expected), list(got));
    }
    found
}

/// The value of an account attribute as wanted; `Null` where there is none.
fn value_of(evaluation: &Evaluation, account: AccountRef, mapping: usize) -> Value {
    let desired = evaluation.accounts.iter().find(|desired| desired.account == account);
    desired.and_then(|desired| desired.values.get(mapping)).cloned().unwrap_or_default()
}

fn conflict_names<'m>(model: &'m Model, evaluation: &Evaluation) -> BTreeSet<&'m str> {
    let found = evaluation.conflicts.iter();
    found
        .filter_map(|conflict| model.conflicts.get(conflict.conflict))
        .map(|conflict| &*conflict.name)
        .collect()
}

/// The name of the lifecycle state.
pub(super) fn state_name<'m>(model: &'m Model, evaluation: &Evaluation) -> Option<&'m str> {
    let behaviour = model.types.get(evaluation.row.type_id.index())?;
    behaviour.lifecycle.get(evaluation.state?).map(|state| &*state.name)
}

/// An account that is kept as it is and never made counts as disabled (if it is there) and as none (if it is not).
fn is_as_expected(wanted: AccountExpectation, desired: Option<&DesiredAccount>) -> bool {
    let (want, enabled) =
        desired.map_or((Want::Absent, false), |desired| (desired.want, desired.enabled));
    match (wanted, want) {
        (AccountExpectation::Enabled, Want::Present | Want::Retained { .. }) => enabled,
        (AccountExpectation::Disabled, Want::Present | Want::Retained { .. }) => !enabled,
        (AccountExpectation::Enabled | AccountExpectation::Disabled, Want::Absent)
        | (AccountExpectation::None, Want::Present) => false,
        (AccountExpectation::None, Want::Retained { .. } | Want::Absent) => true,
    }
}

fn account_word(wanted: AccountExpectation) -> &'static str {
    match wanted {
        AccountExpectation::Enabled => "enabled",
        AccountExpectation::Disabled => "disabled",
        AccountExpectation::None => "none",
    }
}

fn got_word(desired: Option<&DesiredAccount>) -> &'static str {
    let Some(desired) = desired else { return "none" };
    match (desired.want, desired.enabled) {
        (Want::Present, true) => "enabled",
        (Want::Present, false) => "disabled",
        (Want::Retained { .. }, true) => "none, or enabled if it is there",
        (Want::Retained { .. }, false) => "none, or disabled if it is there",
        (Want::Absent, _) => "none (deleted if it is there)",
    }
}

/// `directory.user`
pub(super) fn account_name(model: &Model, account: AccountRef) -> String {
    let system = model.systems.get(account.system.index());
    let name = system
        .and_then(|system| system.accounts.get(account.account))
        .map(|account| &*account.name);
    format!("{}.{}", system.map_or("?", |system| &*system.name), name.unwrap_or("?"))
}

/// `directory.user.title`
pub(super) fn mapping_name(model: &Model, account: AccountRef, mapping: usize) -> String {
    let system = model.systems.get(account.system.index());
    let found = system
        .and_then(|s| s.accounts.get(account.account))
        .and_then(|account| account.set.get(mapping));
    format!("{}.{}", account_name(model, account), found.map_or("?", |mapping| &*mapping.attribute))
}

type Grants = BTreeSet<(SystemId, usize, Text)>;

/// What both have is left out where the lists are long, so that the difference is seen.
fn sets(model: &Model, expected: &Grants, got: &Grants) -> (String, String) {
    let name = |(system, kind, name): &(SystemId, usize, Text)| {
        let system = model.systems.get(system.index());
        let kind = system
            .and_then(|system| system.entitlements.get(*kind))
            .map_or("?", |kind| &*kind.name);
        format!("{}.{kind}: {name}", system.map_or("?", |system| &*system.name))
    };
    if expected == got {
        return (String::new(), String::new());
    }
    let common = expected.intersection(got).count();
    let shown = |set: &Grants, other: &Grants| {
        if common <= 4 {
            return list(set.iter().map(name));
        }
        let own = list(set.difference(other).map(name));
        format!("{own} and {common} that both have")
    };
    (shown(expected, got), shown(got, expected))
}

fn role_names(model: &Model, roles: &BTreeSet<usize>) -> String {
    list(roles.iter().map(|role| model.roles.get(*role).map_or("?", |role| &*role.name)))
}

fn list(items: impl IntoIterator<Item = impl ToString>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    format!("[{}]", items.join(", "))
}
