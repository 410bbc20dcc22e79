//! The LDAP directory (`directory:`): what of the repository is an entry, under which name, and who sees which attributes.

mod vocabulary;

use std::{collections::BTreeMap, net::SocketAddr};

use jiff::SignedDuration;
use muster_lang::Program;
use muster_model::{Slot, Text, TypeId};

pub use vocabulary::{
    LdapAttribute, LdapClass, LdapClassKind, LdapSyntax, ldap_attribute, ldap_attributes,
    ldap_class, ldap_classes,
};

use crate::Rule;

/// What the model says of the directory.
#[derive(Debug, Clone)]
pub struct Directory {
    /// The name of the entry at the top.
    pub base: Text,
    /// Where it listens in the clear, with StartTLS where the server has a certificate.
    pub listen: Option<SocketAddr>,
    /// Where it listens with TLS from the first byte.
    pub listen_tls: Option<SocketAddr>,
    /// The containers, in order of name.
    pub containers: Vec<Container>,
    /// The attributes, in lower case, that whoever is signed in sees of everybody.
    pub everyone: Vec<Text>,
    /// The attributes, in lower case, that are seen without signing in.
    pub anonymous: Vec<Text>,
    /// Limits that differ from the usual ones.
    pub limits: DirectoryLimits,
}

/// Entries of one kind below one name.
#[derive(Debug, Clone)]
pub struct Container {
    /// Its name in the model.
    pub name: Text,
    /// Its distinguished name below the base: `ou=people`.
    pub under: Text,
    /// The attribute that names its entries.
    pub naming: Text,
    /// The object classes of its entries, with those above them.
    pub classes: Vec<Text>,
    /// What its entries are.
    pub holds: Holds,
}

/// What the entries of a container are.
#[derive(Debug, Clone)]
pub enum Holds {
    /// Entities of a type.
    Entities(EntityEntries),
    /// Groups of those who hold a role: the roles by position, each with its number as a POSIX group.
    Roles(BTreeMap<usize, Option<u32>>),
}

/// Entities that are entries.
#[derive(Debug, Clone)]
pub struct EntityEntries {
    /// Their type.
    pub type_id: TypeId,
    /// Which of them are there. `None`: identities that may use what they hold, and everything of other types.
    pub when: Option<Rule>,
    /// Their attributes. One of them is the naming one, and that one is unique and kept.
    pub attributes: Vec<EntryAttribute>,
    /// The attributes of the type that lead to the members of a group.
    pub members: Vec<Slot>,
}

/// An attribute of entries.
#[derive(Debug, Clone)]
pub struct EntryAttribute {
    /// What it is called.
    pub name: Text,
    /// What its values are made of.
    pub value: Rule,
    /// The unique attribute of the type that it is, if it is just that.
    pub unique: Option<Slot>,
}

/// Limits of the directory that differ from the usual ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DirectoryLimits {
    /// Connections at the same time.
    pub connections: Option<u64>,
    /// Bytes of a message.
    pub message: Option<u64>,
    /// Entries of an answer without pages.
    pub results: Option<u64>,
    /// How long a search may take.
    pub time: Option<SignedDuration>,
    /// How long a connection may be silent.
    pub idle: Option<SignedDuration>,
}

impl Directory {
    /// All expressions of the entries.
    pub(crate) fn programs(&self) -> impl Iterator<Item = &Program> {
        let entities = self.containers.iter().filter_map(|container| match &container.holds {
            Holds::Entities(entries) => Some(entries),
            Holds::Roles(_) => None,
        });
        entities.flat_map(|entries| {
            let values = entries.attributes.iter().map(|attribute| &attribute.value.program);
            values.chain(entries.when.iter().map(|rule| &rule.program))
        })
    }
}
