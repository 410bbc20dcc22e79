//! One change of one entry: what is sent, and what the directory's answer means.
//!
//! Doing a change twice is doing it once: what is done already is success.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use ldap3::{LdapResult, Mod};
use muster_connector::ConnectorError;
use muster_model::{Applied, Change, ObjectRef, Text, Value, ValueType};

use crate::{
    Directory,
    ad::{self, account, guard},
    control,
    discover::Kinds,
    dn,
    entry::{Entry, ID_ATTRIBUTES},
    error::{code, from_result, sentence},
    link::{Link, Request},
    members::{self, Membership},
    read::{find_by_id, id_attribute},
    settings::{Class, LdapSettings},
    value::to_directory,
};

/// An attribute and its values in the directory's own form.
pub(crate) type Written<'v> = (&'v str, Vec<Vec<u8>>);

/// The changes of one entry, one after another.
pub(crate) struct Chain<'a> {
    pub(crate) directory: &'a Directory,
    /// New names by ids and by old names, as later changes still use the name last read.
    renamed: BTreeMap<String, String>,
}

impl<'a> Chain<'a> {
    pub(crate) fn new(directory: &'a Directory) -> Self {
        Self { directory, renamed: BTreeMap::new() }
    }

    /// Does `change` over `link`.
    pub(crate) async fn run(
        &mut self,
        link: &Link,
        change: &Change,
    ) -> Result<Applied, ConnectorError> {
        match change {
            Change::Create { object, values, enabled } => {
                self.create(link, object, values, *enabled).await
            }
            Change::Update { object, values } => self.update(link, object, values).await,
            Change::Rename { object, to } => self.rename(link, object, to).await,
            Change::SetEnabled { object, enabled } => {
                self.set_enabled(link, object, *enabled).await
            }
            Change::Delete { object } => self.delete(link, object).await,
            Change::Members { object, attribute, add, remove } => {
                let membership = Membership { object, attribute, add, remove };
                members::change(self, link, &membership).await
            }
        }
    }

    async fn create(
        &mut self,
        link: &Link,
        object: &ObjectRef,
        values: &[(Text, Value)],
        enabled: Option<bool>,
    ) -> Result<Applied, ConnectorError> {
        let name = self.directory.full_name(&object.name);
        self.renamed.remove(&dn::key(&name));
        let class = self.directory.settings.class(&object.class);
        let settings = &self.directory.settings;
        let mut values = written(settings, self.directory.kinds(link).await?, values)?;
        if settings.is_domain() && class.is_account() {
            account::complete(settings, &mut values, enabled.unwrap_or_default())?;
        }
        let named = dn::naming_value(&name).map(|(_, value)| value);
        if settings.is_domain() && class.is_group() {
            values.extend(ad::value::account_name(&values, named.as_deref()));
        }
        let attributes = self.new_entry(&name, &class, values, enabled);
        let read_id = link.abilities.post_read.then(|| control::read_after(&ID_ATTRIBUTES));
        let result = link.add(&name, attributes, read_id.into_iter().collect()).await?;
        match result.rc {
            code::SUCCESS => {}
            code::NO_SUCH_OBJECT => return Err(no_container(&name)),
            // In a domain it may be another object that has the same `sAMAccountName`.
            code::ALREADY_EXISTS
                if settings.is_domain() && link.entry(&name, Vec::new()).await?.is_none() =>
            {
                return Err(ConnectorError::Invalid(format!("{} (`{name}`)", sentence(&result))));
            }
            _ => return Err(from_result(&result, &name)),
        }
        let told = control::value_after(&result.ctrls, &ID_ATTRIBUTES);
        if let Some(id) = told {
            let name = unless_asked(&name, &object.name);
            return Ok(Applied { id: Some(id.into()), name, pending: None });
        }
        let entry = self.entry_of(link, &name).await;
        let written = self.written_name(entry.as_ref(), &name);
        let id = entry.map(|entry| entry.id());
        Ok(Applied { id, name: unless_asked(&written, &object.name), pending: None })
    }

    /// The name of an entry in the form in which the next read will tell it. A domain writes its own part of the name
    /// in its own way.
    fn written_name(&self, entry: Option<&Entry>, name: &str) -> String {
        let own = entry.filter(|_| self.directory.settings.is_domain());
        own.map_or_else(|| name.to_owned(), |entry| entry.dn.clone())
    }

