//! Workflows: from `workflows:` and `mail:` to what begins a workflow, whom it is for and its tasks.

mod template;

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use muster_lang::{Env, Type};
use muster_model::{AttributeKind, EntityType, Schema, Slot, Span, Text, ValueType};
use muster_policy::{AccountRef, LifecycleState, System, TaskArg, Trigger, Workflow, WorkflowTask};

use crate::{
    context::Context,
    duration::parse_duration,
    expression::{about_identity, attribute_type, condition, rule, rule_of_any},
    names,
    roles::RoleNames,
    spec::{self, Group, Shape},
    suggest::known_names,
    systems,
    types::{identity_type, unknown_attribute},
    yaml::{Entry, Node},
};

const DATE: Type = Type::Scalar(ValueType::Date);
const INSTANT: Type = Type::Scalar(ValueType::DateTime);
const TEXT: Type = Type::Scalar(ValueType::Text);
/// How much later a workflow still begins where nothing is said.
const LATE: SignedDuration = SignedDuration::from_hours(3 * 24);

/// What workflows are built from.
pub(crate) struct Ground<'a> {
    pub(crate) schema: &'a Arc<Schema>,
    pub(crate) roles: &'a RoleNames,
    pub(crate) lifecycles: &'a [Vec<LifecycleState>],
    pub(crate) systems: &'a [System],
    pub(crate) mail: bool,
}

/// Builds the workflows in order of name.
pub(crate) fn workflows(
    context: &mut Context<'_>,
    entries: &[&Entry],
    ground: &Ground<'_>,
) -> Vec<Workflow> {
    let known: Vec<&str> = entries.iter().map(|entry| &*entry.key).collect();
    let built = entries.iter().filter_map(|entry| {
        names::free(context, &entry.key, entry.key_span, "a workflow");
        let entity_type = identity_type(context, ground.schema, entry, "the workflow")?;
        Some(workflow(context, entry, entity_type, ground, &known))
    });
    built.collect()
}

fn workflow(
    context: &mut Context<'_>,
    entry: &Entry,
    entity_type: &EntityType,
    ground: &Ground<'_>,
    known: &[&str],
) -> Workflow {
    let env = about_identity(ground.schema, entity_type);
    let of = Of { entity_type, env: &env, ground, workflows: known };
    let node = &entry.value;
    let written = node.get("tasks").map_or(&[][..], Node::items);
    Workflow {
        name: entry.key.clone(),
        description: node.get_text("description").cloned(),
        type_id: entity_type.id,
        trigger: node.get("on").and_then(|on| of.trigger(context, on)).unwrap_or(Trigger::Demand),
        scope: node.get("where").and_then(|scope| condition(context, scope, &env)),
        tasks: written.iter().filter_map(|task| of.task(context, task)).collect(),
        at: context.location(entry.key_span),
    }
}

/// What one workflow is about.
struct Of<'a> {
    entity_type: &'a EntityType,
    env: &'a Env,
    ground: &'a Ground<'a>,
    workflows: &'a [&'a str],
}

