//! Computed attributes and the lifecycle state of one entity.

use jiff::{Timestamp, tz::TimeZone};
use muster_lang::{Binding, Clock, Frame, World};
use muster_model::{AttributeKind, Row, Slot, Text, Value};

use crate::{Evaluator, Identity, TypeModel};

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
        let timezone = self.timezone_of(row);
        let (before, after) =
            behaviour.computed.split_at(behaviour.before_lifecycle.min(behaviour.computed.len()));
        let lifecycle_clock = Clock::new(clock.now);
        self.fill_computed(row, before, world, &lifecycle_clock, &timezone);
        let found = self.lifecycle(behaviour, row, identity, world, &lifecycle_clock, &timezone);
        if let (Some(slot), Some(state)) = (self.lifecycle_slot(row.type_id), found.state) {
            row.set(slot, self.state_name(row.type_id, state).map_or(Value::Null, Value::Text));
        }
        [lifecycle_clock.next_change(), lifecycle_clock.last_change()]
            .into_iter()
            .flatten()
            .for_each(|at| clock.note(at));
        self.fill_computed(row, after, world, clock, &timezone);
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
        timezone: &TimeZone,
    ) {
        for (slot, rule) in rules {
            let value = rule.program.eval(&Frame {
                bindings: &[Binding::Row(row)],
                world,
                clock,
                timezone,
            });
            row.set(*slot, value);
        }
    }

    fn lifecycle(
        &self,
        behaviour: &TypeModel,
        row: &Row,
        identity: &Identity<'_>,
        world: &dyn World,
        clock: &Clock,
        timezone: &TimeZone,
    ) -> Found {
        let mut state = None;
        if let (Some(absent), Some(since)) = (behaviour.absent, identity.absent_since) {
            let at = since.saturating_add(absent.keep).unwrap_or(Timestamp::MAX);
            clock.note(at);
            if clock.now >= at {
                return Found { state: Some(absent.state), since: at, until: None };
            }
        }
        let bindings = [Binding::Row(row)];
        let frame = Frame { bindings: &bindings, world, clock, timezone };
        for (position, candidate) in behaviour.lifecycle.iter().enumerate() {
            if candidate.when.program.holds(&frame) {
                state = Some(position);
                break;
            }
        }
        let since = match (clock.last_change(), identity.known_state) {
            (Some(at), _) => at,
            (None, Some((known, since))) if Some(known) == state => since,
            (None, _) => clock.now,
        };
        Found { state, since, until: clock.next_change() }
    }

    /// The name of a lifecycle state.
    pub fn state_name(&self, type_id: muster_model::TypeId, state: usize) -> Option<Text> {
        Some(self.model().types.get(type_id.index())?.lifecycle.get(state)?.name.clone())
    }

    /// The zone in which an entity's days start and end.
    pub(crate) fn timezone_of(&self, row: &Row) -> TimeZone {
        let own = self.model().schema.get(row.type_id).and_then(|entity_type| entity_type.timezone);
        own.and_then(|slot| row.get(slot).as_text())
            .and_then(|name| TimeZone::get(name).ok())
            .unwrap_or_else(|| self.model().timezone.clone())
    }

    /// Computes one computed attribute or the lifecycle state of an entity that others link to.
    pub(crate) fn compute(
        &self,
        row: &Row,
        slot: Slot,
        absent_since: Option<Timestamp>,
        world: &dyn World,
        clock: &Clock,
    ) -> Value {
        let timezone = self.timezone_of(row);
        let Some(behaviour) = self.model().types.get(row.type_id.index()) else {
            return Value::Null;
        };
        if self
            .model()
            .schema
            .attribute(row.type_id, slot)
            .is_some_and(|a| a.kind == AttributeKind::Lifecycle)
        {
            let identity = Identity { row, assignments: &[], absent_since, known_state: None };
            let found = self.lifecycle(behaviour, row, &identity, world, clock, &timezone);
            return found
                .state
                .and_then(|s| self.state_name(row.type_id, s))
                .map_or(Value::Null, Value::Text);
        }
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
