//! What changed since a cursor.

use jiff::{SignedDuration, Timestamp, civil};
use muster_connector::{ConnectorError, ReadEnd};
use muster_model::Text;

use super::{Reading, START, ended};
use crate::{
    cell::{Cell, Column, Kind, key_param},
    error::Stop,
    settings::{Changes, ChangesBy},
    shape::columns_of,
    sql::{Param, Sql},
};

impl Reading<'_, '_, '_> {
    /// Reads what changed after `since`, less the overlap.
    pub(super) async fn changed(&mut self, since: &Text) -> Result<ReadEnd, Stop> {
        let Some(changes) = self.plan.shape.class.changes.clone() else {
            return self.everything().await;
        };
        let cursor = self.newest().await?;
        let cursor = cursor.filter(|cursor| **cursor != *START).or_else(|| Some(since.clone()));
        let deleted = match &changes.by {
            ChangesBy::Column(column) => {
                let column = self.plan.shape.column(column)?;
                let bound = Bound::new(column, since, &changes)?;
                self.by_column(&bound).await?
            }
            ChangesBy::Table { table, sequence, object } => {
                let columns = columns_of(self.lease, self.plan.shape.dialect, table).await?;
                let find = |name: &Text| {
                    columns.iter().find(|column| column.name == *name).ok_or_else(|| {
                        ConnectorError::Settings(format!("`{table}` has no column `{name}`"))
                    })
                };
                let (sequence, object) = (find(sequence)?, find(object)?);
                let bound = Bound::new(sequence, since, &changes)?;
                let mut sql = Sql::new(self.plan.shape.dialect, " FROM ");
                sql.table(table);
                self.by_table(&sql.text, object, &bound).await?
            }
        };
        Ok(ended(true, cursor, deleted))
    }

    /// Rows whose own column grew.
    async fn by_column(&mut self, bound: &Bound<'_>) -> Result<Vec<Text>, Stop> {
        let mut sql = self.select(Some(()))?;
        bound.add(&mut sql);
        self.pages(sql).await
    }

    /// Objects that the change table names; those that are not there any more are deleted.
    async fn by_table(
        &mut self,
        from: &str,
        object: &Column,
        bound: &Bound<'_>,
    ) -> Result<Vec<Text>, Stop> {
        let shape = self.plan.shape;
        let (dialect, reference) = (shape.dialect, shape.reference()?);
        let mut deleted = Vec::new();
        let mut after: Option<Cell> = None;
        loop {
            let mut sql = Sql::new(dialect, "SELECT DISTINCT ");
            sql.select("", object).add(from).add(" WHERE ").name(&object.name);
            sql.add(" IS NOT NULL");
            bound.add(&mut sql);
            if let Some(after) = &after {
                sql.add(" AND ").name(&object.name).add(" > ").bind(after.param(dialect), object);
            }
            // By the column's number, as what is selected may be its text.
            sql.add(" ORDER BY ").name(&object.name);
            sql.add(&format!(" LIMIT {}", self.page_size));
            let named: Vec<Cell> = self.lease.rows(sql).await?.into_iter().flatten().collect();
            self.has_begun = true;
            let texts: Vec<Text> = named.iter().filter_map(Cell::text).collect();
            let params: Vec<Param> =
                texts.iter().filter_map(|text| key_param(text, reference, dialect)).collect();
            let mut there = Vec::new();
            if !params.is_empty() {
                let mut sql = self.select(Some(()))?;
                sql.add(" AND ").is_in("", reference, params);
                there = self.lease.rows(sql).await?;
            }
            let found: std::collections::HashSet<Text> = there
                .iter()
                .filter_map(|row| self.plan.reference(row).and_then(Cell::text))
                .collect();
            deleted.extend(texts.into_iter().filter(|text| !found.contains(text)));
            self.hand_over(there, &mut deleted).await?;
            after = named.last().cloned();
            if named.len() < self.page_size {
                return Ok(deleted);
            }
        }
    }
}

/// `column > value`, or `>=` with an overlap; nothing for a cursor of an empty table.
struct Bound<'c> {
    column: &'c Column,
    operator: &'static str,
    param: Option<Param>,
}

impl<'c> Bound<'c> {
    fn new(column: &'c Column, since: &str, changes: &Changes) -> Result<Self, ConnectorError> {
        let overlap = changes.overlap;
        let operator = if overlap == 0 { " > " } else { " >= " };
        let mut bound = Self { column, operator, param: None };
        if since == START {
            return Ok(bound);
        }
        let text = lower(column.kind, since, overlap).ok_or_else(|| {
            ConnectorError::Settings(format!(
                "the cursor does not fit the column `{}`; read everything once",
                column.name
            ))
        })?;
        // Every driver takes the text form of what it compares with; numbers go as numbers.
        bound.param = Some(match text.parse() {
            Ok(int) if column.kind == Kind::Int && column.cast_to.is_empty() => Param::Int(int),
            Ok(_) | Err(_) => Param::Text(text.into()),
        });
        Ok(bound)
    }

    fn add(&self, sql: &mut Sql) {
        if let Some(param) = &self.param {
            sql.add(" AND ").name(&self.column.name).add(self.operator);
            sql.bind(param.clone(), self.column);
        }
    }
}

/// The cursor less the overlap, in the form in which the column's values are written.
fn lower(kind: Kind, since: &str, overlap: u64) -> Option<String> {
    let seconds = SignedDuration::from_secs(i64::try_from(overlap).ok()?);
    if let Ok(number) = since.parse::<i64>() {
        return Some(number.saturating_sub(i64::try_from(overlap).ok()?).to_string());
    }
    if let Ok(at) = since.parse::<Timestamp>() {
        let at = at.checked_sub(seconds).ok()?;
        let utc = jiff::tz::TimeZone::UTC.to_datetime(at);
        return Some(if kind == Kind::Instant {
            utc.to_string().replace('T', " ")
        } else {
            at.to_string()
        });
    }
    if let Ok(date) = since.parse::<civil::Date>()
        && since.len() == 10
    {
        // Whole days, so that none is left out.
        return Some(date.checked_sub(seconds).ok()?.to_string());
    }
    let at = since.parse::<civil::DateTime>().ok()?.checked_sub(seconds).ok()?;
    Some(at.to_string().replace('T', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_goes_back_by_the_overlap() {
        assert_eq!(lower(Kind::Int, "500", 100).unwrap(), "400");
        assert_eq!(
            lower(Kind::Local, "2026-01-31T08:00:00.5", 60).unwrap(),
            "2026-01-31 07:59:00.5"
        );
        assert_eq!(
            lower(Kind::Instant, "2026-01-31T08:00:00Z", 60).unwrap(),
            "2026-01-31 07:59:00"
        );
        assert_eq!(lower(Kind::Date, "2026-01-31", 86_400).unwrap(), "2026-01-30");
        assert_eq!(lower(Kind::Int, "yesterday", 0), None);
    }
}
