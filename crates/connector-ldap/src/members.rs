//! Membership of groups: many members in one call, and a way out when some of them are settled already.
//!
//! A directory refuses a whole modification when one of its values is there already. The group is read then and only
//! what is missing is sent; if that is refused too, somebody else works on the group and members go one by one.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use ldap3::{LdapResult, Mod};
use muster_connector::ConnectorError;
use muster_model::{Applied, ObjectRef, Text};

use crate::{
    ad::{guard, range},
    change::Chain,
    dn,
    error::{code, from_result},
    link::{Link, Request},
};

/// How many members go into one modification, and how many bytes of them; directories limit both.
const MOST_MEMBERS: usize = 2_000;
const MOST_MEMBERS_IN_DOMAIN: usize = 1_000;
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

/// The work on one group.
struct Work<'a> {
    chain: &'a Chain<'a>,
    link: &'a Link,
    membership: &'a Membership<'a>,
    /// Where the group is, when that has been found out already.
    place: Option<String>,
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
    let is_domain = chain.directory.settings.is_domain();
    let place = if is_domain { Some(place_of(chain, link, membership).await?) } else { None };
    let work = Work { chain, link, membership, place };
    let most = if is_domain { MOST_MEMBERS_IN_DOMAIN } else { MOST_MEMBERS };
    let mut missing = Vec::new();
    for part in parts(add.into_values(), remove.into_values(), most) {
        work.part(part, &mut missing).await?;
    }
    match missing.first() {
        None => Ok(Applied::default()),
        Some(first) => Err(ConnectorError::Invalid(format!(
            "{} of the new members are not in the directory, such as `{first}`; the others are members now",
            missing.len()
        ))),
    }
}

/// Where the group of a domain is; one that is protected is an error, and so is one that is not there.
async fn place_of(
    chain: &Chain<'_>,
    link: &Link,
    membership: &Membership<'_>,
) -> Result<String, ConnectorError> {
    let name = chain.name_of(membership.object);
    let found = guard::find(chain.directory, link, membership.object, &name).await?;
    found.map(|group| group.dn).ok_or_else(|| ConnectorError::NotFound { name: name.into() })
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
fn parts(
    add: impl Iterator<Item = String>,
    remove: impl Iterator<Item = String>,
    most: usize,
) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let (mut n_members, mut n_bytes) = (most, MOST_BYTES);
    for (value, is_new) in add.map(|value| (value, true)).chain(remove.map(|value| (value, false)))
    {
        n_members += 1;
        n_bytes += value.len();
        if n_members > most || n_bytes > MOST_BYTES {
            (n_members, n_bytes) = (1, value.len());
            parts.push(Part::default());
        }
        if let Some(part) = parts.last_mut() {
            if is_new { part.add.push(value) } else { part.remove.push(value) }
        }
    }
    parts
}

