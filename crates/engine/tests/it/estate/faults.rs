//! A connector that fails on command, for all systems of an estate at once, and writes down what it really changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use muster_connector::{Connector, ConnectorError, Field, Intercept, ReadEnd, ReadRequest, Sink};
use muster_model::{Applied, Change, Object, ObjectRef};
use tokio::sync::Notify;

/// What goes wrong, and what was done.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    state: Mutex<State>,
    /// Told when the call that is to be the last one was reached.
    pub(crate) died: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Systems that cannot be reached.
    out: BTreeSet<String>,
    /// Systems that say yes and do nothing: changes so far, and every how many-th is a lie.
    liars: BTreeMap<String, (u64, u64)>,
    /// Calls until the process dies.
    until_death: Option<u64>,
    /// Creations less deletions, by system and name.
    there: BTreeMap<(String, String), i64>,
    /// What was made although it was there.
    twice: Vec<String>,
    changes: u64,
    lies: u64,
    /// Counts up with each death.
    life: u64,
    /// Connectors that are open.
    open: u64,
}

impl Faults {
    pub(crate) fn take_out(&self, system: &str) {
        self.state.lock().unwrap().out.insert(system.to_owned());
    }

    /// The system lies about every second change.
    pub(crate) fn make_lie(&self, system: &str) {
        self.state.lock().unwrap().liars.insert(system.to_owned(), (0, 2));
    }

    /// The system lies about every change.
    pub(crate) fn make_lie_always(&self, system: &str) {
        self.state.lock().unwrap().liars.insert(system.to_owned(), (0, 1));
    }

    pub(crate) fn die_after(&self, calls: u64) {
        self.state.lock().unwrap().until_death = Some(calls);
    }

    /// Everything works again.
    pub(crate) fn heal(&self) {
        let mut state = self.state.lock().unwrap();
        state.out.clear();
        state.liars.clear();
        state.until_death = None;
    }

    /// Somebody else made or removed an object.
    pub(crate) fn note(&self, system: &str, name: &str, by: i64) {
        *self
            .state
            .lock()
            .unwrap()
            .there
            .entry((system.to_owned(), name.to_owned()))
            .or_default() += by;
    }

    /// What was made although it was there.
    pub(crate) fn twice(&self) -> Vec<String> {
        self.state.lock().unwrap().twice.clone()
    }

    /// Changes that were made so far, and changes that were only said to be made.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let state = self.state.lock().unwrap();
        (state.changes, state.lies)
    }

    /// True while a run has connectors open.
    pub(crate) fn is_at_work(&self) -> bool {
        self.state.lock().unwrap().open > 0
    }

    /// True when the system can be reached; the call on which the process dies never ends.
    fn pass(&self, system: &str, life: u64) -> bool {
        let dies = {
            let mut state = self.state.lock().unwrap();
            if state.life != life {
                return false;
            }
            match &mut state.until_death {
                Some(0) => true,
                Some(left) => {
                    *left -= 1;
                    false
                }
                None => false,
            }
        };
        if dies {
            self.state.lock().unwrap().life += 1;
            self.died.notify_one();
            // Whoever waits for the answer is gone; what is left of the run never reaches a system again.
            return false;
        }
        !self.state.lock().unwrap().out.contains(system)
    }

    fn lies(&self, system: &str) -> bool {
        let mut state = self.state.lock().unwrap();
        let Some((n, every)) = state.liars.get_mut(system) else { return false };
        *n += 1;
        let lies = n.is_multiple_of(*every);
        state.lies += u64::from(lies);
        lies
    }

    fn done(&self, system: &str, change: &Change) {
        let mut state = self.state.lock().unwrap();
        state.changes += 1;
        let name = change.object().name.to_string();
        let by = match change {
            Change::Create { .. } => 1,
            Change::Delete { .. } => -1,
            Change::Rename { to, .. } => {
                *state.there.entry((system.to_owned(), to.to_string())).or_default() += 1;
                -1
            }
            Change::Update { .. } | Change::SetEnabled { .. } | Change::Members { .. } => return,
        };
        let there = state.there.entry((system.to_owned(), name.clone())).or_default();
        *there += by;
        if *there > 1 {
            state.twice.push(format!("{system} {name}"));
        }
    }
}

/// See the module.
pub(crate) struct Faulty {
    system: String,
    faults: Arc<Faults>,
    life: u64,
}

impl Faulty {
    pub(crate) fn new(system: &str, faults: &Arc<Faults>) -> Self {
        let mut state = faults.state.lock().unwrap();
        state.open += 1;
        let life = state.life;
        drop(state);
        Self { system: system.to_owned(), faults: Arc::clone(faults), life }
    }

    fn pass(&self) -> bool {
        self.faults.pass(&self.system, self.life)
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.faults.state.lock().unwrap().open -= 1;
    }
}

fn out() -> ConnectorError {
    ConnectorError::Unreachable("it is out of order".to_owned())
}

#[async_trait]
impl Intercept for Faulty {
    async fn test(&self, inner: &dyn Connector) -> Result<String, ConnectorError> {
        if self.pass() { inner.test().await } else { Err(out()) }
    }

    async fn read(
        &self,
        inner: &dyn Connector,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        if self.pass() { inner.read(request, sink).await } else { Err(out()) }
    }

    async fn get(
        &self,
        inner: &dyn Connector,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        if self.pass() { inner.get(object, fields).await } else { Err(out()) }
    }

    async fn apply(
        &self,
        inner: &dyn Connector,
        changes: &[Change],
    ) -> Vec<Result<Applied, ConnectorError>> {
        if !self.pass() {
            return changes.iter().map(|_| Err(out())).collect();
        }
        let mut answers = Vec::new();
        for change in changes {
            if self.faults.lies(&self.system) {
                answers.push(Ok(Applied::default()));
                continue;
            }
            let answer = inner.apply(std::slice::from_ref(change)).await.remove(0);
            if answer.is_ok() {
                self.faults.done(&self.system, change);
            }
            answers.push(answer);
        }
        answers
    }
}
