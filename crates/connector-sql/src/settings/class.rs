//! How the objects of one class are found in tables.

use std::collections::BTreeMap;

use muster_connector::{SettingReader, parse_duration};
use muster_model::{Setting, Text};

use crate::dialect::{Dialect, TableName};

/// One class of objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Class {
    /// Where its rows are.
    pub(crate) source: Source,
    /// The columns whose values are the name; empty for the primary key.
    pub(crate) key: Vec<Text>,
    /// The column whose value survives a rename.
    pub(crate) id: Option<Text>,
    /// What says that an object is disabled.
    pub(crate) enabled: Option<Flag>,
    /// What says that an object is deleted though its row is there.
    pub(crate) deleted: Option<Flag>,
    /// Columns and the values that one of which they must have.
    pub(crate) filter: Vec<(Text, Vec<Text>)>,
    /// What tells which objects changed.
    pub(crate) changes: Option<Changes>,
    /// Attributes whose values are rows of another table.
    pub(crate) lists: BTreeMap<Text, ListTable>,
}

/// Where the rows of a class are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A table or a view.
    Table(TableName),
    /// A query out of the model, which can only be read.
    Query(Text),
}

/// A column that says yes or no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flag {
    /// The column.
    pub(crate) column: Text,
    /// What it holds.
    pub(crate) kind: FlagKind,
}

/// How a [`Flag`] is raised: an account is disabled, an object is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FlagKind {
    /// By a value.
    Values {
        /// The value of an object with the flag raised.
        raised: Text,
        /// The value of an ordinary object.
        lowered: Text,
    },
    /// By any value; the database's time is written.
    Time,
}

/// What tells which objects changed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Where it stands.
    pub(crate) by: ChangesBy,
    /// How far behind the cursor a read begins, for changes that were committed late: seconds or numbers.
    pub(crate) overlap: u64,
}

/// See [`Changes`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ChangesBy {
    /// A column of the row that only grows: a time or a sequence. It does not tell of rows that are gone.
    Column(Text),
    /// A table that gets a row for each change, deletions too.
    Table {
        /// The table.
        table: TableName,
        /// Its column that only grows.
        sequence: Text,
        /// Its column with the id (without one, the key) of the object.
        object: Text,
    },
}

/// A table that holds several values for one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListTable {
    /// The table.
    pub(crate) table: TableName,
    /// Its column with the id (without one, the key) of the object.
    pub(crate) owner: Text,
    /// Its column with the value.
    pub(crate) value: Text,
    /// The class whose id (without one, key) the values are; what is shown are names then.
    pub(crate) of: Option<Text>,
}

impl Class {
    /// A table as it is.
    pub(crate) fn table(name: &str) -> Self {
        Self {
            source: Source::Table(TableName::parse(name)),
            key: Vec::new(),
            id: None,
            enabled: None,
            deleted: None,
            filter: Vec::new(),
            changes: None,
            lists: BTreeMap::new(),
        }
    }
}

pub(super) fn read(reader: &mut SettingReader<'_>, name: &str, dialect: Dialect) -> Class {
    let table = read_table(reader, "table", dialect);
    let query = reader.text("query");
    if let (Some(_), Some(_)) = (&table, &query) {
        let help = Some("keep one of them".to_owned());
        reader.problem("query", "`table` and `query` do not go together", help);
    }
    let source = match (table, query) {
        (Some(table), _) => Source::Table(table),
        (None, Some(query)) => Source::Query(query),
        (None, None) => Source::Table(TableName::parse(name)),
    };
    let key = columns(reader, "key", dialect);
    if key.is_empty() && matches!(source, Source::Query(_)) {
        let help = Some("name the column that holds the name, such as `key: login`".to_owned());
        reader.problem("query", "a `query` needs a `key`", help);
    }
    let class = Class {
        source,
        key,
        id: column(reader, "id", dialect),
        enabled: read_flag(reader, ("enabled", "disabled_at"), dialect, false),
        deleted: read_flag(reader, ("deleted", "deleted_at"), dialect, true),
        filter: read_filter(reader, dialect),
        changes: reader.map("changes", |changes| read_changes(changes, dialect)),
        lists: read_lists(reader, dialect),
    };
    if class.key.len() > 1 && class.id.is_none() && !class.lists.is_empty() {
        let help = Some("name a column with one value for each object as `id`".to_owned());
        reader.problem("lists", "`lists` need an `id` when the key has several columns", help);
    }
    class
}

fn column(reader: &mut SettingReader<'_>, key: &str, dialect: Dialect) -> Option<Text> {
    let name = reader.text(key)?;
    check_name(reader, key, &name, dialect);
    Some(name)
}

fn needed_column(reader: &mut SettingReader<'_>, key: &str, dialect: Dialect) -> Option<Text> {
    let name = reader.required(key)?;
    check_name(reader, key, &name, dialect);
    Some(name)
}

fn columns(reader: &mut SettingReader<'_>, key: &str, dialect: Dialect) -> Vec<Text> {
    let names = reader.list(key);
    for name in &names {
        check_name(reader, key, name, dialect);
    }
    names
}

