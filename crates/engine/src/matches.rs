//! Cases of correlation: what a person has to decide, the candidates and why.

use muster_app::{Ctx, Error, Opened, Page, ReadNames, entity_type};
use muster_model::{EntityId, Text};
use muster_policy::{Read, System};
use muster_store::{CaseStatus, Entry, MatchCase, MatchCaseId, Matched, Number, ReadTx, Tx};
use serde_json::{Value as Json, json};

mod decide;
mod merge;
mod orphans;
mod undo;

pub use decide::{Decision, apply_rule, cases_like, decide_match};
pub use merge::{merge_people, split_people};
pub use orphans::{OrphanView, list_orphans};
pub use undo::undo_match;

/// So many candidates are shown.
const SHOWN: usize = 3;

/// A record or an account that waits.
#[derive(Debug, Clone)]
pub struct MatchView {
    /// The number of the case.
    pub id: i64,
    /// `record` or `account`.
    pub subject: &'static str,
    /// The system.
    pub system: Text,
    /// The entity type or account type.
    pub what: Text,
    /// The key of the record, or the name of the account.
    pub key: Text,
    /// What it waits for: `undecided` or `refused`.
    pub status: &'static str,
    /// Why, in words.
    pub problem: Text,
    /// The best candidates.
    pub candidates: Vec<CandidateView>,
}

/// A candidate, for people.
#[derive(Debug, Clone)]
pub struct CandidateView {
    /// Its key.
    pub key: Text,
    /// How sure the rule is.
    pub confidence: u64,
    /// The rule, and the values that were equal.
    pub why: String,
}

/// Cases in order of their number.
pub async fn list_matches(
    opened: &Opened,
    status: CaseStatus,
    after: Option<i64>,
    limit: usize,
) -> Result<Page<MatchView>, Error> {
    let mut tx = opened.store.read().await?;
    let cases = tx.match_cases(status, after.map(MatchCaseId), limit.saturating_add(1)).await?;
    let next = (cases.len() > limit)
        .then(|| limit.checked_sub(1).and_then(|last| cases.get(last)).map(|case| case.id.0))
        .flatten();
    let mut items = Vec::new();
    for case in cases.into_iter().take(limit) {
        items.push(view(&mut tx, opened, case).await?);
    }
    Ok(Page { items, next })
}

async fn view(tx: &mut ReadTx, opened: &Opened, case: MatchCase) -> Result<MatchView, Error> {
    let (system, what) = names_of(opened, case.subject, case.scope_no);
    let mut candidates = Vec::new();
    for (entity, confidence, why) in candidates_of(&case) {
        let key = tx.entity(entity).await?.map_or_else(|| "?".into(), |entity| entity.key);
        candidates.push(CandidateView { key, confidence, why });
    }
    Ok(MatchView {
        id: case.id.0,
        subject: case.subject.word(),
        system,
        what,
        key: if case.subject == Matched::Account { case.native_id } else { case.key },
        status: case.status.word(),
        problem: case.problem,
        candidates,
    })
}

/// The system and the entity type or account type.
pub(crate) fn names_of(opened: &Opened, subject: Matched, scope_no: Number) -> (Text, Text) {
    for (system, names) in opened.sources() {
        let what = match subject {
            Matched::Record => {
                let position = names.reads.iter().position(|read| read.no == scope_no);
                let read = position.and_then(|position| system.reads.get(position));
                read.and_then(|read| opened.model.schema.get(read.type_id)).map(|of| &of.name)
            }
            Matched::Account => {
                let position = names.accounts.iter().position(|account| account.no == scope_no);
                position.and_then(|position| system.accounts.get(position)).map(|of| &of.name)
            }
        };
        if let Some(what) = what {
            return (system.name.clone(), what.clone());
        }
    }
    ("?".into(), "?".into())
}

/// The read with this number.
fn read_numbered(opened: &Opened, read_no: Number) -> Result<(&System, &Read, &ReadNames), Error> {
    let mut reads = opened.sources().flat_map(|(system, names)| {
        system.reads.iter().zip(&names.reads).map(move |(read, names)| (system, read, names))
    });
    reads.find(|(_, _, names)| names.no == read_no).ok_or_else(|| {
        Error::not_found("the model no longer has the read that the record came from")
    })
}

/// Entity, confidence and reason of each candidate.
fn candidates_of(case: &MatchCase) -> Vec<(EntityId, u64, String)> {
    let all: Vec<Json> = serde_json::from_str(&case.candidates).unwrap_or_default();
    let one = |one: &Json| {
        let why = one.get("why").and_then(Json::as_str).unwrap_or("").to_owned();
        Some((
            EntityId(one.get("entity")?.as_i64()?),
            one.get("confidence")?.as_u64().unwrap_or(0),
            why,
        ))
    };
    all.iter().filter_map(one).collect()
}

fn reason_given(reason: &str) -> Result<&str, Error> {
    match reason.trim() {
        "" => Err(Error::invalid("a reason is needed").hint("--reason \"…\"")),
        reason => Ok(reason),
    }
}

/// An identity that was named has to have the type that is wanted.
fn same_type(opened: &Opened, type_no: Number, wanted: muster_model::TypeId) -> Result<(), Error> {
    if entity_type(opened, type_no) == Some(wanted) {
        Ok(())
    } else {
        Err(Error::invalid("they are of different entity types"))
    }
}

async fn journal(
    ctx: &Ctx,
    tx: &mut Tx,
    action: &str,
    subject: &str,
    detail: Json,
) -> Result<(), Error> {
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: action.into(),
        subject: subject.into(),
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}

/// A candidate as it is kept with a case.
pub(crate) struct Shown {
    /// The entity.
    pub(crate) entity: EntityId,
    /// How sure the rule is.
    pub(crate) confidence: u8,
    /// Which rule, and which values.
    pub(crate) why: String,
}

/// The first candidates as JSON.
pub(crate) fn candidates_json(shown: impl Iterator<Item = Shown>) -> Text {
    let all: Vec<serde_json::Value> = shown
        .take(SHOWN)
        .map(|one| json!({ "entity": one.entity.0, "confidence": one.confidence, "why": one.why }))
        .collect();
    serde_json::Value::Array(all).to_string().into()
}