impl Of<'_> {
    fn trigger(&self, context: &mut Context<'_>, on: &Node) -> Option<Trigger> {
        let kinds = ["date", "changed", "gains", "loses", "enters", "idle"];
        let said: Vec<&Entry> =
            on.entries().iter().filter(|entry| kinds.contains(&&*entry.key)).collect();
        let [only] = said.as_slice() else {
            context.error(
                "E0801",
                on.span,
                "a trigger is exactly one of `date`, `changed`, `gains`, `loses`, `enters` and `idle`",
                "make a second workflow for a second trigger; leave `on` out for one on demand",
            );
            return None;
        };
        let node = &only.value;
        match &*only.key {
            "date" => self.date(context, on, node),
            "changed" => {
                let names = node.items().iter();
                Some(Trigger::Changed(names.filter_map(|name| self.kept(context, name)).collect()))
            }
            "gains" => self.role(context, node).map(Trigger::Gained),
            "loses" => self.role(context, node).map(Trigger::Lost),
            "idle" => self.idle(context, node).map(Trigger::Idle),
            _ => {
                let states = self.ground.lifecycles.get(self.entity_type.id.index())?;
                let name = node.text()?;
                systems::find_state(context, states, name, node.span, self.entity_type)
                    .map(Trigger::Entered)
            }
        }
    }

    fn date(&self, context: &mut Context<'_>, on: &Node, node: &Node) -> Option<Trigger> {
        let length = |key: &str| on.get_text(key).and_then(|text| parse_duration(text));
        if on.get("before").is_some() && on.get("after").is_some() {
            let place = on.entry("after").map_or(on.span, |entry| entry.key_span);
            let help = "leave one of them out";
            context.error("E0801", place, "`before` and `after` stand together", help);
        }
        let offset = length("after").unwrap_or_default() - length("before").unwrap_or_default();
        let late = length("late").unwrap_or(LATE);
        Some(Trigger::Date { instant: self.instant(context, node)?, offset, late })
    }

    /// An expression that gives a date or an instant; what evaluates it makes a date an instant.
    fn instant(&self, context: &mut Context<'_>, node: &Node) -> Option<muster_policy::Rule> {
        let rule = rule_of_any(context, node, self.env, &[DATE, INSTANT])?;
        if *rule.program.ty() == TEXT {
            let help = "make it one with `date(…)` or `datetime(…)`";
            context.error("E0407", node.span, "a date is needed here, this is string", help);
            return None;
        }
        Some(rule)
    }

    fn role(&self, context: &mut Context<'_>, node: &Node) -> Option<usize> {
        let name = node.text()?;
        let found = self.ground.roles.get(name).copied();
        if found.is_none() {
            let help = known_names(name, "roles", self.ground.roles.keys().map(|name| &**name));
            context.error("E0601", node.span, format!("unknown role `{name}`"), help);
        }
        found
    }

    /// An account type of the identity that warns before it is disabled for lack of use.
    fn idle(&self, context: &mut Context<'_>, node: &Node) -> Option<AccountRef> {
        let name = node.text()?;
        let named = self.ground.systems.iter().flat_map(|system| {
            let types = system.accounts.iter().enumerate();
            types.map(move |(account, of)| {
                let named = format!("{}.{}", system.name, of.name);
                (named, AccountRef { system: system.id, account }, of)
            })
        });
        let warns: Vec<(String, AccountRef)> = named
            .filter(|(.., of)| of.identity == self.entity_type.id)
            .filter(|(.., of)| of.idle.as_ref().is_some_and(|idle| idle.warn.is_some()))
            .map(|(named, account, _)| (named, account))
            .collect();
        let found = warns.iter().find(|(named, _)| **named == **name).map(|(_, account)| *account);
        if found.is_none() {
            let known = warns.iter().map(|(named, _)| named.as_str());
            let help = known_names(name, "account types that warn", known);
            let message = format!("nobody is warned of `{name}`");
            context.error("E0801", node.span, message, help);
        }
        found
    }

    /// A kept attribute.
    fn kept(&self, context: &mut Context<'_>, node: &Node) -> Option<Slot> {
        let name = node.text()?;
        let Some(attribute) = self.entity_type.attribute_named(name) else {
            let attributes = &self.entity_type.attributes;
            unknown_attribute(context, node.span, name, &self.entity_type.name, attributes);
            return None;
        };
        if !attribute.kind.is_kept() {
            context.error(
                "E0802",
                node.span,
                format!("`{name}` is worked out, not kept"),
                "name an attribute that it is worked out from",
            );
            return None;
        }
        Some(attribute.slot)
    }

    fn task(&self, context: &mut Context<'_>, node: &Node) -> Option<WorkflowTask> {
        let said: Vec<&Entry> =
            node.entries().iter().filter(|entry| !spec::COMMON.contains(&&*entry.key)).collect();
        let [only] = said.as_slice() else {
            context.error(
                "E0803",
                node.span,
                "a task has exactly one kind",
                "write one task after the other: `- mail: { … }`, `- wait: { for: 2d }`",
            );
            return None;
        };
        let key = spec::TASK.keys.iter().find(|key| key.name == &*only.key)?;
        let Shape::Group(group) = key.shape else { return None };
        self.check_task(context, only);
        Some(WorkflowTask {
            kind: only.key.clone(),
            name: node.get_text("name").cloned().unwrap_or_default(),
            when: node.get("when").and_then(|when| condition(context, when, self.env)),
            args: self.args(context, &only.key, &only.value, group),
            at: context.location(only.key_span),
        })
    }

    fn check_task(&self, context: &mut Context<'_>, task: &Entry) {
        let has = |key: &str| task.value.get(key).is_some();
        match &*task.key {
            "mail" | "pass" if !self.ground.mail => context.error(
                "E0804",
                task.key_span,
                "nothing says how mail is sent",
                "add `mail: { from: …, host: … }` to the project",
            ),
            "wait" if has("for") == has("until") => context.error(
                "E0803",
                task.key_span,
                "a wait has either `for` or `until`",
                "write `wait: { for: 2d }` or `wait: { until: person.startDate }`",
            ),
            _ => {}
        }
        let length = |kind: &str, key: &str| {
            let node = task.value.get(key).filter(|_| &*task.key == kind)?;
            Some((node, parse_duration(node.text()?)?))
        };
        if let Some((node, valid)) = length("pass", "valid")
            && !(10..=43_200).contains(&valid.as_mins())
        {
            context.error(
                "E0805",
                node.span,
                format!("a pass cannot be valid for {} minutes", valid.as_mins()),
                "write between `10m` and `43200m`, which are 30 days",
            );
        }
        if let Some((node, within)) = length("webhook", "answer_within")
            && !(5 * 60..=3 * 3600).contains(&within.as_secs())
        {
            context.error(
                "E0808",
                node.span,
                "nobody can wait so long, or so shortly, for an answer",
                "write between `5m` and `3h`",
            );
        }
    }

    fn args(
        &self,
        context: &mut Context<'_>,
        kind: &str,
        node: &Node,
        group: &Group,
    ) -> BTreeMap<Text, TaskArg> {
        let mut args = BTreeMap::new();
        let mut set_slot = None;
        for entry in node.entries() {
            let Some(key) = group.keys.iter().find(|key| key.name == &*entry.key) else { continue };
            let value = &entry.value;
            let arg = match (key.name, &key.shape) {
                ("role", _) => self.role(context, value).map(TaskArg::Role),
                ("attribute", _) => {
                    set_slot = self.settable(context, value);
                    set_slot.map(TaskArg::Attribute)
                }
                ("send", _) => self.sent(context, value),
                ("workflow", _) => self.workflow(context, value),
                ("from" | "until", Shape::Expression) => {
                    self.instant(context, value).map(TaskArg::Value)
                }
                ("to", Shape::Expression) => {
                    let texts = Type::List(Box::new(TEXT));
                    rule_of_any(context, value, self.env, &[TEXT, texts]).map(TaskArg::Value)
                }
                ("value", Shape::Expression) => {
                    let attribute = set_slot.and_then(|slot| self.entity_type.attribute(slot));
                    attribute.and_then(|attribute| {
                        let wanted = attribute_type(attribute);
                        rule(context, value, self.env, Some(&wanted)).map(TaskArg::Value)
                    })
                }
                ("subject" | "text" | "html", Shape::Text) => {
                    template::check(context, value, self, kind);
                    value.text().cloned().map(TaskArg::Text)
                }
                (_, Shape::Duration) => {
                    value.text().and_then(|text| parse_duration(text)).map(TaskArg::Length)
                }
                (_, Shape::Settings) => {
                    // Kept under its key, so that a lone secret is a setting as well.
                    Some(TaskArg::Settings(systems::settings_of(Some(node), node.span)))
                }
                (_, Shape::List(_)) => {
                    let texts = value.items().iter().filter_map(Node::text).cloned();
                    Some(TaskArg::Texts(texts.collect()))
                }
                _ => value.text().cloned().map(TaskArg::Text),
            };
            args.extend(arg.map(|arg| (entry.key.clone(), arg)));
        }
        if kind == "webhook" {
            let settings = TaskArg::Settings(systems::settings_of(Some(node), node.span));
            args.insert("settings".into(), settings);
        }
        args
    }

    fn sent(&self, context: &mut Context<'_>, value: &Node) -> Option<TaskArg> {
        let mut names = Vec::new();
        for name in value.items() {
            let text = name.text()?;
            if self.entity_type.attribute_named(text).is_none() {
                let attributes = &self.entity_type.attributes;
                unknown_attribute(context, name.span, text, &self.entity_type.name, attributes);
            }
            names.push(text.clone());
        }
        Some(TaskArg::Texts(names))
    }

    fn workflow(&self, context: &mut Context<'_>, value: &Node) -> Option<TaskArg> {
        let name = value.text()?;
        if !self.workflows.contains(&&**name) {
            let help = known_names(name, "workflows", self.workflows.iter().copied());
            context.error("E0806", value.span, format!("unknown workflow `{name}`"), help);
        }
        Some(TaskArg::Text(name.clone()))
    }

    /// An attribute that a task may write: kept, not made once, not unique, and no source's.
    fn settable(&self, context: &mut Context<'_>, node: &Node) -> Option<Slot> {
        let slot = self.kept(context, node)?;
        let attribute = self.entity_type.attribute(slot)?;
        let mut reads = self.ground.systems.iter().flat_map(|system| &system.reads);
        let owned = reads.any(|read| {
            read.type_id == self.entity_type.id && read.owns.iter().any(|(owned, _)| *owned == slot)
        });
        let problem = if owned {
            "a source owns it"
        } else if attribute.unique {
            "it has to be unique"
        } else if attribute.kind == AttributeKind::Generated {
            "it is made once and kept"
        } else if matches!(attribute.value_type, ValueType::Link(_)) {
            "it is a link"
        } else {
            return Some(slot);
        };
        context.error(
            "E0802",
            node.span,
            format!("a task cannot write `{}`: {problem}", attribute.name),
            "name a kept attribute that no source owns",
        );
        None
    }

    /// The names a template may use after the name of the type.
    fn attribute_names(&self) -> impl Iterator<Item = &str> {
        self.entity_type.attributes.iter().map(|attribute| &*attribute.name)
    }

    fn type_name(&self) -> &str {
        &self.entity_type.name
    }
}

/// A problem at a place in a template, which is not worth a byte range of its own.
fn report(context: &mut Context<'_>, span: Span, message: String, help: String) {
    context.error("E0807", span, message, help);
}
