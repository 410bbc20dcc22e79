//! One change of one object. Doing it twice is doing it once: what is done already is success.

use muster_connector::ConnectorError;
use muster_model::{Applied, Change, ObjectRef, Text, Value};

use crate::{
    apply::Work,
    cell::{Cell, Column, Kind, to_param},
    error::{Fault, FaultKind, Stop},
    lists, roles,
    settings::{Flag, FlagKind},
    shape::{Shape, split_name},
    sql::{Param, Sql},
};

impl Work<'_, '_> {
    /// Does `change`. An answer of ours ([`Stop::Answer`]) leaves everything as it was.
    pub(crate) async fn change(&mut self, change: &Change) -> Result<Applied, Stop> {
        let class = &change.object().class;
        if let Some(roles) = self.database.settings.roles_of(class).cloned() {
            return Box::pin(roles::change(self, &roles, change)).await;
        }
        let object = self.present(change.object());
        let shape = self.database.shape(self.lease, &object.class).await?;
        shape.table()?;
        match change {
            Change::Create { object, values, enabled } => {
                self.create(&shape, object, values, *enabled).await
            }
            Change::Update { values, .. } => self.update(&shape, &object, values).await,
            Change::Rename { to, .. } => self.rename(&shape, &object, to).await,
            Change::SetEnabled { enabled, .. } => self.set_enabled(&shape, &object, *enabled).await,
            Change::Delete { .. } => self.delete(&shape, &object).await,
            Change::Members { attribute, add, remove, .. } => {
                self.members(&shape, &object, attribute, (add, remove)).await
            }
        }
    }

    /// The object under the name that it has by now.
    pub(crate) fn present(&self, object: &ObjectRef) -> ObjectRef {
        let renamed = self.renamed.get(&(object.class.clone(), object.name.clone()));
        let mut object = object.clone();
        if let Some(name) = renamed {
            object.name = name.clone();
        }
        object
    }

    /// True when there is an object of that name.
    pub(crate) async fn is_there(&mut self, object: &ObjectRef) -> Result<bool, Fault> {
        if self.database.settings.roles_of(&object.class).is_some() {
            return roles::is_there(self.lease, &object.name).await;
        }
        match self.reference(object).await {
            Ok(found) => Ok(found.is_some()),
            Err(Stop::Fault(fault)) if fault.kind == FaultKind::Broken => Err(fault),
            Err(_) => Ok(false),
        }
    }

    async fn reference(&mut self, object: &ObjectRef) -> Result<Option<Cell>, Stop> {
        let shape = self.database.shape(self.lease, &object.class).await?;
        let column = shape.id()?.or_else(|| shape.key().ok()?.first().copied());
        let Some(column) = column else { return Ok(None) };
        let mut sql = Sql::new(shape.dialect, "SELECT ");
        sql.select("", column).add(" FROM ").add(&shape.from()).add(" WHERE ");
        if !find(&shape, &mut sql, object)? {
            return Ok(None);
        }
        Ok(self.lease.rows(sql).await?.into_iter().flatten().next())
    }

    async fn update(
        &mut self,
        shape: &Shape,
        object: &ObjectRef,
        values: &[(Text, Value, Value)],
    ) -> Result<Applied, Stop> {
        let mut columns = Vec::new();
        let mut many = Vec::new();
        for (name, _, value) in values {
            if let Some(list) = shape.lists.get(name) {
                many.push((list, value));
            } else {
                let column = shape.column(name)?;
                columns.push((column, written(shape, column, value)?));
            }
        }
        if !many.is_empty() {
            let owner = self.reference(object).await?.ok_or_else(|| not_found(object))?;
            for (list, value) in many {
                lists::replace(self.lease, shape, list, &owner, value).await.map_err(lasting)?;
            }
        }
        if !columns.is_empty() && self.set(shape, object, &columns).await? == 0 {
            return Err(not_found(object).into());
        }
        if let [key] = shape.class.key.as_slice()
            && let Some((_, _, Value::Text(name))) = values.iter().find(|(name, ..)| name == key)
            && *name != object.name
        {
            self.note_rename(object, name);
        }
        Ok(Applied::default())
    }

