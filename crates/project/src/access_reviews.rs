//! Access reviews: from `reviews:` to whom and what they are about, when they open and who decides.

use std::sync::Arc;

use jiff::{SignedDuration, civil::Date};
use muster_model::{AttributeKind, EntityType, Schema, Slot, Span, SystemId, Text};
use muster_policy::{
    AccessReview, Approver, Limit, ReasonFor, ReviewOpening, ReviewScope, ReviewStage, Reviewer,
    Role, Schedule, SetAside, Silence,
};

use crate::{
    context::Context,
    duration::parse_duration,
    expression::{about_identity, condition},
    names,
    roles::{RoleNames, find_role, find_roles},
    suggest::known_names,
    systems::{Names, references},
    types::{identity_link, identity_type, unknown_attribute},
    yaml::{Entry, Node},
};

/// Stages of one review at most.
const STAGES: usize = 3;
const DUE: SignedDuration = SignedDuration::from_hours(14 * 24);
const GRACE: SignedDuration = SignedDuration::from_hours(3 * 24);
const WITHHOLD: SignedDuration = SignedDuration::from_hours(365 * 24);
const GUARD: Limit = Limit { max: 5, percent: 10 };

/// Where the names in reviews come from.
pub(crate) struct Ground<'a> {
    pub(crate) schema: &'a Arc<Schema>,
    pub(crate) roles: &'a RoleNames,
    pub(crate) systems: &'a [&'a Entry],
    pub(crate) names: &'a Names,
}

/// Builds the reviews in order of name.
pub(crate) fn access_reviews(
    context: &mut Context<'_>,
    entries: &[&Entry],
    ground: &Ground<'_>,
) -> Vec<AccessReview> {
    let built = entries.iter().filter_map(|entry| {
        names::free(context, &entry.key, entry.key_span, "a review");
        let entity_type = identity_type(context, ground.schema, entry, "the review")?;
        Some(review(context, entry, entity_type, ground))
    });
    built.collect()
}

/// Reports policies of requests that name a review which cannot ask about what they give.
pub(crate) fn named_by_policies(
    context: &mut Context<'_>,
    roles: (&[&Entry], &[Option<Role>]),
    reviews: &[AccessReview],
) {
    for (entry, role) in roles.0.iter().zip(roles.1) {
        let policies = entry.value.get("request").map_or(&[][..], Node::items);
        for policy in policies.iter().filter_map(|policy| policy.get("review")) {
            if let (Some(at), Some(role)) = (policy.get("name"), role) {
                named_by_policy(context, at, role, reviews);
            }
            let every = policy.get("every");
            let time = every.and_then(Node::text).and_then(|text| parse_duration(text));
            if let Some(at) = every.filter(|_| time == Some(SignedDuration::ZERO)) {
                let help = "write a length of time such as `90d`";
                context.error("E0614", at.span, "`every` is no time at all", help);
            }
        }
    }
}

fn named_by_policy(context: &mut Context<'_>, at: &Node, role: &Role, reviews: &[AccessReview]) {
    let Some(name) = at.text() else { return };
    match reviews.iter().find(|review| review.name == *name) {
        Some(review) if review.type_id == role.type_id => {}
        Some(_) => {
            let message = format!("review `{name}` is about another entity type");
            let help = "name a review that is `for:` the type of the role";
            context.error("E0618", at.span, message, help);
        }
        None => {
            let help = known_names(name, "reviews", reviews.iter().map(|review| &*review.name));
            context.error("E0618", at.span, format!("unknown review `{name}`"), help);
        }
    }
}

fn review(
    context: &mut Context<'_>,
    entry: &Entry,
    entity_type: &EntityType,
    ground: &Ground<'_>,
) -> AccessReview {
    let node = &entry.value;
    let time = |key: &str| node.get_text(key).and_then(|text| parse_duration(text));
    let review = AccessReview {
        name: entry.key.clone(),
        description: node.get_text("description").cloned(),
        type_id: entity_type.id,
        scope: scope(context, node.get("scope"), entity_type, ground),
        open: opening(context, node.get("open"), entity_type),
        stages: stages(context, (node.get("stages"), entry.key_span), entity_type, ground),
        fallback: role_or_person(ground, node.get_text("fallback")),
        due: time("due").unwrap_or(DUE),
        remind: time("remind"),
        silence: match node.get_text("silence").map(|word| &**word) {
            Some("revoke") => Silence::Revoke,
            Some("ask") => Silence::Ask,
            Some(_) | None => Silence::Keep,
        },
        guard: node.get("guard").map_or(GUARD, limit),
        grace: time("grace").unwrap_or(GRACE),
        withhold: time("withhold").unwrap_or(WITHHOLD),
        set_aside: set_aside(node.get("set_aside")),
        reason: match node.get_text("reason").map(|word| &**word) {
            Some("all") => ReasonFor::All,
            Some("none") => ReasonFor::Nothing,
            Some(_) | None => ReasonFor::Changes,
        },
        at: context.location(entry.key_span),
    };
    times(context, node, &review);
    review
}

