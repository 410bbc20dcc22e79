//! `muster webhooks`.

use clap::Subcommand;
use muster_app::replay_webhook;
use muster_engine::{WebhookView, json, list_webhooks, test_webhook};
use serde_json::json;

use crate::{Exit, Result, shell::Shell, ui::Report, when::shown};

/// Show, test and replay the webhooks of the model
///
/// Events are posted by `muster run` and `muster serve`, to each webhook in order and until it accepted them. One that
/// fails for too long is disabled; `replay` lets it go on.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Webhooks>,
}

#[derive(Subcommand, Debug)]
enum Webhooks {
    /// List webhooks: how far each has come, and how it is
    List,
    /// Post an event that says it is a test
    Test(Named),
    /// Go on after a place in the journal, or where it stopped
    Replay(Replay),
}

#[derive(clap::Args, Debug)]
struct Named {
    /// The webhook
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(clap::Args, Debug)]
struct Replay {
    /// The webhook
    #[arg(value_name = "NAME")]
    name: String,
    /// After this place; `muster events list` shows places. Without it where it stopped
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    match args.command.unwrap_or(Webhooks::List) {
        Webhooks::List => {
            let views = list_webhooks(&opened).await?;
            let items = views.iter().map(|view| (row(view), json::webhook(view)));
            let columns = ["name", "state", "since", "place", "behind", "next try", "reason"];
            shell.ui.show(&Report::list(&columns, items, None).empty("no webhook"))?;
        }
        Webhooks::Test(named) => {
            test_webhook(&ctx, &opened, &named.name).await?;
            let document = json!({ "webhook": named.name, "accepted": true });
            let report = Report::one(vec![("webhook", named.name.clone())], document)
                .text(format!("{} accepted the event", named.name));
            shell.ui.show(&report)?;
        }
        Webhooks::Replay(replay) => {
            let after = replay_webhook(&ctx, &opened, &replay.name, replay.after).await?;
            let document = json!({ "webhook": replay.name, "after": after });
            let report = Report::one(vec![("webhook", replay.name.clone())], document)
                .text(format!("{} goes on after place {after}", replay.name));
            shell.ui.show(&report)?;
        }
    }
    Ok(Exit::Done)
}

fn row(view: &WebhookView) -> Vec<String> {
    vec![
        view.name.to_string(),
        view.state.to_owned(),
        view.since.map(shown).unwrap_or_default(),
        view.cursor.to_string(),
        view.behind.to_string(),
        view.next_try.map(shown).unwrap_or_default(),
        view.reason.as_deref().unwrap_or_default().to_owned(),
    ]
}
