//! What a decision does: facts, from which the next plan follows. Also how it is taken back.

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened, withheld_name, withhold_name};
use muster_model::{AccountId, AssignmentId, DriftId, EntityId, Text};
use muster_policy::Withhold;
use muster_store::{
    AccountStatus, Assignment, Decided, DriftDecision, DriftWhat, ItemKind, ItemVerdict,
    OrphanDecision, OrphanVerb, ReviewItem, Sequence, Tx,
};
use serde_json::{Value as Json, json};

use crate::{
    expected::Expected,
    held::Held,
    person::Revocation,
    terms::{Terms, after},
};

/// What a decision did, as it is kept with its item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Effect {
    /// Assignments that were ended.
    pub(crate) ended: Vec<i64>,
    /// Assignments that were made: shorter ones, and those that withhold.
    pub(crate) made: Vec<i64>,
    /// Drift that is put right.
    pub(crate) drift: Vec<i64>,
    /// Whether something was decided about an account of nobody.
    pub(crate) orphan: bool,
    /// What a rule still gives and is withheld.
    pub(crate) conflicts: Vec<String>,
    /// What accounts have to lose.
    pub(crate) expects: Vec<Expected>,
    /// The plan, for people.
    pub(crate) plan: Vec<String>,
}

impl Effect {
    pub(crate) fn to_json(&self) -> String {
        json!({
            "ended": self.ended, "made": self.made, "drift": self.drift, "orphan": self.orphan,
            "conflicts": self.conflicts, "expects": self.expects.iter().map(Expected::to_json).collect::<Vec<_>>(), "plan": self.plan,
        })
        .to_string()
    }

    pub(crate) fn read(text: &str) -> Self {
        let json: Json = serde_json::from_str(text).unwrap_or_default();
        let list = |key: &str| json.get(key).and_then(Json::as_array).cloned().unwrap_or_default();
        let ids = |key: &str| list(key).iter().filter_map(Json::as_i64).collect();
        let texts = |key: &str| {
            list(key).iter().filter_map(|text| Some(text.as_str()?.to_owned())).collect()
        };
        Self {
            ended: ids("ended"),
            made: ids("made"),
            drift: ids("drift"),
            orphan: json.get("orphan").and_then(Json::as_bool).unwrap_or(false),
            conflicts: texts("conflicts"),
            expects: list("expects").iter().filter_map(Expected::read).collect(),
            plan: texts("plan"),
        }
    }
}

/// What is decided about an item.
pub(crate) struct Verdict<'a> {
    pub(crate) item: &'a ReviewItem,
    pub(crate) what: ItemVerdict,
    pub(crate) until: Option<Timestamp>,
    pub(crate) reason: &'a str,
}

