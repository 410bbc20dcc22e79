//! Why: a person's state, roles and accounts; one access; one attribute. Also why not.

use jiff::Timestamp;
use muster_model::{Location, SystemId, Text, Value};
use muster_policy::{
    AccountRef, AttributeReason, DesiredAccount, Evaluation, HeldRole, MemoryWorld, MissingRole,
    Reason, StateReason, Subject, Via, Want,
};
use muster_store::{Account, AccountStatus, ReadTx};

use crate::{
    AccountView, Ctx, EntitlementIndex, Error, IdentityFacts, Opened, Person, account_view,
    decode_facts, load_world, opened::similar, people, resolve_person, role_assignments,
    subject_of,
};

/// The instant an explanation is for, and the instant its facts are from.
#[derive(Debug, Clone, Copy, Default)]
pub struct When {
    /// Evaluate as if it were this time.
    pub at: Option<Timestamp>,
    /// With the facts as they were recorded then.
    pub as_of: Option<Timestamp>,
}

/// Everything about one identity.
#[derive(Debug)]
pub struct PersonExplained {
    /// Who.
    pub person: Person,
    /// The lifecycle state and its conditions.
    pub state: Option<StateReason>,
    /// The roles held, each with how it came.
    pub roles: Vec<RoleHeld>,
    /// The accounts, wanted or there.
    pub accounts: Vec<AccountExplained>,
    /// Names of conflicts among what is wanted.
    pub conflicts: Vec<Text>,
    /// When something changes by the passing of time.
    pub next_change: Option<Timestamp>,
}

/// A held role in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleHeld {
    /// The role.
    pub role: Text,
    /// ``its rule``, ``assigned by …``, ``included in `…` ``.
    pub via: String,
    /// Where it is written.
    pub at: Location,
}

/// One account of an identity: what is wanted, what is there, and why.
#[derive(Debug)]
pub struct AccountExplained {
    /// The system.
    pub system: Text,
    /// The account type.
    pub account_type: Text,
    /// What is wanted.
    pub desired: DesiredAccount,
    /// What is there.
    pub observed: Option<AccountView>,
    /// Why it is wanted.
    pub reasons: Vec<Reason>,
    /// Each attribute that is wanted, with its reason.
    pub attributes: Vec<(Text, AttributeReason)>,
    /// Each entitlement that is wanted or there: kind, name, wanted, there, reasons.
    pub entitlements: Vec<EntitlementExplained>,
}

/// One entitlement of an account.
#[derive(Debug)]
pub struct EntitlementExplained {
    /// The kind.
    pub kind: Text,
    /// Which one.
    pub name: Text,
    /// A role grants it.
    pub wanted: bool,
    /// The account holds it.
    pub there: bool,
    /// Why it is wanted.
    pub reasons: Vec<Reason>,
}

/// One access: an account or an entitlement.
#[derive(Debug)]
pub struct AccessExplained {
    /// Who, as shown.
    pub subject: Text,
    /// `directory` or `directory:sales`.
    pub access: String,
    /// The account holds it, as last observed.
    pub has: bool,
    /// The model wants it.
    pub wanted: bool,
    /// Why it is wanted.
    pub reasons: Vec<Reason>,
    /// What would give it, and which conditions failed.
    pub missing: Vec<MissingRole>,
    /// The account, if there is one.
    pub account: Option<AccountView>,
    /// The lifecycle state, which may be the reason by itself.
    pub state: Option<StateReason>,
}

/// One attribute of an identity and where it goes.
#[derive(Debug)]
pub struct AttributeExplained {
    /// Who, as shown.
    pub subject: Text,
    /// The attribute.
    pub attribute: Text,
    /// Its value.
    pub value: Value,
    /// Where the value comes from.
    pub origin: Origin,
    /// The account attributes computed from it, with their values: system, attribute, reason.
    pub used_by: Vec<(Text, Text, AttributeReason)>,
}

/// Where a value comes from.
#[derive(Debug)]
pub enum Origin {
    /// From a source: system, key of the record, line, expression, place of the rule.
    Source {
        /// The system.
        system: Text,
        /// The record's key.
        record: Text,
        /// Its line, 0 when unknown.
        line: i64,
        /// The expression.
        expression: Text,
        /// Where it is written.
        at: Location,
    },
    /// Computed: expression and place.
    Computed {
        /// The expression.
        expression: Text,
        /// Where it is written.
        at: Location,
    },
    /// Made once and kept: place of the candidates.
    Generated {
        /// Where it is written.
        at: Location,
    },
    /// The lifecycle.
    Lifecycle(Option<StateReason>),
    /// Nobody gives it a value.
    Nothing,
}

