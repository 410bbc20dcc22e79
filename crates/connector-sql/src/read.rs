//! Reads the objects of a class page by page, in one snapshot; what changed since a cursor; single objects.

mod changed;
mod pages;

use std::collections::HashMap;

use muster_connector::{BadObject, ConnectorError, Field, ReadEnd, ReadObject, ReadRequest, Sink};
use muster_model::{Object, ObjectRef, Text};

use crate::{
    Database,
    cell::Cell,
    error::{FaultKind, Stop},
    link::{Lease, Page, Rows},
    lists,
    rows::{ListValues, Plan},
    settings::ChangesBy,
    shape::Shape,
    sql::Sql,
};
use pages::Pages;

/// The cursor of a table that holds nothing yet.
const START: &str = "start";

/// How many rows without a name are named one by one.
const MOST_NAMELESS: usize = 100;

/// Room that is made for objects before they are there.
const MOST_RESERVED: usize = 4096;

/// Reads everything, or what changed, into `sink`.
pub(crate) async fn read(
    database: &Database,
    request: &ReadRequest,
    sink: &mut dyn Sink,
) -> Result<ReadEnd, ConnectorError> {
    let mut lease = database.pool.lease().await?;
    let begun = async {
        let shape = database.shape(&mut lease, &request.class).await?;
        if request.since.is_some() && shape.class.changes.is_none() {
            return Err(Stop::Answer(ConnectorError::Settings(format!(
                "the class `{}` has no `changes`, so it can only be read as a whole",
                request.class
            ))));
        }
        Plan::new(&shape, &request.fields)?;
        lease.begin_reading().await?;
        Ok(shape)
    };
    let shape = begun.await.map_err(|stop| forgetting(database, stop, &"".into()))?;
    let plan = Plan::new(&shape, &request.fields)?;
    let mut reading = Reading {
        lease: &mut lease,
        plan,
        out: Out { sink, batch: request.batch.max(1), refused: None },
        page_size: database.settings.page_size,
        has_begun: false,
    };
    let done = match &request.since {
        None => reading.everything().await,
        Some(since) => reading.changed(since).await,
    };
    let (has_begun, refused) = (reading.has_begun, reading.out.refused.take());
    match (done, refused) {
        (_, Some(refused)) => Err(refused),
        (Ok(end), None) => {
            if lease.command("COMMIT").await.is_ok() {
                lease.done();
            }
            Ok(end)
        }
        (Err(stop), None) if has_begun => {
            let problem = forgetting(database, stop, &"".into()).to_string();
            Ok(ReadEnd {
                complete: false,
                incremental: request.since.is_some(),
                cursor: None,
                deleted: Vec::new(),
                problem: Some(problem),
            })
        }
        (Err(stop), None) => Err(forgetting(database, stop, &"".into())),
    }
}

/// The error of a stop; a table that changed is looked at again next time.
pub(crate) fn forgetting(database: &Database, stop: Stop, name: &Text) -> ConnectorError {
    if matches!(&stop, Stop::Fault(fault) if fault.kind == FaultKind::Missing)
        || matches!(&stop, Stop::Answer(ConnectorError::Settings(_)))
    {
        database.shapes.forget();
    }
    stop.into_error(name)
}

/// A read that is under way.
struct Reading<'r, 'p, 's> {
    lease: &'r mut Lease<'p>,
    plan: Plan<'s>,
    out: Out<'r>,
    page_size: usize,
    /// True once the database answered, so that what follows is a read that broke off.
    has_begun: bool,
}

/// Where the objects go.
struct Out<'r> {
    sink: &'r mut dyn Sink,
    batch: usize,
    /// The sink's error, which is handed back as it is.
    refused: Option<ConnectorError>,
}

