//! The scripts of the book really run.

use std::path::Path;

use super::*;

/// Lines that are neither empty nor a comment.
fn n_lines(text: &str) -> usize {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with('"'))
        .count()
}

/// A copy of the example project with one of its scripts as the system.
fn example(run: &[&str], can: &[&str]) -> Project {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/command");
    let folder = tempfile::tempdir().unwrap();
    for name in ["scripts/badges.py", "scripts/phones.sh", "data/badges.json", "data/phones.txt"] {
        let to = folder.path().join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from.join(name), to).unwrap();
    }
    let project = Project { folder, settings: serde_json::Map::new() };
    project.set("run", json!(run)).set("can", json!(can))
}

#[tokio::test]
async fn a_shell_script_of_twenty_lines_is_a_source() {
    let project = example(&["scripts/phones.sh"], &["read"]);
    let script = fs::read_to_string(project.path("scripts/phones.sh")).unwrap();
    assert!(n_lines(&script) <= 20, "{} lines", n_lines(&script));
    let connector = project.open();
    insta::assert_snapshot!(read(&*connector, &["login", "phone"]).await, @r#"
    1 ada: ada, +49 30 1815
    2 bob: bob, +49 30 1816
    3 cy: cy, +49 30 "17"
    "#);
    assert_eq!(connector.test().await.unwrap(), "the script answers");
    let object = ObjectRef { class: "".into(), id: "".into(), name: "bob".into() };
    let bob = connector.get(&object, &[field("phone")]).await.unwrap().unwrap();
    assert_eq!(bob.values, [Value::text("+49 30 1816")]);
}

#[tokio::test]
async fn a_python_script_of_twenty_lines_is_a_target() {
    let project = example(
        &["python3", "scripts/badges.py"],
        &["read", "create", "update", "enable", "delete"],
    );
    let script = fs::read_to_string(project.path("scripts/badges.py")).unwrap();
    assert!(n_lines(&script) <= 21, "{} lines", n_lines(&script));
    let connector = project.open();
    let object =
        |name: &str| ObjectRef { class: "account".into(), id: "".into(), name: name.into() };
    let mut ada = create("ada");
    if let Change::Create { enabled, .. } = &mut ada {
        *enabled = Some(true);
    }
    let update = |name: &str| Change::Update {
        object: object(name),
        values: vec![("title".into(), Value::text("Countess"), Value::text("Lady"))],
    };
    let changes = [
        ada.clone(),
        ada,
        update("ada"),
        update("bob"),
        Change::SetEnabled { object: object("ada"), enabled: false },
        Change::Delete { object: object("bob") },
    ];
    let answers = connector.apply(&changes).await;
    let done: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(done, [true, false, true, false, true, true], "{answers:?}");
    assert!(matches!(answers[1], Err(ConnectorError::AlreadyExists { .. })));
    assert!(matches!(answers[3], Err(ConnectorError::NotFound { .. })));
    assert_eq!(read(&*connector, &["title"]).await, "0 ada: Lady");
}