    /// Sets columns of one object and answers how many rows that met.
    async fn set(
        &mut self,
        shape: &Shape,
        object: &ObjectRef,
        columns: &[(&Column, Param)],
    ) -> Result<u64, Stop> {
        let mut sql = Sql::new(shape.dialect, "UPDATE ");
        sql.table(shape.table()?).add(" SET ");
        for (index, (column, param)) in columns.iter().enumerate() {
            sql.add(if index == 0 { "" } else { ", " }).name(&column.name).add(" = ");
            sql.bind(param.clone(), column);
        }
        sql.add(" WHERE ");
        if !find(shape, &mut sql, object)? {
            return Ok(0);
        }
        self.one_row(sql, object).await
    }

    /// Does a statement that must not meet more than one row.
    async fn one_row(&mut self, sql: Sql, object: &ObjectRef) -> Result<u64, Stop> {
        let n_rows = self.lease.execute(sql).await?;
        if n_rows > 1 {
            let text = format!("`{}` names {n_rows} rows, so none is changed", object.name);
            return Err(Fault::new(FaultKind::Refused, text).into());
        }
        Ok(n_rows)
    }

    async fn rename(
        &mut self,
        shape: &Shape,
        object: &ObjectRef,
        to: &Text,
    ) -> Result<Applied, Stop> {
        let key = shape.key()?;
        let parts = split_name(to, key.len()).ok_or_else(|| {
            ConnectorError::Invalid(format!("`{to}` is not a name of this class"))
        })?;
        let mut columns = Vec::new();
        for (column, part) in key.iter().zip(parts) {
            columns.push((*column, written(shape, column, &Value::text(part))?));
        }
        let renamed = ObjectRef { id: "".into(), name: to.clone(), ..object.clone() };
        if self.set(shape, object, &columns).await? == 0 && !self.is_there(&renamed).await? {
            return Err(not_found(object).into());
        }
        self.note_rename(object, to);
        let id = if shape.class.id.is_some() { None } else { Some(to.clone()) };
        Ok(Applied { id, name: None, pending: None })
    }

    pub(crate) fn note_rename(&mut self, object: &ObjectRef, to: &Text) {
        for name in self.renamed.values_mut().filter(|name| **name == object.name) {
            *name = to.clone();
        }
        self.renamed.insert((object.class.clone(), object.name.clone()), to.clone());
    }

    async fn set_enabled(
        &mut self,
        shape: &Shape,
        object: &ObjectRef,
        enabled: bool,
    ) -> Result<Applied, Stop> {
        let flag = enabled_flag(shape)?;
        if self.set_flag(shape, object, flag, !enabled).await? == 0 {
            return Err(not_found(object).into());
        }
        Ok(Applied::default())
    }

    async fn set_flag(
        &mut self,
        shape: &Shape,
        object: &ObjectRef,
        flag: &Flag,
        is_raised: bool,
    ) -> Result<u64, Stop> {
        let column = shape.column(&flag.column)?;
        if let (FlagKind::Time, true) = (&flag.kind, is_raised) {
            let mut sql = Sql::new(shape.dialect, "UPDATE ");
            sql.table(shape.table()?).add(" SET ").name(&column.name).add(" = COALESCE(");
            sql.name(&column.name).add(", CURRENT_TIMESTAMP) WHERE ");
            if !find(shape, &mut sql, object)? {
                return Ok(0);
            }
            return self.one_row(sql, object).await;
        }
        let param = flag_param(shape, column, flag, is_raised)?;
        self.set(shape, object, &[(column, param)]).await
    }

    async fn delete(&mut self, shape: &Shape, object: &ObjectRef) -> Result<Applied, Stop> {
        if let Some(flag) = &shape.class.deleted {
            self.set_flag(shape, object, flag, true).await?;
            return Ok(Applied::default());
        }
        let Some(owner) = self.reference(object).await? else { return Ok(Applied::default()) };
        for list in shape.lists.values() {
            let mut sql = Sql::new(shape.dialect, "DELETE FROM ");
            sql.table(&list.settings.table).add(" WHERE ").name(&list.owner.name).add(" = ");
            sql.bind(owner.param(shape.dialect), &list.owner);
            self.lease.execute(sql).await?;
        }
        self.leave_lists(shape, &owner).await?;
        let mut sql = Sql::new(shape.dialect, "DELETE FROM ");
        sql.table(shape.table()?).add(" WHERE ");
        if find(shape, &mut sql, object)? {
            self.one_row(sql, object).await?;
        }
        Ok(Applied::default())
    }

