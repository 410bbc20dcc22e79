//! The keys of what people are told.

use muster_policy::{ChatForm, NoticeText, Told, Topic};

use crate::spec::{Group, Key, Shape, key};

/// `notices:`
pub(crate) const NOTICES: Group = Group {
    what: "what people are told",
    path: "notices",
    doc: "How people are told what waits for them. A mail about a request holds a link for the telephone, which decides once. \
          Each may choose how they are told (`muster notices set`); what stands here is for those who did not.",
    keys: &[
        key(
            "link",
            Shape::Duration,
            "7d",
            "How long the link of a mail about a request can be opened. It ends before with the request, and when the request changes.",
            "2d",
        ),
        key(
            "links_decide_below",
            Shape::Number(1, 100),
            "never",
            "Roles with a `risk` below this are decided by the link alone: whoever has the mail decides. For all others, for those without a \
             `risk`, and about conflicts, whoever opens the link proves who they are.",
            "20",
        ),
        key("language", Shape::Choice(&["en", "de"]), "en", "The language of what is told.", "de"),
        key(
            "language_from",
            Shape::Text,
            "none",
            "The attribute that holds the language of a person, as `de` or `de-AT` (RFC 5646). A language that Muster does not speak \
             counts as none.",
            "preferredLanguage",
        ),
        key(
            "gathered_at",
            Shape::Text,
            "08:00",
            "At which time of day those who want it once a day are told, in their own time zone.",
            "\"07:30\"",
        ),
        key(
            "told",
            Shape::Group(&TOLD),
            "at once",
            "How those are told who chose nothing, by topic.",
            "{ reviews: daily, guests: never }",
        ),
        key(
            "chats",
            Shape::Named(&Shape::Group(&CHAT)),
            "none",
            "Chats in which people are told.",
            "{ team: { form: slack, url: { env: SLACK_URL }, tells: approvals } }",
        ),
        key(
            "texts",
            Shape::Group(&TEXTS),
            "Muster's own words",
            "What is said instead of Muster's own words. `muster notices text KIND` shows those, to begin with.",
            "{ review: { en: { subject: \"{{ waiting }} items of {{ title }}\", text: \"{{ page }}\" } } }",
        ),
    ],
};

const fn topic(topic: Topic, doc: &'static str) -> Key {
    key(topic.word(), Shape::Choice(Told::WORDS), "at-once", doc, "daily")
}

const TOLD: Group = Group {
    what: "how people are told",
    path: "notices.told",
    doc: "`at-once`, once a day (`daily`) or `never`. What guests need to come in is always told at once.",
    keys: &[
        topic(Topic::Approvals, "Requests that wait for their decision."),
        topic(Topic::Requests, "What becomes of what they asked for, and that something ends."),
        topic(Topic::Reviews, "Access reviews that wait for their decision."),
        topic(Topic::Forms, "Drafts that wait for them, and what becomes of those they began."),
        topic(Topic::Guests, "Guests for whom they answer from now on."),
    ],
};

const CHAT: Group = Group {
    what: "a chat",
    path: "notices.chats.NAME",
    doc: "A chat in which people are told. What is written there holds no link that decides: whoever follows it signs in.",
    keys: &[
        key(
            "form",
            Shape::Choice(ChatForm::WORDS),
            "plain",
            "What it understands. `slack` is an incoming webhook or `https://slack.com/api/chat.postMessage`, `teams` a workflow that \
             begins when a webhook is received, `mattermost` an incoming webhook, `plain` a JSON document with `subject`, `text` and `page`.",
            "slack",
        ),
        key(
            "url",
            Shape::Either(&[Shape::Text, Shape::Settings]),
            "required",
            "The address. Where it holds a secret, it comes from outside of the model.",
            "{ env: SLACK_URL }",
        ),
        key(
            "auth",
            Shape::Settings,
            "none",
            "How to sign in, as for connectors that speak HTTP.",
            "{ bearer: { env: SLACK_TOKEN } }",
        ),
        key(
            "secret",
            Shape::Settings,
            "not signed",
            "The secret with which each document is signed (`Muster-Signature`).",
            "{ env: CHAT_SECRET }",
        ),
        key(
            "tls",
            Shape::Settings,
            "the system's authorities",
            "Whom to trust, as for connectors that speak HTTP.",
            "{ ca: ca.pem }",
        ),
        key(
            "allow_plain",
            Shape::Bool,
            "false",
            "Whether an address without TLS may be used outside of this machine.",
            "true",
        ),
        key(
            "person",
            Shape::Text,
            "single people are not told",
            "The attribute that holds under which name a person is known in the chat: then people may choose it instead of mail.",
            "slackId",
        ),
        key(
            "tells",
            Shape::Many(&Shape::Choice(Topic::WORDS)),
            "nothing",
            "What everybody in it is told.",
            "[approvals, reviews]",
        ),
    ],
};

const fn text(text: NoticeText, doc: &'static str) -> Key {
    key(
        text.word(),
        Shape::Group(&LANGUAGES),
        "Muster's own words",
        doc,
        "{ en: { subject: News, text: \"{{ page }}\" } }",
    )
}

const TEXTS: Group = Group {
    what: "the texts of what people are told",
    path: "notices.texts",
    doc: "Texts in the project's own words, by language. Values stand between `{{` and `}}`.",
    keys: &[
        text(
            NoticeText::Request,
            "About a request: `what` (`decide`, `remind`, `ended`, `ending`), `to`, `url`, `page`, `command`, `link`, `link_ends`, \
             `number`, `role`, `person`, `by`, `opens`, `risk`, `reason`, `answers` (of `question`, `answer`), `until`, `status`, \
             `state`, `remark`.",
        ),
        text(
            NoticeText::Review,
            "About an access review: `what` (`opened`, `remind`), `to`, `url`, `page`, `command`, `number`, `title`, `waiting`, `due`.",
        ),
        text(
            NoticeText::Form,
            "About a draft: `what` (`turn`, `over`), `to`, `url`, `page`, `command`, `number`, `title`, `step`, `remark`, `state`.",
        ),
        text(
            NoticeText::Guest,
            "About guests and to them: `what` (`invited`, `applied`, `let-in`, `moved`), `to`, `url`, `page`, `command`, `link`, \
             `until`, `person`, `organisation`, `sponsor`, `before`.",
        ),
        text(
            NoticeText::Gathered,
            "Everything of a day: `to`, `url`, `count`, `items` (of `subject`, `page`, `command`).",
        ),
    ],
};

const LANGUAGES: Group = Group {
    what: "a text by language",
    path: "notices.texts.TEXT",
    doc: "A text in each language that is not Muster's own.",
    keys: &[
        key(
            "en",
            Shape::Group(&TEMPLATE),
            "Muster's own words",
            "In English.",
            "{ subject: News, text: \"{{ page }}\" }",
        ),
        key(
            "de",
            Shape::Group(&TEMPLATE),
            "Muster's own words",
            "In German.",
            "{ subject: Neues, text: \"{{ page }}\" }",
        ),
    ],
};

const TEMPLATE: Group = Group {
    what: "a subject and a text",
    path: "notices.texts.TEXT.LANGUAGE",
    doc: "A template. A value that is not there is an error when the model is checked.",
    keys: &[
        key("subject", Shape::Text, "required", "The subject, one line.", "News"),
        key("text", Shape::Text, "required", "The text.", "\"{{ page }}\""),
    ],
};