/// Does what a decision says about something that somebody holds.
pub(crate) async fn apply(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (terms, verdict): (&Terms, &Verdict<'_>),
    (held, revocation): (&Held, Revocation),
) -> Result<Effect, Error> {
    let Some(entity) = verdict.item.entity else { return orphan(ctx, tx, verdict).await };
    let now = ctx.now();
    let mut effect = Effect::default();
    if verdict.what == ItemVerdict::Keep {
        return Ok(effect);
    }
    let from = match verdict.what {
        ItemVerdict::Shorten => verdict.until,
        ItemVerdict::Open | ItemVerdict::Keep | ItemVerdict::Revoke => None,
    };
    for id in &held.assignments {
        if let Some(old) = tx.assignment(AssignmentId(*id)).await? {
            tx.end_assignment(old.id, now, &ctx.actor, &why(verdict)).await?;
            effect.ended.push(*id);
            if from.is_some() {
                let made = Assignment { valid_until: from, ..old.clone() };
                effect.made.push(give(ctx, tx, verdict, made).await?);
            }
        }
    }
    let until = Some(after(from.unwrap_or(now), terms.withhold));
    for what in &revocation.withhold {
        let role = withhold_name(&opened.model, what);
        let given = withheld_name(&role).unwrap_or_default().to_owned();
        let made = Assignment { valid_from: from, valid_until: until, ..blank(entity, role) };
        effect.made.push(give(ctx, tx, verdict, made).await?);
        effect.conflicts.push(conflict(opened, what, &given));
    }
    if let Some(account) = held.account {
        effect.drift = revert(ctx, opened, tx, (held, account), &why(verdict)).await?;
    }
    if from.is_none() {
        effect.expects = revocation.expects;
    }
    effect.plan = revocation.operations.iter().map(crate::view::operation).collect();
    tx.unsettle(&[entity]).await?;
    Ok(effect)
}

/// Takes a decision back.
pub(crate) async fn undo(
    ctx: &Ctx,
    tx: &mut Tx,
    item: &ReviewItem,
    effect: &Effect,
) -> Result<(), Error> {
    let now = ctx.now();
    let reason = format!("review item {}: taken back", item.id);
    for id in &effect.made {
        tx.end_assignment(AssignmentId(*id), now, &ctx.actor, &reason).await?;
    }
    for id in &effect.ended {
        if let Some(old) = tx.assignment(AssignmentId(*id)).await?
            && old.valid_until.is_none_or(|until| until > now)
        {
            let id = AssignmentId(tx.take_ids(Sequence::Assignment, 1).await?);
            let again = Assignment {
                id,
                created_at: now,
                ended_at: None,
                ended_by: None,
                end_reason: None,
                ..old
            };
            tx.insert_assignments(std::slice::from_ref(&again)).await?;
        }
    }
    let drift: Vec<DriftId> = effect.drift.iter().map(|id| DriftId(*id)).collect();
    let undecided = Decided {
        decision: DriftDecision::Undecided,
        until: None,
        by: None,
        remark: &reason,
        at: now,
    };
    tx.decide_drift(&drift, &undecided).await?;
    if let Some(account) = item.account.filter(|_| effect.orphan) {
        tx.forget_orphan_decisions(&[account]).await?;
        tx.link_accounts(&[(account, None, AccountStatus::Orphan, 0)], now).await?;
    }
    if let Some(entity) = item.entity {
        tx.unsettle(&[entity]).await?;
    }
    Ok(())
}

fn why(verdict: &Verdict<'_>) -> String {
    match verdict.reason {
        "" => format!("review item {}", verdict.item.id),
        reason => format!("review item {}: {reason}", verdict.item.id),
    }
}

fn blank(entity: EntityId, role: Text) -> Assignment {
    Assignment {
        id: AssignmentId(0),
        entity,
        role,
        origin: "".into(),
        reason: "".into(),
        valid_from: None,
        valid_until: None,
        created_at: Timestamp::UNIX_EPOCH,
        created_by: "".into(),
        ended_at: None,
        ended_by: None,
        end_reason: None,
    }
}

/// Writes an assignment that a decision makes.
async fn give(
    ctx: &Ctx,
    tx: &mut Tx,
    verdict: &Verdict<'_>,
    assignment: Assignment,
) -> Result<i64, Error> {
    let id = tx.take_ids(Sequence::Assignment, 1).await?;
    let assignment = Assignment {
        id: AssignmentId(id),
        origin: format!("review item {}", verdict.item.id).into(),
        reason: why(verdict).into(),
        created_at: ctx.now(),
        created_by: ctx.actor.clone(),
        ended_at: None,
        ended_by: None,
        end_reason: None,
        ..assignment
    };
    tx.insert_assignments(std::slice::from_ref(&assignment)).await?;
    Ok(id)
}

/// What a rule says against a decision.
fn conflict(opened: &Opened, what: &Withhold, given: &str) -> String {
    let role = match what {
        Withhold::Role(role) => opened.model.roles.get(*role),
        Withhold::Entitlement { .. } => None,
    };
    match role.and_then(|role| role.when.as_ref()) {
        Some(when) => format!("the rule of role `{given}` at {} gives it; it is withheld", when.at),
        None => format!("a role gives `{given}`; it is withheld"),
    }
}

/// Says of open drift about these entitlements that it is put right.
async fn revert(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (held, account): (&Held, AccountId),
    remark: &str,
) -> Result<Vec<i64>, Error> {
    let kind_no = |system: usize, kind: usize| {
        opened.names.systems.get(system).and_then(|names| names.kinds.get(kind)).copied()
    };
    let is_about = |drift: &muster_store::Drift| {
        drift.what == DriftWhat::Entitlement
            && held.rights.iter().any(|(system, kind, name)| {
                drift.item == *name && drift.kind_no == kind_no(system.index(), *kind)
            })
    };
    let drift = tx.drift_of_accounts(&[account]).await?;
    let ids: Vec<DriftId> = drift.iter().filter(|one| is_about(one)).map(|one| one.id).collect();
    let decided = Decided {
        decision: DriftDecision::Revert,
        until: None,
        by: Some(&ctx.actor),
        remark,
        at: ctx.now(),
    };
    tx.decide_drift(&ids, &decided).await?;
    Ok(ids.iter().map(|id| id.0).collect())
}

/// Decides about an account that belongs to nobody.
async fn orphan(ctx: &Ctx, tx: &mut Tx, verdict: &Verdict<'_>) -> Result<Effect, Error> {
    let Some(account) = verdict.item.account else { return Ok(Effect::default()) };
    let (verb, until, status) = match verdict.what {
        ItemVerdict::Revoke => (OrphanVerb::Delete, None, AccountStatus::Orphan),
        ItemVerdict::Keep | ItemVerdict::Shorten | ItemVerdict::Open => {
            (OrphanVerb::Authorise, verdict.until, AccountStatus::Ignored)
        }
    };
    let decision = OrphanDecision {
        account,
        verb,
        until,
        decided_by: ctx.actor.clone(),
        decided_at: ctx.now(),
        remark: why(verdict).into(),
    };
    tx.decide_orphans(&[decision]).await?;
    tx.link_accounts(&[(account, None, status, 0)], ctx.now()).await?;
    Ok(Effect { orphan: true, ..Effect::default() })
}

/// Whether something has to be seen in a connected system.
pub(crate) fn has_to_be_seen(item: &ReviewItem, effect: &Effect) -> bool {
    !effect.expects.is_empty()
        || (item.kind == ItemKind::Orphan && item.verdict == ItemVerdict::Revoke)
}
