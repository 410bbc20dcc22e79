//! The agent itself: fetches calls, makes them, sends back what came of them.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use muster_connector::{BadObject, Connector, ConnectorError, ReadObject, Sink};
use muster_http::{HttpClient, Method, Request, Response};
use muster_model::{Settings, Text};
use tokio::{sync::watch, task::JoinSet, time::timeout};

use crate::wire::{Ask, Op, Part};

/// Calls that are made at once.
const LANES: usize = 8;
/// How often it is said that a call is still being made.
const ALIVE: Duration = Duration::from_secs(10);
/// Pauses after which a server that was not there is asked again: the first, and the longest.
const AGAIN: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));
/// Bytes of a part above which it is sent in two.
const LARGE: usize = 1 << 20;
/// Connectors that are kept open.
const KEPT: usize = 64;
const CONNECTED: u8 = 1;
const LOST: u8 = 2;

/// Opens a connector of this kind with these settings, with the secrets of this machine.
pub type Open = dyn Fn(&str, &Settings) -> Result<Arc<dyn Connector>, ConnectorError> + Send + Sync;

/// A connector that stays open for the next call with the same settings.
struct Opened {
    kind: Text,
    settings: Settings,
    connector: Arc<dyn Connector>,
}

/// An agent. It takes no decision and keeps nothing: ending it at any moment loses nothing but the answers under way.
pub struct Worker {
    server: HttpClient,
    open: Box<Open>,
    opened: Mutex<Vec<Opened>>,
    /// What was told last of the connection: nothing, [`CONNECTED`] or [`LOST`].
    contact: AtomicU8,
}

/// What whoever looks after an agent may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The server answers.
    Connected,
    /// The server does not answer; it is asked again and again.
    Lost {
        /// Why.
        why: String,
    },
    /// A call was made.
    Made {
        /// The kind of connector.
        connector: Text,
        /// Which call: `read`, `apply`.
        call: &'static str,
        /// What went wrong.
        problem: Option<String>,
    },
}

/// Hears what happens.
pub type Listener = dyn Fn(Event) + Send + Sync;

/// Why an agent ends: its server refuses it, and will go on to do so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the server refuses this agent: {0}")]
pub struct Stopped(pub String);

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("server", &self.server.base()).finish_non_exhaustive()
    }
}

impl Worker {
    /// An agent of this server. `open` decides which connectors there are here.
    pub fn new(server: HttpClient, open: Box<Open>) -> Self {
        Self { server, open, opened: Mutex::default(), contact: AtomicU8::new(0) }
    }

