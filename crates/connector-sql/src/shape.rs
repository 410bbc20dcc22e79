//! What the database says about the tables of a class: columns, types, keys. Asked once and kept.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::tz::TimeZone;
use muster_connector::{ConnectorError, closest};
use muster_model::{ObjectRef, Text, Value};

use crate::{
    Database,
    cell::{Cell, Column, key_param, to_param},
    dialect::{Dialect, TableName},
    error::{Fault, Stop},
    link::Lease,
    settings::{Class, Flag, FlagKind, ListTable, Source},
    sql::{Param, Sql},
};

/// What was learned so far, by class.
#[derive(Debug, Default)]
pub(crate) struct Shapes(Mutex<BTreeMap<Text, Arc<Shape>>>);

impl Shapes {
    /// Forgets everything, as a table has changed.
    pub(crate) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// The tables of a class.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The class's name in the model.
    pub(crate) name: Text,
    pub(crate) dialect: Dialect,
    pub(crate) zone: TimeZone,
    /// The class with its key filled in.
    pub(crate) class: Class,
    pub(crate) columns: Vec<Column>,
    pub(crate) lists: BTreeMap<Text, ListShape>,
}

/// A table that holds the values of an attribute.
#[derive(Debug)]
pub(crate) struct ListShape {
    pub(crate) settings: ListTable,
    /// Its column with the object.
    pub(crate) owner: Column,
    /// Its column with the value.
    pub(crate) value: Column,
    /// Whose objects the values are.
    pub(crate) of: Option<Shape>,
}

impl Database {
    /// The tables of `class`, asked for when they are not known.
    pub(crate) async fn shape(
        &self,
        lease: &mut Lease<'_>,
        class: &Text,
    ) -> Result<Arc<Shape>, Stop> {
        if let Some(known) = self.known_shape(class) {
            return Ok(known);
        }
        let mut shape = self.bare_shape(lease, class).await?;
        for (attribute, list) in shape.class.lists.clone() {
            let shape_of_list = self.list_shape(lease, list).await?;
            shape.lists.insert(attribute, shape_of_list);
        }
        let shape = Arc::new(shape);
        let mut known = self.shapes.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(class.clone(), Arc::clone(&shape));
        Ok(shape)
    }

    /// The tables of `class`, if they were asked for before.
    pub(crate) fn known_shape(&self, class: &Text) -> Option<Arc<Shape>> {
        self.shapes.0.lock().unwrap_or_else(PoisonError::into_inner).get(class).cloned()
    }

    async fn bare_shape(&self, lease: &mut Lease<'_>, name: &Text) -> Result<Shape, Stop> {
        if name.is_empty() {
            let wanted = "a database read needs a class, such as `class: person`";
            return Err(ConnectorError::Settings(wanted.to_owned()).into());
        }
        let mut class = self.settings.class(name);
        let dialect = self.settings.url.dialect;
        let everything = format!("SELECT * FROM {} WHERE 1 = 0", from(&class, dialect));
        let mut columns = lease.describe(&everything).await?;
        if let Source::Table(table) = &class.source {
            let primary = refine(lease, dialect, table, &mut columns).await?;
            if class.key.is_empty() {
                class.key = primary;
            }
        }
        if class.key.is_empty() {
            return Err(ConnectorError::Settings(format!(
                "the table of the class `{name}` has no primary key; name the column of the name as `key`"
            ))
            .into());
        }
        let zone = self.settings.zone.clone();
        let shape =
            Shape { name: name.clone(), dialect, zone, class, columns, lists: BTreeMap::new() };
        for column in shape.class.key.iter().chain(&shape.class.id) {
            shape.column(column)?;
        }
        Ok(shape)
    }

    async fn list_shape(
        &self,
        lease: &mut Lease<'_>,
        settings: ListTable,
    ) -> Result<ListShape, Stop> {
        let dialect = self.settings.url.dialect;
        let mut columns = columns_of(lease, dialect, &settings.table).await?;
        refine(lease, dialect, &settings.table, &mut columns).await?;
        let of = match &settings.of {
            Some(class) => Some(self.bare_shape(lease, class).await?),
            None => None,
        };
        let table = settings.table.to_string();
        let owner = find(&columns, &settings.owner, || table.clone())?.clone();
        let value = find(&columns, &settings.value, || table.clone())?.clone();
        Ok(ListShape { settings, owner, value, of })
    }
}

/// The columns of a table, without what only the catalogue knows.
pub(crate) async fn columns_of(
    lease: &mut Lease<'_>,
    dialect: Dialect,
    table: &TableName,
) -> Result<Vec<Column>, Fault> {
    lease.describe(&format!("SELECT * FROM {} WHERE 1 = 0", table.quoted(dialect))).await
}

