//! The roles of a PostgreSQL server as objects: `role` are accounts, `membership` are groups of roles.

mod change;

use jiff::tz::TimeZone;
use muster_connector::{
    BadObject, ConnectorError, DiscoveredClass, Field, ReadEnd, ReadObject, ReadRequest, Sink,
    closest,
};
use muster_model::{Object, ObjectRef, Text, ValueType};

pub(crate) use change::{change, is_there};

use crate::{
    Database,
    cell::{Cell, Column, Kind},
    dialect::Dialect,
    error::Stop,
    link::Lease,
    settings::{MEMBERSHIP, ROLE, Roles},
    sql::{Param, Sql},
};

/// An attribute of a role: its name, its expression over `r`, its type.
type Attribute = (&'static str, &'static str, ValueType);

const ATTRIBUTES: [Attribute; 11] = [
    ("name", "r.rolname::text", ValueType::Text),
    ("valid_until", "NULLIF(r.rolvaliduntil, 'infinity')", ValueType::DateTime),
    ("connection_limit", "NULLIF(r.rolconnlimit, -1)", ValueType::Int),
    ("inherit", "r.rolinherit", ValueType::Bool),
    ("createdb", "r.rolcreatedb", ValueType::Bool),
    ("createrole", "r.rolcreaterole", ValueType::Bool),
    ("replication", "r.rolreplication", ValueType::Bool),
    ("bypassrls", "r.rolbypassrls", ValueType::Bool),
    ("superuser", "r.rolsuper", ValueType::Bool),
    ("comment", "pg_catalog.shobj_description(r.oid, 'pg_authid')", ValueType::Text),
    (
        "member",
        "ARRAY(SELECT m.rolname::text FROM pg_catalog.pg_auth_members a \
         JOIN pg_catalog.pg_roles m ON m.oid = a.member WHERE a.roleid = r.oid)",
        ValueType::Text,
    ),
];

/// Which of the two classes is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Accounts,
    Groups,
}

impl Of {
    pub(crate) fn class(class: &str) -> Self {
        if class == MEMBERSHIP { Self::Groups } else { Self::Accounts }
    }

    /// The role whose members are meant.
    fn marker(self, roles: &Roles) -> Option<&Text> {
        match self {
            Self::Accounts => roles.accounts.as_ref(),
            Self::Groups => roles.groups.as_ref(),
        }
    }
}

/// `SELECT oid, name, login, fields FROM pg_roles WHERE scope`.
fn select(of: Of, roles: &Roles, fields: &[Field]) -> Result<Sql, ConnectorError> {
    let mut sql =
        Sql::new(Dialect::Postgres, "SELECT r.oid::bigint, r.rolname::text, r.rolcanlogin");
    for field in fields {
        sql.add(", ").add(&expression(&field.name)?);
    }
    sql.add(" FROM pg_catalog.pg_roles r WHERE ");
    scope(&mut sql, of, roles);
    Ok(sql)
}

fn expression(name: &str) -> Result<String, ConnectorError> {
    if let Some(setting) = setting_name(name)? {
        // Only letters, digits, `_` and dots are in it.
        return Ok(format!(
            "(SELECT substr(c, strpos(c, '=') + 1) FROM pg_catalog.pg_db_role_setting s, \
             unnest(s.setconfig) c WHERE s.setrole = r.oid AND s.setdatabase = 0 \
             AND lower(split_part(c, '=', 1)) = '{setting}')"
        ));
    }
    let found = ATTRIBUTES.iter().find(|(known, ..)| *known == name);
    found.map(|(_, expression, _)| (*expression).to_owned()).ok_or_else(|| {
        let near = closest(name, ATTRIBUTES.map(|(name, ..)| name));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        ConnectorError::Settings(format!("a database role has no attribute `{name}`{near}"))
    })
}

/// The server setting in `setting.search_path`, in lower case; `None` for another attribute.
fn setting_name(attribute: &str) -> Result<Option<String>, ConnectorError> {
    let Some(name) = attribute.strip_prefix("setting.") else { return Ok(None) };
    let is_word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if name.split('.').all(is_word) {
        return Ok(Some(name.to_lowercase()));
    }
    Err(ConnectorError::Settings(format!("`{name}` is not the name of a server setting")))
}

fn scope(sql: &mut Sql, of: Of, roles: &Roles) {
    match of {
        // What the server brings along can be granted and is nobody's account.
        Of::Accounts => sql.add("r.rolname NOT LIKE 'pg\\_%'"),
        Of::Groups => sql.add("1 = 1"),
    };
    if let Some(marker) = of.marker(roles) {
        sql.add(
            " AND EXISTS (SELECT 1 FROM pg_catalog.pg_auth_members a JOIN pg_catalog.pg_roles g \
             ON g.oid = a.roleid WHERE a.member = r.oid AND g.rolname = ",
        );
        sql.bind_text(marker.clone()).add(")");
    }
    for marker in roles.accounts.iter().chain(&roles.groups) {
        sql.add(" AND r.rolname <> ").bind_text(marker.clone());
    }
}

