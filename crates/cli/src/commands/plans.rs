//! `muster plans`.

use muster_engine::{cancel_plan, json, list_plans};
use muster_store::Plan;
use serde_json::Value as Json;

use crate::{Exit, Result, shell::Shell, ui::Report, when};

/// List kept plans, or cancel one
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Cancel this plan: it can no longer be applied
    #[arg(long, value_name = "NAME")]
    cancel: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    if let Some(name) = args.cancel {
        cancel_plan(&ctx, &opened, &name).await?;
        let report = Report::one(
            vec![("plan", name.clone()), ("status", "cancelled".to_owned())],
            serde_json::json!({ "plan": name, "status": "cancelled" }),
        );
        shell.ui.show(&report.text(format!("plan {name} is cancelled")))?;
        return Ok(Exit::Done);
    }
    let plans = list_plans(&opened, args.limit.max(1), None).await?;
    let items = plans.iter().map(|plan| (row(plan), json::kept_plan(plan)));
    let columns = ["plan", "status", "revision", "made", "by", "summary"];
    shell
        .ui
        .show(&Report::list(&columns, items, None).empty("no plan was kept yet: muster plan"))?;
    Ok(Exit::Done)
}

fn row(plan: &Plan) -> Vec<String> {
    vec![
        json::plan_name(plan),
        plan.status.word().to_owned(),
        plan.revision.to_string(),
        when::shown(plan.made_at),
        plan.made_by.to_string(),
        summary(&plan.summary),
    ]
}

/// `3 create, 2 grant` from the JSON that is kept.
fn summary(kept: &str) -> String {
    let Ok(Json::Object(counts)) = serde_json::from_str::<Json>(kept) else {
        return kept.to_owned();
    };
    let parts =
        counts.iter().filter(|(_, n)| n.as_u64() != Some(0)).map(|(kind, n)| format!("{n} {kind}"));
    parts.collect::<Vec<_>>().join(", ")
}
