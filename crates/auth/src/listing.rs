//! What operators see: the log of sign-ins and open sessions, with names.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened, Page, resolve_person};
use muster_model::{EntityId, Text};
use muster_store::{ReadTx, SignIn, SignInFilter};
use serde_json::{Value as Json, json};

use crate::{Authenticator, Session, session::listed};

/// Which tries are asked for; every field that is set must fit.
#[derive(Debug, Clone, Default)]
pub struct SignInQuery {
    /// Under a name of this person.
    pub person: Option<String>,
    /// Of which this came: `allowed` or `refused`.
    pub outcome: Option<Text>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Before this place in the log.
    pub before: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

impl Authenticator {
    /// Tries to sign in, the newest first, each with the name of who it was about.
    pub async fn list_sign_ins(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        query: &SignInQuery,
    ) -> Result<Page<(SignIn, Option<Text>)>, Error> {
        let mut tx = opened.store.read().await?;
        let entity = match &query.person {
            Some(person) => Some(resolve_person(ctx, opened, &mut tx, person).await?.row.id),
            None => None,
        };
        let SignInQuery { person: _, outcome, from, until, before, limit } = query.clone();
        let filter = SignInFilter { entity, outcome, from, until };
        let mut found = tx.sign_ins(&filter, before, limit).await?;
        let next = found.last().filter(|_| found.len() == limit).map(|last| last.seq);
        ctx.reach.narrow(ctx, opened, &mut tx, &mut found, |one| one.entity).await?;
        let mut names = Names::default();
        let mut items = Vec::with_capacity(found.len());
        for sign_in in found {
            let name = match sign_in.entity {
                Some(entity) => names.of(self, ctx, opened, &mut tx, entity).await,
                None => None,
            };
            items.push((sign_in, name));
        }
        Ok(Page { items, next })
    }

    /// Sessions that nobody ended and that are not too old, the oldest first, each with the name of its person.
    pub async fn list_sessions(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<(Session, Option<Text>)>, Error> {
        let mut tx = opened.store.read().await?;
        let mut rows = tx.sessions(after, limit).await?;
        let next = rows.last().filter(|_| rows.len() == limit).map(|last| last.id);
        ctx.reach.narrow(ctx, opened, &mut tx, &mut rows, |row| Some(row.entity)).await?;
        let mut names = Names::default();
        let mut items = Vec::new();
        for session in listed(opened, rows, ctx.now()) {
            let name = names.of(self, ctx, opened, &mut tx, session.identity).await;
            items.push((session, name));
        }
        Ok(Page { items, next })
    }

    /// Ends all sessions of a person, and says so in the journal; returns how many there were.
    pub async fn end_sessions_of(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        person: &str,
    ) -> Result<u64, Error> {
        let mut tx = opened.store.begin().await?;
        let identity = resolve_person(ctx, opened, &mut tx, person).await?.row.id;
        let ended = tx.end_sessions(identity, None, ctx.now()).await?;
        let detail = json!({ "sessions_ended": ended });
        self.write_down(&mut tx, ctx, opened, identity, ("sessions.end", detail)).await?;
        tx.commit().await?;
        Ok(ended)
    }
}

/// Names of identities, each looked up once.
#[derive(Default)]
struct Names(BTreeMap<EntityId, Option<Text>>);

impl Names {
    /// The name; `None` for one that is not there any more.
    async fn of(
        &mut self,
        authenticator: &Authenticator,
        ctx: &Ctx,
        opened: &Opened,
        tx: &mut ReadTx,
        identity: EntityId,
    ) -> Option<Text> {
        if let Some(known) = self.0.get(&identity) {
            return known.clone();
        }
        let found = authenticator.name_in(tx, opened, identity, ctx.now()).await;
        let name = found.ok().map(|name| name.subject);
        self.0.insert(identity, name.clone());
        name
    }
}

/// A try as programs see it.
pub fn sign_in_json(sign_in: &SignIn, person: Option<&Text>) -> Json {
    let SignIn {
        seq,
        at,
        entity: _,
        door,
        outcome,
        reason,
        methods,
        network,
        device,
        correlation,
        browser,
    } = sign_in;
    json!({
        "place": seq, "at": at.to_string(), "person": person.map(|name| &**name), "door": &**door,
        "outcome": &**outcome, "reason": &**reason, "methods": &**methods, "network": &**network,
        "device": &**device, "browser": browser.as_deref(), "correlation": correlation.as_deref(),
    })
}

/// A session as programs see it.
pub fn session_json(session: &Session, person: Option<&Text>) -> Json {
    let Session {
        id,
        identity: _,
        opened_at,
        auth_time,
        seen_at,
        ends_at,
        amr,
        acr,
        network,
        device,
    } = session;
    let amr: Vec<&str> = amr.iter().map(|amr| amr.word()).collect();
    json!({
        "id": id, "person": person.map(|name| &**name), "opened_at": opened_at.to_string(),
        "proved_at": auth_time.to_string(), "seen_at": seen_at.to_string(),
        "ends_at": ends_at.to_string(), "amr": amr, "acr": acr.word(), "network": &**network,
        "device": &**device,
    })
}
