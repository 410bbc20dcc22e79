//! Spreads changes over the connections so that many are under way at once, and keeps the order where it matters.
//!
//! Changes that touch one entry, or an entry and its container, form a chain and are done one after another. Chains
//! know nothing of each other.

use std::{
    collections::HashMap,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::future::join_all;
use muster_connector::{ConnectorError, refuse_unclaimed};
use muster_model::{Applied, Change};

use crate::{Directory, capabilities_of, change::Chain, dn};

/// How many changes may wait for an answer on one connection.
const DEPTH: usize = 16;

type Answer = Result<Applied, ConnectorError>;

/// Does the changes and answers each, in the order given.
pub(crate) async fn apply(directory: &Directory, changes: &[Change]) -> Vec<Answer> {
    let chains = chains(directory, changes);
    let n_workers = (usize::from(directory.settings.connections) * DEPTH).min(chains.len());
    let work = Work {
        directory,
        changes,
        chains: &chains,
        next: AtomicUsize::new(0),
        down: OnceLock::new(),
    };
    let done = join_all((0..n_workers).map(|worker| work.run(worker))).await;
    let mut answers: Vec<Option<Answer>> = changes.iter().map(|_| None).collect();
    for (index, answer) in done.into_iter().flatten() {
        if let Some(place) = answers.get_mut(index) {
            *place = Some(answer);
        }
    }
    let unknown = || Err(ConnectorError::Unreachable("the change was not sent".to_owned()));
    answers.into_iter().map(|answer| answer.unwrap_or_else(unknown)).collect()
}

/// What the workers of one call share.
struct Work<'a> {
    directory: &'a Directory,
    changes: &'a [Change],
    chains: &'a [Vec<usize>],
    next: AtomicUsize,
    /// Set when no connection can be had; the rest is not tried, as each try may take long.
    down: OnceLock<ConnectorError>,
}

impl Work<'_> {
    async fn run(&self, worker: usize) -> Vec<(usize, Answer)> {
        let mut answers = Vec::new();
        while let Some(chain) = self.chains.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            self.run_chain(worker, chain, &mut answers).await;
        }
        answers
    }

    async fn run_chain(&self, worker: usize, chain: &[usize], answers: &mut Vec<(usize, Answer)>) {
        let capabilities = capabilities_of(&self.directory.settings);
        let mut state = Chain::new(self.directory);
        let mut stopped: Option<ConnectorError> = None;
        for &index in chain {
            let Some(change) = self.changes.get(index) else { continue };
            let answer = match (&stopped, refuse_unclaimed(&capabilities, change)) {
                (_, Some(refused)) => Err(refused),
                (Some(error), None) => Err(error.clone()),
                (None, None) => self.run_change(worker, &mut state, change).await,
            };
            // What becomes of the later changes of an entry is unknown once the fate of an earlier one is.
            stopped =
                stopped.or_else(|| answer.as_ref().err().filter(|e| e.is_transient()).cloned());
            answers.push((index, answer));
        }
    }

    async fn run_change(&self, worker: usize, state: &mut Chain<'_>, change: &Change) -> Answer {
        if let Some(error) = self.down.get() {
            return Err(error.clone());
        }
        match self.directory.pool.link(worker).await {
            Ok(link) => state.run(&link, change).await,
            Err(error) => Err(self.down.get_or_init(|| error).clone()),
        }
    }
}

/// Groups changes by the entries they touch; the order inside a chain is that of the call.
fn chains(directory: &Directory, changes: &[Change]) -> Vec<Vec<usize>> {
    let touched: Vec<Vec<String>> = changes.iter().map(|change| keys(directory, change)).collect();
    let mut groups = Groups::new(changes.len());
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (index, keys) in touched.iter().enumerate() {
        for key in keys {
            match first.get(key.as_str()) {
                Some(earlier) => groups.join(*earlier, index),
                None => {
                    first.insert(key, index);
                }
            }
        }
    }
    for (index, keys) in touched.iter().enumerate() {
        // A container that is made, moved or removed by the same call goes with what is in it.
        for key in keys.iter().filter(|_| moves_in_tree(changes.get(index))) {
            if let Some(container) = first.get(dn::parent(key)) {
                groups.join(*container, index);
            }
        }
    }
    groups.lists()
}

fn moves_in_tree(change: Option<&Change>) -> bool {
    match change {
        Some(Change::Create { .. } | Change::Rename { .. } | Change::Delete { .. }) => true,
        Some(Change::Update { .. } | Change::SetEnabled { .. } | Change::Members { .. }) | None => {
            false
        }
    }
}

/// The names and the id of the entry that `change` touches, in comparable form.
fn keys(directory: &Directory, change: &Change) -> Vec<String> {
    let object = change.object();
    let mut keys = Vec::with_capacity(2);
    if !object.name.is_empty() {
        keys.push(dn::key(&directory.full_name(&object.name)));
    }
    if !object.id.is_empty() {
        keys.push(dn::key(&object.id));
    }
    if let Change::Rename { to, .. } = change {
        keys.push(dn::key(&directory.full_name(to)));
    }
    keys
}

/// Joins numbers into groups.
struct Groups(Vec<usize>);

impl Groups {
    fn new(n: usize) -> Self {
        Self((0..n).collect())
    }

    fn root(&mut self, mut of: usize) -> usize {
        while let Some(&up) = self.0.get(of)
            && up != of
        {
            let above = self.0.get(up).copied().unwrap_or(up);
            if let Some(place) = self.0.get_mut(of) {
                *place = above;
            }
            of = up;
        }
        of
    }

    /// Puts both into one group, under the lower number.
    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(place) = self.0.get_mut(a.max(b)) {
            *place = a.min(b);
        }
    }

    /// The groups by their lowest number, each in ascending order.
    fn lists(mut self) -> Vec<Vec<usize>> {
        let mut lists: Vec<Vec<usize>> = Vec::new();
        let mut places: HashMap<usize, usize> = HashMap::new();
        for index in 0..self.0.len() {
            let root = self.root(index);
            let place = *places.entry(root).or_insert(lists.len());
            match lists.get_mut(place) {
                Some(list) => list.push(index),
                None => lists.push(vec![index]),
            }
        }
        lists
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_joined_end_in_one_list_in_their_order() {
        let mut groups = Groups::new(6);
        groups.join(4, 1);
        groups.join(5, 4);
        groups.join(2, 3);
        assert_eq!(groups.lists(), [vec![0], vec![1, 4, 5], vec![2, 3]]);
    }
}