    /// Takes an object that goes out of the lists of others.
    async fn leave_lists(&mut self, shape: &Shape, owner: &Cell) -> Result<(), Stop> {
        let settings = std::sync::Arc::clone(&self.database.settings);
        for (name, class) in settings.classes() {
            let mine = |of: &Option<Text>| of.as_deref() == Some(&*shape.name);
            if !class.lists.values().any(|list| mine(&list.of)) {
                continue;
            }
            let other = self.database.shape(self.lease, name).await?;
            for list in other.lists.values().filter(|list| mine(&list.settings.of)) {
                let mut sql = Sql::new(shape.dialect, "DELETE FROM ");
                sql.table(&list.settings.table).add(" WHERE ").name(&list.value.name).add(" = ");
                sql.bind(owner.param(shape.dialect), &list.value);
                self.lease.execute(sql).await?;
            }
        }
        Ok(())
    }

    async fn members(
        &mut self,
        shape: &Shape,
        object: &ObjectRef,
        attribute: &Text,
        (add, remove): (&[Text], &[Text]),
    ) -> Result<Applied, Stop> {
        let list = shape.lists.get(attribute).ok_or_else(|| {
            ConnectorError::Invalid(format!(
                "the class `{}` has no list `{attribute}`; describe it under `lists`",
                shape.name
            ))
        })?;
        let owner = self.reference(object).await?.ok_or_else(|| not_found(object))?;
        lists::change(self.lease, shape, list, &owner, add, remove).await?;
        Ok(Applied::default())
    }
}

/// Adds the condition that finds the object within its class; false when no row can be it.
fn find(shape: &Shape, sql: &mut Sql, object: &ObjectRef) -> Result<bool, Stop> {
    if !shape.locate(sql, object)? {
        return Ok(false);
    }
    sql.add(" AND ");
    shape.scope(sql)?;
    Ok(true)
}

/// Something was written already, so the transaction has to go back.
pub(crate) fn lasting(stop: Stop) -> Stop {
    match stop {
        Stop::Answer(error) => Stop::Fault(Fault::new(FaultKind::Refused, error.to_string())),
        Stop::Fault(fault) => Stop::Fault(fault),
    }
}

pub(crate) fn not_found(object: &ObjectRef) -> ConnectorError {
    let name = if object.name.is_empty() { &object.id } else { &object.name };
    ConnectorError::NotFound { name: name.clone() }
}

/// What is sent to have `value` in `column`; a column that must hold something holds the empty text for nothing.
pub(crate) fn written(
    shape: &Shape,
    column: &Column,
    value: &Value,
) -> Result<Param, ConnectorError> {
    if value.is_null() && !column.is_nullable && column.kind == Kind::Text {
        return Ok(Param::Text("".into()));
    }
    to_param(value, column, shape.dialect, &shape.zone).map_err(ConnectorError::Invalid)
}

pub(crate) fn enabled_flag(shape: &Shape) -> Result<&Flag, ConnectorError> {
    shape.class.enabled.as_ref().ok_or_else(|| {
        ConnectorError::Invalid(format!(
            "the class `{}` has neither `enabled` nor `disabled_at`",
            shape.name
        ))
    })
}

/// The value of a flag that is not a time that the database tells.
pub(crate) fn flag_param(
    shape: &Shape,
    column: &Column,
    flag: &Flag,
    is_raised: bool,
) -> Result<Param, ConnectorError> {
    match &flag.kind {
        FlagKind::Time => Ok(Param::Null),
        FlagKind::Values { raised, lowered } => {
            shape.param(column, if is_raised { raised } else { lowered })
        }
    }
}
