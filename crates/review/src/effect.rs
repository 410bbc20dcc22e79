//! What a decision does: facts, from which the next plan follows. Also how it is taken back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened, withheld_name, withhold_name};
use muster_model::{AccountId, AssignmentId, DriftId, EntityId, Text};
use muster_policy::Withhold;
use muster_store::{
    AccountStatus, Assignment, Decided, Drift, DriftDecision, DriftWhat, ItemKind, ItemVerdict,
    OrphanDecision, OrphanVerb, ReadTx, ReviewItem, Sequence, Tx,
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

/// What is decided about an item, with what it is about and what taking that comes to.
pub(crate) struct Verdict {
    pub(crate) item: ReviewItem,
    pub(crate) what: ItemVerdict,
    pub(crate) until: Option<Timestamp>,
    pub(crate) reason: String,
    /// `None` for an account of nobody.
    pub(crate) held: Option<Held>,
    pub(crate) revocation: Revocation,
}

impl Verdict {
    fn why(&self) -> String {
        match &*self.reason {
            "" => format!("review item {}", self.item.id),
            reason => format!("review item {}: {reason}", self.item.id),
        }
    }

    /// What is taken, and from whom.
    fn taken(&self) -> Option<(EntityId, &Held)> {
        let taken = self.item.entity.zip(self.held.as_ref());
        taken.filter(|_| self.what != ItemVerdict::Keep)
    }
}

/// Does what decisions say. What is read for them and what they change goes in sets.
pub(crate) async fn apply(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    terms: &Terms,
    verdicts: &[Verdict],
) -> Result<Vec<Effect>, Error> {
    let known = Known::load(tx, verdicts).await?;
    let mut writes = Writes::default();
    let effects = verdicts.iter().map(|of| writes.add((ctx, opened), (terms, &known), of));
    let mut effects: Vec<Effect> = effects.collect();
    let first = writes.write(ctx, tx).await?;
    // Until now what is made had its place among all of it.
    effects.iter_mut().flat_map(|effect| &mut effect.made).for_each(|id| *id += first);
    Ok(effects)
}

/// What decisions are about, as it is kept.
struct Known {
    assignments: BTreeMap<AssignmentId, Assignment>,
    drift: BTreeMap<AccountId, Vec<Drift>>,
}

impl Known {
    async fn load(tx: &mut ReadTx, verdicts: &[Verdict]) -> Result<Self, Error> {
        let taken = || verdicts.iter().filter_map(Verdict::taken).map(|(_, held)| held);
        let ids: Vec<AssignmentId> =
            taken().flat_map(|held| &held.assignments).map(|id| AssignmentId(*id)).collect();
        let accounts: BTreeSet<AccountId> = taken().filter_map(|held| held.account).collect();
        let accounts: Vec<AccountId> = accounts.into_iter().collect();
        let assignments = tx.assignments(&ids).await?.into_iter().map(|of| (of.id, of)).collect();
        let mut drift: BTreeMap<AccountId, Vec<Drift>> = BTreeMap::new();
        for one in tx.drift_of_accounts(&accounts).await? {
            drift.entry(one.account).or_default().push(one);
        }
        Ok(Self { assignments, drift })
    }
}

/// What decisions change.
#[derive(Default)]
struct Writes {
    ended: Vec<(AssignmentId, EntityId, String)>,
    made: Vec<Assignment>,
    reverted: Vec<(DriftId, String)>,
    orphans: Vec<OrphanDecision>,
    links: Vec<(AccountId, Option<EntityId>, AccountStatus, u8)>,
    touched: Vec<EntityId>,
}

impl Writes {
    /// Adds what a decision changes.
    fn add(
        &mut self,
        (ctx, opened): (&Ctx, &Opened),
        (terms, known): (&Terms, &Known),
        verdict: &Verdict,
    ) -> Effect {
        if verdict.item.entity.is_none() {
            return self.orphan(ctx, verdict);
        }
        let mut effect = Effect::default();
        let Some((entity, held)) = verdict.taken() else { return effect };
        let now = ctx.now();
        let from = verdict.until.filter(|_| verdict.what == ItemVerdict::Shorten);
        for old in
            held.assignments.iter().filter_map(|id| known.assignments.get(&AssignmentId(*id)))
        {
            self.ended.push((old.id, entity, verdict.why()));
            effect.ended.push(old.id.0);
            if from.is_some() {
                let made = Assignment { valid_until: from, ..old.clone() };
                effect.made.push(self.give(ctx, verdict, made));
            }
        }
        let until = Some(after(from.unwrap_or(now), terms.withhold));
        for what in &verdict.revocation.withhold {
            let role = withhold_name(&opened.model, what);
            let given = withheld_name(&role).unwrap_or_default().to_owned();
            let made = Assignment { valid_from: from, valid_until: until, ..blank(entity, role) };
            effect.made.push(self.give(ctx, verdict, made));
            effect.conflicts.push(conflict(opened, what, &given));
        }
        let drift = held.account.and_then(|account| known.drift.get(&account));
        let drift = drift.into_iter().flatten().filter(|one| is_about(opened, held, one));
        for one in drift {
            effect.drift.push(one.id.0);
            self.reverted.push((one.id, verdict.why()));
        }
        if from.is_none() {
            effect.expects.clone_from(&verdict.revocation.expects);
        }
        effect.plan = verdict.revocation.operations.iter().map(crate::view::operation).collect();
        self.touched.push(entity);
        effect
    }

    /// Adds an assignment that a decision makes. Returns its place.
    fn give(&mut self, ctx: &Ctx, verdict: &Verdict, assignment: Assignment) -> i64 {
        let place = self.made.len();
        self.made.push(Assignment {
            origin: format!("review item {}", verdict.item.id).into(),
            reason: verdict.why().into(),
            created_at: ctx.now(),
            created_by: ctx.actor.clone(),
            ended_at: None,
            ended_by: None,
            end_reason: None,
            ..assignment
        });
        i64::try_from(place).unwrap_or(i64::MAX)
    }

    /// Adds what is decided about an account that belongs to nobody.
    fn orphan(&mut self, ctx: &Ctx, verdict: &Verdict) -> Effect {
        let Some(account) = verdict.item.account else { return Effect::default() };
        let (verb, until, status) = match verdict.what {
            ItemVerdict::Revoke => (OrphanVerb::Delete, None, AccountStatus::Orphan),
            ItemVerdict::Keep | ItemVerdict::Shorten | ItemVerdict::Open => {
                (OrphanVerb::Authorise, verdict.until, AccountStatus::Ignored)
            }
        };
        self.orphans.push(OrphanDecision {
            account,
            verb,
            until,
            decided_by: ctx.actor.clone(),
            decided_at: ctx.now(),
            remark: verdict.why().into(),
        });
        self.links.push((account, None, status, 0));
        Effect { orphan: true, ..Effect::default() }
    }

    /// Writes it. Returns the number of the first assignment that is made.
    async fn write(mut self, ctx: &Ctx, tx: &mut Tx) -> Result<i64, Error> {
        tx.end_assignments(&self.ended, ctx.now(), &ctx.actor).await?;
        let mut first = 0;
        if !self.made.is_empty() {
            first = tx.take_ids(Sequence::Assignment, self.made.len()).await?;
            for (id, made) in (first..).zip(&mut self.made) {
                made.id = AssignmentId(id);
            }
            tx.insert_assignments(&self.made).await?;
        }
        if !self.reverted.is_empty() {
            let each: Vec<_> = self.reverted.iter().map(|(id, why)| (*id, &**why)).collect();
            let decided = Decided {
                decision: DriftDecision::Revert,
                until: None,
                by: Some(&ctx.actor),
                remark: "",
                at: ctx.now(),
            };
            tx.decide_drift_each(&each, &decided).await?;
        }
        if !self.orphans.is_empty() {
            tx.decide_orphans(&self.orphans).await?;
            tx.link_accounts(&self.links, ctx.now()).await?;
        }
        tx.unsettle(&self.touched).await?;
        Ok(first)
    }
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

/// Whether drift is about these entitlements.
fn is_about(opened: &Opened, held: &Held, drift: &Drift) -> bool {
    let kind_no = |system: usize, kind: usize| {
        opened.names.systems.get(system).and_then(|names| names.kinds.get(kind)).copied()
    };
    drift.what == DriftWhat::Entitlement
        && held.rights.iter().any(|(system, kind, name)| {
            drift.item == *name && drift.kind_no == kind_no(system.index(), *kind)
        })
}

/// Whether something has to be seen in a connected system.
pub(crate) fn has_to_be_seen(item: &ReviewItem, effect: &Effect) -> bool {
    !effect.expects.is_empty()
        || (item.kind == ItemKind::Orphan && item.verdict == ItemVerdict::Revoke)
}
