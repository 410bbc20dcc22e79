//! Stages: what they are kept as, and who may decide about one now.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_app::{Completed, Ctx, Error, Holders, Kind, Opened, resolve_person};
use muster_model::{EntityId, Text};
use muster_policy::{Approver, Reaction, RequestTerms};
use muster_store::{ReadTx, Request, RequestApprover, RequestStage};

use crate::{
    people::{People, canonical},
    rules::{Barred, is_escalated},
};

/// How many managers up a decision goes when those below may not take it.
const LEVELS: usize = 8;
/// Holders of a role that are looked at together.
const BATCH: usize = 500;
/// Members of a role who get a mail about one request, at most.
const MAILS: usize = 100;

const LINK: &str = "link";
const PERSON: &str = "person";
const ROLE: &str = "role";

/// The stages of a request on these terms, one more for each conflict that asks for approval.
pub(crate) fn stages_of(
    opened: &Opened,
    terms: &RequestTerms,
    conflicts: &[Completed<'_>],
    request: i64,
) -> Vec<RequestStage> {
    let role =
        |at: usize| opened.model.roles.get(at).map_or_else(|| "".into(), |of| of.name.clone());
    let by_policy = terms.stages.iter().map(|stage| {
        let (kind, approver): (&str, Text) = match &stage.by {
            // Links are kept by the name that the stage has too.
            Approver::Link(_) => (LINK, stage.name.clone()),
            Approver::Person(name) => (PERSON, name.clone()),
            Approver::Role(at) => (ROLE, role(*at)),
        };
        (stage.name.clone(), kind, approver, stage.fallback.map(role))
    });
    let by_conflict = conflicts.iter().filter_map(|found| match found.on {
        Reaction::Approve(at) => {
            Some((format!("conflict {}", found.conflict.name).into(), ROLE, role(at), None))
        }
        Reaction::Block | Reaction::Warn => None,
    });
    let all = by_policy.chain(by_conflict).zip(0..);
    all.map(|((name, kind, approver, fallback), place)| RequestStage {
        request,
        place,
        name,
        kind: kind.into(),
        approver,
        fallback,
        timeout: terms.timeout.as_secs(),
        remind: terms.remind.map(|time| time.as_secs()),
        escalate: terms.escalate.map(|time| time.as_secs()),
    })
    .collect()
}

/// Who has the roles that decide, where rules give some of them: by the last look at everybody, made before the transaction.
/// Where nobody looked, it is supposed that a rule gives a role to somebody.
#[derive(Debug, Default)]
pub struct Crowd(Option<Holders>);

impl Crowd {
    /// Looks where the model asks somebody to decide who has a role by a rule.
    ///
    /// # Errors
    ///
    /// Those of the repository.
    pub async fn look(opened: &Opened, now: Timestamp) -> Result<Self, Error> {
        let model = &opened.model;
        let policies = model.roles.iter().flat_map(|role| &role.request);
        let stages = policies.flat_map(|policy| &policy.terms.stages);
        let by_stage = stages.flat_map(|stage| {
            let by = match stage.by {
                Approver::Role(at) => Some(at),
                Approver::Link(_) | Approver::Person(_) => None,
            };
            by.into_iter().chain(stage.fallback)
        });
        let by_conflict = model.conflicts.iter().filter_map(|conflict| match conflict.on {
            Reaction::Approve(at) => Some(at),
            Reaction::Block | Reaction::Warn => None,
        });
        let by_rule = by_rule(opened);
        if by_stage.chain(by_conflict).any(|at| by_rule.contains(&at)) {
            return Ok(Self(Some(Holders::look(opened, now).await?)));
        }
        Ok(Self(None))
    }

    /// Whoever has a role, the first ones, when a rule gives it; `None` where nobody looked.
    fn of(&self, opened: &Opened, role: usize, most: usize) -> Option<Vec<EntityId>> {
        if !by_rule(opened).contains(&role) {
            return Some(Vec::new());
        }
        let holders = self.0.as_ref()?;
        Some(holders.of(role).take(most).collect())
    }
}

/// The roles that rules give, with those that come with them.
fn by_rule(opened: &Opened) -> BTreeSet<usize> {
    let roles = opened.model.roles.iter().enumerate();
    let given = roles.filter(|(_, role)| role.when.is_some());
    given.flat_map(|(at, _)| opened.model.brought_by(at)).collect()
}

/// Whoever asked and whoever would get it may not decide.
pub(crate) async fn barred(tx: &mut ReadTx, request: &Request) -> Result<Barred, Error> {
    let mut barred = BTreeSet::new();
    for id in [request.requester, request.subject] {
        barred.insert(canonical(tx, id).await?);
    }
    Ok(Barred(barred))
}

/// Who may decide about the stage at which a request is, by the facts of now.
pub(crate) async fn approvers(
    ctx: &Ctx,
    (opened, crowd): (&Opened, &Crowd),
    tx: &mut ReadTx,
    request: &Request,
    stage: &RequestStage,
) -> Result<Vec<RequestApprover>, Error> {
    let asking = Asking { ctx, opened, crowd, request, barred: barred(tx, request).await? };
    let mut found = asking.named(tx, stage).await?;
    let escalated = is_escalated(stage, request.stage_since, ctx.now());
    if escalated && stage.fallback.is_none() {
        let above = asking.managers(tx, &found).await?;
        found.extend(above);
    }
    if (escalated || found.is_empty())
        && let Some(fallback) = &stage.fallback
    {
        found.extend(asking.holders(tx, fallback).await?);
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// A request for whose stage it is asked who may decide.
struct Asking<'a> {
    ctx: &'a Ctx,
    opened: &'a Opened,
    crowd: &'a Crowd,
    request: &'a Request,
    barred: Barred,
}

impl Asking<'_> {
    /// Those whom the stage names.
    async fn named(
        &self,
        tx: &mut ReadTx,
        stage: &RequestStage,
    ) -> Result<Vec<RequestApprover>, Error> {
        match &*stage.kind {
            LINK => {
                let above = self.above(tx, self.request.subject, &stage.approver).await?;
                Ok(above.map(|id| self.person(id)).into_iter().collect())
            }
            PERSON => {
                let found = resolve_person(self.ctx, self.opened, tx, &stage.approver).await;
                let id = match found {
                    Ok(facts) => facts.row.id,
                    Err(error) if error.kind() == Kind::NotFound => return Ok(Vec::new()),
                    Err(error) => return Err(error),
                };
                let may = self.may(tx, id).await?;
                Ok(may.then(|| self.person(id)).into_iter().collect())
            }
            _ => self.holders(tx, &stage.approver).await,
        }
    }

    fn person(&self, entity: EntityId) -> RequestApprover {
        RequestApprover { request: self.request.id, entity, role: "".into() }
    }

    async fn may(&self, tx: &mut ReadTx, id: EntityId) -> Result<bool, Error> {
        if self.barred.is(canonical(tx, id).await?) {
            return Ok(false);
        }
        let people = People::load(self.opened, tx, [id].into(), self.ctx.now()).await?;
        Ok(people.get(id).is_some_and(|found| found.works(self.opened)))
    }

    /// The first one up a link who may decide.
    async fn above(
        &self,
        tx: &mut ReadTx,
        of: EntityId,
        link: &str,
    ) -> Result<Option<EntityId>, Error> {
        let mut at = of;
        for _ in 0..LEVELS {
            let people = People::load(self.opened, tx, [at].into(), self.ctx.now()).await?;
            let Some(next) = people.get(at).and_then(|found| found.link(self.opened, link)) else {
                return Ok(None);
            };
            if self.may(tx, next).await? {
                return Ok(Some(next));
            }
            at = next;
        }
        Ok(None)
    }

    /// The managers of these people.
    async fn managers(
        &self,
        tx: &mut ReadTx,
        of: &[RequestApprover],
    ) -> Result<Vec<RequestApprover>, Error> {
        let mut managers = Vec::new();
        for approver in of.iter().filter(|approver| approver.role.is_empty()) {
            let above = self.above(tx, approver.entity, "manager").await?;
            managers.extend(above.map(|id| self.person(id)));
        }
        Ok(managers)
    }

    /// Whoever has a role, when there is anybody of them who may decide.
    async fn holders(&self, tx: &mut ReadTx, role: &Text) -> Result<Vec<RequestApprover>, Error> {
        let Some(at) = self.opened.model.roles.iter().position(|of| of.name == *role) else {
            return Ok(Vec::new());
        };
        let request = self.request.id;
        let holders = RequestApprover { request, entity: EntityId(0), role: role.clone() };
        match self.crowd.of(self.opened, at, BATCH) {
            Some(by_rule) if !self.any_holds(tx, &by_rule, at).await? => {}
            Some(_) | None => return Ok(vec![holders]),
        }
        for (of, role) in self.opened.model.roles.iter().enumerate() {
            if self.opened.model.brought_by(of).contains(&at) {
                let ids: Vec<EntityId> = assigned(tx, &role.name).await?.into_iter().collect();
                if self.any_holds(tx, &ids, at).await? {
                    return Ok(vec![holders]);
                }
            }
        }
        Ok(Vec::new())
    }

    async fn any_holds(&self, tx: &mut ReadTx, ids: &[EntityId], at: usize) -> Result<bool, Error> {
        for id in ids.iter().copied() {
            if self.barred.is(canonical(tx, id).await?) {
                continue;
            }
            let people = People::load(self.opened, tx, [id].into(), self.ctx.now()).await?;
            if people.iter().any(|found| found.works(self.opened) && found.holds(at)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// To whom a role was assigned, the first ones.
async fn assigned(tx: &mut ReadTx, role: &str) -> Result<BTreeSet<EntityId>, Error> {
    let found = tx.assignments_of_role(role, None, BATCH).await?;
    Ok(found.into_iter().map(|assignment| assignment.entity).collect())
}

/// The people to whom a mail about a stage goes: those who are named, those who have a role, the first ones, and who decides in their
/// place.
pub(crate) async fn addressees(
    ctx: &Ctx,
    (opened, crowd): (&Opened, &Crowd),
    tx: &mut ReadTx,
    (request, approvers): (&Request, &[RequestApprover]),
) -> Result<BTreeSet<EntityId>, Error> {
    let mut people = meant(opened, crowd, tx, approvers).await?;
    let barred = barred(tx, request).await?;
    let mut delegates = Vec::new();
    for giver in &people {
        let given = tx.delegations_from(*giver, ctx.now()).await?;
        delegates
            .extend(given.iter().filter(|of| of.valid_from <= ctx.now()).map(|of| of.delegate));
    }
    for delegate in delegates {
        if !barred.is(canonical(tx, delegate).await?) {
            people.insert(delegate);
        }
    }
    Ok(people)
}

/// Those who are named, and to whom a role was assigned.
pub async fn assigned_people(
    opened: &Opened,
    tx: &mut ReadTx,
    approvers: &[RequestApprover],
) -> Result<BTreeSet<EntityId>, Error> {
    meant(opened, &Crowd::default(), tx, approvers).await
}

async fn meant(
    opened: &Opened,
    crowd: &Crowd,
    tx: &mut ReadTx,
    approvers: &[RequestApprover],
) -> Result<BTreeSet<EntityId>, Error> {
    let mut people = BTreeSet::new();
    for approver in approvers {
        if approver.role.is_empty() {
            people.insert(approver.entity);
            continue;
        }
        let Some(at) = opened.model.roles.iter().position(|of| of.name == approver.role) else {
            continue;
        };
        people.extend(crowd.of(opened, at, MAILS).into_iter().flatten());
        for (of, role) in opened.model.roles.iter().enumerate() {
            if opened.model.brought_by(of).contains(&at) {
                people.extend(assigned(tx, &role.name).await?);
            }
        }
    }
    Ok(people)
}
