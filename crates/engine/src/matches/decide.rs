//! Decides cases of correlation: whose a record or an account is. A later read keeps to it.

use muster_app::{Ctx, Error, Kind, Opened, resolve_person};
use muster_model::{EntityId, Text};
use muster_store::{
    Account, AccountStatus, CaseStatus, MatchCase, MatchCaseId, MatchDecision, Matched, RecordMark,
    Tx, Verdict,
};
use rustc_hash::FxHashMap;
use serde_json::json;

use super::{
    MatchView, candidates_of, journal, names_of, read_numbered, reason_given, same_type, view,
};
use crate::{
    decisions::Decided,
    inbound::Inbound,
    lease::Lease,
    progress::NoProgress,
    report::ReadReport,
    source::{Source, Staged, Staging},
    target::account_key,
};

/// A page of similar cases.
const BATCH: usize = 500;

/// Whose a record or an account is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// This identity's, by key or another unique attribute.
    Link(String),
    /// A new entity's; only for records.
    New,
    /// Nobody's: it does not count any more.
    Nobody,
}

/// Decides one case at once.
pub async fn decide_match(
    ctx: &Ctx,
    opened: &Opened,
    id: i64,
    decision: &Decision,
    reason: &str,
) -> Result<(), Error> {
    let reason = reason_given(reason)?;
    let lease = Lease::take(ctx, opened, "sync").await?;
    let outcome = async {
        let mut tx = opened.store.begin().await?;
        let case = tx.match_case(MatchCaseId(id)).await?.ok_or_else(|| {
            Error::not_found(format!("there is no case {id}"))
                .hint("muster matches list shows them")
        })?;
        let decided = match decision {
            Decision::New => Decided::New,
            Decision::Nobody => Decided::Nobody,
            Decision::Link(person) => {
                Decided::Link(resolve_person(ctx, opened, &mut tx, person).await?.row.id)
            }
        };
        carry_out(ctx, opened, &mut tx, &case, decided, reason).await?;
        tx.commit().await?;
        Ok(())
    }
    .await;
    lease.release(opened, outcome).await
}

/// Links every undecided case that is like this one to its only candidate: the same read or account type, the same rule.
///
/// `confirm` must be their number; without it nothing happens and the error tells it.
pub async fn apply_rule(
    ctx: &Ctx,
    opened: &Opened,
    id: i64,
    confirm: Option<u64>,
    reason: &str,
) -> Result<u64, Error> {
    let reason = reason_given(reason)?;
    let lease = Lease::take(ctx, opened, "sync").await?;
    let outcome = async {
        let similar = similar(opened, id).await?;
        let n = similar.len() as u64;
        if confirm != Some(n) {
            let rule = similar.first().map_or("", |(_, _, rule)| rule.as_str());
            return Err(Error::new(
                Kind::Held,
                format!("the rule at {rule} links {n} cases like this one"),
            )
            .hint(format!(
                "if that is right: muster matches apply-rule {id} --confirm {n} --reason \"…\""
            )));
        }
        for (case, entity, _) in similar {
            let mut tx = opened.store.begin().await?;
            carry_out(ctx, opened, &mut tx, &case, Decided::Link(entity), reason).await?;
            tx.commit().await?;
        }
        Ok(n)
    }
    .await;
    lease.release(opened, outcome).await
}

/// Every undecided case that is like one, this one included, with the only candidate of each: what [`apply_rule`] links.
///
/// # Errors
///
/// `Invalid` when the case does not have exactly one candidate.
pub async fn cases_like(opened: &Opened, id: i64) -> Result<Vec<MatchView>, Error> {
    let similar = similar(opened, id).await?;
    let mut tx = opened.store.read().await?;
    let mut views = Vec::with_capacity(similar.len());
    for (case, ..) in similar {
        views.push(view(&mut tx, opened, case).await?);
    }
    Ok(views)
}

/// Cases of the same scope whose only candidate was found by the same rule.
async fn similar(opened: &Opened, id: i64) -> Result<Vec<(MatchCase, EntityId, String)>, Error> {
    let only = |case: &MatchCase| match candidates_of(case).as_slice() {
        [(entity, _, why)] => {
            let rule = why.split(": ").next().unwrap_or("").to_owned();
            Some((*entity, rule))
        }
        _ => None,
    };
    let mut tx = opened.store.read().await?;
    let case = tx
        .match_case(MatchCaseId(id))
        .await?
        .ok_or_else(|| Error::not_found(format!("there is no case {id}")))?;
    let Some((_, rule)) = only(&case) else {
        return Err(Error::invalid(format!("case {id} does not have exactly one candidate"))
            .hint("decide it by itself: muster matches decide"));
    };
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = tx.match_cases(CaseStatus::Undecided, after, BATCH).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.id);
        for other in page {
            let is_like = other.subject == case.subject && other.scope_no == case.scope_no;
            if let Some((entity, by)) = only(&other).filter(|(_, by)| is_like && *by == rule) {
                found.push((other, entity, by));
            }
        }
    }
}

