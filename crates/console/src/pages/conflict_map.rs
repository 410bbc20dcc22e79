//! `/conflicts/map`: which conflicts people of which department, or of another place, are in; and who stands behind a number.

use askama::Template;
use axum::response::Response;
use muster_app::{
    ConflictColumn, ConflictCount, ConflictPlace, ConflictRow, Ctx, PlaceOf, conflict_map,
    list_in_conflict,
};
use muster_model::EntityId;
use muster_web::Problem;

use super::{Pager, people::Row};
use crate::{
    address,
    frame::{Frame, page},
    given::ROWS,
    texts::{AccessTexts, filled},
    visit::Visit,
};

/// Conflicts on one page.
const CONFLICTS: usize = 20;
/// How many shades there are.
const SHADES: u64 = 4;

#[derive(Template)]
#[template(path = "conflict_map.html")]
struct Map<'v> {
    frame: Frame<'v>,
    /// The links by which it can be seen, with their addresses.
    links: Vec<(String, String, bool)>,
    columns: Vec<String>,
    rows: Vec<Line>,
    uses_known: bool,
    pager: Pager,
}

/// A conflict.
struct Line {
    name: String,
    blocks: bool,
    cells: Vec<Option<Cell>>,
}

/// People of one place in one conflict.
struct Cell {
    href: String,
    shade: u64,
    held: u64,
    more: String,
}

/// The page.
pub(crate) async fn show(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let map = conflict_map(&ctx, &visit.opened, visit.given.filled("by").as_deref()).await?;
    let (texts, by) = (&visit.texts.access, &*map.by);
    let most = map.rows.iter().flat_map(|row| &row.counts).map(|count| count.held).max();
    let all = map.rows.len();
    let rows = map.rows.iter().skip(visit.given.after()).take(CONFLICTS);
    let rows: Vec<Line> =
        rows.map(|row| line(texts, (by, most.unwrap_or(1)), &map.columns, row)).collect();
    let after = visit.given.after() + rows.len();
    let next = (after < all).then(|| after.to_string());
    let link = |name: &muster_model::Text| {
        (name.to_string(), address::with("/conflicts/map", &[("by", &**name)]), *name == map.by)
    };
    let template = Map {
        frame: Frame::of(&visit),
        links: map.links.iter().map(link).collect(),
        columns: map.columns.iter().map(|column| heading(texts, column)).collect(),
        rows,
        uses_known: map.uses_known,
        pager: Pager::new("/conflicts/map", &visit.given, &["by"], next),
    };
    page(&visit, &template)
}

fn heading(texts: &AccessTexts, column: &ConflictColumn) -> String {
    match column.place {
        ConflictPlace::One(_) => column.display.to_string(),
        ConflictPlace::Others => texts.other_places.to_owned(),
        ConflictPlace::Nowhere => texts.no_place.to_owned(),
    }
}

fn line(
    texts: &AccessTexts,
    (by, most): (&str, u64),
    columns: &[ConflictColumn],
    row: &ConflictRow,
) -> Line {
    let cell = |(column, count): (&ConflictColumn, &ConflictCount)| {
        let of = match column.place {
            ConflictPlace::One(id) => id.to_string(),
            ConflictPlace::Others => String::new(),
            ConflictPlace::Nowhere => "nowhere".to_owned(),
        };
        let asked = [("conflict", &*row.conflict), ("by", by), ("of", &*of)];
        (count.held > 0).then(|| Cell {
            href: address::with("/conflicts/people", &asked),
            shade: count.held.saturating_mul(SHADES).div_ceil(most.max(1)),
            held: count.held,
            more: more(texts, *count),
        })
    };
    Line {
        name: row.conflict.to_string(),
        blocks: row.blocks,
        cells: columns.iter().zip(&row.counts).map(cell).collect(),
    }
}

/// `2 used, 1 excepted`; empty where there is neither.
fn more(texts: &AccessTexts, count: ConflictCount) -> String {
    let told = |text, n: u64| (n > 0).then(|| filled(text, &[("n", &n.to_string())]));
    let parts = [told(texts.n_used, count.used), told(texts.n_excepted, count.excepted)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[derive(Template)]
#[template(path = "in_conflict.html")]
struct People<'v> {
    frame: Frame<'v>,
    conflict: &'v str,
    back: String,
    rows: Vec<Somebody>,
    pager: Pager,
}

struct Somebody {
    row: Row,
    excepted: bool,
    solve: String,
}

/// Those behind a number.
pub(crate) async fn people(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let given = &visit.given;
    let (conflict, by) = (given.text("conflict"), given.text("by"));
    let place = match given.text("of") {
        "nowhere" => Some(ConflictPlace::Nowhere),
        of => of.parse().ok().map(|id| ConflictPlace::One(EntityId(id))),
    };
    let of = PlaceOf { conflict, by, place };
    let part = list_in_conflict(&ctx, &visit.opened, &of, given.after(), ROWS).await?;
    let rows = part.items.iter().map(|one| Somebody {
        row: Row::of(&one.person),
        excepted: one.excepted,
        solve: format!(
            "{}/conflicts/{}",
            address::person(&one.person.key),
            address::part(conflict)
        ),
    });
    let next = part.next.map(|next| next.to_string());
    let template = People {
        rows: rows.collect(),
        frame: Frame::of(&visit),
        conflict,
        back: address::with("/conflicts/map", &[("by", by)]),
        pager: Pager::new("/conflicts/people", given, &["conflict", "by", "of"], next),
    };
    page(&visit, &template)
}