fn check_name(reader: &mut SettingReader<'_>, key: &str, name: &str, dialect: Dialect) {
    if let Some(problem) = dialect.refuses(name) {
        reader.problem(key, problem, Some("write the name as the database shows it".to_owned()));
    }
}

/// `schema.table`, or a list where a name holds a dot.
fn read_table(reader: &mut SettingReader<'_>, key: &str, dialect: Dialect) -> Option<TableName> {
    let names = columns(reader, key, dialect);
    match names.as_slice() {
        [] => None,
        [name] => {
            let table = TableName::parse(name);
            check_name(reader, key, &table.table, dialect);
            Some(table)
        }
        [schema, table] => Some(TableName { schema: Some(schema.clone()), table: table.clone() }),
        _ => {
            let help = Some("write `schema.table` or `[schema, table]`".to_owned());
            reader.problem(key, "a table has a schema and a name", help);
            None
        }
    }
}

/// A flag with two values under the first key, or a time under the second.
fn read_flag(
    reader: &mut SettingReader<'_>,
    (values, time): (&str, &str),
    dialect: Dialect,
    on_is_raised: bool,
) -> Option<Flag> {
    let by_values = reader.map(values, |flag| {
        let column = needed_column(flag, "column", dialect);
        let on = flag.text("on").unwrap_or_else(|| "true".into());
        let off = flag.text("off").unwrap_or_else(|| "false".into());
        if on == off {
            let help = Some("the two states need different values".to_owned());
            flag.problem("off", "`on` and `off` are the same", help);
        }
        let (raised, lowered) = if on_is_raised { (on, off) } else { (off, on) };
        Some(Flag { column: column?, kind: FlagKind::Values { raised, lowered } })
    });
    let by_time = column(reader, time, dialect);
    if by_values.is_some() && by_time.is_some() {
        let message = format!("`{values}` and `{time}` do not go together");
        reader.problem(time, message, Some("keep one of them".to_owned()));
    }
    by_values.or_else(|| by_time.map(|column| Flag { column, kind: FlagKind::Time }))
}

fn read_filter(reader: &mut SettingReader<'_>, dialect: Dialect) -> Vec<(Text, Vec<Text>)> {
    let read = reader.raw("where").and_then(|setting| match setting {
        Setting::Map(map) => Some(map.entries.keys().cloned().collect::<Vec<Text>>()),
        Setting::Null | Setting::Scalar(..) | Setting::List(..) | Setting::Secret { .. } => None,
    });
    let names = read.unwrap_or_default();
    let filter = reader.map("where", |filter| {
        let read_one = |name: &Text| {
            check_name(filter, name, name, dialect);
            let values = filter.list(name);
            if values.is_empty() {
                let help = Some("write `column: value` or `column: [one, two]`".to_owned());
                filter.problem(name, "a condition needs a value", help);
            }
            (name.clone(), values)
        };
        Some(names.iter().map(read_one).collect())
    });
    filter.unwrap_or_default()
}

fn read_changes(reader: &mut SettingReader<'_>, dialect: Dialect) -> Option<Changes> {
    let column = column(reader, "column", dialect);
    let table = read_table(reader, "table", dialect);
    let by = match (column, table) {
        (Some(column), None) => ChangesBy::Column(column),
        (None, Some(table)) => {
            let sequence = needed_column(reader, "sequence", dialect);
            let object = needed_column(reader, "object", dialect);
            ChangesBy::Table { table, sequence: sequence?, object: object? }
        }
        (None, None) | (Some(_), Some(_)) => {
            let help =
                "write `{ column: updated_at }` or `{ table: log, sequence: seq, object: id }`";
            let message = "`changes` needs either `column` or `table`";
            reader.problem("column", message, Some(help.to_owned()));
            return None;
        }
    };
    let overlap = reader.text("overlap").map_or(Some(60), |text| {
        text.parse().ok().or_else(|| parse_duration(&text).ok().map(|time| time.as_secs()))
    });
    let overlap = overlap.unwrap_or_else(|| {
        let help = Some("write for example `60s` for times or `100` for sequences".to_owned());
        reader.problem("overlap", "`overlap` is neither a duration nor a number", help);
        0
    });
    Some(Changes { by, overlap })
}

fn read_lists(reader: &mut SettingReader<'_>, dialect: Dialect) -> BTreeMap<Text, ListTable> {
    let names: Vec<Text> = match reader.raw("lists") {
        Some(Setting::Map(map)) => map.entries.keys().cloned().collect(),
        Some(Setting::Null | Setting::Scalar(..) | Setting::List(..) | Setting::Secret { .. })
        | None => Vec::new(),
    };
    let lists = reader.map("lists", |lists| {
        let read_one = |name: &Text| {
            let list = lists.map(name, |list| {
                let table = read_table(list, "table", dialect);
                if table.is_none() {
                    let help = Some("name the table that holds the values".to_owned());
                    list.problem("table", "a list needs a `table`", help);
                }
                let owner = needed_column(list, "owner", dialect);
                let value = needed_column(list, "value", dialect);
                let of = list.text("of");
                Some(ListTable { table: table?, owner: owner?, value: value?, of })
            })?;
            Some((name.clone(), list))
        };
        Some(names.iter().filter_map(read_one).collect())
    });
    lists.unwrap_or_default()
}
