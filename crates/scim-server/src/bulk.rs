//! Bulk (RFC 7644, 3.7): many changes in one request, with references between them.
//!
//! Operations whose references are known are done together, so that they share a transaction with each other and with
//! whoever else writes. A circle of references is cut: what closes it is added once everybody is there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use crate::{
    answer::Answer,
    error::Failure,
    select::Selection,
    view::View,
    write::{Job, Verb},
    writer::Writer,
};

/// Operations of one request.
pub(crate) const MOST_OPERATIONS: usize = 5000;
/// Bytes of one request.
pub(crate) const LARGEST_BULK: usize = 4_000_000;
/// What an answer is.
const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
/// What a reference to the resource of another operation begins with.
const REFERENCE: &str = "bulkId:";

/// An operation as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    method: String,
    path: String,
    pub(crate) bulk_id: Option<String>,
    version: Option<String>,
    data: Json,
}

/// An operation and its place in the request.
type Placed = (usize, Operation);

/// What became of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub(crate) method: String,
    pub(crate) bulk_id: Option<String>,
    pub(crate) answer: Answer,
}

/// A request.
#[derive(Debug)]
pub(crate) struct Bulk {
    pub(crate) operations: Vec<Operation>,
    fail_on_errors: Option<usize>,
}

impl Bulk {
    /// Reads a request.
    pub(crate) fn read(body: &Json) -> Result<Self, Failure> {
        let operations = body.get("Operations").and_then(Json::as_array);
        let Some(operations) = operations else {
            return Err(Failure::invalid_syntax("a bulk request needs a list of `Operations`"));
        };
        if operations.len() > MOST_OPERATIONS {
            let problem = format!(
                "The number of operations in the bulk request exceeds maxOperations ({MOST_OPERATIONS})."
            );
            return Err(Failure::new(413, "tooMany", problem));
        }
        let fail_on_errors = body.get("failOnErrors").and_then(Json::as_u64);
        Ok(Self {
            operations: operations.iter().map(Operation::read).collect(),
            fail_on_errors: fail_on_errors.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0),
        })
    }

    /// Does everything, in order as far as references allow.
    pub(crate) async fn carry_out(self, view: &View, writer: &Writer) -> Vec<Done> {
        let mut state = State::new(view, writer, self.operations.len());
        let mut open: Vec<(usize, Operation)> = self.operations.into_iter().enumerate().collect();
        let declared: BTreeSet<String> = open
            .iter()
            .filter(|(_, operation)| operation.method == "POST")
            .filter_map(|(_, operation)| operation.bulk_id.clone())
            .collect();
        while !open.is_empty() {
            if self.fail_on_errors.is_some_and(|most| state.n_errors >= most) {
                break;
            }
            let one_by_one = self.fail_on_errors.is_some();
            let (ready, waiting) = state.part(open, &declared, one_by_one);
            open = waiting;
            state.run(ready).await;
        }
        state.close_circles().await;
        state.done.into_iter().flatten().collect()
    }
}

/// The answer to a request.
pub(crate) fn response(done: &[Done]) -> Json {
    let operations: Vec<Json> = done.iter().map(Done::to_json).collect();
    json!({ "schemas": [RESPONSE], "Operations": operations })
}

impl Done {
    fn to_json(&self) -> Json {
        let mut map = Map::new();
        let mut put = |key: &str, value: Json| drop(map.insert(key.to_owned(), value));
        put("method", json!(self.method));
        if let Some(bulk_id) = &self.bulk_id {
            put("bulkId", json!(bulk_id));
        }
        if let Some(location) = &self.answer.location {
            put("location", json!(location));
        }
        if let Some(tag) = &self.answer.tag {
            put("version", json!(tag));
        }
        put("status", json!(self.answer.status.to_string()));
        if self.answer.status >= 400
            && let Some(body) = &self.answer.body
        {
            put("response", body.clone());
        }
        Json::Object(map)
    }
}

impl Operation {
    fn read(json: &Json) -> Self {
        let text = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
        Self {
            method: text("method").unwrap_or_default().to_uppercase(),
            path: text("path").unwrap_or_default(),
            bulk_id: text("bulkId"),
            version: text("version"),
            data: json.get("data").cloned().unwrap_or_default(),
        }
    }