struct Question {
    facts: IdentityFacts,
    world: MemoryWorld,
    evaluation: Evaluation,
    now: Timestamp,
    accounts: Vec<Account>,
    index: EntitlementIndex,
}

async fn ask(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    person: &str,
    when: When,
) -> Result<Question, Error> {
    let now = when.at.or(when.as_of).unwrap_or_else(|| ctx.now());
    let mut facts = resolve_person(ctx, opened, tx, person).await?;
    if let Some(as_of) = when.as_of {
        let Some(entity) = tx.entity_as_of(facts.row.id, as_of).await? else {
            return Err(Error::not_found(format!("`{person}` was not known on {as_of}")));
        };
        facts.row = decode_facts(
            &opened.model,
            &opened.names,
            entity.id,
            facts.row.type_id,
            &entity.facts,
        )?;
        facts.absent_since = entity.absent_since;
        facts.assignments =
            role_assignments(&opened.model, tx.assignments_as_of(facts.row.id, as_of).await?);
    }
    let world = load_world(tx, opened, now, when.as_of).await?;
    let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, now);
    let accounts = tx.accounts_of(facts.row.id).await?;
    let index = EntitlementIndex::load(tx, opened).await?;
    Ok(Question { facts, world, evaluation, now, accounts, index })
}

impl Question {
    async fn observed(
        &self,
        tx: &mut ReadTx,
        opened: &Opened,
        account: AccountRef,
    ) -> Result<Option<AccountView>, Error> {
        let type_no = opened
            .names
            .systems
            .get(account.system.index())
            .and_then(|s| s.accounts.get(account.account))
            .map(|a| a.no);
        let found = self
            .accounts
            .iter()
            .find(|a| Some(a.type_no) == type_no && a.status == AccountStatus::Linked);
        match found {
            Some(account) => Ok(Some(account_view(tx, opened, &self.index, account).await?)),
            None => Ok(None),
        }
    }

    fn reasons(&self, opened: &Opened, subject: Subject<'_>) -> Vec<Reason> {
        opened.evaluator.reasons(
            &self.evaluation,
            &self.facts.assignments,
            subject,
            &self.world,
            self.now,
        )
    }

    fn state(&self, opened: &Opened) -> Option<StateReason> {
        opened.evaluator.state_reason(&self.evaluation, &self.world, self.now)
    }
}

/// Explains an identity: state, roles, every account with every attribute and entitlement.
pub async fn explain_person(
    ctx: &Ctx,
    opened: &Opened,
    person: &str,
    when: When,
) -> Result<PersonExplained, Error> {
    let mut tx = opened.store.read().await?;
    let question = ask(ctx, opened, &mut tx, person, when).await?;
    let mut accounts = Vec::new();
    for desired in &question.evaluation.accounts {
        let observed = question.observed(&mut tx, opened, desired.account).await?;
        if desired.want == Want::Present || observed.is_some() {
            accounts.extend(account_explained(opened, &question, desired, observed));
        }
    }
    let roles = question
        .evaluation
        .roles
        .iter()
        .filter_map(|held| role_held(opened, &question, *held))
        .collect();
    let conflicts = question
        .evaluation
        .conflicts
        .iter()
        .filter_map(|found| opened.model.conflicts.get(found.conflict));
    Ok(PersonExplained {
        person: people::person(opened, &question.evaluation.row, &question.facts.key),
        state: question.state(opened),
        roles,
        accounts,
        conflicts: conflicts.map(|conflict| conflict.name.clone()).collect(),
        next_change: question.evaluation.next_change,
    })
}

fn role_held(opened: &Opened, question: &Question, held: HeldRole) -> Option<RoleHeld> {
    let role = opened.model.roles.get(held.role)?;
    let via = match held.via {
        Via::Rule => "its rule".to_owned(),
        Via::Assigned(position) => {
            let assignment = question.facts.assignments.get(position)?;
            format!("assigned by {}: {}", assignment.by, assignment.reason)
        }
        Via::Included(by) => format!("included in `{}`", opened.model.roles.get(by)?.name),
    };
    Some(RoleHeld { role: role.name.clone(), via, at: role.at.clone() })
}

