//! One service, opened: how it is asked, and what it told about itself.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use muster_connector::ConnectorError;
use muster_http::{HttpClient, Method, Request, Response, encode};
use muster_model::Text;
use muster_scim::{ListResponse, ResourceType, Schema, ServiceConfig};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::{
    class::{Class, Kinds},
    error,
    names::Names,
    profile::{PatchUse, Quirks},
    settings::ScimSettings,
    since::Seen,
};

/// The media type of SCIM.
const JSON: &str = "application/scim+json";

/// One service, opened with its settings.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) settings: ScimSettings,
    client: HttpClient,
    config: OnceCell<Option<ServiceConfig>>,
    kinds: OnceCell<Kinds>,
    /// What was worked out of them, by the lower-case name.
    classes: RwLock<BTreeMap<String, Arc<Class>>>,
    /// Names and ids of what can be a member.
    pub(crate) names: Names,
    /// What incremental reads compare with.
    pub(crate) seen: Seen,
    /// Set when the server refuses PATCH although it does not say so.
    no_patch: AtomicBool,
    /// How many requests got no answer.
    outages: AtomicU64,
}

impl Service {
    pub(crate) fn new(settings: ScimSettings, client: HttpClient) -> Self {
        Self {
            settings,
            client,
            config: OnceCell::new(),
            kinds: OnceCell::new(),
            classes: RwLock::default(),
            names: Names::default(),
            seen: Seen::default(),
            no_patch: AtomicBool::new(false),
            outages: AtomicU64::new(0),
        }
    }

    /// The base URL, for messages.
    pub(crate) fn base(&self) -> &str {
        self.client.base()
    }

    /// Sends a request, whatever the status of its answer.
    pub(crate) async fn send(&self, request: &Request) -> Result<Response, ConnectorError> {
        let answer = self.client.send(request).await;
        if matches!(answer, Err(ConnectorError::Unreachable(_))) {
            self.outages.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    /// How many requests got no answer so far.
    pub(crate) fn outages(&self) -> u64 {
        self.outages.load(Ordering::Relaxed)
    }

    /// What the server says it can do; `None` when it says nothing of the kind.
    pub(crate) async fn config(&self) -> Result<Option<&ServiceConfig>, ConnectorError> {
        let fetch = async || {
            let answer = self.get_optional("ServiceProviderConfig").await?;
            Ok::<_, ConnectorError>(answer.as_ref().map(ServiceConfig::from_json))
        };
        Ok(self.config.get_or_try_init(fetch).await?.as_ref())
    }

    /// How the server is spoken to.
    pub(crate) async fn quirks(&self) -> Result<Quirks, ConnectorError> {
        let config = self.config().await?;
        let mut quirks = Quirks::new(self.settings.profile, &self.settings.overrides, config);
        if self.no_patch.load(Ordering::Relaxed) {
            quirks.patch = PatchUse::None;
            quirks.patch_groups = PatchUse::None;
        }
        Ok(quirks)
    }

    /// Remembers that PATCH is refused.
    pub(crate) fn learn_no_patch(&self) {
        self.no_patch.store(true, Ordering::Relaxed);
    }

    /// Resource types and schemas.
    pub(crate) async fn kinds(&self) -> Result<&Kinds, ConnectorError> {
        self.kinds.get_or_try_init(|| self.fetch_kinds()).await
    }

    /// The class that the model calls `name`.
    pub(crate) async fn class(&self, name: &str) -> Result<Arc<Class>, ConnectorError> {
        let key = name.to_lowercase();
        let known = self.classes.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let class = Arc::new(self.kinds().await?.class(name, self.settings.classes.get(&key))?);
        let mut classes = self.classes.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(classes.entry(key).or_insert(class)))
    }

    async fn fetch_kinds(&self) -> Result<Kinds, ConnectorError> {
        let mut kinds = Kinds::usual();
        let types: Vec<ResourceType> =
            self.list("ResourceTypes").await?.iter().filter_map(ResourceType::from_json).collect();
        if !types.is_empty() {
            kinds.types = types;
        }
        for schema in self.list("Schemas").await?.iter().filter_map(Schema::from_json) {
            if !schema.attributes.is_empty() {
                kinds.schemas.insert(schema.id.to_lowercase(), schema);
            }
        }
        Ok(kinds)
    }

    /// A discovery list; empty when the server does not have it.
    async fn list(&self, path: &str) -> Result<Vec<Value>, ConnectorError> {
        let answer = self.get_optional(path).await?;
        let page = answer.and_then(ListResponse::from_json);
        Ok(page.map(|page| page.resources).unwrap_or_default())
    }

    /// A discovery document; `None` when the server does not have it.
    async fn get_optional(&self, path: &str) -> Result<Option<Value>, ConnectorError> {
        let answer = self.send(&get(path)).await?;
        match answer.status() {
            200 => Ok(answer.json().ok()),
            // Some servers ask for rights, or fail, where they should say that there is nothing.
            400 | 403..=405 | 410 | 500 | 501 => Ok(None),
            _ => Err(error::from_answer(&answer, path)),
        }
    }
}

/// A GET of that path, accepting SCIM and plain JSON.
pub(crate) fn get(path: impl Into<String>) -> Request {
    Request::new(Method::Get, path).header("accept", "application/scim+json, application/json")
}

/// A request with a body.
pub(crate) fn with_body(
    method: Method,
    path: impl Into<String>,
    body: &Value,
) -> Result<Request, ConnectorError> {
    Request::new(method, path)
        .header("accept", "application/scim+json, application/json")
        .json(JSON, body)
}

/// The path of one resource.
pub(crate) fn path_of(class: &Class, id: &str) -> Result<String, ConnectorError> {
    if matches!(id, "" | "." | "..") {
        return Err(ConnectorError::Invalid(format!("`{id}` is not an id")));
    }
    Ok(format!("{}/{}", class.endpoint, encode(id)))
}

/// The id of a resource.
pub(crate) fn id_of(resource: &Value) -> Option<Text> {
    match resource.get("id")? {
        Value::String(id) if !id.is_empty() => Some(id.as_str().into()),
        Value::Number(id) => Some(id.to_string().into()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}
