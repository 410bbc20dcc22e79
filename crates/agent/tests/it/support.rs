//! A server on a port of its own, and agents that have memories.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use muster_agent::{Agents, Event, Stopped, Worker};
use muster_app::{Clock, Connectors, Ctx, Opened, create_token};
use muster_connector::{
    BadObject, Connector, ConnectorError, Field, MemoryConnector, MemoryOptions, ReadEnd,
    ReadObject, ReadRequest, Secrets, SettingReader, Sink, json::settings_of,
};
use muster_http::{HttpClient, HttpSettings, Method, Request};
use muster_model::{
    Capabilities, Change, ObjectRef, SettingProblem, Settings, Value, ValueType, encode_values,
};
use muster_project::Catalogue;
use muster_web::{Limits, Service};
use serde_json::json;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

const MODEL: &str = r#"
muster: 1
store: "sqlite::memory:"
types:
  person: { identity: true, key: id, attributes: { id: { type: string, unique: true } } }
systems:
  far: { connector: memory, agent: plant, mode: observe }
  further: { connector: memory, agent: depot, mode: observe }
"#;

/// How long something may take that ought to happen at once.
const PATIENCE: Duration = Duration::from_mins(1);

type Memories = Arc<Mutex<BTreeMap<String, Arc<MemoryConnector>>>>;

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }
}

/// What the model may name.
struct Known;

impl Catalogue for Known {
    fn connectors(&self) -> Vec<&'static str> {
        vec!["memory"]
    }

    fn capabilities(&self, _: &str, _: &Settings) -> Result<Capabilities, Vec<SettingProblem>> {
        Ok(MemoryOptions::default().capabilities)
    }
}

impl Connectors for Known {
    fn open(
        &self,
        connector: &str,
        _: &Settings,
        _: Option<&Settings>,
        _: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        Err(ConnectorError::Settings(format!("`{connector}` is far away")))
    }
}

/// The token of an agent.
struct Token(String);

impl Secrets for Token {
    fn env(&self, _: &str) -> Option<String> {
        Some(self.0.clone())
    }

