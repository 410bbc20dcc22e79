//! Which names there are: the entries that only hold others together, and the containers below them.

use std::collections::BTreeMap;

use bytes::Bytes;
use muster_model::Text;
use muster_policy::{Container, Directory, EntityEntries, Holds, Model, ldap_attribute};

use crate::name::{Name, Part, below};

/// The name of the entry that holds the schema.
pub(crate) const SCHEMA: &str = "cn=subschema";
/// Below the base, where clients have their names.
const CLIENTS: &str = "ou=clients";

/// The names of a directory.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The base first, containers and what lies between after it.
    pub(crate) nodes: Vec<Node>,
    /// The containers, as the model has them.
    pub(crate) places: Vec<Place>,
    /// Where each role is a group.
    roles: BTreeMap<usize, usize>,
    base: Name,
    clients: Name,
    schema: Name,
}

/// An entry that only holds others together.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) dn: String,
    pub(crate) name: Name,
    /// Its attributes, classes included.
    pub(crate) attributes: Vec<(Text, Vec<Bytes>)>,
}

/// Where the entries of a container are.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) dn: String,
    pub(crate) name: Name,
    pub(crate) container: Container,
    /// The naming attribute by its usual name.
    pub(crate) naming: Text,
    pub(crate) classes: Vec<Bytes>,
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// The entry that says what the server can do.
    Root,
    /// The schema.
    Schema,
    /// An entry that holds others together, by position.
    Node(usize),
    /// What would be an entry of a container: its position, and the comparable value of the naming attribute.
    Entry(usize, String),
    /// A client, by its name.
    Client(String),
    /// Nothing; the nearest entry above that is there.
    Nothing(Option<usize>),
}

impl Layout {
    pub(crate) fn new(directory: &Directory, model: &Model) -> Self {
        let base = Name::read(&directory.base).unwrap_or_default();
        let mut layout = Self {
            nodes: vec![node(&directory.base)],
            places: Vec::new(),
            roles: BTreeMap::new(),
            clients: Name::read(&format!("{CLIENTS},{}", directory.base)).unwrap_or_default(),
            schema: Name::read(SCHEMA).unwrap_or_default(),
            base,
        };
        for (position, container) in directory.containers.iter().enumerate() {
            let dn = format!("{},{}", container.under, directory.base);
            layout.add_nodes(&dn, &directory.base);
            if let Holds::Roles(roles) = &container.holds {
                let there = roles.keys().filter(|role| model.roles.get(**role).is_some());
                layout.roles.extend(there.map(|role| (*role, position)));
            }
            let naming = ldap_attribute(&container.naming)
                .and_then(|known| known.names.first())
                .map_or_else(|| container.naming.clone(), |usual| (*usual).into());
            layout.places.push(Place {
                name: Name::read(&dn).unwrap_or_default(),
                dn,
                naming,
                classes: container.classes.iter().map(|class| bytes(class)).collect(),
                container: container.clone(),
            });
        }
        layout
    }

    /// Adds the entries from the base down to `dn` that are not there yet.
    fn add_nodes(&mut self, dn: &str, base: &str) {
        let inner = dn.strip_suffix(base).unwrap_or(dn).trim_end_matches(',');
        let parts: Vec<&str> = inner.split(',').collect();
        for n in (0..parts.len()).rev() {
            let dn = format!("{},{base}", parts.get(n..).unwrap_or_default().join(","));
            let made = node(&dn);
            if self.nodes.iter().all(|known| known.name != made.name) {
                self.nodes.push(made);
            }
        }
    }

    /// What a name stands for.
    pub(crate) fn find(&self, name: &Name) -> Target {
        if name.is_root() {
            return Target::Root;
        }
        if *name == self.schema {
            return Target::Schema;
        }
        if let Some(node) = self.node(name) {
            return Target::Node(node);
        }
        let Some((Part { attribute, value }, above)) = name.split_first() else {
            return Target::Root;
        };
        let place = self.places.iter().position(|place| place.name == above);
        match place.and_then(|position| Some((position, self.places.get(position)?))) {
            Some((position, place)) if place.naming.eq_ignore_ascii_case(attribute) => {
                Target::Entry(position, value.clone())
            }
            _ if above == self.clients && attribute == "cn" => Target::Client(value.clone()),
            _ => Target::Nothing(self.nearest(name)),
        }
    }

    /// The nearest entry above a name.
    pub(crate) fn nearest(&self, name: &Name) -> Option<usize> {
        let mut above = name.above()?;
        while !above.is_root() {
            if let Some(node) = self.node(&above) {
                return Some(node);
            }
            above = above.above()?;
        }
        None
    }

    fn node(&self, name: &Name) -> Option<usize> {
        self.nodes.iter().position(|node| node.name == *name)
    }

    /// The name of the base.
    pub(crate) fn base(&self) -> (&Name, &str) {
        (&self.base, self.nodes.first().map_or("", |node| &node.dn))
    }

    /// The name of a client.
    pub(crate) fn client_dn(&self, client: &str) -> String {
        below("cn", client, &format!("{CLIENTS},{}", self.base().1))
    }

    /// The container in which a role is a group.
    pub(crate) fn place_of_role(&self, role: usize) -> Option<(usize, &Place)> {
        let position = *self.roles.get(&role)?;
        Some((position, self.places.get(position)?))
    }

    /// The containers whose entries are groups of entities.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &EntityEntries> {
        let entities = self.places.iter().filter_map(Place::entities);
        entities.filter(|of| !of.members.is_empty())
    }
}

impl Place {
    /// What its entries are, if they are entities.
    pub(crate) fn entities(&self) -> Option<&EntityEntries> {
        match &self.container.holds {
            Holds::Entities(of) => Some(of),
            Holds::Roles(_) => None,
        }
    }

    /// True when its entries have this class.
    pub(crate) fn has_class(&self, class: &str) -> bool {
        self.container.classes.iter().any(|known| known.eq_ignore_ascii_case(class))
    }

    /// The attributes by which its entries list their members.
    pub(crate) fn member_attributes(&self) -> Vec<&'static str> {
        let is_group = self.entities().is_none_or(|of| !of.members.is_empty());
        let by_class = [
            ("groupOfNames", "member"),
            ("groupOfUniqueNames", "uniqueMember"),
            ("posixGroup", "memberUid"),
        ];
        let found = by_class.iter().filter(|(class, _)| is_group && self.has_class(class));
        let mut found: Vec<_> = found.map(|(_, attribute)| *attribute).collect();
        let numbered = matches!(&self.container.holds, Holds::Roles(roles) if roles.values().any(Option::is_some));
        if numbered && !found.contains(&"memberUid") {
            found.push("memberUid");
        }
        found
    }
}

fn node(dn: &str) -> Node {
    let first = dn.split(',').next().unwrap_or_default();
    let (attribute, value) = first.split_once('=').unwrap_or(("ou", ""));
    let (attribute, value) = (attribute.trim(), value.trim());
    let classes: &[&str] = match &*attribute.to_ascii_lowercase() {
        "dc" => &["top", "domain"],
        "o" => &["top", "organization"],
        "ou" => &["top", "organizationalUnit"],
        _ => &["top", "extensibleObject"],
    };
    let classes = classes.iter().map(|class| bytes(class)).collect();
    let attributes = vec![("objectClass".into(), classes), (attribute.into(), vec![bytes(value)])];
    Node { dn: dn.to_owned(), name: Name::read(dn).unwrap_or_default(), attributes }
}

pub(crate) fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}
