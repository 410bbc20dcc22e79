//! Tells what is due: each notice to its reader or its chat, in the way that they chose.

use std::sync::Arc;

use muster_app::{Ctx, Deliver, DeliverError, Error, Mail, Opened};
use muster_policy::{By, Chat, NoticeText, Told};
use muster_store::{Notice, NoticeKind};
use serde_json::{Value as Json, json};

use super::{
    Facts, Teller, chat, facts, is_last_try, next_try,
    reader::Reader,
    texts::{Voice, Words, words},
    topic_of,
};

/// Notices that are looked at together.
const BATCH: usize = 100;
/// What somebody is told at once of what was gathered for them; the rest comes the next time.
const GATHERED: usize = 200;

/// Tells what is due of the kinds that `tellers` know. Where the project has neither mail nor a chat, nobody is told.
///
/// Several nodes may do it: what one of them took, the others leave.
pub async fn send_notices(
    ctx: &Ctx,
    opened: &Opened,
    tellers: &[&dyn Teller],
) -> Result<(), Error> {
    let due = opened.store.read().await?.due_notices(ctx.now(), BATCH).await?;
    let can_tell = opened.model.mail.is_some() || !opened.model.notices.chats.is_empty();
    let deliver = opened.deliver().filter(|_| can_tell);
    for notice in due {
        let Some(teller) = tellers.iter().find(|teller| teller.kind() == notice.kind) else {
            continue;
        };
        let Some(deliver) = &deliver else {
            // An invitation waits until it can be sent.
            if notice.kind != NoticeKind::Guest {
                forget(opened, &[notice]).await?;
            }
            continue;
        };
        let post = Post { ctx, opened, deliver, tellers };
        if post.take(&notice).await? {
            post.tell(notice, *teller).await?;
        }
    }
    Ok(())
}

async fn forget(opened: &Opened, notices: &[Notice]) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    for notice in notices {
        tx.delete_notice(notice.id).await?;
    }
    Ok(tx.commit().await?)
}

/// What sends, and what is known of what it sends.
struct Post<'a> {
    ctx: &'a Ctx,
    opened: &'a Opened,
    deliver: &'a Arc<dyn Deliver>,
    tellers: &'a [&'a dyn Teller],
}

