//! `request:` of a role: who may ask for it, who decides, on which terms.

use std::sync::Arc;

use jiff::SignedDuration;
use muster_lang::{Variable, VariableType, compile_condition};
use muster_model::{EntityType, Schema, Text, TypeId};
use muster_policy::{ApprovalStage, Approver, RequestPolicy, RequestTerms, ReviewTerms, Rule};

use super::{RoleNames, find_role};
use crate::{
    context::Context,
    duration::parse_duration,
    expression::{about_identity, condition},
    types::identity_link,
    yaml::Node,
};

/// Stages of one approval at most.
const STAGES: usize = 3;

/// Where the names in a policy come from.
struct Ground<'a> {
    role: &'a Node,
    schema: &'a Schema,
    entity_type: &'a EntityType,
    known: &'a RoleNames,
}

/// The policies of a role. One with problems is left out, which is reported.
pub(super) fn policies(
    context: &mut Context<'_>,
    role: &Node,
    schema: &Arc<Schema>,
    entity_type: &EntityType,
    known: &RoleNames,
) -> Vec<RequestPolicy> {
    let ground = Ground { role, schema, entity_type, known };
    let mut policies = Vec::new();
    for node in role.get("request").map_or(&[][..], Node::items) {
        let who = match node.get("who") {
            // A condition with problems must not become one that holds for everybody.
            Some(who) => match asking(context, who, schema, entity_type) {
                Some(who) => Some(who),
                None => continue,
            },
            None => None,
        };
        let terms = terms(context, node, &ground);
        policies.push(RequestPolicy { who, terms, at: context.location(node.span) });
    }
    policies
}

/// The condition for each type of whoever asks for which it can be read. Where there is none, the problems are those for the type
/// that would get the role.
fn asking(
    context: &mut Context<'_>,
    node: &Node,
    schema: &Arc<Schema>,
    entity_type: &EntityType,
) -> Option<Vec<(TypeId, Rule)>> {
    let env = |me: TypeId| {
        let mut env = about_identity(schema, entity_type);
        env.variables.push(Variable { name: "me".into(), ty: VariableType::Entity(me) });
        env
    };
    let text = node.text()?;
    let at = context.location(node.span);
    let identities = schema.types.iter().filter(|of| of.identity);
    let read = identities.filter_map(|of| {
        let program = compile_condition(text, &env(of.id)).ok()?;
        Some((of.id, Rule { program, at: at.clone() }))
    });
    let read: Vec<(TypeId, Rule)> = read.collect();
    if read.is_empty() {
        condition(context, node, &env(entity_type.id))?;
    }
    Some(read)
}

fn terms(context: &mut Context<'_>, node: &Node, ground: &Ground<'_>) -> RequestTerms {
    let default = RequestTerms::default();
    let time = |key: &str| node.get_text(key).and_then(|text| parse_duration(text));
    let questions = node.get("questions").map_or(&[][..], Node::items);
    let terms = RequestTerms {
        stages: stages(context, node, ground),
        longest: time("longest"),
        usual: time("usual"),
        reason: node.get_text("reason").is_none_or(|word| &**word == "required"),
        questions: questions.iter().filter_map(Node::text).cloned().collect(),
        timeout: time("timeout").unwrap_or(default.timeout),
        remind: time("remind"),
        escalate: time("escalate"),
        extend: node.get_text("extend").is_some_and(|word| &**word == "free"),
        review: node.get("review").and_then(|review| {
            let every = parse_duration(review.get_text("every")?)?;
            Some(ReviewTerms { every, name: review.get_text("name")?.clone() })
        }),
    };
    let timeout = Some(terms.timeout);
    let pairs = [
        ("usual", terms.usual, "longest", terms.longest),
        ("remind", terms.remind, "timeout", timeout),
        ("escalate", terms.escalate, "timeout", timeout),
    ];
    for (key, time, limit, most) in pairs {
        let at = node.get(key).or(node.get(limit));
        if let (Some(time), Some(most), Some(at)) = (time, most, at) {
            in_time(context, at, (key, time), (limit, most));
        }
    }
    for key in ["longest", "usual", "timeout"] {
        if let Some(at) = node.get(key).filter(|_| time(key) == Some(SignedDuration::ZERO)) {
            let help = "leave the key out, or write a length of time such as `30d`";
            context.error("E0614", at.span, format!("`{key}` is no time at all"), help);
        }
    }
    terms
}

fn in_time(
    context: &mut Context<'_>,
    at: &Node,
    (key, time): (&str, SignedDuration),
    (limit, most): (&str, SignedDuration),
) {
    let fits = if limit == "timeout" { time < most } else { time <= most };
    if !fits {
        let message = format!("`{key}` does not come before `{limit}` is over");
        context.error(
            "E0614",
            at.span,
            message,
            format!("make `{key}` shorter or `{limit}` longer"),
        );
    }
}

fn stages(context: &mut Context<'_>, node: &Node, ground: &Ground<'_>) -> Vec<ApprovalStage> {
    let Some(list) = node.get("approval") else { return Vec::new() };
    if list.items().len() > STAGES {
        context.error(
            "E0613",
            list.span,
            format!("an approval has at most {STAGES} stages"),
            "one role can hold everybody who has to know; one of them decides",
        );
    }
    list.items().iter().filter_map(|item| stage(context, item, ground)).collect()
}

fn stage(context: &mut Context<'_>, item: &Node, ground: &Ground<'_>) -> Option<ApprovalStage> {
    let ways = ["by", "person", "role"];
    let given: Vec<(&str, &Node)> = match item.text() {
        Some(_) => vec![("by", item)],
        None => ways.iter().filter_map(|key| Some((*key, item.get(key)?))).collect(),
    };
    let &[(key, said)] = given.as_slice() else {
        let help = "write one of `by`, `person` and `role`";
        context.error("E0613", item.span, "it is not clear who decides this stage", help);
        return None;
    };
    let fallback = match item.get("fallback") {
        Some(name) => Some(find_role(context, ground.known, name)?),
        None => None,
    };
    let text = said.text()?;
    let (name, by) = match key {
        "person" => (format!("person {text}").into(), Approver::Person(text.clone())),
        "role" => {
            (format!("role {text}").into(), Approver::Role(find_role(context, ground.known, said)?))
        }
        _ => (text.clone(), relation(context, said, text, ground)?),
    };
    Some(ApprovalStage { name, by, fallback })
}

/// `manager`, `owner`, `sponsor`.
fn relation(
    context: &mut Context<'_>,
    at: &Node,
    word: &Text,
    ground: &Ground<'_>,
) -> Option<Approver> {
    if &**word == "owner" {
        let Some(owner) = ground.role.get_text("owner") else {
            let help = "say `owner:` at the role, or name who decides";
            context.error("E0613", at.span, "the role has no owner who could decide", help);
            return None;
        };
        let role = ground.known.get(owner);
        return Some(
            role.map_or_else(|| Approver::Person(owner.clone()), |at| Approver::Role(*at)),
        );
    }
    let found = identity_link(ground.schema, ground.entity_type, word);
    if found.is_none() {
        let of = &ground.entity_type.name;
        context.error(
            "E0613",
            at.span,
            format!("`{of}` has no `{word}` who could decide"),
            format!("add an attribute `{word}: {{ type: link, to: {of} }}`, or name who decides"),
        );
    }
    found.map(Approver::Link)
}
