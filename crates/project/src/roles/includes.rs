//! Roles that bring roles: no cycles, and for the same type of identity.

use muster_model::{Diagnostic, Span};
use muster_policy::Role;

use crate::{
    context::Context,
    roles::RoleNames,
    yaml::{Entry, Node},
};

/// Reports cycles of includes and includes across types.
pub(super) fn check(
    context: &mut Context<'_>,
    entries: &[&Entry],
    known: &RoleNames,
    roles: &[Option<Role>],
) {
    for (entry, role) in entries.iter().zip(roles) {
        let Some(role) = role else { continue };
        for item in entry.value.get("includes").map_or(&[][..], Node::items) {
            let index = item.text().and_then(|name| known.get(name));
            let included = index.and_then(|index| roles.get(*index)).and_then(Option::as_ref);
            let Some(included) = included.filter(|other| other.type_id != role.type_id) else {
                continue;
            };
            let (name, other) = (&included.name, context.type_name(included.type_id));
            let message = format!("the role `{name}` is for `{other}`, this one is not");
            context.error("E0603", item.span, message, "include roles of the same identity type");
        }
    }
    cycles(context, entries, known);
}

/// Walks the includes depth first with a stack of its own.
fn cycles(context: &mut Context<'_>, entries: &[&Entry], known: &RoleNames) {
    let includes = |index: usize| -> Vec<(usize, Span)> {
        let list = entries.get(index).and_then(|entry| entry.value.get("includes"));
        let items = list.map_or(&[][..], Node::items).iter();
        let found = items.filter_map(|item| Some((*known.get(item.text()?)?, item.span)));
        found.rev().collect()
    };
    let mut entered = vec![false; entries.len()];
    let mut done = vec![false; entries.len()];
    for root in 0..entries.len() {
        if entered.get(root) != Some(&false) {
            continue;
        }
        set(&mut entered, root);
        let mut stack = vec![(root, includes(root))];
        while let Some((index, open)) = stack.last_mut() {
            let index = *index;
            let Some((next, span)) = open.pop() else {
                set(&mut done, index);
                stack.pop();
                continue;
            };
            if entered.get(next) == Some(&false) {
                set(&mut entered, next);
                stack.push((next, includes(next)));
            } else if done.get(next) == Some(&false) {
                let path = stack.iter().map(|(index, _)| *index);
                let cycle: Vec<usize> = path.skip_while(|index| *index != next).collect();
                report(context, entries, &cycle, span);
            }
        }
    }
}

fn set(flags: &mut [bool], index: usize) {
    if let Some(flag) = flags.get_mut(index) {
        *flag = true;
    }
}

fn report(context: &mut Context<'_>, entries: &[&Entry], cycle: &[usize], span: Span) {
    let members: Vec<&&Entry> = cycle.iter().filter_map(|index| entries.get(*index)).collect();
    let mut names: Vec<&str> = members.iter().map(|entry| &*entry.key).collect();
    names.extend(members.first().map(|entry| &*entry.key));
    let message = format!("roles include each other: {}", names.join(" → "));
    let mut diagnostic = Diagnostic::error("E0602", span, message)
        .label("closes the circle")
        .help("take one of these includes out, or make one role of them");
    for entry in members {
        diagnostic = diagnostic.related(entry.key_span, format!("the role `{}`", entry.key));
    }
    context.report(diagnostic);
}
