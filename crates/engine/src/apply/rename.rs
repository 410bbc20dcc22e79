//! Carries the memberships of renamed accounts over to their new names.
//!
//! Many directories keep the old name in their groups, where it would take access away at once and give it to whoever
//! gets the old name later. Where a directory looks after its groups itself, these calls find everything done.

use std::collections::BTreeMap;

use muster_connector::ConnectorError;
use muster_model::{Applied, Change, Text};

use super::{
    batch::{Accounts, Call},
    call::{Answers, call},
    system::{State, SystemRun, Todo},
};
use crate::account_change::group_attribute;

/// What becomes of one group: names to add, names to remove, and the renames that ask for it.
#[derive(Default)]
struct Moves {
    add: Vec<Text>,
    remove: Vec<Text>,
    renames: Vec<usize>,
}

impl SystemRun {
    /// Makes the moves of every rename that was done. One whose moves cannot be made now counts as not done yet: it is
    /// done again, and then finds itself done. What a group refuses for good is seen and planned after the next read.
    pub(super) async fn move_memberships(
        &self,
        state: &mut State,
        batch: &[Todo],
        accounts: &Accounts,
        calls: &[Call],
        results: &mut [Result<Applied, ConnectorError>],
    ) {
        let mut groups: BTreeMap<(usize, Text), Moves> = BTreeMap::new();
        for (at, (made, result)) in calls.iter().zip(results.iter()).enumerate() {
            let (Change::Rename { to, .. }, Ok(applied)) = (&made.change, result) else { continue };
            let Some(todo) = made.todo.first().and_then(|at| batch.get(*at)) else { continue };
            let Some(place) = self.place(todo) else { continue };
            let Some(account) = accounts.get(&todo.key(place.names.no)) else {
                continue;
            };
            if applied.pending.is_some() {
                continue;
            }
            let (old, new) = (&todo.operation.target.name, applied.name.as_ref().unwrap_or(to));
            if old == new {
                continue;
            }
            let held = account.grants.iter().filter_map(|id| state.index.name(*id));
            for (kind, name) in held {
                let moves = groups.entry((*kind, name.clone())).or_default();
                moves.add.push(new.clone());
                moves.remove.push(old.clone());
                moves.renames.push(at);
            }
            if account.name == *new {
                // An earlier call renamed it, and a read has seen that since: which groups hold the old name, nobody knows.
                for (kind, name) in self.groups(state) {
                    let moves = groups.entry((kind, name)).or_default();
                    moves.remove.push(old.clone());
                    moves.renames.push(at);
                }
            }
        }
        let mut changes = Vec::new();
        let mut asked_by = Vec::new();
        for ((kind, name), Moves { add, remove, renames }) in groups {
            let Some(attribute) = self.system.entitlements.get(kind).and_then(group_attribute)
            else {
                continue;
            };
            let object = self.entitlement_ref(state, kind, &name);
            changes.push(Change::Members { object, attribute: attribute.clone(), add, remove });
            asked_by.push(renames);
        }
        if changes.is_empty() {
            return;
        }
        let certain = vec![false; changes.len()];
        let Answers { results: answers, retried } =
            call(state.connector.as_ref(), &mut state.pace, &changes, &certain).await;
        state.part.retried += retried;
        for (answer, renames) in answers.into_iter().zip(asked_by) {
            let Err(error) = answer else { continue };
            for at in renames.into_iter().filter(|_| error.is_transient()) {
                if let Some(result) = results.get_mut(at) {
                    *result = Err(error.clone());
                }
            }
        }
    }
    fn groups(&self, state: &State) -> Vec<(usize, Text)> {
        let kinds = 0..self.system.entitlements.len();
        let known =
            |kind| state.index.of_kind(self.position, kind).into_iter().map(move |e| (kind, e));
        kinds
            .flat_map(known)
            .filter(|(_, entitlement)| entitlement.present)
            .map(|(kind, entitlement)| (kind, entitlement.name.clone()))
            .collect()
    }
}
