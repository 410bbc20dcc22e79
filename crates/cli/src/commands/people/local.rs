//! `muster people add`, `edit`, `end`, `confirm`: entities that are entered by hand.

use std::path::PathBuf;

use muster_app::{Ctx, Opened};
use muster_engine::{
    LocalChange, LocalDone, LocalVerb, LookAlike, Values, change_one, confirm_local, edit_local,
    end_local, json, look_alikes,
};
use muster_model::{Text, Value};

use super::load::{self, LoadArgs};
use crate::{Exit, Result, error::CommandError, shell::Shell, ui::Report};

/// Enter somebody, or anything else that a type of the model is
///
/// Who is there already under a similar name is shown first. What a connected source owns is entered there.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: muster people add visitor name='Eve Adams' host=1042 until=2027-03-31"
)]
pub(crate) struct AddArgs {
    /// The entity type
    #[arg(value_name = "TYPE")]
    type_name: String,
    /// Its values; one that may have several is repeated
    #[arg(value_name = "ATTRIBUTE=VALUE", value_parser = parse_value, required_unless_present = "from")]
    values: Vec<(String, String)>,
    /// As many as a file has rows, as `muster people load` does
    #[arg(long, value_name = "FILE", conflicts_with_all = ["values", "anyway"])]
    from: Option<PathBuf>,
    /// Also when somebody with a similar name is there
    #[arg(long, visible_alias = "yes")]
    anyway: bool,
}

/// Change values that were entered by hand, or that no source owns
#[derive(clap::Args, Debug)]
pub(crate) struct EditArgs {
    /// Who or what, by key or, for a person, by another unique attribute
    #[arg(value_name = "KEY")]
    key: String,
    /// The new values; without a value the attribute is cleared
    #[arg(value_name = "ATTRIBUTE=VALUE", value_parser = parse_value, required = true)]
    values: Vec<(String, String)>,
    /// The entity type, where it holds no accounts
    #[arg(long = "type", value_name = "TYPE")]
    type_name: Option<String>,
}

/// End somebody who was entered by hand
///
/// At once, or at the end of the day or the instant that is named. A later end than the one there is needs the
/// sponsor: muster people confirm.
#[derive(clap::Args, Debug)]
pub(crate) struct EndArgs {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    person: String,
    /// The last day, or the instant
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// Say for the sponsor that somebody entered by hand is still wanted, until a later end
#[derive(clap::Args, Debug)]
pub(crate) struct ConfirmArgs {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    person: String,
    /// The new last day, or the new instant
    #[arg(long, value_name = "TIME")]
    until: String,
}

/// Reads `attribute=value`.
fn parse_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write ATTRIBUTE=VALUE, for example title=Guest".to_owned()),
    }
}

/// Values as they are entered: a name that is there several times has several values.
fn values(given: Vec<(String, String)>) -> Values {
    let mut values: Values = Vec::new();
    for (name, text) in given {
        let value = (!text.is_empty()).then(|| Value::text(text));
        match values.iter_mut().find(|(known, _)| **known == *name) {
            Some((_, known)) => {
                let mut items: Vec<Value> = known.iter().flat_map(Value::items).cloned().collect();
                items.extend(value);
                *known = Some(Value::set(items));
            }
            None => values.push((name.into(), value)),
        }
    }
    values
}

pub(super) async fn add(shell: &mut Shell, args: AddArgs) -> Result<Exit> {
    let AddArgs { type_name, values: given, from, anyway } = args;
    if let Some(file) = from {
        return load::run(shell, LoadArgs { file, type_name, dry_run: false }).await;
    }
    let (ctx, opened) = shell.open().await?;
    let change = LocalChange {
        verb: LocalVerb::Create,
        type_name: type_name.as_str().into(),
        entity: None,
        set: values(given),
        if_version: None,
        by: ctx.clone(),
    };
    if !anyway && let Some(exit) = doubt(shell, &ctx, &opened, &change).await? {
        return Ok(exit);
    }
    let done = change_one(&ctx, &opened, change).await?;
    show(shell, &done, &format!("{type_name} {} is entered", done.key))
}

/// Shows who is there already under a similar name; on a terminal it asks whether to go on.
async fn doubt(
    shell: &mut Shell,
    ctx: &Ctx,
    opened: &Opened,
    change: &LocalChange,
) -> Result<Option<Exit>> {
    let alike = look_alikes(ctx, opened, change).await?;
    if alike.is_empty() {
        return Ok(None);
    }
    let row = |one: &LookAlike| {
        vec![
            one.key.to_string(),
            one.display.to_string(),
            format!("{} %", one.likeness),
            one.why.clone(),
        ]
    };
    let items = alike.iter().map(|one| (row(one), json::look_alike(one)));
    let list = Report::list(&["key", "display", "alike", "why"], items, None);
    shell.ui.show(&Report { json: json::doubt(&alike), ..list })?;
    match shell.ui.ask("nobody was entered yet; enter this one as well? yes or no: ")? {
        Some(answer) if answer.trim() == "yes" => Ok(None),
        Some(_) => Err(CommandError::new(Exit::Failed, "not confirmed; nobody was entered")),
        None => {
            let first = alike.first().map_or("?", |one| &*one.key);
            shell.ui.warn("nobody was entered: somebody with a similar name is there")?;
            shell.ui.say(&format!("if it is the same one: muster people edit {first} …"))?;
            shell.ui.say("if it is somebody else: add --anyway")?;
            Ok(Some(Exit::Held))
        }
    }
}

pub(super) async fn edit(shell: &mut Shell, args: EditArgs) -> Result<Exit> {
    let EditArgs { key, values: given, type_name } = args;
    let (ctx, opened) = shell.open().await?;
    let done = edit_local(&ctx, &opened, type_name.as_deref(), &key, values(given)).await?;
    show(shell, &done, &format!("{} has these values now", done.key))
}

pub(super) async fn end(shell: &mut Shell, args: EndArgs) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let done = end_local(&ctx, &opened, &args.person, args.at.as_deref()).await?;
    let when = args.at.map_or_else(String::new, |at| format!(" on {at}"));
    show(shell, &done, &format!("{} ends{when}", done.key))
}

pub(super) async fn confirm(shell: &mut Shell, args: ConfirmArgs) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let done = confirm_local(&ctx, &opened, &args.person, &args.until).await?;
    show(shell, &done, &format!("{} is confirmed until {}", done.key, args.until))
}

fn show(shell: &mut Shell, done: &LocalDone, text: &str) -> Result<Exit> {
    let waiting: Vec<String> =
        done.waiting.iter().map(|(name, key): &(Text, Text)| format!("{name} {key}")).collect();
    let fields = vec![
        ("key", done.key.to_string()),
        ("id", done.entity.to_string()),
        ("version", done.version.to_string()),
        ("waiting", waiting.join(", ")),
    ];
    shell.ui.show(&Report::one(fields, json::entered(done)).text(text))?;
    for (name, key) in &done.waiting {
        shell.ui.warn(&format!(
            "`{name}` leads nowhere yet: `{key}` is not there; the link is made when it arrives"
        ))?;
    }
    shell.ui.say("see what follows: muster plan")?;
    Ok(Exit::Done)
}
