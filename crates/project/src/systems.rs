//! Systems: from `systems:` to what they are the source of, the accounts and entitlements they hold, and their limits.

mod accounts;
mod authority;
mod by_hand;
mod classify;
mod clients;
mod effects;
mod entitlements;
mod guards;
mod idle;
mod order;
mod reads;
mod references;
mod review;
mod settings;
mod work;

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use muster_model::{
    Capabilities, Diagnostic, NameRule, Schema, Settings, Slot, Span, SystemId, Text, TypeId,
};
use muster_policy::{
    Absent, AccountType, EntitlementKind, Guards, LifecycleState, Mode, System, TypeModel,
};

use crate::{
    Catalogue,
    context::Context,
    duration::parse_duration,
    names,
    suggest::known_names,
    yaml::{Entry, Node},
};

pub(crate) use accounts::not_a_value;
pub(crate) use by_hand::by_hand;
pub(crate) use reads::find_state;
pub(crate) use references::{Found, Names, references};
pub(crate) use review::reviews;
pub(crate) use settings::settings as settings_of;

/// A system whose parts that do not hold are missing; positions are those of the file all the same.
#[derive(Debug)]
pub(crate) struct Draft {
    /// Everything but the accounts and entitlements.
    pub(crate) system: System,
    /// The account types; `None` for one with problems.
    pub(crate) accounts: Vec<Option<AccountType>>,
    /// The kinds of entitlement.
    pub(crate) entitlements: Vec<Option<EntitlementKind>>,
    /// The account types, as written.
    written: Vec<(Text, Span)>,
}

/// Which system owns each attribute, and where that is written.
type Owners = BTreeMap<(TypeId, Slot), Vec<(SystemId, Span)>>;

/// What the parts of all systems are built from.
struct Ground<'a> {
    schema: &'a Arc<Schema>,
    lifecycles: Vec<&'a [LifecycleState]>,
    /// The authorities by attribute, where the model names them.
    authority: authority::Named,
}

/// What a system can do, and whether anything is to be done to it.
#[derive(Clone, Copy)]
struct Ability {
    /// `None` when the settings are wrong, so that nothing more can be said.
    capabilities: Option<Capabilities>,
    writes: bool,
}

/// Builds the systems in order of name. Absence rules are put into `types`.
pub(crate) fn systems(
    context: &mut Context<'_>,
    entries: &[&Entry],
    written_types: &[&Entry],
    schema: &Arc<Schema>,
    types: &mut [TypeModel],
    catalogue: &dyn Catalogue,
) -> Vec<Draft> {
    let mut owners = Owners::new();
    let mut absences: BTreeMap<TypeId, (Absent, Span)> = BTreeMap::new();
    let mut drafts = Vec::new();
    let mut before = order::after(context, entries).into_iter();
    let authority = authority::named(context, written_types, schema, entries);
    {
        let lifecycles = types.iter().map(|model| model.lifecycle.as_slice()).collect();
        let ground = Ground { schema, lifecycles, authority: authority.clone() };
        for (index, entry) in entries.iter().enumerate() {
            names::part(context, &entry.key, entry.key_span, "a system");
            by_hand::reserved(context, entry);
            let id = SystemId(u16::try_from(index).unwrap_or(u16::MAX));
            let (mut draft, found) = system(context, entry, id, &ground, catalogue, &mut owners);
            draft.system.after = before.next().unwrap_or_default();
            drafts.push(draft);
            for (type_id, absent, span) in found {
                absence(context, &mut absences, type_id, absent, span);
            }
        }
    }
    authority::check(context, schema, &authority, &owners);
    clients::each_once(context, entries, &drafts);
    for ((type_id, slot), systems) in authority {
        if let Some(model) = types.get_mut(type_id.index()) {
            model.authority.insert(slot, systems.into_iter().map(|(id, _)| id).collect());
        }
    }
    for (type_id, (absent, _)) in absences {
        if let Some(model) = types.get_mut(type_id.index()) {
            model.absent = Some(absent);
        }
    }
    drafts
}

fn absence(
    context: &mut Context<'_>,
    known: &mut BTreeMap<TypeId, (Absent, Span)>,
    type_id: TypeId,
    absent: Absent,
    span: Span,
) {
    match known.get(&type_id) {
        Some((first, first_span)) if *first != absent => {
            context.report(
                Diagnostic::error(
                    "E0514",
                    span,
                    "two reads of one type say different things about absence",
                )
                .related(*first_span, "first said here")
                .help("say it once, at the read that is the authority for who is there"),
            );
        }
        Some(_) => {}
        None => {
            known.insert(type_id, (absent, span));
        }
    }
}

