//! `/reports`: the reports, each with its picture, its first rows and its files.

use askama::Template;
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use muster_app::{Ctx, Error};
use muster_model::Language;
use muster_policy::Right;
use muster_report::{
    Cell, ChartWords, Filter, Format, Question, REPORTS, Reader, Report, Row, head_word, may_read,
    report_file, report_named,
};
use muster_web::Problem;

use super::Pager;
use crate::{
    address,
    frame::{Frame, nothing, page},
    given::ROWS,
    moment::Moment,
    texts::filled,
    visit::Visit,
};

/// Rows on a page at most: what belongs to one person is not parted.
const MOST_ROWS: usize = 2 * ROWS;
/// Signs of a cell that a page shows.
const SIGNS: usize = 160;
/// Files that a page offers.
const FILES: [Format; 5] = [Format::Csv, Format::Xlsx, Format::Pdf, Format::Json, Format::Svg];

#[derive(Template)]
#[template(path = "reports.html")]
struct List<'v> {
    frame: Frame<'v>,
    rows: Vec<(&'static str, &'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "report.html")]
struct One<'v> {
    frame: Frame<'v>,
    path: String,
    title: &'static str,
    help: &'static str,
    fields: Vec<Field<'v>>,
    /// Why there are no rows, where the reason is what was asked.
    remark: Option<&'static str>,
    made: String,
    totals: Vec<(&'static str, i64)>,
    chart: Option<String>,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Shown>>,
    is_cut: bool,
    files: Vec<(&'static str, String)>,
    pager: Pager,
}

/// A field that narrows a report.
struct Field<'v> {
    name: &'static str,
    label: &'static str,
    sort: &'static str,
    value: &'v str,
}

/// A cell.
enum Shown {
    Text(String),
    Person(String, String),
    Number(i64),
    Moment(Moment),
}

/// The list.
pub(crate) async fn list(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let language = language(&visit);
    let rows = REPORTS
        .iter()
        .filter(|report| may_read(&ctx, report))
        .map(|report| (report.name, report.title_in(language), report.about_in(language)));
    page(&visit, &List { frame: Frame::of(&visit), rows: rows.collect() })
}

/// One report.
pub(crate) async fn show(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let report = named(&visit, &ctx)?;
    let texts = &visit.texts.report;
    let language = language(&visit);
    let title = report.title_in(language);
    let path = format!("/reports/{}", report.name);
    let names: Vec<&str> = report.filters.iter().map(|filter| filter.word()).collect();
    let question = question(&visit, report)?;
    let needs_person = report.filters == [Filter::Person] && question.person.is_none();
    let remark = match question.as_of {
        Some(_) => Some(texts.past),
        None if needs_person => Some(texts.name_somebody),
        None => None,
    };
    let mut one = One {
        frame: Frame::of(&visit),
        title,
        help: report.about_in(language),
        fields: report.filters.iter().map(|of| field(&visit, *of)).collect(),
        remark,
        made: String::new(),
        totals: Vec::new(),
        chart: None,
        columns: report.columns.iter().map(|of| head_word(language, of.name)).collect(),
        rows: Vec::new(),
        is_cut: false,
        files: if needs_person { Vec::new() } else { files(&visit, &path, &names) },
        pager: Pager { first: None, next: None },
        path,
    };
    if one.remark.is_none() {
        let mut reader = Reader::open(&ctx, &visit.opened, report, &question).await?;
        let after = visit.given.number::<i64>("after");
        let part = reader.rows(after, ROWS).await?;
        let head = reader.head();
        let at = visit.moment(head.made_at);
        let revision = head.revision.to_string();
        one.made = filled(texts.made, &[("revision", &revision), ("at", at.shown())]);
        let totals = head.totals.iter();
        one.totals = totals.map(|total| (head_word(language, total.name), total.value)).collect();
        one.chart = head.chart.as_ref().map(|chart| {
            let title = head_word(language, chart.measure);
            let part = chart.part.map(|part| head_word(language, part));
            chart.svg(ChartWords { title, part, others: texts.others })
        });
        one.is_cut = part.rows.len() > MOST_ROWS;
        let rows = part.rows.iter().take(MOST_ROWS);
        one.rows = rows.map(|row| cells(&visit, report, row)).collect();
        let next = part.next.map(|next| next.to_string());
        one.pager = Pager::new(&one.path, &visit.given, &names, next);
    }
    if one.chart.is_none() {
        one.files.retain(|(format, _)| *format != Format::Svg.word());
    }
    page(&visit, &one)
}

