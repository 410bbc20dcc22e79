//! `muster events`.

use std::time::Duration;

use clap::Subcommand;
use muster_app::{
    EventFilter, Opened, PublishedEvent, cloud_event, event_source, last_event, list_events,
};
use muster_model::Text;

use crate::{Exit, Result, shell::Shell, ui::Report, when::shown};

/// Events that are read at once.
const PAGE: usize = 200;
/// How often is looked for what nobody told.
const LOOK: Duration = Duration::from_millis(500);

/// Show what happened, in the form in which other programs are told
///
/// Events come from the journal. Each has a place in it; a program that noted the place goes on after it.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Events,
}

#[derive(Subcommand, Debug)]
enum Events {
    /// List events after a place, in the order in which they happened
    List(List),
    /// Print events as they happen, one `CloudEvents` document a line, until stopped
    Follow(Follow),
}

#[derive(clap::Args, Debug)]
struct Wanted {
    /// Only of this type, such as `assignment.*`; may be given several times
    #[arg(long = "type", value_name = "ACTION")]
    types: Vec<String>,
    /// Only about this; `*` at the end stands for anything
    #[arg(long = "subject", value_name = "SUBJECT")]
    subjects: Vec<String>,
}

#[derive(clap::Args, Debug)]
struct List {
    #[command(flatten)]
    wanted: Wanted,
    /// After this place; the page before named it
    #[arg(long, value_name = "PLACE", default_value_t = 0)]
    after: i64,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

#[derive(clap::Args, Debug)]
struct Follow {
    #[command(flatten)]
    wanted: Wanted,
    /// After this place; without it only what happens from now on
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    match args.command {
        Events::List(list) => {
            let (_, opened) = shell.open().await?;
            let filter = filter(&list.wanted);
            let page = list_events(&opened, &filter, list.after, list.limit.max(1)).await?;
            let source = event_source(&opened);
            let items = page.events.iter().map(|event| (row(event), cloud_event(event, &source)));
            let next = (!page.is_end).then(|| page.next.to_string());
            let columns = ["place", "when", "who", "type", "subject"];
            shell.ui.show(&Report::list(&columns, items, next).empty("no event"))?;
            Ok(Exit::Done)
        }
        Events::Follow(args) => {
            shell.stop_gracefully();
            let (_, opened) = shell.open().await?;
            follow(shell, &opened, &args).await
        }
    }
}

async fn follow(shell: &mut Shell, opened: &Opened, args: &Follow) -> Result<Exit> {
    let (filter, source) = (filter(&args.wanted), event_source(opened));
    let mut wake = opened.store.wake();
    let mut after = match args.after {
        Some(after) => after,
        None => last_event(opened).await?,
    };
    while !shell.is_interrupted() {
        let page = list_events(opened, &filter, after, PAGE).await?;
        after = page.next;
        for event in &page.events {
            shell.ui.write(&format!("{}\n", cloud_event(event, &source)))?;
        }
        shell.ui.flush();
        if page.is_end {
            drop(tokio::time::timeout(LOOK, wake.changed()).await);
        }
    }
    Ok(Exit::Interrupted)
}

fn filter(wanted: &Wanted) -> EventFilter {
    let texts = |list: &[String]| list.iter().map(|text| Text::from(text.as_str())).collect();
    EventFilter { actions: texts(&wanted.types), subjects: texts(&wanted.subjects) }
}

fn row(event: &PublishedEvent) -> Vec<String> {
    vec![
        event.id.clone(),
        shown(event.entry.at),
        event.entry.actor.to_string(),
        event.action.to_string(),
        event.subject.to_string(),
    ]
}
