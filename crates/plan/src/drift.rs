//! Drift among the operations of one identity: what is planned all the same, what repairs, what waits for somebody.
//!
//! A difference is drift when somebody made it outside and the account is wanted as it was before. What facts or the
//! model ask for since is planned, whoever changed the account in between.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_model::{AccountId, DriftId, Text, Value, name_key};
use muster_policy::{AccountRef, Evaluation, Evaluator, Mode, System, Want};

use crate::{Compared, Kind, Operation};

/// An item of an account that somebody changed outside, and what was decided about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Which one.
    pub id: DriftId,
    /// The account type.
    pub account: AccountRef,
    /// The account; one that is gone has none to compare with.
    pub on: AccountId,
    /// What was changed.
    pub what: Drifted,
    /// When it was seen.
    pub seen_at: Timestamp,
    /// What was decided.
    pub verdict: Verdict,
}

/// What of an account was changed outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drifted {
    /// The value of an attribute.
    Attribute {
        /// Which one.
        name: Text,
        /// Its value before.
        before: Value,
    },
    /// An entitlement was given or taken.
    Entitlement {
        /// The kind of entitlement.
        kind: Text,
        /// Which one.
        name: Text,
        /// True when it was held before, and so was taken.
        held: bool,
    },
    /// It was enabled or disabled.
    Enabled {
        /// Whether it could be used before.
        before: bool,
    },
    /// It was renamed.
    Name {
        /// Its name before.
        before: Text,
    },
    /// It was deleted.
    Gone,
    /// It was made.
    Appeared,
}

/// What was decided about drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet.
    Undecided,
    /// It is put right.
    Revert,
    /// It may stay until then; `None` for good.
    Accept(Option<Timestamp>),
}

/// What became of the drift of one identity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DriftSorted {
    /// Operations that would put drift right and are not planned: nobody has decided, or it may stay.
    pub held: Vec<Operation>,
    /// Drift that no difference is left of: the account is as wanted in this.
    pub over: Vec<DriftId>,
}

struct Sorter<'a> {
    evaluator: &'a Evaluator,
    evaluation: &'a Evaluation,
    drift: &'a [Drift],
    now: Timestamp,
    /// Accounts that are being shut down for a reason other than drift: nothing on them is held.
    shut: BTreeSet<AccountId>,
}

/// What is to be done about an operation, or a part of it, that drift is the cause of.
#[derive(Clone)]
enum Course {
    /// It is not drift.
    Plan,
    /// It is drift and is put right; the words say why.
    Repair(String),
    /// It is drift and stays for now; the words say why.
    Hold(String),
}

/// Takes what waits for a decision out of `compared`, and says of repairs that they are.
///
/// `drift` is all open drift of the identity. On systems that are only observed nothing is taken out.
pub fn sort_out_drift(
    evaluator: &Evaluator,
    evaluation: &Evaluation,
    drift: &[Drift],
    now: Timestamp,
    compared: &mut Compared,
) -> DriftSorted {
    let mut sorted = DriftSorted::default();
    if drift.is_empty() {
        return sorted;
    }
    let is_over = |one: &&Drift| {
        !compared.operations.iter().any(|operation| touches(evaluator, one, operation))
    };
    sorted.over = drift.iter().filter(is_over).map(|one| one.id).collect();
    let mut sorter = Sorter { evaluator, evaluation, drift, now, shut: BTreeSet::new() };
    sorter.shut = sorter.shut_down(&compared.operations);
    for operation in std::mem::take(&mut compared.operations) {
        let (planned, held) = sorter.sort(operation);
        compared.operations.extend(planned);
        sorted.held.extend(held);
    }
    keep_names(&sorted.held, &mut compared.operations);
    let ends = drift.iter().filter_map(|one| match one.verdict {
        Verdict::Accept(until) => until.filter(|until| *until > now),
        Verdict::Undecided | Verdict::Revert => None,
    });
    compared.next_change = compared.next_change.into_iter().chain(ends).min();
    sorted
}

