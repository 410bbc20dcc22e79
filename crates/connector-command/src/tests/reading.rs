//! What scripts say, and what comes of it.

use super::*;

#[tokio::test]
async fn values_come_as_text_and_what_is_no_value_is_a_bad_object() {
    let project = Project::answering(
        "print(json.dumps({'object': {'name': 'ada', 'line': 3, 'values': {'age': 36, 'on': True}}}))\n\
         print(json.dumps({'object': {'name': 'bob', 'values': {'age': {'years': 3}}}}))\n\
         print(json.dumps({'bad': {'place': 'row 9', 'problem': 'no number', 'name': 'cy'}}))\n\
         print(json.dumps({'end': {'complete': False, 'problem': 'the rest is locked'}}), flush=True)",
    );
    insta::assert_snapshot!(read(&*project.open(), &["age", "on", "none"]).await, @r#"
    BAD object 2: attribute `age` holds a map where a value is wanted (Some("bob"))
    BAD row 9: no number (Some("cy"))
    3 ada: 36, true, null
    INCOMPLETE the rest is locked
    "#);
}

#[tokio::test]
async fn the_system_tells_its_classes() {
    let project = Project::python(include_str!("full.py"));
    let discovered = project.open().discover().await.unwrap();
    let class = &discovered.classes[0];
    assert_eq!(&*class.name, "account");
    assert_eq!(class.attributes[0], ("mail".into(), ValueType::Text, false, true));
    assert_eq!(class.attributes[1], ("tags".into(), ValueType::Text, true, false));
}

#[tokio::test]
async fn a_script_that_is_not_of_this_version_is_refused() {
    let project = Project::python("input(); print('{\"protocol\":2}', flush=True); input()");
    let error = project.open().test().await.unwrap_err().to_string();
    assert!(error.contains("speaks version 2"), "{error}");
}

#[tokio::test]
async fn a_claim_that_the_script_does_not_keep_is_refused() {
    let project = Project::python(
        "input(); print('{\"protocol\":1,\"can\":[\"read\"]}', flush=True); input()",
    )
    .set("can", json!(["read", "create"]));
    let answer = project.open().apply(&[create("ada")]).await.remove(0);
    let error = answer.unwrap_err().to_string();
    assert!(error.contains("`can` claims `create`"), "{error}");
}

#[tokio::test]
async fn errors_of_the_script_become_errors_of_the_connector() {
    let project = Project::answering(
        "for c in ask['changes']: print(json.dumps({'failed': {'kind': c['name'], 'message': 'so it is', 'after': 7}}), flush=True)",
    )
    .set("can", json!(["read", "create"]));
    let kinds = [
        "unreachable",
        "refused",
        "throttled",
        "exists",
        "not_found",
        "invalid",
        "malformed",
        "odd",
    ];
    let changes: Vec<Change> = kinds.iter().map(|kind| create(kind)).collect();
    let answers = project.open().apply(&changes).await;
    let lines: Vec<String> =
        answers.into_iter().map(|answer| answer.unwrap_err().to_string()).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    cannot reach the system: so it is
    access refused: so it is
    the system asks to wait 7 s
    `exists` exists already
    `not_found` is not there
    the system refused the change: so it is
    so it is
    the script answered with the unknown kind of error `odd`: so it is
    ");
}
