//! How somebody is told.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use muster_app::{Ctx, Error, Opened};
use muster_model::{EntityId, Language, Row, Text};
use muster_policy::{By, Told, Topic};
use muster_store::ReadTx;

use super::texts::Voice;
use crate::people::{People, Somebody, address_of};

/// The name of the choice of what somebody is told by.
pub(super) const BY: &str = "by";
/// The name of the choice of a language.
pub(super) const LANGUAGE: &str = "language";

/// Somebody who is told, with what they chose.
#[derive(Debug)]
pub(super) struct Reader {
    /// How they are named.
    pub(super) subject: Text,
    /// How they are shown.
    pub(super) display: Text,
    /// Their mail address.
    pub(super) address: Option<Text>,
    /// Under which name the chat knows them.
    pub(super) chat: Option<Text>,
    /// In which language they are told.
    pub(super) language: Language,
    zone: TimeZone,
    chosen: BTreeMap<Text, Text>,
}

impl Reader {
    /// Finds somebody; `None` for those who have left or are not there.
    pub(super) async fn find(
        ctx: &Ctx,
        opened: &Opened,
        tx: &mut ReadTx,
        id: EntityId,
    ) -> Result<Option<Self>, Error> {
        let people = People::load(opened, tx, [id].into(), ctx.now()).await?;
        let Some(found) = people.get(id).filter(|found| !found.has_left(opened)) else {
            return Ok(None);
        };
        let chosen = tx.notice_choices(id).await?;
        let chosen = chosen.into_iter().map(|one| (one.name, one.choice)).collect();
        Ok(Some(Self::of(opened, found, chosen)))
    }

    fn of(opened: &Opened, found: &Somebody, chosen: BTreeMap<Text, Text>) -> Self {
        let notices = &opened.model.notices;
        let text = |name: Option<&Text>| text_of(opened, found.row(), name?);
        let own = chosen.get(LANGUAGE).cloned().or_else(|| text(notices.language_from.as_ref()));
        let chat = notices.chat_with_people().and_then(|chat| text(chat.person.as_ref()));
        Self {
            subject: found.subject.clone(),
            display: found.display(opened),
            address: address_of(opened, found),
            chat: chat.filter(|name| !name.trim().is_empty()),
            language: own.and_then(|tag| Language::of_tag(&tag)).unwrap_or(notices.language),
            zone: opened.evaluator.timezone_of(found.row()),
            chosen,
        }
    }

    /// In which words they are told.
    pub(super) fn voice(&self) -> Voice<'_> {
        Voice { language: self.language, zone: &self.zone }
    }

    /// What they chose of this name.
    pub(super) fn chosen(&self, name: &str) -> Option<&Text> {
        self.chosen.get(name)
    }

    /// When they are told of a topic.
    pub(super) fn told(&self, opened: &Opened, topic: Topic) -> Told {
        let chosen = self.chosen(topic.word()).and_then(|word| Told::of(word));
        chosen.unwrap_or_else(|| opened.model.notices.usual(topic))
    }

    /// By what they are told: what they chose, where there is such a way to them.
    pub(super) fn by(&self, opened: &Opened) -> By {
        let by_mail = opened.model.mail.is_some() && self.address.is_some();
        match (self.chosen(BY).and_then(|word| By::of(word)), &self.chat) {
            (Some(By::Chat), Some(_)) => By::Chat,
            (_, Some(_)) if !by_mail => By::Chat,
            _ => By::Mail,
        }
    }

    /// When they are told next what is told once a day.
    pub(super) fn next_gathering(&self, opened: &Opened, now: Timestamp) -> Timestamp {
        let here = now.to_zoned(self.zone.clone());
        let at = opened.model.notices.gathered_at;
        let days = [Some(here.date()), here.date().tomorrow().ok()];
        let times = days.into_iter().flatten().filter_map(|day| {
            Some(day.to_datetime(at).to_zoned(self.zone.clone()).ok()?.timestamp())
        });
        times.into_iter().find(|time| *time > now).unwrap_or(now)
    }
}

/// The text of an attribute, where the type of a row has it.
fn text_of(opened: &Opened, row: &Row, name: &str) -> Option<Text> {
    let slot = opened.model.schema.get(row.type_id)?.attribute_named(name)?.slot;
    row.get(slot).as_text().cloned()
}
