//! `notices:`, and what can be wrong in it.

use muster_model::Language;
use muster_policy::{By, ChatForm, NoticeText, Told, Topic};

use crate::tests::support::{loaded, said};

const PEOPLE: &str = "muster: 1\ntypes: { person: { identity: true, key: id, attributes: { id: { type: string, unique: true }, \
                      slack: { type: string }, born: { type: date } } } }\n";

#[test]
fn what_people_are_told_is_read() {
    let text = r#"
notices:
  language: de
  gathered_at: "07:30"
  told: { reviews: daily, guests: never }
  chats:
    room: { form: teams, url: { env: TEAMS }, tells: approvals }
    all: { form: slack, url: "https://slack.com/api/chat.postMessage", auth: { bearer: { env: TOKEN } }, person: slack }
  texts: { review: { de: { subject: "{{ waiting }}", text: "{{ page }}" } } }
"#;
    let notices = loaded(&[("base.yaml", PEOPLE), ("part.yaml", text)]).model.unwrap().notices;
    assert_eq!(
        (notices.language, notices.gathered_at.strftime("%H:%M").to_string()),
        (Language::German, "07:30".to_owned())
    );
    let usual: Vec<Told> = Topic::ALL.iter().map(|topic| notices.usual(*topic)).collect();
    assert_eq!(usual, [Told::AtOnce, Told::AtOnce, Told::Daily, Told::AtOnce, Told::Never]);
    let chats: Vec<_> = notices.chats.iter().map(|chat| (&*chat.name, chat.form)).collect();
    assert_eq!(chats, [("all", ChatForm::Slack), ("room", ChatForm::Teams)]);
    assert_eq!(notices.chat_with_people().unwrap().person.as_deref(), Some("slack"));
    assert_eq!(notices.chats[1].tells, [Topic::Approvals]);
    assert!(notices.chats[1].settings.entries.keys().all(|key| **key == *"url"));
    assert!(notices.texts.contains_key(&(NoticeText::Review, Language::German)));
    assert_eq!(By::of("chat"), Some(By::Chat));
}

#[test]
fn what_nobody_could_be_told_is_found() {
    for (text, message) in [
        ("{ language_from: tongue }", "no type has a text attribute `tongue`"),
        ("{ language_from: born }", "no type has a text attribute `born`"),
        ("{ gathered_at: noon }", "this is no time of day"),
        ("{ gathered_at: \"24:30\" }", "this is no time of day"),
        ("{ told: { reviews: weekly } }", "`weekly`"),
        ("{ told: { weather: daily } }", "`weather`"),
        ("{ chats: { room: { form: slack } } }", "`url`"),
        ("{ chats: { room: { url: x, tells: weather } } }", "`weather`"),
        ("{ chats: { room: { url: x, person: born } } }", "no type has a text attribute `born`"),
        (
            "{ texts: { review: { en: { subject: \"{{ role }}\", text: x } } } }",
            "unknown value `role` in a text",
        ),
        (
            "{ texts: { review: { en: { subject: \"{{ waiting\", text: x } } } }",
            "the template is wrong",
        ),
        ("{ texts: { review: { en: { subject: x } } } }", "`text`"),
        ("{ texts: { review: { tlh: { subject: x, text: x } } } }", "`tlh`"),
    ] {
        let text = format!("notices: {text}\n");
        let said = said(&[("base.yaml", PEOPLE), ("part.yaml", &text)]);
        assert!(said.contains("error[") && said.contains(message), "{message}: {said}");
    }
}
