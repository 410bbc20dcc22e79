//! How access reviews went, by campaign, the newest first.

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened};
use muster_model::Text;
use muster_review::{CampaignView, list_campaigns};

use crate::{
    Bar, Cell, Chart, Part, Question, Row,
    reader::{Look, Opening},
};

/// Campaigns in the picture.
const SHOWN: usize = 12;

#[derive(Debug)]
pub(crate) struct Reviews {
    since: Timestamp,
}

pub(crate) async fn open(
    ctx: Ctx,
    opened: Opened,
    question: &Question,
) -> Result<Opening<Reviews>, Error> {
    let since = question.since.unwrap_or(Timestamp::MIN);
    let newest = list_campaigns(&ctx, &opened, true, (None, SHOWN)).await?.items;
    let bars = newest.iter().filter(|of| of.opened_at >= since).map(|of| Bar {
        name: named(of),
        value: u64::try_from(of.asked).unwrap_or(0),
        part: u64::try_from(decided(of)).unwrap_or(0),
    });
    let chart = Chart::new("asked", Some("decided"), bars.collect());
    let tx = opened.store.read().await?;
    let source = Reviews { since };
    Ok(Opening { look: Look { ctx, opened, tx }, source, totals: Vec::new(), chart })
}

impl Reviews {
    pub(crate) async fn rows(
        &mut self,
        look: &mut Look,
        after: i64,
        limit: usize,
    ) -> Result<Part, Error> {
        let before = (after > 0).then_some(after);
        let page = list_campaigns(&look.ctx, &look.opened, true, (before, limit)).await?;
        let mut rows = Vec::with_capacity(page.items.len());
        for of in &page.items {
            if of.opened_at < self.since {
                // What is older was opened earlier.
                return Ok(Part { rows, next: None });
            }
            let trouble = look.tx.count_review_trouble(of.id, of.due_at).await?;
            rows.push(row(of, trouble));
        }
        Ok(Part { rows, next: page.next })
    }
}

fn named(of: &CampaignView) -> Text {
    format!("{} ({})", of.title, of.id).into()
}

fn decided(of: &CampaignView) -> i64 {
    of.kept + of.removed + of.narrowed
}

fn row(of: &CampaignView, (late, disagreed): (i64, i64)) -> Row {
    let decided = decided(of);
    let to_decide = of.asked - of.over;
    let percent = (to_decide > 0).then(|| decided * 100 / to_decide);
    let number = |n: Option<i64>| n.map_or(Cell::Nothing, Cell::Number);
    vec![
        Cell::Text(named(of)),
        Cell::words(of.review.clone()),
        Cell::word(of.state.word()),
        Cell::Instant(of.opened_at),
        Cell::Instant(of.due_at),
        Cell::at(of.closed_at),
        Cell::Number(of.asked),
        Cell::Number(of.aside.iter().map(|(_, n)| n).sum()),
        Cell::Number(decided),
        number(percent),
        Cell::Number(of.kept),
        Cell::Number(of.removed),
        Cell::Number(of.narrowed),
        Cell::Number(of.over),
        Cell::Number(of.waiting),
        Cell::Flag(of.late),
        Cell::Number(late),
        Cell::Number(of.gone),
        number(of.median_seconds),
        number(of.glances.and_then(|share| i64::try_from(share).ok())),
        Cell::Number(disagreed),
    ]
}
