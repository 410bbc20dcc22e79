//! `muster forms`.

use std::collections::BTreeMap;

use muster_app::{Ctx, Opened};
use muster_engine::{
    DraftDeed, DraftQuery, DraftView, DraftWork, NewDraft, find_for_draft, json, list_drafts,
    list_forms, look_at_draft, see_draft, start_draft, work_draft,
};
use muster_model::EntityId;

use super::requests::acting;
use crate::{Exit, Result, shell::Shell, ui::Report, when::shown};

/// Fill in forms: begin, enter, submit, give back, refuse
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Who does it, by key or another unique attribute [default: the user of this machine]
    #[arg(long = "as", value_name = "PERSON", global = true)]
    who: Option<String>,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// List the forms that can be begun
    List,
    /// List drafts, the newest first
    Drafts(Drafts),
    /// Begin a draft
    Start(Start),
    /// Show a draft with its history
    Show(One),
    /// Find to whom a link can lead
    Find(Find),
    /// Show what is wrong with what is entered, and at the last step what it would come to
    Preview(Enter),
    /// Keep what is entered
    Save(Enter),
    /// End the step; the last one makes a record of it
    Submit(Submit),
    /// Give a draft back to a step before
    Return(Return),
    /// Refuse a draft for good
    Refuse(Said),
    /// Take a draft back that one began
    Withdraw(Said),
}

#[derive(clap::Args, Debug)]
struct Drafts {
    /// Those you began, or those that wait for you
    #[arg(long, value_name = "WHICH", default_value = "mine", value_parser = ["mine", "waiting"])]
    of: String,
    /// Also those that are over
    #[arg(long)]
    ended: bool,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this number, which the page before named
    #[arg(long, value_name = "NUMBER")]
    after: Option<i64>,
}

#[derive(clap::Args, Debug)]
struct Start {
    /// The form
    #[arg(value_name = "FORM")]
    form: String,
    /// What it changes, by key or another unique value
    #[arg(long, value_name = "KEY")]
    about: Option<String>,
}

#[derive(clap::Args, Debug)]
struct One {
    /// The draft
    #[arg(value_name = "NUMBER")]
    draft: i64,
}

#[derive(clap::Args, Debug)]
struct Find {
    /// The draft
    #[arg(value_name = "NUMBER")]
    draft: i64,
    /// The field
    #[arg(value_name = "FIELD")]
    field: String,
    /// A part of the name or the key
    #[arg(value_name = "TEXT")]
    search: String,
}

#[derive(clap::Args, Debug)]
struct Enter {
    /// The draft
    #[arg(value_name = "NUMBER")]
    draft: i64,
    /// What is entered; a field that has several values is there several times
    #[arg(value_name = "FIELD=VALUE", value_parser = parse_entered)]
    values: Vec<(String, String)>,
}

#[derive(clap::Args, Debug)]
struct Submit {
    #[command(flatten)]
    enter: Enter,
    /// Also when somebody is there with nearly the same name
    #[arg(long)]
    despite_look_alikes: bool,
}

#[derive(clap::Args, Debug)]
struct Return {
    /// The draft
    #[arg(value_name = "NUMBER")]
    draft: i64,
    /// The step [default: the one before]
    #[arg(long, value_name = "STEP")]
    to: Option<String>,
    /// What has to be done
    #[arg(long, value_name = "TEXT")]
    note: String,
}

