//! Mails about signing in. They are written down with what they tell of and sent by the [`Caretaker`](crate::Caretaker), so that
//! whoever asks for one cannot see by the time it takes whether there is somebody to send it to.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Error, Mail, Opened, random};
use muster_model::{EntityId, Text};
use muster_policy::ThrottlePolicy;
use muster_store::{ReadTx, SignInMail, Tx, hex};

use crate::{
    Secret,
    standing::{evaluated, lets_in},
    throttle::spend,
};

/// Mails to one person within [`PER`] that strangers can bring about.
const MOST: u32 = 5;
const PER: SignedDuration = SignedDuration::from_hours(1);
/// Between two tries of the same mail.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);
/// Mails that are sent in one look.
const PIECE: usize = 20;
/// How long a mail about something that happened is tried.
pub(crate) const NEWS: SignedDuration = SignedDuration::from_hours(24);

/// What a mail says, in the language of its reader.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// The subject, one line.
    pub subject: &'a str,
    /// The text; `{code}` stands for a code that goes with it.
    pub text: &'a str,
}

/// A random code of eight digits, each equally likely but for less than one in a hundred thousand million.
pub(crate) fn new_code() -> Result<Secret, Error> {
    let number = u64::from_be_bytes(random()?) % 100_000_000;
    Ok(Secret::new(format!("{number:08}")))
}

/// Whether one more mail may be brought about by somebody who gave this name, and counts it.
pub(crate) async fn may_mail(tx: &mut Tx, name_key: &str, now: Timestamp) -> Result<bool, Error> {
    let budget = format!("mail {name_key}");
    let policy = ThrottlePolicy { tries: MOST, per: PER, except: Vec::new() };
    let spent = tx.begin_spending(&budget, now).await?;
    let Ok(spent) = spend(spent, &policy, now) else { return Ok(false) };
    tx.save_spent(&budget, spent).await?;
    Ok(true)
}

/// Writes a mail down for somebody, or for nobody. It is tried for so long.
pub(crate) async fn post(
    tx: &mut Tx,
    opened: &Opened,
    to: Option<EntityId>,
    (letter, code): (Letter<'_>, &str),
    (now, lasts): (Timestamp, SignedDuration),
) -> Result<(), Error> {
    let id = random::<16>()?.to_vec();
    let said = format!("{}\n{}", letter.subject, letter.text.replace("{code}", code));
    let sealed = opened.sealer()?.seal(&purpose(&id), said.as_bytes())?;
    let ends_at = now.saturating_add(lasts).unwrap_or(now);
    let mail = SignInMail { id, entity: to, sealed, next_try: now, ends_at };
    Ok(tx.insert_sign_in_mail(&mail).await?)
}

/// Sends what is due; returns how many mails went out.
pub(crate) async fn send_due(opened: &Opened, now: Timestamp) -> Result<usize, Error> {
    let due = opened.store.read().await?.due_sign_in_mails(now, PIECE).await?;
    let mut sent = 0;
    for mail in due {
        let later = now.saturating_add(PAUSE).unwrap_or(now);
        let mut tx = opened.store.begin().await?;
        let is_ours = tx.take_sign_in_mail(&mail, later).await?;
        tx.commit().await?;
        if !is_ours {
            continue;
        }
        let went = send(opened, &mail, now).await?;
        if went != Went::Later {
            let mut tx = opened.store.begin().await?;
            tx.delete_sign_in_mail(&mail.id).await?;
            tx.commit().await?;
        }
        sent += usize::from(went == Went::Out);
    }
    Ok(sent)
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Went {
    Out,
    Nowhere,
    Later,
}

async fn send(opened: &Opened, mail: &SignInMail, now: Timestamp) -> Result<Went, Error> {
    let (Some(server), Some(deliver)) = (&opened.model.mail, opened.deliver()) else {
        return Ok(Went::Nowhere);
    };
    let Some(entity) = mail.entity.filter(|_| now < mail.ends_at) else { return Ok(Went::Nowhere) };
    let Some(to) = address(opened, entity, now).await? else { return Ok(Went::Nowhere) };
    let Ok(said) = opened.sealer()?.open(&purpose(&mail.id), &mail.sealed) else {
        tracing::warn!("a mail about signing in is sealed with another key, and is not sent");
        return Ok(Went::Nowhere);
    };
    let said = String::from_utf8_lossy(&said);
    let (subject, text) = said.split_once('\n').unwrap_or_default();
    let (subject, text) = (subject.to_owned(), text.to_owned());
    let mail = Mail { to: vec![to], subject, text, html: None, id: hex(&mail.id) };
    match deliver.mail(server, &mail).await {
        Ok(()) => Ok(Went::Out),
        Err(error) => {
            tracing::warn!(%error, mail = mail.id, "a mail about signing in was not sent");
            Ok(if error.later { Went::Later } else { Went::Nowhere })
        }
    }
}

/// Where somebody is written to who may sign in.
async fn address(opened: &Opened, entity: EntityId, now: Timestamp) -> Result<Option<Text>, Error> {
    address_in(&mut opened.store.read().await?, opened, entity, now).await
}

pub(crate) async fn address_in(
    tx: &mut ReadTx,
    opened: &Opened,
    entity: EntityId,
    now: Timestamp,
) -> Result<Option<Text>, Error> {
    let Some((_, found)) = evaluated(tx, opened, entity, now).await? else { return Ok(None) };
    let of = opened.model.types.get(found.row.type_id.index());
    let slot = of.and_then(|of| of.sign_in.mail).filter(|_| lets_in(opened, &found));
    Ok(slot.and_then(|slot| found.row.get(slot).as_text().cloned()))
}

fn purpose(id: &[u8]) -> String {
    format!("mail about signing in {}", hex(id))
}