    /// The references in its path and its data.
    fn references(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let in_path = self.path.split('/').filter_map(|part| part.strip_prefix(REFERENCE));
        found.extend(in_path.map(str::to_owned));
        collect(&self.data, &mut found);
        found
    }

    fn job(&self, view: &View) -> Result<Job, Failure> {
        let mut parts = self.path.trim_matches('/').splitn(2, '/');
        let endpoint = parts.next().unwrap_or_default().to_owned();
        let id = parts.next().map(str::to_owned);
        let body = self.data.clone();
        let verb = match (self.method.as_str(), id) {
            ("POST", None) if self.bulk_id.as_ref().is_none_or(String::is_empty) => {
                return Err(Failure::invalid_syntax("a POST needs a `bulkId`"));
            }
            ("POST", None) => Verb::Create(body),
            ("PUT", Some(id)) => Verb::Replace { id, body },
            ("PATCH", Some(id)) => Verb::Patch { id, body },
            ("DELETE", Some(id)) => Verb::Delete { id },
            _ => {
                let problem = format!("`{} {}` is no operation", self.method, self.path);
                return Err(Failure::invalid_syntax(problem));
            }
        };
        if view.mapping.at(&endpoint).is_none() {
            return Err(Failure::not_found(&self.path));
        }
        let if_match = self.version.clone();
        Ok(Job { view: view.clone(), endpoint, verb, if_match, selection: Selection::Default })
    }
}