/// What stands after FROM.
fn from(class: &Class, dialect: Dialect) -> String {
    match &class.source {
        Source::Table(table) => table.quoted(dialect),
        Source::Query(query) => {
            let query = query.trim().trim_end_matches(';');
            format!("({query}) AS {}", dialect.quote("source"))
        }
    }
}

/// Adds what the catalogue knows of the columns of `table`, and answers its primary key.
pub(crate) async fn refine(
    lease: &mut Lease<'_>,
    dialect: Dialect,
    table: &TableName,
    columns: &mut [Column],
) -> Result<Vec<Text>, Fault> {
    let mut sql = Sql::new(dialect, "");
    match dialect {
        Dialect::Postgres => {
            sql.add(
                "SELECT a.attname::text, NOT a.attnotnull, \
                 a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', \
                 EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid \
                 AND i.indisprimary AND a.attnum = ANY (i.indkey)), '' \
                 FROM pg_catalog.pg_attribute a WHERE a.attrelid = to_regclass(",
            );
            sql.bind_text(table.quoted(dialect));
            sql.add(") AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum");
        }
        Dialect::MySql => {
            sql.add(
                "SELECT column_name, is_nullable = 'YES', is_nullable = 'NO' AND \
                 column_default IS NULL AND extra = '', column_key = 'PRI', '' \
                 FROM information_schema.columns WHERE table_schema = ",
            );
            match &table.schema {
                Some(schema) => sql.bind_text(schema.clone()),
                None => sql.add("DATABASE()"),
            };
            sql.add(" AND table_name = ").bind_text(table.table.clone());
            sql.add(" ORDER BY ordinal_position");
        }
        Dialect::Sqlite => {
            sql.add(
                "SELECT name, NOT \"notnull\", \"notnull\" AND dflt_value IS NULL, pk > 0, type \
                 FROM pragma_table_xinfo(",
            );
            sql.bind_text(table.table.clone());
            if let Some(schema) = &table.schema {
                sql.add(", ").bind_text(schema.clone());
            }
            sql.add(") ORDER BY cid");
        }
    }
    let mut primary = Vec::new();
    for row in lease.rows(sql).await? {
        let [name, nullable, required, is_primary, declared] = row.as_slice() else { continue };
        let Some(name) = name.text() else { continue };
        let is_primary = is_primary.int() == Some(1);
        if is_primary {
            primary.push(name.clone());
        }
        let Some(column) = columns.iter_mut().find(|column| column.name == name) else { continue };
        column.is_nullable = nullable.int() == Some(1);
        column.is_required =
            required.int() == Some(1) && !(is_primary && dialect == Dialect::Sqlite);
        if dialect == Dialect::Sqlite {
            column.kind = crate::link::sqlite_kind(&declared.text().unwrap_or_default());
        }
    }
    Ok(primary)
}

fn find<'c>(
    columns: &'c [Column],
    name: &str,
    table: impl FnOnce() -> String,
) -> Result<&'c Column, ConnectorError> {
    columns.iter().find(|column| *column.name == *name).ok_or_else(|| {
        let table = table();
        let near = closest(name, columns.iter().map(|column| &*column.name));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        ConnectorError::Settings(format!("`{table}` has no column `{name}`{near}"))
    })
}

impl Shape {
    /// The column of that name.
    pub(crate) fn column(&self, name: &str) -> Result<&Column, ConnectorError> {
        find(&self.columns, name, || match &self.class.source {
            Source::Table(table) => table.to_string(),
            Source::Query(_) => format!("the query of `{}`", self.name),
        })
    }

    /// The columns of the name.
    pub(crate) fn key(&self) -> Result<Vec<&Column>, ConnectorError> {
        self.class.key.iter().map(|name| self.column(name)).collect()
    }

    /// The column of the id.
    pub(crate) fn id(&self) -> Result<Option<&Column>, ConnectorError> {
        self.class.id.as_ref().map(|name| self.column(name)).transpose()
    }

    /// The column by which other tables name an object: the id, or a key of one column.
    pub(crate) fn reference(&self) -> Result<&Column, ConnectorError> {
        match (self.id()?, self.key()?.as_slice()) {
            (Some(id), _) => Ok(id),
            (None, [key]) => Ok(key),
            (None, _) => Err(ConnectorError::Settings(format!(
                "the class `{}` has a key of several columns; name an `id` too",
                self.name
            ))),
        }
    }

    /// What stands after FROM.
    pub(crate) fn from(&self) -> String {
        from(&self.class, self.dialect)
    }

