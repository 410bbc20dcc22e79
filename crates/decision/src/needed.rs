//! What would have been needed: the rules that come nearest to allowing, and what each of them lacks.

use std::collections::BTreeSet;

use muster_model::{Text, Value};
use muster_policy::{AccessRule, Effect};

use crate::{By, Question, Rules, decide::allows_in_state, question::Asked, rules::is_about};

/// Rules that are looked at.
const LOOKED_AT: usize = 50;

/// A rule that would have allowed, and what it lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct Needed {
    /// The rule, by position.
    pub rule: usize,
    /// What is lacking; all of it is needed.
    pub lacks: Vec<Lack>,
}

/// Something that a rule lacks.
#[derive(Debug, Clone, PartialEq)]
pub enum Lack {
    /// The subject is known to the repository.
    Known,
    /// The subject is an identity of the rule's type.
    Type,
    /// The subject is in a lifecycle state in which the rule allows.
    State,
    /// The subject holds one of these roles.
    Role(Vec<Text>),
    /// The subject holds one of these entitlements: `directory.group: editors`.
    Entitlement(Vec<Text>),
    /// A condition holds.
    Condition {
        /// As written.
        source: Text,
        /// True when it needs a value that is missing.
        missing: bool,
        /// What it read, with the values it had.
        reads: Vec<(Text, Value)>,
    },
}

/// Says what is lacking without any value, so that it can be told to whoever asks.
impl std::fmt::Display for Lack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quoted = |names: &[Text]| {
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
        };
        match self {
            Self::Known => f.write_str("a subject that the repository knows"),
            Self::Type => f.write_str("an identity of another type"),
            Self::State => f.write_str("another lifecycle state"),
            Self::Role(names) => write!(f, "the role {}", quoted(names)),
            Self::Entitlement(names) => write!(f, "the entitlement {}", quoted(names)),
            Self::Condition { source, missing, reads } => {
                write!(f, "`{source}`")?;
                let lacking = reads.iter().filter(|(_, value)| *missing && value.is_null());
                let lacking: Vec<&str> = lacking.map(|(name, _)| &**name).collect();
                match lacking.as_slice() {
                    [] => Ok(()),
                    [one] => write!(f, " ({one} is missing)"),
                    several => write!(f, " ({} are missing)", several.join(", ")),
                }
            }
        }
    }
}

impl Rules {
    /// The rules that come nearest to allowing what `question` asks, the nearest first, at most `limit`. Of very many
    /// rules only the first ones are looked at.
    pub fn needed(&self, question: &Question<'_>, limit: usize) -> Vec<Needed> {
        let Ok(asked) = self.asked(question) else { return Vec::new() };
        let rules = self.access().rules.iter().enumerate();
        let about = rules.filter(|(_, rule)| {
            rule.effect == Effect::Allow && is_about(rule, asked.place, question.action)
        });
        let mut needed: Vec<Needed> = about
            .take(LOOKED_AT)
            .map(|(position, rule)| Needed { rule: position, lacks: self.lacks(rule, &asked) })
            .filter(|needed| !needed.lacks.is_empty())
            .collect();
        needed.sort_by_key(|needed| needed.lacks.len());
        needed.truncate(limit);
        needed
    }

    /// The roles, by position, any one of which is all that some rule lacks to allow what `question` asks, in order. None
    /// where a rule denies it, or where the subject is not somebody who works.
    pub fn lacking_roles(&self, question: &Question<'_>) -> Vec<usize> {
        let Ok(asked) = self.asked(question) else { return Vec::new() };
        if self.decide(question).by != By::NoRule {
            return Vec::new();
        }
        let about = self.access().rules.iter().filter(|rule| {
            rule.effect == Effect::Allow
                && !rule.roles.is_empty()
                && is_about(rule, asked.place, question.action)
        });
        let enough = about
            .take(LOOKED_AT)
            .filter(|rule| matches!(self.lacks(rule, &asked).as_slice(), [Lack::Role(_)]));
        let roles: BTreeSet<usize> = enough.flat_map(|rule| rule.roles.iter().copied()).collect();
        roles.into_iter().collect()
    }

    /// The conditions of a rule with what they read, whether they hold or not.
    pub fn conditions(&self, rule: usize, question: &Question<'_>) -> Vec<muster_lang::Condition> {
        let (Ok(asked), Some(rule)) = (self.asked(question), self.access().rules.get(rule)) else {
            return Vec::new();
        };
        self.conditions_of(rule, &asked)
    }

    fn conditions_of(&self, rule: &AccessRule, asked: &Asked<'_>) -> Vec<muster_lang::Condition> {
        let Some(when) = &rule.when else { return Vec::new() };
        asked.with_frame(&self.model, rule.entity.is_some(), |frame| when.program.conditions(frame))
    }

    fn lacks(&self, rule: &AccessRule, asked: &Asked<'_>) -> Vec<Lack> {
        let mut lacks = Vec::new();
        let holder = asked.question.subject.holder;
        match holder {
            None if !rule.unknown => lacks.push(Lack::Known),
            None => {}
            Some(holder) => {
                if rule.subjects.is_some_and(|type_id| type_id != holder.type_id()) {
                    lacks.push(Lack::Type);
                }
                if !allows_in_state(rule, holder) {
                    lacks.push(Lack::State);
                }
            }
        }
        let has_role = |role: &usize| holder.is_some_and(|holder| holder.has_role(*role));
        if !rule.roles.is_empty() && !rule.roles.iter().any(has_role) {
            let roles = rule.roles.iter().filter_map(|role| self.model.roles.get(*role));
            lacks.push(Lack::Role(roles.map(|role| role.name.clone()).collect()));
        }
        let has = |entitlement| holder.is_some_and(|holder| holder.has_entitlement(entitlement));
        if !rule.entitlements.is_empty() && !rule.entitlements.iter().any(has) {
            let names = rule.entitlements.iter().filter_map(|(system, kind, name)| {
                let system = self.model.systems.get(system.index())?;
                let kind = system.entitlements.get(*kind)?;
                Some(format!("{}.{}: {name}", system.name, kind.name).into())
            });
            lacks.push(Lack::Entitlement(names.collect()));
        }
        let failing = self.conditions_of(rule, asked).into_iter();
        lacks.extend(failing.filter(|condition| !(condition.holds && condition.decided)).map(
            |condition| Lack::Condition {
                source: condition.source,
                missing: !condition.decided,
                reads: condition.reads,
            },
        ));
        lacks
    }
}