fn collect(json: &Json, found: &mut BTreeSet<String>) {
    match json {
        Json::String(text) => found.extend(text.strip_prefix(REFERENCE).map(str::to_owned)),
        Json::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Json::Object(map) => map.values().for_each(|item| collect(item, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// How far a request is.
struct State<'a> {
    view: &'a View,
    writer: &'a Writer,
    done: Vec<Option<Done>>,
    /// The id and the endpoint of what an operation made.
    made: BTreeMap<String, (String, String)>,
    failed: BTreeSet<String>,
    n_errors: usize,
    /// What has to be added when everybody is there: the place of the operation, and the data.
    later: Vec<(usize, Json)>,
}

impl<'a> State<'a> {
    fn new(view: &'a View, writer: &'a Writer, n: usize) -> Self {
        Self {
            view,
            writer,
            done: vec![None; n],
            made: BTreeMap::new(),
            failed: BTreeSet::new(),
            n_errors: 0,
            later: Vec::new(),
        }
    }

    /// The operations that can be done now, and the others. When none can, a circle is cut.
    fn part(
        &mut self,
        open: Vec<Placed>,
        declared: &BTreeSet<String>,
        one_by_one: bool,
    ) -> (Vec<Placed>, Vec<Placed>) {
        let (mut ready, mut waiting) = (Vec::new(), Vec::new());
        for (place, operation) in open {
            let is_open = |id: &String| {
                declared.contains(id) && !self.made.contains_key(id) && !self.failed.contains(id)
            };
            let waits = operation.references().iter().any(is_open);
            if waits || one_by_one && !ready.is_empty() {
                waiting.push((place, operation));
            } else {
                ready.push((place, operation));
            }
        }
        if ready.is_empty()
            && let Some(first) = waiting.iter().position(|(_, one)| one.method == "POST")
        {
            let (place, mut operation) = waiting.remove(first);
            let known = |id: &str| self.made.contains_key(id);
            let mut later = Json::Object(Map::new());
            cut(&mut operation.data, &mut later, &known);
            self.later.push((place, later));
            ready.push((place, operation));
        } else if ready.is_empty() {
            // Only operations on what will never be there are left.
            std::mem::swap(&mut ready, &mut waiting);
        }
        (ready, waiting)
    }

    async fn run(&mut self, ready: Vec<Placed>) {
        let (mut jobs, mut places) = (Vec::new(), Vec::new());
        for (place, mut operation) in ready {
            match self.resolved(&mut operation).and_then(|()| operation.job(self.view)) {
                Ok(job) => {
                    jobs.push(job);
                    places.push((place, operation));
                }
                Err(failure) => self.note(place, &operation, failure.into()),
            }
        }
        let outcomes = self.writer.change(jobs).await;
        for ((place, operation), outcome) in places.into_iter().zip(outcomes) {
            let answer = outcome.unwrap_or_else(Answer::from);
            self.note(place, &operation, answer);
        }
    }

    fn note(&mut self, place: usize, operation: &Operation, mut answer: Answer) {
        if operation.method != "POST" && answer.location.is_none() {
            // Also what failed says where (RFC 7644, 3.7.3).
            let path = operation.path.trim_matches('/');
            answer.location = Some(format!("{}/{path}", self.view.base));
        }
        if answer.status >= 400 {
            self.n_errors += 1;
            self.failed.extend(operation.bulk_id.clone());
        } else if let (Some(bulk_id), Some(location)) = (&operation.bulk_id, &answer.location) {
            let id = location.rsplit('/').next().unwrap_or_default().to_owned();
            let endpoint = operation.path.trim_matches('/').to_owned();
            self.made.insert(bulk_id.clone(), (id, endpoint));
        }
        let done =
            Done { method: operation.method.clone(), bulk_id: operation.bulk_id.clone(), answer };
        if let Some(slot) = self.done.get_mut(place) {
            *slot = Some(done);
        }
    }

    /// Puts ids in place of references.
    fn resolved(&self, operation: &mut Operation) -> Result<(), Failure> {
        let unknown = |id: &str| {
            Failure::new(409, "invalidValue", format!("`bulkId:{id}` leads to no resource"))
        };
        for id in operation.references() {
            let (made, _) = self.made.get(&id).ok_or_else(|| unknown(&id))?;
            operation.path = operation.path.replace(&format!("{REFERENCE}{id}"), made);
            replace(&mut operation.data, &id, made);
        }
        Ok(())
    }

    /// Adds what was cut off.
    async fn close_circles(&mut self) {
        for (place, mut data) in std::mem::take(&mut self.later) {
            let made = self.done.get(place).cloned().flatten();
            let bulk_id = made.and_then(|done| done.bulk_id);
            let Some((id, endpoint)) = bulk_id.and_then(|id| self.made.get(&id).cloned()) else {
                continue;
            };
            for (reference, (id, _)) in &self.made {
                replace(&mut data, reference, id);
            }
            let body = json!({ "Operations": [{ "op": "add", "value": data }] });
            let job = Job {
                view: self.view.clone(),
                endpoint,
                verb: Verb::Patch { id, body },
                if_match: None,
                selection: Selection::Default,
            };
            let outcome = self.writer.change(vec![job]).await.pop();
            let slot = self.done.get_mut(place).and_then(Option::as_mut);
            if let (Some(outcome), Some(done)) = (outcome, slot) {
                match outcome {
                    Ok(answer) => done.answer.tag = answer.tag,
                    Err(failure) => done.answer = failure.into(),
                }
            }
        }
    }
}

fn replace(json: &mut Json, reference: &str, id: &str) {
    match json {
        Json::String(text) if text.strip_prefix(REFERENCE) == Some(reference) => {
            id.clone_into(text);
        }
        Json::Array(items) => items.iter_mut().for_each(|item| replace(item, reference, id)),
        Json::Object(map) => map.values_mut().for_each(|item| replace(item, reference, id)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Moves the attributes with references to what is not there yet from `data` to `later`; of a list only the values.
fn cut(data: &mut Json, later: &mut Json, known: &dyn Fn(&str) -> bool) {
    let is_open = |json: &Json| {
        let mut found = BTreeSet::new();
        collect(json, &mut found);
        found.iter().any(|id| !known(id))
    };
    let (Json::Object(map), Json::Object(later)) = (data, later) else { return };
    let names: Vec<String> = map.keys().cloned().collect();
    for name in names {
        let Some(value) = map.get_mut(&name) else { continue };
        if !is_open(value) {
            continue;
        }
        if let Json::Array(items) = value {
            let (open, rest): (Vec<Json>, Vec<Json>) = items.drain(..).partition(is_open);
            *items = rest;
            later.insert(name, Json::Array(open));
        } else if let Some(value) = map.remove(&name) {
            later.insert(name, value);
        }
    }
}