/// Reports times that cannot be.
fn times(context: &mut Context<'_>, node: &Node, review: &AccessReview) {
    let is_late = review.remind.is_some_and(|remind| remind >= review.due);
    if let Some(at) = node.get("remind").filter(|_| is_late) {
        let help = "make `remind` shorter or `due` longer";
        context.error("E0617", at.span, "`remind` does not come before `due` is over", help);
    }
    for (key, time) in [("due", review.due), ("withhold", review.withhold)] {
        if let Some(at) = node.get(key).filter(|_| time.is_zero()) {
            let help = "write a length of time such as `14d`";
            context.error("E0617", at.span, format!("`{key}` is no time at all"), help);
        }
    }
    let lacks_time = review.open.dormant && review.scope.unused_for.is_none();
    if let Some(at) = node.get("open").filter(|_| lacks_time) {
        let help = "say `unused_for` in the scope, for example `30d`";
        context.error("E0617", at.span, "it is not said when something is dormant", help);
    }
}

fn limit(node: &Node) -> Limit {
    let number = |key: &str| node.get_text(key).and_then(|text| text.parse().ok());
    let percent = node.get_text("percent").and_then(|text| text.parse().ok());
    Limit { max: number("max").unwrap_or(0), percent: percent.unwrap_or(0) }
}

fn set_aside(node: Option<&Node>) -> SetAside {
    let Some(list) = node else { return SetAside { by_rule: true, unchanged: true } };
    let has =
        |word: &str| list.items().iter().any(|item| item.text().is_some_and(|w| **w == *word));
    SetAside { by_rule: has("by_rule"), unchanged: has("unchanged") }
}

fn scope(
    context: &mut Context<'_>,
    node: Option<&Node>,
    entity_type: &EntityType,
    ground: &Ground<'_>,
) -> ReviewScope {
    let Some(node) = node else { return ReviewScope::default() };
    let env = about_identity(ground.schema, entity_type);
    let time = |key: &str| node.get_text(key).and_then(|text| parse_duration(text));
    let mut systems = Vec::new();
    for item in node.get("systems").map(Node::several).unwrap_or_default() {
        systems.extend(system(context, item, ground));
    }
    ReviewScope {
        people: node.get("people").and_then(|people| condition(context, people, &env)),
        roles: find_roles(context, ground.roles, node.get("roles")),
        systems,
        entitlements: node
            .get("entitlements")
            .map(|list| references(context, ground.names, list))
            .unwrap_or_default(),
        risk: node.get_text("risk").and_then(|risk| risk.parse().ok()),
        not_reviewed_for: time("not_reviewed_for"),
        unused_for: time("unused_for"),
        orphans: node.flag("orphans"),
    }
}

fn system(context: &mut Context<'_>, node: &Node, ground: &Ground<'_>) -> Option<SystemId> {
    let name = node.text()?;
    let found = ground.systems.iter().position(|entry| entry.key == *name);
    if found.is_none() {
        let help = known_names(name, "systems", ground.systems.iter().map(|entry| &*entry.key));
        context.error("E0504", node.span, format!("unknown system `{name}`"), help);
    }
    found.and_then(|at| u16::try_from(at).ok()).map(SystemId)
}

