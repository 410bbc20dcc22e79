//! The matrix of rights: which token, and which right of a person, each operation takes.

use std::fmt::Write as _;

use muster_policy::Right;

use crate::operations;

/// The page of the manual.
pub fn rights_matrix() -> String {
    let mut text = String::from(
        "# Rights\n\nA program's token opens what its scopes say. A token that acts for a person opens only what the roles of that \
         person allow: their `muster:` in the [model files](model-files.md).\n\n## What may be allowed\n\n\
         | Right | What it allows | `over` narrows it |\n|---|---|---|\n",
    );
    for (right, word, what) in Right::TABLE {
        let narrowed = if right.is_about_people() { "yes" } else { "" };
        // Writing into a String cannot fail.
        _ = writeln!(text, "| `{word}` | {what} | {narrowed} |");
    }
    text.push_str(
        "\n## What each operation takes\n\n| Operation | Address | Scope of a program | Right of a person |\n|---|---|---|---|\n",
    );
    for operation in operations() {
        let scope = if operation.is_open { "none" } else { operation.scope().word() };
        let anybody = if operation.is_open { "nobody is asked" } else { "any token" };
        let right = operation.right.map_or(anybody, Right::word);
        _ = writeln!(
            text,
            "| `{}` | {} `/api/v1{}` | `{scope}` | `{right}` |",
            operation.id, operation.method, operation.path
        );
    }
    text
}
