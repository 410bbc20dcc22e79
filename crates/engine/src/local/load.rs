//! A file of rows: each row is an entity, each column an attribute. The same changes as one by one, many at a time.

use std::{collections::BTreeMap, path::Path};

use async_trait::async_trait;
use muster_app::{Ctx, Error, Kind, Opened, similar};
use muster_connector::{BadObject, ConnectorError, Field, ReadObject, ReadRequest, Sink};
use muster_model::{Attribute, EntityId, EntityType, Text, Value, ValueType};
use muster_store::{ReadTx, Tx};

use super::{LocalChange, LocalVerb, change_local_in, type_named};
use crate::progress::Progress;

/// Rows in one transaction.
const CHUNK: usize = 2000;

/// What is done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadMode {
    /// Every row is tried and nothing stays.
    DryRun,
    /// The rows that are right stay.
    Load,
}

/// What a file came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Rows read.
    pub rows: u64,
    /// Entities made.
    pub created: u64,
    /// Entities that changed.
    pub changed: u64,
    /// Entities that were as the row says.
    pub unchanged: u64,
    /// Rows that cannot be used, in order of the file.
    pub refused: Vec<RowProblem>,
}

/// Why a row cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// Where it stands, counted from 1; the header is 1.
    pub line: u64,
    /// The column, where it is one.
    pub column: Option<Text>,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

/// A column of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateColumn {
    /// The attribute.
    pub name: Text,
    /// The type of a value.
    pub value_type: &'static str,
    /// True when a row without it makes no entity.
    pub required: bool,
    /// True when it may hold several values, with a `|` between.
    pub many: bool,
    /// The values that are allowed; empty when all are.
    pub choices: Vec<Text>,
}

/// The columns that a file for a type may have: the key first, then what a row needs, then the rest.
pub fn template(opened: &Opened, type_name: &str) -> Result<Vec<TemplateColumn>, Error> {
    let of = type_named(opened, type_name)?;
    let local = opened.model.types.get(of.id.index()).and_then(|of| of.local);
    let needs = |attribute: &Attribute| {
        let by_hand = local
            .is_some_and(|local| attribute.slot == local.sponsor || attribute.slot == local.until);
        by_hand
            || attribute.kind == muster_model::AttributeKind::Stored
                && (attribute.required || attribute.slot == of.key)
    };
    let mut kept: Vec<&Attribute> = of.attributes.iter().filter(|a| a.kind.is_kept()).collect();
    kept.sort_by_key(|attribute| (attribute.slot != of.key, !needs(attribute), attribute.slot));
    let column = |attribute: &Attribute| TemplateColumn {
        name: attribute.name.clone(),
        value_type: attribute.value_type.name(),
        required: needs(attribute),
        many: attribute.many,
        choices: attribute.choices.clone(),
    };
    Ok(kept.into_iter().map(column).collect())
}

/// Loads a file. A row whose key is there changes that entity, any other makes one; an empty cell says nothing.
pub async fn load_local(
    ctx: &Ctx,
    opened: &Opened,
    type_name: &str,
    path: &Path,
    mode: LoadMode,
    progress: &dyn Progress,
) -> Result<LoadReport, Error> {
    let of = type_named(opened, type_name)?;
    let (columns, rows) = read(opened, of, path).await?;
    let (seen, report) = (BTreeMap::new(), LoadReport::default());
    let mut load = Load { ctx, opened, of, columns, seen, report };
    load.report.rows = rows.good.len() as u64 + rows.bad.len() as u64;
    let task = progress.begin(&format!("load {type_name}"), Some(rows.good.len() as u64));
    let mut tx = opened.store.begin().await?;
    for chunk in rows.good.chunks(CHUNK) {
        load.chunk(&mut tx, chunk).await?;
        task.advance(chunk.len() as u64);
        if mode == LoadMode::Load {
            tx.commit().await?;
            tx = opened.store.begin().await?;
        }
    }
    tx.rollback().await?;
    let mut report = load.report;
    report.refused.extend(rows.bad);
    report.refused.sort_by_key(|refused| refused.line);
    Ok(report)
}

/// A row: its line, and the values of the columns.
type Row = (u64, Vec<Value>);

/// The rows of a file.
#[derive(Default)]
struct Rows {
    good: Vec<Row>,
    bad: Vec<RowProblem>,
}

#[async_trait]
impl Sink for Rows {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        self.good.extend(objects.into_iter().map(|read| (read.line, read.object.values)));
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        let number = bad.place.rsplit(' ').next().and_then(|line| line.parse().ok());
        self.bad.push(RowProblem {
            line: number.unwrap_or_default(),
            column: None,
            problem: bad.problem,
            remedy: "repair the row".to_owned(),
        });
        Ok(())
    }
}

