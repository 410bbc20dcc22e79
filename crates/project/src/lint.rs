//! Warnings: what can be used but probably does not say what was meant.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};
use muster_lang::{Binding, Clock, EmptyWorld, Env, Frame, IndexTest, Program, compile_condition};
use muster_model::{Diagnostic, Schema, Text, Value};
use muster_policy::{Grant, Role, TypeModel};

use crate::{
    context::Context,
    expression::{about_identity, inside_type},
    systems::Draft,
    yaml::{Entry, Node},
};

/// Looks at conditions of lifecycle states.
pub(crate) fn lifecycles(
    context: &mut Context<'_>,
    types: &[&Entry],
    schema: &std::sync::Arc<Schema>,
    models: &[TypeModel],
) {
    for ((entry, entity_type), model) in types.iter().zip(&schema.types).zip(models) {
        let env = inside_type(schema, entity_type);
        let written = entry.value.get("lifecycle").map_or(&[][..], Node::entries);
        let mut always: Option<&Entry> = None;
        for state in written {
            let at = model.lifecycle.iter().position(|known| known.name == state.key);
            let compiled = at.and_then(|at| model.lifecycle.get(at));
            let Some(compiled) = compiled else { continue };
            if let Some(first) = always {
                let message = format!("the state `{}` is never reached", state.key);
                context.report(
                    Diagnostic::warning("W0704", state.key_span, message)
                        .label("comes after a state that always holds")
                        .related(first.key_span, "this one always holds")
                        .help("put it before that state"),
                );
            }
            // A suspension by hand leads there, whatever its condition.
            if let Some(node) = state.value.get("when").filter(|_| at != model.suspended) {
                let what = format!("the state `{}`", state.key);
                condition(context, node, &compiled.when.program, &env, &what);
            }
            if compiled.when.program.constant() == Some(Value::Bool(true)) {
                always = always.or(Some(state));
            }
        }
    }
}

/// Looks at conditions of roles.
pub(crate) fn roles(
    context: &mut Context<'_>,
    entries: &[&Entry],
    schema: &std::sync::Arc<Schema>,
    roles: &[Option<Role>],
) {
    for (entry, role) in entries.iter().zip(roles) {
        let Some(role) = role else { continue };
        let Some((node, when)) = entry.value.get("when").zip(role.when.as_ref()) else { continue };
        let Some(entity_type) = schema.get(role.type_id) else { continue };
        let env = about_identity(schema, entity_type);
        let what = format!("the rule of `{}`", role.name);
        condition(context, node, &when.program, &env, &what);
    }
}

/// Account types that no role grants, by name or with an entitlement.
pub(crate) fn ungranted(context: &mut Context<'_>, drafts: &[Draft], roles: &[Option<Role>]) {
    let mut granted = BTreeSet::new();
    for grant in roles.iter().flatten().flat_map(|role| &role.grants) {
        match grant {
            Grant::Account { system, account, .. } => {
                granted.insert((*system, *account));
            }
            Grant::Entitlement { system, kind, .. } => {
                let draft = drafts.get(system.index());
                let kind = draft.and_then(|draft| draft.entitlements.get(*kind)?.as_ref());
                granted.extend(kind.map(|kind| (*system, kind.account)));
            }
        }
    }
    for draft in drafts {
        for (index, (name, span)) in draft.written_accounts().iter().enumerate() {
            if !granted.contains(&(draft.system.id, index)) {
                let full = format!("{}.{name}", draft.system.name);
                context.report(
                    Diagnostic::warning("W0705", *span, format!("no role grants `{full}`")).help(
                        format!("nobody gets such an account; add `grants: [{full}]` to a role"),
                    ),
                );
            }
        }
    }
}

/// Looks at one condition: false for good, or at odds with itself. Values that an attribute cannot have are errors of
/// the expression.
fn condition(context: &mut Context<'_>, node: &Node, program: &Program, env: &Env, what: &str) {
    if matches!(program.constant(), Some(Value::Bool(false) | Value::Null)) {
        context.report(
            Diagnostic::warning("W0701", node.span, format!("{what} never holds"))
                .help("leave it out, or write a condition that can be true"),
        );
        return;
    }
    let mut allowed: BTreeMap<Text, BTreeSet<Value>> = BTreeMap::new();
    for part in parts(program, env) {
        let Some(key) = part.index_key() else { continue };
        let IndexTest::OneOf(values) = &key.test else { continue };
        let values: BTreeSet<Value> = values.iter().cloned().collect();
        match allowed.get_mut(&key.text) {
            None => {
                allowed.insert(key.text, values);
            }
            Some(before) => {
                let was_possible = !before.is_empty();
                before.retain(|value| values.contains(value));
                if was_possible && before.is_empty() {
                    let message =
                        format!("{what} never holds: `{}` cannot have two values", key.text);
                    context.report(
                        Diagnostic::warning("W0702", place(context, node, &part), message)
                            .label("at odds with an earlier part")
                            .help("join alternatives with `||`, or write `in [..]`"),
                    );
                }
            }
        }
    }
}

/// The parts of a condition that are joined by `&&`, each compiled alone.
fn parts(program: &Program, env: &Env) -> Vec<Program> {
    let clock = Clock::new(Timestamp::UNIX_EPOCH);
    let bindings = vec![Binding::Absent; env.variables.len()];
    let world = EmptyWorld;
    let zone = TimeZone::UTC;
    let frame = Frame { bindings: &bindings, world: &world, clock: &clock, timezone: &zone };
    let parts = program.conditions(&frame);
    parts.iter().filter_map(|part| compile_condition(&part.source, env).ok()).collect()
}

/// Where a part of an expression stands: the last place, since an earlier equal part cannot be at odds with it.
fn place(context: &Context<'_>, node: &Node, part: &Program) -> muster_model::Span {
    let source: &str = part.source();
    match node.text().and_then(|text| text.rfind(source)) {
        Some(start) => context.within(node, start, start + source.len()),
        None => node.span,
    }
}
