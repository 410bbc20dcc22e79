//! What people are told, how, and what they can do with it (`notices:`).

use std::collections::BTreeMap;

use jiff::{SignedDuration, civil::Time};
use muster_model::{Language, Settings, Text};

/// How people are told what waits for them.
#[derive(Debug, Clone)]
pub struct Notices {
    /// How long a link to decide with can be opened.
    pub link: SignedDuration,
    /// Below this risk of a role, from 1 to 100, the link alone decides; `None` where whoever opens it proves who they are.
    pub links_decide_below: Option<u8>,
    /// The language of those who chose none.
    pub language: Language,
    /// The attribute that holds the language of a person (RFC 5646).
    pub language_from: Option<Text>,
    /// When those who want it once a day are told, in their own time zone.
    pub gathered_at: Time,
    /// How those are told who chose nothing; at once where a topic is not there.
    pub told: BTreeMap<Topic, Told>,
    /// The chats, in order of name.
    pub chats: Vec<Chat>,
    /// What the model says instead of what Muster says, by language.
    pub texts: BTreeMap<(NoticeText, Language), Template>,
}

impl Default for Notices {
    fn default() -> Self {
        Self {
            link: SignedDuration::from_hours(7 * 24),
            links_decide_below: None,
            language: Language::English,
            language_from: None,
            gathered_at: Time::constant(8, 0, 0, 0),
            told: BTreeMap::new(),
            chats: Vec::new(),
            texts: BTreeMap::new(),
        }
    }
}

impl Notices {
    /// Whether a link alone decides about a role of this risk. One whose risk nobody said may be any.
    pub fn link_is_enough(&self, risk: Option<u8>) -> bool {
        self.links_decide_below.zip(risk).is_some_and(|(limit, risk)| risk < limit)
    }

    /// How somebody is told who chose nothing.
    pub fn usual(&self, topic: Topic) -> Told {
        self.told.get(&topic).copied().unwrap_or(Told::AtOnce)
    }

    /// The chat by which single people are told; `None` where there is none.
    pub fn chat_with_people(&self) -> Option<&Chat> {
        self.chats.iter().find(|chat| chat.person.is_some())
    }
}

/// Declares an enumeration whose variants are written as a word.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$of])* $variant),+
        }

        impl $name {
            /// Each, in the order in which it is listed.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The words of each, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word for it.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// What a word stands for.
            pub fn of(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    };
}

words! {
    /// About what people choose how they are told.
    Topic {
        /// Requests that wait for their decision.
        Approvals = "approvals",
        /// What becomes of what they asked for or have.
        Requests = "requests",
        /// Items of access reviews that wait for their decision.
        Reviews = "reviews",
        /// Drafts that wait for them, or that they began.
        Forms = "forms",
        /// Guests for whom they answer.
        Guests = "guests",
    }
}

words! {
    /// When somebody is told.
    Told {
        /// When it happens.
        AtOnce = "at-once",
        /// Once a day, with everything else of that day.
        Daily = "daily",
        /// Not at all.
        Never = "never",
    }
}

words! {
    /// By what somebody is told.
    By {
        /// Mail.
        Mail = "mail",
        /// The chat of the model that knows people.
        Chat = "chat",
    }
}

words! {
    /// Texts that the model may say in its own words.
    NoticeText {
        /// About a request.
        Request = "request",
        /// About a campaign.
        Review = "review",
        /// About a draft of a form.
        Form = "form",
        /// About a guest, and to one.
        Guest = "guest",
        /// Everything of a day.
        Gathered = "gathered",
    }
}

impl NoticeText {
    /// The values that a template of this text may use. Those that are not known are empty.
    pub const fn values(self) -> &'static [&'static str] {
        match self {
            Self::Request => &[
                "what",
                "to",
                "url",
                "page",
                "command",
                "link",
                "link_ends",
                "number",
                "role",
                "person",
                "by",
                "opens",
                "risk",
                "reason",
                "answers",
                "until",
                "status",
                "state",
                "remark",
            ],
            Self::Review => {
                &["what", "to", "url", "page", "command", "number", "title", "waiting", "due"]
            }
            Self::Form => &[
                "what", "to", "url", "page", "command", "number", "title", "step", "remark",
                "state",
            ],
            Self::Guest => &[
                "what",
                "to",
                "url",
                "page",
                "command",
                "link",
                "until",
                "person",
                "organisation",
                "sponsor",
                "before",
            ],
            Self::Gathered => &["to", "url", "count", "items"],
        }
    }
}

/// A subject and a text with places for values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The subject, one line.
    pub subject: Text,
    /// The text.
    pub text: Text,
}

/// A chat.
#[derive(Debug, Clone)]
pub struct Chat {
    /// Its name in the model.
    pub name: Text,
    /// What it understands.
    pub form: ChatForm,
    /// Where it is and how to sign in, as for webhooks.
    pub settings: Settings,
    /// The attribute that holds under which name a person is known there; `None` where it tells no single people.
    pub person: Option<Text>,
    /// What everybody in it is told.
    pub tells: Vec<Topic>,
}

words! {
    /// What a chat understands.
    ChatForm {
        /// Slack: a webhook for one channel, or `chat.postMessage`.
        Slack = "slack",
        /// Microsoft Teams: a workflow that is begun by a webhook.
        Teams = "teams",
        /// Mattermost: an incoming webhook.
        Mattermost = "mattermost",
        /// Anything else: a document of Muster's own.
        Plain = "plain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_alone_decides_only_where_the_model_says_so() {
        let limit = |below| Notices { links_decide_below: below, ..Notices::default() };
        for risk in [None, Some(0), Some(100)] {
            assert!(!limit(None).link_is_enough(risk), "{risk:?}");
        }
        assert!(limit(Some(30)).link_is_enough(Some(29)));
        assert!(!limit(Some(30)).link_is_enough(Some(30)));
        assert!(!limit(Some(100)).link_is_enough(None));
    }
}
