//! How entities of one type behave: computed values, lifecycle, what becomes of them, who of them signs in.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use muster_model::{Slot, SystemId, Text};

use crate::{Absent, Rule, ScimType, TypeSignIn};

/// How entities of one type behave. Expressions have one variable, the entity, named like its type and implicit.
#[derive(Debug, Clone, Default)]
pub struct TypeModel {
    /// Computed attributes in an order in which each reads only what comes before it. Those that read the lifecycle
    /// come after [`TypeModel::before_lifecycle`].
    pub computed: Vec<(Slot, Rule)>,
    /// How many of `computed` are filled in before the lifecycle is decided.
    pub before_lifecycle: usize,
    /// Attributes that are made once: candidates in order; the second variable is `n`, from 1.
    pub generated: Vec<(Slot, Vec<Rule>)>,
    /// How an entity is shown to people; the key where nothing is said.
    pub display: Option<Rule>,
    /// Lifecycle states in order; the first whose condition holds. Empty for types that hold no accounts.
    pub lifecycle: Vec<LifecycleState>,
    /// What it means that the entity's record vanished from its source.
    pub absent: Option<Absent>,
    /// The link to whoever answers for an entity.
    pub owner: Option<Slot>,
    /// The state, by position, of those who were terminated by hand; the end of the lifecycle.
    pub terminated: Option<usize>,
    /// The state, by position, of those who were suspended by hand.
    pub suspended: Option<usize>,
    /// What happens in time to those who are in the terminated state.
    pub retention: Option<Retention>,
    /// Which systems are the authority for an attribute, the first one first, where the model says so. Attributes that
    /// are not here have at most one source.
    pub authority: BTreeMap<Slot, Vec<SystemId>>,
    /// How entities without a system of record are kept, if they may be made by hand.
    pub local: Option<Local>,
    /// What it is in SCIM, where the model says so.
    pub scim: Option<ScimType>,
    /// Who of the type may sign in.
    pub sign_in: TypeSignIn,
}

/// What happens to an identity after the final state began (`retention: { delete: 30d, anonymise: 3650d }`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How long after it the identity is deleted: nothing is wanted of any system any more. It can be restored.
    pub delete: SignedDuration,
    /// How long after it the personal attributes are erased for good.
    pub anonymise: Option<SignedDuration>,
}

/// Entities of a type that may be made by hand (`local: { sponsor: sponsor, until: endDate }`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// The link to the identity who answers for the entity; it must have a value.
    pub sponsor: Slot,
    /// The date or instant on which the entity ends; it must have a value.
    pub until: Slot,
}

impl TypeModel {
    /// Whether identities in this state, by position, may use what they hold: the state `active` where there is one,
    /// otherwise every state but those of the terminated and the suspended.
    pub fn works(&self, state: usize) -> bool {
        match self.lifecycle.iter().position(|state| &*state.name == "active") {
            Some(active) => state == active,
            None => ![self.terminated, self.suspended].contains(&Some(state)),
        }
    }
}

/// A state of the lifecycle.
#[derive(Debug, Clone)]
pub struct LifecycleState {
    /// Its name.
    pub name: Text,
    /// When it holds.
    pub when: Rule,
}