impl Sorter<'_> {
    fn sort(&self, operation: Operation) -> (Option<Operation>, Option<Operation>) {
        let Kind::Update { changes } = &operation.kind else {
            return match self.course(&operation, None) {
                Course::Plan => (Some(operation), None),
                Course::Repair(why) => (Some(because(operation, why)), None),
                Course::Hold(why) => (None, Some(because(operation, why))),
            };
        };
        let (mut planned, mut held) = (Vec::new(), Vec::new());
        let (mut repairs, mut holds) = (BTreeSet::new(), BTreeSet::new());
        let mut all_drift = true;
        for change in changes {
            match self.course(&operation, Some((&change.attribute, &change.new))) {
                Course::Plan => {
                    all_drift = false;
                    planned.push(change.clone());
                }
                Course::Repair(why) => {
                    repairs.insert(why);
                    planned.push(change.clone());
                }
                Course::Hold(why) => {
                    holds.insert(why);
                    held.push(change.clone());
                }
            }
        }
        let part = |changes, words: BTreeSet<String>| {
            let part = Operation { kind: Kind::Update { changes }, ..operation.clone() };
            let words: Vec<String> = words.into_iter().collect();
            if words.is_empty() { part } else { because(part, words.join("; ")) }
        };
        let words = if all_drift { repairs } else { BTreeSet::new() };
        let planned = (!planned.is_empty()).then(|| part(planned, words));
        (planned, (!held.is_empty()).then(|| part(held, holds)))
    }

    /// What is to be done about an operation; for an update about one of its changes.
    fn course(&self, operation: &Operation, change: Option<(&Text, &Value)>) -> Course {
        if operation.target.account.is_some_and(|account| self.shut.contains(&account)) {
            return Course::Plan;
        }
        let cause = self.drift.iter().find(|one| {
            touches(self.evaluator, one, operation) && self.restores(one, operation, change)
        });
        let Some(cause) = cause else { return Course::Plan };
        let Some(system) = system_of(self.evaluator, cause) else { return Course::Plan };
        let what = words(cause);
        match (cause.verdict, system.mode) {
            (Verdict::Accept(until), _) if until.is_none_or(|until| until > self.now) => {
                Course::Hold(match until {
                    Some(until) => format!("drift: {what}, accepted until {until}"),
                    None => format!("drift: {what}, accepted"),
                })
            }
            (Verdict::Accept(_), _) => Course::Repair(format!("drift: {what}, no longer accepted")),
            (Verdict::Revert, _) => Course::Repair(format!("drift: {what}, to be reverted")),
            (Verdict::Undecided, Mode::Enforce) => Course::Repair(format!("drift: {what}")),
            (Verdict::Undecided, Mode::Propose) => {
                Course::Hold(format!("drift: {what}, nobody has decided"))
            }
            (Verdict::Undecided, Mode::Observe) => Course::Plan,
        }
    }

    /// Whether the operation brings back what was before, so that nothing but the drift is its cause.
    fn restores(
        &self,
        drift: &Drift,
        operation: &Operation,
        change: Option<(&Text, &Value)>,
    ) -> bool {
        let want = self.want(drift.account);
        if want != Some(Want::Present) && self.evaluation.state_since > drift.seen_at {
            return false;
        }
        match &drift.what {
            Drifted::Attribute { name, before } => {
                change.is_some_and(|(attribute, new)| attribute == name && same(before, new))
            }
            Drifted::Entitlement { held, .. } => {
                matches!(operation.kind, Kind::Grant { .. }) == *held
            }
            Drifted::Enabled { before } => matches!(operation.kind, Kind::Enable) == *before,
            Drifted::Name { before } => {
                let names = system_of(self.evaluator, drift).map(|system| system.names);
                matches!((&operation.kind, names), (Kind::Rename { to }, Some(rule))
                    if name_key(rule, to) == name_key(rule, before))
            }
            // Somebody who should have the account has it now; only what it holds beyond that is drift.
            Drifted::Appeared if want == Some(Want::Present) => {
                matches!(operation.kind, Kind::Revoke { .. })
            }
            Drifted::Gone | Drifted::Appeared => true,
        }
    }

    fn want(&self, account: AccountRef) -> Option<Want> {
        let desired = self.evaluation.accounts.iter().find(|desired| desired.account == account);
        desired.map(|desired| desired.want)
    }

    /// Accounts that are disabled or deleted now for a reason other than drift.
    fn shut_down(&self, operations: &[Operation]) -> BTreeSet<AccountId> {
        let ends = |operation: &&Operation| {
            matches!(operation.kind, Kind::Disable | Kind::Delete)
                && !self.drift.iter().any(|one| {
                    touches(self.evaluator, one, operation) && self.restores(one, operation, None)
                })
        };
        operations.iter().filter(ends).filter_map(|operation| operation.target.account).collect()
    }
}

