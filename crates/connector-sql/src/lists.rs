//! Attributes whose values are rows of another table: members of a group, roles of an account.

use std::collections::HashSet;

use muster_connector::ConnectorError;
use muster_model::{Text, Value};

use crate::{
    cell::{Cell, to_param},
    dialect::Dialect,
    error::Stop,
    link::Lease,
    rows::ListValues,
    shape::{ListShape, Shape},
    sql::{Param, Sql},
};

/// How many values stand in one statement.
const MOST_VALUES: usize = 500;

/// The values of the objects with these references.
pub(crate) async fn values_of(
    lease: &mut Lease<'_>,
    dialect: Dialect,
    list: &ListShape,
    owners: &[Cell],
) -> Result<ListValues, Stop> {
    let mut found = ListValues::new();
    for owners in owners.chunks(MOST_VALUES) {
        let mut sql = Sql::new(dialect, "SELECT ");
        sql.select("l.", &list.owner).add(", ");
        if let Some(of) = &list.of {
            let key = of.key()?;
            let Some(key) = key.first() else { continue };
            sql.select("o.", key).add(" FROM ").table(&list.settings.table);
            sql.add(" AS l JOIN ").add(&of.from()).add(" AS o ON o.");
            sql.name(&of.reference()?.name).add(" = l.").name(&list.value.name);
        } else {
            sql.select("l.", &list.value).add(" FROM ").table(&list.settings.table);
            sql.add(" AS l");
        }
        let params = owners.iter().map(|owner| owner.param(dialect)).collect();
        sql.add(" WHERE ").is_in("l.", &list.owner, params);
        for row in lease.rows(sql).await? {
            let mut cells = row.into_iter();
            if let (Some(owner), Some(value)) = (cells.next(), cells.next())
                && let Some(owner) = owner.text()
            {
                found.entry(owner).or_default().push(value);
            }
        }
    }
    Ok(found)
}

/// What a list table holds for these values: the references of objects, or the values themselves.
pub(crate) struct Resolved {
    /// What is written, in the order given.
    pub(crate) params: Vec<Param>,
    /// What names nothing.
    pub(crate) unknown: Vec<Text>,
}

/// Finds what is written for values that are names, where the list holds references.
pub(crate) async fn resolve(
    lease: &mut Lease<'_>,
    shape: &Shape,
    list: &ListShape,
    values: &[Text],
) -> Result<Resolved, Stop> {
    let dialect = shape.dialect;
    let mut resolved = Resolved { params: Vec::with_capacity(values.len()), unknown: Vec::new() };
    let Some(of) = &list.of else {
        for value in values {
            let param = to_param(&Value::Text(value.clone()), &list.value, dialect, &shape.zone);
            resolved.params.push(param.map_err(ConnectorError::Invalid)?);
        }
        return Ok(resolved);
    };
    let (key, reference) = (of.key()?, of.reference()?);
    let Some(key) = key.first() else { return Ok(resolved) };
    for part in values.chunks(MOST_VALUES) {
        let keys: Vec<Param> =
            part.iter().filter_map(|name| crate::cell::key_param(name, key, dialect)).collect();
        let mut known = std::collections::HashMap::new();
        if !keys.is_empty() {
            let mut sql = Sql::new(dialect, "SELECT ");
            sql.select("", key).add(", ").select("", reference);
            sql.add(" FROM ").add(&of.from()).add(" WHERE ").is_in("", key, keys);
            for row in lease.rows(sql).await? {
                if let [name, reference] = row.as_slice()
                    && let Some(name) = name.text()
                {
                    known.insert(name, reference.param(dialect));
                }
            }
        }
        for name in part {
            match known.get(name) {
                Some(param) => resolved.params.push(param.clone()),
                None => resolved.unknown.push(name.clone()),
            }
        }
    }
    Ok(resolved)
}

