//! New rows, many in one statement where they are alike.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use muster_connector::ConnectorError;
use muster_model::{Applied, Change, ObjectRef, Text, Value};

use crate::{
    apply::Work,
    cell::{Cell, Column, key_param},
    change::{enabled_flag, flag_param, lasting, written},
    dialect::Dialect,
    error::Stop,
    lists,
    settings::FlagKind,
    shape::{ListShape, Shape, split_name},
    sql::{Param, Sql},
};

/// How many rows stand in one statement, and how many values; every database limits the second.
const MOST_ROWS: usize = 500;
const MOST_VALUES: usize = 8_000;

/// A row that is not there yet.
struct NewRow<'s> {
    /// In the order of the columns' names, so that equal sets of columns are in equal order.
    columns: Vec<(&'s Column, Param)>,
    lists: Vec<(&'s ListShape, &'s Value)>,
    /// The flag whose time the database writes.
    disabled_at: Option<&'s Column>,
}

impl<'s> NewRow<'s> {
    fn new(
        shape: &'s Shape,
        object: &ObjectRef,
        values: &'s [(Text, Value)],
        enabled: Option<bool>,
    ) -> Result<Self, ConnectorError> {
        let mut row = Self { columns: Vec::new(), lists: Vec::new(), disabled_at: None };
        for (name, allowed) in &shape.class.filter {
            if let [value] = allowed.as_slice() {
                let column = shape.column(name)?;
                row.put(column, shape.param(column, value)?);
            }
        }
        for (name, value) in values {
            if let Some(list) = shape.lists.get(name) {
                row.lists.push((list, value));
            } else {
                let column = shape.column(name)?;
                row.put(column, written(shape, column, value)?);
            }
        }
        let key = shape.key()?;
        let parts = split_name(&object.name, key.len()).ok_or_else(|| {
            ConnectorError::Invalid(format!("`{}` is not a name of this class", object.name))
        })?;
        for (column, part) in key.into_iter().zip(parts) {
            let param = written(shape, column, &Value::text(part))?;
            if row.param(column).is_some_and(|other| *other != param) {
                return Err(ConnectorError::Invalid(format!(
                    "`{}` is to have another value in `{}`, which is its name",
                    object.name, column.name
                )));
            }
            row.put(column, param);
        }
        row.put_flags(shape, enabled)?;
        row.columns.sort_unstable_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        Ok(row)
    }

    fn put_flags(&mut self, shape: &'s Shape, enabled: Option<bool>) -> Result<(), ConnectorError> {
        if let Some(flag) = &shape.class.deleted
            && flag.kind != FlagKind::Time
        {
            let column = shape.column(&flag.column)?;
            self.put(column, flag_param(shape, column, flag, false)?);
        }
        let Some(enabled) = enabled else { return Ok(()) };
        let flag = enabled_flag(shape)?;
        let column = shape.column(&flag.column)?;
        match (&flag.kind, enabled) {
            (FlagKind::Time, false) => self.disabled_at = Some(column),
            (FlagKind::Time, true) => {}
            (FlagKind::Values { .. }, _) => {
                self.put(column, flag_param(shape, column, flag, !enabled)?);
            }
        }
        Ok(())
    }

    fn put(&mut self, column: &'s Column, param: Param) {
        match self.columns.iter_mut().find(|(known, _)| known.name == column.name) {
            Some((_, held)) => *held = param,
            None => self.columns.push((column, param)),
        }
    }

    fn param(&self, column: &Column) -> Option<&Param> {
        let found = self.columns.iter().find(|(known, _)| known.name == column.name);
        found.map(|(_, param)| param)
    }

    /// True when it can stand in one statement with others.
    fn is_plain(&self) -> bool {
        self.lists.is_empty()
            && self.disabled_at.is_none()
            && self.columns.iter().all(|(column, _)| !column.is_array)
    }
}

/// New rows that are alike, and the statement that inserts them all.
pub(crate) struct Batch<'c> {
    shape: Arc<Shape>,
    objects: Vec<&'c ObjectRef>,
    sql: Sql,
}

