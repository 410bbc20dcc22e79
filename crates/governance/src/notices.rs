//! What people are told: about requests, access reviews, drafts and guests.
//!
//! What happened puts a notice into the store, in its own transaction ([`notify`]). [`send_notices`] takes what is due: a
//! [`Teller`] says what is so by now, each reader's choice says when, by what and in which language, and a template says it.

mod chat;
mod choice;
mod reader;
mod send;
mod texts;

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Opened};
use muster_model::{EntityId, Text};
use muster_policy::Topic;
use muster_store::{Notice, NoticeKind, Sequence, Tx};
use serde_json::{Map, Value as Json};

pub use choice::{
    NoticeChange, NoticeSettings, TopicSetting, USUAL, change_notice_settings, see_notice_settings,
};
pub use send::send_notices;
pub use texts::{notice_text, notice_words};

/// How often something is tried.
const TRIES: i64 = 8;

/// What is to be said, by the names of the values of its text ([`muster_policy::NoticeText::values`]); others are empty.
pub type Facts = Map<String, Json>;

/// Knows what is to be said about things of one kind.
#[async_trait]
pub trait Teller: Send + Sync {
    /// About what.
    fn kind(&self) -> NoticeKind;

    /// What is so now; `None` when there is nothing to say any more. A link that decides or lets somebody in is made only
    /// with `in_private`: what is not a mail to one person may be read by others.
    async fn facts(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        notice: &Notice,
        in_private: bool,
    ) -> Result<Option<Facts>, Error>;
}

/// Puts into the queue what people are told, and the chats that tell it to everybody.
pub async fn notify(
    opened: &Opened,
    tx: &mut Tx,
    (kind, about, what): (NoticeKind, i64, &str),
    people: &BTreeSet<EntityId>,
    at: Timestamp,
) -> Result<(), Error> {
    let topic = topic_of(kind, what);
    let chats = opened.model.notices.chats.iter();
    let chats = chats.filter(|chat| topic.is_some_and(|topic| chat.tells.contains(&topic)));
    let nowhere = Text::from("");
    let people = people.iter().map(|person| (*person, nowhere.clone()));
    let told: Vec<(EntityId, Text)> =
        people.chain(chats.map(|chat| (EntityId(0), chat.name.clone()))).collect();
    if told.is_empty() {
        return Ok(());
    }
    let first = tx.take_ids(Sequence::Notice, told.len()).await?;
    let notice = |(id, (addressee, channel))| Notice {
        id,
        kind,
        about,
        what: what.into(),
        addressee,
        channel,
        due_at: at,
        is_gathered: false,
        tries: 0,
        next_try: at,
    };
    let notices: Vec<Notice> = (first..).zip(told).map(notice).collect();
    Ok(tx.insert_notices(&notices).await?)
}

/// About what a notice is, for whoever chooses how they are told; `None` for what is always told.
fn topic_of(kind: NoticeKind, what: &str) -> Option<Topic> {
    match (kind, what) {
        (NoticeKind::Request, "decide" | "remind") => Some(Topic::Approvals),
        (NoticeKind::Request, _) => Some(Topic::Requests),
        (NoticeKind::Review, _) => Some(Topic::Reviews),
        (NoticeKind::Form, _) => Some(Topic::Forms),
        (NoticeKind::Guest, "moved") => Some(Topic::Guests),
        (NoticeKind::Guest, _) => None,
    }
}

/// Values by their names.
pub fn facts<const N: usize>(values: [(&str, Json); N]) -> Facts {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// When what was tried so often before is tried again: the pause doubles.
pub fn next_try(now: Timestamp, tries: i64) -> Timestamp {
    let minutes = u32::try_from(tries).ok().and_then(|tries| 1_i64.checked_shl(tries));
    let pause = SignedDuration::from_mins(minutes.unwrap_or(1));
    now.checked_add(pause).unwrap_or(Timestamp::MAX)
}

/// Whether what was tried so often before is given up when it fails again.
pub fn is_last_try(tries: i64) -> bool {
    tries + 1 >= TRIES
}

/// Where something is shown, under the address of Muster; nothing where it has none.
pub fn page(opened: &Opened, path: &str) -> Json {
    let url = opened.model.url.as_ref();
    url.map(|url| format!("{}{path}", url.trim_end_matches('/'))).into()
}

/// Text that breaks no line: names are of the model or of a source.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
