//! Takes an existing estate over: which roles explain what people hold, what nothing explains, what is held twice.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_model::{AssignmentId, EntityId, Text};
use muster_policy::{Access, Deducer, Deduction, MemoryWorld};
use muster_store::{
    Account, AccountStatus, Assignment, EntitlementId, Entry, ReadTx, Sequence, Tx,
};
use serde_json::json;

use crate::{
    Ctx, EntitlementIndex, Error, IdentityFacts, Kind, Opened, drift::shown_access,
    load_identities, load_world, observed_account, subject_of,
};

const BATCH: usize = 1000;

/// What is known of an estate.
#[derive(Debug, Clone, Default)]
pub struct Takeover {
    /// The accounts of each system.
    pub systems: Vec<SystemTaken>,
    /// How many people were looked at.
    pub people: u64,
    /// Assignments that would explain what people hold.
    pub deduced: Vec<DeducedRole>,
    /// What several roles explain equally well, or only roles that are had by rule.
    pub open: Vec<OpenAccess>,
    /// What no role grants.
    pub unexplained: Vec<OpenAccess>,
    /// Assignments without which nobody would have less.
    pub redundant: Vec<RedundantAssignment>,
    /// What is held through something else that is held.
    pub indirect: Vec<IndirectAccess>,
}

/// The accounts of one system.
#[derive(Debug, Clone)]
pub struct SystemTaken {
    /// The system.
    pub system: Text,
    /// Those that belong to somebody.
    pub linked: u64,
    /// Those that wait for a decision.
    pub undecided: u64,
    /// Those that belong to nobody.
    pub orphans: u64,
    /// Those that belong to nobody and may stay.
    pub authorised: u64,
}

/// A role that explains what somebody holds.
#[derive(Debug, Clone)]
pub struct DeducedRole {
    /// Who.
    pub person: Text,
    /// The identity.
    pub entity: EntityId,
    /// The role.
    pub role: Text,
    /// What it explains: `directory.group: sales`.
    pub explains: Vec<String>,
    /// What it grants and is not held.
    pub missing: Vec<String>,
}

/// Something that is held and that no single role explains.
#[derive(Debug, Clone)]
pub struct OpenAccess {
    /// Who.
    pub person: Text,
    /// What.
    pub access: String,
    /// The roles that grant it; none where no role does.
    pub roles: Vec<Text>,
    /// Why none of them was deduced.
    pub why: &'static str,
}

/// An assignment without which nobody would have less.
#[derive(Debug, Clone)]
pub struct RedundantAssignment {
    /// Which.
    pub id: AssignmentId,
    /// Who.
    pub person: Text,
    /// The role.
    pub role: Text,
}

/// Something that is held through something else.
#[derive(Debug, Clone)]
pub struct IndirectAccess {
    /// Who.
    pub person: Text,
    /// What.
    pub access: String,
    /// What is held and brings it.
    pub through: String,
}

/// Looks at everybody and everything they hold, on all systems or on one.
pub async fn take_over(
    ctx: &Ctx,
    opened: &Opened,
    system: Option<&str>,
) -> Result<Takeover, Error> {
    if let Some(system) = system {
        opened.system_named(system)?;
    }
    let now = ctx.now();
    let mut tx = opened.store.read().await?;
    let looking = Looking {
        opened,
        system,
        now,
        world: load_world(&mut tx, opened, now, None).await?,
        index: EntitlementIndex::load(&mut tx, opened).await?,
        outer: nested_entitlements(&mut tx, opened).await?,
        deducer: Deducer::new(&opened.evaluator),
    };
    let mut taken = Takeover { systems: looking.count(&mut tx).await?, ..Takeover::default() };
    for entity_type in opened.model.schema.types.iter().filter(|of| of.identity) {
        let Some(names) = opened.names.type_names(entity_type.id) else { continue };
        let mut after = None;
        loop {
            let entities = tx.scan_entities(names.no, after, BATCH).await?;
            let Some(last) = entities.last() else { break };
            after = Some(last.id);
            let ids: Vec<EntityId> = entities.iter().map(|entity| entity.id).collect();
            let mut accounts: BTreeMap<EntityId, Vec<Account>> = BTreeMap::new();
            for account in tx.accounts_of_many(&ids).await? {
                if let (Some(entity), AccountStatus::Linked) = (account.entity, account.status) {
                    accounts.entry(entity).or_default().push(account);
                }
            }
            for facts in load_identities(&mut tx, opened, entity_type.id, &ids, now).await? {
                taken.people += 1;
                let own = accounts.remove(&facts.row.id).unwrap_or_default();
                looking.look(&facts, &own, &mut taken)?;
            }
        }
    }
    Ok(taken)
}