impl Work<'_> {
    /// Sends one part. Where a domain says that a member is not there, the part is halved until it is alone.
    async fn part(&self, part: Part, missing: &mut Vec<String>) -> Result<(), ConnectorError> {
        let mut ahead = vec![part];
        while let Some(part) = ahead.pop() {
            let (result, name) = self.send(&part).await?;
            match result.rc {
                code::SUCCESS => {}
                _ if self.is_partly_done(&result) => self.settle(&part).await?,
                code::NO_SUCH_OBJECT if self.place.is_some() => match part.halves() {
                    Some(halves) => ahead.extend(halves),
                    // An object that is not there is no member either.
                    None => missing.extend(part.add),
                },
                _ => return Err(from_result(&result, &name)),
            }
        }
        Ok(())
    }

    /// True when the answer may mean that one of the values is as it should be already.
    fn is_partly_done(&self, result: &LdapResult) -> bool {
        match result.rc {
            code::VALUE_EXISTS | code::NO_SUCH_ATTRIBUTE => true,
            code::ALREADY_EXISTS | code::UNWILLING => self.place.is_some(),
            _ => false,
        }
    }

    /// Sends one part; a group that would have no member left keeps the one that stands for none.
    async fn send(&self, part: &Part) -> Result<(LdapResult, String), ConnectorError> {
        let (chain, link, membership) = (self.chain, self.link, self.membership);
        let request = Request::Modify(part.changes(membership.attribute));
        if let Some(place) = &self.place {
            return Ok((link.send(place, &request, Vec::new()).await?, place.clone()));
        }
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

    /// Reads the group and sends what is really missing.
    async fn settle(&self, part: &Part) -> Result<(), ConnectorError> {
        let members = self.present().await?;
        let by_uid = is_by_uid(self.membership.attribute);
        let key = |value: &str| if by_uid { value.to_owned() } else { dn::key(value) };
        let there: BTreeSet<String> = members.iter().map(|member| key(member)).collect();
        let mut missing = part.clone();
        missing.add.retain(|value| !there.contains(&key(value)));
        missing.remove.retain(|value| there.contains(&key(value)));
        if missing.is_empty() {
            return Ok(());
        }
        let (result, name) = self.send(&missing).await?;
        match result.rc {
            code::SUCCESS => Ok(()),
            // What a domain is unwilling to do with what is really there, it will not do one by one either.
            code::VALUE_EXISTS | code::NO_SUCH_ATTRIBUTE | code::ALREADY_EXISTS => {
                self.one_by_one(missing).await
            }
            _ => Err(from_result(&result, &name)),
        }
    }

    /// The members that the group has now.
    async fn present(&self) -> Result<Vec<String>, ConnectorError> {
        let attribute = self.membership.attribute;
        let Some(place) = &self.place else {
            let name = self.chain.name_of(self.membership.object);
            let group = self.link.entry(&name, vec![attribute.to_owned()]).await?;
            return Ok(group.map(|group| group.texts(attribute)).unwrap_or_default());
        };
        let wanted = range::first_ranges([attribute.to_owned()].into());
        let Some(mut group) = self.link.entry(place, wanted).await? else { return Ok(Vec::new()) };
        range::complete(self.link, &mut group).await?;
        Ok(group.texts(attribute))
    }

    async fn one_by_one(&self, part: Part) -> Result<(), ConnectorError> {
        let add = part.add.into_iter().map(|value| Part { add: vec![value], remove: Vec::new() });
        let remove =
            part.remove.into_iter().map(|value| Part { add: Vec::new(), remove: vec![value] });
        for single in add.chain(remove) {
            let (result, name) = self.send(&single).await?;
            match (result.rc, single.add.is_empty()) {
                (code::SUCCESS, _)
                | (code::VALUE_EXISTS | code::ALREADY_EXISTS, false)
                | (code::NO_SUCH_ATTRIBUTE, true) => {}
                _ => return Err(from_result(&result, &name)),
            }
        }
        Ok(())
    }
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

    /// Two parts of about the same size; `None` when there is only one value.
    fn halves(&self) -> Option<[Self; 2]> {
        if self.add.len() + self.remove.len() < 2 {
            return None;
        }
        let split = |values: &[String]| {
            let (front, back) = values.split_at(values.len() / 2);
            (front.to_vec(), back.to_vec())
        };
        if self.add.is_empty() || self.remove.is_empty() {
            let ((add, more_add), (remove, more_remove)) = (split(&self.add), split(&self.remove));
            return Some([Self { add, remove }, Self { add: more_add, remove: more_remove }]);
        }
        let add = Self { add: self.add.clone(), remove: Vec::new() };
        Some([add, Self { add: Vec::new(), remove: self.remove.clone() }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_cut_by_count_and_by_size_and_adds_go_first() {
        let names = |n: usize, length: usize| {
            (0..n).map(move |i| format!("{i}{}", "x".repeat(length - i.to_string().len())))
        };
        let cut = parts(names(5_000, 30), names(1, 30), MOST_MEMBERS);
        assert_eq!(
            cut.iter().map(|part| part.add.len()).collect::<Vec<_>>(),
            [2_000, 2_000, 1_000]
        );
        assert_eq!(cut[2].remove.len(), 1);
        assert_eq!(parts(names(10, MOST_BYTES / 4), std::iter::empty(), MOST_MEMBERS).len(), 3);
        assert!(parts(std::iter::empty(), std::iter::empty(), MOST_MEMBERS).is_empty());
    }
}
