//! What the directory says about itself: vendor, version, schema.

use muster_connector::{ConnectorError, Discovered};

use crate::{Directory, entry::Entry, link::Link, schema};

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
    Ok(format!("{product}, signed in as {who}, base {base} found"))
}

async fn root(link: &Link) -> Result<Option<Entry>, ConnectorError> {
    let wanted = ["objectClass", "vendorName", "vendorVersion", "subschemaSubentry"];
    link.entry("", wanted.iter().map(|&name| name.to_owned()).collect()).await
}

fn product(root: &Entry) -> String {
    let said: Vec<String> = ["vendorName", "vendorVersion"]
        .iter()
        .filter_map(|attribute| root.texts(attribute).into_iter().next())
        .collect();
    let is_openldap =
        root.texts("objectClass").iter().any(|class| class.eq_ignore_ascii_case("OpenLDAProotDSE"));
    match (said.is_empty(), is_openldap) {
        (false, _) => said.join(" "),
        (true, true) => "OpenLDAP".to_owned(),
        (true, false) => "a directory".to_owned(),
    }
}

/// Reads the schema that holds for the base.
pub(crate) async fn discover(directory: &Directory) -> Result<Discovered, ConnectorError> {
    let link = directory.pool.any().await?;
    let place =
        root(&link).await?.and_then(|root| root.texts("subschemaSubentry").into_iter().next());
    let place = place.unwrap_or_else(|| "cn=subschema".to_owned());
    let wanted = vec!["objectClasses".to_owned(), "attributeTypes".to_owned()];
    let Some(entry) = link.entry(&place, wanted).await? else {
        return Err(ConnectorError::Malformed(format!(
            "the directory shows no schema under `{place}`"
        )));
    };
    Ok(schema::read(&entry.texts("objectClasses"), &entry.texts("attributeTypes")))
}