struct Looking<'a> {
    opened: &'a Opened,
    system: Option<&'a str>,
    now: Timestamp,
    world: MemoryWorld,
    index: EntitlementIndex,
    /// What entitlements bring with them.
    outer: BTreeMap<EntitlementId, Vec<EntitlementId>>,
    deducer: Deducer<'a>,
}

impl Looking<'_> {
    fn is_wanted(&self, name: &str) -> bool {
        self.system.is_none_or(|system| system == name)
    }

    async fn count(&self, tx: &mut ReadTx) -> Result<Vec<SystemTaken>, Error> {
        let counts = tx.count_accounts().await?;
        let systems = self.opened.model.systems.iter().zip(&self.opened.names.systems);
        let systems = systems
            .filter(|(system, _)| !system.accounts.is_empty() && self.is_wanted(&system.name));
        let of = |no: i64, status: AccountStatus| {
            let own = counts.iter().filter(|c| c.system_no == no && c.status == status);
            own.map(|count| count.n).sum()
        };
        Ok(systems
            .map(|(system, names)| SystemTaken {
                system: system.name.clone(),
                linked: of(names.no, AccountStatus::Linked),
                undecided: of(names.no, AccountStatus::Undecided),
                orphans: of(names.no, AccountStatus::Orphan),
                authorised: of(names.no, AccountStatus::Ignored),
            })
            .collect())
    }

    fn look(
        &self,
        facts: &IdentityFacts,
        accounts: &[Account],
        taken: &mut Takeover,
    ) -> Result<(), Error> {
        let (evaluator, model) = (&self.opened.evaluator, &self.opened.model);
        let person = subject_of(model, &facts.row, &facts.key);
        for position in evaluator.redundant(&facts.identity(), &self.world, self.now) {
            let Some(assignment) = facts.assignments.get(position) else { continue };
            let role = self.role(assignment.role);
            taken.redundant.push(RedundantAssignment {
                id: assignment.id,
                person: person.clone(),
                role,
            });
        }
        let mut held = Vec::new();
        for account in accounts {
            let observed = observed_account(self.opened, &self.index, account)?;
            let system = model.systems.get(observed.account.system.index());
            if !system.is_some_and(|system| self.is_wanted(&system.name)) {
                continue;
            }
            held.push(Access::Account(observed.account));
            let of = |(kind, name)| Access::Entitlement(observed.account, kind, name);
            held.extend(observed.entitlements.into_iter().map(of));
            for (through, found) in brought_along(&self.outer, &account.grants) {
                let access = |id| {
                    let (kind, name) = self.index.name(id)?;
                    let access = Access::Entitlement(observed.account, *kind, name.clone());
                    Some(shown_access(self.opened, &access))
                };
                if let (Some(through), Some(access)) = (access(through), access(found)) {
                    let person = person.clone();
                    taken.indirect.push(IndirectAccess { person, access, through });
                }
            }
        }
        if held.is_empty() {
            return Ok(());
        }
        let evaluation = evaluator.evaluate(&facts.identity(), &self.world, self.now);
        let found = self.deducer.deduce(&evaluation, &held, &self.world, self.now);
        self.note(&person, facts.row.id, found, taken);
        Ok(())
    }

    fn note(&self, person: &Text, entity: EntityId, found: Deduction, taken: &mut Takeover) {
        let shown = |access: &Access| shown_access(self.opened, access);
        let Deduction { deduced, ambiguous, by_rule, unexplained } = found;
        taken.deduced.extend(deduced.iter().map(|deduced| DeducedRole {
            person: person.clone(),
            entity,
            role: self.role(deduced.role),
            explains: deduced.explains.iter().map(shown).collect(),
            missing: deduced.missing.iter().map(shown).collect(),
        }));
        let open = |(access, roles): &(Access, Vec<usize>), why| OpenAccess {
            person: person.clone(),
            access: shown(access),
            roles: roles.iter().map(|role| self.role(*role)).collect(),
            why,
        };
        taken.open.extend(ambiguous.iter().map(|one| open(one, "several roles explain it")));
        taken.open.extend(by_rule.iter().map(|one| open(one, "only a rule gives the role")));
        let none = |access| open(&(access, Vec::new()), "no role grants it");
        taken.unexplained.extend(unexplained.into_iter().map(none));
    }

    fn role(&self, role: usize) -> Text {
        self.opened.model.roles.get(role).map_or_else(|| "?".into(), |role| role.name.clone())
    }
}

