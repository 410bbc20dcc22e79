//! Calls that wait for their agents, and answers that are waited for.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use muster_connector::{Connector, ConnectorError};
use muster_model::{Capabilities, Settings, Text};
use muster_web::Router;
use tokio::{
    sync::{Notify, mpsc},
    time::timeout,
};

use crate::{
    remote::Remote,
    routes,
    wire::{Ask, Op, Part},
};

/// How long an agent may take to fetch a call; one that is there fetches it at once.
const FETCHED_WITHIN: Duration = Duration::from_secs(10);
/// How long nothing may be heard of a call that was fetched. Agents say more often than this that they are at it.
const SILENT_AT_MOST: Duration = Duration::from_secs(30);
/// Parts that an agent may be ahead of whoever takes them.
const AHEAD: usize = 2;

/// The agents of a server: one for the process. Clones share everything.
#[derive(Clone, Default)]
pub struct Agents(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Whether agents can connect to this process at all.
    is_served: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: i64,
    waiting: BTreeMap<Text, Waiting>,
    calls: BTreeMap<i64, Pending>,
}

/// Calls that one agent is to fetch.
#[derive(Default)]
struct Waiting {
    calls: VecDeque<i64>,
    ring: Arc<Notify>,
}

/// A call whose answer is waited for.
struct Pending {
    agent: Text,
    /// The call itself, until it is fetched.
    ask: Option<Vec<u8>>,
    parts: mpsc::Sender<Part>,
}

impl Agents {
    /// The connector to a system that `agent` reaches.
    pub fn connector(
        &self,
        agent: &Text,
        connector: &str,
        settings: &Settings,
        capabilities: Capabilities,
    ) -> Arc<dyn Connector> {
        Arc::new(Remote {
            agents: self.clone(),
            agent: agent.clone(),
            connector: connector.into(),
            settings: settings.clone(),
            capabilities,
        })
    }

    /// The routes where agents fetch calls and leave what came of them.
    pub fn router(&self) -> Router {
        self.0.is_served.store(true, Ordering::Relaxed);
        routes::router(self.clone())
    }

    /// Lets an agent make a call.
    pub(crate) fn call(
        &self,
        agent: &Text,
        connector: &Text,
        settings: &Settings,
        op: Op,
    ) -> Result<Answer, ConnectorError> {
        if !self.0.is_served.load(Ordering::Relaxed) {
            return Err(ConnectorError::Unreachable(format!(
                "it is reached by the agent `{agent}`, which connects to `muster serve`; let the server do it (`--server`)"
            )));
        }
        let (parts, answer) = mpsc::channel(AHEAD);
        let mut state = self.state();
        state.last += 1;
        let id = state.last;
        let ask = Ask { id, connector: connector.clone(), settings: settings.clone(), op };
        let pending = Pending { agent: agent.clone(), ask: Some(ask.encode()), parts };
        state.calls.insert(id, pending);
        let waiting = state.waiting.entry(agent.clone()).or_default();
        waiting.calls.push_back(id);
        waiting.ring.notify_one();
        Ok(Answer {
            agents: self.clone(),
            agent: agent.clone(),
            id,
            parts: answer,
            within: FETCHED_WITHIN,
        })
    }

    /// The next call for an agent; `None` when there is none for so long.
    pub(crate) async fn fetch(&self, agent: &Text, patience: Duration) -> Option<Vec<u8>> {
        let fetched = async {
            loop {
                let ring = match self.take(agent) {
                    Ok(ask) => return ask,
                    Err(ring) => ring,
                };
                ring.notified().await;
            }
        };
        timeout(patience, fetched).await.ok()
    }

    /// The next call that somebody still waits for, or what rings when there may be one.
    fn take(&self, agent: &Text) -> Result<Vec<u8>, Arc<Notify>> {
        let mut state = self.state();
        let State { waiting, calls, .. } = &mut *state;
        let waiting = waiting.entry(agent.clone()).or_default();
        while let Some(id) = waiting.calls.pop_front() {
            let Some(pending) = calls.get_mut(&id) else { continue };
            if let Some(ask) = pending.ask.take() {
                // The channel is new, so there is room.
                drop(pending.parts.try_send(Part::Alive));
                return Ok(ask);
            }
        }
        Err(Arc::clone(&waiting.ring))
    }

    /// Passes a part on to whoever waits for it; false when nobody does, and the call can be given up.
    pub(crate) async fn pass(&self, agent: &Text, id: i64, part: Part) -> bool {
        let parts = {
            let state = self.state();
            state.calls.get(&id).filter(|call| call.agent == *agent).map(|call| call.parts.clone())
        };
        match parts {
            Some(parts) => parts.send(part).await.is_ok(),
            None => false,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Agents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agents").finish_non_exhaustive()
    }
}

/// An answer as it comes in. Dropping it gives the call up.
pub(crate) struct Answer {
    agents: Agents,
    agent: Text,
    id: i64,
    parts: mpsc::Receiver<Part>,
    within: Duration,
}

impl Answer {
    /// The next part that says something.
    pub(crate) async fn next(&mut self) -> Result<Part, ConnectorError> {
        loop {
            match timeout(self.within, self.parts.recv()).await {
                Ok(Some(Part::Alive)) => self.within = SILENT_AT_MOST,
                Ok(Some(Part::Failed(error))) => return Err(error),
                Ok(Some(part)) => return Ok(part),
                Ok(None) | Err(_) => return Err(self.lost()),
            }
        }
    }

    fn lost(&self) -> ConnectorError {
        let Self { agent, .. } = self;
        ConnectorError::Unreachable(if self.within == FETCHED_WITHIN {
            format!("the agent `{agent}` is not connected; start `muster agent` where it belongs")
        } else {
            format!("the agent `{agent}` fell silent in the middle of a call")
        })
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let mut state = self.agents.state();
        let fetched = state.calls.remove(&self.id).is_some_and(|call| call.ask.is_none());
        if !fetched && let Some(waiting) = state.waiting.get_mut(&self.agent) {
            waiting.calls.retain(|id| *id != self.id);
        }
    }
}
