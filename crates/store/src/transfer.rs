//! From one store to another: every table is copied whole, and what arrived is compared by hash before it counts.
//!
//! The tables and their columns are asked of the schema, not listed here: a table that a migration adds is copied without
//! anybody remembering it. That is why the texts here are made at run time, unlike everywhere else; nothing goes into
//! them but names from our own migrations.

use sha2::{Digest as _, Sha256};

use crate::{
    Options, ReadTx, Store, StoreError, Tx,
    arg::Arg,
    cell::{Cell, Cells},
    dialect::Dialect,
    statement::{InsertText, args},
};
use muster_model::Text;

/// Rows that are copied at a time.
const PAGE: usize = 2_000;

/// Not copied: the schema is made by migrations, and a lease names a process of another time or place.
const LEFT_OUT: [&str; 2] = ["lease", "muster_migration"];

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSum {
    /// The table.
    pub table: String,
    /// How many rows.
    pub n_rows: u64,
    /// SHA-256 over all rows in order of the key.
    pub hash: [u8; 32],
}

/// Hears the table that is under way and how many more of its rows are done.
pub type CopyListener<'a> = &'a mut (dyn FnMut(&str, u64) + Send);

/// A table of the schema.
#[derive(Debug)]
pub(crate) struct Table {
    name: String,
    columns: Vec<String>,
    /// The places of the key's columns.
    key: Vec<usize>,
}

impl Table {
    /// Every table that is copied, by name. Asked of SQLite, which is always one end of a copy; both ends have the same
    /// schema.
    pub(crate) async fn all(sqlite: &mut ReadTx) -> Result<Vec<Self>, StoreError> {
        let names = "SELECT name FROM sqlite_schema WHERE type = 'table'
                     AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT LIKE 'muster!_backup%' ESCAPE '!'
                     ORDER BY name";
        let names: Vec<Text> = sqlite.fetch_all(names, args![]).await?;
        let mut tables = Vec::new();
        for name in names.iter().filter(|name| !LEFT_OUT.contains(&&***name)) {
            let columns = "SELECT name, pk FROM pragma_table_info($1) ORDER BY cid";
            let columns: Vec<(Text, i64)> = sqlite.fetch_all(columns, args![name]).await?;
            let mut key: Vec<(i64, usize)> = Vec::new();
            for (place, (_, position)) in columns.iter().enumerate() {
                if *position > 0 {
                    key.push((*position, place));
                }
            }
            key.sort_unstable();
            tables.push(Self {
                name: name.to_string(),
                columns: columns.iter().map(|(column, _)| column.to_string()).collect(),
                key: key.into_iter().map(|(_, place)| place).collect(),
            });
        }
        Ok(tables)
    }

    /// `"a", "b"`.
    fn column_list(&self) -> String {
        quoted(self.columns.iter())
    }

    /// The statement for the first page, or for one after a key.
    fn page(&self, is_first: bool) -> String {
        let key = quoted(self.key.iter().filter_map(|place| self.columns.get(*place)));
        let after: Vec<String> = (1..=self.key.len()).map(|n| format!("${n}")).collect();
        let after = if is_first {
            String::new()
        } else {
            format!("WHERE ({key}) > ({}) ", after.join(", "))
        };
        let (columns, name) = (self.column_list(), &self.name);
        format!("SELECT {columns} FROM \"{name}\" {after}ORDER BY {key} LIMIT {PAGE}")
    }

    /// The next page after the last row of the one before.
    async fn read(
        &self,
        tx: &mut ReadTx,
        before: Option<&Cells>,
    ) -> Result<Vec<Cells>, StoreError> {
        let sql = self.page(before.is_none());
        let last = before.map_or(&[] as &[Cell], |cells| cells.0.as_slice());
        let after: Vec<Arg<'_>> =
            self.key.iter().filter_map(|place| last.get(*place)).map(Arg::from).collect();
        tx.fetch_made(&self.name, &sql, &after).await
    }

    /// Writes a page.
    async fn write(&self, tx: &mut Tx, rows: &[Cells]) -> Result<(), StoreError> {
        let (columns, name) = (self.column_list(), &self.name);
        let places = vec!["?"; self.columns.len()].join(", ");
        let insert = InsertText {
            table: name,
            by_row: &format!("INSERT INTO \"{name}\" ({columns}) VALUES ({places})"),
            copy: &format!("COPY \"{name}\" ({columns}) FROM STDIN (FORMAT binary)"),
            types: &format!("SELECT {columns} FROM \"{name}\" WHERE FALSE"),
        };
        tx.insert_copied(&insert, rows, |row, args| args.extend(row.0.iter().map(Arg::from))).await
    }