impl<'c> Batch<'c> {
    /// Of as many of the first changes as are alike; `None` when there are fewer than two.
    pub(crate) fn of(shape: Arc<Shape>, changes: &[&'c Change]) -> Option<Self> {
        let [Change::Create { object: first, .. }, ..] = changes else { return None };
        let (mut objects, mut rows): (Vec<&ObjectRef>, Vec<NewRow<'_>>) = Default::default();
        let mut names = HashSet::new();
        for change in changes.iter().take(MOST_ROWS) {
            let Change::Create { object, values, enabled } = change else { break };
            let is_new = object.class == first.class && names.insert(&object.name);
            let Ok(row) = NewRow::new(&shape, object, values, *enabled) else { break };
            let fits = rows.first().is_none_or(|first| {
                first.names().eq(row.names()) && (rows.len() + 1) * row.columns.len() <= MOST_VALUES
            });
            if !is_new || !fits || !row.is_plain() {
                break;
            }
            objects.push(object);
            rows.push(row);
        }
        if rows.len() < 2 {
            return None;
        }
        let sql = insertion(&shape, rows).ok()?;
        Some(Self { shape, objects, sql })
    }
}

/// The statement that inserts rows with the same columns.
fn insertion(shape: &Shape, rows: Vec<NewRow<'_>>) -> Result<Sql, ConnectorError> {
    let mut sql = Sql::new(shape.dialect, "INSERT INTO ");
    sql.table(shape.table()?).add(" (");
    let first = rows.first().into_iter().flat_map(|row| &row.columns);
    let columns: Vec<&Column> = first.map(|(column, _)| *column).collect();
    for (index, column) in columns.iter().enumerate() {
        sql.add(if index == 0 { "" } else { ", " }).name(&column.name);
    }
    sql.add(") ");
    if shape.dialect == Dialect::Postgres {
        unnest(&mut sql, &columns, &rows);
        return Ok(sql);
    }
    for (index, row) in rows.into_iter().enumerate() {
        sql.add(if index == 0 { "VALUES (" } else { ", (" });
        row.bind(&mut sql);
        sql.add(")");
    }
    Ok(sql)
}

impl Work<'_, '_> {
    pub(crate) async fn create(
        &mut self,
        shape: &Shape,
        object: &ObjectRef,
        values: &[(Text, Value)],
        enabled: Option<bool>,
    ) -> Result<Applied, Stop> {
        let mut row = NewRow::new(shape, object, values, enabled)?;
        let lists = std::mem::take(&mut row.lists);
        self.renamed.remove(&(object.class.clone(), object.name.clone()));
        if !self.revive(shape, object, &row).await? {
            let mut sql = Sql::new(shape.dialect, "INSERT INTO ");
            sql.table(shape.table()?).add(" (");
            for (index, name) in row.names().enumerate() {
                sql.add(if index == 0 { "" } else { ", " }).name(name);
            }
            sql.add(") VALUES (");
            row.bind(&mut sql);
            sql.add(")");
            self.lease.execute(sql).await?;
        }
        if lists.is_empty() && shape.class.id.is_none() {
            return Ok(Applied { id: Some(object.name.clone()), name: None, pending: None });
        }
        let reference = self.made(shape, object).await?;
        for (list, value) in &lists {
            // The row is there already, so the transaction has to go back.
            lists::replace(self.lease, shape, list, &reference, value).await.map_err(lasting)?;
        }
        let id = if shape.class.id.is_some() { reference.text() } else { None };
        Ok(Applied { id: id.or_else(|| Some(object.name.clone())), name: None, pending: None })
    }

    /// The reference of a row that was made a moment ago.
    async fn made(&mut self, shape: &Shape, object: &ObjectRef) -> Result<Cell, Stop> {
        let mut sql = Sql::new(shape.dialect, "SELECT ");
        sql.select("", shape.reference()?).add(" FROM ").add(&shape.from()).add(" WHERE ");
        let lost = || {
            let text = format!(
                "`{}` was made and cannot be found; does a trigger change its name?",
                object.name
            );
            Stop::Fault(crate::error::Fault::new(crate::error::FaultKind::Refused, text))
        };
        if !shape.named(&mut sql, &object.name)? {
            return Err(lost());
        }
        self.lease.rows(sql).await?.into_iter().flatten().next().ok_or_else(lost)
    }

    /// Gives a row that is only marked as deleted back its life; false when there is none.
    async fn revive(
        &mut self,
        shape: &Shape,
        object: &ObjectRef,
        row: &NewRow<'_>,
    ) -> Result<bool, Stop> {
        let Some(flag) = &shape.class.deleted else { return Ok(false) };
        let column = shape.column(&flag.column)?;
        let mut sql = Sql::new(shape.dialect, "UPDATE ");
        sql.table(shape.table()?).add(" SET ").name(&column.name).add(" = ");
        sql.bind(flag_param(shape, column, flag, false)?, column);
        for (column, param) in row.columns.iter().filter(|(c, _)| c.name != column.name) {
            sql.add(", ").name(&column.name).add(" = ").bind(param.clone(), column);
        }
        sql.add(" WHERE ");
        if !shape.named(&mut sql, &object.name)? {
            return Ok(false);
        }
        sql.add(" AND ").name(&column.name);
        match &flag.kind {
            FlagKind::Time => sql.add(" IS NOT NULL"),
            FlagKind::Values { raised, .. } => {
                sql.add(" = ").bind(shape.param(column, raised)?, column)
            }
        };
        Ok(self.lease.execute(sql).await? > 0)
    }

    /// Creates as many of the first changes as are alike, in one statement; none when there are fewer than two. `ready` is
    /// their batch, where it was made ahead.
    pub(crate) async fn create_many(
        &mut self,
        changes: &[&Change],
        ready: Option<Batch<'_>>,
    ) -> Result<Vec<Applied>, Stop> {
        let [Change::Create { object, .. }, Change::Create { .. }, ..] = changes else {
            return Ok(Vec::new());
        };
        let batch = match ready {
            Some(batch) => Some(batch),
            None if self.database.settings.roles_of(&object.class).is_some() => None,
            None => {
                let shape = self.database.shape(self.lease, &object.class).await?;
                Batch::of(shape, changes)
            }
        };
        let Some(batch) = batch else { return Ok(Vec::new()) };
        if !self.renamed.is_empty() {
            for object in &batch.objects {
                self.renamed.remove(&(object.class.clone(), object.name.clone()));
            }
        }
        let Batch { shape, objects, sql } = batch;
        let ids = self.insert(&shape, &objects, sql).await?;
        let applied = |object: &&ObjectRef| {
            let id = ids.get(&object.name).cloned().unwrap_or_else(|| object.name.clone());
            Applied { id: Some(id), name: None, pending: None }
        };
        Ok(objects.iter().map(applied).collect())
    }

    /// Inserts rows; answers their ids by name, where the class has one.
    async fn insert(
        &mut self,
        shape: &Shape,
        objects: &[&ObjectRef],
        mut sql: Sql,
    ) -> Result<HashMap<Text, Text>, Stop> {
        let key = shape.key()?;
        let (Some(id), [key]) = (shape.id()?, key.as_slice()) else {
            self.lease.execute(sql).await?;
            return Ok(HashMap::new());
        };
        let made = if self.lease.can_return() {
            sql.add(" RETURNING ").select("", key).add(", ").select("", id);
            self.lease.rows(sql).await?
        } else {
            self.lease.execute(sql).await?;
            let names =
                objects.iter().filter_map(|o| key_param(&o.name, key, shape.dialect)).collect();
            let mut sql = Sql::new(shape.dialect, "SELECT ");
            sql.select("", key).add(", ").select("", id).add(" FROM ").add(&shape.from());
            sql.add(" WHERE ").is_in("", key, names);
            self.lease.rows(sql).await?
        };
        let pair = |row: Vec<Cell>| match row.as_slice() {
            [name, id] => Some((name.text()?, id.text()?)),
            _ => None,
        };
        Ok(made.into_iter().filter_map(pair).collect())
    }
}

impl NewRow<'_> {
    fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.columns.iter().map(|(column, _)| &*column.name);
        names.chain(self.disabled_at.map(|column| &*column.name))
    }

