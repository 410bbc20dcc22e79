//! Computed attributes and the lifecycle state of one entity.

use jiff::{Timestamp, tz::TimeZone};
use muster_lang::{Binding, Clock, Frame, World};
use muster_model::{Row, Slot, Text, Value};

use crate::{Evaluator, FactKind, Identity, LifecycleFact};

/// Flips that are looked at to find the end of a state.
const MAX_FLIPS: usize = 64;

/// The lifecycle state found for an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) state: Option<usize>,
    pub(crate) since: Timestamp,
    /// When the state ends by the passing of time.
    pub(crate) until: Option<Timestamp>,
}

impl Evaluator {
    /// Fills in what is computed and the lifecycle. Flips of comparisons are noted on `clock`.
    pub(crate) fn fill(
        &self,
        row: &mut Row,
        identity: &Identity<'_>,
        world: &dyn World,
        clock: &Clock,
    ) -> Found {
        let Some(behaviour) = self.model().types.get(row.type_id.index()) else {
            return Found { state: None, since: clock.now, until: None };
        };
        let (before, after) =
            behaviour.computed.split_at(behaviour.before_lifecycle.min(behaviour.computed.len()));
        let lifecycle_clock = Clock::new(clock.now);
        self.fill_computed(row, before, world, &lifecycle_clock);
        let found = self.lifecycle(row, identity, world, &lifecycle_clock);
        if let (Some(slot), Some(state)) = (self.lifecycle_slot(row.type_id), found.state) {
            row.set(slot, self.state_name(row.type_id, state).map_or(Value::Null, Value::Text));
        }
        [lifecycle_clock.next_change(), lifecycle_clock.last_change()]
            .into_iter()
            .flatten()
            .for_each(|at| clock.note(at));
        self.fill_computed(row, after, world, clock);
        found
    }

    /// The identity's attributes with everything computed filled in, without roles and accounts.
    pub fn complete(&self, identity: &Identity<'_>, world: &dyn World, now: Timestamp) -> Row {
        let mut row = identity.row.clone();
        self.fill(&mut row, identity, world, &Clock::new(now));
        row
    }

    fn fill_computed(
        &self,
        row: &mut Row,
        rules: &[(Slot, crate::Rule)],
        world: &dyn World,
        clock: &Clock,
    ) {
        let own_zone = self.timezone_slot(row);
        let mut timezone = self.timezone_of(row);
        for (slot, rule) in rules {
            let bindings = [Binding::Row(row)];
            let frame = Frame { bindings: &bindings, world, clock, timezone: &timezone };
            let value = rule.program.eval(&frame);
            row.set(*slot, value);
            if own_zone == Some(*slot) {
                timezone = self.timezone_of(row);
            }
        }
    }

    /// The first state whose condition holds, or the one that follows from the vanished record.
    fn lifecycle(
        &self,
        row: &Row,
        identity: &Identity<'_>,
        world: &dyn World,
        clock: &Clock,
    ) -> Found {
        let nothing = Found { state: None, since: clock.now, until: None };
        let Some(behaviour) = self.model().types.get(row.type_id.index()) else { return nothing };
        let ended = counting(identity.facts, clock, |kind| {
            !matches!(kind, FactKind::Suspended | FactKind::Used)
        });
        if let (Some(state), Some(since)) = (behaviour.terminated, ended) {
            // Who had left before is no leaver of today.
            let told_clock = Clock::new(clock.now);
            let told = self.told_lifecycle(row, identity, world, &told_clock);
            told_clock.next_change().into_iter().for_each(|at| clock.note(at));
            let since = if told.state == Some(state) { told.since.min(since) } else { since };
            return Found { state: Some(state), since, until: clock.next_change() };
        }
        self.told_lifecycle(row, identity, world, clock)
    }

