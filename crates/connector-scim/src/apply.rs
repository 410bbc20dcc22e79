//! Spreads changes over the connections and keeps the order where it matters.
//!
//! Changes of one object form a chain and are done one after another. Memberships come last, as they name accounts by
//! ids that the same call may have to make first.

use std::{
    borrow::Cow,
    collections::HashMap,
    hash::Hasher as _,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use muster_connector::{ConnectorError, refuse_unclaimed};
use muster_model::{Applied, Change, ObjectRef, Text};
use rustc_hash::{FxHashMap, FxHasher};
use tokio::task::JoinSet;

use crate::{capabilities_of, change, service::Service};

/// After so many requests without an answer the rest of a call is not tried, as each try may take long.
const MOST_OUTAGES: u64 = 3;

type Answer = Result<Applied, ConnectorError>;

/// Does the changes and answers each, in the order given.
pub(crate) async fn apply(service: &Arc<Service>, changes: &[Change]) -> Vec<Answer> {
    let mut answers: Vec<Option<Answer>> = changes.iter().map(|_| None).collect();
    let (members, others): (Vec<_>, Vec<_>) = chains(changes).into_iter().partition(|chain| {
        chain.iter().any(|at| matches!(changes.get(*at), Some(Change::Members { .. })))
    });
    let work = Arc::new(Work {
        service: Arc::clone(service),
        changes: changes.into(),
        outages: service.outages(),
        down: OnceLock::new(),
    });
    for chains in [others, members] {
        for (index, answer) in run(&work, chains).await {
            if let Some(place) = answers.get_mut(index) {
                *place = Some(answer);
            }
        }
    }
    let unknown = || Err(ConnectorError::Unreachable("the change was not answered".to_owned()));
    answers.into_iter().map(|answer| answer.unwrap_or_else(unknown)).collect()
}

/// Does the chains, each connection on a task of its own, so that all cores make requests and read answers.
async fn run(work: &Arc<Work>, chains: Vec<Vec<usize>>) -> Vec<(usize, Answer)> {
    let n_workers = usize::from(work.service.settings.http.connections).min(chains.len());
    let shared = Arc::new((chains, AtomicUsize::new(0)));
    let mut workers = JoinSet::new();
    for _ in 0..n_workers {
        let (work, shared) = (Arc::clone(work), Arc::clone(&shared));
        workers.spawn(async move {
            let (chains, next) = &*shared;
            let mut answers = Vec::new();
            while let Some(chain) = chains.get(next.fetch_add(1, Ordering::Relaxed)) {
                work.run_chain(chain, &mut answers).await;
            }
            answers
        });
    }
    let mut answers = Vec::new();
    while let Some(done) = workers.join_next().await {
        answers.extend(done.into_iter().flatten());
    }
    answers
}

/// What the workers of one call share.
struct Work {
    service: Arc<Service>,
    changes: Box<[Change]>,
    /// Requests without an answer before this call.
    outages: u64,
    /// Set when the server cannot be reached or asks to wait; the rest is not sent.
    down: OnceLock<ConnectorError>,
}

impl Work {
    async fn run_chain(&self, chain: &[usize], answers: &mut Vec<(usize, Answer)>) {
        let capabilities = capabilities_of(&self.service.settings);
        let mut stopped: Option<ConnectorError> = None;
        let mut ids = (chain.len() > 1).then(Ids::default);
        for &index in chain {
            let Some(change) = self.changes.get(index) else { continue };
            let answer = match (&stopped, refuse_unclaimed(&capabilities, change)) {
                (_, Some(refused)) => Err(refused),
                (Some(error), None) => Err(error.clone()),
                (None, None) => match &ids {
                    Some(ids) => self.run_change(&ids.completed(change)).await,
                    None => self.run_change(change).await,
                },
            };
            // What becomes of the later changes of an object is unknown once the fate of an earlier one is.
            stopped =
                stopped.or_else(|| answer.as_ref().err().filter(|e| e.is_transient()).cloned());
            if let (Some(ids), Ok(applied)) = (&mut ids, &answer) {
                ids.note(change, applied);
            }
            answers.push((index, answer));
        }
    }

    async fn run_change(&self, change: &Change) -> Answer {
        if let Some(error) = self.down.get() {
            return Err(error.clone());
        }
        let answer = change::run(&self.service, change).await;
        if let Err(error) = &answer {
            let is_down = match error {
                ConnectorError::Throttled { .. } => true,
                ConnectorError::Unreachable(_) => {
                    self.service.outages().saturating_sub(self.outages) >= MOST_OUTAGES
                }
                ConnectorError::Refused(_)
                | ConnectorError::AlreadyExists { .. }
                | ConnectorError::NotFound { .. }
                | ConnectorError::Invalid(_)
                | ConnectorError::Settings(_)
                | ConnectorError::Malformed(_) => false,
            };
            if is_down {
                self.down.get_or_init(|| error.clone());
            }
        }
        answer
    }
}

/// The ids that changes of a chain told, so that later ones need not search.
#[derive(Default)]
struct Ids(HashMap<String, Text>);

impl Ids {
    fn note(&mut self, change: &Change, applied: &Applied) {
        let object = change.object();
        match change {
            Change::Delete { .. } => {
                self.0.remove(&object.name.to_lowercase());
            }
            Change::Create { .. } | Change::Rename { .. } => {
                if let Some(id) = &applied.id {
                    let to = if let Change::Rename { to, .. } = change { to } else { &object.name };
                    self.0.insert(object.name.to_lowercase(), id.clone());
                    self.0.insert(to.to_lowercase(), id.clone());
                }
            }
            Change::Update { .. } | Change::SetEnabled { .. } | Change::Members { .. } => {}
        }
    }

    /// The change with the id of its object, if an earlier change told it.
    fn completed<'c>(&self, change: &'c Change) -> Cow<'c, Change> {
        let object = change.object();
        let known = self.0.get(&object.name.to_lowercase()).filter(|_| object.id.is_empty());
        let mut change = Cow::Borrowed(change);
        if let Some(id) = known
            && let Change::Update { object, .. }
            | Change::Rename { object, .. }
            | Change::SetEnabled { object, .. }
            | Change::Delete { object }
            | Change::Members { object, .. } = change.to_mut()
        {
            object.id = id.clone();
        }
        change
    }
}