async fn carry_out(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    case: &MatchCase,
    decided: Decided,
    reason: &str,
) -> Result<(), Error> {
    let (verdict, entity) = match decided {
        Decided::Link(entity) => (Verdict::Link, entity),
        Decided::New => (Verdict::New, EntityId(0)),
        Decided::Nobody => (Verdict::Nobody, EntityId(0)),
    };
    tx.save_match_decision(&MatchDecision {
        subject: case.subject,
        scope_no: case.scope_no,
        key: case.key.clone(),
        entity,
        verdict,
        made_at: ctx.now(),
        made_by: ctx.actor.clone(),
        reason: reason.into(),
    })
    .await?;
    match case.subject {
        Matched::Record => record(ctx, opened, tx, case, decided).await?,
        Matched::Account => account(ctx, opened, tx, case, decided).await?,
    }
    tx.delete_match_cases(case.subject, case.scope_no, std::slice::from_ref(&case.key)).await?;
    let to = tx.entity(entity).await?.map(|entity| entity.key.to_string());
    let (system, what) = names_of(opened, case.subject, case.scope_no);
    let detail = json!({
        "system": &*system, "what": &*what, "decision": verdict.word(), "identity": to, "reason": reason,
    });
    journal(ctx, tx, "match.decide", &case.key, detail).await
}

async fn record(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    case: &MatchCase,
    decided: Decided,
) -> Result<(), Error> {
    if decided == Decided::Nobody {
        return Ok(());
    }
    let (system, read, names) = read_numbered(opened, case.scope_no)?;
    if let Decided::Link(entity) = decided
        && let Some(entity) = tx.entity(entity).await?
    {
        same_type(opened, entity.type_no, read.type_id)?;
    }
    let what: Text =
        opened.model.schema.get(read.type_id).map_or_else(|| "?".into(), |of| of.name.clone());
    let source = Source { system, read, names, what: &what };
    let known = tx.records_by_key(names.no, std::slice::from_ref(&case.key)).await?;
    let marks: FxHashMap<Text, RecordMark> = known
        .into_iter()
        .flatten()
        .map(|record| {
            let mark = RecordMark {
                id: record.id,
                key: record.key.clone(),
                native_id: record.native_id,
                fingerprint: record.fingerprint,
                entity: record.entity,
                absent_since: record.absent_since,
            };
            (record.key, mark)
        })
        .collect();
    let inbound = Inbound::decided(ctx, opened, source, marks).await?;
    let mut inbound = inbound.knowing(Some((case.key.clone(), decided)));
    let staging = Staging { records: vec![Staged::of_case(case)], absent: Vec::new() };
    let mut report = ReadReport::default();
    inbound.apply_whole(tx, &staging, &mut report, &NoProgress).await?;
    match report.bad.first() {
        None => Ok(()),
        Some(bad) => Err(Error::invalid(format!("{}: {}", bad.place, bad.problem))),
    }
}

async fn account(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    case: &MatchCase,
    decided: Decided,
) -> Result<(), Error> {
    let account = find_account(tx, case).await?;
    let (entity, status) = match decided {
        Decided::Link(entity) => (Some(entity), AccountStatus::Linked),
        Decided::Nobody => (None, AccountStatus::Ignored),
        Decided::New => {
            return Err(Error::invalid("an account does not make an identity")
                .hint("--link names whose it is, --nobody says that it does not count"));
        }
    };
    if let Some(entity) = entity
        && let Some(found) = tx.entity(entity).await?
    {
        let of =
            opened.model.systems.iter().zip(&opened.names.systems).find_map(|(system, names)| {
                let position = names.accounts.iter().position(|names| names.no == case.scope_no)?;
                system.accounts.get(position)
            });
        let of = of.ok_or_else(|| Error::not_found("the model no longer has the account type"))?;
        same_type(opened, found.type_no, of.identity)?;
        let others = tx.accounts_of(entity).await?;
        let has_one = others.iter().any(|other| {
            other.type_no == account.type_no
                && other.status == AccountStatus::Linked
                && other.id != account.id
        });
        if has_one && !of.several {
            return Err(Error::new(
                Kind::Conflict,
                format!("`{}` has an account of the type already", found.key),
            )
            .hint("`several: true` at the account type allows more than one"));
        }
    }
    tx.link_accounts(&[(account.id, entity, status, 100)], ctx.now()).await?;
    tx.unsettle(&entity.into_iter().collect::<Vec<_>>()).await?;
    Ok(())
}

async fn find_account(tx: &mut Tx, case: &MatchCase) -> Result<Account, Error> {
    if let Some(account) = tx.account_by_native_id(case.scope_no, &case.key).await? {
        return Ok(account);
    }
    let by_name = tx.accounts_by_name(case.scope_no, std::slice::from_ref(&case.key)).await?;
    let is_it = |account: &Account| account_key(&account.native_id, &account.name_key) == case.key;
    by_name
        .into_iter()
        .find(is_it)
        .ok_or_else(|| Error::not_found(format!("the account `{}` is gone", case.native_id)))
}
