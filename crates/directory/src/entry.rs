//! Entries: what of an entity or a role is shown, made from what evaluation found.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use jiff::Timestamp;
use muster_app::{IdentityFacts, Opened};
use muster_lang::{Binding, Clock, Frame};
use muster_model::{EntityId, Hasher, Row, Text, Value};
use muster_policy::{EntityEntries, Evaluation, MemoryWorld};

use crate::{
    layout::{Place, SCHEMA, bytes},
    name::below,
    syntax::{generalized, syntax_of, written},
};

/// What an entry is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Subject {
    /// An entry that holds others together, by position.
    Node(usize),
    /// A role, by position: the group of those who hold it.
    Role(usize),
    /// An entity.
    Entity(EntityId),
}

/// An entry as it is now; of a group without its members.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) dn: String,
    pub(crate) subject: Subject,
    /// Its container; `None` for a node.
    pub(crate) place: Option<usize>,
    /// Attributes that are shown when nothing is asked for, classes first.
    pub(crate) attributes: Vec<Attribute>,
    /// Attributes that are shown when they are asked for.
    pub(crate) operational: Vec<Attribute>,
    /// The groups that it is in itself, not through others.
    pub(crate) direct: BTreeSet<Subject>,
    /// The entity and what its links lead to.
    pub(crate) known: Option<(Row, Arc<MemoryWorld>)>,
}

/// An attribute with its values.
#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    pub(crate) name: Text,
    pub(crate) values: Vec<Bytes>,
}

impl Attribute {
    pub(crate) fn new(name: &str, values: Vec<Bytes>) -> Self {
        Self { name: name.into(), values }
    }
}

impl Entry {
    /// The attribute of this name.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        let all = self.attributes.iter().chain(&self.operational);
        all.into_iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }
}

/// Works out what is shown of an entity, unless it is not shown.
pub(crate) fn values(
    opened: &Opened,
    of: &EntityEntries,
    facts: &IdentityFacts,
    evaluation: &Evaluation,
    world: &MemoryWorld,
    now: Timestamp,
) -> (Option<Vec<Value>>, Option<Timestamp>) {
    let clock = Clock::new(now);
    let bindings = [Binding::Row(&evaluation.row)];
    let frame =
        Frame { bindings: &bindings, world, clock: &clock, timezone: &opened.model.timezone };
    let deleted = opened.evaluator.deleted_at(&facts.identity(), evaluation);
    let is_shown = deleted.is_none_or(|at| at > now)
        && match &of.when {
            Some(when) => when.program.holds(&frame),
            None => is_in_use(opened, facts, evaluation),
        };
    let values = is_shown.then(|| {
        let attributes = of.attributes.iter();
        attributes.map(|attribute| attribute.value.program.eval(&frame)).collect()
    });
    let ends = [clock.next_change(), evaluation.next_change, deleted.filter(|at| *at > now)];
    (values, ends.into_iter().flatten().min())
}

fn is_in_use(opened: &Opened, facts: &IdentityFacts, evaluation: &Evaluation) -> bool {
    let type_id = evaluation.row.type_id;
    let behaviour = opened.model.types.get(type_id.index());
    match (behaviour, evaluation.state) {
        (Some(behaviour), Some(state)) => behaviour.works(state),
        (_, None) | (None, Some(_)) => facts.absent_since.is_none(),
    }
}

/// The naming value of an entity and its attributes as they are written; `None` for an entity without a name.
pub(crate) fn attributes(
    place: &Place,
    of: &EntityEntries,
    values: &[Value],
    name_of: &dyn Fn(EntityId) -> Option<String>,
) -> Option<(String, Vec<Attribute>)> {
    let mut shown = Vec::with_capacity(values.len() + 1);
    shown.push(Attribute::new("objectClass", place.classes.clone()));
    let mut naming = None;
    for (attribute, value) in of.attributes.iter().zip(values) {
        let values = written(syntax_of(&attribute.name), value, name_of);
        if attribute.name.eq_ignore_ascii_case(&place.naming) {
            naming = values.first().and_then(|value| String::from_utf8(value.to_vec()).ok());
        }
        if !values.is_empty() {
            shown.push(Attribute { name: attribute.name.clone(), values });
        }
    }
    Some((naming?, shown))
}

/// The name of an entry of a container.
pub(crate) fn dn(place: &Place, naming: &str) -> String {
    below(&place.naming, naming, &place.dn)
}

/// Attributes that every entry has and that are shown when they are asked for.
pub(crate) fn operational(
    dn: &str,
    class: &str,
    subject: Subject,
    changed: Option<Timestamp>,
) -> Vec<Attribute> {
    let mut hasher = Hasher::new();
    match subject {
        Subject::Entity(id) => {
            hasher.byte(0);
            hasher.int(id.0);
        }
        Subject::Role(_) | Subject::Node(_) => {
            hasher.byte(1);
            hasher.text(dn);
        }
    }
    let mut uuid = hasher.finish().to_bytes();
    // A UUID of the kind that others make as they like (RFC 9562, 5.8).
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut uuid;
    *version = *version & 0x0f | 0x80;
    *variant = *variant & 0x3f | 0x80;
    let mut shown = vec![
        Attribute::new("entryDN", vec![bytes(dn)]),
        Attribute::new("entryUUID", vec![Bytes::from(Value::Uuid(uuid).to_string())]),
        Attribute::new("structuralObjectClass", vec![bytes(class)]),
        Attribute::new("subschemaSubentry", vec![bytes(SCHEMA)]),
    ];
    if let Some(changed) = changed {
        shown.push(Attribute::new("modifyTimestamp", vec![Bytes::from(generalized(changed))]));
    }
    shown
}

/// The class that says what the entries of a container are: the first structural one that is named.
pub(crate) fn structural(place: &Place) -> &str {
    place.container.classes.first().map_or("top", |class| class)
}
