//! Changes to a file in memory, one by one; each happens as a whole or not at all.

use muster_connector::{ConnectorError, Field};
use muster_model::{Applied, Change, Object, ObjectRef, Text, Value, name_key};

use super::{Format, Loaded, WholeSettings, object_of};

impl<F: Format> Loaded<F> {
    /// The object that `object` names, with the values of `fields`.
    pub(super) fn get(
        &self,
        settings: &WholeSettings<F>,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        let Some(index) = self.find(settings, object)? else { return Ok(None) };
        let Some(item) = self.item(index) else { return Ok(None) };
        object_of(settings, item, fields).map(Some).map_err(|problem| {
            let shown = &settings.place.shown;
            ConnectorError::Malformed(format!("`{shown}`, object `{}`: {problem}", object.name))
        })
    }

    /// Refuses to write a file that was not understood as a whole, so that nothing of it is lost.
    pub(super) fn refuse_broken(&self, settings: &WholeSettings<F>) -> Result<(), ConnectorError> {
        let first = self.content.bad.first().map(|bad| format!("{}: {}", bad.place, bad.problem));
        match self.content.problem.clone().or(first) {
            None => Ok(()),
            Some(problem) => Err(ConnectorError::Malformed(format!(
                "`{}` is not changed: {problem}; repair the file first",
                settings.place.shown
            ))),
        }
    }

    /// Does one change in memory. Nothing is changed when it fails.
    pub(super) fn apply(
        &mut self,
        settings: &WholeSettings<F>,
        change: &Change,
    ) -> Result<Applied, ConnectorError> {
        match change {
            Change::Create { object, values, enabled } => {
                self.create(settings, object, values, *enabled)
            }
            Change::Update { object, values } => {
                let values: Vec<(&Text, &Value)> =
                    values.iter().map(|(name, _, new)| (name, new)).collect();
                self.update(settings, object, |item| set_all(settings, object, item, &values))
            }
            Change::Rename { object, to } => self.rename(settings, object, to),
            Change::SetEnabled { object, enabled } => self.update(settings, object, |item| {
                let set = set_enabled(settings, item, Some(*enabled));
                set.map_err(|problem| invalid(object, &problem))
            }),
            Change::Delete { object } => {
                if let Some(index) = self.find(settings, object)? {
                    self.remove_name(settings, index);
                    if let Some(slot) = self.content.items.get_mut(index) {
                        *slot = None;
                    }
                    self.is_changed = true;
                }
                Ok(Applied::default())
            }
            Change::Members { object, attribute, add, remove } => {
                self.update(settings, object, |item| {
                    members(settings, item, attribute, add, remove)
                        .map_err(|problem| invalid(object, &problem))
                })
            }
        }
    }

    fn create(
        &mut self,
        settings: &WholeSettings<F>,
        object: &ObjectRef,
        values: &[(Text, Value)],
        enabled: Option<bool>,
    ) -> Result<Applied, ConnectorError> {
        let name = &object.name;
        if self.by_name.contains_key(&name_key(F::NAMES, name)) {
            return Err(ConnectorError::AlreadyExists { name: name.clone() });
        }
        if name.is_empty() {
            return Err(ConnectorError::Invalid("an object needs a name".to_owned()));
        }
        let made = settings.format.create(&object.class, &settings.key, name);
        let mut item = made.map_err(|problem| invalid(object, &problem))?;
        set_enabled(settings, &mut item, enabled).map_err(|problem| invalid(object, &problem))?;
        let values: Vec<(&Text, &Value)> =
            values.iter().map(|(name, value)| (name, value)).collect();
        set_all(settings, object, &mut item, &values)?;
        self.by_name.insert(name_key(F::NAMES, name), vec![self.content.items.len()]);
        self.content.push(item, 0);
        self.is_changed = true;
        Ok(Applied { id: Some(name.clone()), ..Applied::default() })
    }

    /// Changes a copy of the object and keeps it when that went well.
    fn update(
        &mut self,
        settings: &WholeSettings<F>,
        object: &ObjectRef,
        change: impl FnOnce(&mut F::Item) -> Result<bool, ConnectorError>,
    ) -> Result<Applied, ConnectorError> {
        let not_found = || ConnectorError::NotFound { name: object.name.clone() };
        let index = self.find(settings, object)?.ok_or_else(not_found)?;
        let mut item = self.item(index).ok_or_else(not_found)?.clone();
        if change(&mut item)? {
            self.put(index, item);
        }
        Ok(Applied::default())
    }

    fn rename(
        &mut self,
        settings: &WholeSettings<F>,
        object: &ObjectRef,
        to: &Text,
    ) -> Result<Applied, ConnectorError> {
        if to.is_empty() {
            return Err(invalid(object, "it needs a name"));
        }
        let done = Applied { id: Some(to.clone()), ..Applied::default() };
        let place = self.by_name.get(&name_key(F::NAMES, to)).and_then(|all| all.first()).copied();
        let Some(index) = self.find(settings, object)? else {
            // The name was given already, by this very change done before.
            let name = object.name.clone();
            return if place.is_some() { Ok(done) } else { Err(ConnectorError::NotFound { name }) };
        };
        if place.is_some_and(|place| place != index) {
            return Err(ConnectorError::AlreadyExists { name: to.clone() });
        }
        let Some(mut item) = self.item(index).cloned() else { return Ok(done) };
        let renamed = settings.format.rename(&mut item, &settings.key, to);
        renamed.map_err(|problem| invalid(object, &problem))?;
        self.remove_name(settings, index);
        self.by_name.insert(name_key(F::NAMES, to), vec![index]);
        self.put(index, item);
        Ok(done)
    }

