//! Commands that a server carries out: `--server URL --token-file FILE`, or `--profile NAME`.
//!
//! The API answers what `--output json` prints, so a command over a server is a line of a [table](table): which operation, which
//! argument goes where, which fields are the columns. Nothing is decided here.

pub(crate) mod profiles;
mod send;
mod server;
mod show;
mod table;

use std::collections::BTreeSet;

use clap::{ArgMatches, CommandFactory as _, parser::ValueSource};
use muster_api::{Answered, Operation};
use muster_http::Method;
use serde_json::Value as Json;

pub(crate) use self::server::client;
use self::{profiles::Profile, server::Server, table::Line};
use crate::{Exit, Result, args::Cli, error::CommandError, shell::Shell};

/// The server that a command is meant for; `None` when it is for this machine.
pub(crate) fn wanted(shell: &Shell) -> Result<Option<Profile>> {
    let global = &shell.global;
    if let Some(name) = &global.profile {
        let mut profiles = profiles::read(&shell.host)?;
        return profiles.remove(name).map(Some).ok_or_else(|| {
            CommandError::not_found(format!("there is no profile `{name}`"))
                .hint("muster profile list shows them, muster profile add makes one")
        });
    }
    let Some(server) = &global.server else { return Ok(None) };
    let Some(file) = &global.token_file else {
        return Err(CommandError::usage("a server needs a token")
            .hint("--token-file FILE names the file with it; muster token create makes one"));
    };
    let token_file = shell.path(file).to_string_lossy().into_owned();
    Ok(Some(Profile { server: server.clone(), token_file, ca: None }))
}

/// Carries a command out on a server.
pub(crate) async fn run(
    shell: &mut Shell,
    matches: &ArgMatches,
    profile: &Profile,
) -> Result<Exit> {
    let given = Given::new(matches);
    let line = given.line()?;
    let operation = muster_api::operations().into_iter().find(|known| known.id == line.operation);
    let Some(operation) = operation else {
        return Err(CommandError::new(Exit::Failed, format!("there is no `{}`", line.operation)));
    };
    let server = Server::open(profile)?;
    let values = send::values(shell, line, &given, &operation, &server).await?;
    shell.stop_gracefully();
    let answer = server.ask(send::request(&operation, &values)?).await?;
    let answer: Json = match (answer.status(), answer.json()) {
        (_, Ok(json)) => json,
        (status, Err(_)) => {
            return Err(CommandError::new(Exit::Failed, format!("the server answered {status}")));
        }
    };
    let document = match operation.answered {
        Answered::Job => server.follow(shell, &answer).await?,
        Answered::One(_) | Answered::List(_) | Answered::Lines | Answered::File(_) => answer,
    };
    let exit = exit(&document);
    shell.ui.show(&show::report(line, send::is_paged(&operation), document))?;
    Ok(exit)
}

/// How a command ends whose answer says that not all is well.
fn exit(document: &Json) -> Exit {
    let is_false = |name: &str| document.get(name).and_then(Json::as_bool) == Some(false);
    match (is_false("ok"), is_false("done")) {
        (true, _) => Exit::Invalid,
        (false, true) => Exit::Failed,
        (false, false) => Exit::Done,
    }
}

/// A command as it was written.
#[derive(Debug)]
struct Given<'m> {
    /// Its words: `orders list`.
    command: String,
    /// The arguments of its own that were written.
    names: Vec<String>,
    /// What was written for them.
    matches: &'m ArgMatches,
}

impl<'m> Given<'m> {
    fn new(mut matches: &'m ArgMatches) -> Self {
        let mut words = Vec::new();
        let cli = Cli::command();
        let mut at = &cli;
        while let Some((word, inner)) = matches.subcommand() {
            words.push(word);
            matches = inner;
            at = at.find_subcommand(word).unwrap_or(at);
        }
        let written = |name: &&str| matches.value_source(name) == Some(ValueSource::CommandLine);
        let names = at.get_arguments().map(|argument| argument.get_id().as_str());
        let names = names.filter(written).map(str::to_owned).collect();
        Self { command: words.join(" "), names, matches }
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|own| own == name)
    }

    /// The line of the table that fits.
    fn line(&self) -> Result<&'static Line> {
        let command = &*self.command;
        let lines: Vec<&Line> =
            table::LINES.iter().filter(|line| line.command == command).collect();
        if lines.is_empty() {
            let why = table::HERE.iter().find(|(known, _)| *known == command);
            let why = why.map_or("no operation of the API does it", |(_, why)| why);
            let message = format!("`muster {command}` does not go to a server: {why}");
            return Err(CommandError::usage(message).hint("leave `--server` and `--profile` out"));
        }
        let fits = |line: &&Line| {
            let known = |name: &String| line.arguments().any(|argument| argument.name == name);
            let needed = |argument: &Argument| !argument.needed || self.has(argument.name);
            self.names.iter().all(known) && line.arguments().all(|argument| needed(&argument))
        };
        lines.iter().copied().find(|line| fits(line)).ok_or_else(|| {
            let all = lines.iter().flat_map(|line| line.arguments());
            let known: BTreeSet<&str> =
                all.map(|argument| argument.name).filter(|name| !name.is_empty()).collect();
            let known: Vec<&str> = known.into_iter().collect();
            let message =
                format!("these arguments of `muster {command}` do not go to a server together");
            CommandError::usage(message)
                .hint(format!("it takes: {}", known.join(", ").replace('_', "-")))
        })
    }
}

/// An argument of a line of the table.
#[derive(Debug, Clone, Copy)]
struct Argument {
    /// What it is called on the command line; empty for what is always sent.
    name: &'static str,
    /// The parameter; empty when it only chooses the line.
    parameter: &'static str,
    /// What is always sent.
    fixed: Option<&'static str>,
    /// Whether the line is only for commands with it.
    needed: bool,
}

impl Line {
    fn arguments(&self) -> impl Iterator<Item = Argument> {
        self.arguments.split(' ').filter(|text| !text.is_empty()).map(|text| {
            let fixed = text.strip_prefix('!');
            let needed = text.strip_prefix('+');
            let text = fixed.or(needed).unwrap_or(text);
            let (name, parameter) = text.split_once('=').unwrap_or((text, text));
            match fixed {
                Some(_) => {
                    Argument { name: "", parameter: name, fixed: Some(parameter), needed: false }
                }
                None => Argument { name, parameter, fixed: None, needed: needed.is_some() },
            }
        })
    }
}

/// The method as the client names it.
fn method(operation: &Operation) -> Method {
    match operation.method.as_str() {
        "GET" => Method::Get,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => Method::Post,
    }
}

#[cfg(test)]
mod tests;
