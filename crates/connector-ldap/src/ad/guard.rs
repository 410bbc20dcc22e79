//! Objects that the domain itself depends on: found out before a change, and left alone unless the settings say so.

use muster_connector::ConnectorError;
use muster_model::ObjectRef;

use super::{CONTROL, GUID, ids};
use crate::{
    Directory,
    entry::Entry,
    error::{code, from_result},
    link::{Link, first_entry},
};

/// What is asked of an object before it is changed.
const WANTED: [&str; 6] =
    [GUID, CONTROL, "adminCount", "isCriticalSystemObject", "objectClass", "objectSid"];
/// A domain controller, full or read-only.
const DOMAIN_CONTROLLER: u32 = 0x2000 | 0x0400_0000;
/// A member of the domain, or of one that trusts it.
const MACHINE: u32 = 0x1000 | 0x0800;

/// An object that is to be changed, as it is now.
#[derive(Debug)]
pub(crate) struct Present {
    pub(crate) dn: String,
    /// The bits of `userAccountControl`, for accounts.
    pub(crate) control: Option<u32>,
}

/// Looks for `object` by its id, else at `name`; `None` when it is not there.
///
/// A protected object is an error, unless the settings allow to change it.
pub(crate) async fn find(
    directory: &Directory,
    link: &Link,
    object: &ObjectRef,
    name: &str,
) -> Result<Option<Present>, ConnectorError> {
    let wanted = WANTED.iter().map(|&name| name.to_owned()).collect();
    let entry = match ids::guid_filter(&object.id) {
        Some(filter) => {
            let base = &directory.settings.base;
            let found =
                link.search(base, ldap3::Scope::Subtree, &filter, wanted, Vec::new()).await?;
            match found.result.rc {
                code::SUCCESS | code::NO_SUCH_OBJECT => first_entry(found)?,
                _ => return Err(from_result(&found.result, name)),
            }
        }
        None => link.entry(name, wanted).await?,
    };
    let Some(entry) = entry else { return Ok(None) };
    let control = control_of(&entry);
    if let Some(why) = protected(&entry, control)
        && !directory.settings.change_protected
    {
        return Err(ConnectorError::Invalid(format!(
            "`{}` is protected: it is {why}; `change_protected: true` in the settings allows to change it",
            entry.dn
        )));
    }
    Ok(Some(Present { dn: entry.dn, control }))
}

/// The bits of `userAccountControl` that `entry` shows.
pub(crate) fn control_of(entry: &Entry) -> Option<u32> {
    // The number is signed on the wire; the bits are what counts.
    let number: i32 = entry.texts(CONTROL).first()?.parse().ok()?;
    Some(number.cast_unsigned())
}

/// Why an object had better not be changed.
fn protected(entry: &Entry, control: Option<u32>) -> Option<&'static str> {
    let has = |bits: u32| control.is_some_and(|control| control & bits != 0);
    let is_class = |name: &str| {
        entry.texts("objectClass").iter().any(|class| class.eq_ignore_ascii_case(name))
    };
    let sid = entry.values("objectSid").first().and_then(|bytes| ids::sid_text(bytes));
    let in_domain = sid.as_ref().filter(|sid| sid.starts_with("S-1-5-21-"));
    let number = in_domain.and_then(|sid| sid.rsplit('-').next());
    let holds = |attribute: &str, value: &str| entry.texts(attribute).iter().any(|v| v == value);
    if has(DOMAIN_CONTROLLER) {
        Some("a domain controller")
    } else if number == Some("500") {
        Some("the domain's built-in administrator")
    } else if number == Some("502") {
        Some("the account of the key distribution centre (krbtgt)")
    } else if is_class("msDS-GroupManagedServiceAccount") || is_class("msDS-ManagedServiceAccount")
    {
        Some("a managed service account, whose password the domain keeps")
    } else if has(MACHINE) || is_class("computer") {
        Some("the account of a computer or of a trust")
    } else if holds("isCriticalSystemObject", "TRUE") {
        Some("a critical system object")
    } else if holds("adminCount", "1") {
        Some("an administrative object that AdminSDHolder watches over")
    } else {
        None
    }
}
