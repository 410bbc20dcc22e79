//! Decides about drift: put right, accepted for a time, taken back; or by rule when nobody decided in time.

use jiff::Timestamp;
use muster_model::{DriftId, EntityId, Text};
use muster_store::{Decided, Drift, DriftDecision, Entry, ReadTx, Tx};
use serde_json::{Value as Json, json};

use super::{
    DriftView,
    list::{drift_seen, drift_view, no_drift},
};
use crate::{Ctx, Error, Kind, Opened};

const BATCH: usize = 2000;
/// Items of drift named in one journal entry.
const NAMED: usize = 1000;

/// Which drift is meant.
#[derive(Debug, Clone)]
pub enum Chosen {
    /// One item.
    One(i64),
    /// A whole group; what was decided about one by one stays so. Needs the number.
    Group(String),
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriftVerb {
    /// The next plan puts it right.
    Revert,
    /// It may stay until then; `None` for good.
    Accept(Option<Timestamp>),
    /// A decision is taken back.
    Undo,
}

impl DriftVerb {
    fn decision(self) -> DriftDecision {
        match self {
            Self::Revert => DriftDecision::Revert,
            Self::Accept(_) => DriftDecision::Accept,
            Self::Undo => DriftDecision::Undecided,
        }
    }

    fn action(self) -> &'static str {
        match self {
            Self::Revert => "drift.revert",
            Self::Accept(_) => "drift.accept",
            Self::Undo => "drift.undo",
        }
    }
}

/// Decides about one item or a group. `confirm` is the number of items the caller has seen; a group needs it.
///
/// Returns the first of them as they are now, and how many there were.
pub async fn decide_drift(
    ctx: &Ctx,
    opened: &Opened,
    chosen: &Chosen,
    verb: DriftVerb,
    remark: &str,
    confirm: Option<u64>,
) -> Result<(Vec<DriftView>, u64), Error> {
    check(ctx, verb, remark)?;
    let mut tx = opened.store.begin().await?;
    let drift = open_drift(ctx, opened, &mut tx, chosen, verb).await?;
    agreed(chosen, drift.len() as u64, confirm)?;
    let until = match verb {
        DriftVerb::Accept(until) => until,
        DriftVerb::Revert | DriftVerb::Undo => None,
    };
    let by = (verb != DriftVerb::Undo).then_some(&*ctx.actor);
    let decided = Decided { decision: verb.decision(), until, by, remark, at: ctx.now() };
    write(&mut tx, ctx, &ctx.actor, &drift, &decided, verb.action()).await?;
    let mut views = Vec::new();
    for one in drift.iter().take(NAMED) {
        let now = tx.drift(one.id).await?.ok_or_else(|| no_drift(one.id.0))?;
        views.push(drift_view(&mut tx, opened, now).await?);
    }
    tx.commit().await?;
    Ok((views, drift.len() as u64))
}

fn check(ctx: &Ctx, verb: DriftVerb, remark: &str) -> Result<(), Error> {
    if let DriftVerb::Accept(until) = verb {
        if remark.trim().is_empty() {
            return Err(Error::invalid("an exception needs a comment").hint("--comment \"…\""));
        }
        if let Some(until) = until.filter(|until| *until <= ctx.now()) {
            return Err(Error::invalid(format!("the end {until} is over already"))
                .hint("--until names a day to come"));
        }
    }
    Ok(())
}

/// The open drift that is meant. Of a group only what the verb still changes.
async fn open_drift(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    chosen: &Chosen,
    verb: DriftVerb,
) -> Result<Vec<Drift>, Error> {
    match chosen {
        Chosen::One(id) => {
            let drift = drift_seen(ctx, opened, tx, *id).await?;
            if drift.closed_at.is_some() {
                return Err(Error::new(
                    Kind::Conflict,
                    format!("drift {id} is over: {}", drift.remark),
                ));
            }
            if verb == DriftVerb::Undo && drift.decision == DriftDecision::Undecided {
                let message = format!("nobody decided about drift {id}");
                return Err(Error::new(Kind::Conflict, message));
            }
            Ok(vec![drift])
        }
        Chosen::Group(group) => {
            let (mut all, mut after, mut any) = (Vec::new(), None, false);
            loop {
                let mut page = tx.drift_of_cause(group, after, BATCH).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                ctx.reach.narrow(ctx, opened, tx, &mut page, |drift| drift.entity).await?;
                any |= !page.is_empty();
                let is_open = |drift: &Drift| {
                    (drift.decision == DriftDecision::Undecided) != (verb == DriftVerb::Undo)
                };
                all.extend(page.into_iter().filter(is_open));
            }
            if !any {
                return Err(Error::not_found(format!("there is no group `{group}` of drift"))
                    .hint("muster drift list shows the groups"));
            }
            Ok(all)
        }
    }
}

