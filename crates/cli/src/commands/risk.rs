//! `muster risk`.

use muster_governance::{RiskView, json, list_risks, see_risk};

use crate::{Exit, Result, shell::Shell, ui::Report};

/// List who could do harm with what they hold, the greatest score first, or say what a person's score comes from
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    person: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100, conflicts_with = "person")]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE", conflicts_with = "person")]
    after: Option<usize>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let report = if let Some(person) = &args.person {
        one(&see_risk(&ctx, &opened, person).await?)
    } else {
        let page = list_risks(&ctx, &opened, args.after.unwrap_or(0), args.limit.max(1)).await?;
        let items = page.items.iter().map(|view| {
            let row = vec![view.score.to_string(), view.person.key.to_string(), parts(view)];
            (row, json::risk(view))
        });
        let next = page.next.map(|next| next.to_string());
        Report::list(&["score", "person", "because of"], items, next)
            .empty("nobody holds anything that has a risk")
    };
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

fn one(view: &RiskView) -> Report {
    let fields = vec![
        ("person", view.person.key.to_string()),
        ("score", view.score.to_string()),
        ("because of", parts(view)),
    ];
    Report::one(fields, json::risk(view))
}

fn parts(view: &RiskView) -> String {
    let parts = view.parts.iter().map(|part| format!("{} {} {}", part.kind, part.name, part.risk));
    parts.collect::<Vec<_>>().join(", ")
}