impl Out<'_> {
    /// Makes objects of rows and gives them to the sink; notes the ids of rows that are no objects any more.
    async fn hand_over(
        &mut self,
        plan: &Plan<'_>,
        rows: Rows,
        lists: &HashMap<Text, ListValues>,
        deleted: &mut Vec<Text>,
    ) -> Result<(), Stop> {
        let flag = plan.columns.len();
        let mut objects = Vec::new();
        for row in rows {
            let row = row?;
            if row.get(flag).is_some_and(|flag| flag.int() != Some(1)) {
                deleted.extend(plan.id_of(&row));
                continue;
            }
            match plan.object(row, lists) {
                Ok(object) => objects.push(ReadObject { object, line: 0 }),
                Err(bad) => {
                    let taken = self.sink.bad(bad).await;
                    self.taken(taken)?;
                }
            }
            if objects.len() == self.batch {
                let taken = self.sink.objects(std::mem::take(&mut objects)).await;
                self.taken(taken)?;
                objects.reserve(self.batch.min(MOST_RESERVED));
            }
        }
        if objects.is_empty() {
            return Ok(());
        }
        let taken = self.sink.objects(objects).await;
        self.taken(taken)
    }

    fn taken(&mut self, taken: Result<(), ConnectorError>) -> Result<(), Stop> {
        taken.map_err(|error| {
            self.refused = Some(error.clone());
            Stop::Answer(error)
        })
    }
}

impl Reading<'_, '_, '_> {
    async fn everything(&mut self) -> Result<ReadEnd, Stop> {
        let cursor = self.newest().await?;
        let mut sql = self.select(None)?;
        for place in &self.plan.order {
            if let Some(column) = self.plan.columns.get(*place) {
                sql.add(" AND ").name(&column.name).add(" IS NOT NULL");
            }
        }
        self.pages(sql).await?;
        self.nameless().await?;
        Ok(ended(false, cursor, Vec::new()))
    }

    /// Reports the rows that the order of pages cannot reach, as a column of the order is NULL.
    async fn nameless(&mut self) -> Result<(), Stop> {
        let columns = self.plan.order.iter().filter_map(|place| self.plan.columns.get(*place));
        let nullable: Vec<Text> =
            columns.filter(|column| column.is_nullable).map(|c| c.name.clone()).collect();
        if nullable.is_empty() {
            return Ok(());
        }
        let mut sql = self.select(None)?;
        sql.add(" AND (");
        for (index, name) in nullable.iter().enumerate() {
            sql.add(if index == 0 { "" } else { " OR " }).name(name).add(" IS NULL");
        }
        sql.add(&format!(") LIMIT {MOST_NAMELESS}"));
        let rows = self.lease.rows(sql).await?;
        self.hand_over(rows, &mut Vec::new()).await
    }

    /// `SELECT columns FROM class WHERE scope`; with `flagged`, all rows come, and whether they are in scope.
    fn select(&self, flagged: Option<()>) -> Result<Sql, ConnectorError> {
        let shape = self.plan.shape;
        let mut sql = select(&self.plan);
        if flagged.is_some() {
            sql.add(", CASE WHEN ");
            shape.scope(&mut sql)?;
            sql.add(" THEN 1 ELSE 0 END");
        }
        sql.add(" FROM ").add(&shape.from()).add(" WHERE ");
        if flagged.is_some() {
            sql.add("1 = 1");
        } else {
            shape.scope(&mut sql)?;
        }
        Ok(sql)
    }

    /// Hands over all rows of `sql`: while the objects of one page are made, the database works on the next. Answers
    /// the ids of rows that are no objects any more.
    async fn pages(&mut self, sql: Sql) -> Result<Vec<Text>, Stop> {
        let mut pages = Pages::new(sql, self.page_size);
        let mut deleted = Vec::new();
        let plan = &self.plan;
        let has_lists = plan.lists().next().is_some();
        let mut next = pages.next(self.lease, plan).await?;
        while let Some(mut page) = next {
            self.has_begun = true;
            let mut lists = HashMap::new();
            if has_lists {
                let rows: Vec<Vec<Cell>> = page.rows().collect::<Result<_, _>>()?;
                lists = list_values(self.lease, plan, &rows).await?;
                page = Page::Cells(rows);
            }
            let hand_over = self.out.hand_over(plan, page.rows(), &lists, &mut deleted);
            let (asked, handed) = tokio::join!(pages.next(self.lease, plan), hand_over);
            handed?;
            next = asked?;
        }
        Ok(deleted)
    }

    /// Makes objects of rows and gives them to the sink; notes the ids of rows that are no objects any more.
    async fn hand_over(
        &mut self,
        rows: Vec<Vec<Cell>>,
        deleted: &mut Vec<Text>,
    ) -> Result<(), Stop> {
        let lists = list_values(self.lease, &self.plan, &rows).await?;
        self.has_begun = true;
        self.out.hand_over(&self.plan, Page::Cells(rows).rows(), &lists, deleted).await
    }

    /// Where the next incremental read begins.
    async fn newest(&mut self) -> Result<Option<Text>, Stop> {
        let shape = self.plan.shape;
        let Some(changes) = &shape.class.changes else { return Ok(None) };
        let mut sql = Sql::new(shape.dialect, "SELECT max(");
        match &changes.by {
            ChangesBy::Column(column) => {
                sql.name(column).add(") FROM ").add(&shape.from());
            }
            ChangesBy::Table { table, sequence, .. } => {
                sql.name(sequence).add(") FROM ").table(table);
            }
        }
        let rows = self.lease.rows(sql).await?;
        let newest = rows.first().and_then(|row| row.first()).and_then(Cell::text);
        Ok(Some(newest.unwrap_or_else(|| START.into())))
    }
}

