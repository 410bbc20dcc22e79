//! Changes of roles. Such statements take no parameters, so names are quoted identifiers and values quoted literals.

use std::collections::BTreeSet;

use muster_connector::ConnectorError;
use muster_model::{Applied, Change, ObjectRef, Text, Value, ValueType, parse_value};

use super::{Of, locate, scope, setting_name};
use crate::{
    apply::Work,
    cell::Cell,
    change::not_found,
    dialect::{Dialect, postgres_literal},
    error::{Fault, FaultKind, Stop},
    link::Lease,
    settings::Roles,
    sql::Sql,
};

/// A role that is there.
struct Found {
    id: Text,
    name: Text,
    /// Why it must not be changed.
    protected: Option<&'static str>,
}

/// Does `change` of a role.
pub(crate) async fn change(
    work: &mut Work<'_, '_>,
    roles: &Roles,
    change: &Change,
) -> Result<Applied, Stop> {
    let object = work.present(change.object());
    let of = Of::class(&object.class);
    let mut at = At { lease: work.lease, roles, of };
    match change {
        Change::Create { values, enabled, .. } => {
            at.create(change.object(), values, *enabled).await
        }
        Change::Update { values, .. } => at.update(&object, values).await,
        Change::Rename { to, .. } => {
            let applied = at.rename(&object, to).await?;
            work.note_rename(&object, to);
            Ok(applied)
        }
        Change::SetEnabled { enabled, .. } => at.set_enabled(&object, *enabled).await,
        Change::Delete { .. } => at.delete(&object).await,
        Change::Members { attribute, add, remove, .. } => {
            if &**attribute != "member" || of != Of::Groups {
                let what = "members are kept in `member` of the class `membership`";
                return Err(ConnectorError::Invalid(what.to_owned()).into());
            }
            let group = at.present(&object).await?;
            at.members(&group, add, remove).await?;
            Ok(Applied::default())
        }
    }
}

/// True when a role has that name, whatever class it is in.
pub(crate) async fn is_there(lease: &mut Lease<'_>, name: &Text) -> Result<bool, Fault> {
    let mut sql = Sql::new(Dialect::Postgres, "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = ");
    sql.bind_text(name.clone());
    Ok(!lease.rows(sql).await?.is_empty())
}

/// Where changes of roles happen.
struct At<'w, 'p> {
    lease: &'w mut Lease<'p>,
    roles: &'w Roles,
    of: Of,
}

impl At<'_, '_> {
    async fn find(&mut self, object: &ObjectRef) -> Result<Option<Found>, Stop> {
        let mut sql = Sql::new(
            Dialect::Postgres,
            "SELECT r.oid::bigint, r.rolname::text, CASE \
             WHEN r.rolname IN (session_user, current_user) THEN 1 WHEN r.rolsuper THEN 2 \
             WHEN r.rolname LIKE 'pg\\_%' THEN 3 ELSE 0 END FROM pg_catalog.pg_roles r WHERE ",
        );
        scope(&mut sql, self.of, self.roles);
        sql.add(" AND ");
        if !locate(&mut sql, object) {
            return Ok(None);
        }
        let rows = self.lease.rows(sql).await?;
        let Some([id, name, protected]) = rows.first().map(Vec::as_slice) else {
            return Ok(None);
        };
        let protected = match protected.int() {
            Some(1) => Some("it is the role that muster signs in with"),
            Some(2) => Some("it is a superuser"),
            Some(3) => Some("it belongs to the server"),
            Some(_) | None => None,
        };
        let text = |cell: &Cell| cell.text().unwrap_or_default();
        Ok(Some(Found { id: text(id), name: text(name), protected }))
    }

    async fn present(&mut self, object: &ObjectRef) -> Result<Found, Stop> {
        Ok(self.find(object).await?.ok_or_else(|| not_found(object))?)
    }

    /// A role that may be changed.
    async fn changeable(&mut self, object: &ObjectRef) -> Result<Found, Stop> {
        let found = self.present(object).await?;
        refuse_protected(&found)?;
        Ok(found)
    }

    async fn run(&mut self, statement: &str) -> Result<(), Stop> {
        Ok(self.lease.command(statement).await?)
    }

    async fn create(
        &mut self,
        object: &ObjectRef,
        values: &[(Text, Value)],
        enabled: Option<bool>,
    ) -> Result<Applied, Stop> {
        let name = checked(&object.name)?;
        if enabled.is_some() && self.of == Of::Groups {
            let what = "a `membership` is neither enabled nor disabled";
            return Err(ConnectorError::Invalid(what.to_owned()).into());
        }
        let login = self.of == Of::Accounts && enabled.unwrap_or(true);
        let mut statement =
            format!("CREATE ROLE {name} {}", if login { "LOGIN" } else { "NOLOGIN" });
        let mut later = Vec::new();
        let mut members: Vec<Text> = Vec::new();
        for (attribute, value) in values {
            match &**attribute {
                "name" if *value == Value::Text(object.name.clone()) => {}
                "comment" => later.push(comment(&name, value)?),
                "member" => members = texts(value),
                _ if setting_name(attribute)?.is_some() => {
                    later.push(setting(&name, attribute, value)?);
                }
                _ => statement = format!("{statement} {}", option(attribute, value)?),
            }
        }
        self.run(&statement).await?;
        for statement in later {
            self.run(&statement).await?;
        }
        if let Some(marker) = self.of.marker(self.roles) {
            self.run(&format!("GRANT {} TO {name}", checked(marker)?)).await?;
        }
        let made = self.find(object).await?.ok_or_else(|| {
            Fault::new(FaultKind::Refused, format!("`{}` was made and is not seen", object.name))
        })?;
        if !members.is_empty() {
            self.members(&made, &members, &[]).await.map_err(crate::change::lasting)?;
        }
        Ok(Applied { id: Some(made.id), ..Applied::default() })
    }

