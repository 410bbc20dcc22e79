//! Plans for those who are affected, and applies what may be applied at once.

use std::{collections::BTreeSet, sync::Arc};

use muster_app::Error;
use muster_model::EntityId;
use muster_plan::{decode_operation, encode_operation};
use muster_store::{OperationFilter, OperationState, PlanStatus};
use serde_json::json;

use super::Runner;
use crate::{
    apply::{ApplyOptions, ApplyReport, apply_made, drop_overtaken},
    plans::{Known, MadePlan, PlanOptions, make_plans, save_made, withdraw},
    review::add_waiting,
};

/// With more people than this, everybody is looked at: those who are settled cost little.
pub(super) const MANY: usize = 50_000;
const PAGE: usize = 5000;

impl Runner<'_> {
    /// Makes the plans for everybody who is affected by what changed, and applies the one for the enforced systems.
    pub(super) async fn plan_and_apply(&mut self) -> Result<(), Error> {
        let people = self.affected().await?;
        if people.as_ref().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        let options = PlanOptions {
            people: people.unwrap_or_default(),
            known: Arc::new(self.known().await?),
            ..PlanOptions::default()
        };
        let parts = [self.enforced.clone(), self.proposed.clone()];
        let progress = Self::progress();
        // A part without systems would be one with all of them.
        let wanted: Vec<_> = parts.iter().filter(|part| !part.is_empty()).cloned().collect();
        let made = make_plans(self.ctx, self.opened, &options, &wanted, &progress).await?;
        let mut made = made.into_iter();
        let mut next = |part: &Vec<_>| if part.is_empty() { None } else { made.next() };
        let (enforced, proposed) = (next(&parts[0]), next(&parts[1]));
        if let Some(made) = enforced {
            self.enforce(made).await?;
        }
        if let Some(made) = proposed {
            drop_overtaken(self.ctx, self.opened, &made).await?;
            self.wait_for_person(1, made).await?;
        }
        Ok(())
    }

    async fn enforce(&mut self, mut made: MadePlan) -> Result<(), Error> {
        if made.plan.to_do().next().is_none() || made.status == PlanStatus::Held {
            drop_overtaken(self.ctx, self.opened, &made).await?;
            return self.wait_for_person(0, made).await;
        }
        save_made(self.ctx, self.opened, &mut made).await?;
        let (name, n) = (made.name.clone(), made.plan.to_do().count());
        self.tell(
            "plan",
            format!("plan {name}: {n} operations"),
            json!({ "plan": name, "operations": n, "people": made.evaluated }),
        );
        let options = ApplyOptions { auto_approve: true, patient: true, confirm: None };
        let progress = Self::progress();
        let applied =
            apply_made(self.ctx, self.opened, made, &options, &progress, self.cancel).await?;
        self.tell_applied(&applied);
        self.remember(&applied);
        Ok(())
    }

    /// Notes what failed for good, so that it is not planned again before something about it changes.
    pub(super) fn remember(&mut self, report: &ApplyReport) {
        for (operation, _) in report.failed.iter().chain(&report.held) {
            let pair = (operation.identity, operation.target.system.clone());
            self.failed.entry(pair).or_default().insert(encode_operation(operation));
        }
    }

    /// What is in the queue, and what failed for good while this loop ran.
    async fn known(&self) -> Result<Known, Error> {
        let mut known = self.failed.clone();
        let mut tx = self.opened.store.read().await?;
        add_waiting(&mut tx, &mut known).await?;
        for plan in tx.plans(Some(PlanStatus::Applying), None, PAGE).await? {
            let filter =
                OperationFilter { state: Some(OperationState::Planned), ..Default::default() };
            let mut after = None;
            loop {
                let page = tx.operations(plan.id, filter, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.seq);
                for operation in page {
                    let Ok(decoded) = decode_operation(&operation.body) else { continue };
                    let pair = (decoded.identity, decoded.target.system);
                    known.entry(pair).or_default().insert(operation.body);
                }
            }
        }
        Ok(known)
    }

    pub(super) fn tell_applied(&self, report: &ApplyReport) {
        if !report.did_something() && report.quarantined.is_empty() {
            return;
        }
        let text = format!(
            "plan {}: {} done, {} failed, {} held, {} with somebody, {} left",
            report.plan,
            report.executed,
            report.failed.len(),
            report.held.len(),
            report.taken,
            report.left
        );
        let quarantined = report.quarantined.iter();
        let quarantined: Vec<_> = quarantined
            .map(|(system, why)| json!({ "system": &**system, "reason": why }))
            .collect();
        let detail = json!({
            "plan": report.plan, "executed": report.executed, "failed": report.failed.len(),
            "held": report.held.len(), "taken": report.taken, "skipped": report.skipped, "left": report.left,
            "next_try": report.next_try.map(|at| at.to_string()), "systems": quarantined,
        });
        self.tell("apply", text, detail);
        for (system, why) in &report.quarantined {
            let detail = json!({ "system": &**system, "reason": why });
            self.tell("quarantine", format!("{system} is left alone: {why}"), detail);
        }
    }

    /// Keeps a plan that a person decides about, unless the same one waits already; an older one is withdrawn.
    pub(super) async fn wait_for_person(
        &mut self,
        place: usize,
        mut made: MadePlan,
    ) -> Result<(), Error> {
        let Some(waiting) = self.waiting.get_mut(place) else { return Ok(()) };
        if let Some(known) = waiting {
            if known.plan.bodies() == made.plan.bodies() && known.plan.guards == made.plan.guards {
                return Ok(());
            }
            withdraw(self.ctx, self.opened, known).await?;
            *waiting = None;
        }
        if made.plan.to_do().next().is_none() {
            return Ok(());
        }
        save_made(self.ctx, self.opened, &mut made).await?;
        *waiting = Some(made.clone());
        let n = made.plan.to_do().count();
        let guards: Vec<String> = made.plan.crossed().map(muster_plan::describe_guard).collect();
        let why = if guards.is_empty() {
            "its systems are in mode `propose`".to_owned()
        } else {
            guards.join("; ")
        };
        self.tell(
            "waits",
            format!("plan {} with {n} operations waits for a person: {why}", made.name),
            json!({ "plan": made.name, "operations": n, "why": why, "held": !guards.is_empty() }),
        );
        Ok(())
    }

    /// Who has to be looked at: whose facts or accounts changed, and whose time has come. `None`: everybody.
    pub(super) async fn affected(&self) -> Result<Option<Vec<EntityId>>, Error> {
        let mut tx = self.opened.store.read().await?;
        let mut people: BTreeSet<EntityId> =
            tx.due_identities(self.ctx.now(), MANY + 1).await?.into_iter().collect();
        for entity_type in self.opened.model.schema.types.iter().filter(|t| t.identity) {
            let Some(names) = self.opened.names.type_names(entity_type.id) else { continue };
            let mut after = None;
            while people.len() <= MANY {
                let page = tx.unsettled_identities(names.no, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(*last);
                people.extend(page);
            }
        }
        Ok((people.len() <= MANY).then(|| people.into_iter().collect()))
    }
}
