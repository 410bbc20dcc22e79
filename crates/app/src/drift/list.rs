//! Drift for people: by cause, by the read that saw it, one by one.

use jiff::Timestamp;
use muster_model::{DriftId, Text, Value};
use muster_store::{Drift, DriftDecision, DriftGroup, DriftWhat, ReadRunId, ReadTx};

use super::{place, value};
use crate::{Ctx, Error, Kind, Opened, Page, accounts::person_of};

/// Drift as it is shown.
#[derive(Debug, Clone)]
pub struct DriftView {
    /// Its id.
    pub id: DriftId,
    /// The system.
    pub system: Text,
    /// The account type.
    pub account_type: Text,
    /// The account's name on the system.
    pub account: Text,
    /// The identity it belongs to.
    pub person: Option<Text>,
    /// What drifted.
    pub what: DriftWhat,
    /// The kind of entitlement, for an entitlement.
    pub kind: Option<Text>,
    /// The attribute or the entitlement.
    pub item: Text,
    /// What was known.
    pub before: Value,
    /// What was seen.
    pub after: Value,
    /// When the item was first seen to differ.
    pub first_seen: Timestamp,
    /// When it was seen as it is.
    pub seen_at: Timestamp,
    /// The read that saw it.
    pub read: i64,
    /// Names what probably happened at one stroke.
    pub group: Text,
    /// What was decided.
    pub decision: DriftDecision,
    /// Until when it may stay.
    pub until: Option<Timestamp>,
    /// By whom.
    pub decided_by: Option<Text>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Why, or how it ended.
    pub remark: Text,
    /// When it was over.
    pub closed_at: Option<Timestamp>,
}

/// Open drift that belongs together.
#[derive(Debug, Clone)]
pub struct DriftGroupView {
    /// Names the group for decisions; empty where drift is put together by read.
    pub group: Text,
    /// The first read that saw it.
    pub read: i64,
    /// How much there is.
    pub n: u64,
    /// How much of it nobody decided about.
    pub n_undecided: u64,
    /// One of them.
    pub example: DriftView,
    /// When the first was seen.
    pub first_seen: Timestamp,
    /// When the last was seen.
    pub last_seen: Timestamp,
}

/// Which drift is asked for.
#[derive(Debug, Clone, Default)]
pub struct DriftQuery {
    /// Of this group only.
    pub group: Option<String>,
    /// That this read saw.
    pub read: Option<i64>,
    /// That was accepted only.
    pub accepted: bool,
    /// After this id.
    pub after: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

/// Open drift by cause, or by the read that saw it. The numbers are about everybody.
pub async fn drift_groups(
    ctx: &Ctx,
    opened: &Opened,
    by_read: bool,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<DriftGroupView>, Option<String>), Error> {
    if !ctx.reach.is_everybody() {
        return Err(Error::new(
            Kind::Denied,
            "these numbers are about everybody, and you may see some people only",
        )
        .hint("list drift one by one instead"));
    }
    let mut tx = opened.store.read().await?;
    let mut groups = if by_read {
        let after = after.map(|after| after.parse().map(ReadRunId)).transpose();
        let after = after.map_err(|_| Error::invalid("the place to go on after is a number"))?;
        tx.drift_runs(after, limit + 1).await?
    } else {
        tx.drift_causes(after.unwrap_or(""), limit + 1).await?
    };
    let is_more = groups.len() > limit;
    groups.truncate(limit);
    let next = groups
        .last()
        .filter(|_| is_more)
        .map(|last| if by_read { last.run.0.to_string() } else { last.cause.to_string() });
    let mut views = Vec::new();
    for group in groups {
        let DriftGroup { cause, run, n, n_undecided, example, first_seen, last_seen } = group;
        let drift = tx.drift(example).await?.ok_or_else(|| Error::bug("drift has no row"))?;
        let example = drift_view(&mut tx, opened, drift).await?;
        let read = run.0;
        views.push(DriftGroupView {
            group: cause,
            read,
            n,
            n_undecided,
            example,
            first_seen,
            last_seen,
        });
    }
    Ok((views, next))
}

/// Open drift in order of id.
pub async fn list_drift(
    ctx: &Ctx,
    opened: &Opened,
    query: &DriftQuery,
) -> Result<Page<DriftView>, Error> {
    let mut tx = opened.store.read().await?;
    let mut page = Page { items: Vec::new(), next: None };
    let mut after = query.after.map(DriftId);
    loop {
        let mut rows = match (&query.group, query.read) {
            (Some(group), _) => tx.drift_of_cause(group, after, query.limit + 1).await?,
            (None, Some(read)) => tx.drift_of_run(ReadRunId(read), after, query.limit + 1).await?,
            (None, None) => tx.open_drift(after, query.limit + 1).await?,
        };
        let Some(last) = rows.last() else { return Ok(page) };
        let is_last = rows.len() <= query.limit;
        after = Some(last.id);
        ctx.reach.narrow(ctx, opened, &mut tx, &mut rows, |drift| drift.entity).await?;
        for drift in rows {
            if query.accepted && drift.decision != DriftDecision::Accept {
                continue;
            }
            if page.items.len() == query.limit {
                page.next = page.items.last().map(|last: &DriftView| last.id.0);
                return Ok(page);
            }
            page.items.push(drift_view(&mut tx, opened, drift).await?);
        }
        if is_last {
            return Ok(page);
        }
    }
}

/// One item of drift, open or over.
pub async fn show_drift(ctx: &Ctx, opened: &Opened, id: i64) -> Result<DriftView, Error> {
    let mut tx = opened.store.read().await?;
    let drift = drift_seen(ctx, opened, &mut tx, id).await?;
    drift_view(&mut tx, opened, drift).await
}

/// One item of drift, if it is about somebody whom the caller reaches.
pub(super) async fn drift_seen(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    id: i64,
) -> Result<Drift, Error> {
    let found = tx.drift(DriftId(id)).await?.ok_or_else(|| no_drift(id))?;
    if ctx.reach.sees(ctx, opened, tx, found.entity).await? { Ok(found) } else { Err(no_drift(id)) }
}

pub(super) fn no_drift(id: i64) -> Error {
    Error::not_found(format!("there is no drift {id}")).hint("muster drift list --all shows it")
}

/// The view of stored drift.
pub(super) async fn drift_view(
    tx: &mut ReadTx,
    opened: &Opened,
    drift: Drift,
) -> Result<DriftView, Error> {
    let placed = place(opened, &drift);
    let system =
        placed.as_ref().and_then(|(account, _)| opened.model.systems.get(account.system.index()));
    let account_type = placed
        .as_ref()
        .and_then(|(account, _)| system?.accounts.get(account.account))
        .map_or_else(|| "?".into(), |account| account.name.clone());
    let person = match drift.entity {
        Some(id) => person_of(tx, opened, id).await?,
        None => None,
    };
    Ok(DriftView {
        id: drift.id,
        system: system.map_or_else(|| "?".into(), |system| system.name.clone()),
        account_type,
        account: drift.name,
        person,
        what: drift.what,
        kind: placed.and_then(|(_, kind)| kind),
        item: drift.item,
        before: value(&drift.before),
        after: value(&drift.after),
        first_seen: drift.first_seen,
        seen_at: drift.seen_at,
        read: drift.run.0,
        group: drift.cause,
        decision: drift.decision,
        until: drift.until,
        decided_by: drift.decided_by,
        decided_at: drift.decided_at,
        remark: drift.remark,
        closed_at: drift.closed_at,
    })
}