    async fn update(
        &mut self,
        object: &ObjectRef,
        values: &[(Text, Value, Value)],
    ) -> Result<Applied, Stop> {
        let found = self.changeable(object).await?;
        let name = checked(&found.name)?;
        let mut options = Vec::new();
        let mut statements = Vec::new();
        let mut renamed = None;
        for (attribute, _, value) in values {
            match &**attribute {
                "comment" => statements.push(comment(&name, value)?),
                // A name that is an attribute too changes with the name.
                "name" if *value != Value::Text(found.name.clone()) => {
                    renamed = Some(checked(&value.to_string())?);
                }
                "name" | "member" => {}
                _ if setting_name(attribute)?.is_some() => {
                    statements.push(setting(&name, attribute, value)?);
                }
                _ => options.push(option(attribute, value)?),
            }
        }
        if !options.is_empty() {
            statements.push(format!("ALTER ROLE {name} {}", options.join(" ")));
        }
        if let Some((_, _, value)) = values.iter().find(|(name, ..)| &**name == "member") {
            let held = self.held(&found).await?;
            let wanted: BTreeSet<Text> = texts(value).into_iter().collect();
            let add: Vec<Text> = wanted.difference(&held).cloned().collect();
            let remove: Vec<Text> = held.difference(&wanted).cloned().collect();
            self.members(&found, &add, &remove).await?;
        }
        if let Some(renamed) = renamed {
            statements.push(format!("ALTER ROLE {name} RENAME TO {renamed}"));
        }
        for statement in statements {
            self.run(&statement).await?;
        }
        Ok(Applied::default())
    }

    async fn rename(&mut self, object: &ObjectRef, to: &Text) -> Result<Applied, Stop> {
        let new_name = checked(to)?;
        let Some(found) = self.find(object).await? else {
            // Renamed before, and known by its old name only.
            let renamed = ObjectRef { id: "".into(), name: to.clone(), ..object.clone() };
            let found = self.find(&renamed).await?.ok_or_else(|| not_found(object))?;
            return Ok(Applied { id: Some(found.id), ..Applied::default() });
        };
        refuse_protected(&found)?;
        if found.name != *to {
            let name = checked(&found.name)?;
            self.run(&format!("ALTER ROLE {name} RENAME TO {new_name}")).await?;
        }
        Ok(Applied { id: Some(found.id), ..Applied::default() })
    }

    async fn set_enabled(&mut self, object: &ObjectRef, enabled: bool) -> Result<Applied, Stop> {
        if self.of == Of::Groups {
            let what = "a `membership` is neither enabled nor disabled";
            return Err(ConnectorError::Invalid(what.to_owned()).into());
        }
        let name = checked(&self.changeable(object).await?.name)?;
        let login = if enabled { "LOGIN" } else { "NOLOGIN" };
        self.run(&format!("ALTER ROLE {name} {login}")).await?;
        Ok(Applied::default())
    }

    async fn delete(&mut self, object: &ObjectRef) -> Result<Applied, Stop> {
        let Some(found) = self.find(object).await? else { return Ok(Applied::default()) };
        refuse_protected(&found)?;
        let name = checked(&found.name)?;
        self.run(&format!("DROP ROLE {name}")).await?;
        Ok(Applied::default())
    }

    /// The direct members of a group.
    async fn held(&mut self, group: &Found) -> Result<BTreeSet<Text>, Stop> {
        let mut sql = Sql::new(
            Dialect::Postgres,
            "SELECT DISTINCT m.rolname::text FROM pg_catalog.pg_auth_members a \
             JOIN pg_catalog.pg_roles m ON m.oid = a.member \
             JOIN pg_catalog.pg_roles g ON g.oid = a.roleid WHERE g.rolname = ",
        );
        sql.bind_text(group.name.clone());
        let rows = self.lease.rows(sql).await?;
        Ok(rows.into_iter().flatten().filter_map(|cell| cell.text()).collect())
    }