fn system(
    context: &mut Context<'_>,
    entry: &Entry,
    id: SystemId,
    ground: &Ground<'_>,
    catalogue: &dyn Catalogue,
    owners: &mut Owners,
) -> (Draft, Vec<(TypeId, Absent, Span)>) {
    let node = &entry.value;
    let mode = mode(node);
    let settings = settings::settings(node.get("settings"), entry.key_span);
    let connector: Text = node.get_text("connector").cloned().unwrap_or_else(|| "".into());
    let capabilities = capabilities(context, node, &connector, &settings, catalogue);
    let agent = agent(context, node, &connector, catalogue);
    let ability = Ability { capabilities, writes: mode != Mode::Observe };
    let (reads, absences) = reads::reads(context, node, id, ground, ability, owners);
    let accounts = accounts::accounts(context, node, id, ground, ability);
    let classify = classify::classify(context, node, ground.schema);
    let entitlements = entitlements::entitlements(context, node, ability);
    let known = capabilities.unwrap_or(UNKNOWN);
    let system = System {
        id,
        name: entry.key.clone(),
        connector,
        settings,
        agent,
        chaos: node.get("chaos").map(|chaos| settings::settings(Some(chaos), chaos.span)),
        mode,
        reads,
        accounts: Vec::new(),
        classify,
        entitlements: Vec::new(),
        guards: Guards { limits: guards::limits(node.get("guards"), guards::SYSTEM) },
        reviews: Vec::new(),
        decline_after: decline_after(node),
        text_only: known.text_only,
        names: known.names,
        parallel: limited(known.parallel, node),
        readable: known.read,
        after: Vec::new(),
        work: work::work(context, node),
        at: context.location(entry.key_span),
    };
    let written = node.get("accounts").map_or(&[][..], Node::entries);
    let written = written.iter().map(|account| (account.key.clone(), account.key_span)).collect();
    (Draft { system, accounts, entitlements, written }, absences)
}

/// The agent that reaches the system.
fn agent(
    context: &mut Context<'_>,
    node: &Node,
    connector: &str,
    catalogue: &dyn Catalogue,
) -> Option<Text> {
    let written = node.get("agent")?;
    if !catalogue.can_be_remote(connector) {
        context.error(
            "E0535",
            written.span,
            format!("nothing is called for the connector `{connector}`, so no agent can do it"),
            "leave `agent` out",
        );
    }
    written.text().cloned()
}

/// Stands for the capabilities of a system with wrong settings; the model is refused anyway.
const UNKNOWN: Capabilities = Capabilities {
    read: true,
    create: true,
    update: true,
    rename: true,
    enable: true,
    delete: true,
    members: true,
    incremental: false,
    text_only: false,
    names: NameRule::Exact,
    parallel: 1,
};

/// What the connector can do at once, unless the model says less.
fn limited(parallel: u16, node: &Node) -> u16 {
    let written = node.get_text("parallel").and_then(|text| text.parse::<u16>().ok());
    written.map_or(parallel, |most| parallel.min(most.max(1)))
}

fn decline_after(node: &Node) -> Option<SignedDuration> {
    parse_duration(node.get("drift")?.get_text("decline_after")?)
}

fn mode(node: &Node) -> Mode {
    match node.get_text("mode").map(|mode| &**mode) {
        Some("observe") => Mode::Observe,
        Some("enforce") => Mode::Enforce,
        Some(_) | None => Mode::Propose,
    }
}

fn capabilities(
    context: &mut Context<'_>,
    node: &Node,
    connector: &str,
    settings: &Settings,
    catalogue: &dyn Catalogue,
) -> Option<Capabilities> {
    let written = node.get("connector")?;
    let known = catalogue.connectors();
    if !known.contains(&connector) {
        let help = known_names(connector, "connectors", known);
        context.error("E0501", written.span, format!("unknown connector `{connector}`"), help);
        return None;
    }
    match catalogue.capabilities(connector, settings) {
        Ok(capabilities) => Some(capabilities),
        Err(problems) => {
            for problem in problems {
                let mut diagnostic = Diagnostic::error("E0502", problem.span, problem.message);
                diagnostic.help.extend(problem.help);
                context.report(diagnostic);
            }
            None
        }
    }
}

impl Ability {
    /// Reports at `span` that the connector cannot do what the model needs, unless `has` says that it can.
    fn need(
        self,
        context: &mut Context<'_>,
        has: fn(&Capabilities) -> bool,
        span: Span,
        what: &str,
        help: &str,
    ) {
        if self.capabilities.is_some_and(|capabilities| !has(&capabilities)) {
            let message = format!("the connector cannot {what} with these settings");
            context.error("E0503", span, message, help);
        }
    }

    /// As [`Ability::need`], for changes: a system that is only observed needs none.
    fn need_to_write(
        self,
        context: &mut Context<'_>,
        has: fn(&Capabilities) -> bool,
        span: Span,
        what: &str,
        help: &str,
    ) {
        if self.writes {
            self.need(context, has, span, what, help);
        }
    }

    fn can(self, has: fn(&Capabilities) -> bool) -> bool {
        self.capabilities.is_none_or(|capabilities| has(&capabilities))
    }
}

impl Draft {
    /// The whole system; `None` while a part of it has problems.
    pub(crate) fn finish(self) -> Option<System> {
        let accounts = self.accounts.into_iter().collect::<Option<Vec<_>>>()?;
        let entitlements = self.entitlements.into_iter().collect::<Option<Vec<_>>>()?;
        Some(System { accounts, entitlements, ..self.system })
    }

    /// The account types with the places of their names.
    pub(crate) fn written_accounts(&self) -> &[(Text, Span)] {
        &self.written
    }
}