fn object(of: Of, row: &[Cell], fields: &[Field]) -> Result<Object, BadObject> {
    let text = |index: usize| row.get(index).and_then(Cell::text).unwrap_or_default();
    let (id, name) = (text(0), text(1));
    let mut values = Vec::with_capacity(fields.len());
    for (field, cell) in fields.iter().zip(row.iter().skip(3)) {
        let value = cell.value(field, &TimeZone::UTC).map_err(|why| BadObject {
            place: format!("role `{name}`"),
            problem: format!("`{}`: {why}", field.name),
            name: Some(name.clone()),
        })?;
        values.push(value);
    }
    let enabled = match of {
        Of::Accounts => Some(row.get(2) == Some(&Cell::Bool(true))),
        Of::Groups => None,
    };
    Ok(Object { id, name, enabled, values })
}

/// Reads all roles of a class into `sink`, in one snapshot.
pub(crate) async fn read(
    database: &Database,
    roles: &Roles,
    request: &ReadRequest,
    sink: &mut dyn Sink,
) -> Result<ReadEnd, ConnectorError> {
    if request.since.is_some() {
        let what = format!("the class `{}` can only be read as a whole", request.class);
        return Err(ConnectorError::Settings(what));
    }
    let of = Of::class(&request.class);
    select(of, roles, &request.fields)?;
    let mut lease = database.pool.lease().await?;
    lease.begin_reading().await.map_err(crate::error::Fault::plain)?;
    let mut after: Option<Cell> = None;
    let mut problem = None;
    loop {
        let page = match page(&mut lease, of, roles, (request, database), after.as_ref()).await {
            Ok(page) => page,
            Err(stop) if after.is_none() => return Err(stop.into_error(&"".into())),
            Err(stop) => {
                problem = Some(stop.into_error(&"".into()).to_string());
                break;
            }
        };
        after = page.last().and_then(|row| row.first()).cloned();
        hand_over(of, &page, request, sink).await?;
        if page.len() < database.settings.page_size {
            break;
        }
    }
    if problem.is_none() && lease.command("COMMIT").await.is_ok() {
        lease.done();
    }
    Ok(ReadEnd {
        complete: problem.is_none(),
        incremental: false,
        cursor: None,
        deleted: Vec::new(),
        problem,
    })
}

async fn page(
    lease: &mut Lease<'_>,
    of: Of,
    roles: &Roles,
    (request, database): (&ReadRequest, &Database),
    after: Option<&Cell>,
) -> Result<Vec<Vec<Cell>>, Stop> {
    let mut sql = select(of, roles, &request.fields)?;
    if let Some(after) = after {
        sql.add(" AND r.oid > ").bind(after.param(Dialect::Postgres), &oid());
    }
    sql.add(&format!(" ORDER BY r.oid LIMIT {}", database.settings.page_size));
    Ok(lease.rows(sql).await?)
}

async fn hand_over(
    of: Of,
    page: &[Vec<Cell>],
    request: &ReadRequest,
    sink: &mut dyn Sink,
) -> Result<(), ConnectorError> {
    for rows in page.chunks(request.batch.max(1)) {
        let mut objects = Vec::with_capacity(rows.len());
        for row in rows {
            match object(of, row, &request.fields) {
                Ok(object) => objects.push(ReadObject { object, line: 0 }),
                Err(bad) => sink.bad(bad).await?,
            }
        }
        if !objects.is_empty() {
            sink.objects(objects).await?;
        }
    }
    Ok(())
}

/// The column type of a role's number.
fn oid() -> Column {
    Column { cast_to: "pg_catalog.oid".to_owned(), ..Column::of("oid", Kind::Int) }
}

/// Adds the condition that finds one role; false when there cannot be one.
fn locate(sql: &mut Sql, object: &ObjectRef) -> bool {
    if object.id.is_empty() {
        if object.name.contains('\0') {
            return false;
        }
        sql.add("r.rolname = ").bind_text(object.name.clone());
        return true;
    }
    let Ok(id) = object.id.parse::<u32>() else { return false };
    sql.add("r.oid = ").bind(Param::Text(id.to_string().into()), &oid());
    true
}

/// One role, by its number or else by its name.
pub(crate) async fn get(
    database: &Database,
    roles: &Roles,
    object_ref: &ObjectRef,
    fields: &[Field],
) -> Result<Option<Object>, ConnectorError> {
    let of = Of::class(&object_ref.class);
    let by_name = ObjectRef { id: "".into(), ..object_ref.clone() };
    let mut lease = database.pool.lease().await?;
    let mut found = None;
    for wanted in [object_ref, &by_name] {
        let mut sql = select(of, roles, fields)?;
        sql.add(" AND ");
        if !locate(&mut sql, wanted) {
            continue;
        }
        let rows = lease.rows(sql).await.map_err(|fault| fault.into_error(&object_ref.name))?;
        if let Some(row) = rows.first() {
            let bad = |bad: BadObject| {
                ConnectorError::Malformed(format!("{}: {}", bad.place, bad.problem))
            };
            found = Some(object(of, row, fields).map_err(bad)?);
            break;
        }
    }
    lease.done();
    Ok(found)
}

/// The two classes, for `discover`.
pub(crate) fn discovered() -> Vec<DiscoveredClass> {
    let attributes = |wanted: fn(&str) -> bool| -> Vec<(Text, ValueType, bool, bool)> {
        ATTRIBUTES
            .iter()
            .filter(|(name, ..)| wanted(name))
            .map(|(name, _, ty)| (Text::from(*name), *ty, *name == "member", *name == "name"))
            .collect()
    };
    vec![
        DiscoveredClass { name: ROLE.into(), attributes: attributes(|name| name != "member") },
        DiscoveredClass { name: MEMBERSHIP.into(), attributes: attributes(|_| true) },
    ]
}
