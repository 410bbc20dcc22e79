//! A SCIM service in the test's own process, for dialects that the real one does not speak.
//!
//! It uses our own vocabulary to answer, so it proves nothing about that; the real server does.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use muster_scim::{
    AttributePath, ListResponse, MakeMissing, Patch, ScimError, ServiceConfig, parse_filter,
};
use muster_testkit::{Received, Reply};
use serde_json::{Value, json};

/// What the service can do, and how it differs.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a list of independent abilities is what this is"
)]
pub(crate) struct Dialect {
    pub(crate) patch: bool,
    pub(crate) filter: bool,
    /// Tells its configuration, types and schemas.
    pub(crate) discovery: bool,
    /// Wants booleans as texts and operations with capitals.
    pub(crate) entra: bool,
    /// The largest page.
    pub(crate) page: usize,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { patch: true, filter: true, discovery: true, entra: false, page: 100 }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Double {
    dialect: Dialect,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    /// By endpoint and id.
    resources: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Double {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { dialect, state: Mutex::default() }
    }

    /// Puts users `u0001` … into the service.
    pub(crate) fn fill(&self, n_users: usize) {
        for number in 1..=n_users {
            let body = json!({"userName": format!("u{number:04}"), "active": true});
            self.lock().create("Users", body);
        }
    }

    /// Puts a group with members of these ids into the service.
    pub(crate) fn group(&self, name: &str, ids: &[&str]) {
        let members: Vec<Value> = ids.iter().map(|id| json!({ "value": id })).collect();
        self.lock().create("Groups", json!({ "displayName": name, "members": members }));
    }

    /// Removes a resource behind everybody's back.
    pub(crate) fn remove(&self, endpoint: &str, name: &str) {
        let mut state = self.lock();
        let resources = state.resources.entry(endpoint.to_owned()).or_default();
        resources.retain(|_, resource| resource["userName"] != name);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request.
    pub(crate) fn answer(&self, request: &Received) -> Reply {
        let segments = request.segments();
        let body = || serde_json::from_slice::<Value>(&request.body).unwrap_or_default();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["ServiceProviderConfig"]) if self.dialect.discovery => {
                let config = ServiceConfig {
                    patch: self.dialect.patch,
                    filter: self.dialect.filter,
                    most_results: u64::try_from(self.dialect.page).ok(),
                    ..ServiceConfig::default()
                };
                Reply::json(200, config.to_json().to_string())
            }
            ("GET", ["ServiceProviderConfig" | "ResourceTypes" | "Schemas"]) => refuse(404, None),
            ("GET", [endpoint]) => self.list(endpoint, request),
            ("GET", [endpoint, id]) => {
                match self.lock().resources.get(*endpoint).and_then(|r| r.get(*id)) {
                    Some(resource) => Reply::json(200, resource.to_string()),
                    None => refuse(404, None),
                }
            }
            ("POST", [endpoint]) => {
                if self.dialect.entra && body()["active"].is_boolean() {
                    return refuse(400, Some("invalidValue"));
                }
                match self.lock().create(endpoint, body()) {
                    Some(made) => Reply::json(201, made.to_string()),
                    None => refuse(409, Some("uniqueness")),
                }
            }
            ("PATCH", [endpoint, id]) => self.patch(endpoint, id, &body()),
            ("PUT", [endpoint, id]) => {
                self.lock().replace(endpoint, id, body(), request.header("if-match"))
            }
            ("DELETE", [endpoint, id]) => {
                let mut state = self.lock();
                let gone = state.resources.get_mut(*endpoint).and_then(|r| r.remove(*id));
                gone.map_or_else(|| refuse(404, None), |_| Reply::empty(204))
            }
            _ => refuse(404, None),
        }
    }

