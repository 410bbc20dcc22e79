//! How somebody came to the roles they hold, since when and until when, as far as that was recorded.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_app::{Error, IdentityFacts, Opened};
use muster_model::{AssignmentId, EntityId, Text};
use muster_policy::{Evaluation, Via};
use muster_store::{Assignment, HeldRole, ReadTx};

use crate::Cell;

/// What was recorded of the roles of some people.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    assignments: BTreeMap<AssignmentId, Assignment>,
    /// Since when roles are held that something waits for.
    watched: BTreeMap<(EntityId, Text), Timestamp>,
}

/// A role that is held.
#[derive(Debug, Clone)]
pub(crate) struct Holding {
    /// By position.
    pub(crate) role: usize,
    /// `rule`, `assigned`, `included`.
    pub(crate) how: &'static str,
    /// The same, for people.
    pub(crate) why: Cell,
    pub(crate) reason: Text,
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    /// Who assigned it, and where that came from.
    pub(crate) given: Option<(Text, Text)>,
}

impl Recorded {
    /// What is recorded of these people now.
    pub(crate) async fn load(
        tx: &mut ReadTx,
        ids: &[EntityId],
        now: Timestamp,
    ) -> Result<Self, Error> {
        let watched = tx.held_roles_of_many(ids).await?;
        let watched = watched
            .into_iter()
            .map(|HeldRole { entity, role, how: _, since }| ((entity, role), since));
        let watched = watched.collect();
        Ok(Self { watched, ..Self::of(tx.assignments_of_many(ids, now).await?) })
    }

    /// What these assignments say.
    pub(crate) fn of(assignments: Vec<Assignment>) -> Self {
        let assignments = assignments.into_iter().map(|of| (of.id, of)).collect();
        Self { assignments, watched: BTreeMap::new() }
    }

    /// Each role that somebody holds, in the order of the model.
    pub(crate) fn holdings(
        &self,
        opened: &Opened,
        facts: &IdentityFacts,
        evaluation: &Evaluation,
    ) -> Vec<Holding> {
        let own =
            evaluation.roles.iter().map(|held| self.holding(opened, facts, held.role, held.via));
        let mut held: BTreeMap<usize, Holding> = own.map(|of| (of.role, of)).collect();
        // What another role brings is held for as long as that one.
        for one in &evaluation.roles {
            let (mut via, mut steps) = (one.via, 0);
            let mut root = None;
            while let Via::Included(by) = via {
                steps += 1;
                let next = evaluation.roles.iter().find(|held| held.role == by);
                let Some(next) = next.filter(|_| steps <= evaluation.roles.len()) else { break };
                (root, via) = (Some(by), next.via);
            }
            let Some(from) = root.and_then(|root| held.get(&root)).cloned() else { continue };
            if let Some(held) = held.get_mut(&one.role) {
                (held.since, held.until, held.given) = (from.since, from.until, from.given);
                held.reason = from.reason;
            }
        }
        held.into_values().collect()
    }

    fn holding(&self, opened: &Opened, facts: &IdentityFacts, role: usize, via: Via) -> Holding {
        let name = |role: usize| opened.model.roles.get(role).map(|of| of.name.clone());
        let mut holding = Holding {
            role,
            how: "rule",
            why: Cell::word("its rule"),
            reason: "".into(),
            since: None,
            until: None,
            given: None,
        };
        match via {
            Via::Rule => {
                let key = name(role).map(|name| (facts.row.id, name));
                holding.since = key.and_then(|key| self.watched.get(&key).copied());
            }
            Via::Included(by) => {
                holding.how = "included";
                let by = name(by).unwrap_or_else(|| "?".into());
                holding.why = Cell::said("included in `{}`", [Cell::Text(by)]);
            }
            Via::Assigned(at) => {
                holding.how = "assigned";
                let Some(known) = facts.assignments.get(at) else { return holding };
                let by = [Cell::Text(known.by.clone()), Cell::Text(known.reason.clone())];
                holding.why = Cell::said("assigned by {}: {}", by);
                holding.reason = known.reason.clone();
                holding.until = known.until;
                let stored = self.assignments.get(&known.id);
                holding.since = known.from.or(stored.map(|of| of.created_at));
                holding.given = stored.map(|of| (of.created_by.clone(), of.origin.clone()));
            }
        }
        holding
    }
}
