//! Mails about guests: the link of an invitation, that somebody is let in, that a guest has another sponsor.
//!
//! A link is made when its mail goes out, and is nowhere but in the mail. One that was tried in vain opens nothing once the next is made.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Deliver, Error, Mail, Opened};
use muster_governance::standing;
use muster_model::{EntityId, Settings, Text};
use muster_store::{Guest, GuestApplication, GuestNotice, GuestState, ReadTx};

use super::{GuestView, guests, list::view, open::new_link, rules};

/// Mails that are sent in one go.
const BATCH: usize = 50;
/// How often a mail is tried.
const TRIES: i64 = 8;
/// Attributes that hold the address of a person, the first one there is.
const ADDRESS: [&str; 2] = ["mail", "email"];

/// What sends, and where people find Muster.
struct Post<'a> {
    ctx: &'a Ctx,
    opened: &'a Opened,
    server: &'a Settings,
    deliver: &'a dyn Deliver,
    url: &'a str,
}

/// Sends the mails that are due. Where the project does not say how, they wait.
pub(crate) async fn send_guest_mails(ctx: &Ctx, opened: &Opened) -> Result<(), Error> {
    if opened.model.guests.is_none() {
        return Ok(());
    }
    let deliver = opened.deliver();
    let (Some(server), Some(deliver), Some(url)) =
        (&opened.model.mail, &deliver, &opened.model.url)
    else {
        return Ok(());
    };
    let post = Post { ctx, opened, server, deliver: deliver.as_ref(), url };
    let due = opened.store.read().await?.due_guest_notices(ctx.now(), BATCH).await?;
    for notice in due {
        post.notice(&notice).await?;
    }
    let due = opened.store.read().await?.due_guest_applications(ctx.now(), BATCH).await?;
    for application in due {
        post.application(application).await?;
    }
    Ok(())
}

impl Post<'_> {
    async fn notice(&self, notice: &GuestNotice) -> Result<(), Error> {
        let (ctx, opened) = (self.ctx, self.opened);
        let mut tx = opened.store.begin().await?;
        let later = again(ctx.now(), notice.tries);
        if !tx.take_guest_notice(notice, later).await? {
            return Ok(());
        }
        let guest = tx.guest(notice.guest).await?;
        let to = address(ctx, opened, &mut tx, notice.addressee).await?;
        let (Some(guest), Some(to)) = (guest, to) else {
            tx.delete_guest_notice(notice.id).await?;
            return Ok(tx.commit().await?);
        };
        let said = match &*notice.what {
            "invited" if guest.state == GuestState::Invited => {
                let (secret, link) = new_link()?;
                let until = rules::after(ctx.now(), guests(opened)?.link);
                let guest = Guest { link: Some(link), next_at: Some(until), ..guest };
                tx.save_guest(&guest).await?;
                let shown = view(ctx, opened, &mut tx, guest).await?;
                Some(self.invitation(&shown, &secret, until))
            }
            "let-in" if guest.state == GuestState::Active => Some((
                "You can sign in now".to_owned(),
                format!("You are a guest and can sign in with your mail address at {}", self.url),
            )),
            "moved" => Some(moved(&view(ctx, opened, &mut tx, guest).await?)),
            // It is not so any more.
            _ => None,
        };
        tx.commit().await?;
        let is_over = match said {
            Some((subject, text)) => {
                self.send(to, (subject, text), format!("guest-{}", notice.id)).await
            }
            None => true,
        };
        if is_over || notice.tries + 1 >= TRIES {
            let mut tx = opened.store.begin().await?;
            tx.delete_guest_notice(notice.id).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn application(&self, application: GuestApplication) -> Result<(), Error> {
        let (secret, link) = new_link()?;
        let is_last = application.tries + 1 >= TRIES;
        let next_try = (!is_last).then(|| again(self.ctx.now(), application.tries));
        let tries = application.tries + 1;
        let link = Some(link);
        let mut application = GuestApplication { link, tries, next_try, ..application };
        self.save(&application).await?;
        let text = format!(
            "You asked to be a guest. Show that this address is yours:\n\n{}\n\nThe link opens once, until {}. If it was \
             not you, do nothing.",
            self.address(&secret),
            application.ends_at
        );
        let id = format!("guest-application-{}-{tries}", application.id);
        let subject = "Show that this address is yours".to_owned();
        if self.send(application.mail.clone(), (subject, text), id).await {
            application.next_try = None;
            self.save(&application).await?;
        }
        Ok(())
    }

    async fn save(&self, application: &GuestApplication) -> Result<(), Error> {
        let mut tx = self.opened.store.begin().await?;
        tx.mail_guest_application(application).await?;
        Ok(tx.commit().await?)
    }

    /// True when nothing more is to be done.
    async fn send(&self, to: Text, (subject, text): (String, String), id: String) -> bool {
        let mail = Mail { to: vec![to], subject, text, html: None, id };
        match self.deliver.mail(self.server, &mail).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, mail = mail.id, "a mail about a guest was not sent");
                !error.later
            }
        }
    }

    fn address(&self, secret: &str) -> String {
        format!("{}/guest/{secret}", self.url)
    }

    fn invitation(&self, guest: &GuestView, secret: &str, until: Timestamp) -> (String, String) {
        let sponsor = guest.sponsor_display.as_deref().unwrap_or("somebody");
        let lines = [
            format!("{sponsor} invites you as a guest."),
            String::new(),
            format!("Accept it here: {}", self.address(secret)),
            String::new(),
            format!(
                "The link opens once, until {until}. You need no password: a code is mailed to you when you sign in."
            ),
        ];
        (format!("{} invites you", one_line(sponsor)), lines.join("\n"))
    }
}

fn moved(guest: &GuestView) -> (String, String) {
    let name = one_line(&guest.display);
    let before = guest.moved_from.as_deref().unwrap_or("somebody");
    let text = format!(
        "{name} is a guest of {}. {before}, who answered for them, has left; now it is you.\n\nmuster guests show {}",
        one_line(&guest.title),
        guest.key
    );
    (format!("You answer for guest {name}"), text)
}

/// Lines break no subject.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The address of a guest, or of somebody else who has not left.
async fn address(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    id: EntityId,
) -> Result<Option<Text>, Error> {
    let Some(found) = standing(ctx, opened, tx, id).await?.filter(|found| !found.has_left) else {
        return Ok(None);
    };
    let guests = guests(opened)?;
    if found.row.type_id == guests.type_id {
        return Ok(found.row.get(guests.mail).as_text().cloned());
    }
    let of = opened.model.schema.get(found.row.type_id);
    let mut slots = ADDRESS.iter().filter_map(|name| of?.attribute_named(name));
    Ok(slots.find_map(|attribute| found.row.get(attribute.slot).as_text().cloned()))
}

fn again(now: Timestamp, tries: i64) -> Timestamp {
    let doubled = 1_i32.checked_shl(u32::try_from(tries).unwrap_or(0)).unwrap_or(1);
    rules::after(now, SignedDuration::from_mins(1) * doubled)
}
