//! One person, now, step by step: what each connected system is asked, what it shows, what is wanted, planned, done and
//! confirmed. The same functions as in every run; only who looks on is another.

use muster_app::{
    AccountNames, Ctx, EntitlementIndex, Error, Opened, load_identities, load_world_near,
};
use muster_connector::Connector;
use muster_model::{EntityId, ObjectRef, Text, Value};
use muster_plan::{describe, describe_guard, operation_json};
use muster_policy::{DesiredAccount, System, Want};
use muster_store::{Account, AccountStatus, OperationFilter, OperationState};
use serde_json::{Map, Value as Json, json};

use crate::{
    apply::{ApplyOptions, CancelFlag, apply_made},
    plans::{MadePlan, PlanOptions, make_plan},
    progress::NoProgress,
    target::Target,
};

/// A step on one system.
#[derive(Debug, Clone)]
pub struct ProvisionStep {
    /// The system.
    pub system: Text,
    /// Which: `connect`, `match`, `read`, `scope`, `plan`, `apply`, `verify`.
    pub step: &'static str,
    /// False when it failed, or when nothing can go on after it.
    pub ok: bool,
    /// What it found, for people.
    pub text: String,
    /// The same, for programs.
    pub detail: Json,
}

/// Everything that is looked at and done for one person.
struct Provision<'a> {
    ctx: &'a Ctx,
    opened: &'a Opened,
    person: EntityId,
    steps: Vec<ProvisionStep>,
}

/// Brings what one person has on the systems up to what is wanted, and tells each step. A guard that holds the plan, and
/// a system that does not answer, end the steps on that system.
pub async fn provision(
    ctx: &Ctx,
    opened: &Opened,
    person: EntityId,
    systems: &[Text],
) -> Result<Vec<ProvisionStep>, Error> {
    let mut provision = Provision { ctx, opened, person, steps: Vec::new() };
    let desired = provision.desired().await?;
    for system in opened.model.systems.iter().filter(|system| !system.accounts.is_empty()) {
        if systems.is_empty() || systems.contains(&system.name) {
            provision.on(system, &desired).await?;
        }
    }
    Ok(provision.steps)
}