    /// Works until `stop` is done, then ends the calls under way; or until the server refuses it.
    pub async fn work(
        self,
        heard: Arc<Listener>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), Stopped> {
        let (stopping, stopped) = watch::channel(false);
        let worker = Arc::new(self);
        let mut lanes = JoinSet::new();
        for _ in 0..LANES {
            lanes.spawn(Arc::clone(&worker).lane(Arc::clone(&heard), stopped.clone()));
        }
        drop(stopped);
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop, if !*stopping.borrow() => drop(stopping.send(true)),
                ended = lanes.join_next() => match ended {
                    None => return Ok(()),
                    Some(Ok(ended)) => ended?,
                    Some(Err(panicked)) => return Err(Stopped(panicked.to_string())),
                },
            }
        }
    }

    /// Fetches one call after the other and makes it.
    async fn lane(
        self: Arc<Self>,
        heard: Arc<Listener>,
        mut stopped: watch::Receiver<bool>,
    ) -> Result<(), Stopped> {
        let mut pause = AGAIN.0;
        loop {
            let fetch = Request::new(Method::Post, "agent/v1/calls");
            let answer = tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
                answer = self.server.send(&fetch) => answer,
            };
            let why = match answer {
                Ok(answer) if answer.is_success() => {
                    if self.contact.swap(CONNECTED, Ordering::Relaxed) != CONNECTED {
                        heard(Event::Connected);
                    }
                    pause = AGAIN.0;
                    self.take(&answer, &*heard).await?;
                    continue;
                }
                Ok(answer) if matches!(answer.status(), 401 | 403 | 404) => {
                    return Err(Stopped(answer.problem()));
                }
                Ok(answer) => answer.error("").to_string(),
                Err(error) => error.to_string(),
            };
            if self.contact.swap(LOST, Ordering::Relaxed) != LOST {
                heard(Event::Lost { why });
            }
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(AGAIN.1);
        }
    }

    /// Makes the call that was fetched, if there is one and it is still to be made.
    async fn take(&self, answer: &Response, heard: &Listener) -> Result<(), Stopped> {
        if answer.status() == 204 {
            return Ok(());
        }
        let ask = Ask::decode(answer.body()).map_err(|error| Stopped(error.to_string()))?;
        let Ask { id, connector, settings, op } = ask;
        let call = op.word();
        let back = Back { server: &self.server, id };
        if !back.take().await {
            return Ok(());
        }
        let made = self.make(&connector, &settings, op, &back);
        let last = back.alive_during(made).await.unwrap_or_else(Part::Failed);
        let problem = if let Part::Failed(error) = &last { Some(error.to_string()) } else { None };
        let sent = back.send(&last).await;
        let problem = problem.or_else(|| sent.err().map(|error| error.to_string()));
        heard(Event::Made { connector, call, problem });
        Ok(())
    }

    async fn make(
        &self,
        kind: &Text,
        settings: &Settings,
        op: Op,
        back: &Back<'_>,
    ) -> Result<Part, ConnectorError> {
        let connector = self.connector(kind, settings)?;
        Ok(match op {
            Op::Test => Part::Tested(connector.test().await?),
            Op::Discover => Part::Discovered(connector.discover().await?),
            Op::Read(request) => Part::Read(connector.read(&request, &mut SendBack(back)).await?),
            Op::Get { object, fields } => Part::Got(connector.get(&object, &fields).await?),
            Op::Apply(changes) => Part::Applied(connector.apply(&changes).await),
        })
    }

    /// The connector, open from an earlier call with the same settings.
    fn connector(
        &self,
        kind: &Text,
        settings: &Settings,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |one: &&Opened| one.kind == *kind && one.settings == *settings;
        if let Some(open) = opened.iter().find(is_same) {
            return Ok(Arc::clone(&open.connector));
        }
        let connector = (self.open)(kind, settings)?;
        if opened.len() >= KEPT {
            opened.remove(0);
        }
        let (kind, settings) = (kind.clone(), settings.clone());
        opened.push(Opened { kind, settings, connector: Arc::clone(&connector) });
        Ok(connector)
    }
}

/// The way back for the parts of one answer.
struct Back<'s> {
    server: &'s HttpClient,
    id: i64,
}

impl Back<'_> {
    /// Takes the call; false when it is another's, or the server cannot be asked: it offers the call again then.
    async fn take(&self) -> bool {
        let request = Request::new(Method::Post, format!("agent/v1/calls/{}/take", self.id));
        self.server.send(&request).await.is_ok_and(|answer| answer.is_success())
    }

    /// Says every now and then that the call is still being made.
    async fn alive_during<T>(&self, made: impl Future<Output = T>) -> T {
        let mut made = std::pin::pin!(made);
        loop {
            match timeout(ALIVE, &mut made).await {
                Ok(made) => return made,
                // If nobody hears it, the answer will show.
                Err(_) => drop(self.send(&Part::Alive).await),
            }
        }
    }

    async fn send(&self, part: &Part) -> Result<(), ConnectorError> {
        self.send_bytes(part.encode()).await
    }

    async fn send_bytes(&self, bytes: Vec<u8>) -> Result<(), ConnectorError> {
        let to = format!("agent/v1/calls/{}/parts", self.id);
        let request = Request::new(Method::Post, to).body("application/octet-stream", bytes);
        let answer = self.server.send(&request).await?;
        if answer.status() == 410 {
            return Err(ConnectorError::Unreachable(
                "nobody waits for the answer any more".to_owned(),
            ));
        }
        answer.success("").map(drop)
    }

    /// Sends objects, in two when they are many.
    async fn send_objects(&self, mut objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        let mut later = Vec::new();
        loop {
            let part = Part::Objects(objects);
            let bytes = part.encode();
            let Part::Objects(sent) = part else { return Ok(()) };
            if bytes.len() > LARGE && sent.len() > 1 {
                objects = sent;
                later.push(objects.split_off(objects.len() / 2));
                continue;
            }
            self.send_bytes(bytes).await?;
            match later.pop() {
                Some(next) => objects = next,
                None => return Ok(()),
            }
        }
    }
}

/// Sends what is read back as it comes.
struct SendBack<'b>(&'b Back<'b>);

#[async_trait]
impl Sink for SendBack<'_> {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        self.0.send_objects(objects).await
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        self.0.send(&Part::Bad(bad)).await
    }
}
