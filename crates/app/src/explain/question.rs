//! What every question begins with: the person, the facts of the time, and the evaluation.

use jiff::Timestamp;
use muster_model::AccountId;
use muster_policy::{
    AccountRef, DesiredAccount, Evaluation, MemoryWorld, Reason, StateReason, Subject, Withheld,
};
use muster_store::{Account, AccountStatus, ReadTx};

use super::IdleExplained;
use crate::{
    AccountView, Ctx, EntitlementIndex, Error, IdentityFacts, Opened, account_view, facts_as_of,
    load_world, load_world_near, resolve_person,
};

/// The instant an explanation is for, and the instant its facts are from.
#[derive(Debug, Clone, Copy, Default)]
pub struct When {
    /// Evaluate as if it were this time.
    pub at: Option<Timestamp>,
    /// With the facts and accounts as they were recorded then; [`Opened::as_of`] brings the model of that day.
    pub as_of: Option<Timestamp>,
}

/// An identity evaluated for a question, with what is needed to answer it.
pub(super) struct Question {
    pub(super) facts: IdentityFacts,
    pub(super) world: MemoryWorld,
    pub(super) evaluation: Evaluation,
    pub(super) now: Timestamp,
    pub(super) accounts: Vec<Account>,
    pub(super) index: EntitlementIndex,
    /// When accounts were last used; there is no history of that.
    uses: Option<Vec<(AccountId, Timestamp)>>,
}

/// Evaluates a person at the instant the question is for.
pub(super) async fn ask(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    person: &str,
    when: When,
) -> Result<Question, Error> {
    let now = when.at.or(when.as_of).unwrap_or_else(|| ctx.now());
    let mut facts = resolve_person(ctx, opened, tx, person).await?;
    if let Some(as_of) = when.as_of {
        let Some((then, _)) = facts_as_of(tx, opened, facts, as_of).await? else {
            return Err(Error::not_found(format!("`{person}` was not known on {as_of}")));
        };
        facts = then;
    }
    let world = match when.as_of {
        Some(as_of) => load_world(tx, opened, now, Some(as_of)).await?,
        None => load_world_near(tx, opened, &[facts.row.id], now).await?,
    };
    let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, now);
    let accounts = match when.as_of {
        Some(as_of) => tx.accounts_of_as_of(facts.row.id, as_of).await?,
        None => tx.accounts_of(facts.row.id).await?,
    };
    let uses = if when.as_of.is_some() {
        None
    } else {
        let ids: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
        Some(tx.account_uses_of(&ids).await?)
    };
    let index = EntitlementIndex::load(tx, opened).await?;
    Ok(Question { facts, world, evaluation, now, accounts, index, uses })
}

impl Question {
    /// The account as last observed, if there is one.
    pub(super) async fn observed(
        &self,
        tx: &mut ReadTx,
        opened: &Opened,
        account: AccountRef,
    ) -> Result<Option<AccountView>, Error> {
        match self.linked(opened, account) {
            Some(account) => Ok(Some(account_view(tx, opened, &self.index, account).await?)),
            None => Ok(None),
        }
    }

    fn linked(&self, opened: &Opened, account: AccountRef) -> Option<&Account> {
        let names = opened.names.systems.get(account.system.index())?;
        let type_no = names.accounts.get(account.account)?.no;
        self.accounts.iter().find(|a| a.type_no == type_no && a.status == AccountStatus::Linked)
    }

    /// What follows when nobody uses an account that is wanted.
    pub(super) fn idle(&self, opened: &Opened, desired: &DesiredAccount) -> Option<IdleExplained> {
        let system = opened.model.systems.get(desired.account.system.index())?;
        let idle = system.accounts.get(desired.account.account)?.idle.as_ref()?;
        let account = self.linked(opened, desired.account).filter(|_| desired.enabled)?;
        let told = self.uses.as_ref()?.iter().find(|(id, _)| *id == account.id);
        let last = told.map_or(account.created_at, |(_, at)| *at);
        let unused = idle.of(last, self.evaluation.used)?;
        Some(IdleExplained { unused, is_idle: unused.due <= self.now, at: idle.at.clone() })
    }

    /// What is withheld at that instant.
    pub(super) fn withheld(&self) -> impl Iterator<Item = &Withheld> {
        self.facts.withheld.iter().filter(|one| one.holds(self.now))
    }

    /// Why something is wanted.
    pub(super) fn reasons(&self, opened: &Opened, subject: Subject<'_>) -> Vec<Reason> {
        opened.evaluator.reasons(
            &self.evaluation,
            &self.facts.assignments,
            subject,
            &self.world,
            self.now,
        )
    }

    /// The lifecycle state and its conditions.
    pub(super) fn state(&self, opened: &Opened) -> Option<StateReason> {
        opened.evaluator.state_reason(&self.evaluation, &self.world, self.now)
    }
}