impl Provision<'_> {
    fn step(&mut self, system: &System, step: &'static str, ok: bool, text: String, detail: Json) {
        self.steps.push(ProvisionStep { system: system.name.clone(), step, ok, text, detail });
    }

    async fn on(&mut self, system: &System, desired: &[DesiredAccount]) -> Result<(), Error> {
        let Some(connector) = self.connect(system).await else { return Ok(()) };
        let accounts = self.accounts(system).await?;
        for account in &accounts {
            let (name, confidence) = (&account.name, account.confidence);
            let detail =
                json!({ "account": &**name, "id": &*account.native_id, "confidence": confidence });
            self.step(system, "match", true, format!("{name} is theirs ({confidence} %)"), detail);
        }
        if accounts.is_empty() {
            self.step(system, "match", true, "they have no account here".to_owned(), json!(null));
        }
        self.read(system, connector.as_ref(), &accounts).await?;
        for desired in desired.iter().filter(|desired| desired.account.system == system.id) {
            self.scope(system, desired);
        }
        let Some(made) = self.plan(system).await? else { return Ok(()) };
        self.apply(system, made, connector.as_ref()).await
    }

    async fn connect(&mut self, system: &System) -> Option<std::sync::Arc<dyn Connector>> {
        let tested = match self.opened.connect(system) {
            Ok(connector) => connector.test().await.map(|said| (connector, said)),
            Err(error) => Err(error),
        };
        match tested {
            Ok((connector, said)) => {
                self.step(system, "connect", true, said.clone(), json!({ "said": said }));
                Some(connector)
            }
            Err(error) => {
                let text = error.to_string();
                self.step(system, "connect", false, text.clone(), json!({ "error": text }));
                None
            }
        }
    }

    async fn accounts(&self, system: &System) -> Result<Vec<Account>, Error> {
        let names = self.opened.names.systems.get(system.id.index());
        let number = names.map_or(0, |names| names.no);
        let mut tx = self.opened.store.read().await?;
        let mut accounts = tx.accounts_on_system(number, &[self.person]).await?;
        accounts.retain(|account| account.status == AccountStatus::Linked);
        Ok(accounts)
    }

    async fn read(
        &mut self,
        system: &System,
        connector: &dyn Connector,
        accounts: &[Account],
    ) -> Result<(), Error> {
        if !system.readable {
            let text = "the system cannot be read; what was done is believed".to_owned();
            self.step(system, "read", true, text, json!(null));
            return Ok(());
        }
        for account in accounts {
            let Some((class, names)) = self.account_type(system, account) else { continue };
            let object =
                ObjectRef { class, id: account.native_id.clone(), name: account.name.clone() };
            match connector.get(&object, &names.layout.fields).await {
                Ok(Some(found)) => {
                    let values = values(names, &found.values);
                    let text = format!("{} is there: {}", found.name, shown(&values));
                    let detail = json!({ "account": &*found.name, "enabled": found.enabled, "values": values });
                    self.step(system, "read", true, text, detail);
                }
                Ok(None) => {
                    let text = format!("{} is not there", account.name);
                    self.step(system, "read", true, text, json!({ "account": null }));
                }
                Err(error) => {
                    let text = error.to_string();
                    self.step(system, "read", false, text.clone(), json!({ "error": text }));
                }
            }
        }
        Ok(())
    }

    fn account_type(&self, system: &System, account: &Account) -> Option<(Text, &AccountNames)> {
        let names = self.opened.names.systems.get(system.id.index())?;
        let position = names.accounts.iter().position(|names| names.no == account.type_no)?;
        Some((system.accounts.get(position)?.object.clone(), names.accounts.get(position)?))
    }

    async fn desired(&self) -> Result<Vec<DesiredAccount>, Error> {
        let (opened, now) = (self.opened, self.ctx.now());
        let ids = [self.person];
        let mut tx = opened.store.read().await?;
        let world = load_world_near(&mut tx, opened, &ids, now).await?;
        let Some(entity) = tx.entity(self.person).await? else { return Ok(Vec::new()) };
        let types = &opened.model.schema.types;
        let is_own = |of: &&muster_model::EntityType| {
            opened.names.type_names(of.id).is_some_and(|names| names.no == entity.type_no)
        };
        let Some(entity_type) = types.iter().find(is_own) else { return Ok(Vec::new()) };
        let found = load_identities(&mut tx, opened, entity_type.id, &ids, now).await?;
        let evaluations = found
            .iter()
            .map(|facts| opened.evaluator.evaluate(&facts.identity(), &world, now).accounts);
        Ok(evaluations.flatten().collect())
    }

    fn scope(&mut self, system: &System, desired: &DesiredAccount) {
        let Some(account) = system.accounts.get(desired.account.account) else { return };
        let held: Vec<String> = desired
            .entitlements
            .iter()
            .filter_map(|(kind, name)| {
                Some(format!("{}:{name}", system.entitlements.get(*kind)?.name))
            })
            .collect();
        let (word, values) = match desired.want {
            Want::Present => ("wanted", wanted(account, &desired.values)),
            Want::Retained { .. } => ("kept as it is", Map::new()),
            Want::Absent => ("not wanted", Map::new()),
        };
        let text = format!("{} is {word}: {} {}", account.name, shown(&values), held.join(", "));
        let detail = json!({
            "account_type": &*account.name, "want": word, "enabled": desired.enabled,
            "name": desired.name.as_deref(), "values": values, "entitlements": held,
        });
        self.step(system, "scope", true, text.trim_end().to_owned(), detail);
    }

    /// The plan for this person on this system; `None` when nothing is to be done, or a guard holds it.
    async fn plan(&mut self, system: &System) -> Result<Option<MadePlan>, Error> {
        let (people, systems) = (vec![self.person], vec![system.name.clone()]);
        let options = PlanOptions { people, systems, save: true, ..PlanOptions::default() };
        let made = make_plan(self.ctx, self.opened, &options, &NoProgress).await?;
        let operations: Vec<String> =
            made.plan.operations.iter().map(|operation| describe(&operation.kind)).collect();
        let held: Vec<String> = made.plan.crossed().map(describe_guard).collect();
        let text = match (operations.is_empty(), held.is_empty()) {
            (true, _) => "nothing to do".to_owned(),
            (false, true) => operations.join("; "),
            (false, false) => format!("held: {}", held.join("; ")),
        };
        let list: Vec<Json> = made.plan.operations.iter().map(operation_json).collect();
        let detail = json!({ "plan": made.name, "operations": list, "held": held });
        self.step(system, "plan", held.is_empty(), text, detail);
        Ok(Some(made).filter(|made| held.is_empty() && made.plan.to_do().next().is_some()))
    }

    async fn apply(
        &mut self,
        system: &System,
        made: MadePlan,
        connector: &dyn Connector,
    ) -> Result<(), Error> {
        let (ctx, opened, id) = (self.ctx, self.opened, made.id);
        let options = ApplyOptions { auto_approve: true, ..ApplyOptions::default() };
        let flag = CancelFlag::default();
        let applied = apply_made(ctx, opened, made, &options, &NoProgress, &flag).await?;
        let failed: Vec<String> =
            applied.failed.iter().map(|(_, problem)| problem.clone()).collect();
        let text = format!(
            "{} done, {} failed, {} held, {} left {}",
            applied.executed,
            failed.len(),
            applied.held.len(),
            applied.left,
            failed.join("; ")
        );
        let detail = json!({
            "executed": applied.executed, "failed": failed, "held": applied.held.len(), "left": applied.left,
        });
        let ok = failed.is_empty() && applied.left == 0;
        self.step(system, "apply", ok, text.trim_end().to_owned(), detail);
        if !system.readable {
            return Ok(());
        }
        let mut index = EntitlementIndex::load(&mut opened.store.read().await?, opened).await?;
        Target { ctx, opened, system, connector, progress: &NoProgress }.ask(&mut index).await?;
        let Some(id) = id else { return Ok(()) };
        let mut tx = opened.store.read().await?;
        let all = tx.operations(id, OperationFilter::default(), None, 1000).await?;
        let n = all.iter().filter(|operation| operation.state == OperationState::Verified).count();
        let text = format!("{n} of {} are as they were left", all.len());
        let detail = json!({ "verified": n, "operations": all.len() });
        self.step(system, "verify", n == all.len(), text, detail);
        Ok(())
    }
}