/// A report as a file.
pub(crate) async fn file(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let report = named(&visit, &ctx)?;
    let format: Format = visit.given.text("format").parse().map_err(Error::invalid)?;
    let question = question(&visit, report)?;
    let mut reader = Reader::open(&ctx, &visit.opened, report, &question).await?;
    let body = report_file(&mut reader, format).await?;
    let name = format!("attachment; filename=\"{}.{}\"", report.name, format.word());
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(format.media())),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, body).into_response())
}

/// The report of the address; one that this person may not read is not there.
fn named(visit: &Visit, ctx: &Ctx) -> Result<&'static Report, Problem> {
    let report = report_named(visit.given.text("report")).map_err(|_| nothing())?;
    if may_read(ctx, report) { Ok(report) } else { Err(nothing()) }
}

fn question(visit: &Visit, report: &Report) -> Result<Question, Problem> {
    let zone = &visit.opened.model.timezone;
    let mut question = Question { language: Some(language(visit)), ..Question::default() };
    for filter in report.filters {
        match filter {
            Filter::Since => question.since = visit.given.real_day("since", zone)?,
            Filter::AsOf => question.as_of = visit.given.real_day("as_of", zone)?,
            Filter::Risk => {
                let risk = visit.given.filled("risk").map(|risk| {
                    let number = risk.parse::<u8>().ok().filter(|risk| (1..=100).contains(risk));
                    number.ok_or_else(|| Problem::invalid("a risk is a number from 1 to 100"))
                });
                question.risk = risk.transpose()?;
            }
            Filter::System => question.system = visit.given.filled("system"),
            Filter::Person => question.person = visit.given.filled("person"),
        }
    }
    Ok(question)
}

fn field(visit: &Visit, filter: Filter) -> Field<'_> {
    let sort = match filter {
        Filter::Since | Filter::AsOf => "date",
        Filter::Risk => "number",
        Filter::System | Filter::Person => "text",
    };
    let label = head_word(language(visit), filter.word());
    Field { name: filter.word(), label, sort, value: visit.given.text(filter.word()) }
}

/// The language of whoever reads the page, which is that of its files, too.
fn language(visit: &Visit) -> Language {
    Language::of_tag(visit.texts.language).unwrap_or(Language::English)
}

/// The files of what is shown: name and address.
fn files(visit: &Visit, path: &str, names: &[&str]) -> Vec<(&'static str, String)> {
    let kept: Vec<(&str, &str)> =
        names.iter().map(|name| (*name, visit.given.text(name))).collect();
    let address = |format: Format| {
        let with_format = address::with(&format!("{path}/file"), &[("format", format.word())]);
        address::with(&with_format, &kept)
    };
    FILES.iter().map(|format| (format.word(), address(*format))).collect()
}

fn cells(visit: &Visit, report: &Report, row: &Row) -> Vec<Shown> {
    let sees_people = visit.may(Right::PeopleRead).is_some();
    let language = language(visit);
    let one = |(column, cell): (&muster_report::Column, &Cell)| match cell {
        Cell::Nothing => Shown::Text(String::new()),
        Cell::Text(text) if column.name == "person" && sees_people => {
            Shown::Person(address::person(text), begin(text))
        }
        Cell::Number(number) => Shown::Number(*number),
        Cell::Instant(at) => Shown::Moment(visit.moment(*at)),
        Cell::Text(_) | Cell::Said(..) | Cell::Seconds(_) | Cell::Flag(_) => {
            Shown::Text(begin(&cell.shown(language)))
        }
    };
    report.columns.iter().zip(row).map(one).collect()
}

/// The beginning of a text.
fn begin(text: &str) -> String {
    if text.chars().count() <= SIGNS {
        return text.to_owned();
    }
    text.chars().take(SIGNS - 1).chain(['…']).collect()
}
