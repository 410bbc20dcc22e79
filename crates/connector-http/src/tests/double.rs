//! A small REST service in memory: users and groups, with numbers as ids, pages, and a log of changes.

use std::sync::Mutex;

use super::*;

#[derive(Debug, Default)]
struct Store {
    /// Collection and id to the object.
    objects: BTreeMap<(String, u64), Map<String, Json>>,
    /// Collection, id, login and revision of what was deleted.
    deleted: Vec<(String, u64, String, u64)>,
    revision: u64,
}

/// The service; clones share what it holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Double {
    store: Arc<Mutex<Store>>,
    /// From this page on the service fails.
    pub(crate) fails_from: Arc<Mutex<Option<u64>>>,
}

fn problem(status: u16, text: &str) -> Reply {
    Reply::json(status, json!({"message": text}).to_string())
}

impl Double {
    pub(crate) fn start(&self) -> HttpStub {
        let double = self.clone();
        HttpStub::start(move |received| double.answer(received)).unwrap()
    }

    fn answer(&self, received: &Received) -> Reply {
        let mut store = self.store.lock().unwrap();
        let segments = received.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let body: Json = serde_json::from_slice(&received.body).unwrap_or_default();
        let id = |text: &str| text.parse::<u64>().ok();
        match (received.method.as_str(), segments.as_slice()) {
            ("GET", [kind]) => self.list(&store, kind, received),
            ("POST", [kind]) => store.create(kind, &body),
            (method, [kind, number]) => match id(number) {
                Some(number) => store.one(method, kind, number, &body),
                None => problem(404, "no such thing"),
            },
            (method, [kind, number, "members", name]) => match id(number) {
                Some(number) => store.member(method, kind, number, name),
                None => problem(404, "no such thing"),
            },
            _ => problem(405, "not here"),
        }
    }

    fn list(&self, store: &Store, kind: &str, received: &Received) -> Reply {
        let number =
            |name: &str| received.parameter(name).and_then(|text| text.parse::<u64>().ok());
        let (page, size) = (number("page").unwrap_or(1), number("per_page").unwrap_or(10));
        if self.fails_from.lock().unwrap().is_some_and(|from| page >= from) {
            return problem(500, "the database is gone");
        }
        let since = number("since");
        let login = received.parameter("login");
        let wanted = |object: &Map<String, Json>| {
            since.is_none_or(|since| object["rev"].as_u64() > Some(since))
                && login.as_ref().is_none_or(|login| object["login"] == json!(login))
        };
        let mut all: Vec<Json> = store
            .objects
            .iter()
            .filter(|((of, _), object)| of == kind && wanted(object))
            .map(|(_, object)| Json::Object(object.clone()))
            .collect();
        let gone = store
            .deleted
            .iter()
            .filter(|(of, _, _, rev)| of == kind && since.is_some_and(|since| *rev > since));
        all.extend(gone.map(|(_, id, login, _)| json!({"id": id, "login": login, "gone": true})));
        let skip = usize::try_from((page - 1) * size).unwrap();
        let items: Vec<Json> =
            all.into_iter().skip(skip).take(usize::try_from(size).unwrap()).collect();
        Reply::json(200, json!({"data": items, "meta": {"rev": store.revision}}).to_string())
    }
}

impl Store {
    fn is_taken(&self, kind: &str, login: &Json, but: u64) -> bool {
        self.objects
            .iter()
            .any(|((of, id), object)| of == kind && *id != but && object["login"] == *login)
    }

    fn create(&mut self, kind: &str, body: &Json) -> Reply {
        let Json::Object(mut object) = body.clone() else { return problem(400, "no object") };
        if self.is_taken(kind, &object["login"], 0) {
            return problem(422, "Login has Already been taken");
        }
        self.revision += 1;
        let id = self.revision;
        object.insert("id".to_owned(), json!(id));
        object.insert("rev".to_owned(), json!(id));
        self.objects.insert((kind.to_owned(), id), object.clone());
        Reply::json(201, json!({"data": object}).to_string())
    }

    fn one(&mut self, method: &str, kind: &str, id: u64, body: &Json) -> Reply {
        let key = (kind.to_owned(), id);
        let login = body.get("login").cloned().unwrap_or_default();
        if !login.is_null() && self.is_taken(kind, &login, id) {
            return problem(422, "login has already been taken");
        }
        let revision = self.revision + 1;
        let Some(object) = self.objects.get_mut(&key) else { return problem(404, "no such user") };
        match (method, body) {
            ("GET", _) => return Reply::json(200, json!({"data": object}).to_string()),
            ("DELETE", _) => {
                let login = object["login"].as_str().unwrap_or_default().to_owned();
                self.objects.remove(&key);
                self.deleted.push((kind.to_owned(), id, login, revision));
                self.revision = revision;
                return Reply::empty(204);
            }
            ("PUT", Json::Object(new)) => *object = new.clone(),
            ("PATCH", Json::Object(new)) => {
                for (name, value) in new {
                    object.insert(name.clone(), value.clone());
                }
            }
            _ => return problem(405, "not here"),
        }
        object.retain(|_, value| !value.is_null());
        object.insert("rev".to_owned(), json!(revision));
        self.revision = revision;
        Reply::json(200, json!({"data": object}).to_string())
    }

    fn member(&mut self, method: &str, kind: &str, id: u64, name: &str) -> Reply {
        let Some(group) = self.objects.get_mut(&(kind.to_owned(), id)) else {
            return problem(404, "no such group");
        };
        let members = group.entry("members").or_insert_with(|| json!([]));
        let Json::Array(members) = members else { return problem(500, "members are no list") };
        let is_there = members.contains(&json!(name));
        match (method, is_there) {
            ("PUT", true) => problem(409, "is a member already"),
            ("PUT", false) => {
                members.push(json!(name));
                Reply::empty(204)
            }
            ("DELETE", true) => {
                members.retain(|member| *member != json!(name));
                Reply::empty(204)
            }
            ("DELETE", false) => problem(404, "is no member"),
            _ => problem(405, "not here"),
        }
    }
}