/// What is held through what is held directly, which is in order: what brings it, and what is brought.
pub fn brought_along(
    outer: &BTreeMap<EntitlementId, Vec<EntitlementId>>,
    held: &[EntitlementId],
) -> Vec<(EntitlementId, EntitlementId)> {
    let mut found = Vec::new();
    for direct in held {
        let mut seen = BTreeSet::from([*direct]);
        let mut todo = vec![*direct];
        while let Some(next) = todo.pop() {
            for outer in outer.get(&next).into_iter().flatten() {
                if seen.insert(*outer) {
                    todo.push(*outer);
                    if held.binary_search(outer).is_err() {
                        found.push((*direct, *outer));
                    }
                }
            }
        }
    }
    found
}

/// By entitlement what whoever holds it holds too.
pub async fn nested_entitlements(
    tx: &mut ReadTx,
    opened: &Opened,
) -> Result<BTreeMap<EntitlementId, Vec<EntitlementId>>, Error> {
    let mut outer: BTreeMap<EntitlementId, Vec<EntitlementId>> = BTreeMap::new();
    for kind in opened.names.systems.iter().flat_map(|system| &system.kinds) {
        for nesting in tx.nestings(*kind).await? {
            outer.entry(nesting.inner).or_default().push(nesting.outer);
        }
    }
    Ok(outer)
}

/// Which deduced assignments are accepted.
#[derive(Debug, Clone, Copy, Default)]
pub struct AcceptDeduced<'a> {
    /// Of what is held on this system only.
    pub system: Option<&'a str>,
    /// Of this role only.
    pub role: Option<&'a str>,
    /// Also those that would give people more than they have.
    pub with_missing: bool,
    /// The number of assignments the caller has seen.
    pub confirm: Option<u64>,
}

/// Writes deduced assignments, with origin `deduced` and what they explain as the reason. Returns how many.
pub async fn accept_deduced(
    ctx: &Ctx,
    opened: &Opened,
    accept: AcceptDeduced<'_>,
) -> Result<u64, Error> {
    let taken = take_over(ctx, opened, accept.system).await?;
    let is_meant = |one: &DeducedRole| {
        (accept.with_missing || one.missing.is_empty())
            && accept.role.is_none_or(|role| role == &*one.role)
    };
    let deduced: Vec<DeducedRole> = taken.deduced.into_iter().filter(is_meant).collect();
    let n = deduced.len() as u64;
    if accept.confirm != Some(n) {
        return Err(Error::new(
            Kind::Held,
            format!("it is {n} assignments, and nobody agreed to that number"),
        )
        .hint(format!("if they are right: muster takeover --accept --confirm {n}")));
    }
    if deduced.is_empty() {
        return Ok(0);
    }
    let mut tx = opened.store.begin().await?;
    let first = tx.take_ids(Sequence::Assignment, deduced.len()).await?;
    let assignments: Vec<Assignment> = (first..)
        .zip(&deduced)
        .map(|(id, one)| Assignment {
            id: AssignmentId(id),
            entity: one.entity,
            role: one.role.clone(),
            origin: "deduced".into(),
            reason: format!("explains {}", one.explains.join(", ")).into(),
            valid_from: None,
            valid_until: None,
            created_at: ctx.now(),
            created_by: ctx.actor.clone(),
            ended_at: None,
            ended_by: None,
            end_reason: None,
        })
        .collect();
    tx.insert_assignments(&assignments).await?;
    let mut people: Vec<EntityId> = deduced.iter().map(|one| one.entity).collect();
    people.sort_unstable();
    people.dedup();
    tx.unsettle(&people).await?;
    journal_deduced(ctx, &mut tx, &deduced).await?;
    tx.commit().await?;
    Ok(n)
}

/// One entry for each role.
async fn journal_deduced(ctx: &Ctx, tx: &mut Tx, deduced: &[DeducedRole]) -> Result<(), Error> {
    let mut by_role: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in deduced {
        by_role.entry(&one.role).or_default().push(&one.person);
    }
    for (role, people) in by_role {
        tx.append_journal(&Entry {
            at: ctx.now(),
            actor: ctx.actor.clone(),
            on_behalf_of: ctx.on_behalf_of.clone(),
            action: "assignment.deduce".into(),
            subject: format!("role {role}").into(),
            detail: json!({ "role": role, "people": people }).to_string().into(),
            correlation: Some(ctx.correlation.clone()),
        })
        .await?;
    }
    Ok(())
}
