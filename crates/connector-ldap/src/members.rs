//! Membership of groups: many members in one call, and a way out when some of them are settled already.
//!
//! A directory refuses a whole modification when one of its values is there already. The group is read then and only
//! what is missing is sent; if that is refused too, somebody else works on the group and members go one by one.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use ldap3::{LdapResult, Mod};
use muster_connector::ConnectorError;
use muster_model::{Applied, ObjectRef, Text};

use crate::{
    change::Chain,
    dn,
    error::{code, from_result},
    link::{Link, Request},
};

/// How many members go into one modification, and how many bytes of them; directories limit both.
const MOST_MEMBERS: usize = 2_000;
const MOST_BYTES: usize = 512 * 1024;

/// What is to become of a group's members.
pub(crate) struct Membership<'a> {
    pub(crate) object: &'a ObjectRef,
    pub(crate) attribute: &'a str,
    pub(crate) add: &'a [Text],
    pub(crate) remove: &'a [Text],
}

/// The values of one modification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Part {
    add: Vec<String>,
    remove: Vec<String>,
}

/// Adds and removes members, whatever of it is done already.
pub(crate) async fn change(
    chain: &Chain<'_>,
    link: &Link,
    membership: &Membership<'_>,
) -> Result<Applied, ConnectorError> {
    let add = values(chain, membership, membership.add)?;
    let mut remove = values(chain, membership, membership.remove)?;
    remove.retain(|key, _| !add.contains_key(key));
    for part in parts(add.into_values(), remove.into_values()) {
        let (result, name) = send(chain, link, membership, &part).await?;
        match result.rc {
            code::SUCCESS => {}
            code::VALUE_EXISTS | code::NO_SUCH_ATTRIBUTE => {
                settle(chain, link, membership, &part).await?;
            }
            _ => return Err(from_result(&result, &name)),
        }
    }
    Ok(Applied::default())
}

/// The values that stand for accounts in the group, by their comparable form.
fn values(
    chain: &Chain<'_>,
    membership: &Membership<'_>,
    accounts: &[Text],
) -> Result<BTreeMap<String, String>, ConnectorError> {
    let value = |account: &Text| {
        let name = chain.directory.full_name(account);
        if !is_by_uid(membership.attribute) {
            return Ok((dn::key(&name), name));
        }
        match dn::naming_value(&name) {
            Some((attribute, uid)) if attribute.eq_ignore_ascii_case("uid") => {
                Ok((uid.clone(), uid))
            }
            Some(_) | None => Err(ConnectorError::Invalid(format!(
                "`{name}` has no uid in its name, so it cannot be a member by `memberUid`"
            ))),
        }
    };
    accounts.iter().map(value).collect()
}

fn is_by_uid(attribute: &str) -> bool {
    attribute.eq_ignore_ascii_case("memberUid")
}

/// Cuts the work into modifications of a size that directories take; what is added goes first, so that no group is
/// empty in between.
fn parts(add: impl Iterator<Item = String>, remove: impl Iterator<Item = String>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let (mut n_members, mut n_bytes) = (MOST_MEMBERS, MOST_BYTES);
    for (value, is_new) in add.map(|value| (value, true)).chain(remove.map(|value| (value, false)))
    {
        n_members += 1;
        n_bytes += value.len();
        if n_members > MOST_MEMBERS || n_bytes > MOST_BYTES {
            (n_members, n_bytes) = (1, value.len());
            parts.push(Part::default());
        }
        if let Some(part) = parts.last_mut() {
            if is_new { part.add.push(value) } else { part.remove.push(value) }
        }
    }
    parts
}

