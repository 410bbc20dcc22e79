//! What is said about guests and to them: the link of an invitation, that somebody is let in, that a guest has another sponsor.
//!
//! A link is made when its mail goes out, and is nowhere but in the mail. One that was tried in vain opens nothing once the next is made.

use async_trait::async_trait;
use muster_app::{Ctx, Error, Mail, Opened};
use muster_governance::{
    Facts, Teller, facts, is_last_try, next_try, notice_words, one_line, page,
};
use muster_model::EntityId;
use muster_policy::NoticeText;
use muster_store::{Guest, GuestApplication, GuestState, Notice, NoticeKind};

use super::{guests, list::view, open::new_link, rules};

/// Mails to those who ask that are sent in one go.
const BATCH: usize = 50;

/// Tells of guests.
#[derive(Debug)]
pub(crate) struct GuestTeller;

#[async_trait]
impl Teller for GuestTeller {
    fn kind(&self) -> NoticeKind {
        NoticeKind::Guest
    }

    async fn facts(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        notice: &Notice,
        in_private: bool,
    ) -> Result<Option<Facts>, Error> {
        let mut tx = opened.store.begin().await?;
        let Some(mut guest) = tx.guest(EntityId(notice.about)).await? else { return Ok(None) };
        let is_so = match &*notice.what {
            "invited" => in_private && guest.state == GuestState::Invited,
            "let-in" => guest.state == GuestState::Active,
            _ => true,
        };
        if !is_so {
            return Ok(None);
        }
        let mut link = None;
        if *notice.what == *"invited" {
            let (secret, hash) = new_link()?;
            let until = rules::after(ctx.now(), guests(opened)?.link);
            guest = Guest { link: Some(hash), next_at: Some(until), ..guest };
            tx.save_guest(&guest).await?;
            link = Some((page(opened, &format!("/guest/{secret}")), until));
        }
        let shown = view(ctx, opened, &mut tx, guest).await?;
        tx.commit().await?;
        let (link, until) = link.unzip();
        let text = |text: Option<&str>| text.map(one_line).into();
        Ok(Some(facts([
            ("what", notice.what.as_ref().into()),
            ("page", page(opened, "/guests")),
            ("command", format!("muster guests show {}", shown.key).into()),
            ("link", link.unwrap_or_default()),
            ("until", until.map(|until| until.to_string()).into()),
            ("person", one_line(&shown.display).into()),
            ("organisation", one_line(&shown.title).into()),
            ("sponsor", text(shown.sponsor_display.as_deref())),
            ("before", text(shown.moved_from.as_deref())),
        ])))
    }
}

/// Mails a link to those who ask to be guests. Where the project does not say how, they wait.
pub(crate) async fn send_applications(ctx: &Ctx, opened: &Opened) -> Result<(), Error> {
    if opened.model.guests.is_none() {
        return Ok(());
    }
    let due = opened.store.read().await?.due_guest_applications(ctx.now(), BATCH).await?;
    for application in due {
        send(ctx, opened, application).await?;
    }
    Ok(())
}

async fn send(ctx: &Ctx, opened: &Opened, application: GuestApplication) -> Result<(), Error> {
    let (Some(server), Some(deliver)) = (&opened.model.mail, opened.deliver()) else {
        return Ok(());
    };
    let (secret, link) = new_link()?;
    let tries = application.tries + 1;
    let is_last = is_last_try(application.tries);
    let next_try = (!is_last).then(|| next_try(ctx.now(), application.tries));
    let mut application = GuestApplication { link: Some(link), tries, next_try, ..application };
    save(opened, &application).await?;
    let facts = facts([
        ("what", "applied".into()),
        ("to", application.mail.as_ref().into()),
        ("link", page(opened, &format!("/guest/{secret}"))),
        ("until", application.ends_at.to_string().into()),
    ]);
    let Some((subject, text)) = notice_words(opened, NoticeText::Guest, facts) else {
        return Ok(());
    };
    let id = format!("guest-application-{}-{tries}", application.id);
    let to = vec![application.mail.clone()];
    let sent = deliver.mail(server, &Mail { to, subject, text, html: None, id }).await;
    if let Err(error) = &sent {
        tracing::warn!(%error, "a mail to somebody who asks to be a guest was not sent");
    }
    if sent.is_ok() || sent.is_err_and(|error| !error.later) {
        application.next_try = None;
        save(opened, &application).await?;
    }
    Ok(())
}

async fn save(opened: &Opened, application: &GuestApplication) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    tx.mail_guest_application(application).await?;
    Ok(tx.commit().await?)
}
