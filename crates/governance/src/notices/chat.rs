//! Chats: what is written into them. Names and reasons come from people, so nothing of them is read as a command, a mention
//! or a link.

use jiff::SignedDuration;
use muster_app::{Deliver, DeliverError, WebhookCall, WebhookKind};
use muster_policy::{Chat, ChatForm};
use serde_json::{Value as Json, json};

use super::texts::Words;

/// How long a chat may take to answer.
const TIMEOUT: SignedDuration = SignedDuration::from_secs(15);
/// Characters of a text at most: Slack takes 3,000 in one block.
const LONGEST: usize = 2_900;
/// What Slack says when it may go well later.
const SLACK_LATER: &[&str] = &[
    "ratelimited",
    "rate_limited",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
];

/// Writes into a chat: to everybody, or to one person.
pub(super) async fn post(
    deliver: &dyn Deliver,
    chat: &Chat,
    person: Option<&str>,
    (words, page): (&Words, Option<&str>),
    id: &str,
) -> Result<(), DeliverError> {
    let document = document(chat.form, person, words, page);
    let call = WebhookCall {
        settings: &chat.settings,
        body: document.to_string().into_bytes(),
        id,
        timeout: TIMEOUT,
        kind: WebhookKind::Task,
    };
    let answer = deliver.ask_webhook(&call).await?;
    match chat.form {
        ChatForm::Slack => slack_took_it(&answer),
        ChatForm::Teams | ChatForm::Mattermost | ChatForm::Plain => Ok(()),
    }
}

/// `chat.postMessage` answers with status 200 to everything, and says in its answer what became of it.
fn slack_took_it(answer: &[u8]) -> Result<(), DeliverError> {
    let Ok(answer) = serde_json::from_slice::<Json>(answer) else { return Ok(()) };
    if answer.get("ok") != Some(&Json::Bool(false)) {
        return Ok(());
    }
    let error = answer.get("error").and_then(Json::as_str).unwrap_or("unknown_error");
    let error: String = error.chars().take(64).collect();
    let later = SLACK_LATER.contains(&error.as_str());
    Err(DeliverError { problem: format!("Slack says `{error}`"), later })
}

fn document(form: ChatForm, person: Option<&str>, words: &Words, page: Option<&str>) -> Json {
    let text: String = words.text.chars().take(LONGEST).collect();
    let subject = &words.subject;
    match form {
        ChatForm::Slack => slack(person, subject, &text, page),
        ChatForm::Teams => teams(person, subject, &text, page),
        ChatForm::Mattermost => {
            let text = format!("#### {}\n{}", unmarked(subject), unmarked(&text));
            match person {
                Some(person) => {
                    json!({ "text": text, "channel": format!("@{}", person.trim_start_matches('@')) })
                }
                None => json!({ "text": text }),
            }
        }
        ChatForm::Plain => json!({
            "subject": subject, "text": text, "page": page, "person": person,
        }),
    }
}

/// Blocks of plain text, in which Slack reads no mark and no mention.
fn slack(person: Option<&str>, subject: &str, text: &str, page: Option<&str>) -> Json {
    let plain = |text: &str| json!({ "type": "plain_text", "text": text, "emoji": false });
    let head: String = subject.chars().take(150).collect();
    let mut blocks = vec![
        json!({ "type": "header", "text": plain(&head) }),
        json!({ "type": "section", "text": plain(text) }),
    ];
    if let Some(page) = page {
        let button = json!({ "type": "button", "text": plain("Muster"), "url": page });
        blocks.push(json!({ "type": "actions", "elements": [button] }));
    }
    // What is shown where blocks are not: of it, `&`, `<` and `>` are escaped.
    let short = subject.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut document = json!({ "text": short, "blocks": blocks, "link_names": false });
    if let (Some(person), Some(fields)) = (person, document.as_object_mut()) {
        fields.insert("channel".to_owned(), person.into());
    }
    document
}

/// An Adaptive Card of text runs, in which Teams reads no mark.
fn teams(person: Option<&str>, subject: &str, text: &str, page: Option<&str>) -> Json {
    let run = |text: &str, bold: bool| {
        let weight = if bold { "Bolder" } else { "Default" };
        let inline = json!({ "type": "TextRun", "text": text, "weight": weight });
        json!({ "type": "RichTextBlock", "inlines": [inline] })
    };
    let mut body = vec![run(subject, true)];
    body.extend(text.lines().filter(|line| !line.trim().is_empty()).map(|line| run(line, false)));
    let actions: Vec<Json> = page
        .map(|page| json!({ "type": "Action.OpenUrl", "title": "Muster", "url": page }))
        .into_iter()
        .collect();
    let content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard", "version": "1.4", "body": body, "actions": actions,
    });
    let card = json!({
        "contentType": "application/vnd.microsoft.card.adaptive", "content": content,
    });
    let mut document = json!({ "type": "message", "attachments": [card] });
    if let (Some(person), Some(fields)) = (person, document.as_object_mut()) {
        fields.insert("person".to_owned(), person.into());
    }
    document
}

/// Text in which Mattermost reads no mark, no mention and no link; addresses of Muster stay as they are.
fn unmarked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for of in text.chars() {
        match of {
            '@' | '~' => {
                out.push(of);
                // A space without width: no name follows.
                out.push('\u{200b}');
            }
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|'
            | '<' | '>' => {
                out.push('\\');
                out.push(of);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIL: &str = "<!channel> @all [x](https://evil.example) *b* `c`";

    fn said(form: ChatForm, person: Option<&str>) -> Json {
        let words = Words { subject: EVIL.to_owned(), text: format!("{EVIL}\n\nlast") };
        document(form, person, &words, Some("https://muster.tern.example/approvals"))
    }

    #[test]
    fn nothing_that_people_wrote_is_a_mention_a_mark_or_a_link() {
        let slack = said(ChatForm::Slack, Some("U1"));
        assert!(!slack["text"].as_str().unwrap().contains('<'));
        assert_eq!(slack["blocks"][1]["text"]["type"], "plain_text");
        assert_eq!((&slack["channel"], &slack["link_names"]), (&"U1".into(), &false.into()));
        assert_eq!(
            slack["blocks"][2]["elements"][0]["url"],
            "https://muster.tern.example/approvals"
        );
        let teams = said(ChatForm::Teams, None);
        let body = teams["attachments"][0]["content"]["body"].as_array().unwrap();
        assert!(body.iter().all(|block| block["type"] == "RichTextBlock"));
        assert_eq!((body.len(), teams.get("person")), (3, None));
        let mattermost = said(ChatForm::Mattermost, Some("@ada"));
        assert_eq!(mattermost["channel"], "@ada");
        let text = mattermost["text"].as_str().unwrap();
        for mark in ["@all", "](http", " *b", "`c`", "<!"] {
            assert!(!text.replace('\\', "¬").contains(mark), "{mark} in {text}");
        }
    }

    #[test]
    fn slack_says_in_its_answer_what_became_of_it() {
        assert!(slack_took_it(b"ok").is_ok());
        assert!(slack_took_it(br#"{"ok":true}"#).is_ok());
        let gone = slack_took_it(br#"{"ok":false,"error":"channel_not_found"}"#).unwrap_err();
        assert_eq!((gone.problem.as_str(), gone.later), ("Slack says `channel_not_found`", false));
        assert!(slack_took_it(br#"{"ok":false,"error":"ratelimited"}"#).unwrap_err().later);
    }
}
