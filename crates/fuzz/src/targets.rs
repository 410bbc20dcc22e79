//! What is tried: each target takes any bytes and may do anything with them but panic, abort or stand still.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::BytesMut;
use muster_connector::{
    BadObject, Connector, ConnectorError, Field, ReadObject, ReadRequest, Sink, json::settings_of,
};
use muster_directory::next_message;
use muster_model::{NameRule, ValueType, name_key};
use muster_project::{File, NoConnectors};
use muster_scim::{MakeMissing, Patch, parse_filter, parse_path};
use serde_json::{Map, Value as Json, json};

/// Something that reads what others wrote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) name: &'static str,
    /// Good input.
    pub(crate) examples: &'static [&'static str],
    /// Words of the format; repeated, they nest.
    pub(crate) words: &'static [&'static str],
    pub(crate) run: fn(&[u8]),
}

/// Every target.
pub(crate) const ALL: &[Target] = &[
    Target {
        name: "scim-filter",
        examples: &[
            "userName eq \"ada\" and (emails[type eq \"work\" and primary eq true] or not (active pr))",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value co \"x\\u00e4\"",
            "meta.lastModified gt \"2011-05-13T04:42:34Z\" and id ne null and n le -1.5e3",
        ],
        words: &[
            "(",
            ")",
            "not (",
            "[",
            "]",
            " and ",
            " or ",
            "a pr and ",
            "a[",
            "\"",
            "\\u",
            "eq ",
            "not ",
            "1e999 ",
            ".",
            ":",
            "\u{fffd}",
            "a.",
        ],
        run: scim_filter,
    },
    Target {
        name: "scim-path",
        examples: &["emails[type eq \"work\"].value", "name.familyName", "urn:a:b:c:members"],
        words: &["[", "]", ".", "(", "not (", "a[", "\"", ":", " eq ", "\\"],
        run: scim_path,
    },
    Target {
        name: "scim-patch",
        examples: &[
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"emails[type eq \"work\"].value","value":"a@b"},{"op":"remove","path":"name.familyName"}]}"#,
            r#"{"Operations":[{"op":"replace","value":{"active":"False","name":{"givenName":"A"},"emails":[{"value":"x"}]}},{"op":"add","path":"members","value":[{"value":"1"}]}]}"#,
        ],
        words: &[
            "{\"a\":",
            "[",
            "]",
            "}",
            "\"",
            ",",
            "\"path\":",
            "\"op\":\"add\"",
            "null",
            "1e400",
            "\\u0000",
        ],
        run: scim_patch,
    },
    Target {
        name: "model",
        examples: &[include_str!("../seeds/model.yaml")],
        words: &[
            "- ",
            "? ",
            "{",
            "[",
            "}",
            "]",
            "&a ",
            "*a",
            "<<: *a",
            ": ",
            "\n",
            "  ",
            "\"",
            "'",
            "|\n",
            "!!map ",
            "---\n",
            "types:",
            "roles:",
            "\t",
            "%YAML 1.2\n",
            "a: {",
        ],
        run: model,
    },
    Target {
        name: "expression",
        examples: &[
            "lower(givenName + '.' + familyName) + string(1)",
            "person.givenName != null && (person.familyName == 'x' || !(now >= end_of(person.endDate)))",
            "[1, 2, 3].exists(x, x > 2) ? 'a' : {'b': 1}.b",
        ],
        words: &[
            "(",
            ")",
            "[",
            "]",
            "{",
            "!",
            "-",
            "a ? b : ",
            "a.",
            "f(",
            "'",
            "\"",
            "\\",
            " && ",
            " + ",
            "x in ",
            "r'",
            "9223372036854775808",
            "1e999",
            "[1].exists(x, ",
        ],
        run: expression,
    },
    Target {
        name: "csv",
        examples: &[
            "id,name,mail\n1,Ada,\"a\"\"b@x\"\n2,\"Eve\n\",\r\n",
            "id;name\n1;Ada\n",
            "\u{feff}id\tname\n1\tAda\n",
        ],
        words: &["\"", ",", "\n", "\r", ";", "\0", "\u{feff}", "id,", "\"\"", "=cmd()"],
        run: csv,
    },
    Target {
        name: "ldap-message",
        // Letters stand for the bytes of their numbers: a sign-in, and a search with `(&(uid=ada)(cn=*))`.
        examples: &[
            "0\x0c\x02\x01\x01`\x07\x02\x01\x03\x04\0\u{80}\0",
            "0*\x02\x01\x01c%\x04\0\n\x01\x02\n\x01\0\x02\x01\0\x02\x01\0\x01\x01\0\u{a0}\x10\u{a3}\n\x04\x03uid\x04\x03ada\u{87}\x02cn0\0",
        ],
        words: &[
            "0\u{84}\0\0\x01\0",
            "\u{a0}\u{82}\x10\0",
            "\u{a2}\u{82}\x0f\0",
            "\u{80}",
            "\u{ff}",
            "\x02\x01\x01",
            "\x04\0",
            "c\x10",
            "w\x10",
            "\u{a9}\x03",
        ],
        run: ldap_message,
    },
    Target {
        name: "ldif",
        examples: &[
            "version: 1\ndn: uid=ada,dc=x\nobjectClass: inetOrgPerson\nuid: ada\ncn:: QWRh\ndescription: a\n b\n\ndn: uid=eve,dc=x\nuid: eve\n",
            "# comment\ndn: cn=a\\,b+uid=1,dc=x\nmember: uid=ada,dc=x\njpegPhoto:< file:///etc/passwd\n-\n",
        ],
        words: &[
            "dn: ",
            ":: ",
            ":< ",
            "\n ",
            "\n",
            "#",
            "changetype: modify\n",
            "=",
            "\\",
            "-\n",
            "\0",
            ",",
        ],
        run: ldif,
    },
    Target {
        name: "dn",
        examples: &[
            "uid=ada,ou=people,dc=x",
            "cn=a\\,b\\2c+uid=1, dc = \"x\"",
            "1.2.3=#04024869,dc=x",
        ],
        words: &["\\", "\\2", ",", "+", "=", "#", "\"", " ", ";", "<", "uid=", "\u{301}"],
        run: dn,
    },
];

fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

/// What was parsed prints to something that parses to the same.
fn scim_filter(input: &[u8]) {
    if let Ok(filter) = parse_filter(&text(input)) {
        let printed = filter.to_string();
        assert!(parse_filter(&printed).is_ok_and(|again| again == filter), "{printed}");
        let nobody = |_: &_| false;
        let _fits: bool = filter.matches(&user(), &nobody);
    }
}

fn scim_path(input: &[u8]) {
    if let Ok(path) = parse_path(&text(input)) {
        let printed = path.to_string();
        assert!(parse_path(&printed).is_ok_and(|again| again == path), "{printed}");
    }
}

fn scim_patch(input: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Json>(input) else { return };
    let Ok(patch) = Patch::from_json(&body) else { return };
    for make_missing in [MakeMissing::No, MakeMissing::Yes] {
        let mut user = user();
        let before = user.clone();
        if patch.apply(&mut user, make_missing).is_err() {
            assert!(user == before, "a patch that fails changes nothing");
        }
    }
}

fn user() -> Json {
    json!({
        "userName": "ada", "active": true, "name": { "givenName": "Ada", "familyName": "L" },
        "emails": [{ "value": "a@x", "type": "work", "primary": true }, { "value": "b@x", "type": "home" }],
        "members": [{ "value": "1" }, { "value": "2" }],
    })
}

/// Systems are refused, everything else is checked.
fn load(text: String) {
    let file = File { path: "muster.yaml".into(), text: text.into() };
    let loaded = muster_project::load(vec![file], &NoConnectors);
    let shown = muster_project::render(&loaded.diagnostics, &loaded.sources, false);
    assert!(loaded.model.is_some() || !shown.is_empty(), "refused without a reason");
}

fn model(input: &[u8]) {
    let text = text(input);
    if let Ok(formatted) = muster_project::format(&text) {
        assert!(
            muster_project::format(&formatted).is_ok_and(|again| again == formatted),
            "{formatted:?}"
        );
    }
    load(text);
}

/// The expression in the place of one, in a model that is right otherwise.
fn expression(input: &[u8]) {
    let quoted = Json::from(text(input)).to_string();
    load(include_str!("../seeds/model.yaml").replace("givenName + \" \" + familyName", &quoted));
}

struct Anything;

#[async_trait]
impl Sink for Anything {
    async fn objects(&mut self, _objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        Ok(())
    }

    async fn bad(&mut self, _bad: BadObject) -> Result<(), ConnectorError> {
        Ok(())
    }
}

fn read_file(kind: &str, input: &[u8], settings: &Json) {
    let Ok(folder) = tempfile::tempdir() else { return };
    if std::fs::write(folder.path().join("input"), input).is_err() {
        return;
    }
    let settings = settings_of(settings.as_object().unwrap_or(&Map::new()));
    let opened = muster_connector_file::open(kind, &settings, folder.path());
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return };
    if let Ok(connector) = opened {
        runtime.block_on(read(&connector));
    }
}

async fn read(connector: &Arc<dyn Connector>) {
    let field = |name: &str| Field { name: name.into(), value_type: ValueType::Text, many: false };
    let fields = ["id", "name", "uid", "cn"].map(field).to_vec();
    let request = ReadRequest { class: "".into(), fields, since: None, batch: 100 };
    // Any answer is right; that there is one is what counts.
    drop(connector.read(&request, &mut Anything).await);
}

fn csv(input: &[u8]) {
    read_file(muster_connector_file::CSV, input, &json!({ "path": "input", "key": "id" }));
}

/// Messages are taken from the front until one cannot be read.
fn ldap_message(input: &[u8]) {
    let mut bytes = latin(input);
    while let Ok(Some(_)) = next_message(&mut bytes, 1 << 16) {}
}

/// Letters as the bytes of their numbers, so that bytes that are no text can stand in examples.
fn latin(input: &[u8]) -> BytesMut {
    text(input).chars().map(|c| u8::try_from(u32::from(c) & 0xff).unwrap_or_default()).collect()
}

fn ldif(input: &[u8]) {
    read_file(muster_connector_file::LDIF, input, &json!({ "path": "input" }));
}

fn dn(input: &[u8]) {
    let name = text(input);
    let key = name_key(NameRule::DistinguishedName, &name);
    assert!(name_key(NameRule::DistinguishedName, &key) == key, "{key:?}");
    let settings = json!({ "url": "ldap://h", "base": "dc=x" });
    let settings = settings_of(settings.as_object().unwrap_or(&Map::new()));
    let _full: String = muster_connector_ldap::full_name(&settings, &name);
}

#[cfg(test)]
mod tests;
