//! How somebody wants to be told: seen and changed by themselves.

use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::{EntityId, Language, Text};
use muster_policy::{By, Told, Topic};
use muster_store::{Entry, NoticeChoice};
use serde_json::{Value as Json, json};

use super::reader::{BY, LANGUAGE, Reader};

/// How somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeSettings {
    /// Who.
    pub subject: Text,
    /// Each topic.
    pub topics: Vec<TopicSetting>,
    /// By what they are told.
    pub by: By,
    /// Whether there is a chat that knows them.
    pub has_chat: bool,
    /// Whether mail reaches them.
    pub has_mail: bool,
    /// In which language.
    pub language: Language,
    /// What they chose of both; `None` where the model says.
    pub chosen_by: Option<By>,
    /// As `chosen_by`.
    pub chosen_language: Option<Language>,
    /// At which time of day they are told what is told once a day, as `08:00`.
    pub gathered_at: String,
}

/// How somebody is told of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicSetting {
    /// Which one.
    pub topic: Topic,
    /// When they are told.
    pub told: Told,
    /// What they chose; `None` where the model says.
    pub chosen: Option<Told>,
    /// What the model says.
    pub usual: Told,
}

/// What somebody wants otherwise. Within, `None` takes a choice back, so that the model says.
#[derive(Debug, Clone, Default)]
pub struct NoticeChange {
    /// When they are told, by topic.
    pub topics: Vec<(Topic, Option<Told>)>,
    /// By what.
    pub by: Option<Option<By>>,
    /// In which language.
    pub language: Option<Option<Language>>,
}

/// The word that takes a choice back.
pub const USUAL: &str = "usual";

impl NoticeChange {
    /// The names of what can be chosen.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Topic::WORDS.iter().copied().chain([BY, LANGUAGE])
    }

    /// Reads what a face was told: names of topics, `by` and `language`, with a word for each; what is empty stays as it is.
    ///
    /// # Errors
    ///
    /// `Invalid` with the words that there are.
    pub fn read<'w>(words: impl IntoIterator<Item = (&'w str, &'w str)>) -> Result<Self, Error> {
        let mut change = Self::default();
        for (name, word) in words.into_iter().filter(|(_, word)| !word.is_empty()) {
            match (name, Topic::of(name)) {
                (_, Some(topic)) => {
                    change.topics.push((topic, one(name, word, Told::of, Told::WORDS)?));
                }
                (BY, None) => change.by = Some(one(name, word, By::of, By::WORDS)?),
                (LANGUAGE, None) => {
                    let tags = Language::ALL.map(Language::tag);
                    change.language = Some(one(name, word, Language::of_tag, &tags)?);
                }
                (_, None) => return Err(Error::invalid(format!("there is no topic `{name}`"))),
            }
        }
        Ok(change)
    }
}

fn one<T>(
    name: &str,
    word: &str,
    of: impl Fn(&str) -> Option<T>,
    words: &[&str],
) -> Result<Option<T>, Error> {
    if word == USUAL {
        return Ok(None);
    }
    let known = || format!("one of: {}, {USUAL}", words.join(", "));
    let wrong = || Error::invalid(format!("`{word}` is no choice")).about(name).hint(known());
    of(word).map(Some).ok_or_else(wrong)
}

/// How `me` is told.
///
/// # Errors
///
/// `NotFound` when they are not there any more.
pub async fn see_notice_settings(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
) -> Result<NoticeSettings, Error> {
    let mut tx = opened.store.read().await?;
    let reader = Reader::find(ctx, opened, &mut tx, me).await?;
    let reader = reader.ok_or_else(|| Error::not_found("the person is not there any more"))?;
    let notices = &opened.model.notices;
    let topics = Topic::ALL.iter().map(|topic| TopicSetting {
        topic: *topic,
        told: reader.told(opened, *topic),
        chosen: reader.chosen(topic.word()).and_then(|word| Told::of(word)),
        usual: notices.usual(*topic),
    });
    Ok(NoticeSettings {
        subject: reader.subject.clone(),
        topics: topics.collect(),
        by: reader.by(opened),
        has_chat: reader.chat.is_some(),
        has_mail: opened.model.mail.is_some() && reader.address.is_some(),
        language: reader.language,
        chosen_by: reader.chosen(BY).and_then(|word| By::of(word)),
        chosen_language: reader.chosen(LANGUAGE).and_then(|tag| Language::of_tag(tag)),
        gathered_at: notices.gathered_at.strftime("%H:%M").to_string(),
    })
}

/// Changes how `me` is told, and says how it is then. What waits for the next time of day is told then all the same.
///
/// # Errors
///
/// `NotFound` when they are not there any more, `Invalid` for a chat where none knows them.
pub async fn change_notice_settings(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    change: &NoticeChange,
) -> Result<NoticeSettings, Error> {
    let before = see_notice_settings(ctx, opened, me).await?;
    if change.by == Some(Some(By::Chat)) && !before.has_chat {
        let message = "no chat of the project knows you";
        return Err(Error::new(Kind::Invalid, message).about("by").hint(
            "choose mail; chats that know people have `person` under `notices: { chats: … }` of the model",
        ));
    }
    let topics = change.topics.iter().map(|(topic, told)| (topic.word(), told.map(Told::word)));
    let by = change.by.map(|by| (BY, by.map(By::word)));
    let language = change.language.map(|language| (LANGUAGE, language.map(Language::tag)));
    let all: Vec<(&str, Option<&str>)> = topics.chain(by).chain(language).collect();
    let mut tx = opened.store.begin().await?;
    for (name, choice) in &all {
        match choice {
            Some(choice) => {
                let (name, choice) = (Text::from(*name), Text::from(*choice));
                tx.save_notice_choice(&NoticeChoice { entity: me, name, choice }).await?;
            }
            None => tx.delete_notice_choice(me, name).await?,
        }
    }
    let chosen: serde_json::Map<String, Json> =
        all.into_iter().map(|(name, choice)| (name.to_owned(), json!(choice))).collect();
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: "notices.choose".into(),
        subject: before.subject,
        detail: Json::Object(chosen).to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    tx.commit().await?;
    see_notice_settings(ctx, opened, me).await
}
