//! `muster provision`.

use muster_app::resolve_person;
use muster_engine::{ProvisionStep, json, provision};
use muster_model::Text;
use serde_json::json;

use crate::{Exit, Result, shell::Shell, ui::Report};

/// Bring one person's accounts up to date now, and show each step
///
/// Connects to each system, looks at the person's accounts there, shows what is wanted, plans, applies and confirms it. A
/// guard that holds the plan holds it here too.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  muster provision maya.okafor                      on all systems
  muster provision maya.okafor --system directory   on one")]
pub(crate) struct Args {
    /// The person, by key or another unique attribute
    #[arg(value_name = "PERSON")]
    person: String,
    /// Only on this system; may be given several times
    #[arg(long = "system", value_name = "SYSTEM")]
    systems: Vec<String>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    for name in &args.systems {
        opened.system_named(name)?;
    }
    let mut tx = opened.store.read().await.map_err(muster_app::Error::from)?;
    let person = resolve_person(&ctx, &opened, &mut tx, &args.person).await?;
    drop(tx);
    let systems: Vec<Text> = args.systems.iter().map(|name| name.as_str().into()).collect();
    let steps = provision(&ctx, &opened, person.row.id, &systems).await?;
    let is_done = steps.iter().all(|step| step.ok);
    let document = json!({
        "person": args.person, "done": is_done,
        "steps": steps.iter().map(json::provision_step).collect::<Vec<_>>(),
    });
    let text: Vec<String> = steps.iter().map(line).collect();
    let report = Report::one(vec![("person", args.person.clone())], document).text(text.join("\n"));
    shell.ui.show(&report)?;
    Ok(if is_done { Exit::Done } else { Exit::Failed })
}

fn line(step: &ProvisionStep) -> String {
    let mark = if step.ok { " " } else { "!" };
    format!("{mark} {:<12} {:<8} {}", step.system, step.step, step.text)
}
