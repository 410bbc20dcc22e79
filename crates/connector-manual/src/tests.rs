//! Every change is taken and none is done; what people can do is what the settings say.

use std::collections::BTreeMap;

use muster_model::{Setting, Span, Value};

use super::*;

const HERE: Span = Span { file: 0, start: 0, end: 0 };

fn settings(entries: &[(&str, &[&str])]) -> Settings {
    let list = |items: &[&str]| {
        Setting::List(
            items.iter().map(|item| Setting::Scalar((*item).into(), HERE)).collect(),
            HERE,
        )
    };
    let entries: BTreeMap<Text, (Span, Setting)> =
        entries.iter().map(|(key, items)| ((*key).into(), (HERE, list(items)))).collect();
    Settings { entries, span: HERE }
}

fn change() -> Change {
    let object = ObjectRef { class: "badge".into(), id: "".into(), name: "ada".into() };
    Change::Create { object, values: vec![("room".into(), Value::text("E7"))], enabled: Some(true) }
}

#[tokio::test]
async fn a_change_is_taken_and_not_done() {
    let manual = open(&settings(&[]), Path::new("/")).unwrap();
    let answers = manual.apply(&[change()]).await;
    assert_eq!(answers, [Ok(Applied { pending: Some("".into()), ..Applied::default() })]);
    assert!(!manual.capabilities().read && manual.capabilities().delete);
}

#[tokio::test]
async fn a_program_is_told_and_gives_its_own_number() {
    let folder = tempfile::tempdir().unwrap();
    let notify = ["sh", "-c", "cat > told.json; echo CASE-7"];
    let manual = open(&settings(&[("notify", &notify)]), folder.path()).unwrap();
    let answers = manual.apply(&[change()]).await;
    assert_eq!(answers[0].as_ref().unwrap().pending, Some("CASE-7".into()));
    let told = std::fs::read_to_string(folder.path().join("told.json")).unwrap();
    assert!(told.contains(r#""name":"ada""#) && told.contains(r#""room":"E7""#), "{told}");
}

#[tokio::test]
async fn a_program_that_fails_was_not_told_and_is_told_again_later() {
    let notify = ["sh", "-c", "echo no printer >&2; exit 3"];
    let manual = open(&settings(&[("notify", &notify)]), Path::new("/")).unwrap();
    let answers = manual.apply(&[change()]).await;
    let error = answers[0].as_ref().unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("no printer"), "{error}");
}

#[test]
fn what_people_can_do_is_what_the_settings_say() {
    let can = capabilities(&settings(&[("can", &["create", "delete"])])).unwrap();
    assert!(can.create && can.delete && !can.rename && !can.members);
    let problems = capabilities(&settings(&[("can", &["fly"])])).unwrap_err();
    assert!(problems[0].message.contains("fly"));
}
