//! From rows to objects.

use std::collections::HashMap;

use muster_connector::{BadObject, ConnectorError, Field};
use muster_model::{Object, Text, Value};

use crate::{
    cell::{Cell, Column, boolean},
    settings::{Flag, FlagKind},
    shape::{ListShape, Shape, join_name},
};

/// Which columns are selected, and what each is good for.
#[derive(Debug)]
pub(crate) struct Plan<'s> {
    pub(crate) shape: &'s Shape,
    /// The selected columns, in order.
    pub(crate) columns: Vec<&'s Column>,
    key: Vec<usize>,
    id: Option<usize>,
    enabled: Option<(usize, &'s Flag)>,
    fields: Vec<Placed<'s>>,
    /// The columns that put the rows in order.
    pub(crate) order: Vec<usize>,
}

impl Placed<'_> {
    /// What a row holds for the field, which leaves the row where nothing else needs it.
    fn cell(&self, row: &mut [Cell]) -> Option<Cell> {
        let Place::Column(place) = self.place else { return None };
        let cell = row.get_mut(place)?;
        Some(if self.is_last { std::mem::replace(cell, Cell::Null) } else { cell.clone() })
    }
}

/// A field and its value's place.
#[derive(Debug)]
struct Placed<'s> {
    field: Field,
    place: Place<'s>,
    /// True when no field after it has the same place.
    is_last: bool,
}

/// Where the value of a field comes from.
#[derive(Debug)]
enum Place<'s> {
    Column(usize),
    List(&'s ListShape),
}

/// The values of one list, by the text of the object's reference.
pub(crate) type ListValues = HashMap<Text, Vec<Cell>>;