/// Reads a whole file, after its columns were compared with the attributes.
async fn read<'o>(
    opened: &Opened,
    of: &'o EntityType,
    path: &Path,
) -> Result<(Vec<&'o Attribute>, Rows), Error> {
    let key = of.attribute(of.key).map_or("", |attribute| &*attribute.name);
    let failed = |error: ConnectorError| {
        Error::invalid(format!("`{}` cannot be read", path.display())).caused_by(error)
    };
    let mut connector = opened.connect_file(path, key)?;
    let found = connector.discover().await.map_err(failed)?;
    let header = found.classes.into_iter().flat_map(|class| class.attributes);
    let header: Vec<Text> = header.map(|(name, ..)| name).collect();
    let columns = header.iter().map(|name| column(of, name)).collect::<Result<Vec<_>, Error>>()?;
    if let Some(first) = header.first().filter(|_| !header.iter().any(|name| **name == *key)) {
        // The key is generated: any column names the rows of the file.
        connector = opened.connect_file(path, first)?;
    }
    let field = |attribute: &&Attribute| Field {
        name: attribute.name.clone(),
        value_type: ValueType::Text,
        many: attribute.many,
    };
    let request = ReadRequest {
        class: "".into(),
        fields: columns.iter().map(field).collect(),
        since: None,
        batch: CHUNK,
    };
    let mut rows = Rows::default();
    let end = connector.read(&request, &mut rows).await.map_err(failed)?;
    match end.problem.filter(|_| !end.complete) {
        Some(problem) => {
            let message = format!("`{}` could not be read to its end: {problem}", path.display());
            Err(Error::new(Kind::Unavailable, message).hint("nothing was loaded"))
        }
        None => Ok((columns, rows)),
    }
}

fn column<'o>(of: &'o EntityType, name: &Text) -> Result<&'o Attribute, Error> {
    of.attribute_named(name).ok_or_else(|| {
        let error = Error::invalid(format!("`{}` has no attribute `{name}`", of.name));
        match similar(name, of.attributes.iter().map(|attribute| &attribute.name)) {
            Some(near) => error.hint(format!("name the column `{near}`")),
            None => error.hint(format!("muster people template --type {}", of.name)),
        }
    })
}

struct Load<'a> {
    ctx: &'a Ctx,
    opened: &'a Opened,
    of: &'a EntityType,
    columns: Vec<&'a Attribute>,
    /// The keys that were there, with their lines: the first row of a key counts, however often the file is loaded.
    seen: BTreeMap<Text, u64>,
    report: LoadReport,
}

impl Load<'_> {
    async fn chunk(&mut self, tx: &mut Tx, rows: &[Row]) -> Result<(), Error> {
        let rows: Vec<&Row> = rows.iter().filter(|row| self.is_first(row)).collect();
        let known = self.known(tx, &rows).await?;
        let changes = rows.iter().zip(&known);
        let changes: Vec<LocalChange> =
            changes.map(|((_, values), known)| self.change(values, *known)).collect();
        let outcomes = change_local_in(self.ctx, self.opened, tx, &changes).await?;
        for (((line, values), known), outcome) in rows.into_iter().zip(known).zip(outcomes) {
            match (outcome, known) {
                (Ok(_), None) => self.report.created += 1,
                (Ok(done), Some((_, version))) if done.version == version => {
                    self.report.unchanged += 1;
                }
                (Ok(_), Some(_)) => self.report.changed += 1,
                (Err(error), _) => {
                    let refused = self.refused(*line, values, &error);
                    self.report.refused.push(refused);
                }
            }
        }
        Ok(())
    }

    /// The key that a row gives.
    fn key(&self, (_, values): &Row) -> Option<Text> {
        let at = self.columns.iter().position(|attribute| attribute.slot == self.of.key)?;
        values.get(at)?.as_text().cloned()
    }

    /// Refuses a row whose key was there before.
    fn is_first(&mut self, row: &Row) -> bool {
        let Some(key) = self.key(row) else { return true };
        let first = *self.seen.entry(key.clone()).or_insert(row.0);
        if first != row.0 {
            self.report.refused.push(RowProblem {
                line: row.0,
                column: self.of.attribute(self.of.key).map(|attribute| attribute.name.clone()),
                problem: format!("key `{key}` is on line {first} already"),
                remedy: "leave one of the rows out".to_owned(),
            });
        }
        first == row.0
    }

    /// For each row the entity with its key, if that is there, and its version.
    async fn known(
        &self,
        tx: &mut ReadTx,
        rows: &[&Row],
    ) -> Result<Vec<Option<(EntityId, i64)>>, Error> {
        let Some(names) = self.opened.names.type_names(self.of.id) else {
            return Err(Error::bug("a type has no number"));
        };
        let keys = rows.iter().map(|row| self.key(row).unwrap_or_else(|| "".into()));
        let found = tx.entities_by_key(names.no, &keys.collect::<Vec<_>>()).await?;
        let here = |entity: muster_store::Entity| {
            entity.absent_since.is_none().then_some((entity.id, entity.version))
        };
        Ok(found.into_iter().map(|entity| entity.and_then(here)).collect())
    }

    fn change(&self, values: &[Value], known: Option<(EntityId, i64)>) -> LocalChange {
        let given = self.columns.iter().zip(values).filter(|(_, value)| !value.is_null());
        LocalChange {
            verb: if known.is_some() { LocalVerb::Change } else { LocalVerb::Create },
            type_name: self.of.name.clone(),
            entity: known.map(|(id, _)| id),
            set: given.map(|(of, value)| (of.name.clone(), Some(value.clone()))).collect(),
            if_version: None,
            by: self.ctx.clone(),
        }
    }

    fn refused(&self, line: u64, values: &[Value], error: &Error) -> RowProblem {
        let column = error.attribute().map(Text::from);
        let place = self.columns.iter().position(|of| Some(&*of.name) == error.attribute());
        let cell = place.and_then(|place| values.get(place)).unwrap_or(&Value::Null);
        let remedy = if error.kind() == Kind::Denied {
            "leave the cell empty"
        } else if column.is_some() && cell.is_null() {
            "fill the cell"
        } else if error.kind() == Kind::Conflict {
            "give another value, or leave the row out"
        } else {
            "write another value"
        };
        let remedy = error.hints().first().map_or(remedy, String::as_str).to_owned();
        RowProblem { line, column, problem: error.to_string(), remedy }
    }
}
