//! Who left and can still use something: the one definition, for lists, alarms and reports.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_model::{EntityId, Text, TypeId};
use muster_policy::{AccountRef, Evaluation};
use muster_store::{Number, ReadTx};

use crate::{Error, IdentityFacts, Opened, simulate::evaluate_these};

/// Identities whose accounts are looked at together.
const BATCH: usize = 1000;

/// Somebody who left and can still use an account that nothing wants them to use.
#[derive(Debug)]
pub struct Active {
    /// Who.
    pub facts: IdentityFacts,
    /// As they are now.
    pub evaluation: Evaluation,
    /// The systems with such an account: number and name.
    pub systems: BTreeMap<Number, Text>,
}

/// The lifecycle states, by position, of those who left: the one in which everything ends, and those in which some account is
/// out of use and holds nothing. Whoever is suspended did not leave.
pub fn leaving_states(opened: &Opened, type_id: TypeId) -> Vec<usize> {
    let Some(behaviour) = opened.model.types.get(type_id.index()) else { return Vec::new() };
    let systems = opened.model.systems.iter();
    let accounts: Vec<_> = systems
        .flat_map(|system| &system.accounts)
        .filter(|account| account.identity == type_id)
        .collect();
    let ends_something = |state: usize| {
        accounts.iter().any(|account| {
            let effect = account.states.get(state).copied().flatten();
            effect.is_some_and(|effect| {
                !effect.enabled && !effect.entitlements && effect.prepare.is_none()
            })
        })
    };
    let is_left = |state: &usize| {
        Some(*state) != behaviour.suspended
            && (Some(*state) == behaviour.terminated || ends_something(*state))
    };
    (0..behaviour.lifecycle.len()).filter(is_left).collect()
}

/// Whether whoever is in a state, by position, left.
pub fn is_leaving_state(opened: &Opened, type_id: TypeId, state: Option<usize>) -> bool {
    state.is_some_and(|state| leaving_states(opened, type_id).contains(&state))
}

/// Those of these identities who left and can still use an account, in order of id.
pub async fn active_leavers(
    tx: &mut ReadTx,
    opened: &Opened,
    ids: &[EntityId],
    now: Timestamp,
) -> Result<Vec<Active>, Error> {
    let places = account_places(opened);
    let mut found = Vec::new();
    for ids in ids.chunks(BATCH) {
        let mut usable: BTreeMap<EntityId, BTreeSet<Number>> = BTreeMap::new();
        for account in tx.usable_accounts_of(ids).await? {
            usable.entry(account.entity).or_default().insert(account.type_no);
        }
        let ids: Vec<EntityId> = usable.keys().copied().collect();
        for (facts, evaluation) in evaluate_these(tx, opened, &ids, now).await? {
            if !is_leaving_state(opened, facts.row.type_id, evaluation.state) {
                continue;
            }
            let types = usable.remove(&facts.row.id).unwrap_or_default();
            let left = types.iter().filter_map(|type_no| places.get(type_no));
            let left = left.filter(|(place, ..)| !may_be_used(&evaluation, *place));
            let systems: BTreeMap<Number, Text> =
                left.map(|(_, number, name)| (*number, name.clone())).collect();
            if !systems.is_empty() {
                found.push(Active { facts, evaluation, systems });
            }
        }
    }
    found.sort_by_key(|active| active.facts.row.id);
    Ok(found)
}

/// Whether it is wanted that an account can be used.
fn may_be_used(evaluation: &Evaluation, place: AccountRef) -> bool {
    evaluation.accounts.iter().any(|desired| desired.account == place && desired.enabled)
}

/// Which account type a stored number stands for, with the number and the name of its system.
fn account_places(opened: &Opened) -> BTreeMap<Number, (AccountRef, Number, Text)> {
    let mut places = BTreeMap::new();
    for (system, names) in opened.model.systems.iter().zip(&opened.names.systems) {
        for (account, of) in names.accounts.iter().enumerate() {
            let place = AccountRef { system: system.id, account };
            places.insert(of.no, (place, names.no, system.name.clone()));
        }
    }
    places
}
