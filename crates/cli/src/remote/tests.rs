//! Every command goes to a server or says why it does not; what the table names is there.

use std::collections::BTreeSet;

use clap::{Command, CommandFactory as _};

use super::table::{HERE, LINES};
use crate::args::Cli;

/// The commands that do something, with their words.
fn leaves<'c>(command: &'c Command, words: &str, found: &mut Vec<(String, &'c Command)>) {
    let inner: Vec<&Command> = command.get_subcommands().collect();
    // Some commands do something without a subcommand, too.
    if inner.is_empty() || !command.is_subcommand_required_set() && !words.is_empty() {
        found.push((words.trim().to_owned(), command));
    }
    for one in inner {
        leaves(one, &format!("{words} {}", one.get_name()), found);
    }
}

#[test]
fn every_command_has_an_operation_or_a_reason() {
    let cli = Cli::command();
    let mut found = Vec::new();
    leaves(&cli, "", &mut found);
    let commands: BTreeSet<&str> = found.iter().map(|(words, _)| words.as_str()).collect();
    let sent: BTreeSet<&str> = LINES.iter().map(|line| line.command).collect();
    let here: BTreeSet<&str> = HERE.iter().map(|(command, _)| *command).collect();
    for command in &commands {
        let has_inner = commands.iter().any(|other| other.starts_with(&format!("{command} ")));
        let is_known = sent.contains(command) || here.contains(command);
        assert!(is_known || has_inner, "`{command}` has neither an operation nor a reason");
    }
    assert_eq!(sent.intersection(&here).count(), 0);
    for command in sent.iter().chain(&here) {
        assert!(commands.contains(command), "there is no command `{command}`");
    }
}

#[test]
fn every_operation_is_a_command_or_is_for_programs() {
    let sent: BTreeSet<&str> = LINES.iter().map(|line| line.operation).collect();
    let for_programs = [
        "me",
        "access-requests.create",
        "access-requests.get",
        "access-requests.cancel",
        "guest-applications.offer",
        "guest-applications.create",
        "people.get",
        "people.count",
        "people.history",
        "people.remove",
        "explain.attribute",
        "lifecycle.anonymise-due",
        "journal.export",
        "journal.verify",
        "backups.make",
        "revisions.get",
        "model.get",
        "model.publish",
        "reports.file",
        "campaigns.evidence",
        "simulate.model",
        "jobs.list",
        "jobs.get",
        "jobs.stop",
    ];
    for operation in muster_api::operations() {
        let is_known = sent.contains(operation.id) || for_programs.contains(&operation.id);
        assert!(is_known, "no command uses `{}`", operation.id);
    }
}

#[test]
fn what_the_table_names_is_there() {
    let operations = muster_api::operations();
    let cli = Cli::command();
    let mut found = Vec::new();
    leaves(&cli, "", &mut found);
    for line in LINES {
        let operation = operations.iter().find(|operation| operation.id == line.operation);
        let operation = operation.unwrap_or_else(|| panic!("there is no `{}`", line.operation));
        let (_, command) = found.iter().find(|(words, _)| words == line.command).unwrap();
        for argument in line.arguments() {
            let is_there = command.get_arguments().any(|one| one.get_id() == argument.name);
            assert!(argument.name.is_empty() || is_there, "{}: {}", line.command, argument.name);
            for parameter in argument.parameter.split('/').filter(|name| !name.is_empty()) {
                let mut body = operation.body.iter().flat_map(|body| &body.0);
                let takes = operation.path_names().any(|name| name == parameter)
                    || operation.query.field(parameter).is_some()
                    || body.any(|field| field.name == parameter);
                assert!(takes, "{} takes no `{parameter}`", line.operation);
            }
        }
    }
}