    /// Adds the values in the order of [`NewRow::names`].
    fn bind(self, sql: &mut Sql) {
        for (index, (column, param)) in self.columns.into_iter().enumerate() {
            sql.add(if index == 0 { "" } else { ", " }).bind(param, column);
        }
        if self.disabled_at.is_some() {
            sql.add(", CURRENT_TIMESTAMP");
        }
    }
}

/// One parameter for each column, whatever the number of rows, so that the statement stays the same.
fn unnest(sql: &mut Sql, columns: &[&Column], rows: &[NewRow<'_>]) {
    sql.add("SELECT ");
    for (index, column) in columns.iter().enumerate() {
        sql.add(if index == 0 { "u." } else { ", u." }).add(&format!("c{index}"));
        sql.add(&column.cast());
    }
    sql.add(" FROM unnest(");
    for index in 0..columns.len() {
        let texts = rows.iter().map(|row| match row.columns.get(index) {
            Some((_, Param::Text(text))) => Some(text.clone()),
            Some(_) | None => None,
        });
        sql.add(if index == 0 { "" } else { ", " }).bind_texts(texts.collect());
    }
    sql.add(") AS u(");
    for index in 0..columns.len() {
        sql.add(if index == 0 { "" } else { ", " }).add(&format!("c{index}"));
    }
    sql.add(")");
}