/// What an object showed, by attribute.
fn values(names: &AccountNames, values: &[Value]) -> Map<String, Json> {
    let fields = names.layout.fields.iter().zip(values);
    fields.map(|(field, value)| (field.name.to_string(), text_of(value))).collect()
}

/// What is wanted, by attribute.
fn wanted(account: &muster_policy::AccountType, values: &[Value]) -> Map<String, Json> {
    let set = account.set.iter().zip(values);
    set.map(|(mapping, value)| (mapping.attribute.to_string(), text_of(value))).collect()
}

fn text_of(value: &Value) -> Json {
    let texts = |value: &Value| {
        let items = value.items().iter().map(Value::to_wire_text);
        items.filter_map(|item| item.as_text().map(ToString::to_string)).collect::<Vec<_>>()
    };
    match (texts(value).as_slice(), value) {
        (_, Value::Null) => Json::Null,
        ([one], _) => json!(one),
        (several, _) => json!(several),
    }
}

fn shown(values: &Map<String, Json>) -> String {
    let known = values.iter().filter(|(_, value)| !value.is_null());
    let texts = known.map(|(name, value)| match value.as_str() {
        Some(text) => format!("{name} {text}"),
        None => format!("{name} {value}"),
    });
    texts.collect::<Vec<_>>().join(", ")
}
