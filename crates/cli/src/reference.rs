//! The reference pages of the book, made from the arguments and tables themselves.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory as _};

use crate::{args::Cli, exit};

/// The page `reference/cli.md`: every command with its arguments.
pub(crate) fn cli_page() -> String {
    let mut root = Cli::command();
    root.build();
    let mut page =
        "# Commands\n\nMade from the program itself by `muster man --markdown`.\n\n".to_owned();
    for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = command.get_name();
        let about = plain(command.get_about());
        // Writing into a String cannot fail, here and below.
        _ = writeln!(page, "* [`muster {name}`](#muster-{name}): {about}");
    }
    page.push_str("\n## Options of every command\n");
    arguments(&root, true, &mut page);
    for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
        section(command, "muster", 2, &mut page);
    }
    page
}

fn section(command: &Command, parent: &str, level: usize, page: &mut String) {
    let name = format!("{parent} {}", command.get_name());
    _ = writeln!(page, "\n{} {name}\n", "#".repeat(level));
    let about = command.get_long_about().or(command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let (title, rest) = about.split_once("\n\n").unwrap_or((&about, ""));
    _ = writeln!(page, "{}.\n", title.trim_end_matches('.'));
    if !rest.is_empty() {
        _ = writeln!(page, "{}\n", rest.trim());
    }
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").trim();
    _ = writeln!(page, "```text\n{usage}\n```");
    arguments(command, false, page);
    if let Some(after) = command.get_after_help() {
        _ = writeln!(page, "\n```text\n{}\n```", after.to_string().trim());
    }
    for inner in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        section(inner, &name, level + 1, page);
    }
}

/// The arguments of a command as a table; global ones only where they are wanted.
fn arguments(command: &Command, global: bool, page: &mut String) {
    let shown = |arg: &&Arg| {
        let id = arg.get_id().as_str();
        !arg.is_hide_set() && id != "help" && id != "version" && arg.is_global_set() == global
    };
    let mut all: Vec<&Arg> = command.get_arguments().filter(shown).collect();
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|arg| !arg.is_positional());
    page.push_str("\n| argument | meaning |\n|---|---|\n");
    for arg in all {
        let help = plain(arg.get_help()).replace('|', "\\|");
        let choices: Vec<String> = arg
            .get_possible_values()
            .iter()
            .filter(|value| !value.is_hide_set())
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        let choices = if choices.is_empty() || !arg.get_action().takes_values() {
            String::new()
        } else {
            format!(" ({})", choices.join(", "))
        };
        _ = writeln!(page, "| `{}` | {help}{choices} |", spelled(arg));
    }
}

fn spelled(arg: &Arg) -> String {
    let value = if arg.get_action().takes_values() {
        let names = arg.get_value_names().unwrap_or_default();
        names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    } else {
        String::new()
    };
    let many =
        if arg.get_num_args().is_some_and(|range| range.max_values() > 1) { "…" } else { "" };
    let mut names = Vec::new();
    names.extend(arg.get_short().map(|short| format!("-{short}")));
    names.extend(arg.get_long().map(|long| format!("--{long}")));
    let names = names.join(", ");
    match (names.is_empty(), value.is_empty()) {
        (true, _) => format!("{value}{many}"),
        (false, true) => names,
        (false, false) => format!("{names} {value}{many}"),
    }
}

fn plain(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(|text| text.to_string().replace('\n', " ")).unwrap_or_default()
}

/// The page `reference/exit-codes.md`.
pub(crate) fn exit_codes_page() -> String {
    let mut page = "# Exit codes\n\nThe same for all commands; also `muster help exit-codes`.\n\n| code | meaning |\n|---|---|\n".to_owned();
    for (exit, meaning) in exit::TABLE {
        _ = writeln!(page, "| {} | {meaning} |", exit.code());
    }
    page.push_str("\nTreat every other code but 0 as a failure.\n");
    page
}