impl<'s> Plan<'s> {
    /// Finds the columns of `fields`.
    pub(crate) fn new(shape: &'s Shape, fields: &[Field]) -> Result<Self, ConnectorError> {
        let mut columns: Vec<&Column> = Vec::new();
        let mut place = |column: &'s Column| {
            columns.iter().position(|known| *known == column).unwrap_or_else(|| {
                columns.push(column);
                columns.len() - 1
            })
        };
        let key: Vec<usize> = shape.key()?.into_iter().map(&mut place).collect();
        let id = shape.id()?.map(&mut place);
        let enabled = match &shape.class.enabled {
            Some(flag) => Some((place(shape.column(&flag.column)?), flag)),
            None => None,
        };
        let mut placed = Vec::with_capacity(fields.len());
        for field in fields {
            let found = match shape.lists.get(&field.name) {
                Some(list) => Place::List(list),
                None => Place::Column(place(shape.column(&field.name)?)),
            };
            placed.push(Placed { field: field.clone(), place: found, is_last: false });
        }
        let mut met = std::collections::BTreeSet::new();
        for one in placed.iter_mut().rev() {
            one.is_last = matches!(one.place, Place::Column(place) if met.insert(place));
        }
        let order = id.map_or_else(|| key.clone(), |id| vec![id]);
        Ok(Self { shape, columns, key, id, enabled, fields: placed, order })
    }

    /// The lists that fields ask for.
    pub(crate) fn lists(&self) -> impl Iterator<Item = (&Text, &'s ListShape)> {
        self.fields.iter().filter_map(|Placed { field, place, .. }| match place {
            Place::List(list) => Some((&field.name, *list)),
            Place::Column(_) => None,
        })
    }

    /// The value by which other tables name the object of a row.
    pub(crate) fn reference<'r>(&self, row: &'r [Cell]) -> Option<&'r Cell> {
        let place = self.id.or_else(|| self.key.first().copied())?;
        row.get(place).filter(|cell| **cell != Cell::Null)
    }

    /// The values of the ordering columns of a row.
    pub(crate) fn position<'r>(&self, row: &'r [Cell]) -> Vec<&'r Cell> {
        self.order.iter().filter_map(|place| row.get(*place)).collect()
    }

    /// The id that the object of a row has or would have.
    pub(crate) fn id_of(&self, row: &[Cell]) -> Option<Text> {
        match self.id {
            Some(place) => row.get(place)?.text(),
            None => self.name_of(row),
        }
    }

    fn name_of(&self, row: &[Cell]) -> Option<Text> {
        if let [place] = self.key.as_slice() {
            return join_name(&[row.get(*place)?]);
        }
        let cells: Option<Vec<&Cell>> = self.key.iter().map(|place| row.get(*place)).collect();
        join_name(&cells?)
    }

    /// Makes an object of a row.
    pub(crate) fn object(
        &self,
        mut row: Vec<Cell>,
        lists: &HashMap<Text, ListValues>,
    ) -> Result<Object, BadObject> {
        let id = self.id.and_then(|place| row.get(place)?.text());
        let Some(name) = self.name_of(&row) else {
            let key = self.shape.class.key.join("`, `");
            let place = id.map_or_else(
                || format!("a row of `{}`", self.shape.name),
                |id| format!("the row of `{}` with the id `{id}`", self.shape.name),
            );
            return Err(BadObject { place, problem: format!("it has no `{key}`"), name: None });
        };
        let bad = |problem: String| BadObject {
            place: format!("{} `{name}`", self.shape.name),
            problem,
            name: Some(name.clone()),
        };
        let enabled = match self.enabled {
            Some((place, flag)) => {
                let cell = row.get(place).unwrap_or(&Cell::Null);
                is_raised(cell, flag).map_err(bad)?.map(|is_disabled| !is_disabled)
            }
            None => None,
        };
        let mut values = Vec::with_capacity(self.fields.len());
        // The reference may leave the row with its field.
        let owner = if lists.is_empty() { None } else { self.reference(&row).and_then(Cell::text) };
        for placed in &self.fields {
            let Placed { field, place, .. } = placed;
            let value = match place {
                Place::Column(_) => {
                    placed.cell(&mut row).unwrap_or(Cell::Null).into_value(field, &self.shape.zone)
                }
                Place::List(_) => self.list_value(field, owner.as_ref(), lists),
            };
            values.push(value.map_err(|why| bad(format!("column `{}`: {why}", field.name)))?);
        }
        Ok(Object { id: id.unwrap_or_else(|| name.clone()), name: name.clone(), enabled, values })
    }

    fn list_value(
        &self,
        field: &Field,
        owner: Option<&Text>,
        lists: &HashMap<Text, ListValues>,
    ) -> Result<Value, String> {
        let cells = owner.and_then(|owner| lists.get(&field.name)?.get(owner));
        Cell::List(cells.cloned().unwrap_or_default()).value(field, &self.shape.zone)
    }
}

/// True when the flag is up; `None` when the column says nothing.
pub(crate) fn is_raised(cell: &Cell, flag: &Flag) -> Result<Option<bool>, String> {
    match &flag.kind {
        FlagKind::Time => Ok(Some(*cell != Cell::Null)),
        FlagKind::Values { .. } if *cell == Cell::Null => Ok(None),
        FlagKind::Values { raised, lowered } => {
            if says(cell, raised) {
                Ok(Some(true))
            } else if says(cell, lowered) {
                Ok(Some(false))
            } else {
                let column = &flag.column;
                let shown: String = cell.text().unwrap_or_default().chars().take(60).collect();
                Err(format!(
                    "column `{column}` holds `{shown}`, which is neither `{raised}` nor `{lowered}`"
                ))
            }
        }
    }
}

/// True when `cell` is what the settings call `word`; 1 is true, whatever the column's type.
fn says(cell: &Cell, word: &str) -> bool {
    let text = cell.text().unwrap_or_default();
    let is_bool = matches!(cell, Cell::Bool(_) | Cell::Int(0 | 1));
    *text == *word || (is_bool && boolean(&text) == boolean(word))
}
