//! Sources that clients push to (`scim-inbound`): what a client pushes of one type goes to one source.

use std::collections::BTreeMap;

use muster_model::{Diagnostic, Span, Text, TypeId};

use super::Draft;
use crate::{
    context::Context,
    yaml::{Entry, Node},
};

/// As in `connector: scim-inbound`.
const PUSHED: &str = "scim-inbound";

/// Reports a source whose client pushes the same type to another one.
pub(super) fn each_once(context: &mut Context<'_>, entries: &[&Entry], drafts: &[Draft]) {
    let mut known: BTreeMap<(Text, TypeId), Span> = BTreeMap::new();
    for (entry, draft) in entries.iter().zip(drafts) {
        let written = entry.value.get("settings").and_then(|settings| settings.get("client"));
        let named = written.and_then(|node| Some((node.span, Node::text(node)?)));
        let Some((span, client)) = named.filter(|_| &*draft.system.connector == PUSHED) else {
            continue;
        };
        for read in &draft.system.reads {
            let first = *known.entry((client.clone(), read.type_id)).or_insert(span);
            if first == span {
                continue;
            }
            let message = format!("the client `{client}` pushes the same type to two sources");
            let help = "let each client push a type to one source, or give the other source a client of its own";
            let diagnostic = Diagnostic::error("E0515", span, message);
            context.report(diagnostic.related(first, "the first one").help(help));
            break;
        }
    }
}
