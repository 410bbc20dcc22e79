//! Browsers that are known again. Each keeps random bits for each of the people who signed in there, of which only hashes are kept here.
//!
//! Being known opens nothing: a sign-in in a browser that is not known for its person is told to them by mail. What a browser shows that
//! was not made for this person is not taken over, so that nobody can be given a cookie that somebody else has too.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Error, Opened};
use muster_model::{EntityId, Text};
use muster_store::{KnownBrowser as Row, ReadTx, hex};

use crate::{
    Attempt, Authenticator, Letter, Secret,
    find::name_key,
    mail::{NEWS, may_mail, post},
    session::{hash, new_cookie},
};

/// The cookie by which a browser is known again.
pub const BROWSER_COOKIE: &str = "muster_browser";
/// How long a browser is known that is not used. Browsers keep no cookie for longer.
pub const BROWSER_KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);
/// Browsers of one person at most; then the one that was used least lately is forgotten.
const MOST: usize = 20;
/// People whom one browser is known for at most.
const PEOPLE: usize = 4;

/// A browser as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBrowser {
    /// Which one. It opens nothing.
    pub id: String,
    /// Which sort of browser it is, on what; empty when nobody can tell.
    pub name: Text,
    /// When its owner signed in there first.
    pub first_at: Timestamp,
    /// And last.
    pub seen_at: Timestamp,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

impl Authenticator {
    /// Notes that somebody who is in signed in in the browser of the attempt. One that was not known is told to them by the letter, a few
    /// times in an hour. Returns what the browser keeps from now on, if that is something else.
    pub async fn recognise(
        &self,
        opened: &Opened,
        attempt: Attempt<'_>,
        (identity, letter): (EntityId, Letter<'_>),
    ) -> Result<Option<Secret>, Error> {
        let (now, name) = (attempt.now, browser_name(attempt.device).into());
        let mut tx = opened.store.begin().await?;
        let rows = tx.known_browsers(identity).await?;
        if let Some(row) = find(&rows, &attempt) {
            tx.note_browser(&Row { name, seen_at: now, ..row.clone() }).await?;
            tx.commit().await?;
            return Ok(None);
        }
        let secret = new_cookie()?;
        let hash = hash(secret.reveal());
        tx.note_browser(&Row { hash, entity: identity, name, first_at: now, seen_at: now }).await?;
        for old in rows.iter().skip(MOST - 1) {
            tx.forget_browser(identity, &old.hash).await?;
        }
        let budget = format!("browser {}", name_key(Some(identity), ""));
        if self.can_recover(opened) && may_mail(&mut tx, &budget, now).await? {
            post(&mut tx, opened, Some(identity), (letter, ""), (now, NEWS)).await?;
        }
        tx.commit().await?;
        let others = shown(&attempt).take(PEOPLE - 1);
        let kept: Vec<&str> = [secret.reveal()].into_iter().chain(others).collect();
        Ok(Some(Secret::new(kept.join("."))))
    }

    /// The browsers in which somebody signed in, the one that was used last first.
    pub async fn browsers(
        &self,
        opened: &Opened,
        attempt: Attempt<'_>,
        identity: EntityId,
    ) -> Result<Vec<KnownBrowser>, Error> {
        let rows = opened.store.read().await?.known_browsers(identity).await?;
        let this = find(&rows, &attempt).map(|row| row.hash.clone());
        let seen = rows.into_iter().map(|row| {
            let Row { hash, entity: _, name, first_at, seen_at } = row;
            KnownBrowser {
                id: hex(&hash),
                name,
                first_at,
                seen_at,
                is_this: this.as_ref() == Some(&hash),
            }
        });
        Ok(seen.collect())
    }

    /// Forgets a browser of somebody's: the next sign-in there is told to them again. False when they have no such browser.
    pub async fn forget_browser(
        &self,
        opened: &Opened,
        (identity, id): (EntityId, &str),
    ) -> Result<bool, Error> {
        let mut tx = opened.store.begin().await?;
        let rows = tx.known_browsers(identity).await?;
        let Some(row) = rows.iter().find(|row| hex(&row.hash) == id) else { return Ok(false) };
        let was_there = tx.forget_browser(identity, &row.hash).await?;
        tx.commit().await?;
        Ok(was_there)
    }
}

/// Whether the browser of an attempt is known for somebody.
pub(crate) async fn is_known(
    tx: &mut ReadTx,
    attempt: &Attempt<'_>,
    identity: EntityId,
) -> Result<bool, muster_store::StoreError> {
    let rows = tx.known_browsers(identity).await?;
    Ok(find(&rows, attempt).is_some())
}

/// The row of the browser of an attempt.
fn find<'r>(rows: &'r [Row], attempt: &Attempt<'_>) -> Option<&'r Row> {
    shown(attempt).find_map(|secret| {
        let hash = hash(secret);
        rows.iter().find(|row| row.hash == hash)
    })
}

/// What a browser shows, one text for each person.
fn shown<'a>(attempt: &Attempt<'a>) -> impl Iterator<Item = &'a str> {
    let kept = attempt.browser.map_or("", Secret::reveal);
    kept.split('.').filter(|secret| !secret.is_empty()).take(PEOPLE)
}

/// Which sort of browser calls itself so, on what. The words are ours: what a browser calls itself is written by whoever signs in, and
/// this is mailed.
pub fn browser_name(device: &str) -> String {
    // Most call themselves by the names of others too, so that the order counts.
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chromium/", "Chromium"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iOS"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let known = |words: &[(&str, &'static str)]| {
        words.iter().find(|(sign, _)| device.contains(sign)).map(|(_, name)| *name)
    };
    let named = [known(&BROWSERS), known(&SYSTEMS)];
    named.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_by_words_of_ours() {
        for (device, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox, Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge, Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari, iOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome, Android",
            ),
            ("click https://evil.example {code}", ""),
        ] {
            assert_eq!(browser_name(device), name, "{device}");
        }
    }
}
