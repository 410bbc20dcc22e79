//! What is well and what is not, from where the product stands.

use muster_store::AccountStatus;

use crate::{Ctx, Error, Opened};

/// How a finding is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingStatus {
    /// Fine.
    Ok,
    /// Should be looked at.
    Warn,
    /// Does not work.
    Fail,
}

impl FindingStatus {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone)]
pub struct Finding {
    /// How it is.
    pub status: FindingStatus,
    /// What was looked at.
    pub what: String,
    /// What was found.
    pub detail: String,
    /// The remedy.
    pub fix: Option<String>,
}

/// Looks at the repository, at each system (it connects and changes nothing) and at what waits for a decision.
pub async fn doctor(ctx: &Ctx, opened: &Opened) -> Result<Vec<Finding>, Error> {
    let mut findings = vec![database(opened).await?];
    for system in &opened.model.systems {
        findings.push(match opened.connect(system) {
            Ok(connector) => match connector.test().await {
                Ok(detail) => finding(FindingStatus::Ok, &system.name, detail),
                Err(error) => failed(&system.name, &error),
            },
            Err(error) => failed(&system.name, &error),
        });
        findings.extend(last_read(ctx, opened, &system.name).await?);
    }
    findings.extend(waiting(opened).await?);
    Ok(findings)
}

fn finding(status: FindingStatus, what: &str, detail: String) -> Finding {
    Finding { status, what: what.to_owned(), detail, fix: None }
}

fn failed(system: &str, error: &muster_connector::ConnectorError) -> Finding {
    let fix = Some(format!("look at `settings:` of `{system}`, then run muster doctor again"));
    Finding { fix, ..finding(FindingStatus::Fail, system, error.to_string()) }
}

async fn database(opened: &Opened) -> Result<Finding, Error> {
    let statistics = opened.store.read().await?.statistics().await?;
    let rows: u64 = statistics.rows.values().sum();
    let size = statistics.n_bytes / 1024;
    Ok(finding(
        FindingStatus::Ok,
        "repository",
        format!("{}, {size} KiB, {rows} rows", opened.store.url()),
    ))
}

/// An old or incomplete read.
async fn last_read(ctx: &Ctx, opened: &Opened, system: &str) -> Result<Vec<Finding>, Error> {
    let position = opened.model.systems.iter().position(|candidate| &*candidate.name == system);
    let Some(names) = position.and_then(|position| opened.names.systems.get(position)) else {
        return Ok(Vec::new());
    };
    let runs = opened.store.read().await?.latest_read_runs(names.no).await?;
    if runs.is_empty() {
        let fix = Some(format!("muster sync {system}"));
        return Ok(vec![Finding {
            fix,
            ..finding(FindingStatus::Warn, system, "was never read".to_owned())
        }]);
    }
    let mut findings = Vec::new();
    for run in runs {
        if !run.complete {
            let why = run.problem.map_or_else(String::new, |problem| format!(": {problem}"));
            findings.push(finding(
                FindingStatus::Warn,
                system,
                format!("the last read of {} is incomplete{why}", run.what),
            ));
        }
        let age = ctx.now().duration_since(run.started_at).as_hours();
        if age >= 24 {
            findings.push(finding(
                FindingStatus::Warn,
                system,
                format!("{} was last read {age} h ago", run.what),
            ));
        }
    }
    Ok(findings)
}

/// Accounts without an owner, links that wait, held change sets.
async fn waiting(opened: &Opened) -> Result<Vec<Finding>, Error> {
    let mut tx = opened.store.read().await?;
    let mut findings = Vec::new();
    let counts = tx.count_accounts().await?;
    let of = |status: AccountStatus| {
        counts.iter().filter(|count| count.status == status).map(|count| count.n).sum::<u64>()
    };
    for (status, text) in [
        (AccountStatus::Orphan, "accounts belong to nobody"),
        (AccountStatus::Undecided, "accounts wait for a decision whose they are"),
    ] {
        let n = of(status);
        if n > 0 {
            let fix = Some("muster orphans".to_owned());
            findings.push(Finding {
                fix,
                ..finding(FindingStatus::Warn, "accounts", format!("{n} {text}"))
            });
        }
    }
    let pending = tx.count_pending_links().await?;
    if pending > 0 {
        let what = if pending == 1 { "link leads" } else { "links lead" };
        let fix = "they are made when the other end arrives; else correct the source";
        findings.push(Finding {
            fix: Some(fix.to_owned()),
            ..finding(
                FindingStatus::Warn,
                "links",
                format!("{pending} {what} to somebody or something that is not there yet"),
            )
        });
    }
    for held in tx.change_sets(Some(muster_store::ChangeSetStatus::Held), 100).await? {
        let fix = Some(format!("muster sync --release {} or --reject {}", held.id.0, held.id.0));
        findings.push(Finding {
            fix,
            ..finding(
                FindingStatus::Warn,
                "change set",
                format!("{} is held: {}", held.id.0, held.reason),
            )
        });
    }
    Ok(findings)
}
