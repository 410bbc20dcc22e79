//! How much harm an identity could do with what it holds, as a number that can be explained.

use crate::{Evaluation, Evaluator, Via};

/// What is safe of a person who holds nothing, in millionths.
const WHOLE: u64 = 1_000_000;

/// The risk of one identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    /// From 0 to 100.
    pub score: u8,
    /// What it comes from, the greatest first; of equals roles first, then by position.
    pub parts: Vec<RiskPart>,
}

/// One thing that adds to a risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RiskPart {
    /// What.
    pub source: RiskSource,
    /// How much by itself, from 1 to 100.
    pub risk: u8,
}

/// What adds to a risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RiskSource {
    /// A role by position; what it includes counts with it.
    Role(usize),
    /// A conflict by position.
    Conflict(usize),
    /// A conflict by position that an exception allows; it counts half.
    Excepted(usize),
}

impl Evaluator {
    /// How much harm the identity of this evaluation could do.
    ///
    /// Each part takes its share of what the ones before left safe: parts of 50 and 20 come to 60, since 50 of 100 are left
    /// safe, and of these 40. More can only raise it, and it never passes 100.
    pub fn risk(&self, evaluation: &Evaluation) -> Risk {
        let mut parts = self.role_parts(evaluation);
        for found in &evaluation.conflicts {
            let Some(conflict) = self.model().conflicts.get(found.conflict) else { continue };
            parts.push(if evaluation.is_excepted(found.conflict) {
                let risk = conflict.risk.div_ceil(2);
                RiskPart { source: RiskSource::Excepted(found.conflict), risk }
            } else {
                RiskPart { source: RiskSource::Conflict(found.conflict), risk: conflict.risk }
            });
        }
        parts.retain(|part| part.risk > 0);
        parts.sort_by_key(|part| (std::cmp::Reverse(part.risk), part.source));
        let safe = parts
            .iter()
            .fold(WHOLE, |safe, part| safe * 100_u64.saturating_sub(part.risk.into()) / 100);
        let percent = (WHOLE - safe).div_ceil(WHOLE / 100);
        Risk { score: u8::try_from(percent).unwrap_or(100).min(100), parts }
    }

    /// The roles that were not brought by another one, each with the greatest risk of what it includes.
    fn role_parts(&self, evaluation: &Evaluation) -> Vec<RiskPart> {
        let Some(plan) = self.plan_of(evaluation.row.type_id) else { return Vec::new() };
        let own = |role: usize| self.model().roles.get(role).and_then(|role| role.risk);
        let direct = evaluation.roles.iter().filter(|held| !matches!(held.via, Via::Included(_)));
        let parts = direct.map(|held| {
            let all = plan.closure.get(held.role).map_or(&[][..], Vec::as_slice);
            let risk = all.iter().filter_map(|role| own(*role)).max().unwrap_or(0);
            RiskPart { source: RiskSource::Role(held.role), risk }
        });
        parts.collect()
    }
}