/// Adds and removes values, whatever of it is done already.
pub(crate) async fn change(
    lease: &mut Lease<'_>,
    shape: &Shape,
    list: &ListShape,
    owner: &Cell,
    add: &[Text],
    remove: &[Text],
) -> Result<(), Stop> {
    let wanted = resolve(lease, shape, list, add).await?;
    if !wanted.unknown.is_empty() {
        let mut names: Vec<String> =
            wanted.unknown.iter().take(5).map(|n| format!("`{n}`")).collect();
        if wanted.unknown.len() > names.len() {
            names.push("…".to_owned());
        }
        let what = format!("{} are not there, so they cannot be added", names.join(", "));
        return Err(ConnectorError::Invalid(what).into());
    }
    let unwanted = resolve(lease, shape, list, remove).await?;
    write(lease, shape.dialect, list, owner, &wanted.params, &unwanted.params).await
}

/// Makes the list hold exactly `values`.
pub(crate) async fn replace(
    lease: &mut Lease<'_>,
    shape: &Shape,
    list: &ListShape,
    owner: &Cell,
    value: &Value,
) -> Result<(), Stop> {
    let wanted: Vec<Text> = value.items().iter().map(|item| Text::from(item.to_string())).collect();
    let held = values_of(lease, shape.dialect, list, std::slice::from_ref(owner)).await?;
    let held: HashSet<Text> = held.into_values().flatten().filter_map(|cell| cell.text()).collect();
    let add: Vec<Text> = wanted.iter().filter(|value| !held.contains(*value)).cloned().collect();
    let mut remove: Vec<Text> = held.into_iter().filter(|value| !wanted.contains(value)).collect();
    remove.sort_unstable();
    change(lease, shape, list, owner, &add, &remove).await
}

async fn write(
    lease: &mut Lease<'_>,
    dialect: Dialect,
    list: &ListShape,
    owner: &Cell,
    add: &[Param],
    remove: &[Param],
) -> Result<(), Stop> {
    let owner = owner.param(dialect);
    for part in remove.chunks(MOST_VALUES) {
        let mut sql = Sql::new(dialect, "DELETE FROM ");
        sql.table(&list.settings.table).add(" WHERE ").name(&list.owner.name).add(" = ");
        sql.bind(owner.clone(), &list.owner).add(" AND ");
        sql.is_in("", &list.value, part.to_vec());
        lease.execute(sql).await?;
    }
    for part in add.chunks(MOST_VALUES) {
        let missing = missing(lease, dialect, list, &owner, part).await?;
        if missing.is_empty() {
            continue;
        }
        let mut sql = Sql::new(dialect, "INSERT INTO ");
        sql.table(&list.settings.table).add(" (").name(&list.owner.name).add(", ");
        sql.name(&list.value.name).add(") VALUES ");
        for (index, value) in missing.into_iter().enumerate() {
            sql.add(if index == 0 { "(" } else { ", (" }).bind(owner.clone(), &list.owner);
            sql.add(", ").bind(value, &list.value).add(")");
        }
        // Somebody else may have added one in between.
        match dialect {
            Dialect::Postgres | Dialect::Sqlite => {
                sql.add(" ON CONFLICT DO NOTHING");
            }
            Dialect::MySql => {
                sql.add(" ON DUPLICATE KEY UPDATE ").name(&list.value.name).add(" = ");
                sql.add("VALUES(").name(&list.value.name).add(")");
            }
        }
        lease.execute(sql).await?;
    }
    Ok(())
}

/// The values that the list does not hold yet, each once.
async fn missing(
    lease: &mut Lease<'_>,
    dialect: Dialect,
    list: &ListShape,
    owner: &Param,
    values: &[Param],
) -> Result<Vec<Param>, Stop> {
    let mut sql = Sql::new(dialect, "SELECT ");
    sql.select("", &list.value).add(" FROM ").table(&list.settings.table).add(" WHERE ");
    sql.name(&list.owner.name).add(" = ").bind(owner.clone(), &list.owner).add(" AND ");
    sql.is_in("", &list.value, values.to_vec());
    let rows = lease.rows(sql).await?;
    let mut held: Vec<Param> = rows.into_iter().flatten().map(|cell| cell.param(dialect)).collect();
    let mut missing = Vec::new();
    for value in values {
        if !held.contains(value) {
            held.push(value.clone());
            missing.push(value.clone());
        }
    }
    Ok(missing)
}