#[derive(clap::Args, Debug)]
struct Said {
    /// The draft
    #[arg(value_name = "NUMBER")]
    draft: i64,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

fn parse_entered(text: &str) -> std::result::Result<(String, String), String> {
    let (field, value) = text.split_once('=').ok_or("write FIELD=VALUE")?;
    Ok((field.trim().to_owned(), value.to_owned()))
}

/// What is there twice are two lines.
fn entered(values: Vec<(String, String)>) -> BTreeMap<String, String> {
    let mut entered: BTreeMap<String, String> = BTreeMap::new();
    for (field, text) in values {
        let known = entered.entry(field).or_default();
        *known = if known.is_empty() { text } else { format!("{known}\n{text}") };
    }
    entered
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let me = acting(&ctx, &opened, args.who.as_deref()).await?;
    let report = match args.command {
        Command::List => {
            let forms = list_forms(&ctx, &opened, me).await?;
            let items = forms.iter().map(|form| {
                let about = if form.about { "changes" } else { "enters" };
                let row = [&*form.name, &*form.title, about, &*form.type_name];
                (row.map(str::to_owned).to_vec(), json::form(form))
            });
            let columns = ["form", "title", "does", "type"];
            Report::list(&columns, items, None).empty("there is no form to begin")
        }
        Command::Drafts(Drafts { of, ended, limit, after }) => {
            let query =
                DraftQuery { waiting: of == "waiting", ended, before: after, limit: limit.max(1) };
            let page = list_drafts(&ctx, &opened, me, &query).await?;
            let items = page.items.iter().map(|view| (row(view), json::draft(view)));
            let columns = ["draft", "form", "state", "step", "waits on", "begun by", "changed"];
            let next = page.next.map(|next| next.to_string());
            Report::list(&columns, items, next).empty("there is no draft")
        }
        Command::Find(Find { draft, field, search }) => {
            let found = find_for_draft(&ctx, &opened, me, draft, (&field, &search)).await?;
            let items = found.iter().map(|one| {
                (vec![one.key.to_string(), one.display.to_string()], json::link_found(one))
            });
            Report::list(&["key", "name"], items, None).empty("nobody is found")
        }
        Command::Start(Start { form, about }) => {
            one(&start_draft(&ctx, &opened, me, &NewDraft { form, about }).await?)
        }
        Command::Show(One { draft }) => one(&see_draft(&ctx, &opened, me, draft).await?),
        Command::Preview(Enter { draft, values }) => {
            let entered = entered(values);
            one(&look_at_draft(&ctx, &opened, me, draft, &entered).await?)
        }
        command @ (Command::Save(_)
        | Command::Submit(_)
        | Command::Return(_)
        | Command::Refuse(_)
        | Command::Withdraw(_)) => one(&work(&ctx, &opened, me, command).await?),
    };
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

async fn work(ctx: &Ctx, opened: &Opened, me: EntityId, command: Command) -> Result<DraftView> {
    let entering = |enter: Enter, deed| {
        let entered = entered(enter.values);
        (enter.draft, DraftWork { deed, version: None, entered, note: String::new() })
    };
    let saying = |draft: i64, note: String, deed| {
        (draft, DraftWork { deed, version: None, entered: BTreeMap::new(), note })
    };
    let (draft, work) = match command {
        Command::Submit(Submit { enter, despite_look_alikes }) => {
            entering(enter, DraftDeed::Submit { despite_look_alikes })
        }
        Command::Save(enter) | Command::Preview(enter) => entering(enter, DraftDeed::Save),
        Command::Return(Return { draft, to, note }) => {
            saying(draft, note, DraftDeed::Return { to })
        }
        Command::Refuse(Said { draft, note }) => saying(draft, note, DraftDeed::Refuse),
        Command::Withdraw(Said { draft, note }) => saying(draft, note, DraftDeed::Withdraw),
        Command::Show(One { draft }) | Command::Find(Find { draft, .. }) => {
            return Ok(see_draft(ctx, opened, me, draft).await?);
        }
        Command::List | Command::Drafts(_) | Command::Start(_) => {
            return Err(muster_app::Error::bug("a list does nothing").into());
        }
    };
    Ok(work_draft(ctx, opened, me, draft, &work).await?)
}

fn row(view: &DraftView) -> Vec<String> {
    vec![
        view.id.to_string(),
        view.title.to_string(),
        view.state.to_string(),
        view.step.to_string(),
        view.waits_on.join(", "),
        view.starter.to_string(),
        shown(view.changed_at),
    ]
}

fn one(view: &DraftView) -> Report {
    let mut fields = vec![
        ("draft", view.id.to_string()),
        ("form", view.title.to_string()),
        ("state", view.state.to_string()),
        ("about", view.about.as_deref().unwrap_or_default().to_owned()),
        ("begun by", view.starter.to_string()),
        ("step", view.step.to_string()),
        ("waits on", view.waits_on.join(", ")),
        ("ends", view.ends_at.map_or_else(String::new, shown)),
    ];
    for field in &view.fields {
        let problem = field.problem.as_ref().map_or_else(String::new, |said| format!("  ({said})"));
        let mark = if field.editable { "" } else { "  (only shown)" };
        fields.push((&*field.name, format!("{}{mark}{problem}", field.text.replace('\n', ", "))));
    }
    match &view.preview {
        Some(Ok(preview)) => {
            fields.push(("would be", preview.subject.to_string()));
            fields.push(("roles", preview.roles.join(", ")));
            let plan = preview.plan.iter();
            fields
                .extend(plan.map(|change| ("plan", format!("{}: {}", change.system, change.what))));
        }
        Some(Err((_, trouble))) => fields.push(("cannot be", trouble.clone())),
        None => {}
    }
    let told = view.history.iter().map(|event| {
        let by = event.by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
        let of = event.in_place_of.as_ref();
        let of = of.map_or_else(String::new, |of| format!(" in the place of {of}"));
        let note = if event.note.is_empty() { String::new() } else { format!(": {}", event.note) };
        ("", format!("{} {}{by}{of} ({}){note}", shown(event.at), event.what, event.step))
    });
    fields.extend(told);
    fields.retain(|(_, value)| !value.is_empty());
    Report::one(fields, json::draft(view))
}
