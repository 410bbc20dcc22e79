//! How far what an assignment gives has come on the connected systems, account by account and entitlement by entitlement.
//!
//! Nothing is kept for it: what the role gives comes from the evaluation, what is there from the observed accounts, and how
//! far the rest has come from the orders.

use std::{collections::BTreeSet, fmt::Write as _};

use jiff::{SignedDuration, Timestamp};
use muster_model::Text;
use muster_plan::{Kind, Observed, decode_operation};
use muster_policy::{AccountRef, Evaluation, MemoryWorld, Mode, Subject, Want};
use muster_store::{Assignment, Operation, OperationState, ReadTx, SystemHealth};

use crate::{Error, IdentityFacts, Opened, observed_accounts};

/// Orders of one identity that are looked at, the newest first.
const ORDERS: usize = 500;
/// Characters of a plan's name in the name of an order.
const NAME: usize = 8;

/// How far what an assignment gives, or gave, has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryView {
    /// True when the assignment is over, and what it gave is taken away.
    pub takes_away: bool,
    /// In a line: `partial: 3 of 4; ledger: planned (unreachable: 503, next try in 20s)`.
    pub status: String,
    /// Each account and entitlement, in order of system.
    pub items: Vec<DeliveryItem>,
}

/// One account or entitlement of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryItem {
    /// The system.
    pub system: Text,
    /// What: `user` for an account, `group sales` for an entitlement.
    pub what: String,
    /// How far it has come, as its order says; without one `verified` when a read shows it so, else `planned`.
    pub state: OperationState,
    /// Why it has not come further.
    pub cause: Option<Text>,
    /// When it is tried again.
    pub next_try: Option<Timestamp>,
    /// Its order, by name: a plan and a place in it.
    pub order: Option<String>,
    /// True when the order can be tried again at once.
    pub retry: bool,
}

impl DeliveryItem {
    /// Whether the system said that it is done, and no read says otherwise.
    pub fn is_done(&self) -> bool {
        let is_done = matches!(self.state, OperationState::Executed | OperationState::Verified);
        is_done && self.cause.is_none()
    }
}

impl DeliveryView {
    /// How much of it is done.
    pub fn n_done(&self) -> usize {
        self.items.iter().filter(|item| item.is_done()).count()
    }

    /// Whether all of it is done.
    pub fn is_whole(&self) -> bool {
        self.n_done() == self.items.len()
    }

    fn words(&self, now: Timestamp) -> String {
        let (done, all) = (self.n_done(), self.items.len());
        let mut text = match (self.takes_away, done == all) {
            (false, true) => return format!("whole: {all} of {all}"),
            (true, true) => return format!("taken away: {all} of {all}"),
            (false, false) => format!("partial: {done} of {all}"),
            (true, false) => format!("partly taken away: {done} of {all}"),
        };
        let mut told: BTreeSet<&Text> = BTreeSet::new();
        for item in self.items.iter().filter(|item| !item.is_done()) {
            if told.insert(&item.system) {
                let _ = write!(text, "; {}: {}{}", item.system, item.state, why(item, now));
            }
        }
        text
    }
}