fn opening(
    context: &mut Context<'_>,
    node: Option<&Node>,
    entity_type: &EntityType,
) -> ReviewOpening {
    let Some(node) = node else { return ReviewOpening::default() };
    let mut open = ReviewOpening {
        outside: node.flag("outside"),
        dormant: node.flag("dormant"),
        ..ReviewOpening::default()
    };
    for item in node.get("dates").map(Node::several).unwrap_or_default() {
        let Some(text) = item.text() else { continue };
        if let Ok(date) = text.parse::<Date>() {
            open.dates.push(date);
        } else {
            let help = "write year, month and day: `2026-11-16`";
            context.error("E0617", item.span, format!("`{text}` is no day"), help);
        }
    }
    open.dates.sort_unstable();
    if let Some(at) = node.get("at")
        && let Some(text) = at.text()
    {
        match Schedule::parse(text) {
            Ok(schedule) => open.at = Some((schedule, context.timezone.clone())),
            Err(problem) => {
                let help = "write minute, hour, day, month and day of the week: `0 8 1 */3 *`";
                context.error("E0534", at.span, format!("this is no schedule: {problem}"), help);
            }
        }
    }
    for item in node.get("moved").map(Node::several).unwrap_or_default() {
        open.moved.extend(kept(context, item, entity_type));
    }
    open
}

/// An attribute whose former values are known.
fn kept(context: &mut Context<'_>, node: &Node, entity_type: &EntityType) -> Option<Slot> {
    let name = node.text()?;
    let Some(attribute) = entity_type.attribute_named(name) else {
        unknown_attribute(context, node.span, name, &entity_type.name, &entity_type.attributes);
        return None;
    };
    if matches!(attribute.kind, AttributeKind::Stored | AttributeKind::Generated) {
        return Some(attribute.slot);
    }
    let message = format!("`{name}` is worked out each time, so nobody can see it change");
    context.error("E0617", node.span, message, "name the attributes that it is worked out from");
    None
}

fn stages(
    context: &mut Context<'_>,
    (node, at): (Option<&Node>, Span),
    entity_type: &EntityType,
    ground: &Ground<'_>,
) -> Vec<ReviewStage> {
    let Some(list) = node else {
        let by = relation(context, "manager", at, entity_type, ground);
        return by.map(|by| ReviewStage { name: "manager".into(), by }).into_iter().collect();
    };
    if list.items().is_empty() || list.items().len() > STAGES {
        let message = format!("a review has one to {STAGES} stages");
        context.error("E0616", list.span, message, "for example `stages: [manager, owner]`");
    }
    list.items().iter().filter_map(|item| stage(context, item, entity_type, ground)).collect()
}

fn stage(
    context: &mut Context<'_>,
    item: &Node,
    entity_type: &EntityType,
    ground: &Ground<'_>,
) -> Option<ReviewStage> {
    let ways = ["by", "person", "role"];
    let given: Vec<(&str, &Node)> = match item.text() {
        Some(_) => vec![("by", item)],
        None => ways.iter().filter_map(|key| Some((*key, item.get(key)?))).collect(),
    };
    let &[(key, said)] = given.as_slice() else {
        let help = "write one of `by`, `person` and `role`";
        context.error("E0616", item.span, "it is not clear who decides this stage", help);
        return None;
    };
    let text = said.text()?;
    let (name, by) = match (key, &**text) {
        ("person", _) => {
            (format!("person {text}").into(), Reviewer::By(Approver::Person(text.clone())))
        }
        ("role", _) => {
            let role = find_role(context, ground.roles, said)?;
            (format!("role {text}").into(), Reviewer::By(Approver::Role(role)))
        }
        (_, "self") => (text.clone(), Reviewer::Own),
        (_, "owner") => (text.clone(), Reviewer::Owner),
        _ => (text.clone(), relation(context, text, said.span, entity_type, ground)?),
    };
    Some(ReviewStage { name, by })
}

/// `manager`, `sponsor`.
fn relation(
    context: &mut Context<'_>,
    name: &str,
    at: Span,
    entity_type: &EntityType,
    ground: &Ground<'_>,
) -> Option<Reviewer> {
    let found = identity_link(ground.schema, entity_type, name);
    if found.is_none() {
        let of = &entity_type.name;
        let message = format!("`{of}` has no `{name}` who could decide");
        let help =
            format!("add an attribute `{name}: {{ type: link, to: {of} }}`, or name who decides");
        context.error("E0616", at, message, help);
    }
    found.map(|slot| Reviewer::By(Approver::Link(slot)))
}

/// The role of this name, otherwise the person.
fn role_or_person(ground: &Ground<'_>, name: Option<&Text>) -> Approver {
    let name = name.cloned().unwrap_or_else(|| "".into());
    match ground.roles.get(&name) {
        Some(role) => Approver::Role(*role),
        None => Approver::Person(name),
    }
}
