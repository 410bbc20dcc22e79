//! The decision: rules that deny first, then rules that allow, and what none allows is denied.

use muster_model::{Text, TypeId};
use muster_policy::{AccessRule, Effect};

use crate::{
    Holder, Question, Rules,
    question::{Asked, Unreadable},
};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may be done.
    pub allowed: bool,
    /// What decided.
    pub by: By,
}

/// What decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A rule.
    Rule {
        /// Its position.
        rule: usize,
        /// True when it denies because a value is missing that it needs.
        missing: bool,
    },
    /// No rule allows it.
    NoRule,
    /// No rule allows it to somebody in this lifecycle state.
    State {
        /// The identity type.
        type_id: TypeId,
        /// The state, by position.
        state: usize,
    },
    /// The repository does not know the subject, and no rule allows it to strangers.
    UnknownSubject,
    /// No application has resources of this type, or several have.
    UnknownResource,
    /// The action is none of the resource's.
    UnknownAction,
    /// A property has a value that is not of its type.
    Unreadable {
        /// Which: `resource.level`.
        property: Text,
    },
}

/// What becomes of a rule in the case of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It applies.
    Yes,
    /// It does not.
    No,
    /// Something is missing that it needs.
    Missing,
}

impl Rules {
    /// Answers a question. A rule that denies comes before all that allow; among rules of one effect, the first in
    /// order of name is named.
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        let asked = match self.asked(question) {
            Ok(asked) => asked,
            Err(by) => return Decision { allowed: false, by },
        };
        if let Some((rule, outcome)) = self.first(Effect::Deny, &asked) {
            let missing = outcome == Outcome::Missing;
            return Decision { allowed: false, by: By::Rule { rule, missing } };
        }
        if let Some((rule, _)) = self.first(Effect::Allow, &asked) {
            return Decision { allowed: true, by: By::Rule { rule, missing: false } };
        }
        let by = match question.subject.holder {
            None => By::UnknownSubject,
            Some(holder) => match holder.state.filter(|_| !holder.works) {
                Some(state) => By::State { type_id: holder.type_id(), state },
                None => By::NoRule,
            },
        };
        Decision { allowed: false, by }
    }

    /// The question with its values as rules read them, or why there is no answer to it.
    pub(crate) fn asked<'a>(&self, question: &'a Question<'a>) -> Result<Asked<'a>, By> {
        let place = self.place(question.resource.type_name).ok_or(By::UnknownResource)?;
        let action = self.action(place, question.action).ok_or(By::UnknownAction)?;
        let app = self.access().apps.get(place.app).ok_or(By::UnknownResource)?;
        Asked::new(&self.model, question, place, action, app)
            .map_err(|Unreadable(property)| By::Unreadable { property })
    }

    fn first(&self, effect: Effect, asked: &Asked<'_>) -> Option<(usize, Outcome)> {
        let candidates = self.index.candidates(&self.model, effect, asked).into_iter();
        candidates.map(|position| (position, self.outcome(position, asked))).find(|(_, outcome)| {
            match effect {
                Effect::Allow => *outcome == Outcome::Yes,
                Effect::Deny => *outcome != Outcome::No,
            }
        })
    }

    /// What becomes of the rule at `position`, which must be about the question's action and resource.
    pub(crate) fn outcome(&self, position: usize, asked: &Asked<'_>) -> Outcome {
        let Some(rule) = self.access().rules.get(position) else { return Outcome::No };
        let about = who(rule, asked);
        if about == Outcome::No {
            return Outcome::No;
        }
        let Some(when) = &rule.when else { return about };
        let decided = asked
            .with_frame(&self.model, rule.entity.is_some(), |frame| when.program.decide(frame));
        match decided {
            Some(true) => about,
            Some(false) => Outcome::No,
            None => Outcome::Missing,
        }
    }
}

/// Whether a rule is for the subject, by what it is and what it holds.
fn who(rule: &AccessRule, asked: &Asked<'_>) -> Outcome {
    let needs = !rule.roles.is_empty() || !rule.entitlements.is_empty();
    let Some(holder) = asked.question.subject.holder else {
        return match rule.effect {
            Effect::Allow if !rule.unknown => Outcome::No,
            Effect::Allow | Effect::Deny if needs => Outcome::Missing,
            Effect::Allow | Effect::Deny => Outcome::Yes,
        };
    };
    let of_type = rule.subjects.is_none_or(|type_id| type_id == holder.type_id());
    let in_state = rule.effect == Effect::Deny || allows_in_state(rule, holder);
    let has_role = rule.roles.is_empty() || rule.roles.iter().any(|role| holder.has_role(*role));
    let has_entitlement = rule.entitlements.is_empty()
        || rule.entitlements.iter().any(|entitlement| holder.has_entitlement(entitlement));
    if of_type && in_state && has_role && has_entitlement { Outcome::Yes } else { Outcome::No }
}

/// Whether a rule may allow somebody in the lifecycle state that `holder` is in.
pub(crate) fn allows_in_state(rule: &AccessRule, holder: &Holder) -> bool {
    match &rule.states {
        Some(states) => holder.state.is_some_and(|state| states.contains(&state)),
        None => holder.works,
    }
}