fn agreed(chosen: &Chosen, n: u64, confirm: Option<u64>) -> Result<(), Error> {
    match (chosen, confirm) {
        (_, Some(confirm)) if confirm == n => Ok(()),
        (Chosen::One(_), None) => Ok(()),
        (_, Some(confirm)) => {
            Err(Error::new(Kind::Held, format!("it is {n} items of drift, not {confirm}"))
                .hint("muster drift list shows them"))
        }
        (Chosen::Group(group), None) => Err(Error::new(
            Kind::Held,
            format!("group `{group}` has {n} items of drift and nobody agreed to the number"),
        )
        .hint(format!(
            "look at them: muster drift list --group {group}; if it is right, add --confirm {n}"
        ))),
    }
}

/// Writes a decision, unsettles the identities and writes the journal.
pub(super) async fn write(
    tx: &mut Tx,
    ctx: &Ctx,
    actor: &Text,
    drift: &[Drift],
    decided: &Decided<'_>,
    action: &str,
) -> Result<(), Error> {
    let ids: Vec<DriftId> = drift.iter().map(|drift| drift.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    tx.decide_drift(&ids, decided).await?;
    let mut owners: Vec<EntityId> = drift.iter().filter_map(|drift| drift.entity).collect();
    owners.sort_unstable();
    owners.dedup();
    tx.unsettle(&owners).await?;
    for chunk in drift.chunks(NAMED) {
        let subject = match chunk {
            [one] => one.name.clone(),
            several => format!("{} items of drift", several.len()).into(),
        };
        let items: Vec<Json> = chunk.iter().map(item).collect();
        let detail = json!({
            "drift": items, "until": decided.until.map(|until| until.to_string()),
            "comment": decided.remark,
        });
        tx.append_journal(&Entry {
            at: ctx.now(),
            actor: actor.clone(),
            on_behalf_of: ctx.on_behalf_of.clone(),
            action: action.into(),
            subject,
            detail: detail.to_string().into(),
            correlation: Some(ctx.correlation.clone()),
        })
        .await?;
    }
    Ok(())
}

fn item(drift: &Drift) -> Json {
    json!({
        "id": drift.id.0, "account": &*drift.name, "what": drift.what.word(), "item": &*drift.item,
        "before": super::value(&drift.before).to_string(),
        "after": super::value(&drift.after).to_string(), "decided": drift.decision.word(),
    })
}

/// Declines drift that waited for a decision longer than its system allows; returns how much.
pub async fn decline_old_drift(ctx: &Ctx, opened: &Opened) -> Result<u64, Error> {
    let limits: Vec<_> = opened
        .model
        .systems
        .iter()
        .zip(&opened.names.systems)
        .filter_map(|(system, names)| Some((names.no, system.decline_after?)))
        .collect();
    let mut n = 0;
    for (system_no, after) in limits {
        let Ok(cutoff) = ctx.now().checked_sub(after) else { continue };
        let mut limit = BATCH;
        loop {
            let old = opened
                .store
                .read()
                .await?
                .drift_decided(DriftDecision::Undecided, cutoff, limit)
                .await?;
            let is_full = old.len() == limit;
            let mine: Vec<Drift> =
                old.into_iter().filter(|drift| drift.system_no == system_no).collect();
            if mine.is_empty() && is_full {
                limit *= 2;
                continue;
            }
            if mine.is_empty() {
                break;
            }
            let days = after.as_hours() / 24;
            let remark = format!("nobody decided within {days} days");
            let actor: Text = "rule".into();
            let decided = Decided {
                decision: DriftDecision::Revert,
                until: None,
                by: Some(&actor),
                remark: &remark,
                at: ctx.now(),
            };
            let mut tx = opened.store.begin().await?;
            write(&mut tx, ctx, &actor, &mine, &decided, "drift.decline").await?;
            tx.commit().await?;
            n += mine.len() as u64;
            if !is_full {
                break;
            }
        }
    }
    Ok(n)
}