    /// The attributes of a new entry: what the model sets and what the schema asks for besides.
    fn new_entry(
        &self,
        name: &str,
        class: &Class,
        values: Vec<Written<'_>>,
        enabled: Option<bool>,
    ) -> Vec<(Vec<u8>, HashSet<Vec<u8>>)> {
        let settings = &self.directory.settings;
        let mut entry: BTreeMap<String, (String, HashSet<Vec<u8>>)> = BTreeMap::new();
        let mut put = |attribute: &str, values: Vec<Vec<u8>>| {
            let place = entry.entry(attribute.to_lowercase());
            place.or_insert_with(|| (attribute.to_owned(), HashSet::new())).1.extend(values);
        };
        put(
            "objectClass",
            class.object_classes.iter().map(|name| name.as_bytes().to_vec()).collect(),
        );
        for (attribute, value) in values {
            put(attribute, value);
        }
        for (attribute, value) in dn::naming_values(name) {
            put(&attribute, vec![value.into_bytes()]);
        }
        if let (Some(disable), Some(enabled)) = (&settings.disable, enabled) {
            let value = if enabled { disable.on.as_ref() } else { Some(&disable.off) };
            put(&disable.attribute, value.iter().map(|value| value.as_bytes().to_vec()).collect());
        }
        if let Some(attribute) = class.required_members() {
            put(attribute, Vec::new());
            if let Some((_, members)) = entry.get_mut(&attribute.to_lowercase())
                && members.is_empty()
            {
                members.insert(self.filler(name).into_bytes());
            }
        }
        let attributes = entry.into_values().filter(|(_, values)| !values.is_empty());
        attributes.map(|(attribute, values)| (attribute.into_bytes(), values)).collect()
    }

