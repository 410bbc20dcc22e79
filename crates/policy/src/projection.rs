//! What evaluation reads of entities other than the one evaluated, found by looking at every expression once.

use std::collections::{BTreeMap, BTreeSet};

use muster_lang::{Path, Program};
use muster_model::{AttributeKind, Slot, TypeId, ValueType};

use crate::{Grant, GrantName, Model};

/// What evaluation reads of entities other than the one evaluated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Projection {
    /// The attributes read through links, by type. A type without entry is never read.
    pub slots: BTreeMap<TypeId, BTreeSet<Slot>>,
    /// The link attributes whose inverse is read: the type that holds the link, and the attribute.
    pub inverses: BTreeSet<(TypeId, Slot)>,
    /// How many links lie at most between an identity and what is read of it.
    pub depth: usize,
}

/// The projection of a model, and the computed attributes in it in an order in which each finds its inputs done.
///
/// `more` are conditions over identities that are asked besides the model's own.
pub(crate) fn projection(model: &Model, more: &[Program]) -> (Projection, Vec<(TypeId, Slot)>) {
    let mut finder = Finder {
        model,
        projection: Projection::default(),
        order: Vec::new(),
        seen: BTreeSet::new(),
        below: 0,
    };
    for path in programs(model).chain(more).flat_map(Program::paths) {
        finder.path(path, 1);
    }
    (finder.projection, finder.order)
}

struct Finder<'a> {
    model: &'a Model,
    projection: Projection,
    order: Vec<(TypeId, Slot)>,
    seen: BTreeSet<(TypeId, Slot)>,
    /// Links between the identity and the computed attribute that is being followed.
    below: usize,
}

impl Finder<'_> {
    /// Notes what a path reads. The first `own` steps are read from the entity the path starts at.
    fn path(&mut self, path: &Path, own: usize) {
        for (type_id, slot) in &path.steps {
            let Some(attribute) = self.model.schema.attribute(*type_id, *slot) else { continue };
            match attribute.kind {
                AttributeKind::Inverse { of, slot: link } => {
                    self.projection.inverses.insert((of, link));
                    self.projection.slots.entry(of).or_default();
                }
                AttributeKind::Stored
                | AttributeKind::Generated
                | AttributeKind::Computed
                | AttributeKind::Lifecycle => {}
            }
            if let ValueType::Link(to) = attribute.value_type {
                self.projection.slots.entry(to).or_default();
            }
        }
        self.projection.depth =
            self.projection.depth.max(self.below + path.steps.len().saturating_sub(own));
        for (type_id, slot) in path.steps.iter().skip(own) {
            self.linked(*type_id, *slot);
        }
    }

    /// Notes an attribute that is read of an entity reached through a link, and what it is computed from.
    fn linked(&mut self, type_id: TypeId, slot: Slot) {
        self.projection.slots.entry(type_id).or_default().insert(slot);
        let kind = self.model.schema.attribute(type_id, slot).map(|attribute| attribute.kind);
        let computed = matches!(kind, Some(AttributeKind::Computed | AttributeKind::Lifecycle));
        if computed && self.seen.insert((type_id, slot)) {
            // Days start and end in the zone of the entity that is read.
            if let Some(zone) = self.model.schema.get(type_id).and_then(|of| of.timezone) {
                self.linked(type_id, zone);
            }
            self.below += 1;
            for input in inputs(self.model, type_id, slot) {
                self.path(input, 0);
            }
            self.below -= 1;
            self.order.push((type_id, slot));
        }
    }
}

/// All expressions that are evaluated for an identity, those of decisions about it included.
fn programs(model: &Model) -> impl Iterator<Item = &Program> {
    let of_types = model.types.iter().flat_map(|behaviour| {
        let computed = behaviour.computed.iter().map(|(_, rule)| rule);
        computed
            .chain(&behaviour.display)
            .chain(behaviour.lifecycle.iter().map(|state| &state.when))
    });
    let of_accounts =
        model.systems.iter().flat_map(|system| &system.accounts).flat_map(|account| {
            std::iter::once(&account.account_name)
                .chain(account.set.iter().filter_map(|mapping| mapping.value.as_ref()))
        });
    let of_roles = model
        .roles
        .iter()
        .flat_map(|role| role.when.iter().chain(role.values.iter().map(|value| &value.value)));
    let of_rights = model.roles.iter().filter_map(|role| role.muster.as_ref()?.over.as_ref());
    let policies = model.roles.iter().flat_map(|role| &role.request);
    let of_requests = policies.flat_map(|policy| policy.who.iter().flatten()).map(|(_, rule)| rule);
    let of_grants =
        model.roles.iter().flat_map(|role| &role.grants).filter_map(|grant| match grant {
            Grant::Entitlement { name: GrantName::Computed(names), .. } => Some(names),
            Grant::Entitlement { name: GrantName::Literal(_), .. } | Grant::Account { .. } => None,
        });
    let of_workflows = model.workflows.iter().flat_map(crate::Workflow::programs);
    let of_access = model.access.rules.iter().filter_map(|rule| rule.when.as_ref());
    let claims = model.applications.iter().flat_map(|application| &application.claims);
    let of_claims = claims.map(|(_, rule)| rule);
    let rules = of_types.chain(of_accounts).chain(of_roles).chain(of_rights).chain(of_requests);
    let reviewed = model.access_reviews.iter().filter_map(|review| review.scope.people.as_ref());
    let rules = rules.chain(of_access).chain(of_claims).chain(reviewed);
    let of_forms = model.forms.iter().flat_map(crate::Form::rules);
    let rules = rules.chain(of_forms).map(|rule| &rule.program);
    let of_directory = model.directory.iter().flat_map(crate::Directory::programs);
    rules.chain(of_grants).chain(of_workflows).chain(of_directory)
}

/// What a computed attribute or a lifecycle reads.
fn inputs(model: &Model, type_id: TypeId, slot: Slot) -> Vec<&Path> {
    let Some(behaviour) = model.types.get(type_id.index()) else { return Vec::new() };
    let is_lifecycle =
        model.schema.attribute(type_id, slot).is_some_and(|a| a.kind == AttributeKind::Lifecycle);
    if is_lifecycle {
        return behaviour.lifecycle.iter().flat_map(|state| state.when.program.paths()).collect();
    }
    let own = behaviour.computed.iter().filter(|(computed, _)| *computed == slot);
    own.flat_map(|(_, rule)| rule.program.paths()).collect()
}