    /// Reads the whole table, hands each page to `target` when there is one, and sums up.
    async fn sum(
        &self,
        source: &mut ReadTx,
        mut target: Option<&mut Tx>,
        listener: CopyListener<'_>,
    ) -> Result<TableSum, StoreError> {
        let mut hasher = Sha256::new();
        hasher.update(format!("muster table 1\n{}\n{}\n", self.name, self.columns.join(",")));
        let (mut n_rows, mut last) = (0, None);
        loop {
            let mut rows = self.read(source, last.as_ref()).await?;
            for cell in rows.iter().flat_map(|row| &row.0) {
                cell.hash(&mut hasher);
            }
            if let Some(target) = target.as_deref_mut()
                && !rows.is_empty()
            {
                self.write(target, &rows).await?;
            }
            n_rows += rows.len() as u64;
            listener(&self.name, rows.len() as u64);
            let is_last = rows.len() < PAGE;
            last = rows.pop();
            if is_last {
                break;
            }
        }
        Ok(TableSum { table: self.name.clone(), n_rows, hash: hasher.finalize().into() })
    }
}

fn quoted<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// What each of `tables` holds.
pub(crate) async fn sums(
    tx: &mut ReadTx,
    tables: &[Table],
    listener: CopyListener<'_>,
) -> Result<Vec<TableSum>, StoreError> {
    let mut sums = Vec::with_capacity(tables.len());
    for table in tables {
        sums.push(table.sum(tx, None, listener).await?);
    }
    Ok(sums)
}

impl Store {
    /// What each table holds. `tables_of` is a store on SQLite with the same schema, which may be this one.
    pub async fn sums(&self, tables_of: &Self) -> Result<Vec<TableSum>, StoreError> {
        let tables = Table::all(&mut tables_of.read().await?).await?;
        sums(&mut self.read().await?, &tables, &mut |_, _| ()).await
    }

    /// Copies everything into `target`, which must be new, in one transaction: when anything fails, or what arrived is not
    /// what was sent, nothing of it remains. One of the two must be on SQLite.
    pub async fn copy_to(
        &self,
        target: &Self,
        listener: CopyListener<'_>,
    ) -> Result<Vec<TableSum>, StoreError> {
        let mut source = self.read().await?;
        let mut tx = target.begin().await?;
        let tables = match source.dialect() {
            Dialect::Sqlite => Table::all(&mut source).await?,
            Dialect::Postgres => Table::all(&mut tx).await?,
        };
        refuse_used(target.url(), &mut tx, &tables).await?;
        let mut sent = Vec::with_capacity(tables.len());
        for table in &tables {
            // What the migrations put there.
            tx.batch_here(&format!("DELETE FROM \"{}\"", table.name)).await?;
            sent.push(table.sum(&mut source, Some(&mut tx), listener).await?);
        }
        let arrived = sums(&mut tx, &tables, listener).await?;
        if let Some(table) = difference(&sent, &arrived) {
            return Err(StoreError::CopyDiffers { table });
        }
        tx.commit().await?;
        target.analyze().await?;
        Ok(sent)
    }
}

/// The first table that is not the same.
pub(crate) fn difference(one: &[TableSum], other: &[TableSum]) -> Option<String> {
    let pairs = one.iter().zip(other).find(|(one, other)| one != other);
    let extra = one.len().checked_sub(other.len()).filter(|n| *n > 0).and_then(|_| one.last());
    pairs
        .map(|(one, _)| one)
        .or(extra)
        .or_else(|| other.get(one.len()))
        .map(|sum| sum.table.clone())
}

/// Refuses a store that holds anything but what a new one holds.
async fn refuse_used(url: &str, tx: &mut ReadTx, tables: &[Table]) -> Result<(), StoreError> {
    let new = Store::open("sqlite::memory:", &Options::default()).await?;
    let expected = sums(&mut new.read().await?, tables, &mut |_, _| ()).await?;
    for (table, expected) in tables.iter().zip(&expected) {
        // More than a page is more than any new store holds.
        let rows = table.read(tx, None).await?;
        if rows.len() as u64 != expected.n_rows {
            return Err(StoreError::NotEmpty { url: url.to_owned(), table: table.name.clone() });
        }
    }
    Ok(())
}
