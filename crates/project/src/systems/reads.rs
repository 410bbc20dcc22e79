//! What a source tells: correlation, ownership of attributes, absence.

use jiff::SignedDuration;
use muster_lang::{Columns, Env};
use muster_model::{EntityType, Slot, Span, SystemId, TypeId, ValueType};
use muster_policy::{Absent, Guards, LifecycleState, Match, Read, Rule, Suggest};

use crate::{
    context::Context,
    duration::parse_duration,
    expression::{
        attribute_type, declared_columns, entity_variable, expression_type, match_rule,
        record_variable, rule_of_any, used_columns,
    },
    suggest::known_names,
    systems::{Ability, Ground, Owners, authority, authority::Claims, guards},
    types::{find_type, unknown_attribute},
    yaml::{Entry, Node},
};

/// How long incremental reads go on before everything is read again.
pub(super) const COMPLETE_EVERY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Builds the reads of a system, and what they say about absence.
pub(super) fn reads(
    context: &mut Context<'_>,
    system: &Node,
    id: SystemId,
    ground: &Ground<'_>,
    ability: Ability,
    owners: &mut Owners,
) -> (Vec<Read>, Vec<(TypeId, Absent, Span)>) {
    let mut reads = Vec::new();
    let mut absences = Vec::new();
    for entry in system.get("reads").map_or(&[][..], Node::entries) {
        ability.need(context, |can| can.read, entry.key_span, "read", "leave `reads` out");
        let Some(found) = find_type(context, ground.schema, &entry.key, entry.key_span) else {
            continue;
        };
        reads.push(read(context, entry, found, ground, &mut Claims { id, owners }));
        if let Some(absent) = absent(context, entry, found, ground) {
            absences.push(absent);
        }
    }
    (reads, absences)
}

fn read(
    context: &mut Context<'_>,
    entry: &Entry,
    entity_type: &EntityType,
    ground: &Ground<'_>,
    claims: &mut Claims<'_>,
) -> Read {
    let node = &entry.value;
    let columns = declared_columns(node.get("columns"));
    let owns = owns(context, node, entity_type, ground, &columns, claims);
    let env = Env {
        schema: ground.schema.clone(),
        variables: vec![record_variable("record", &columns), entity_variable(entity_type)],
        implicit: Some(1),
        now: false,
    };
    let matches = match node.get("match") {
        Some(rules) => matches(context, rules, &env),
        None => default_match(context, entry, entity_type, &env).into_iter().collect(),
    };
    Read {
        type_id: entity_type.id,
        class: node.get_text("class").cloned().unwrap_or_else(|| "".into()),
        columns: used_columns(&columns),
        matches,
        by_hand: false,
        owns,
        guards: Guards { limits: guards::limits(node.get("guards"), guards::READ) },
        absent: node.get("absent").is_some(),
        incremental: node.get("incremental").is_none() || node.flag("incremental"),
        complete_every: node
            .get_text("complete")
            .and_then(|text| parse_duration(text))
            .unwrap_or(COMPLETE_EVERY),
        suggest: suggest(node),
        at: context.location(entry.key_span),
    }
}

/// Which candidates a person is asked about.
pub(super) fn suggest(node: &Node) -> Suggest {
    match node.get_text("suggest").map(|word| &**word) {
        Some("all") => Suggest::All,
        Some(_) | None => Suggest::Best,
    }
}

/// Compiles rules of correlation, the first variable of `env` against the second.
pub(super) fn matches(context: &mut Context<'_>, node: &Node, env: &Env) -> Vec<Match> {
    let mut matches = Vec::new();
    for item in node.items() {
        let Some(on) = item.get("on") else { continue };
        let Some((theirs, ours)) = match_rule(context, on, env) else { continue };
        let confidence = item.get_text("confidence").and_then(|text| text.parse().ok());
        matches.push(Match {
            theirs,
            ours,
            confidence: confidence.unwrap_or(100),
            at: context.location(on.span),
        });
    }
    matches
}