fn system_of<'e>(evaluator: &'e Evaluator, drift: &Drift) -> Option<&'e System> {
    evaluator.model().systems.get(drift.account.system.index())
}

/// Whether the operation is about the item that drifted.
fn touches(evaluator: &Evaluator, drift: &Drift, operation: &Operation) -> bool {
    let Some(system) = system_of(evaluator, drift) else { return false };
    let Some(account_type) = system.accounts.get(drift.account.account) else { return false };
    let target = &operation.target;
    if target.system != system.name || target.account_type != account_type.name {
        return false;
    }
    if drift.what == Drifted::Gone {
        return target.account.is_none();
    }
    if target.account != Some(drift.on) {
        return false;
    }
    match (&drift.what, &operation.kind) {
        (Drifted::Attribute { name, .. }, Kind::Update { changes }) => {
            changes.iter().any(|change| change.attribute == *name)
        }
        (
            Drifted::Entitlement { kind, name, .. },
            Kind::Grant { entitlement, name: of } | Kind::Revoke { entitlement, name: of },
        ) => kind == entitlement && name == of,
        (Drifted::Enabled { .. }, Kind::Enable | Kind::Disable)
        | (Drifted::Name { .. }, Kind::Rename { .. })
        | (Drifted::Appeared, Kind::Revoke { .. } | Kind::Disable | Kind::Delete) => true,
        (
            Drifted::Attribute { .. }
            | Drifted::Entitlement { .. }
            | Drifted::Enabled { .. }
            | Drifted::Name { .. }
            | Drifted::Gone
            | Drifted::Appeared,
            _,
        ) => false,
    }
}

/// What happened, in a few words that are the same for everything that happened alike.
fn words(drift: &Drift) -> String {
    match &drift.what {
        Drifted::Attribute { name, .. } => format!("`{name}` was changed outside"),
        Drifted::Entitlement { kind, name, held: false } => {
            format!("{kind} `{name}` was given outside")
        }
        Drifted::Entitlement { kind, name, held: true } => {
            format!("{kind} `{name}` was taken outside")
        }
        Drifted::Enabled { before: true } => "disabled outside".to_owned(),
        Drifted::Enabled { before: false } => "enabled outside".to_owned(),
        Drifted::Name { .. } => "renamed outside".to_owned(),
        Drifted::Gone => "deleted outside".to_owned(),
        Drifted::Appeared => "made outside".to_owned(),
    }
}

/// Equal as sets: one value and a list of one are the same.
fn same(a: &Value, b: &Value) -> bool {
    Value::set(a.items().to_vec()) == Value::set(b.items().to_vec())
}

fn because(mut operation: Operation, why: String) -> Operation {
    operation.reason.text = why.into();
    operation
}

/// What follows a renaming that is held works on the account under its present name.
fn keep_names(held: &[Operation], planned: &mut [Operation]) {
    for renaming in held {
        let Kind::Rename { to } = &renaming.kind else { continue };
        for operation in planned.iter_mut() {
            let target = &mut operation.target;
            if target.account == renaming.target.account && target.name == *to {
                target.name = renaming.target.name.clone();
            }
        }
    }
}
