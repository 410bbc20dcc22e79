//! Whether the lifecycle of an identity lets them sign in: the one place that knows.

use std::sync::PoisonError;

use jiff::Timestamp;
use muster_app::{Error, Opened, entity_type, load_identities, load_world_near, subject_of};
use muster_model::{EntityId, Text};
use muster_policy::Evaluation;
use muster_store::ReadTx;
use rustc_hash::FxHashMap;

use crate::Authenticator;

/// Identities remembered at most.
const KEPT: usize = 100_000;

/// What was found lately.
#[derive(Debug, Default)]
pub(crate) struct Standings(FxHashMap<EntityId, Standing>);

/// Whether an identity may sign in, and of when that is.
#[derive(Debug, Clone, Copy)]
struct Standing {
    is_alive: bool,
    /// The state of the repository and of the model.
    facts_version: i64,
    revision: i64,
    from: Timestamp,
    /// When time alone may change it.
    until: Option<Timestamp>,
}

impl Authenticator {
    /// Whether the lifecycle of an identity lets them sign in now. It is found out anew as soon as any fact changed or
    /// something became due; ask for each request, not once.
    pub async fn is_alive(
        &self,
        opened: &Opened,
        identity: EntityId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut tx = opened.store.read().await?;
        self.is_alive_in(&mut tx, opened, identity, now).await
    }

    pub(crate) async fn is_alive_in(
        &self,
        tx: &mut ReadTx,
        opened: &Opened,
        identity: EntityId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let facts_version = tx.facts_version().await?;
        let standings = || self.0.standings.lock().unwrap_or_else(PoisonError::into_inner);
        let known = standings().0.get(&identity).copied();
        let holds = |known: &Standing| {
            known.facts_version == facts_version
                && known.revision == opened.revision
                && known.from <= now
                && known.until.is_none_or(|until| now < until)
        };
        if let Some(known) = known.filter(holds) {
            return Ok(known.is_alive);
        }
        let (is_alive, until) = evaluate(tx, opened, identity, now).await?;
        let revision = opened.revision;
        let standing = Standing { is_alive, facts_version, revision, from: now, until };
        let mut standings = standings();
        if standings.0.len() >= KEPT {
            standings.0.clear();
        }
        standings.0.insert(identity, standing);
        Ok(is_alive)
    }
}

/// How an identity is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// How the journal names it.
    pub subject: Text,
    /// How it is shown to people.
    pub display: Text,
    /// These and the values by which it signs in.
    pub(crate) all: Vec<Text>,
}

impl Authenticator {
    /// How an identity is called.
    pub async fn name_of(
        &self,
        opened: &Opened,
        identity: EntityId,
        now: Timestamp,
    ) -> Result<Name, Error> {
        let mut tx = opened.store.read().await?;
        self.name_in(&mut tx, opened, identity, now).await
    }

    pub(crate) async fn name_in(
        &self,
        tx: &mut ReadTx,
        opened: &Opened,
        identity: EntityId,
        now: Timestamp,
    ) -> Result<Name, Error> {
        let gone = || Error::not_found("the identity is not there any more");
        let (key, evaluation) = evaluated(tx, opened, identity, now).await?.ok_or_else(gone)?;
        let row = &evaluation.row;
        let of = opened.model.schema.get(row.type_id);
        let display = of.and_then(|of| row.get(of.attribute_named("display")?.slot).as_text());
        let display = display.cloned().unwrap_or_else(|| key.clone());
        let subject = subject_of(&opened.model, row, &key);
        let names = opened.model.types.get(row.type_id.index()).map(|of| &of.sign_in.names);
        let own = names.into_iter().flatten().filter_map(|slot| row.get(*slot).as_text().cloned());
        let words = display.split_whitespace().map(Text::from);
        let all = own.chain(words).chain([subject.clone(), key]).collect();
        Ok(Name { subject, display, all })
    }
}

pub(crate) async fn evaluate(
    tx: &mut ReadTx,
    opened: &Opened,
    identity: EntityId,
    now: Timestamp,
) -> Result<(bool, Option<Timestamp>), Error> {
    let Some((_, evaluation)) = evaluated(tx, opened, identity, now).await? else {
        return Ok((false, None));
    };
    Ok((lets_in(opened, &evaluation), evaluation.next_change))
}

/// Whether the lifecycle of an identity lets them sign in.
pub(crate) fn lets_in(opened: &Opened, evaluation: &Evaluation) -> bool {
    let sign_in = opened.model.types.get(evaluation.row.type_id.index()).map(|of| &of.sign_in);
    let states = sign_in.map_or(&[][..], |sign_in| &sign_in.states);
    evaluation.state.is_some_and(|state| states.contains(&state))
}

/// The key of an identity, and what became of it.
pub(crate) async fn evaluated(
    tx: &mut ReadTx,
    opened: &Opened,
    identity: EntityId,
    now: Timestamp,
) -> Result<Option<(Text, Evaluation)>, Error> {
    let Some(entity) = tx.entity(identity).await? else { return Ok(None) };
    let Some(type_id) = entity_type(opened, entity.type_no) else { return Ok(None) };
    let found = load_identities(tx, opened, type_id, &[identity], now).await?;
    let Some(facts) = found.into_iter().next() else { return Ok(None) };
    let world = load_world_near(tx, opened, &[identity], now).await?;
    let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, now);
    Ok(Some((facts.key, evaluation)))
}
