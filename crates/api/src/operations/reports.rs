//! Reports, page by page and as files.

use muster_app::{Error, json};
use muster_policy::Right::ReportsRead;
use muster_report::{
    Format, Question, REPORTS, Reader, Report, may_read, report_file, report_named,
};
use muster_web::Problem;
use serde_json::Value as Json;

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
};

/// What narrows a report, for those that have it.
const FILTERS: &str = "since:instant* as_of:instant* risk:int* system:text* person:text*";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::list(
            ("reports.list", "/reports", "List the reports"),
            ReportsRead,
            "@Report",
            list,
        ),
        Operation::get(
            ("reports.get", "/reports/{report}", "See a report, some rows at a time"),
            ReportsRead,
            "@ReportPage",
            get,
        )
        .query(FILTERS)
        .paged(),
        Operation::get(
            ("reports.file", "/reports/{report}/file", "Get a whole report as a file"),
            ReportsRead,
            "string",
            file,
        )
        .query("format:csv|json|jsonl|xlsx|pdf|svg*")
        .query(FILTERS)
        .files(&FORMATS),
    ]
}

const FORMATS: [&str; 6] = [
    Format::Csv.media(),
    Format::Json.media(),
    Format::Jsonl.media(),
    Format::Xlsx.media(),
    Format::Pdf.media(),
    Format::Svg.media(),
];

async fn list(asked: Asked) -> Result<Told, Problem> {
    let shown = REPORTS.iter().filter(|report| may_read(&asked.ctx, report));
    let items: Vec<Json> = shown.map(Report::json).collect();
    Ok(json::list(&items, None).into())
}

async fn get(asked: Asked) -> Result<Told, Problem> {
    let mut reader = open(&asked).await?;
    let part = reader.rows(asked.after(), asked.limit()).await?;
    let next = part.next.map(cursor);
    Ok(reader.head().page_json(&part, next.as_deref()).into())
}

async fn file(asked: Asked) -> Result<Told, Problem> {
    let format: Format = asked.maybe("format").unwrap_or("csv").parse().map_err(Error::invalid)?;
    let mut reader = open(&asked).await?;
    let body = report_file(&mut reader, format).await?;
    let name = format!("{}.{}", reader.head().report.name, format.word());
    Ok(Told::file(body, format.media(), &name))
}

async fn open(asked: &Asked) -> Result<Reader, Error> {
    let report = report_named(asked.text("report"))?;
    let risk = asked.int("risk").map(|risk| {
        let risk = u8::try_from(risk).ok().filter(|risk| (1..=100).contains(risk));
        risk.ok_or_else(|| Error::invalid("`risk` is a number from 1 to 100"))
    });
    let question = Question {
        since: asked.instant("since"),
        as_of: asked.instant("as_of"),
        risk: risk.transpose()?,
        system: asked.owned("system"),
        person: asked.owned("person"),
        ..Question::default()
    };
    Reader::open(&asked.ctx, &asked.opened, report, &question).await
}