fn why(item: &DeliveryItem, now: Timestamp) -> String {
    let next = item.next_try.map(|at| {
        let wait = at.duration_since(now).max(SignedDuration::ZERO);
        format!("next try in {:#}", SignedDuration::from_secs(wait.as_secs()))
    });
    let parts: Vec<String> = item.cause.iter().map(ToString::to_string).chain(next).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// How far an assignment of a role has come for somebody. Systems that are only observed are left out: nothing is done there.
/// `None` when there is nothing to give or to take: the role opens nothing for them now, or something else gives it, too.
pub async fn see_delivery(
    opened: &Opened,
    tx: &mut ReadTx,
    (facts, world): (&IdentityFacts, &MemoryWorld),
    assignment: &Assignment,
    now: Timestamp,
) -> Result<Option<DeliveryView>, Error> {
    let Some(role) = opened.model.roles.iter().position(|role| role.name == assignment.role) else {
        return Ok(None);
    };
    let id = facts.row.id;
    let is_over =
        assignment.ended_at.is_some() || assignment.valid_until.is_some_and(|at| at <= now);
    let present = opened.evaluator.evaluate(&facts.identity(), world, now);
    let with = opened.evaluator.evaluate(&facts.with_roles(&[role]).identity(), world, now);
    let parts = parts(opened, &with, world, role, now);
    let parts = parts.into_iter().filter(|part| !is_over || !part.is_wanted(&present));
    let ground = Ground {
        opened,
        takes_away: is_over,
        observed: observed_accounts(opened, tx, None, &[id]).await?.remove(&id).unwrap_or_default(),
        orders: orders(tx, id).await?,
        health: tx.system_health().await?,
    };
    let mut items = Vec::new();
    for part in parts {
        items.extend(ground.item(tx, &part).await?);
    }
    let mut view = DeliveryView { takes_away: is_over, status: String::new(), items };
    view.status = view.words(now);
    Ok((!view.items.is_empty()).then_some(view))
}

/// An account, or with a kind and a name one of its entitlements.
struct Part {
    account: AccountRef,
    entitlement: Option<(usize, Text)>,
}

impl Part {
    fn is_wanted(&self, evaluation: &Evaluation) -> bool {
        let desired = evaluation.accounts.iter().find(|desired| desired.account == self.account);
        desired.is_some_and(|desired| match &self.entitlement {
            Some(entitlement) => desired.entitlements.contains(entitlement),
            None => desired.want == Want::Present,
        })
    }

    /// Whether it is there, or with `takes_away` whether it cannot be used any more.
    fn is_settled(&self, observed: &[Observed], takes_away: bool) -> bool {
        let seen = observed.iter().find(|seen| seen.account == self.account);
        let can_be_used = seen.is_some_and(|seen| match &self.entitlement {
            Some(entitlement) => seen.entitlements.contains(entitlement),
            None => seen.enabled != Some(false),
        });
        can_be_used != takes_away
    }
}

/// What a role and those it includes give, of what is wanted.
fn parts(
    opened: &Opened,
    with: &Evaluation,
    world: &MemoryWorld,
    role: usize,
    now: Timestamp,
) -> Vec<Part> {
    let brought = opened.model.brought_by(role);
    let gives = |subject: Subject<'_>| {
        let (_, held) = opened.evaluator.granting(with, subject, world, now);
        held.iter().any(|held| brought.contains(&held.role))
    };
    let mut parts = Vec::new();
    for desired in &with.accounts {
        let account = desired.account;
        if desired.want == Want::Present && gives(Subject::Account(account)) {
            parts.push(Part { account, entitlement: None });
        }
        for (kind, name) in &desired.entitlements {
            if gives(Subject::Entitlement(account, *kind, name)) {
                parts.push(Part { account, entitlement: Some((*kind, name.clone())) });
            }
        }
    }
    parts
}

/// The orders of an identity that can be read, the newest first.
async fn orders(
    tx: &mut ReadTx,
    id: muster_model::EntityId,
) -> Result<Vec<(Operation, muster_plan::Operation)>, Error> {
    let all = tx.operations_of(id, ORDERS).await?;
    let read = all.into_iter().filter_map(|order| {
        let decoded = decode_operation(&order.body).ok()?;
        Some((order, decoded))
    });
    Ok(read.collect())
}

/// What is known of the systems about somebody.
struct Ground<'o> {
    opened: &'o Opened,
    takes_away: bool,
    observed: Vec<Observed>,
    orders: Vec<(Operation, muster_plan::Operation)>,
    health: Vec<SystemHealth>,
}

