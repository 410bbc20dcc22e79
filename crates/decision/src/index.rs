//! Finds the rules that can apply to a question, without looking at the others.

use muster_model::{SystemId, Text};
use muster_policy::{AccessRule, Effect, Lookups, Missing, Model};
use rustc_hash::FxHashMap;

use crate::{Holder, Place, question::Asked};

/// The rules by what they are about.
#[derive(Debug, Default)]
pub(crate) struct Index {
    buckets: FxHashMap<Key, Bucket>,
}

/// Application, type of resource and action, each by position; `None` is any.
type Key = (Option<usize>, Option<usize>, Option<usize>);

#[derive(Debug, Default)]
struct Bucket {
    allowing: Table,
    denying: Table,
}

/// Rules of one effect. Each is in one of the maps only.
#[derive(Debug, Default)]
struct Table {
    by_role: FxHashMap<usize, Vec<usize>>,
    by_entitlement: FxHashMap<(SystemId, usize, Text), Vec<usize>>,
    /// All rules of the two maps above.
    held: Vec<usize>,
    /// By condition, for which the resource is a record.
    records: Lookups,
    /// By condition, for which the resource is an entity.
    entities: Lookups,
}

impl Index {
    /// Adds a rule; positions come in rising order. `actions` are those of the rule, by number.
    pub(crate) fn add(&mut self, position: usize, rule: &AccessRule, actions: &[usize]) {
        let some = |positions: &[usize]| -> Vec<Option<usize>> {
            if positions.is_empty() {
                vec![None]
            } else {
                positions.iter().copied().map(Some).collect()
            }
        };
        for resource in some(&rule.resources) {
            for action in some(actions) {
                let bucket = self.buckets.entry((rule.app, resource, action)).or_default();
                bucket.table_mut(rule.effect).add(position, rule);
            }
        }
    }

    /// The positions of the rules that can apply, in order. Every other rule of this effect does not.
    pub(crate) fn candidates(
        &self,
        model: &Model,
        effect: Effect,
        asked: &Asked<'_>,
    ) -> Vec<usize> {
        let Place { app, resource } = asked.place;
        let mut found = Vec::new();
        for (app, resource) in [(Some(app), Some(resource)), (Some(app), None), (None, None)] {
            for action in [Some(asked.action), None] {
                if let Some(bucket) = self.buckets.get(&(app, resource, action)) {
                    bucket.table(effect).candidates(model, effect, asked, &mut found);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Bucket {
    fn table(&self, effect: Effect) -> &Table {
        match effect {
            Effect::Allow => &self.allowing,
            Effect::Deny => &self.denying,
        }
    }

    fn table_mut(&mut self, effect: Effect) -> &mut Table {
        match effect {
            Effect::Allow => &mut self.allowing,
            Effect::Deny => &mut self.denying,
        }
    }
}

impl Table {
    fn add(&mut self, position: usize, rule: &AccessRule) {
        if !rule.roles.is_empty() {
            self.held.push(position);
            for role in &rule.roles {
                self.by_role.entry(*role).or_default().push(position);
            }
        } else if !rule.entitlements.is_empty() {
            self.held.push(position);
            for entitlement in &rule.entitlements {
                self.by_entitlement.entry(entitlement.clone()).or_default().push(position);
            }
        } else {
            let lookups =
                if rule.entity.is_some() { &mut self.entities } else { &mut self.records };
            lookups.add(position, rule.when.as_ref().map(|when| &when.program));
        }
    }

    fn candidates(&self, model: &Model, effect: Effect, asked: &Asked<'_>, found: &mut Vec<usize>) {
        match asked.question.subject.holder {
            Some(holder) => self.held_by(holder, found),
            // Nobody knows what a stranger holds: that allows nothing, and may deny.
            None if effect == Effect::Deny => found.extend(&self.held),
            None => {}
        }
        let missing = match effect {
            Effect::Allow => Missing::Fails,
            Effect::Deny => Missing::Counts,
        };
        for (lookups, entity) in [(&self.records, false), (&self.entities, true)] {
            asked.with_frame(model, entity, |frame| {
                lookups.candidates(frame, missing, |position| found.push(position));
            });
        }
    }

    fn held_by(&self, holder: &Holder, found: &mut Vec<usize>) {
        let roles = holder.roles().iter().filter_map(|role| self.by_role.get(role));
        let entitlements =
            holder.entitlements().iter().filter_map(|held| self.by_entitlement.get(held));
        found.extend(roles.chain(entitlements).flatten());
    }
}
