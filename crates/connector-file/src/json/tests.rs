use muster_model::Value;
use serde_json::json;

use crate::{
    JSON,
    tests::{Folder, apply, create, read, update},
};

const PEOPLE: &str = r#"{"version": 3, "data": {"people": [
  {"id": 1, "name": {"given": "Ada", "family": "Lovelace"}, "tags": ["a", "b"], "on": true, "extra": {"x": [1]}},
  {"id": 2, "name": null, "tags": "c"}]}}"#;

fn people() -> Folder {
    Folder::new(JSON, "people.json").set("items", json!("/data/people")).with(PEOPLE)
}

#[tokio::test]
async fn nested_values_are_named_by_their_path() {
    insta::assert_snapshot!(
        read(&people(), "", &["name.given", "tags[]", "on", "name.none"]).await,
        @r#"
    1 1: Ada, [Text("a"), Text("b")], true, null
    2 2: null, [Text("c")], null, null
    "#);
}

#[tokio::test]
async fn what_is_not_named_stays_as_it_is() {
    let folder = people().target();
    apply(&folder, update("1", "name.given", Value::text("Augusta"))).await.unwrap();
    apply(&folder, update("2", "name.family", Value::text("Hopper"))).await.unwrap();
    apply(&folder, create("3", &[("age", Value::Int(7)), ("on", Value::Bool(false))]))
        .await
        .unwrap();
    let document: serde_json::Value = serde_json::from_str(&folder.text()).unwrap();
    assert_eq!(
        document,
        json!({"version": 3, "data": {"people": [
          {"id": 1, "name": {"given": "Augusta", "family": "Lovelace"}, "tags": ["a", "b"], "on": true, "extra": {"x": [1]}},
          {"id": 2, "name": {"family": "Hopper"}, "tags": "c"},
          {"id": "3", "age": 7, "on": false}]}})
    );
}

#[tokio::test]
async fn lines_are_read_one_by_one_and_a_broken_one_is_named() {
    let folder = Folder::new(JSON, "people.jsonl")
        .with("{\"id\":\"1\",\"n\":\"Zo\u{eb}\"}\n\nnot json\n{\"id\":\"2\"}\n");
    insta::assert_snapshot!(read(&folder, "", &["n"]).await, @"
    BAD object 3: expected ident at line 1 column 2 (None)
    1 1: Zoë
    4 2: null
    ");
    let cut = Folder::new(JSON, "people.jsonl").with("{\"id\":\"1\"}\n{\"id\":\"2");
    let text = read(&cut, "", &[]).await;
    assert!(text.contains("INCOMPLETE `people.jsonl`: the file is cut off"), "{text}");
}

#[tokio::test]
async fn encodings_are_those_of_csv() {
    let utf16: Vec<u8> =
        "\u{feff}[{\"id\":\"é\"}]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&Folder::new(JSON, "a.json").with(utf16), "", &[]).await, "1 é: ");
    let latin = Folder::new(JSON, "a.json").set("encoding", json!("windows-1252"));
    assert_eq!(read(&latin.with(b"[{\"id\":\"\xe9\"}]"), "", &[]).await, "1 é: ");
    let wrong = Folder::new(JSON, "a.json").with(b"[{\"id\":\"\xe9\"}]");
    assert_eq!(read(&wrong, "", &[]).await, "ERROR `a.json`: it is not valid UTF-8 after 8 bytes");
}

#[tokio::test]
async fn documents_that_mislead_are_refused() {
    for (text, problem) in [
        ("", "the file is empty"),
        ("{}", "it has no array"),
        (r#"{"data":{"people":{}}}"#, "is no array"),
        (r#"{"data":{"people":[{"id":"1","id":"2"}]}}"#, "the key `id` stands twice"),
        (r#"{"data":{"people":[{"id":123456789012345678901}]}}"#, "too large to be kept exactly"),
        (&format!("{}1{}", "[".repeat(5000), "]".repeat(5000)), "recursion limit"),
        (r#"{"data":{"people":[{"id":"1"}"#, "EOF"),
    ] {
        let folder = people().with(text);
        let read = read(&folder, "", &[]).await;
        let problem = if problem == "it has no array" {
            "there is nothing at `/data/people`"
        } else {
            problem
        };
        assert!(read.starts_with("ERROR") && read.contains(problem), "{text:.60}: {read}");
    }
}