    /// The state that sources and dates say, suspension included.
    fn told_lifecycle(
        &self,
        row: &Row,
        identity: &Identity<'_>,
        world: &dyn World,
        clock: &Clock,
    ) -> Found {
        let nothing = Found { state: None, since: clock.now, until: None };
        let Some(behaviour) = self.model().types.get(row.type_id.index()) else { return nothing };
        if let (Some(absent), Some(since)) = (behaviour.absent, identity.absent_since) {
            let at = since.saturating_add(absent.keep).unwrap_or(Timestamp::MAX);
            clock.note(at);
            if clock.now >= at {
                return Found { state: Some(absent.state), since: at, until: None };
            }
        }
        let bindings = [Binding::Row(row)];
        let timezone = self.timezone_of(row);
        let frame = Frame { bindings: &bindings, world, clock, timezone: &timezone };
        let is_suspended =
            counting(identity.facts, clock, |kind| kind == FactKind::Suspended).is_some();
        let state = behaviour.lifecycle.iter().enumerate().position(|(position, candidate)| {
            candidate.when.program.holds(&frame)
                || (is_suspended && behaviour.suspended == Some(position))
        });
        let since = state_since(state, identity.known_state, clock);
        Found { state, since, until: clock.next_change() }
    }

    /// When `state` ends by the passing of time: flips of comparisons that do not end it are passed over.
    pub(crate) fn end_of_state(
        &self,
        identity: &Identity<'_>,
        world: &dyn World,
        found: &Found,
    ) -> Option<Timestamp> {
        let mut until = found.until?;
        for _ in 0..MAX_FLIPS {
            let mut row = identity.row.clone();
            let then = self.fill(&mut row, identity, world, &Clock::new(until));
            if then.state != found.state {
                return Some(until);
            }
            until = then.until?;
        }
        None
    }

    /// The name of a lifecycle state.
    pub fn state_name(&self, type_id: muster_model::TypeId, state: usize) -> Option<Text> {
        Some(self.model().types.get(type_id.index())?.lifecycle.get(state)?.name.clone())
    }

    fn timezone_slot(&self, row: &Row) -> Option<Slot> {
        self.model().schema.get(row.type_id)?.timezone
    }

    /// The zone in which an entity's days start and end.
    pub fn timezone_of(&self, row: &Row) -> TimeZone {
        self.timezone_slot(row)
            .and_then(|slot| row.get(slot).as_text())
            .and_then(|name| TimeZone::get(name).ok())
            .unwrap_or_else(|| self.model().timezone.clone())
    }

    /// Computes one computed attribute or the lifecycle state of an entity that others link to.
    pub(crate) fn compute(
        &self,
        row: &Row,
        slot: Slot,
        (absent_since, facts): (Option<Timestamp>, &[LifecycleFact]),
        world: &dyn World,
        clock: &Clock,
    ) -> Value {
        if self.lifecycle_slot(row.type_id) == Some(slot) {
            let identity = Identity {
                row,
                assignments: &[],
                withheld: &[],
                facts,
                exceptions: &[],
                absent_since,
                known_state: None,
            };
            let found = self.lifecycle(row, &identity, world, clock);
            return found
                .state
                .and_then(|s| self.state_name(row.type_id, s))
                .map_or(Value::Null, Value::Text);
        }
        let timezone = self.timezone_of(row);
        let Some(behaviour) = self.model().types.get(row.type_id.index()) else {
            return Value::Null;
        };
        behaviour.computed.iter().find(|(computed, _)| *computed == slot).map_or(
            Value::Null,
            |(_, rule)| {
                rule.program.eval(&Frame {
                    bindings: &[Binding::Row(row)],
                    world,
                    clock,
                    timezone: &timezone,
                })
            },
        )
    }
}

/// Since when a fact of a kind counts, if one does. Beginnings and ends are noted on `clock`.
fn counting(
    facts: &[LifecycleFact],
    clock: &Clock,
    is_wanted: impl Fn(FactKind) -> bool,
) -> Option<Timestamp> {
    let wanted = facts.iter().filter(|fact| is_wanted(fact.kind));
    wanted
        .inspect(|fact| {
            clock.note(fact.from);
            fact.until.into_iter().for_each(|until| clock.note(until));
        })
        .filter(|fact| fact.holds(clock.now))
        .map(|fact| fact.from)
        .min()
}

/// Since when `state` holds: since the last comparison that flipped, unless that was before the former state began and so
/// cannot have ended it. Then facts decided, and the state began when it was first found.
fn state_since(
    state: Option<usize>,
    known: Option<(usize, Timestamp)>,
    clock: &Clock,
) -> Timestamp {
    let known = known.filter(|(_, since)| *since <= clock.now);
    match (clock.last_change(), known) {
        (flipped, Some((known, since))) if Some(known) == state => {
            flipped.map_or(since, |at| at.max(since))
        }
        (Some(at), Some((_, since))) if at <= since => clock.now,
        (Some(at), _) => at,
        (None, _) => clock.now,
    }
}
