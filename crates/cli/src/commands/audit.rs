//! `muster audit`.

use std::io::{BufReader, BufWriter, Write as _};

use muster_app::{
    AuditQuery, ExportFormat, Verified, export_journal, export_journal_after, json,
    make_checkpoint, search_journal, verify_signed_export,
};
use muster_engine::{Shipped, ship_journal};
use muster_store::{JournalEntry, JournalFilter, Summary, hex};
use serde_json::{Value as Json, json};

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
    /// Sign the journal as it is now, with the key of `muster keys`
    Checkpoint,
    /// Deliver now what the exports of the model have not delivered yet
    Ship,
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
#[command(
    after_help = "With --format ocsf each line is an event of the Open Cybersecurity Schema."
)]
struct ExportArgs {
    /// The form of the lines
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Lines,
    /// Only entries after this place; the last place is told at the end
    #[arg(long, value_name = "PLACE", default_value_t = 0)]
    after: i64,
    /// The file; standard output for `-`
    #[arg(value_name = "FILE", default_value = "-")]
    file: String,
}

#[derive(clap::ValueEnum, Debug, Clone, Copy, Default)]
enum Lines {
    /// What `muster audit verify` reads
    #[default]
    Jsonl,
    /// For systems that watch security
    Ocsf,
}

impl Lines {
    fn format(self) -> ExportFormat {
        match self {
            Self::Jsonl => ExportFormat::Jsonl,
            Self::Ocsf => ExportFormat::Ocsf,
        }
    }
}

/// Check that an export is whole and unchanged
///
/// Needs nothing but the export: no project, no store. Without a file, checks the journal of this project.
#[derive(clap::Args, Debug)]
struct VerifyArgs {
    /// The export; standard input for `-` [default: the journal itself]
    #[arg(value_name = "FILE")]
    file: Option<String>,
    /// The first public key, as it was noted elsewhere: then nobody who could write the store is trusted
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    match args.verb {
        Verb::Search(args) => search(shell, args).await,
        Verb::Export(args) => export(shell, &args).await,
        Verb::Verify(args) => verify(shell, args.file.as_deref(), args.key.as_deref()).await,
        Verb::Checkpoint => checkpoint(shell).await,
        Verb::Ship => ship(shell).await,
    }
}

async fn search(shell: &mut Shell, args: SearchArgs) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let filter = JournalFilter {
        subject: args.subject.map(Into::into),
        actor: args.actor.map(Into::into),
        action: args.action.map(Into::into),
        correlation: args.correlation.map(Into::into),
        from: Shell::instant(&opened, args.from),
        until: Shell::instant(&opened, args.until),
    };
    let limit = args.limit.max(1);
    let query = AuditQuery { filter, before: args.after, limit };
    let page = search_journal(&ctx, &opened, &query).await?;
    let next = page.next.map(|next| next.to_string());
    let items = page.items.iter().map(|entry| (row(entry), json::journal_entry(entry)));
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

async fn export(shell: &mut Shell, args: &ExportArgs) -> Result<Exit> {
    let (_ctx, opened) = shell.open().await?;
    let format = args.format.format();
    let (n, last) = if args.file == "-" {
        let mut lines = Vec::new();
        let done = export_journal_after(&opened, args.after, format, &mut lines).await?;
        shell.ui.write(&String::from_utf8_lossy(&lines))?;
        done
    } else {
        let path = shell.path(args.file.as_ref());
        let created = std::fs::File::create(&path);
        let mut out = BufWriter::new(created.map_err(|e| CommandError::file("write", &path, &e))?);
        let done = export_journal_after(&opened, args.after, format, &mut out).await?;
        out.flush().map_err(|error| CommandError::file("write", &path, &error))?;
        done
    };
    let n = counted(usize::try_from(n).unwrap_or(usize::MAX), "event");
    let place = if args.after > 0 { format!(", up to {last}") } else { String::new() };
    shell.ui.say(&format!("{n} written{place}"))?;
    Ok(Exit::Done)
}

async fn verify(shell: &mut Shell, file: Option<&str>, key: Option<&str>) -> Result<Exit> {
    let verified = match file {
        Some("-") => {
            let mut input = shell.ui.input();
            verify_signed_export(&mut input, key)?
        }
        Some(file) => {
            let path = shell.path(file.as_ref());
            let bytes = read_file(&path)?;
            if bytes.is_empty() {
                return Err(CommandError::new(Exit::Failed, format!("`{file}` is empty")));
            }
            verify_signed_export(&mut BufReader::new(bytes.as_slice()), key)?
        }
        None => {
            let (_ctx, opened) = shell.open().await?;
            let mut lines = Vec::new();
            export_journal(&opened, &mut lines).await?;
            verify_signed_export(&mut BufReader::new(lines.as_slice()), key)?
        }
    };
    shell.ui.show(&verified_report(&verified))?;
    Ok(Exit::Done)
}

async fn checkpoint(shell: &mut Shell) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    match make_checkpoint(&ctx, &opened).await? {
        Some(made) => shell.ui.say(&format!("signed up to entry {}", made.seq))?,
        None => shell.ui.say("nothing to sign: no key, or no entry since the last time")?,
    }
    Ok(Exit::Done)
}

async fn ship(shell: &mut Shell) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let shipped = ship_journal(&ctx, &opened).await?;
    let is_stuck = shipped.iter().any(|shipped| shipped.problem.is_some());
    let items = shipped.into_iter().map(|shipped| {
        let Shipped { name, n, seq, problem } = shipped;
        let json = json!({ "export": &*name, "delivered": n, "up_to": seq, "problem": &problem });
        let row = [name.to_string(), n.to_string(), seq.to_string(), problem.unwrap_or_default()];
        (row.to_vec(), json)
    });
    let report = Report::list(&["export", "delivered", "up to", "problem"], items, None);
    shell.ui.show(&report.empty("the model names no exports; see `audit`"))?;
    Ok(if is_stuck { Exit::Partial } else { Exit::Done })
}

fn verified_report(verified: &Verified) -> Report {
    let Summary { n_entries, first_seq, last_seq, last_hash } = &verified.summary;
    let hash = hex(last_hash);
    let place = |seq: &Option<i64>| seq.map_or_else(|| "none".to_owned(), |seq| seq.to_string());
    let fields = vec![
        ("events", n_entries.to_string()),
        ("first", place(first_seq)),
        ("last", place(last_seq)),
        ("last hash", hash.clone()),
        ("signed up to", verified.covered.to_string()),
    ];
    let signed = match verified.n_checkpoints {
        0 => String::new(),
        _ => format!(", signed up to {}", verified.covered),
    };
    let n = counted(usize::try_from(*n_entries).unwrap_or(usize::MAX), "event");
    Report::one(fields, json::verified_export(verified)).text(format!(
        "{n}, {} to {}, chain intact{signed}, last hash {hash}",
        place(first_seq),
        place(last_seq)
    ))
}