impl Post<'_> {
    /// Takes a notice in hand until the next try. False when another node did.
    async fn take(&self, notice: &Notice) -> Result<bool, Error> {
        let mut tx = self.opened.store.begin().await?;
        let next = next_try(self.ctx.now(), notice.tries);
        let is_mine = tx.take_notice(notice, next).await?;
        tx.commit().await?;
        Ok(is_mine)
    }

    async fn tell(&self, notice: Notice, teller: &dyn Teller) -> Result<(), Error> {
        if !notice.channel.is_empty() {
            let sent = self.tell_chat(&notice, teller).await?;
            return self.settle(&[notice], sent).await;
        }
        let mut tx = self.opened.store.read().await?;
        let reader = Reader::find(self.ctx, self.opened, &mut tx, notice.addressee).await?;
        drop(tx);
        let Some(reader) = reader else { return forget(self.opened, &[notice]).await };
        if notice.is_gathered {
            return self.tell_gathered(notice, &reader).await;
        }
        let topic = topic_of(notice.kind, &notice.what);
        match topic.map_or(Told::AtOnce, |topic| reader.told(self.opened, topic)) {
            Told::Never => forget(self.opened, &[notice]).await,
            Told::Daily => {
                let at = reader.next_gathering(self.opened, self.ctx.now());
                let mut tx = self.opened.store.begin().await?;
                tx.gather_notice(notice.id, at).await?;
                Ok(tx.commit().await?)
            }
            Told::AtOnce => {
                // What lets somebody in goes by mail alone.
                let by = if topic.is_some() { reader.by(self.opened) } else { By::Mail };
                let sent = self.tell_reader(&notice, teller, (&reader, by)).await?;
                self.settle(&[notice], sent).await
            }
        }
    }

    /// Forgets what was told, or what was tried too often; the rest is tried again.
    async fn settle(
        &self,
        notices: &[Notice],
        sent: Result<(), DeliverError>,
    ) -> Result<(), Error> {
        let Some(first) = notices.first() else { return Ok(()) };
        if let Err(error) = &sent {
            let (kind, about, what) = (first.kind.word(), first.about, &*first.what);
            tracing::warn!(%error, kind, about, what, "a notice was not told");
        }
        match sent {
            Err(error) if error.later && !is_last_try(first.tries) => Ok(()),
            Ok(()) | Err(_) => forget(self.opened, notices).await,
        }
    }

    async fn tell_reader(
        &self,
        notice: &Notice,
        teller: &dyn Teller,
        (reader, by): (&Reader, By),
    ) -> Result<Result<(), DeliverError>, Error> {
        let facts = teller.facts(self.ctx, self.opened, notice, by == By::Mail).await?;
        let Some(facts) = facts else { return Ok(Ok(())) };
        let Some(words) = self.words(text_of(notice.kind), &reader.voice(), Some(reader), &facts)
        else {
            return Ok(Ok(()));
        };
        let id = id_of(notice);
        Ok(self.send((reader, by), &words, (id, &facts)).await)
    }

    /// Everything that was gathered for somebody, in one.
    async fn tell_gathered(&self, first: Notice, reader: &Reader) -> Result<(), Error> {
        let mut tx = self.opened.store.read().await?;
        let others = tx.gathered_notices(first.addressee, GATHERED).await?;
        drop(tx);
        let (id, own) = (format!("gathered-{}", id_of(&first)), first.id);
        let mut taken = vec![first];
        for other in others {
            if other.id != own && self.take(&other).await? {
                taken.push(other);
            }
        }
        let mut items = Vec::new();
        for notice in &taken {
            let Some(teller) = self.tellers.iter().find(|teller| teller.kind() == notice.kind)
            else {
                continue;
            };
            let facts = teller.facts(self.ctx, self.opened, notice, false).await?;
            let Some(facts) = facts else { continue };
            let text = text_of(notice.kind);
            if let Some(words) = self.words(text, &reader.voice(), Some(reader), &facts) {
                let of = |name: &str| facts.get(name).cloned().unwrap_or_default();
                let (page, command) = (of("page"), of("command"));
                items.push(json!({ "subject": words.subject, "page": page, "command": command }));
            }
        }
        if items.is_empty() {
            return forget(self.opened, &taken).await;
        }
        let facts = facts([("count", items.len().into()), ("items", items.into())]);
        let gathered = NoticeText::Gathered;
        let Some(words) = self.words(gathered, &reader.voice(), Some(reader), &facts) else {
            return forget(self.opened, &taken).await;
        };
        let sent = self.send((reader, reader.by(self.opened)), &words, (id, &facts)).await;
        self.settle(&taken, sent).await
    }

    async fn tell_chat(
        &self,
        notice: &Notice,
        teller: &dyn Teller,
    ) -> Result<Result<(), DeliverError>, Error> {
        let notices = &self.opened.model.notices;
        // One that the model does not have any more.
        let Some(chat) = notices.chats.iter().find(|chat| *chat.name == *notice.channel) else {
            return Ok(Ok(()));
        };
        let facts = teller.facts(self.ctx, self.opened, notice, false).await?;
        let Some(facts) = facts else { return Ok(Ok(())) };
        let voice = Voice { language: notices.language, zone: &self.opened.model.timezone };
        let Some(words) = self.words(text_of(notice.kind), &voice, None, &facts) else {
            return Ok(Ok(()));
        };
        Ok(self.post(chat, None, &words, (id_of(notice), &facts)).await)
    }

    /// The words for it. `None` where they cannot be filled, which is said in the log: it holds up nothing else.
    fn words(
        &self,
        text: NoticeText,
        voice: &Voice<'_>,
        reader: Option<&Reader>,
        facts: &Facts,
    ) -> Option<Words> {
        let mut facts = facts.clone();
        let url = self.opened.model.url.as_ref().map(|url| url.trim_end_matches('/'));
        facts.insert("url".to_owned(), url.into());
        facts.insert("to".to_owned(), reader.map(|reader| &*reader.display).into());
        words(self.opened, text, voice, facts)
    }

    async fn send(
        &self,
        (reader, by): (&Reader, By),
        words: &Words,
        (id, facts): (String, &Facts),
    ) -> Result<(), DeliverError> {
        let chat = self.opened.model.notices.chat_with_people().filter(|_| by == By::Chat);
        if let Some((chat, name)) = chat.zip(reader.chat.as_deref()) {
            return self.post(chat, Some(name), words, (id, facts)).await;
        }
        // Whoever has no address is not told.
        let (Some(server), Some(to)) = (&self.opened.model.mail, &reader.address) else {
            return Ok(());
        };
        let (subject, text) = (words.subject.clone(), words.text.clone());
        let mail = Mail { to: vec![to.clone()], subject, text, html: None, id };
        self.deliver.mail(server, &mail).await
    }

    async fn post(
        &self,
        chat: &Chat,
        person: Option<&str>,
        words: &Words,
        (id, facts): (String, &Facts),
    ) -> Result<(), DeliverError> {
        let page = facts.get("page").and_then(Json::as_str);
        chat::post(self.deliver.as_ref(), chat, person, (words, page), &id).await
    }
}

fn id_of(notice: &Notice) -> String {
    format!("{}-{}-{}", notice.kind, notice.about, notice.id)
}

/// The text by which something of a kind is told.
fn text_of(kind: NoticeKind) -> NoticeText {
    match kind {
        NoticeKind::Request => NoticeText::Request,
        NoticeKind::Review => NoticeText::Review,
        NoticeKind::Form => NoticeText::Form,
        NoticeKind::Guest => NoticeText::Guest,
    }
}
