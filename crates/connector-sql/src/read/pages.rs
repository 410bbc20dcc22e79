//! The rows of a query in the order of the plan, page by page.
//!
//! PostgreSQL keeps the place in a cursor: asked for each page anew, it would sort the table again wherever it has no
//! statistics to choose the index by. The others begin each page after the last row of the one before.

use super::{Plan, Stop};
use crate::{
    cell::Cell,
    link::{Lease, Page},
    sql::Sql,
};

/// A query that is read page by page.
pub(super) struct Pages {
    /// `SELECT … WHERE …`, without order.
    sql: Sql,
    size: usize,
    at: At,
}

/// Where the next page begins.
enum At {
    /// At the first row; nothing was asked yet.
    Start,
    /// Where the cursor of the connection stands.
    Cursor,
    /// After the row with these values in the ordering columns.
    After(Vec<Cell>),
    /// Nowhere.
    End,
}

impl Pages {
    /// Begins to read `sql`, which can be continued with ` AND …`, in pages of `size` rows.
    pub(super) fn new(sql: Sql, size: usize) -> Self {
        Self { sql, size, at: At::Start }
    }

    /// The next page, which may be empty; `None` when there was a last one.
    pub(super) async fn next(
        &mut self,
        lease: &mut Lease<'_>,
        plan: &Plan<'_>,
    ) -> Result<Option<Page>, Stop> {
        if matches!(self.at, At::Start) && lease.has_cursors() {
            lease.open_cursor(self.ordered(plan, &[]), self.size).await?;
            self.at = At::Cursor;
        }
        let page = match &self.at {
            At::End => return Ok(None),
            At::Cursor => lease.fetch().await?,
            At::Start => lease.page(self.limited(plan, &[]), self.size).await?,
            At::After(after) => lease.page(self.limited(plan, after), self.size).await?,
        };
        if page.len() < self.size {
            self.at = At::End;
        } else if !matches!(self.at, At::Cursor) {
            let last = page.last()?;
            let after = last.map(|row| plan.position(&row).into_iter().cloned().collect());
            self.at = after.map_or(At::End, At::After);
        }
        Ok(Some(page))
    }

    fn limited(&self, plan: &Plan<'_>, after: &[Cell]) -> Sql {
        let mut sql = self.ordered(plan, after);
        sql.add(&format!(" LIMIT {}", self.size));
        sql
    }

    /// All rows after the given position, in order.
    fn ordered(&self, plan: &Plan<'_>, after: &[Cell]) -> Sql {
        let order: Vec<_> =
            plan.order.iter().filter_map(|place| plan.columns.get(*place)).collect();
        let mut sql = self.sql.clone();
        if !after.is_empty() {
            sql.add(" AND (");
            for (index, column) in order.iter().enumerate() {
                sql.add(if index == 0 { "" } else { ", " }).name(&column.name);
            }
            sql.add(") > (");
            for (index, (column, cell)) in order.iter().zip(after).enumerate() {
                sql.add(if index == 0 { "" } else { ", " });
                sql.bind(cell.param(plan.shape.dialect), column);
            }
            sql.add(")");
        }
        sql.add(" ORDER BY ");
        for (index, column) in order.iter().enumerate() {
            sql.add(if index == 0 { "" } else { ", " }).name(&column.name);
        }
        sql
    }
}