impl Ground<'_> {
    /// How far one part has come; `None` where nothing is done.
    async fn item(&self, tx: &mut ReadTx, part: &Part) -> Result<Option<DeliveryItem>, Error> {
        let at = part.account.system.index();
        let named = self.opened.model.systems.get(at).zip(self.opened.names.systems.get(at));
        let Some((system, names)) = named.filter(|(system, _)| system.mode != Mode::Observe) else {
            return Ok(None);
        };
        let account = system.accounts.get(part.account.account).map(|of| &of.name);
        let entitlement = part
            .entitlement
            .as_ref()
            .and_then(|(kind, name)| Some((&system.entitlements.get(*kind)?.name, name)));
        let what = match (entitlement, account) {
            (Some((kind, name)), _) => format!("{kind} {name}"),
            (None, Some(account)) => account.to_string(),
            (None, None) => return Ok(None),
        };
        let is_about = |(order, decoded): &&(Operation, muster_plan::Operation)| {
            order.system_no == names.no
                && Some(&decoded.target.account_type) == account
                && self.fits(&decoded.kind, entitlement)
        };
        let found = self.orders.iter().find(is_about);
        let mut item = DeliveryItem {
            system: system.name.clone(),
            what,
            state: OperationState::Planned,
            cause: None,
            next_try: None,
            order: None,
            retry: false,
        };
        let is_settled = part.is_settled(&self.observed, self.takes_away);
        if let Some((order, decoded)) = found {
            let done = matches!(order.state, OperationState::Executed | OperationState::Verified);
            if done == is_settled {
                self.told(tx, &mut item, order, decoded).await?;
                return Ok(Some(item));
            }
        }
        if is_settled {
            item.state = OperationState::Verified;
        } else {
            self.waits(&mut item, names.no);
        }
        Ok(Some(item))
    }

    /// Whether an operation gives what is to be given, or takes what is to be taken.
    fn fits(&self, kind: &Kind, entitlement: Option<(&Text, &Text)>) -> bool {
        match (kind, entitlement, self.takes_away) {
            (Kind::Create { .. } | Kind::Enable, None, false)
            | (Kind::Disable | Kind::Delete, None, true) => true,
            (Kind::Grant { entitlement: kind, name }, Some(wanted), false)
            | (Kind::Revoke { entitlement: kind, name }, Some(wanted), true) => {
                (kind, name) == wanted
            }
            _ => false,
        }
    }

    /// What the order says.
    async fn told(
        &self,
        tx: &mut ReadTx,
        item: &mut DeliveryItem,
        order: &Operation,
        decoded: &muster_plan::Operation,
    ) -> Result<(), Error> {
        let plan = tx.plan(order.plan).await?;
        let plan = plan.ok_or_else(|| Error::bug("an order has no plan"))?;
        let name: String = plan.hash.chars().take(NAME).collect();
        let by_conflict = decoded.blocked.as_ref();
        item.order = Some(format!("{name}/{}", order.seq));
        item.state = order.state;
        item.next_try = order.next_try;
        item.cause = order
            .error
            .clone()
            .or_else(|| by_conflict.map(|conflict| format!("conflict {conflict}").into()))
            .or_else(|| {
                order
                    .ticket
                    .filter(|_| order.state == OperationState::Sent)
                    .map(|id| format!("ticket {id}").into())
            });
        item.retry = by_conflict.is_none()
            && matches!(
                order.state,
                OperationState::Failed
                    | OperationState::Held
                    | OperationState::Skipped
                    | OperationState::Planned
            )
            && (item.next_try.is_some() || order.state != OperationState::Planned);
        if item.cause.is_none() && order.state == OperationState::Planned {
            self.waits(item, order.system_no);
        }
        Ok(())
    }

    /// What keeps a whole system from being worked with.
    fn waits(&self, item: &mut DeliveryItem, system_no: i64) {
        let Some(health) = self.health.iter().find(|health| health.system_no == system_no) else {
            return;
        };
        if health.paused_at.is_some() {
            let why = health.pause_reason.as_deref().unwrap_or_default();
            item.cause = Some(format!("paused: {why}").trim_end_matches([':', ' ']).into());
        } else if health.ill_since.is_some() || health.next_probe.is_some() {
            item.cause.clone_from(&health.reason);
            item.next_try = health.next_probe;
        }
    }
}
