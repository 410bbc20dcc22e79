//! The rows of somebody: roles, accounts, and what accounts hold or should.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{EntitlementIndex, Error, IdentityFacts, Opened, observed_account, person_of};
use muster_model::{AccountId, Text};
use muster_policy::{DesiredAccount, Evaluation, MemoryWorld, Subject, System, Want};
use muster_store::{Account, AccountStatus, EntitlementId, FormerGrants};

use crate::{
    Cell, Row,
    held::{Holding, Recorded},
    reader::Look,
};

/// Rows, with what it takes to make those of some accounts.
#[derive(Default)]
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    index: EntitlementIndex,
    /// What accounts held before, the oldest first.
    former: BTreeMap<AccountId, Vec<FormerGrants>>,
}

/// Somebody with all that their rows need.
pub(super) struct Somebody<'a> {
    pub(super) facts: &'a IdentityFacts,
    pub(super) evaluation: &'a Evaluation,
    pub(super) recorded: &'a Recorded,
    pub(super) accounts: &'a [Account],
    pub(super) world: &'a MemoryWorld,
    pub(super) at: Timestamp,
}

/// An account of somebody: wanted, there, or both.
struct One<'a> {
    system: &'a System,
    desired: &'a DesiredAccount,
    account: Option<&'a Account>,
    /// Whether this account is to hold what is wanted.
    is_first: bool,
}

impl Page {
    /// What is known of these accounts at an instant.
    pub(super) async fn load(
        look: &mut Look,
        accounts: impl Iterator<Item = &Account> + Clone,
        at: Timestamp,
    ) -> Result<Self, Error> {
        let ids: Vec<AccountId> = accounts.clone().map(|account| account.id).collect();
        let index = EntitlementIndex::load_held(&mut look.tx, &look.opened, accounts).await?;
        let mut former: BTreeMap<AccountId, Vec<FormerGrants>> = BTreeMap::new();
        for one in look.tx.former_grants(&ids).await? {
            if one.replaced_at <= at {
                former.entry(one.account).or_default().push(one);
            }
        }
        Ok(Self { rows: Vec::new(), index, former })
    }