fn account_explained(
    opened: &Opened,
    question: &Question,
    desired: &DesiredAccount,
    observed: Option<AccountView>,
) -> Option<AccountExplained> {
    let system = opened.model.systems.get(desired.account.system.index())?;
    let account_type = system.accounts.get(desired.account.account)?;
    let attributes = account_type.set.iter().enumerate().filter_map(|(position, mapping)| {
        let reason = opened.evaluator.attribute_reason(
            &question.evaluation,
            desired.account,
            position,
            &question.world,
            question.now,
        )?;
        Some((mapping.attribute.clone(), reason))
    });
    let mut entitlements = Vec::new();
    for (position, kind) in system.entitlements.iter().enumerate() {
        let mut names: Vec<&Text> = desired
            .entitlements
            .iter()
            .filter(|(k, _)| *k == position)
            .map(|(_, name)| name)
            .collect();
        let there = observed
            .iter()
            .flat_map(|o| &o.entitlements)
            .filter(|(k, _)| *k == kind.name)
            .map(|(_, name)| name);
        let there: Vec<&Text> = there.collect();
        names.extend(&there);
        names.sort_unstable();
        names.dedup();
        for name in names {
            entitlements.push(EntitlementExplained {
                kind: kind.name.clone(),
                name: name.clone(),
                wanted: desired.entitlements.iter().any(|(k, n)| *k == position && n == name),
                there: there.contains(&name),
                reasons: question
                    .reasons(opened, Subject::Entitlement(desired.account, position, name)),
            });
        }
    }
    Some(AccountExplained {
        system: system.name.clone(),
        account_type: account_type.name.clone(),
        reasons: question.reasons(opened, Subject::Account(desired.account)),
        attributes: attributes.collect(),
        entitlements,
        desired: desired.clone(),
        observed,
    })
}

/// Explains one access: `system`, `system:entitlement`, or `system.type` where a system has several account types.
pub async fn explain_access(
    ctx: &Ctx,
    opened: &Opened,
    person: &str,
    access: &str,
    when: When,
) -> Result<AccessExplained, Error> {
    let mut tx = opened.store.read().await?;
    let question = ask(ctx, opened, &mut tx, person, when).await?;
    let (place, entitlement) = match access.split_once(':') {
        Some((place, entitlement)) => (place, Some(entitlement.trim())),
        None => (access, None),
    };
    let account = account_ref(opened, &question, place)?;
    let observed = question.observed(&mut tx, opened, account).await?;
    let desired = question.evaluation.accounts.iter().find(|desired| desired.account == account);
    let (kind, subject) = match entitlement {
        Some(name) => {
            let kind = kind_of(opened, &question, account, name, desired, observed.as_ref());
            (Some(kind), Subject::Entitlement(account, kind, name))
        }
        None => (None, Subject::Account(account)),
    };
    let has = observed.as_ref().is_some_and(|view| match entitlement {
        Some(name) => view.entitlements.iter().any(|(_, held)| **held == *name),
        None => true,
    });
    let wanted = desired.is_some_and(|desired| match (entitlement, kind) {
        (Some(name), Some(kind)) => {
            desired.entitlements.iter().any(|(k, n)| *k == kind && **n == *name)
        }
        _ => desired.want == Want::Present,
    });
    Ok(AccessExplained {
        subject: subject_of(&opened.model, &question.facts.row, &question.facts.key),
        access: access.to_owned(),
        has,
        wanted,
        reasons: question.reasons(opened, subject),
        missing: opened.evaluator.missing(
            &question.evaluation,
            subject,
            &question.world,
            question.now,
        ),
        account: observed,
        state: question.state(opened),
    })
}

fn account_ref(opened: &Opened, question: &Question, place: &str) -> Result<AccountRef, Error> {
    let (system_name, type_name) = match place.split_once('.') {
        Some((system, account_type)) => (system, Some(account_type)),
        None => (place, None),
    };
    let system = opened.system_named(system_name)?;
    let type_id = question.facts.row.type_id;
    let fits = |position: &usize| {
        system
            .accounts
            .get(*position)
            .is_some_and(|a| a.identity == type_id && type_name.is_none_or(|name| *name == *a.name))
    };
    let account = (0..system.accounts.len()).find(fits).ok_or_else(|| {
        let known: Vec<String> = system
            .accounts
            .iter()
            .map(|account| format!("{system_name}.{}", account.name))
            .collect();
        let error = Error::not_found(format!("`{place}` holds no accounts for this identity"));
        if known.is_empty() {
            error.hint(format!("`{system_name}` is a source only"))
        } else {
            error.hint(format!("there is: {}", known.join(", ")))
        }
    })?;
    Ok(AccountRef { system: SystemId(system.id.0), account })
}

