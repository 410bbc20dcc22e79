//! A subject that the repository knows: its attributes, its state and what it holds.

use muster_model::{Row, SystemId, Text, TypeId, Value};
use muster_policy::{Evaluation, Model, Want};

/// A subject that the repository knows, as evaluated.
#[derive(Debug, Clone)]
pub struct Holder {
    /// All attributes, computed ones and the lifecycle filled in.
    pub(crate) row: Row,
    /// The lifecycle state, by position.
    pub(crate) state: Option<usize>,
    /// Whether what it holds may be used in that state.
    pub(crate) works: bool,
    roles: Vec<usize>,
    /// The names of the roles.
    pub(crate) role_names: Value,
    entitlements: Vec<(SystemId, usize, Text)>,
}

impl Holder {
    /// Takes from an evaluation what decisions need. Entitlements are those of accounts that should be there and usable.
    pub fn new(model: &Model, evaluation: Evaluation) -> Self {
        let usable = evaluation
            .accounts
            .iter()
            .filter(|desired| desired.want == Want::Present && desired.enabled);
        let mut entitlements: Vec<_> = usable
            .flat_map(|desired| {
                let system = desired.account.system;
                desired.entitlements.iter().map(move |(kind, name)| (system, *kind, name.clone()))
            })
            .collect();
        entitlements.sort_unstable();
        let roles: Vec<usize> = evaluation.roles.iter().map(|held| held.role).collect();
        let names = roles.iter().filter_map(|role| model.roles.get(*role));
        let role_names: Vec<Value> = names.map(|role| Value::Text(role.name.clone())).collect();
        // An empty list: that somebody holds no role is known.
        let role_names = Value::List(role_names.into());
        let behaviour = model.types.get(evaluation.row.type_id.index());
        let works = evaluation
            .state
            .is_none_or(|state| behaviour.is_some_and(|behaviour| behaviour.works(state)));
        Self {
            row: evaluation.row,
            state: evaluation.state,
            works,
            roles,
            role_names,
            entitlements,
        }
    }

    /// The attributes, computed ones and the lifecycle filled in.
    pub fn row(&self) -> &Row {
        &self.row
    }

    /// The identity type.
    pub fn type_id(&self) -> TypeId {
        self.row.type_id
    }

    /// Whether what it holds may be used: its lifecycle state is one in which people work.
    pub fn works(&self) -> bool {
        self.works
    }

    /// The roles held, by position, in order.
    pub fn roles(&self) -> &[usize] {
        &self.roles
    }

    /// The entitlements held, in order: system, kind, name.
    pub fn entitlements(&self) -> &[(SystemId, usize, Text)] {
        &self.entitlements
    }

    pub(crate) fn has_role(&self, role: usize) -> bool {
        self.roles.binary_search(&role).is_ok()
    }

    pub(crate) fn has_entitlement(&self, entitlement: &(SystemId, usize, Text)) -> bool {
        self.entitlements.binary_search(entitlement).is_ok()
    }
}
