use std::io;

use muster_connector::{BadObject, NoSecrets, ReadObject, json::settings_of};
use muster_model::Value;
use muster_testkit::{HttpStub, Received, Reply};
use serde_json::{Map, json};

use super::*;

mod contract;
mod double;
mod paging;

struct Vault;

impl Secrets for Vault {
    fn env(&self, name: &str) -> Option<String> {
        (name == "CLIENT_SECRET").then(|| "hunter2 of the client".to_owned())
    }

    fn file(&self, _path: &str) -> io::Result<String> {
        Err(io::Error::from(io::ErrorKind::NotFound))
    }
}

/// A connector on a server with these settings besides `url`.
pub(crate) fn connect(url: &str, settings: Json) -> Arc<dyn Connector> {
    let Json::Object(mut map) = settings else { panic!("settings are a map") };
    map.insert("url".to_owned(), json!(url));
    open(&settings_of(&map), &NoSecrets).unwrap()
}

#[derive(Default)]
pub(crate) struct Notes(Vec<String>);

#[async_trait]
impl Sink for Notes {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        for ReadObject { object, .. } in objects {
            let values: Vec<String> = object.values.iter().map(Value::to_string).collect();
            self.0.push(format!("{} {}: {}", object.id, object.name, values.join(", ")));
        }
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        self.0.push(format!("BAD {}: {} ({:?})", bad.place, bad.problem, bad.name));
        Ok(())
    }
}

pub(crate) fn request(attributes: &[&str], since: Option<&str>) -> ReadRequest {
    let field =
        |name: &&str| Field { name: Text::from(*name), value_type: ValueType::Text, many: false };
    let fields = attributes.iter().map(field).collect();
    ReadRequest { class: "".into(), fields, since: since.map(Text::from), batch: 100 }
}

/// What a read yields, as text.
pub(crate) async fn read(connector: &dyn Connector, attributes: &[&str]) -> String {
    let mut notes = Notes::default();
    match connector.read(&request(attributes, None), &mut notes).await {
        Ok(end) => notes.0.extend(end.problem.map(|problem| format!("INCOMPLETE {problem}"))),
        Err(error) => notes.0.push(format!("ERROR {error}")),
    }
    notes.0.join("\n")
}
