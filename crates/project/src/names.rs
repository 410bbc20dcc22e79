//! Which names may be given to things.

use muster_model::{Diagnostic, Span};

use crate::context::Context;

/// Words that mean something in expressions and cannot name an attribute or a type.
const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "now",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// Variables that expressions have beside the entity, which no type may be named like.
const VARIABLES: &[&str] = &["account", "n", "name", "record"];

/// Checks the name of an attribute: a word that expressions can use.
pub(crate) fn attribute(context: &mut Context<'_>, name: &str, span: Span) {
    word(context, name, span, "an attribute", &[]);
}

/// Checks the name of an entity type.
pub(crate) fn entity_type(context: &mut Context<'_>, name: &str, span: Span) {
    word(context, name, span, "an entity type", VARIABLES);
}

fn word(context: &mut Context<'_>, name: &str, span: Span, what: &str, taken: &[&str]) {
    let mut chars = name.chars();
    let good_start = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let good = good_start && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !good {
        context.error(
            "E0207",
            span,
            format!("`{name}` cannot be the name of {what}"),
            "expressions use it: write letters a-z, digits and `_`, and begin with a letter",
        );
    } else if RESERVED.contains(&name) || taken.contains(&name) {
        context.error(
            "E0207",
            span,
            format!("`{name}` cannot be the name of {what}: it means something in expressions"),
            "choose another name",
        );
    }
}

/// Checks the name of a system, an account type or a kind of entitlement: it stands in `system.kind`.
pub(crate) fn part(context: &mut Context<'_>, name: &str, span: Span, what: &str) {
    let good = name.chars().next().is_some_and(char::is_alphanumeric)
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if !good {
        context.report(
            Diagnostic::error("E0207", span, format!("`{name}` cannot be the name of {what}"))
                .help("write letters, digits, `-` and `_`; a dot separates system and kind"),
        );
    }
}

/// Checks the name of a role, duty, conflict or lifecycle state: printable text without blanks at its ends.
pub(crate) fn free(context: &mut Context<'_>, name: &str, span: Span, what: &str) {
    if name.is_empty() || name.trim() != name || name.chars().any(char::is_control) {
        context.report(
            Diagnostic::error(
                "E0207",
                span,
                format!("`{}` cannot be the name of {what}", name.escape_debug()),
            )
            .help("write text without line ends and without blanks around it"),
        );
    }
}