    fn file(&self, _: &str) -> std::io::Result<String> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

pub(crate) struct Net {
    agents: Agents,
    opened: Opened,
    url: String,
    memories: Memories,
    heard: Arc<Mutex<Vec<Event>>>,
    _folder: TempDir,
}

impl Net {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("muster.yaml"), MODEL).unwrap();
        let opened = Opened::open(folder.path(), None, Arc::new(Known), &ctx()).await;
        let opened = opened.unwrap_or_else(|error| {
            panic!("{error}: {:?}", error.loaded().map(|loaded| &loaded.diagnostics))
        });
        let agents = Agents::default();
        let limits = Limits::default();
        let service = Service::new(opened.clone(), Arc::new(Standing), limits.clone());
        let router = muster_web::finish(agents.router(), service);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            muster_web::serve(listener, router, &limits, std::future::pending()).await
        });
        let (memories, heard) = (Memories::default(), Arc::default());
        Self { agents, opened, url, memories, heard, _folder: folder }
    }

    /// A new memory on the agents' side, and its name.
    pub(crate) fn memory(&self) -> (String, Arc<MemoryConnector>) {
        let mut memories = self.memories.lock().unwrap();
        let name = format!("memory {}", memories.len());
        let memory = Arc::new(MemoryConnector::new(MemoryOptions::default()));
        memories.insert(name.clone(), Arc::clone(&memory));
        (name, memory)
    }

    /// The memory of that name as the server reaches it.
    pub(crate) fn far(&self, name: &str) -> Arc<dyn Connector> {
        let able = MemoryOptions::default().capabilities;
        self.agents.connector(&"plant".into(), "memory", &settings(name), able)
    }

    /// Starts an agent with a token of this scope.
    pub(crate) async fn agent(&self, name: &str, scope: &str) -> JoinHandle<Result<(), Stopped>> {
        let client = self.client(name, scope).await;
        let memories = Arc::clone(&self.memories);
        let open = move |_: &str, settings: &Settings| {
            let name = settings.scalar("name").map_or("", |name| name);
            let memory = memories.lock().unwrap().get(name).cloned();
            let memory: Arc<dyn Connector> = memory
                .ok_or_else(|| ConnectorError::Settings(format!("there is no memory `{name}`")))?;
            Ok(memory)
        };
        let heard = Arc::clone(&self.heard);
        let listener = move |event| heard.lock().unwrap().push(event);
        let worker = Worker::new(client, Box::new(open));
        tokio::spawn(worker.work(Arc::new(listener), std::future::pending()))
    }

    /// What agents told.
    pub(crate) fn heard(&self) -> Vec<Event> {
        self.heard.lock().unwrap().clone()
    }

    /// The next call for an agent, as its bytes.
    pub(crate) async fn fetch(&self, name: &str) -> Vec<u8> {
        let client = self.client(name, "agent").await;
        let answer = client.send(&Request::new(Method::Post, "agent/v1/calls")).await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.body().to_vec()
    }

    /// Takes a call in the name of an agent; the status.
    pub(crate) async fn take(&self, name: &str, id: i64) -> u16 {
        let client = self.client(name, "agent").await;
        let request = Request::new(Method::Post, format!("agent/v1/calls/{id}/take"));
        client.send(&request).await.unwrap().status()
    }

    /// Leaves a part of an answer in the name of an agent; the status.
    pub(crate) async fn leave(&self, name: &str, id: i64, part: &[u8]) -> u16 {
        let client = self.client(name, "agent").await;
        let request = Request::new(Method::Post, format!("agent/v1/calls/{id}/parts"));
        let request = request.body("application/octet-stream", part.to_vec());
        client.send(&request).await.unwrap().status()
    }

    async fn client(&self, name: &str, scope: &str) -> HttpClient {
        let scopes = scope.parse().unwrap();
        let made = create_token(&ctx(), &self.opened, name, &scopes, None).await.unwrap();
        let written =
            json!({ "url": self.url, "connections": 32, "auth": { "bearer": { "env": "TOKEN" } } });
        let settings = settings_of(written.as_object().unwrap());
        let mut reader = SettingReader::new(&settings);
        let http = HttpSettings::read(&mut reader);
        assert_eq!(reader.finish(), []);
        HttpClient::open(&http, &Token(made.token)).unwrap()
    }
}

pub(crate) fn settings(name: &str) -> Settings {
    settings_of(json!({ "name": name }).as_object().unwrap())
}

/// Makes an object of class `a`.
pub(crate) fn creation(name: &str) -> Change {
    Change::Create {
        object: ObjectRef { class: "a".into(), id: "".into(), name: name.into() },
        values: Vec::new(),
        enabled: None,
    }
}

/// The answer to a test.
pub(crate) fn tested(line: &str) -> Vec<u8> {
    encode_values(&[Value::Int(1), Value::text("tested"), Value::text(line)])
}

fn ctx() -> Ctx {
    Ctx::new("tester".into(), "c".into(), Arc::new(Standing))
}

/// Reads one attribute of everything in class `a`.
pub(crate) async fn read(
    connector: &dyn Connector,
    attribute: &str,
    batch: usize,
) -> (Vec<ReadObject>, ReadEnd) {
    struct All(Vec<ReadObject>);
    #[async_trait]
    impl Sink for All {
        async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
            self.0.extend(objects);
            Ok(())
        }
        async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
            panic!("{bad:?}");
        }
    }
    let field = Field { name: attribute.into(), value_type: ValueType::Text, many: false };
    let request = ReadRequest { class: "a".into(), fields: vec![field], since: None, batch };
    let mut all = All(Vec::new());
    let end = connector.read(&request, &mut all).await.unwrap();
    (all.0, end)
}

pub(crate) async fn wait_until(holds: impl Fn() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waited.await.unwrap();
}