/// The entitlement kind that knows the name: wanted or held first, then the first kind of the account.
fn kind_of(
    opened: &Opened,
    question: &Question,
    account: AccountRef,
    name: &str,
    desired: Option<&DesiredAccount>,
    observed: Option<&AccountView>,
) -> usize {
    let Some(system) = opened.model.systems.get(account.system.index()) else { return 0 };
    let text: Text = name.into();
    let wanted = desired
        .and_then(|d| d.entitlements.iter().find(|(_, n)| **n == *name))
        .map(|(kind, _)| *kind);
    let held = observed.and_then(|o| o.entitlements.iter().find(|(_, n)| **n == *name));
    let held = held.and_then(|(kind, _)| system.entitlements.iter().position(|k| k.name == *kind));
    let known = (0..system.entitlements.len())
        .find(|kind| question.index.get(account.system.index(), *kind, &text).is_some());
    wanted.or(held).or(known).unwrap_or(0)
}

/// Explains one attribute of an identity.
pub async fn explain_attribute(
    ctx: &Ctx,
    opened: &Opened,
    person: &str,
    attribute: &str,
    when: When,
) -> Result<AttributeExplained, Error> {
    let mut tx = opened.store.read().await?;
    let question = ask(ctx, opened, &mut tx, person, when).await?;
    let type_id = question.facts.row.type_id;
    let entity_type =
        opened.model.schema.get(type_id).ok_or_else(|| Error::bug("a type is missing"))?;
    let Some(found) = entity_type.attribute_named(attribute) else {
        let error =
            Error::not_found(format!("`{}` has no attribute `{attribute}`", entity_type.name));
        return Err(match similar(attribute, entity_type.attributes.iter().map(|a| &a.name)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => {
                let names: Vec<&str> = entity_type.attributes.iter().map(|a| &*a.name).collect();
                error.hint(format!("the attributes are: {}", names.join(", ")))
            }
        });
    };
    let origin = origin(&mut tx, opened, &question, found.slot).await?;
    let mut used_by = Vec::new();
    for desired in
        question.evaluation.accounts.iter().filter(|desired| desired.want == Want::Present)
    {
        let Some(system) = opened.model.systems.get(desired.account.system.index()) else {
            continue;
        };
        let Some(account_type) = system.accounts.get(desired.account.account) else { continue };
        for (position, mapping) in account_type.set.iter().enumerate() {
            let reads = mapping.value.as_ref().is_some_and(|rule| {
                rule.program
                    .paths()
                    .iter()
                    .any(|path| path.steps.first() == Some(&(type_id, found.slot)))
            });
            let reason = opened.evaluator.attribute_reason(
                &question.evaluation,
                desired.account,
                position,
                &question.world,
                question.now,
            );
            if let Some(reason) = reason.filter(|_| reads) {
                used_by.push((system.name.clone(), mapping.attribute.clone(), reason));
            }
        }
    }
    Ok(AttributeExplained {
        subject: subject_of(&opened.model, &question.facts.row, &question.facts.key),
        attribute: found.name.clone(),
        value: question.evaluation.row.get(found.slot).clone(),
        origin,
        used_by,
    })
}

async fn origin(
    tx: &mut ReadTx,
    opened: &Opened,
    question: &Question,
    slot: muster_model::Slot,
) -> Result<Origin, Error> {
    let type_id = question.facts.row.type_id;
    let Some(behaviour) = opened.model.types.get(type_id.index()) else {
        return Ok(Origin::Nothing);
    };
    if opened.model.schema.get(type_id).and_then(|t| t.lifecycle()).is_some_and(|a| a.slot == slot)
    {
        return Ok(Origin::Lifecycle(question.state(opened)));
    }
    if let Some((_, rule)) = behaviour.computed.iter().find(|(computed, _)| *computed == slot) {
        return Ok(Origin::Computed {
            expression: rule.program.source().clone(),
            at: rule.at.clone(),
        });
    }
    let generated = behaviour.generated.iter().find(|(generated, _)| *generated == slot);
    if let Some(rule) = generated.and_then(|(_, rules)| rules.first()) {
        return Ok(Origin::Generated { at: rule.at.clone() });
    }
    for (system, names) in opened.model.systems.iter().zip(&opened.names.systems) {
        for (read, read_names) in system.reads.iter().zip(&names.reads) {
            let Some((_, rule)) =
                read.owns.iter().find(|(owned, _)| *owned == slot && read.type_id == type_id)
            else {
                continue;
            };
            let records = tx.records_of(question.facts.row.id).await?;
            if let Some(record) = records.iter().find(|record| record.read_no == read_names.no) {
                return Ok(Origin::Source {
                    system: system.name.clone(),
                    record: record.key.clone(),
                    line: record.line,
                    expression: rule.program.source().clone(),
                    at: rule.at.clone(),
                });
            }
        }
    }
    Ok(Origin::Nothing)
}