    async fn members(&mut self, group: &Found, add: &[Text], remove: &[Text]) -> Result<(), Stop> {
        let group_name = checked(&group.name)?;
        let held = self.held(group).await?;
        let mut granted = Vec::new();
        for name in add.iter().filter(|name| !held.contains(*name)) {
            granted.push(checked(name)?);
        }
        let mut revoked = Vec::new();
        for name in remove.iter().filter(|name| held.contains(*name) && !add.contains(name)) {
            revoked.push(checked(name)?);
        }
        if !granted.is_empty() {
            let unknown = self.unknown(add).await?;
            if let Some(unknown) = unknown {
                let what = format!("`{unknown}` is not there, so it cannot be added");
                return Err(ConnectorError::Invalid(what).into());
            }
            self.run(&format!("GRANT {group_name} TO {}", granted.join(", "))).await?;
        }
        if revoked.is_empty() {
            return Ok(());
        }
        self.run(&format!("REVOKE {group_name} FROM {}", revoked.join(", "))).await?;
        // The server only warns when another role granted it.
        let left = self.held(group).await?;
        match remove.iter().find(|name| left.contains(*name) && !add.contains(name)) {
            Some(name) => Err(Fault::new(
                FaultKind::Refused,
                format!(
                    "`{name}` is a member by the grant of another role, which has to take it back"
                ),
            )
            .into()),
            None => Ok(()),
        }
    }

    /// The first name that no role has.
    async fn unknown(&mut self, names: &[Text]) -> Result<Option<Text>, Stop> {
        let mut sql = Sql::new(
            Dialect::Postgres,
            "SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname = ANY (",
        );
        sql.bind_texts(names.iter().cloned().map(Some).collect()).add(")");
        let rows = self.lease.rows(sql).await?;
        let known: BTreeSet<Text> =
            rows.into_iter().flatten().filter_map(|cell| cell.text()).collect();
        Ok(names.iter().find(|name| !known.contains(*name)).cloned())
    }
}

fn refuse_protected(found: &Found) -> Result<(), ConnectorError> {
    match found.protected {
        Some(why) => {
            Err(ConnectorError::Refused(format!("`{}` is not changed: {why}", found.name)))
        }
        None => Ok(()),
    }
}

/// A name as a quoted identifier; one that the server would cut is refused.
fn checked(name: &str) -> Result<String, ConnectorError> {
    match Dialect::Postgres.refuses(name) {
        Some(problem) => {
            Err(ConnectorError::Invalid(format!("`{name}` cannot name a role: {problem}")))
        }
        None => Ok(Dialect::Postgres.quote(name)),
    }
}

fn literal(text: &str) -> Result<String, ConnectorError> {
    postgres_literal(text).ok_or_else(|| {
        ConnectorError::Invalid("a text with a NUL character cannot be stored".to_owned())
    })
}

fn comment(name: &str, value: &Value) -> Result<String, ConnectorError> {
    let text = if value.is_null() { "NULL".to_owned() } else { literal(&value.to_string())? };
    Ok(format!("COMMENT ON ROLE {name} IS {text}"))
}

/// `ALTER ROLE … SET setting TO value`.
fn setting(name: &str, attribute: &str, value: &Value) -> Result<String, ConnectorError> {
    let setting = setting_name(attribute)?.unwrap_or_default();
    let quoted: Vec<String> =
        setting.split('.').map(|part| Dialect::Postgres.quote(part)).collect();
    let quoted = quoted.join(".");
    Ok(if value.is_null() {
        format!("ALTER ROLE {name} RESET {quoted}")
    } else {
        format!("ALTER ROLE {name} SET {quoted} TO {}", literal(&value.to_string())?)
    })
}

fn texts(value: &Value) -> Vec<Text> {
    value.items().iter().map(|item| Text::from(item.to_string())).collect()
}

/// The option of CREATE ROLE or ALTER ROLE that gives `attribute` its value.
fn option(attribute: &str, value: &Value) -> Result<String, ConnectorError> {
    let flag = |name: &str| match parse_value(&value.to_string(), ValueType::Bool) {
        Ok(Value::Bool(true)) => Ok(name.to_owned()),
        Ok(Value::Bool(false)) => Ok(format!("NO{name}")),
        Ok(_) | Err(_) => Err(wrong(attribute, "true or false")),
    };
    match attribute {
        "inherit" | "createdb" | "createrole" | "replication" | "bypassrls" => {
            flag(&attribute.to_uppercase())
        }
        "connection_limit" if value.is_null() => Ok("CONNECTION LIMIT -1".to_owned()),
        "connection_limit" => match value.to_string().parse::<i32>() {
            Ok(limit) => Ok(format!("CONNECTION LIMIT {limit}")),
            Err(_) => Err(wrong(attribute, "a whole number")),
        },
        "valid_until" if value.is_null() => Ok("VALID UNTIL 'infinity'".to_owned()),
        "valid_until" => match parse_value(&value.to_string(), ValueType::DateTime) {
            Ok(Value::DateTime(at)) => Ok(format!("VALID UNTIL {}", literal(&at.to_string())?)),
            Ok(_) | Err(_) => Err(wrong(attribute, "an instant")),
        },
        "superuser" => Err(ConnectorError::Refused("muster makes nobody a superuser".to_owned())),
        _ => {
            Err(ConnectorError::Settings(format!("a database role has no attribute `{attribute}`")))
        }
    }
}

fn wrong(attribute: &str, wanted: &str) -> ConnectorError {
    ConnectorError::Invalid(format!("the attribute `{attribute}` of a role takes {wanted}"))
}
