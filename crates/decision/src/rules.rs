//! The rules of a model, prepared.

use std::{collections::BTreeSet, sync::Arc};

use muster_lang::IndexTest;
use muster_model::{Text, TypeId};
use muster_policy::{AccessModel, AccessRule, Effect, Model};
use rustc_hash::FxHashMap;

use crate::index::Index;

/// The rules of access of a model, prepared for deciding. Immutable, to be shared.
#[derive(Debug)]
pub struct Rules {
    pub(crate) model: Arc<Model>,
    pub(crate) index: Index,
    /// The actions of all applications, numbered.
    actions: FxHashMap<Text, usize>,
    /// Types of resource by their name alone; `None` where several applications have one.
    short: FxHashMap<Text, Option<Place>>,
}

/// A type of resource: the application and its type, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Position in [`AccessModel::apps`].
    pub app: usize,
    /// Position in `App::resources`.
    pub resource: usize,
}

/// The ids that rules name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// The ids, in order.
    pub ids: BTreeSet<Text>,
    /// True when no rule can allow a resource that is not among them.
    pub complete: bool,
}

impl Rules {
    /// Prepares the rules of `model`.
    pub fn new(model: Arc<Model>) -> Self {
        let mut actions = FxHashMap::default();
        let mut short: FxHashMap<Text, Option<Place>> = FxHashMap::default();
        for (app, found) in model.access.apps.iter().enumerate() {
            for (resource, of) in found.resources.iter().enumerate() {
                let place = Place { app, resource };
                short
                    .entry(of.name.clone())
                    .and_modify(|known| *known = None)
                    .or_insert(Some(place));
                for action in &of.actions {
                    let number = actions.len();
                    actions.entry(action.clone()).or_insert(number);
                }
            }
        }
        let mut index = Index::default();
        for (position, rule) in model.access.rules.iter().enumerate() {
            let numbers: Vec<usize> =
                rule.actions.iter().filter_map(|action| actions.get(action).copied()).collect();
            index.add(position, rule, &numbers);
        }
        Self { model, index, actions, short }
    }

    /// The model they were made from.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The applications and the rules as written.
    pub fn access(&self) -> &AccessModel {
        &self.model.access
    }

    /// The type of resource with this name: `app.type`, or `type` where no other application has one of that name.
    pub fn place(&self, type_name: &str) -> Option<Place> {
        if let Some((app, name)) = type_name.split_once('.') {
            let app = self.access().app_named(app)?;
            let resource = self.access().apps.get(app)?.resource_named(name)?;
            return Some(Place { app, resource });
        }
        self.short.get(type_name).copied().flatten()
    }

    /// What can be done to resources of a type, in the order written.
    pub fn actions(&self, place: Place) -> &[Text] {
        self.resource_type(place).map_or(&[], |resource| &resource.actions)
    }

    /// The entity type whose entities the resources of a type are.
    pub fn entity(&self, place: Place) -> Option<TypeId> {
        self.resource_type(place)?.entity
    }

    /// The ids of resources of a type that rules name which may allow `action`.
    pub fn named(&self, place: Place, action: &str) -> Named {
        let mut named = Named { complete: true, ..Named::default() };
        let allowing = self.access().rules.iter().filter(|rule| rule.effect == Effect::Allow);
        for rule in allowing.filter(|rule| is_about(rule, place, action)) {
            let key = rule.when.as_ref().and_then(|when| when.program.index_key());
            match key.filter(|key| &*key.text == "resource.id").map(|key| key.test) {
                Some(IndexTest::OneOf(ids)) => {
                    named.ids.extend(ids.iter().filter_map(|id| id.as_text().cloned()));
                }
                Some(IndexTest::Prefix(_)) | None => named.complete = false,
            }
        }
        named
    }

    pub(crate) fn resource_type(&self, place: Place) -> Option<&muster_policy::ResourceType> {
        self.access().apps.get(place.app)?.resources.get(place.resource)
    }

    /// The number of an action that a type of resource knows.
    pub(crate) fn action(&self, place: Place, name: &str) -> Option<usize> {
        let known = self.actions(place).iter().any(|action| &**action == name);
        self.actions.get(name).copied().filter(|_| known)
    }
}

/// Whether a rule is about an action on a type of resource.
pub(crate) fn is_about(rule: &AccessRule, place: Place, action: &str) -> bool {
    rule.app.is_none_or(|app| app == place.app)
        && (rule.resources.is_empty() || rule.resources.contains(&place.resource))
        && (rule.actions.is_empty() || rule.actions.iter().any(|known| &**known == action))
}
