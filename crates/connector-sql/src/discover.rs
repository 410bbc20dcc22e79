//! What the database says about itself: product, version, tables.

use muster_connector::{ConnectorError, Discovered, DiscoveredClass};
use muster_model::{Text, ValueType};

use crate::{
    Database,
    cell::{Cell, Column},
    dialect::{Dialect, TableName},
    error::Stop,
    link::Lease,
    read::forgetting,
    shape::columns_of,
    sql::Sql,
};

/// How many tables are looked at.
const MOST_TABLES: usize = 2_000;

/// Signs in and looks at every described class; answers one line for people.
pub(crate) async fn test(database: &Database) -> Result<String, ConnectorError> {
    let mut lease = database.pool.lease().await?;
    let found = async {
        let version = version(&mut lease, database.settings.url.dialect).await?;
        let mut classes = Vec::new();
        for (name, _) in database.settings.classes() {
            let shape = database.shape(&mut lease, name).await?;
            let mut sql = Sql::new(shape.dialect, "SELECT 1 FROM ");
            sql.add(&shape.from()).add(" WHERE ");
            shape.scope(&mut sql)?;
            sql.add(" LIMIT 1");
            lease.rows(sql).await?;
            classes.push(format!("`{name}` ({} columns)", shape.columns.len()));
        }
        let seen = if classes.is_empty() {
            "no classes are described".to_owned()
        } else {
            format!("can read {}", classes.join(", "))
        };
        Ok::<String, Stop>(format!("{version}, {seen}"))
    };
    let found = found.await.map_err(|stop| forgetting(database, stop, &"".into()))?;
    lease.done();
    Ok(found)
}

async fn version(lease: &mut Lease<'_>, dialect: Dialect) -> Result<String, Stop> {
    let text = match dialect {
        Dialect::Postgres => "SELECT current_setting('server_version'), current_user::text",
        Dialect::MySql => "SELECT VERSION(), CURRENT_USER()",
        Dialect::Sqlite => "SELECT sqlite_version(), NULL",
    };
    let rows = lease.rows(Sql::new(dialect, text)).await?;
    let cell = |index: usize| rows.first().and_then(|row| row.get(index)).and_then(Cell::text);
    let version = cell(0).unwrap_or_default();
    // MariaDB says its name itself.
    let product = match version.contains("MariaDB") {
        true => "",
        false if dialect == Dialect::MySql => "MySQL ",
        false => dialect.product(),
    };
    let user = cell(1).map(|user| format!(", signed in as {user}")).unwrap_or_default();
    Ok(format!("{} {version}{user}", product.trim()).trim().to_owned())
}

/// The tables and views that may be read, with their columns.
pub(crate) async fn discover(database: &Database) -> Result<Discovered, ConnectorError> {
    let mut lease = database.pool.lease().await?;
    let dialect = database.settings.url.dialect;
    let found = async {
        let mut classes = Vec::new();
        for (shown, table) in tables(&mut lease, dialect).await? {
            let mut columns = columns_of(&mut lease, dialect, &table).await?;
            crate::shape::refine(&mut lease, dialect, &table, &mut columns).await?;
            let attributes = columns.iter().map(attribute).collect();
            classes.push(DiscoveredClass { name: shown, attributes });
        }
        if database.settings.roles.is_some() {
            classes.extend(crate::roles::discovered());
        }
        Ok::<Discovered, Stop>(Discovered { classes })
    };
    let found = found.await.map_err(|stop| forgetting(database, stop, &"".into()))?;
    lease.done();
    Ok(found)
}

fn attribute(column: &Column) -> (Text, ValueType, bool, bool) {
    (column.name.clone(), column.kind.value_type(), column.is_array, column.is_required)
}

/// Tables by the name under which a class finds them.
async fn tables(lease: &mut Lease<'_>, dialect: Dialect) -> Result<Vec<(Text, TableName)>, Stop> {
    let text = match dialect {
        Dialect::Postgres => {
            "SELECT n.nspname::text, c.relname::text, pg_table_is_visible(c.oid) \
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' \
             AND n.nspname NOT LIKE 'pg\\_%' AND has_schema_privilege(n.oid, 'USAGE') \
             AND has_any_column_privilege(c.oid, 'SELECT') ORDER BY 1, 2"
        }
        Dialect::MySql => {
            "SELECT table_schema, table_name, table_schema = DATABASE() \
             FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 2"
        }
        Dialect::Sqlite => {
            "SELECT 'main', name, 1 FROM sqlite_schema WHERE type IN ('table', 'view') \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 2"
        }
    };
    let rows = lease.rows(Sql::new(dialect, text)).await?;
    let table = |row: Vec<Cell>| {
        let [schema, table, is_visible] = row.as_slice() else { return None };
        let (schema, table) = (schema.text()?, table.text()?);
        let plain = is_visible.int() == Some(1);
        let shown = if plain { table.clone() } else { format!("{schema}.{table}").into() };
        Some((shown, TableName { schema: Some(schema), table }))
    };
    Ok(rows.into_iter().filter_map(table).take(MOST_TABLES).collect())
}
