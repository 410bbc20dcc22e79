//! Duties, and which of them one identity must not hold together.

use muster_model::{Location, SystemId, Text};

/// A named set of entitlements that make one duty.
#[derive(Debug, Clone)]
pub struct Duty {
    /// Its name.
    pub name: Text,
    /// System, entitlement kind, name.
    pub entitlements: Vec<(SystemId, usize, Text)>,
}

/// Duties that one identity must not hold together.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// Its name.
    pub name: Text,
    /// The duties, by position.
    pub between: Vec<usize>,
    /// Why, for people.
    pub description: Option<Text>,
    /// What happens to whatever would complete it.
    pub on: Reaction,
    /// A role, by position: whoever has it and asks or assigns is only warned.
    pub lenient_for: Option<usize>,
    /// How much harm it can do, from 0 to 100.
    pub risk: u8,
    /// Where it is written.
    pub at: Location,
}

/// What happens to whatever would complete a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// It is refused, and grants that would complete it are held back.
    Block,
    /// It needs a request, which a member of this role, by position, has to approve besides.
    Approve(usize),
    /// It is only reported.
    Warn,
}

impl Conflict {
    /// True when grants that would complete it are held back.
    pub fn blocks(&self) -> bool {
        self.on == Reaction::Block
    }

    /// What happens when somebody who has these roles, by position, would complete it for anybody.
    pub fn reaction_to(&self, roles: &[usize]) -> Reaction {
        match self.lenient_for {
            Some(lenient) if roles.contains(&lenient) => Reaction::Warn,
            Some(_) | None => self.on,
        }
    }
}
