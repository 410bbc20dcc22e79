//! Which rules the tests reach: a role's condition that held, a lifecycle state somebody was in, a mapping that gave a
//! value, a rule of access that decided.

use std::collections::BTreeSet;

use muster_decision::{By, Decision};
use muster_model::Location;
use muster_policy::{AccountRef, Evaluation, Model, Via, Want};

use super::compare::mapping_name;

/// Rules and whether a test reached them.
#[derive(Debug)]
pub(crate) struct Coverage {
    rules: Vec<Rule>,
    reached: BTreeSet<Key>,
}

/// A rule of the model.
#[derive(Debug)]
struct Rule {
    key: Key,
    name: String,
    at: Location,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Role(usize),
    State(u16, usize),
    Mapping(AccountRef, usize),
    Access(usize),
}

impl Coverage {
    /// Every rule of `model`, none reached.
    pub(super) fn new(model: &Model) -> Self {
        let mut rules = Vec::new();
        for (position, role) in model.roles.iter().enumerate() {
            if let Some(when) = &role.when {
                let name = format!("role `{}`", role.name);
                rules.push(Rule { key: Key::Role(position), name, at: when.at.clone() });
            }
        }
        for (behaviour, entity_type) in model.types.iter().zip(&model.schema.types) {
            for (position, state) in behaviour.lifecycle.iter().enumerate() {
                let name = format!("state `{}` of `{}`", state.name, entity_type.name);
                rules.push(Rule {
                    key: Key::State(entity_type.id.0, position),
                    name,
                    at: state.when.at.clone(),
                });
            }
        }
        for system in &model.systems {
            for (account, account_type) in system.accounts.iter().enumerate() {
                let reference = AccountRef { system: system.id, account };
                for (mapping, found) in account_type.set.iter().enumerate() {
                    if let Some(value) = &found.value {
                        let name = format!("mapping `{}`", mapping_name(model, reference, mapping));
                        rules.push(Rule {
                            key: Key::Mapping(reference, mapping),
                            name,
                            at: value.at.clone(),
                        });
                    }
                }
            }
        }
        for (position, rule) in model.access.rules.iter().enumerate() {
            let name = format!("rule of access `{}`", rule.name);
            rules.push(Rule { key: Key::Access(position), name, at: rule.at.clone() });
        }
        Self { rules, reached: BTreeSet::new() }
    }

    /// Notes the rule that one decision was made by.
    pub(super) fn note_decision(&mut self, decision: &Decision) {
        if let By::Rule { rule, .. } = decision.by {
            self.reached.insert(Key::Access(rule));
        }
    }

    /// Notes what one evaluation reached.
    pub(super) fn note(&mut self, evaluation: &Evaluation) {
        let by_rule = evaluation.roles.iter().filter(|held| held.via == Via::Rule);
        self.reached.extend(by_rule.map(|held| Key::Role(held.role)));
        self.reached
            .extend(evaluation.state.map(|state| Key::State(evaluation.row.type_id.0, state)));
        for desired in evaluation.accounts.iter().filter(|desired| desired.want == Want::Present) {
            let valued = desired.values.iter().enumerate().filter(|(_, value)| !value.is_null());
            self.reached.extend(valued.map(|(mapping, _)| Key::Mapping(desired.account, mapping)));
        }
        if let Some(ahead) = &evaluation.ahead {
            self.note(ahead);
        }
    }

    /// How many rules there are.
    pub(crate) fn n_rules(&self) -> usize {
        self.rules.len()
    }

    /// The share of rules that were reached, in whole percent rounded down; 100 where there are none.
    pub(crate) fn percent(&self) -> usize {
        let n_reached = self.rules.iter().filter(|rule| self.reached.contains(&rule.key)).count();
        if self.rules.is_empty() { 100 } else { n_reached * 100 / self.rules.len() }
    }

    /// The rules that no test reached, with their places.
    pub(crate) fn missed(&self) -> impl Iterator<Item = (&str, &Location)> {
        let missed = self.rules.iter().filter(|rule| !self.reached.contains(&rule.key));
        missed.map(|rule| (rule.name.as_str(), &rule.at))
    }
}