    /// Adds the rows of somebody.
    pub(super) fn add(&mut self, opened: &Opened, of: &Somebody<'_>) -> Result<(), Error> {
        let holdings = of.recorded.holdings(opened, of.facts, of.evaluation);
        for held in &holdings {
            let Some(role) = opened.model.roles.get(held.role) else { continue };
            let row = [
                Cell::word("role"),
                Cell::Text(role.name.clone()),
                Cell::Nothing,
                Cell::Flag(true),
                Cell::Nothing,
                held.why.clone(),
                Cell::at(held.since),
                Cell::at(held.until),
            ];
            self.push(opened, of, row);
        }
        for desired in &of.evaluation.accounts {
            let Some(system) = opened.model.systems.get(desired.account.system.index()) else {
                continue;
            };
            let names = opened.names.systems.get(desired.account.system.index());
            let type_no = names.and_then(|names| names.accounts.get(desired.account.account));
            let linked = of.accounts.iter().filter(|account| {
                account.status == AccountStatus::Linked
                    && type_no.is_some_and(|names| names.no == account.type_no)
            });
            let linked: Vec<&Account> = linked.collect();
            if linked.is_empty() && desired.want == Want::Present {
                let one = One { system, desired, account: None, is_first: true };
                self.account(opened, of, &holdings, &one)?;
            }
            for (place, account) in linked.into_iter().enumerate() {
                let one = One { system, desired, account: Some(account), is_first: place == 0 };
                self.account(opened, of, &holdings, &one)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, opened: &Opened, of: &Somebody<'_>, cells: [Cell; 8]) {
        let person = person_of(opened, &of.evaluation.row, &of.facts.key);
        let who = [Cell::Text(person.key), Cell::Text(person.display)];
        self.rows.push(who.into_iter().chain(cells).collect());
    }

    /// The row of an account, and one for each entitlement.
    fn account(
        &mut self,
        opened: &Opened,
        of: &Somebody<'_>,
        holdings: &[Holding],
        one: &One<'_>,
    ) -> Result<(), Error> {
        let place = one.desired.account;
        let account_type = one.system.accounts.get(place.account).map(|of| &of.name);
        let shown = account_type.map_or_else(
            || one.system.name.to_string(),
            |name| format!("{}.{name}", one.system.name),
        );
        let name = one.account.map(|account| account.name.clone());
        let name = Cell::maybe(name.or_else(|| one.desired.name.clone()));
        let (why, until) = granted(opened, of, holdings, Subject::Account(place));
        let row = [
            Cell::word("account"),
            Cell::words(shown),
            name.clone(),
            Cell::Flag(one.is_first && one.desired.want == Want::Present),
            Cell::Flag(one.account.is_some()),
            why,
            Cell::at(one.account.map(|account| account.created_at)),
            Cell::at(until),
        ];
        self.push(opened, of, row);
        for ((kind, entitlement), id) in self.entitlements(opened, one)? {
            let Some(of_kind) = one.system.entitlements.get(kind) else { continue };
            let is_wanted = one.is_first
                && one.desired.entitlements.binary_search(&(kind, entitlement.clone())).is_ok();
            let subject = Subject::Entitlement(place, kind, &entitlement);
            let (why, until) = granted(opened, of, holdings, subject);
            let since = one.account.zip(id).map(|(account, id)| self.since(account, id));
            let row = [
                Cell::word("entitlement"),
                Cell::words(format!("{}.{}: {entitlement}", one.system.name, of_kind.name)),
                name.clone(),
                Cell::Flag(is_wanted),
                Cell::Flag(id.is_some()),
                why,
                Cell::at(since),
                Cell::at(until),
            ];
            self.push(opened, of, row);
        }
        Ok(())
    }

    /// What an account holds or should, by kind and name, with the number of what it holds.
    fn entitlements(
        &self,
        opened: &Opened,
        one: &One<'_>,
    ) -> Result<BTreeMap<(usize, Text), Option<EntitlementId>>, Error> {
        let mut all: BTreeMap<(usize, Text), Option<EntitlementId>> = BTreeMap::new();
        if one.is_first {
            all.extend(one.desired.entitlements.iter().map(|wanted| (wanted.clone(), None)));
        }
        if let Some(account) = one.account {
            let observed = observed_account(opened, &self.index, account)?;
            let held: BTreeSet<(usize, Text)> = observed.entitlements.into_iter().collect();
            for id in &account.grants {
                if let Some(known) = self.index.name(*id).filter(|known| held.contains(known)) {
                    all.insert(known.clone(), Some(*id));
                }
            }
        }
        Ok(all)
    }

    /// Since when an account holds an entitlement without a break, as it was read.
    fn since(&self, account: &Account, id: EntitlementId) -> Timestamp {
        let former = self.former.get(&account.id).map_or(&[][..], Vec::as_slice);
        let before = former.iter().rev().find(|of| of.grants.binary_search(&id).is_err());
        before.map_or(account.created_at, |of| of.replaced_at)
    }
}

/// Which roles grant something, and until when the last of them does.
fn granted(
    opened: &Opened,
    of: &Somebody<'_>,
    holdings: &[Holding],
    subject: Subject<'_>,
) -> (Cell, Option<Timestamp>) {
    let (_, roles) = opened.evaluator.granting(of.evaluation, subject, of.world, of.at);
    let names = roles.iter().filter_map(|held| opened.model.roles.get(held.role));
    let names: Vec<&str> = names.map(|role| &*role.name).collect();
    let held = |role: usize| holdings.iter().find(|of| of.role == role);
    let ends: Option<Vec<Timestamp>> =
        roles.iter().map(|role| held(role.role).and_then(|of| of.until)).collect();
    let last = ends.and_then(|ends| ends.into_iter().max());
    match names.as_slice() {
        [] => (Cell::word("no role grants it"), None),
        [one] => (Cell::said("role {}", [Cell::words(*one)]), last),
        many => (Cell::said("roles {}", [Cell::words(many.join(", "))]), last),
    }
}