/// `SELECT columns`, without the rest.
fn select(plan: &Plan<'_>) -> Sql {
    let mut sql = Sql::new(plan.shape.dialect, "SELECT ");
    for (index, column) in plan.columns.iter().enumerate() {
        sql.add(if index == 0 { "" } else { ", " }).select("", column);
    }
    sql
}

fn ended(incremental: bool, cursor: Option<Text>, deleted: Vec<Text>) -> ReadEnd {
    ReadEnd { complete: true, incremental, cursor, deleted, problem: None }
}

/// The values of the lists that the fields ask for, for the objects of `rows`.
async fn list_values(
    lease: &mut Lease<'_>,
    plan: &Plan<'_>,
    rows: &[Vec<Cell>],
) -> Result<HashMap<Text, ListValues>, Stop> {
    let mut values = HashMap::new();
    for (attribute, list) in plan.lists() {
        let owners: Vec<Cell> =
            rows.iter().filter_map(|row| plan.reference(row)).cloned().collect();
        let found = lists::values_of(lease, plan.shape.dialect, list, &owners).await?;
        values.insert(attribute.clone(), found);
    }
    Ok(values)
}

/// One object, by id where the class has one, else by name.
pub(crate) async fn get(
    database: &Database,
    object: &ObjectRef,
    fields: &[Field],
) -> Result<Option<Object>, ConnectorError> {
    if object.id.is_empty() && object.name.is_empty() {
        return Ok(None);
    }
    let mut lease = database.pool.lease().await?;
    let found = async {
        let shape = database.shape(&mut lease, &object.class).await?;
        let plan = Plan::new(&shape, fields)?;
        let mut found = one(&mut lease, &shape, &plan, object).await?;
        if found.is_none() && shape.class.id.is_some() && !object.id.is_empty() {
            let by_name = ObjectRef { id: "".into(), ..object.clone() };
            if !by_name.name.is_empty() {
                found = one(&mut lease, &shape, &plan, &by_name).await?;
            }
        }
        Ok(found)
    };
    let found = found.await.map_err(|stop| forgetting(database, stop, &object.name))?;
    lease.done();
    Ok(found)
}

async fn one(
    lease: &mut Lease<'_>,
    shape: &Shape,
    plan: &Plan<'_>,
    object: &ObjectRef,
) -> Result<Option<Object>, Stop> {
    let mut sql = select(plan);
    sql.add(" FROM ").add(&shape.from()).add(" WHERE ");
    if !shape.locate(&mut sql, object)? {
        return Ok(None);
    }
    sql.add(" AND ");
    shape.scope(&mut sql)?;
    sql.add(" LIMIT 2");
    let rows = match lease.rows(sql).await {
        Ok(rows) => rows,
        // A name that the column's type cannot hold is the name of nothing.
        Err(fault) if fault.kind == FaultKind::Refused => return Ok(None),
        Err(fault) => return Err(fault.into()),
    };
    if rows.len() > 1 {
        let several = format!("several rows of `{}` are `{}`", shape.name, object.name);
        return Err(ConnectorError::Malformed(several).into());
    }
    let lists = list_values(lease, plan, &rows).await?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let bad = |bad: BadObject| ConnectorError::Malformed(format!("{}: {}", bad.place, bad.problem));
    Ok(Some(plan.object(row, &lists).map_err(bad)?))
}
