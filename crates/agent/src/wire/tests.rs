use muster_connector::json::settings_of;
use muster_model::{Setting, encode_values};
use serde_json::json;

use super::*;

fn fields() -> Vec<Field> {
    let field = |name: &str, value_type, many| Field { name: name.into(), value_type, many };
    vec![
        field("mail", ValueType::Text, true),
        field("manager", ValueType::Link(TypeId(3)), false),
        field("since", ValueType::Date, false),
    ]
}

fn object() -> Object {
    let values = vec![
        Value::set(vec![Value::text("a@x"), Value::text("b@x")]),
        Value::Null,
        muster_model::parse_value("2026-01-31", ValueType::Date).unwrap(),
    ];
    Object { id: "7".into(), name: "uid=ada".into(), enabled: Some(true), values }
}

fn ops() -> Vec<Op> {
    let object = ObjectRef { class: "person".into(), id: "7".into(), name: "uid=ada".into() };
    let changes = vec![
        Change::Create {
            object: object.clone(),
            values: vec![("uid".into(), Value::text("ada")), ("n".into(), Value::Int(-3))],
            enabled: None,
        },
        Change::Update {
            object: object.clone(),
            values: vec![("sn".into(), Value::Null, Value::text("Lovelace"))],
        },
        Change::Rename { object: object.clone(), to: "uid=countess".into() },
        Change::SetEnabled { object: object.clone(), enabled: false },
        Change::Delete { object: object.clone() },
        Change::Members {
            object: object.clone(),
            attribute: "member".into(),
            add: vec!["a".into(), "b".into()],
            remove: vec![],
        },
    ];
    let since = Some("c1".into());
    let read = ReadRequest { class: "person".into(), fields: fields(), since, batch: 500 };
    vec![
        Op::Test,
        Op::Discover,
        Op::Read(read),
        Op::Get { object, fields: fields() },
        Op::Apply(changes),
    ]
}

fn parts() -> Vec<Part> {
    let errors = vec![
        ConnectorError::Unreachable("gone".into()),
        ConnectorError::Refused("no".into()),
        ConnectorError::Throttled { after: None },
        ConnectorError::Throttled { after: Some(Duration::from_millis(1500)) },
        ConnectorError::AlreadyExists { name: "ada".into() },
        ConnectorError::NotFound { name: "ada".into() },
        ConnectorError::Invalid("bad".into()),
        ConnectorError::Settings("wrong".into()),
        ConnectorError::Malformed("odd".into()),
    ];
    let done = Applied { id: Some("7".into()), name: None, pending: Some("".into()) };
    let answers = errors.iter().cloned().map(Err).chain([Ok(done)]).collect();
    let attributes = vec![("uid".into(), ValueType::Text, false, true)];
    let class = DiscoveredClass { name: "person".into(), attributes };
    let (line, end) = (12, |complete| ReadEnd {
        complete,
        incremental: !complete,
        cursor: Some("c2".into()),
        deleted: vec!["9".into()],
        problem: Some("broke off".into()),
    });
    vec![
        Part::Alive,
        Part::Objects(vec![ReadObject { object: object(), line }]),
        Part::Bad(BadObject { place: "line 3".into(), problem: "odd".into(), name: None }),
        Part::Tested("3 people".into()),
        Part::Discovered(Discovered { classes: vec![class] }),
        Part::Read(end(true)),
        Part::Read(end(false)),
        Part::Got(Some(object())),
        Part::Got(None),
        Part::Applied(answers),
        Part::Failed(ConnectorError::Unreachable("gone".into())),
    ]
}

#[test]
fn calls_arrive_as_they_were_sent() {
    let written = json!({ "url": "ldap://x", "list": ["a", "b"], "tls": { "ca": "ca.pem" } });
    let mut settings = settings_of(written.as_object().unwrap());
    let secret =
        Setting::Secret { from: "env".into(), name: "PASSWORD".into(), span: settings.span };
    settings.entries.insert("password".into(), (settings.span, secret));
    for op in ops() {
        let ask = Ask { id: 41, connector: "ldap".into(), settings: settings.clone(), op };
        assert_eq!(Ask::decode(&ask.encode()).unwrap(), ask);
    }
}

#[test]
fn parts_of_answers_arrive_as_they_were_sent() {
    for part in parts() {
        assert_eq!(Part::decode(&part.encode()).unwrap(), part);
    }
}

#[test]
fn damaged_bytes_are_an_error_and_never_a_panic() {
    for part in parts() {
        let bytes = part.encode();
        for end in 0..bytes.len() {
            assert!(Part::decode(&bytes[..end]).is_err());
        }
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 0xff;
            // Any answer will do, as long as there is one.
            drop(Part::decode(&broken));
        }
    }
}

#[test]
fn another_version_is_refused_by_name() {
    let bytes = encode_values(&[Value::Int(2), Value::text("alive")]);
    assert_eq!(Part::decode(&bytes), Err(WireError::Version(2)));
    assert!(WireError::Version(2).to_string().contains("install the same release"));
}