    fn item(&self, index: usize) -> Option<&F::Item> {
        self.content.items.get(index)?.as_ref().map(|(item, _)| item)
    }

    fn put(&mut self, index: usize, item: F::Item) {
        if let Some(Some((slot, _))) = self.content.items.get_mut(index) {
            *slot = item;
            self.is_changed = true;
        }
    }

    fn remove_name(&mut self, settings: &WholeSettings<F>, index: usize) {
        if let Some(item) = self.item(index) {
            let name = settings.format.name(item, &settings.key);
            self.by_name.remove(&name_key(F::NAMES, &name));
        }
    }

    /// The place of `object`: by id, failing that by name.
    fn find(
        &self,
        settings: &WholeSettings<F>,
        object: &ObjectRef,
    ) -> Result<Option<usize>, ConnectorError> {
        let lookup = |name: &Text| {
            let all = self.by_name.get(&name_key(F::NAMES, name)).filter(|_| !name.is_empty())?;
            let of_class = |index: &&usize| {
                self.item(**index).is_some_and(|item| settings.format.is_of(item, &object.class))
            };
            all.iter().any(|index| of_class(&index)).then_some(all)
        };
        match lookup(&object.id).or_else(|| lookup(&object.name)) {
            None => Ok(None),
            Some(all) if all.len() > 1 => Err(ConnectorError::Invalid(format!(
                "`{}` stands {} times in the file; remove all but one of them",
                object.name,
                all.len()
            ))),
            Some(all) => Ok(all.first().copied()),
        }
    }
}

fn invalid(object: &ObjectRef, problem: &str) -> ConnectorError {
    ConnectorError::Invalid(format!("`{}`: {problem}", object.name))
}

/// Sets values, but neither the key nor the state; true when one of them differed.
fn set_all<F: Format>(
    settings: &WholeSettings<F>,
    object: &ObjectRef,
    item: &mut F::Item,
    values: &[(&Text, &Value)],
) -> Result<bool, ConnectorError> {
    let mut differs = false;
    for (name, value) in values {
        if **name == settings.key && F::KEY_IS_ATTRIBUTE {
            if *value.to_string() != *settings.format.name(item, &settings.key) {
                let problem = format!("`{name}` is the key and changes only by a rename");
                return Err(invalid(object, &problem));
            }
            continue;
        }
        if settings.enabled.as_ref().is_some_and(|enabled| enabled.column == **name) {
            let problem = format!("`{name}` changes only by enabling and disabling");
            return Err(invalid(object, &problem));
        }
        let changed = set(settings, item, name, value);
        differs |= changed.map_err(|problem| invalid(object, &format!("`{name}` {problem}")))?;
    }
    Ok(differs)
}

fn set_enabled<F: Format>(
    settings: &WholeSettings<F>,
    item: &mut F::Item,
    enabled: Option<bool>,
) -> Result<bool, String> {
    let (Some(column), Some(enabled)) = (&settings.enabled, enabled) else { return Ok(false) };
    let state = if enabled { &column.on } else { &column.off };
    set(settings, item, &column.column, &Value::Text(state.clone()))
}

/// Sets a value unless it is there already.
fn set<F: Format>(
    settings: &WholeSettings<F>,
    item: &mut F::Item,
    name: &str,
    value: &Value,
) -> Result<bool, String> {
    let many = matches!(value, Value::List(_))
        || settings.format.get(item, name, true).is_ok_and(|held| held.items().len() > 1);
    let wanted = if many { Value::set(value.items().to_vec()) } else { value.clone() };
    if settings.format.get(item, name, many).is_ok_and(|held| held == wanted.to_wire_text()) {
        return Ok(false);
    }
    settings.format.set(item, name, value).map(|()| true)
}

/// Adds and removes members, comparing their names as names.
fn members<F: Format>(
    settings: &WholeSettings<F>,
    item: &mut F::Item,
    attribute: &str,
    add: &[Text],
    remove: &[Text],
) -> Result<bool, String> {
    let key = |value: &Value| name_key(F::NAMES, &value.to_string());
    let mut held = settings.format.get(item, attribute, true)?.items().to_vec();
    let removed: Vec<String> = remove.iter().map(|name| name_key(F::NAMES, name)).collect();
    held.retain(|value| !removed.contains(&key(value)));
    for name in add {
        let wanted = name_key(F::NAMES, name);
        if !held.iter().any(|value| key(value) == wanted) {
            held.push(Value::Text(name.clone()));
        }
    }
    set(settings, item, attribute, &Value::set(held))
}
