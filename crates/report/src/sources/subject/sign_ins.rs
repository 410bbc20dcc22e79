//! How somebody signs in and when they did, and what was written about them in the journal.

use muster_app::Error;
use muster_store::{JournalFilter, SignInFilter};

use super::{About, MOST, Told};
use crate::{Cell, reader::Look};

pub(super) async fn tell(look: &mut Look, about: &About, told: &mut Told) -> Result<(), Error> {
    proofs(look, about, told).await?;
    for session in look.tx.sessions_of(about.id).await? {
        let place = [Cell::Text(session.network), Cell::Text(session.device)];
        let value = Cell::said("from {}, on {}", place);
        let until = session.ended_at.unwrap_or(session.ends_at);
        let times = [Cell::Instant(session.opened_at), Cell::Instant(until)];
        told.add(("session", Cell::words(session.methods)), value, Cell::Nothing, times);
    }
    for browser in look.tx.known_browsers(about.id).await? {
        let times = [Cell::Instant(browser.first_at), Cell::Instant(browser.seen_at)];
        let name = ("browser", Cell::word("name"));
        told.add(name, Cell::words(browser.name), Cell::Nothing, times);
    }
    let filter = SignInFilter { entity: Some(about.id), ..SignInFilter::default() };
    for one in look.tx.sign_ins(&filter, None, MOST).await? {
        let item = Cell::said("{} at {}", [Cell::perhaps_word(&one.outcome), Cell::Text(one.door)]);
        let what = [Cell::Text(one.reason), Cell::Text(one.network), Cell::Text(one.device)];
        let value = Cell::said("{}, from {}, on {}", what);
        let times = [Cell::Instant(one.at), Cell::Nothing];
        told.add(("sign-in", item), value, Cell::words(one.methods), times);
    }
    let filter = JournalFilter { subject: Some(about.subject.clone()), ..JournalFilter::default() };
    for one in look.tx.search_journal(&filter, None, MOST).await? {
        let times = [Cell::Instant(one.entry.at), Cell::Nothing];
        let by = Cell::said("by {}", [Cell::Text(one.entry.actor)]);
        told.add(("journal", Cell::Text(one.entry.action)), Cell::count(one.seq), by, times);
    }
    Ok(())
}

/// That there is a proof, and since when; never the proof, nor what checks it.
async fn proofs(look: &mut Look, about: &About, told: &mut Told) -> Result<(), Error> {
    if let Some(password) = look.tx.password(about.id).await? {
        let times = [Cell::Instant(password.set_at), Cell::Nothing];
        told.add(("proof", Cell::word("password")), Cell::word("is set"), Cell::Nothing, times);
    }
    if let Some(app) = look.tx.totp(about.id).await? {
        let times = [Cell::Instant(app.confirmed_at), Cell::Nothing];
        told.add(
            ("proof", Cell::word("authenticator app")),
            Cell::word("is set"),
            Cell::Nothing,
            times,
        );
    }
    let left = look.tx.recovery_codes(about.id).await?;
    if left > 0 {
        let times = [Cell::Nothing, Cell::Nothing];
        told.add(("proof", Cell::word("recovery codes")), Cell::count(left), Cell::Nothing, times);
    }
    for passkey in look.tx.passkeys_of(about.id).await? {
        let times = [Cell::Instant(passkey.created_at), Cell::at(passkey.used_at)];
        let name = Cell::words(passkey.name);
        told.add(("proof", Cell::word("passkey")), name, Cell::Nothing, times);
    }
    Ok(())
}