    async fn update(
        &self,
        link: &Link,
        object: &ObjectRef,
        values: &[(Text, Value, Value)],
    ) -> Result<Applied, ConnectorError> {
        if values.is_empty() {
            return Ok(Applied::default());
        }
        let values: Vec<(Text, Value)> =
            values.iter().map(|(attribute, _, new)| (attribute.clone(), new.clone())).collect();
        let replace = |(attribute, values): Written<'_>| {
            Mod::Replace(attribute.as_bytes().to_vec(), values.into_iter().collect())
        };
        let settings = &self.directory.settings;
        let mut values = written(settings, self.directory.kinds(link).await?, &values)?;
        if settings.is_domain() {
            // A domain keeps the attribute of the name itself and refuses even the value that it has.
            let named = dn::naming_values(&self.name_of(object));
            let is_name = |attribute: &str, values: &[Vec<u8>]| {
                let same = |(name, value): &(String, String)| {
                    name.eq_ignore_ascii_case(attribute) && *values == [value.as_bytes()]
                };
                named.iter().any(same)
            };
            values.retain(|(attribute, values)| !is_name(attribute, values));
            if values.is_empty() {
                return Ok(Applied::default());
            }
        }
        let request = Request::Modify(values.into_iter().map(replace).collect());
        self.succeed(link, object, &request).await
    }

    async fn set_enabled(
        &self,
        link: &Link,
        object: &ObjectRef,
        enabled: bool,
    ) -> Result<Applied, ConnectorError> {
        let class = self.directory.settings.class(&object.class);
        if self.directory.settings.is_domain() && class.is_account() {
            return account::switch(self, link, object, enabled).await;
        }
        let Some(disable) = self.directory.settings.disable.as_ref().filter(|_| class.is_account())
        else {
            let name = &object.name;
            return Err(ConnectorError::Invalid(format!(
                "`{name}` is not an account, so it cannot be disabled"
            )));
        };
        let value = if enabled { disable.on.as_ref() } else { Some(&disable.off) };
        let values = value.iter().map(|value| value.as_bytes().to_vec()).collect();
        let change = Mod::Replace(disable.attribute.as_bytes().to_vec(), values);
        self.succeed(link, object, &Request::Modify(vec![change])).await
    }

    async fn delete(&self, link: &Link, object: &ObjectRef) -> Result<Applied, ConnectorError> {
        let (result, name) = self.send(link, object, &Request::Delete, None).await?;
        match result.rc {
            code::SUCCESS | code::NO_SUCH_OBJECT => Ok(Applied::default()),
            _ => Err(from_result(&result, &name)),
        }
    }

    async fn rename(
        &mut self,
        link: &Link,
        object: &ObjectRef,
        to: &str,
    ) -> Result<Applied, ConnectorError> {
        let settings = Arc::clone(&self.directory.settings);
        let to = self.directory.full_name(to);
        let from = self.name_of(object);
        if from == to && link.entry(&to, Vec::new()).await?.is_some() {
            return Ok(self.renamed_to(object, &to, &from));
        }
        let component = dn::split_first(&to).0.to_owned();
        let request = Request::Rename { component, container: None };
        let (result, from) = self.send(link, object, &request, Some(&to)).await?;
        let done = match result.rc {
            code::SUCCESS => true,
            code::NO_SUCH_OBJECT if link.entry(&from, Vec::new()).await?.is_some() => {
                return Err(no_container(&to));
            }
            code::NO_SUCH_OBJECT | code::ALREADY_EXISTS => {
                self.is_already(link, object, &to).await?
            }
            _ => false,
        };
        match result.rc {
            _ if done && settings.is_domain() => {
                let entry = self.entry_of(link, &to).await;
                let written = self.written_name(entry.as_ref(), &to);
                Ok(self.renamed_to(object, &written, &from))
            }
            _ if done => Ok(self.renamed_to(object, &to, &from)),
            code::ALREADY_EXISTS => Err(ConnectorError::AlreadyExists { name: to.into() }),
            _ => Err(from_result(&result, &from)),
        }
    }

    fn renamed_to(&mut self, object: &ObjectRef, to: &str, from: &str) -> Applied {
        let asked = self.directory.full_name(&object.name);
        for old in [from, &asked, &object.id] {
            self.renamed.insert(dn::key(old), to.to_owned());
        }
        self.renamed.remove(&dn::key(to));
        let id = id_attribute(&object.id).map_or_else(|| to.into(), |_| object.id.clone());
        Applied { id: Some(id), name: Some(to.into()), pending: None }
    }

    /// True when the entry at `to` is `object`, moved there before.
    async fn is_already(
        &self,
        link: &Link,
        object: &ObjectRef,
        to: &str,
    ) -> Result<bool, ConnectorError> {
        let there = link.entry(to, self.id_attributes()).await?;
        let Some(there) = there else { return Ok(false) };
        if id_attribute(&object.id).is_some() {
            return Ok(there.id().eq_ignore_ascii_case(&object.id));
        }
        // Without an id that survives: it is the one when nothing is left under the old name.
        Ok(link.entry(&self.name_of(object), Vec::new()).await?.is_none())
    }

    /// Sends `request` about `object` and turns every result but success into an error.
    pub(crate) async fn succeed(
        &self,
        link: &Link,
        object: &ObjectRef,
        request: &Request,
    ) -> Result<Applied, ConnectorError> {
        let (result, name) = self.send(link, object, request, None).await?;
        match result.rc {
            code::SUCCESS => Ok(Applied::default()),
            _ => Err(from_result(&result, &name)),
        }
    }

    /// Sends `request` to where `object` was last seen and, when it is not there or another one is, to where its id is
    /// now. Answers the result and the name used. `target` is the full new name of a rename.
    pub(crate) async fn send(
        &self,
        link: &Link,
        object: &ObjectRef,
        request: &Request,
        target: Option<&str>,
    ) -> Result<(LdapResult, String), ConnectorError> {
        let name = self.name_of(object);
        if self.directory.settings.is_domain() {
            return match guard::find(self.directory, link, object, &name).await? {
                Some(present) => send_to(link, present.dn, request, target).await,
                None => Ok((outcome(code::NO_SUCH_OBJECT), name)),
            };
        }
        let Some(attribute) = id_attribute(&object.id) else {
            let result = link.send(&name, &placed(request, &name, target), Vec::new()).await?;
            return Ok((result, name));
        };
        let only_if = Some(attribute)
            .filter(|attribute| link.abilities.assertion && *attribute == ID_ATTRIBUTES[0])
            .and_then(|attribute| control::only_if(attribute, &object.id));
        let Some(only_if) = only_if else {
            // The directory cannot make a change depend on the id, so it is looked at before.
            return match self.place_of(link, object, &name).await? {
                Some(place) => send_to(link, place, request, target).await,
                None => Ok((outcome(code::NO_SUCH_OBJECT), name)),
            };
        };
        let result = link.send(&name, &placed(request, &name, target), vec![only_if]).await?;
        if !matches!(result.rc, code::NO_SUCH_OBJECT | code::ASSERTION_FAILED) {
            return Ok((result, name));
        }
        match find_by_id(self.directory, link, &object.id, Vec::new()).await? {
            // It is where it was, so it was the new container that is not there.
            Some(entry) if dn::key(&entry.dn) == dn::key(&name) => Ok((result, name)),
            Some(entry) => send_to(link, entry.dn, request, target).await,
            None => Ok((outcome(code::NO_SUCH_OBJECT), name)),
        }
    }

    /// Where the entry with the id of `object` is: at `name` or elsewhere.
    async fn place_of(
        &self,
        link: &Link,
        object: &ObjectRef,
        name: &str,
    ) -> Result<Option<String>, ConnectorError> {
        let there = link.entry(name, self.id_attributes()).await?;
        if there.is_some_and(|entry| entry.id().eq_ignore_ascii_case(&object.id)) {
            return Ok(Some(name.to_owned()));
        }
        let found = find_by_id(self.directory, link, &object.id, Vec::new()).await?;
        Ok(found.map(|entry| entry.dn))
    }

    /// The full name under which `object` is to be found now.
    pub(crate) fn name_of(&self, object: &ObjectRef) -> String {
        let name = if object.name.is_empty() { &object.id } else { &object.name };
        let name = self.directory.full_name(name);
        let by_id = id_attribute(&object.id).and_then(|_| self.renamed.get(&dn::key(&object.id)));
        by_id.or_else(|| self.renamed.get(&dn::key(&name))).cloned().unwrap_or(name)
    }

    /// The member that stands in a group which has none.
    pub(crate) fn filler(&self, group: &str) -> String {
        self.directory.settings.empty_member.clone().unwrap_or_else(|| group.to_owned())
    }

    fn id_attributes(&self) -> Vec<String> {
        let names = self.directory.settings.id_attributes();
        names.iter().map(|&name| name.to_owned()).collect()
    }

    async fn entry_of(&self, link: &Link, name: &str) -> Option<Entry> {
        // The entry is there; that it cannot be read is no reason to say otherwise.
        link.entry(name, self.id_attributes()).await.ok().flatten()
    }
}

