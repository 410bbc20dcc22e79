//! `muster report`.

mod file;
mod pack;

use std::path::PathBuf;

use muster_model::Language;
use muster_report::{Format, Question, REPORTS, Reader, head_word, report_named};

use crate::{
    Exit, Result,
    shell::Shell,
    ui::Report,
    when::{When, parse_when},
};

/// Show who has access and how well it is governed, at the terminal or as files
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// List the reports
    List,
    /// How long it took until those who left could do nothing any more, and who still can
    Leavers {
        /// Who left at or after this time [default: 30 days ago]
        #[arg(long, value_name = "TIME", value_parser = parse_when)]
        since: Option<When>,
        #[command(flatten)]
        out: Out,
    },
    /// Accounts that belong to nobody
    Orphans {
        /// Of this system only
        #[arg(long, value_name = "SYSTEM")]
        system: Option<String>,
        #[command(flatten)]
        out: Out,
    },
    /// Who holds duties that conflict, since when, and which exceptions allow it
    Conflicts {
        #[command(flatten)]
        out: Out,
    },
    /// How access reviews went, by campaign
    Reviews {
        /// Campaigns that were opened at or after this time
        #[arg(long, value_name = "TIME", value_parser = parse_when)]
        since: Option<When>,
        #[command(flatten)]
        out: Out,
    },
    /// Who holds roles of high risk, who decided, and when it was last used
    Privileged {
        /// From which risk a role counts [default: 50]
        #[arg(long, value_name = "RISK", value_parser = clap::value_parser!(u8).range(1..=100))]
        risk: Option<u8>,
        #[command(flatten)]
        out: Out,
    },
    /// Who has access to what, why and since when
    Access {
        /// Of this person only, by key or another unique attribute
        #[arg(long, value_name = "PERSON")]
        person: Option<String>,
        /// As it was recorded at this time
        #[arg(long, value_name = "TIME", value_parser = parse_when)]
        as_of: Option<When>,
        #[command(flatten)]
        out: Out,
    },
    /// Everything that is kept about a person
    Subject {
        /// The person, by key or another unique attribute
        #[arg(value_name = "PERSON")]
        person: String,
        #[command(flatten)]
        out: Out,
    },
    /// Write the reports that are evidence towards the controls of a rule book
    Pack(pack::Args),
}

/// Where a report goes.
#[derive(clap::Args, Debug)]
struct Out {
    /// Write the whole report in this form: csv, json, jsonl, xlsx, pdf or svg
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// The file [default: standard output]; its ending says the form where --format does not
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// The language of titles, columns and fixed words: en or de [default: en, and the names of columns as programs read them]
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    language: Option<Language>,
    /// How many rows at the terminal
    #[arg(long, value_name = "N", default_value_t = 100, conflicts_with_all = ["format", "to"])]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE", conflicts_with_all = ["format", "to"])]
    after: Option<i64>,
}

/// What is asked, with times as they were written.
#[derive(Default)]
struct Asked {
    since: Option<When>,
    as_of: Option<When>,
    question: Question,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (name, asked, out) = match args.command {
        Command::List => return list(shell),
        Command::Pack(args) => return pack::run(shell, args).await,
        Command::Leavers { since, out } => ("leavers", Asked { since, ..Asked::default() }, out),
        Command::Orphans { system, out } => {
            let question = Question { system, ..Question::default() };
            ("orphans", Asked { question, ..Asked::default() }, out)
        }
        Command::Conflicts { out } => ("conflicts", Asked::default(), out),
        Command::Reviews { since, out } => ("reviews", Asked { since, ..Asked::default() }, out),
        Command::Privileged { risk, out } => {
            let question = Question { risk, ..Question::default() };
            ("privileged", Asked { question, ..Asked::default() }, out)
        }
        Command::Access { person, as_of, out } => {
            let question = Question { person, ..Question::default() };
            ("access", Asked { as_of, question, ..Asked::default() }, out)
        }
        Command::Subject { person, out } => {
            let question = Question { person: Some(person), ..Question::default() };
            ("subject", Asked { question, ..Asked::default() }, out)
        }
    };
    let (ctx, opened) = shell.open().await?;
    let question = Question {
        since: Shell::instant(&opened, asked.since),
        as_of: Shell::instant(&opened, asked.as_of),
        language: out.language,
        ..asked.question
    };
    let mut reader = Reader::open(&ctx, &opened, report_named(name)?, &question).await?;
    if out.format.is_some() || out.to.is_some() {
        return file::write(shell, &mut reader, out.format, out.to.as_deref()).await;
    }
    show(shell, &mut reader, &out).await
}

fn language(tag: &str) -> std::result::Result<Language, String> {
    Language::of_tag(tag).ok_or_else(|| "the languages are: en, de".to_owned())
}

fn list(shell: &mut Shell) -> Result<Exit> {
    let items = REPORTS.iter().map(|report| {
        let filters: Vec<&str> = report.filters.iter().map(|filter| filter.word()).collect();
        let row = vec![report.name.to_owned(), report.title.to_owned(), filters.join(", ")];
        (row, report.json())
    });
    shell.ui.show(&Report::list(&["report", "title", "filters"], items, None))?;
    Ok(Exit::Done)
}

/// Some rows at the terminal.
async fn show(shell: &mut Shell, reader: &mut Reader, out: &Out) -> Result<Exit> {
    let part = reader.rows(out.after, out.limit.max(1)).await?;
    let head = reader.head();
    let name = |name: &'static str| out.language.map_or(name, |language| head_word(language, name));
    let columns: Vec<&str> = head.report.columns.iter().map(|column| name(column.name)).collect();
    let items = part.rows.iter().map(|row| {
        let cells = row.iter().map(|cell| cell.shown(head.language).into_owned()).collect();
        (cells, head.row_json(row))
    });
    let next = part.next.map(|next| next.to_string());
    let mut shown = Report::list(&columns, items, next.clone()).empty("nothing found");
    shown.json = head.page_json(&part, next.as_deref());
    shell.ui.show(&shown)?;
    let totals: Vec<String> = head
        .totals
        .iter()
        .map(|of| format!("{} {}", head_word(head.language, of.name), of.value))
        .collect();
    if !totals.is_empty() && shell.ui.is_read_by_a_person() {
        shell.ui.say(&totals.join(", "))?;
    }
    Ok(Exit::Done)
}
