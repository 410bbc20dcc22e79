//! Assignments that take away: what an identity does not get, whatever rules and other assignments say.

use std::borrow::Cow;

use jiff::Timestamp;
use muster_model::{AssignmentId, SystemId, Text};

use crate::{Evaluation, Model, Subject, evaluate::Granted, evaluator::TypePlan};

/// An assignment whose effect is that something is withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Which assignment.
    pub id: AssignmentId,
    /// What is withheld.
    pub what: Withhold,
    /// First instant at which it counts; `None`: always did.
    pub from: Option<Timestamp>,
    /// First instant at which it no longer counts; `None`: no end.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: Text,
    /// Who said so.
    pub by: Text,
}

/// What is withheld.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withhold {
    /// A role, by position, and what only it brings.
    Role(usize),
    /// An entitlement, whichever role grants it.
    Entitlement {
        /// The system.
        system: SystemId,
        /// Position in `System::entitlements`.
        kind: usize,
        /// Which one.
        name: Text,
    },
}

impl Withheld {
    /// True when it counts at `now`.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

impl Evaluation {
    /// True when a role may grant `subject` and it is withheld.
    pub(crate) fn withholds(&self, subject: Subject<'_>) -> bool {
        let Subject::Entitlement(account, kind, name) = subject else { return false };
        self.withheld.iter().any(|one| match one {
            Withhold::Entitlement { system, kind: of, name: withheld } => {
                *system == account.system && *of == kind && **withheld == *name
            }
            Withhold::Role(_) => false,
        })
    }
}

/// What a role brings, itself included, when some roles are withheld.
pub(crate) fn closure<'p>(
    plan: &'p TypePlan,
    model: &Model,
    withheld: &[Withhold],
    role: usize,
) -> Cow<'p, [usize]> {
    if !withheld.iter().any(|one| matches!(one, Withhold::Role(_))) {
        return plan.closure.get(role).map_or(&[][..], Vec::as_slice).into();
    }
    let is_withheld = |role: &usize| withheld.contains(&Withhold::Role(*role));
    let (mut brought, mut todo) = (Vec::new(), vec![role]);
    while let Some(next) = todo.pop() {
        if !is_withheld(&next) && !brought.contains(&next) {
            brought.push(next);
            todo.extend(model.roles.get(next).map_or(&[][..], |role| &role.includes));
        }
    }
    brought.into()
}

/// Takes withheld entitlements out of what roles grant.
pub(crate) fn take_out(plan: &TypePlan, granted: &mut Granted, withheld: &[Withhold]) {
    for one in withheld {
        let Withhold::Entitlement { system, kind, name } = one else { continue };
        for (account, names) in plan.accounts.iter().zip(&mut granted.entitlements) {
            if account.account.system == *system {
                names.retain(|(of, granted)| of != kind || granted != name);
            }
        }
    }
}
