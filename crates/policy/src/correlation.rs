//! What is done with the candidates of correlation: linked, put before a person, or passed over.
//!
//! The table: whether an identity may have several, whether all candidates are to be suggested, whether it has one
//! already. Who the candidates are is found elsewhere.

use std::collections::BTreeMap;

use muster_model::EntityId;

use crate::Suggest;

/// A record or account that may belong to an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The record or account, by any number.
    pub subject: usize,
    /// The entity.
    pub entity: EntityId,
    /// How sure the rule is, 1 to 100.
    pub confidence: u8,
    /// True when the rule is the first one that finds anybody for the subject; later ones only suggest.
    pub first: bool,
}

/// What becomes of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The subject belongs to the entity.
    Correlated,
    /// A person decides.
    Suggested,
    /// Nothing.
    Ignored,
}

/// Decides about pairs, in their order. `has_one` tells which entities have a record or account of the kind already.
///
/// What cannot be told apart is never linked: several equally good subjects for an entity that may have one, or
/// several entities for a subject.
pub fn settle(
    several: bool,
    suggest: Suggest,
    pairs: &[Pair],
    has_one: impl Fn(EntityId) -> bool,
) -> Vec<Standing> {
    let mut by_entity: BTreeMap<EntityId, Vec<usize>> = BTreeMap::new();
    for (index, pair) in pairs.iter().enumerate() {
        if pair.first || suggest == Suggest::All {
            by_entity.entry(pair.entity).or_default().push(index);
        }
    }
    let mut standings = vec![Standing::Ignored; pairs.len()];
    for (entity, group) in by_entity {
        let group: Vec<(usize, Pair)> = group
            .into_iter()
            .filter_map(|index| pairs.get(index).map(|pair| (index, *pair)))
            .collect();
        for (index, standing) in of_entity(several, suggest, &group, has_one(entity)) {
            if let Some(place) = standings.get_mut(index) {
                *place = standing;
            }
        }
    }
    one_entity_each(pairs, &mut standings);
    standings
}

/// One row of the table.
fn of_entity(
    several: bool,
    suggest: Suggest,
    group: &[(usize, Pair)],
    has_one: bool,
) -> Vec<(usize, Standing)> {
    let sure = |pair: &Pair| pair.first && pair.confidence >= 100;
    let best = group.iter().map(|(_, pair)| pair.confidence).max().unwrap_or(0);
    let n_best = group.iter().filter(|(_, pair)| pair.confidence == best).count();
    let any_sure = group.iter().any(|(_, pair)| sure(pair));
    let standing =
        |pair: &Pair| match (several, suggest, has_one) {
            (false, Suggest::Best, false) if pair.confidence == best => {
                if sure(pair) && n_best == 1 { Standing::Correlated } else { Standing::Suggested }
            }
            (false, Suggest::All, true) if pair.confidence >= 100 => Standing::Suggested,
            (true, _, _) if sure(pair) => Standing::Correlated,
            (true, Suggest::Best, false) if !any_sure && pair.confidence == best => {
                Standing::Suggested
            }
            (false, Suggest::All, false) | (true, Suggest::All, _) => Standing::Suggested,
            (_, Suggest::Best, _) | (false, Suggest::All, true) => Standing::Ignored,
        };
    group.iter().map(|(index, pair)| (*index, standing(pair))).collect()
}

/// A subject that fits several entities is put before a person.
fn one_entity_each(pairs: &[Pair], standings: &mut [Standing]) {
    let mut correlated: BTreeMap<usize, usize> = BTreeMap::new();
    for (pair, standing) in pairs.iter().zip(standings.iter()) {
        if *standing == Standing::Correlated {
            *correlated.entry(pair.subject).or_default() += 1;
        }
    }
    for (pair, standing) in pairs.iter().zip(standings) {
        if *standing == Standing::Correlated
            && correlated.get(&pair.subject).is_some_and(|n| *n > 1)
        {
            *standing = Standing::Suggested;
        }
    }
}

#[cfg(test)]
mod tests;
