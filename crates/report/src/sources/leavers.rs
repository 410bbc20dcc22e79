//! How fast leavers lost access, by system.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Opened};
use muster_engine::{LeaverRow, report_leavers};

use super::part_of;
use crate::{
    Bar, Cell, Chart, Part, Question, Row, Total,
    reader::{Look, Opening},
};

/// How far back is looked where nothing is said.
const BACK: SignedDuration = SignedDuration::from_hours(30 * 24);
/// People named in a row.
const NAMED: usize = 20;

#[derive(Debug)]
pub(crate) struct Leavers(Vec<Row>);

pub(crate) async fn open(
    ctx: Ctx,
    opened: Opened,
    question: &Question,
) -> Result<Opening<Leavers>, Error> {
    let back = ctx.now().saturating_sub(BACK).unwrap_or(Timestamp::MIN);
    let report = report_leavers(&ctx, &opened, question.since.unwrap_or(back)).await?;
    let bars = report.rows.iter().map(|of| Bar {
        name: of.system.clone(),
        value: of.p95.map_or(0, |time| u64::try_from(time.as_secs()).unwrap_or(0)),
        part: 0,
    });
    let active: usize = report.rows.iter().map(|of| of.active.len()).sum();
    let totals = vec![
        Total { name: "people", value: i64::try_from(report.people).unwrap_or(i64::MAX) },
        Total { name: "active_accounts", value: i64::try_from(active).unwrap_or(i64::MAX) },
    ];
    let chart = Chart::new("p95_seconds", None, bars.collect());
    let rows = report.rows.iter().map(row).collect();
    let tx = opened.store.read().await?;
    Ok(Opening { look: Look { ctx, opened, tx }, source: Leavers(rows), totals, chart })
}

impl Leavers {
    pub(crate) fn rows(&self, after: i64, limit: usize) -> Part {
        part_of(&self.0, after, limit)
    }
}

fn row(of: &LeaverRow) -> Row {
    let LeaverRow { system, n, verified, p95, max, active } = of;
    let time = |time: Option<SignedDuration>| {
        let thousandths =
            |time: SignedDuration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        time.map_or(Cell::Nothing, |time| Cell::Seconds(thousandths(time)))
    };
    let named = active.iter().take(NAMED);
    let mut people: Vec<Cell> = named
        .map(|(who, at)| Cell::said("{} since {}", [Cell::words(who.as_ref()), Cell::Instant(*at)]))
        .collect();
    if active.len() > NAMED {
        people.push(Cell::said("{} more", [Cell::count(active.len() - NAMED)]));
    }
    let people = people.into_iter().reduce(|all, one| Cell::said("{}, {}", [all, one]));
    vec![
        Cell::Text(system.clone()),
        Cell::count(*n),
        Cell::count(*verified),
        time(*p95),
        time(*max),
        Cell::count(active.len()),
        people.unwrap_or(Cell::Nothing),
    ]
}