/// The values in the directory's own forms.
fn written<'v>(
    settings: &LdapSettings,
    kinds: &Kinds,
    values: &'v [(Text, Value)],
) -> Result<Vec<Written<'v>>, ConnectorError> {
    let write = |(attribute, value): &'v (Text, Value)| {
        if settings.is_domain()
            && let Some(own) = ad::value::written(settings, attribute, value)
        {
            let name = if account::is_password(attribute) { account::PASSWORD } else { attribute };
            return Ok((name, vec![own?]));
        }
        let plain = attribute.strip_suffix(";binary").unwrap_or(attribute);
        let kind = kinds.get(&plain.to_lowercase()).copied().unwrap_or(ValueType::Text);
        Ok((&**attribute, to_directory(value, kind)))
    };
    values.iter().map(write).collect()
}

/// Sends `request` about the entry at `place`, unless it is a rename that has been done.
async fn send_to(
    link: &Link,
    place: String,
    request: &Request,
    target: Option<&str>,
) -> Result<(LdapResult, String), ConnectorError> {
    if target.is_some_and(|target| dn::key(target) == dn::key(&place)) {
        return Ok((outcome(code::SUCCESS), place));
    }
    let result = link.send(&place, &placed(request, &place, target), Vec::new()).await?;
    Ok((result, place))
}

/// A result that no server sent.
pub(crate) fn outcome(rc: u32) -> LdapResult {
    let (matched, text) = (String::new(), String::new());
    LdapResult { rc, matched, text, refs: Vec::new(), ctrls: Vec::new() }
}

/// A rename says where it goes only when that is another container than that of `name`.
fn placed(request: &Request, name: &str, target: Option<&str>) -> Request {
    match (request, target) {
        (Request::Rename { component, .. }, Some(target)) => {
            let container = dn::parent(target);
            let moves = dn::key(container) != dn::key(dn::parent(name));
            let container = moves.then(|| container.to_owned());
            Request::Rename { component: component.clone(), container }
        }
        _ => request.clone(),
    }
}

fn no_container(name: &str) -> ConnectorError {
    let container = dn::parent(name);
    ConnectorError::Invalid(format!(
        "the container `{container}` of `{name}` is not there; create it or correct the name"
    ))
}

fn unless_asked(name: &str, asked: &str) -> Option<Text> {
    (name != asked).then(|| name.into())
}