/// Sends one part; a group that would have no member left keeps the one that stands for none.
async fn send(
    chain: &Chain<'_>,
    link: &Link,
    membership: &Membership<'_>,
    part: &Part,
) -> Result<(LdapResult, String), ConnectorError> {
    let request = Request::Modify(part.changes(membership.attribute));
    let (result, name) = chain.send(link, membership.object, &request, None).await?;
    let class = chain.directory.settings.class(&membership.object.class);
    let is_required = class
        .required_members()
        .is_some_and(|needed| needed.eq_ignore_ascii_case(membership.attribute));
    if result.rc != code::OBJECT_CLASS_VIOLATION || part.remove.is_empty() || !is_required {
        return Ok((result, name));
    }
    let mut with_filler = part.clone();
    with_filler.add.push(chain.filler(&name));
    let request = Request::Modify(with_filler.changes(membership.attribute));
    chain.send(link, membership.object, &request, None).await
}

impl Part {
    fn changes(&self, attribute: &str) -> Vec<Mod<Vec<u8>>> {
        let set = |values: &[String]| -> HashSet<Vec<u8>> {
            values.iter().map(|value| value.as_bytes().to_vec()).collect()
        };
        let attribute = attribute.as_bytes().to_vec();
        let mut changes = Vec::with_capacity(2);
        if !self.add.is_empty() {
            changes.push(Mod::Add(attribute.clone(), set(&self.add)));
        }
        if !self.remove.is_empty() {
            changes.push(Mod::Delete(attribute, set(&self.remove)));
        }
        changes
    }

    fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }
}

/// Reads the group and sends what is really missing.
async fn settle(
    chain: &Chain<'_>,
    link: &Link,
    membership: &Membership<'_>,
    part: &Part,
) -> Result<(), ConnectorError> {
    let name = chain.name_of(membership.object);
    let wanted = vec![membership.attribute.to_owned()];
    let group = link.entry(&name, wanted).await?;
    let members = group.map(|group| group.texts(membership.attribute)).unwrap_or_default();
    let by_uid = is_by_uid(membership.attribute);
    let key = |value: &str| if by_uid { value.to_owned() } else { dn::key(value) };
    let there: BTreeSet<String> = members.iter().map(|member| key(member)).collect();
    let mut missing = part.clone();
    missing.add.retain(|value| !there.contains(&key(value)));
    missing.remove.retain(|value| there.contains(&key(value)));
    if missing.is_empty() {
        return Ok(());
    }
    let (result, name) = send(chain, link, membership, &missing).await?;
    match result.rc {
        code::SUCCESS => Ok(()),
        code::VALUE_EXISTS | code::NO_SUCH_ATTRIBUTE => {
            one_by_one(chain, link, membership, missing).await
        }
        _ => Err(from_result(&result, &name)),
    }
}

async fn one_by_one(
    chain: &Chain<'_>,
    link: &Link,
    membership: &Membership<'_>,
    part: Part,
) -> Result<(), ConnectorError> {
    let add = part.add.into_iter().map(|value| Part { add: vec![value], remove: Vec::new() });
    let remove = part.remove.into_iter().map(|value| Part { add: Vec::new(), remove: vec![value] });
    for single in add.chain(remove) {
        let (result, name) = send(chain, link, membership, &single).await?;
        match (result.rc, single.add.is_empty()) {
            (code::SUCCESS, _) | (code::VALUE_EXISTS, false) | (code::NO_SUCH_ATTRIBUTE, true) => {}
            _ => return Err(from_result(&result, &name)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_cut_by_count_and_by_size_and_adds_go_first() {
        let names = |n: usize, length: usize| {
            (0..n).map(move |i| format!("{i}{}", "x".repeat(length - i.to_string().len())))
        };
        let cut = parts(names(5_000, 30), names(1, 30));
        assert_eq!(
            cut.iter().map(|part| part.add.len()).collect::<Vec<_>>(),
            [2_000, 2_000, 1_000]
        );
        assert_eq!(cut[2].remove.len(), 1);
        assert_eq!(parts(names(10, MOST_BYTES / 4), std::iter::empty()).len(), 3);
        assert!(parts(std::iter::empty(), std::iter::empty()).is_empty());
    }
}
