//! `muster audit`.

use std::io::{BufReader, BufWriter, Write as _};

use muster_app::{AuditQuery, export_journal, json, search_journal, verify_export};
use muster_store::{JournalEntry, JournalFilter, Summary};
use serde_json::Value as Json;

use crate::{
    Exit, Result,
    error::CommandError,
    shell::{Shell, read_file},
    ui::{Report, counted},
    when::{self, When, parse_when},
};

/// Search, export and verify the journal: everything that was done, by whom and why
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    Search(SearchArgs),
    Export(ExportArgs),
    Verify(VerifyArgs),
}

/// List entries, the newest first
#[derive(clap::Args, Debug)]
struct SearchArgs {
    /// About exactly this: a person, `plan 7f3a…`, `revision 3`
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
    /// By exactly this actor
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Exactly this action: `plan.apply`
    #[arg(long, value_name = "NAME")]
    action: Option<String>,
    /// Belonging to exactly this run
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// At or after this day or instant
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    from: Option<When>,
    /// Before this day or instant
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    until: Option<When>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
}

/// Write the whole journal as JSON lines, with everything that verification needs
#[derive(clap::Args, Debug)]
struct ExportArgs {
    /// The file; standard output for `-`
    #[arg(value_name = "FILE", default_value = "-")]
    file: String,
}

/// Check that an export is whole and unchanged
///
/// Needs nothing but the export: no project, no store. Without a file, checks the journal of this project.
#[derive(clap::Args, Debug)]
struct VerifyArgs {
    /// The export; standard input for `-` [default: the journal itself]
    #[arg(value_name = "FILE")]
    file: Option<String>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    match args.verb {
        Verb::Search(args) => search(shell, args).await,
        Verb::Export(args) => export(shell, &args.file).await,
        Verb::Verify(args) => verify(shell, args.file.as_deref()).await,
    }
}

async fn search(shell: &mut Shell, args: SearchArgs) -> Result<Exit> {
    let (_ctx, opened) = shell.open().await?;
    let filter = JournalFilter {
        subject: args.subject.map(Into::into),
        actor: args.actor.map(Into::into),
        action: args.action.map(Into::into),
        correlation: args.correlation.map(Into::into),
        from: Shell::instant(&opened, args.from),
        until: Shell::instant(&opened, args.until),
    };
    let limit = args.limit.max(1);
    let entries =
        search_journal(&opened, &AuditQuery { filter, before: args.after, limit }).await?;
    let next = entries
        .last()
        .filter(|last| entries.len() == limit && last.seq > 1)
        .map(|last| last.seq.to_string());
    let items = entries.iter().map(|entry| (row(entry), json::journal_entry(entry)));
    let report = Report::list(&["seq", "at", "actor", "action", "subject", "detail"], items, next);
    shell.ui.show(&report.empty("no entry fits"))?;
    Ok(Exit::Done)
}

fn row(entry: &JournalEntry) -> Vec<String> {
    let JournalEntry { seq, entry, seal: _, prev_hash: _, hash: _ } = entry;
    vec![
        seq.to_string(),
        when::shown(entry.at),
        entry.actor.to_string(),
        entry.action.to_string(),
        entry.subject.to_string(),
        detail(&entry.detail),
    ]
}

/// The detail in one short line: `reason month-end cover, role sales`.
fn detail(kept: &str) -> String {
    let Ok(Json::Object(fields)) = serde_json::from_str::<Json>(kept) else {
        return kept.to_owned();
    };
    let shown = |value: &Json| match value {
        Json::String(text) => text.clone(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            value.to_string()
        }
    };
    let parts = fields
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| format!("{key} {}", shown(value)));
    let text = parts.collect::<Vec<_>>().join(", ");
    if text.chars().count() > 100 {
        format!("{}…", text.chars().take(99).collect::<String>())
    } else {
        text
    }
}

async fn export(shell: &mut Shell, file: &str) -> Result<Exit> {
    let (_ctx, opened) = shell.open().await?;
    let n = if file == "-" {
        let mut lines = Vec::new();
        let n = export_journal(&opened, &mut lines).await?;
        shell.ui.write(&String::from_utf8_lossy(&lines))?;
        n
    } else {
        let path = shell.path(file.as_ref());
        let created = std::fs::File::create(&path);
        let mut out = BufWriter::new(created.map_err(|e| CommandError::file("write", &path, &e))?);
        let n = export_journal(&opened, &mut out).await?;
        out.flush().map_err(|error| CommandError::file("write", &path, &error))?;
        n
    };
    shell
        .ui
        .say(&format!("{} written", counted(usize::try_from(n).unwrap_or(usize::MAX), "event")))?;
    Ok(Exit::Done)
}

async fn verify(shell: &mut Shell, file: Option<&str>) -> Result<Exit> {
    let summary = match file {
        Some("-") => {
            let mut input = shell.ui.input();
            verify_export(&mut input)?
        }
        Some(file) => {
            let path = shell.path(file.as_ref());
            let bytes = read_file(&path)?;
            if bytes.is_empty() {
                return Err(CommandError::new(Exit::Failed, format!("`{file}` is empty")));
            }
            verify_export(&mut BufReader::new(bytes.as_slice()))?
        }
        None => {
            let (_ctx, opened) = shell.open().await?;
            let mut lines = Vec::new();
            export_journal(&opened, &mut lines).await?;
            verify_export(&mut BufReader::new(lines.as_slice()))?
        }
    };
    shell.ui.show(&summary_report(&summary))?;
    Ok(Exit::Done)
}

fn summary_report(summary: &Summary) -> Report {
    let Summary { n_entries, first_seq, last_seq, last_hash: _ } = summary;
    let json = json::verified(summary);
    let hash = json.get("last_hash").and_then(Json::as_str).unwrap_or_default().to_owned();
    let place = |seq: &Option<i64>| seq.map_or_else(|| "none".to_owned(), |seq| seq.to_string());
    let fields = vec![
        ("events", n_entries.to_string()),
        ("first", place(first_seq)),
        ("last", place(last_seq)),
        ("last hash", hash.clone()),
    ];
    let n = counted(usize::try_from(*n_entries).unwrap_or(usize::MAX), "event");
    Report::one(fields, json).text(format!(
        "{n}, {} to {}, chain intact, last hash {hash}",
        place(first_seq),
        place(last_seq)
    ))
}
