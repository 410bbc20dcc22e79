//! Guards: limits on what plans may do to one system within a day.

use std::collections::BTreeMap;

use muster_model::Text;
use muster_policy::{Limit, Model};

use crate::Operation;

/// The count of one kind of operation on one system against its limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardCheck {
    /// The system.
    pub system: Text,
    /// The kind of operation, as in `guards:`.
    pub kind: Text,
    /// Operations of this plan.
    pub planned: u64,
    /// Operations of the kind done within the last 24 hours.
    pub recent: u64,
    /// What there is to compare with: accounts, for `grant` and `revoke` what is held. Counted only where the operations
    /// are more than the limit always allows.
    pub population: Option<u64>,
    /// The limit.
    pub limit: Limit,
}

impl GuardCheck {
    /// True when the count alone does not decide.
    pub fn needs_population(&self) -> bool {
        self.planned > 0 && self.planned.saturating_add(self.recent) > self.limit.max
    }

    /// True when the plan must be released by a person.
    pub fn is_crossed(&self) -> bool {
        let count = self.planned.saturating_add(self.recent);
        let share = u128::from(self.population.unwrap_or(0)) * u128::from(self.limit.percent);
        self.planned > 0 && count > self.limit.max && u128::from(count) * 100 > share
    }
}

/// Counts `operations` against the guards of every system, in order of system and kind; `recent` is by system and kind.
///
/// The population is left open. It matters only where [`GuardCheck::needs_population`] says so.
pub fn count_guarded(
    model: &Model,
    operations: &[Operation],
    recent: &BTreeMap<(Text, Text), u64>,
) -> Vec<GuardCheck> {
    let mut planned: BTreeMap<(&Text, &str), u64> = BTreeMap::new();
    for operation in operations.iter().filter(|operation| operation.blocked.is_none()) {
        *planned.entry((&operation.target.system, operation.kind.name())).or_default() += 1;
    }
    let limits = model.systems.iter().flat_map(|system| {
        system.guards.limits.iter().map(move |(kind, limit)| (system, kind, limit))
    });
    limits
        .filter_map(|(system, kind, limit)| {
            let key = (system.name.clone(), kind.clone());
            Some(GuardCheck {
                system: system.name.clone(),
                kind: kind.clone(),
                planned: planned.get(&(&system.name, &**kind)).copied()?,
                recent: recent.get(&key).copied().unwrap_or(0),
                population: None,
                limit: *limit,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(planned: u64, population: u64) -> bool {
        let limit = Limit { max: 5, percent: 2 };
        GuardCheck {
            system: "s".into(),
            kind: "disable".into(),
            planned,
            recent: 0,
            population: Some(population),
            limit,
        }
        .is_crossed()
    }

    #[test]
    fn a_guard_is_crossed_only_above_both_the_count_and_the_share() {
        assert!(!check(5, 10));
        assert!(check(6, 10));
        assert!(!check(6, 300));
        assert!(check(7, 300));
        assert!(!check(0, 0));
    }
}