    /// The table, where the class is one.
    pub(crate) fn table(&self) -> Result<&TableName, ConnectorError> {
        match &self.class.source {
            Source::Table(table) => Ok(table),
            Source::Query(_) => Err(ConnectorError::Invalid(format!(
                "the class `{}` is a query, which can only be read",
                self.name
            ))),
        }
    }

    /// The parameter for a text out of settings or a name.
    pub(crate) fn param(&self, column: &Column, text: &str) -> Result<Param, ConnectorError> {
        to_param(&Value::text(text), column, self.dialect, &self.zone)
            .map_err(ConnectorError::Settings)
    }

    /// Adds the condition that a row is an object of this class: it matches the filter and is not marked as deleted.
    pub(crate) fn scope(&self, sql: &mut Sql) -> Result<(), ConnectorError> {
        sql.add("1 = 1");
        for (name, values) in &self.class.filter {
            let column = self.column(name)?;
            sql.add(" AND ");
            if let [value] = values.as_slice() {
                sql.equals("", column, self.param(column, value)?);
            } else {
                let params: Result<Vec<Param>, ConnectorError> =
                    values.iter().map(|value| self.param(column, value)).collect();
                sql.is_in("", column, params?);
            }
        }
        if let Some(flag) = &self.class.deleted {
            sql.add(" AND ");
            self.lowered(sql, flag)?;
        }
        Ok(())
    }

    fn lowered(&self, sql: &mut Sql, flag: &Flag) -> Result<(), ConnectorError> {
        let column = self.column(&flag.column)?;
        match &flag.kind {
            FlagKind::Time => {
                sql.name(&column.name).add(" IS NULL");
            }
            FlagKind::Values { raised, .. } => {
                sql.add("(").name(&column.name).add(" IS NULL OR ").name(&column.name);
                sql.add(" <> ").bind(self.param(column, raised)?, column).add(")");
            }
        }
        Ok(())
    }

    /// Adds the condition that finds one object; false when no row can be it.
    pub(crate) fn locate(&self, sql: &mut Sql, object: &ObjectRef) -> Result<bool, ConnectorError> {
        if let (Some(id), false) = (self.id()?, object.id.is_empty()) {
            let Some(param) = key_param(&object.id, id, self.dialect) else { return Ok(false) };
            sql.equals("", id, param);
            return Ok(true);
        }
        let name = if object.name.is_empty() { &object.id } else { &object.name };
        self.named(sql, name)
    }

    /// Adds the condition that finds the object of a name; false when no row can have it.
    pub(crate) fn named(&self, sql: &mut Sql, name: &str) -> Result<bool, ConnectorError> {
        let key = self.key()?;
        let Some(parts) = split_name(name, key.len()) else { return Ok(false) };
        for (index, (column, part)) in key.iter().zip(parts).enumerate() {
            let Some(param) = key_param(&part, column, self.dialect) else { return Ok(false) };
            sql.add(if index == 0 { "" } else { " AND " }).equals("", column, param);
        }
        Ok(true)
    }
}

/// The name of an object with these key values; `None` when one is missing.
pub(crate) fn join_name(cells: &[&Cell]) -> Option<Text> {
    if let [single] = cells {
        return single.text();
    }
    let parts: Option<Vec<String>> = cells
        .iter()
        .map(|cell| Some(cell.text()?.replace('\\', "\\\\").replace('/', "\\/")))
        .collect();
    Some(parts?.join("/").into())
}

/// The key values in a name, which are as many as the key has columns.
pub(crate) fn split_name(name: &str, n_columns: usize) -> Option<Vec<String>> {
    if name.is_empty() {
        return None;
    }
    if n_columns == 1 {
        return Some(vec![name.to_owned()]);
    }
    let mut parts = vec![String::new()];
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        match (c, parts.last_mut()) {
            ('/', _) => parts.push(String::new()),
            ('\\', Some(part)) => part.extend(chars.next()),
            (c, Some(part)) => part.push(c),
            (_, None) => {}
        }
    }
    (parts.len() == n_columns).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_several_columns_can_be_taken_apart_again() {
        for parts in [["a", "b"], ["a/b", "c\\d"], ["", "x"], ["\\", "/"]] {
            let cells = parts.map(|part| Cell::Text(part.into()));
            let name = join_name(&cells.each_ref()).unwrap();
            assert_eq!(split_name(&name, 2).unwrap(), parts);
        }
        assert_eq!(split_name("a/b", 1).unwrap(), ["a/b"]);
        assert_eq!(split_name("a", 2), None);
    }
}