/// Groups changes by the objects they touch; the order inside a chain is that of the call.
fn chains(changes: &[Change]) -> Vec<Vec<usize>> {
    let mut chain_of: FxHashMap<u64, usize> = FxHashMap::default();
    let mut chains: Vec<Vec<usize>> = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        let keys = keys(change);
        let mut met: Vec<usize> =
            keys.iter().flatten().filter_map(|key| chain_of.get(key)).copied().collect();
        met.sort_unstable();
        met.dedup();
        let into = met.first().copied().unwrap_or_else(|| {
            chains.push(Vec::new());
            chains.len() - 1
        });
        let mut joined = Vec::new();
        if let [_, others @ ..] = met.as_slice()
            && !others.is_empty()
        {
            for other in others {
                joined.append(&mut chains.get_mut(*other).map(std::mem::take).unwrap_or_default());
            }
            for place in chain_of.values_mut().filter(|place| others.contains(place)) {
                *place = into;
            }
        }
        if let Some(chain) = chains.get_mut(into) {
            chain.append(&mut joined);
            chain.sort_unstable();
            chain.push(index);
        }
        chain_of.extend(keys.into_iter().flatten().map(|key| (key, into)));
    }
    chains.retain(|chain| !chain.is_empty());
    chains
}

/// The names and the id of the object that `change` touches, as hashes: should two objects share one, they are changed one after
/// the other, which is no harm.
fn keys(change: &Change) -> [Option<u64>; 3] {
    let ObjectRef { class, id, name } = change.object();
    let named = |name: &str| (!name.is_empty()).then(|| hash(class, "name", lower(name)));
    let to = if let Change::Rename { to, .. } = change { named(to) } else { None };
    [named(name), (!id.is_empty()).then(|| hash(class, "id", id.chars())), to]
}

fn hash(class: &str, kind: &str, text: impl Iterator<Item = char>) -> u64 {
    let mut hasher = FxHasher::default();
    for letter in lower(class).chain(kind.chars()).chain(text) {
        hasher.write_u32(letter.into());
    }
    hasher.finish()
}

fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delete(id: &str, name: &str) -> Change {
        Change::Delete {
            object: ObjectRef { class: "User".into(), id: id.into(), name: name.into() },
        }
    }

    #[test]
    fn changes_of_one_object_are_one_chain_by_name_or_by_id() {
        let changes = [
            delete("1", "ada"),
            delete("2", "bob"),
            delete("", "ADA"),
            delete("1", ""),
            delete("2", "ada"),
            delete("", "cy"),
        ];
        assert_eq!(chains(&changes), [vec![0, 1, 2, 3, 4], vec![5]]);
        assert_eq!(chains(&changes[..4]), [vec![0, 2, 3], vec![1]]);
    }
}