/// The key attribute equals what the source says of it.
fn default_match(
    context: &mut Context<'_>,
    entry: &Entry,
    entity_type: &EntityType,
    env: &Env,
) -> Option<Match> {
    let key = entity_type.attribute(entity_type.key)?;
    let Some(value) = entry.value.get("owns").and_then(|owns| owns.get(&key.name)) else {
        context.error(
            "E0509",
            entry.key_span,
            format!("nothing says how a record finds its `{}`", entity_type.name),
            format!("add `match`, for example `match: [{{ on: {} == record.id }}]`", key.name),
        );
        return None;
    };
    let source = format!("{} == ({})", key.name, value.text()?);
    // Problems in the value itself are reported where it is compiled for `owns`.
    let (theirs, ours) = muster_lang::compile_match(&source, env, 0, 1).ok()?;
    Some(Match { theirs, ours, confidence: 100, at: context.location(value.span) })
}

fn owns(
    context: &mut Context<'_>,
    read: &Node,
    entity_type: &EntityType,
    ground: &Ground<'_>,
    columns: &Columns,
    claims: &mut Claims<'_>,
) -> Vec<(Slot, Rule)> {
    let env = Env {
        schema: ground.schema.clone(),
        variables: vec![record_variable("record", columns)],
        implicit: None,
        now: false,
    };
    let mut owns = Vec::new();
    for entry in read.get("owns").map_or(&[][..], Node::entries) {
        let Some(attribute) = entity_type.attribute_named(&entry.key) else {
            let (name, known) = (&entity_type.name, &entity_type.attributes);
            unknown_attribute(context, entry.key_span, &entry.key, name, known);
            continue;
        };
        authority::ownership(context, entry, entity_type, attribute, ground, claims);
        let as_text = expression_type(ValueType::Text, attribute.many);
        let types = [attribute_type(attribute), as_text];
        if let Some(rule) = rule_of_any(context, &entry.value, &env, &types) {
            owns.push((attribute.slot, rule));
        }
    }
    owns
}

fn absent(
    context: &mut Context<'_>,
    entry: &Entry,
    entity_type: &EntityType,
    ground: &Ground<'_>,
) -> Option<(TypeId, Absent, Span)> {
    let written = entry.value.entry("absent")?;
    let node = &written.value;
    if !entity_type.identity {
        context.error(
            "E0220",
            written.key_span,
            format!(
                "`{}` is not an identity type, so absence has no state to lead to",
                entity_type.name
            ),
            "leave `absent` out; the values that the record gave stay",
        );
        return None;
    }
    let keep = node.get_text("keep").and_then(|text| parse_duration(text)).unwrap_or_default();
    let states = ground.lifecycles.get(entity_type.id.index()).copied().unwrap_or(&[]);
    let (name, span) = match node.get("state") {
        Some(state) => (state.text()?.clone(), state.span),
        None => ("leaver".into(), written.key_span),
    };
    let state = find_state(context, states, &name, span, entity_type)?;
    Some((entity_type.id, Absent { keep, state }, written.key_span))
}

/// The position of a lifecycle state, reported when there is none of that name.
pub(crate) fn find_state(
    context: &mut Context<'_>,
    states: &[LifecycleState],
    name: &str,
    span: Span,
    entity_type: &EntityType,
) -> Option<usize> {
    let found = states.iter().position(|state| &*state.name == name);
    let lifecycle = entity_type.lifecycle();
    let declared = lifecycle.is_some_and(|all| all.choices.iter().any(|state| &**state == name));
    // A state whose condition has problems is not in the list, but it is declared.
    if found.is_none() && !declared {
        let known = lifecycle.map_or(&[][..], |attribute| &attribute.choices);
        let help = known_names(name, "lifecycle states", known.iter().map(|state| &**state));
        let message = format!("`{}` has no lifecycle state `{name}`", entity_type.name);
        context.error("E0224", span, message, help);
    }
    found
}