    fn list(&self, endpoint: &str, request: &Received) -> Reply {
        let number =
            |name: &str| request.parameter(name).and_then(|text| text.parse::<usize>().ok());
        let filter = request.parameter("filter").filter(|_| self.dialect.filter);
        let filter = filter.map(|text| parse_filter(&text).unwrap());
        let state = self.lock();
        let all = state.resources.get(endpoint).into_iter().flat_map(BTreeMap::values);
        let exact = |path: &AttributePath| path.name == "value";
        let found: Vec<&Value> = all
            .filter(|resource| filter.as_ref().is_none_or(|f| f.matches(resource, &exact)))
            .collect();
        let start = number("startIndex").unwrap_or(1).max(1);
        let count = number("count").unwrap_or(self.dialect.page).min(self.dialect.page);
        let page = ListResponse {
            total: u64::try_from(found.len()).ok(),
            start_index: u64::try_from(start).ok(),
            resources: found.into_iter().skip(start - 1).take(count).cloned().collect(),
            next_cursor: None,
        };
        Reply::json(200, page.to_json().to_string())
    }

    fn patch(&self, endpoint: &str, id: &str, body: &Value) -> Reply {
        if !self.dialect.patch {
            return refuse(501, None);
        }
        let is_small =
            |op: &Value| op["op"].as_str().is_some_and(|op| op.starts_with(char::is_lowercase));
        let operations = body["Operations"].as_array().cloned().unwrap_or_default();
        if self.dialect.entra
            && operations.iter().any(|op| is_small(op) || op["value"].is_boolean())
        {
            return refuse(400, Some("invalidSyntax"));
        }
        let mut state = self.lock();
        let Some(mut resource) = state.resources.get(endpoint).and_then(|r| r.get(id)).cloned()
        else {
            return refuse(404, None);
        };
        let make = if self.dialect.entra { MakeMissing::Yes } else { MakeMissing::No };
        let patched = Patch::from_json(body).and_then(|patch| patch.apply(&mut resource, make));
        match patched {
            Ok(()) => state.replace(endpoint, id, resource, None),
            Err(error) => refuse(400, Some(error.scim_type())),
        }
    }
}

impl State {
    fn is_taken(&self, endpoint: &str, id: &str, resource: &Value) -> bool {
        let name = |value: &Value| value["userName"].as_str().map(str::to_lowercase);
        let all = self.resources.get(endpoint).into_iter().flatten();
        let mut others = all.filter(|(other, _)| other.as_str() != id);
        name(resource).is_some() && others.any(|(_, other)| name(other) == name(resource))
    }

    fn create(&mut self, endpoint: &str, mut resource: Value) -> Option<Value> {
        if self.is_taken(endpoint, "", &resource) {
            return None;
        }
        self.next += 1;
        let id = format!("{:08}", self.next);
        resource["id"] = json!(id);
        resource["meta"] = json!({"version": format!("W/\"{}\"", self.next)});
        let resources = self.resources.entry(endpoint.to_owned()).or_default();
        resources.insert(id, resource.clone());
        Some(resource)
    }

    fn replace(
        &mut self,
        endpoint: &str,
        id: &str,
        mut resource: Value,
        etag: Option<&str>,
    ) -> Reply {
        if self.is_taken(endpoint, id, &resource) {
            return refuse(409, Some("uniqueness"));
        }
        self.next += 1;
        let version = format!("W/\"{}\"", self.next);
        let Some(place) = self.resources.get_mut(endpoint).and_then(|r| r.get_mut(id)) else {
            return refuse(404, None);
        };
        if etag.is_some_and(|etag| place["meta"]["version"] != etag) {
            return refuse(412, None);
        }
        resource["id"] = json!(id);
        resource["meta"] = json!({ "version": version });
        *place = resource;
        Reply::json(200, place.to_string())
    }
}

/// An error answer.
pub(crate) fn refuse(status: u16, kind: Option<&str>) -> Reply {
    let detail = Some(format!("the double says {status}"));
    let error = ScimError { status, scim_type: kind.map(str::to_owned), detail };
    Reply::json(status, error.to_json().to_string())
}
