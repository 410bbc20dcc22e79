//! What the directory says about itself: vendor, version, schema.

use std::collections::BTreeMap;

use muster_connector::{ConnectorError, Discovered, ReadRequest};
use muster_model::ValueType;

use crate::{
    Directory,
    ad::IS_ACTIVE_DIRECTORY,
    changes::Question,
    entry::{Entry, Shape},
    link::Link,
    schema,
    settings::Changes,
};

/// The kinds of attributes by their lower-cased names; what is missing is text.
pub(crate) type Kinds = BTreeMap<String, ValueType>;

/// Signs in and looks for the base; answers one line for people.
pub(crate) async fn test(directory: &Directory) -> Result<String, ConnectorError> {
    let link = directory.pool.any().await?;
    let base = &directory.settings.base;
    if link.entry(base, vec!["objectClass".to_owned()]).await?.is_none() {
        return Err(ConnectorError::Settings(format!(
            "signed in, but the directory has no entry `{base}`, or the account may not see it; check `base`"
        )));
    }
    let who = directory.settings.bind_dn.as_deref().unwrap_or("anonymous");
    let product =
        root(&link).await?.map_or_else(|| "a directory".to_owned(), |root| product(&root));
    let changes = changes(directory, &link).await?;
    Ok(format!("{product}, signed in as {who}, base {base} found{changes}"))
}

/// Whether the directory tells what changed, as far as the settings ask for it.
async fn changes(directory: &Directory, link: &Link) -> Result<&'static str, ConnectorError> {
    let settings = &directory.settings;
    let name = if settings.is_domain() { "user" } else { "inetOrgPerson" };
    let class = settings.class(name);
    let shape = Shape::new(settings, &class, &[]);
    let request = ReadRequest { class: name.into(), fields: Vec::new(), since: None, batch: 1 };
    let question = Question { directory, link, class: &class, shape: &shape, request: &request };
    let is_told = settings.changes != Changes::No && question.cursor_of_now().await?.is_some();
    Ok(match (settings.changes, is_told) {
        (Changes::No, _) => "",
        (Changes::DirSync, true) => ", changes by DirSync",
        (Changes::DirSync, false) => {
            ", but it tells no changes: the account needs the right `Replicating Directory Changes`"
        }
        (Changes::SyncRepl, true) => ", changes by content synchronisation",
        (Changes::SyncRepl, false) => {
            ", but it tells no changes: it needs the overlay `syncprov` and the account the right to read"
        }
    })
}

async fn root(link: &Link) -> Result<Option<Entry>, ConnectorError> {
    let wanted = [
        "objectClass",
        "supportedCapabilities",
        "vendorName",
        "vendorVersion",
        "subschemaSubentry",
    ];
    link.entry("", wanted.iter().map(|&name| name.to_owned()).collect()).await
}

fn product(root: &Entry) -> String {
    let said: Vec<String> = ["vendorName", "vendorVersion"]
        .iter()
        .filter_map(|attribute| root.texts(attribute).into_iter().next())
        .collect();
    let is_openldap =
        root.texts("objectClass").iter().any(|class| class.eq_ignore_ascii_case("OpenLDAProotDSE"));
    if said.is_empty()
        && root.texts("supportedCapabilities").iter().any(|oid| oid == IS_ACTIVE_DIRECTORY)
    {
        return "Active Directory".to_owned();
    }
    match (said.is_empty(), is_openldap) {
        (false, _) => said.join(" "),
        (true, true) => "OpenLDAP".to_owned(),
        (true, false) => "a directory".to_owned(),
    }
}

/// Reads the schema that holds for the base.
pub(crate) async fn discover(directory: &Directory) -> Result<Discovered, ConnectorError> {
    let link = directory.pool.any().await?;
    let entry = schema_entry(&link).await?;
    Ok(schema::read(&entry.texts("objectClasses"), &entry.texts("attributeTypes")))
}

/// The kinds of attributes whose values are not plain text; none from a directory that hides its schema.
pub(crate) async fn kinds(link: &Link) -> Result<Kinds, ConnectorError> {
    match schema_entry(link).await {
        Ok(entry) => Ok(schema::kinds(&entry.texts("attributeTypes"))),
        Err(error) if error.is_transient() => Err(error),
        Err(_) => Ok(Kinds::new()),
    }
}

async fn schema_entry(link: &Link) -> Result<Entry, ConnectorError> {
    let place =
        root(link).await?.and_then(|root| root.texts("subschemaSubentry").into_iter().next());
    let place = place.unwrap_or_else(|| "cn=subschema".to_owned());
    let wanted = vec!["objectClasses".to_owned(), "attributeTypes".to_owned()];
    link.entry(&place, wanted).await?.ok_or_else(|| {
        ConnectorError::Malformed(format!("the directory shows no schema under `{place}`"))
    })
}
