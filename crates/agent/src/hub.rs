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

use bytes::Bytes;
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

/// How long a call is offered to one agent before it is offered to the next: one that is there takes it at once, and one
/// that died a moment ago never does.
const OFFERED_FOR: Duration = Duration::from_secs(2);
/// How often a call is offered before no agent is believed to be there.
const OFFERS: u32 = 5;
/// How long nothing may be heard of a call that was taken. Agents say more often than this that they are at it.
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
    /// The call itself, until an agent takes it.
    ask: Option<Bytes>,
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
        let pending = Pending { agent: agent.clone(), ask: Some(ask.encode().into()), parts };
        state.calls.insert(id, pending);
        state.offer(agent, id);
        let (agents, agent) = (self.clone(), agent.clone());
        Ok(Answer { agents, agent, id, parts: answer, offers: 1, is_taken: false })
    }

    /// The next call that is offered to an agent; `None` when there is none for so long.
    pub(crate) async fn fetch(&self, agent: &Text, patience: Duration) -> Option<Bytes> {
        let fetched = async {
            loop {
                let ring = match self.offered(agent) {
                    Ok(ask) => return ask,
                    Err(ring) => ring,
                };
                ring.notified().await;
            }
        };
        timeout(patience, fetched).await.ok()
    }

    /// The next call that nobody took yet, or what rings when there may be one.
    fn offered(&self, agent: &Text) -> Result<Bytes, Arc<Notify>> {
        let mut state = self.state();
        let State { waiting, calls, .. } = &mut *state;
        let waiting = waiting.entry(agent.clone()).or_default();
        while let Some(id) = waiting.calls.pop_front() {
            if let Some(ask) = calls.get(&id).and_then(|pending| pending.ask.clone()) {
                return Ok(ask);
            }
        }
        Err(Arc::clone(&waiting.ring))
    }

    /// Gives a call to the agent that says it will make it; false when it is another's by now, or nobody waits for it.
    pub(crate) fn take(&self, agent: &Text, id: i64) -> bool {
        let mut state = self.state();
        let Some(call) = state.calls.get_mut(&id).filter(|call| call.agent == *agent) else {
            return false;
        };
        // The channel is new, so there is room.
        call.ask.take().is_some() && call.parts.try_send(Part::Alive).is_ok()
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

impl State {
    fn offer(&mut self, agent: &Text, id: i64) {
        let waiting = self.waiting.entry(agent.clone()).or_default();
        waiting.calls.push_back(id);
        waiting.ring.notify_one();
    }
}

/// An answer as it comes in. Dropping it gives the call up.
pub(crate) struct Answer {
    agents: Agents,
    agent: Text,
    id: i64,
    parts: mpsc::Receiver<Part>,
    offers: u32,
    is_taken: bool,
}

impl Answer {
    /// The next part that says something.
    pub(crate) async fn next(&mut self) -> Result<Part, ConnectorError> {
        loop {
            let within = if self.is_taken { SILENT_AT_MOST } else { OFFERED_FOR };
            match timeout(within, self.parts.recv()).await {
                Ok(Some(Part::Alive)) => self.is_taken = true,
                Ok(Some(Part::Failed(error))) => return Err(error),
                Ok(Some(part)) => return Ok(part),
                Err(_) if !self.is_taken && self.offers < OFFERS => {
                    self.offers += 1;
                    self.agents.state().offer(&self.agent, self.id);
                }
                Ok(None) | Err(_) => return Err(self.lost()),
            }
        }
    }

    fn lost(&self) -> ConnectorError {
        let Self { agent, .. } = self;
        ConnectorError::Unreachable(if self.is_taken {
            format!("the agent `{agent}` fell silent in the middle of a call")
        } else {
            format!("the agent `{agent}` is not connected; start `muster agent` where it belongs")
        })
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let mut state = self.agents.state();
        state.calls.remove(&self.id);
        if !self.is_taken
            && let Some(waiting) = state.waiting.get_mut(&self.agent)
        {
            waiting.calls.retain(|id| *id != self.id);
        }
    }
}
