//! The objects of one class in memory: found by id and by name, in the order in which they came.

use std::collections::{BTreeMap, HashMap};

use muster_model::{Applied, Capabilities, NameRule, Object, ObjectRef, Text, Value, name_key};

use crate::{ConnectorError, Field};

/// One class. Values are kept in columns that all objects share, so that an object is one small list.
#[derive(Debug)]
pub(super) struct Table {
    class: Text,
    /// Attribute names; the position is the column.
    attributes: Vec<Text>,
    columns: HashMap<Text, usize>,
    /// Objects in the order of creation; deleted ones leave a gap, so that a running read keeps its place.
    rows: Vec<Option<Stored>>,
    by_name: HashMap<Box<str>, usize>,
    by_id: HashMap<Text, usize>,
    /// Ids of deleted objects with the clock of their deletion.
    deleted: Vec<(u64, Text)>,
}

#[derive(Debug)]
struct Stored {
    id: Text,
    name: Text,
    enabled: Option<bool>,
    /// By column; shorter than the columns when the last ones have no value.
    values: Vec<Value>,
    /// Attributes that are changed member by member, by column and by the key of each name.
    members: BTreeMap<usize, BTreeMap<Box<str>, Text>>,
    changed: u64,
}

impl Table {
    pub(super) fn new(class: Text) -> Self {
        Self {
            class,
            attributes: Vec::new(),
            columns: HashMap::new(),
            rows: Vec::new(),
            by_name: HashMap::new(),
            by_id: HashMap::new(),
            deleted: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = &Text> {
        self.attributes.iter()
    }

    pub(super) fn create(
        &mut self,
        rules: &Capabilities,
        name: &Text,
        values: &[(Text, Value)],
        enabled: Option<bool>,
        clock: u64,
    ) -> Result<Applied, ConnectorError> {
        if name.is_empty() {
            return Err(ConnectorError::Invalid("an object needs a name".to_owned()));
        }
        let key = name_key(rules.names, name).into_boxed_str();
        if self.by_name.contains_key(&key) {
            return Err(ConnectorError::AlreadyExists { name: name.clone() });
        }
        let row = self.rows.len();
        let id = Text::from(format!("{}#{row}", self.class));
        let mut stored = Stored {
            id: id.clone(),
            name: name.clone(),
            enabled: if rules.enable { Some(enabled.unwrap_or(true)) } else { None },
            values: Vec::with_capacity(values.len()),
            members: BTreeMap::new(),
            changed: clock,
        };
        for (attribute, value) in values {
            let column = self.column(attribute);
            stored.set(column, keep(rules, value));
        }
        self.rows.push(Some(stored));
        self.by_name.insert(key, row);
        self.by_id.insert(id.clone(), row);
        Ok(Applied { id: Some(id), ..Applied::default() })
    }

    pub(super) fn update(
        &mut self,
        rules: &Capabilities,
        object: &ObjectRef,
        values: &[(Text, Value, Value)],
        clock: u64,
    ) -> Result<Applied, ConnectorError> {
        let row = self.find(rules, object).ok_or_else(|| not_found(object))?;
        for (attribute, _, value) in values {
            let column = self.column(attribute);
            let stored = self.stored(row, object)?;
            stored.set(column, keep(rules, value));
            stored.changed = clock;
        }
        Ok(Applied::default())
    }

    pub(super) fn rename(
        &mut self,
        rules: &Capabilities,
        object: &ObjectRef,
        to: &Text,
        clock: u64,
    ) -> Result<Applied, ConnectorError> {
        if to.is_empty() {
            return Err(ConnectorError::Invalid(format!("`{}` needs a name", object.name)));
        }
        let new_key = name_key(rules.names, to).into_boxed_str();
        let taken_by = self.by_name.get(&new_key).copied();
        let row = match (self.find(rules, object), taken_by) {
            (Some(row), Some(other)) if row != other => {
                return Err(ConnectorError::AlreadyExists { name: to.clone() });
            }
            // Renamed before, and known by its old name only.
            (Some(row), _) | (None, Some(row)) => row,
            (None, None) => return Err(not_found(object)),
        };
        let stored = self.stored(row, object)?;
        let old_key = name_key(rules.names, &stored.name);
        stored.name = to.clone();
        stored.changed = clock;
        let id = stored.id.clone();
        self.by_name.remove(&*old_key);
        self.by_name.insert(new_key, row);
        Ok(Applied { id: Some(id), ..Applied::default() })
    }

    pub(super) fn set_enabled(
        &mut self,
        rules: &Capabilities,
        object: &ObjectRef,
        enabled: bool,
        clock: u64,
    ) -> Result<Applied, ConnectorError> {
        let row = self.find(rules, object).ok_or_else(|| not_found(object))?;
        let stored = self.stored(row, object)?;
        stored.enabled = Some(enabled);
        stored.changed = clock;
        Ok(Applied::default())
    }

    pub(super) fn members(
        &mut self,
        rules: &Capabilities,
        object: &ObjectRef,
        attribute: &Text,
        (add, remove): (&[Text], &[Text]),
        clock: u64,
    ) -> Result<Applied, ConnectorError> {
        let row = self.find(rules, object).ok_or_else(|| not_found(object))?;
        let column = self.column(attribute);
        let stored = self.stored(row, object)?;
        let members = stored.members_of(column, rules.names);
        for name in remove {
            members.remove(&*name_key(rules.names, name));
        }
        for name in add {
            members
                .entry(name_key(rules.names, name).into_boxed_str())
                .or_insert_with(|| name.clone());
        }
        stored.changed = clock;
        Ok(Applied::default())
    }

    /// Deletes an object, if it is there.
    pub(super) fn remove(&mut self, rules: &Capabilities, object: &ObjectRef, clock: u64) {
        let Some(row) = self.find(rules, object) else { return };
        let Some(stored) = self.rows.get_mut(row).and_then(Option::take) else { return };
        self.by_name.remove(&*name_key(rules.names, &stored.name));
        self.by_id.remove(&stored.id);
        self.deleted.push((clock, stored.id));
    }

    pub(super) fn get(
        &self,
        rules: &Capabilities,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Option<Object> {
        let row = self.find(rules, object)?;
        Some(self.rows.get(row)?.as_ref()?.object(&self.plan(fields)))
    }

    /// Up to `size` objects from row `from` on that changed after `since`, and the row to go on with.
    pub(super) fn batch(
        &self,
        from: usize,
        since: Option<u64>,
        size: usize,
        fields: &[Field],
    ) -> (Vec<Object>, Option<usize>) {
        let plan = self.plan(fields);
        let mut objects = Vec::with_capacity(size.min(self.rows.len()));
        for (row, stored) in self.rows.iter().enumerate().skip(from) {
            let Some(stored) = stored else { continue };
            if since.is_some_and(|since| stored.changed <= since) {
                continue;
            }
            if objects.len() >= size {
                return (objects, Some(row));
            }
            objects.push(stored.object(&plan));
        }
        (objects, None)
    }

    pub(super) fn deleted_since(&self, since: u64) -> Vec<Text> {
        self.deleted.iter().filter(|(clock, _)| *clock > since).map(|(_, id)| id.clone()).collect()
    }

    /// One line per object in the order of names.
    pub(super) fn dump(&self) -> Vec<String> {
        let mut attributes: Vec<(&Text, usize)> = self.attributes.iter().zip(0..).collect();
        attributes.sort_unstable();
        let mut stored: Vec<&Stored> = self.rows.iter().flatten().collect();
        stored.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        stored
            .into_iter()
            .map(|object| {
                let class = &self.class;
                let state = match object.enabled {
                    Some(true) => " on",
                    Some(false) => " off",
                    None => "",
                };
                let values = attributes.iter().filter_map(|(name, column)| {
                    let value = object.value(*column);
                    let is_list = matches!(value, Value::List(_));
                    let (open, close) = if is_list { ("[", "]") } else { ("", "") };
                    (!value.is_null()).then(|| format!(" {name}={open}{value}{close}"))
                });
                format!("{class} {}{state}{}", object.name, values.collect::<String>())
            })
            .collect()
    }

    fn column(&mut self, attribute: &Text) -> usize {
        if let Some(column) = self.columns.get(attribute) {
            return *column;
        }
        let column = self.attributes.len();
        self.attributes.push(attribute.clone());
        self.columns.insert(attribute.clone(), column);
        column
    }

    fn find(&self, rules: &Capabilities, object: &ObjectRef) -> Option<usize> {
        let by_id = if object.id.is_empty() { None } else { self.by_id.get(&object.id) };
        by_id.or_else(|| self.by_name.get(&*name_key(rules.names, &object.name))).copied()
    }

    fn stored(&mut self, row: usize, object: &ObjectRef) -> Result<&mut Stored, ConnectorError> {
        self.rows.get_mut(row).and_then(Option::as_mut).ok_or_else(|| not_found(object))
    }

    fn plan(&self, fields: &[Field]) -> Vec<(Option<usize>, bool)> {
        fields.iter().map(|field| (self.columns.get(&field.name).copied(), field.many)).collect()
    }
}

impl Stored {
    fn set(&mut self, column: usize, value: Value) {
        self.members.remove(&column);
        if self.values.len() <= column {
            if value.is_null() {
                return;
            }
            self.values.resize(column + 1, Value::Null);
        }
        if let Some(place) = self.values.get_mut(column) {
            *place = value;
        }
    }

    fn value(&self, column: usize) -> Value {
        match self.members.get(&column) {
            Some(members) => Value::set(members.values().cloned().map(Value::Text).collect()),
            None => self.values.get(column).cloned().unwrap_or_default(),
        }
    }

    /// The members in `column`, taken over from its list the first time.
    fn members_of(&mut self, column: usize, rule: NameRule) -> &mut BTreeMap<Box<str>, Text> {
        let values = &mut self.values;
        self.members.entry(column).or_insert_with(|| {
            let list = values.get_mut(column).map(std::mem::take).unwrap_or_default();
            let names = list.items().iter().filter_map(Value::as_text);
            names.map(|name| (name_key(rule, name).into_boxed_str(), name.clone())).collect()
        })
    }

    fn object(&self, plan: &[(Option<usize>, bool)]) -> Object {
        let value = |(column, many): &(Option<usize>, bool)| {
            let value = column.map_or(Value::Null, |column| self.value(column));
            match (value, many) {
                (list @ Value::List(_), true) | (list @ Value::Null, _) => list,
                (Value::List(items), false) => items.first().cloned().unwrap_or_default(),
                (single, true) => Value::set(vec![single]),
                (single, false) => single,
            }
        };
        Object {
            id: self.id.clone(),
            name: self.name.clone(),
            enabled: self.enabled,
            values: plan.iter().map(value).collect(),
        }
    }
}

/// A value as it is kept: as text where the system knows only text, lists in canonical order.
fn keep(rules: &Capabilities, value: &Value) -> Value {
    if rules.text_only {
        value.to_wire_text()
    } else if let Value::List(items) = value {
        Value::set(items.to_vec())
    } else {
        value.clone()
    }
}

fn not_found(object: &ObjectRef) -> ConnectorError {
    ConnectorError::NotFound { name: object.name.clone() }
}
