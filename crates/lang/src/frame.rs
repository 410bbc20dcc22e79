//! What one evaluation sees: the values of the variables, the entities behind links, the time and its zone.

use std::cell::{Cell, RefCell};

use jiff::{Timestamp, tz::TimeZone};
use muster_model::{EntityId, Row, Slot, SystemId, Text, TypeId, Value};

/// The values of one evaluation.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The variables in the order of the environment.
    pub bindings: &'a [Binding<'a>],
    /// Where links lead.
    pub world: &'a dyn World,
    /// The time, and the instants at which comparisons with it flip.
    pub clock: &'a Clock,
    /// The zone in which days start and end.
    pub timezone: &'a TimeZone,
}

impl std::fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame").field("bindings", &self.bindings).finish_non_exhaustive()
    }
}

/// The value of a variable.
#[derive(Debug, Clone, Copy)]
pub enum Binding<'a> {
    /// A plain value.
    Value(&'a Value),
    /// An entity.
    Row(&'a Row),
    /// A record's values by column number; columns beyond the end are `null`.
    Record(&'a [Value]),
    /// Nothing: reads as `null`.
    Absent,
}

/// Entities that links lead to. Computed attributes of these rows are already filled in.
pub trait World {
    /// The entity, if it is known.
    fn row(&self, id: EntityId) -> Option<&Row>;
    /// The entities whose link attribute `slot` of type `of` leads to `id`, in order of id.
    fn inverse(&self, id: EntityId, of: TypeId, slot: Slot) -> &[EntityId];
    /// The other entitlements of the same kind (by position in its system) that holding this one brings with it, through
    /// any number of nested groups. Only those that matter need be known.
    fn brings(&self, _system: SystemId, _kind: usize, _name: &Text) -> &[Text] {
        &[]
    }
}

/// A world without other entities.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmptyWorld;

impl World for EmptyWorld {
    fn row(&self, _id: EntityId) -> Option<&Row> {
        None
    }

    fn inverse(&self, _id: EntityId, _of: TypeId, _slot: Slot) -> &[EntityId] {
        &[]
    }
}

/// The time of an evaluation, and the nearest instants at which an evaluated comparison with it flips.
#[derive(Debug)]
pub struct Clock {
    /// The time.
    pub now: Timestamp,
    next: Cell<Option<Timestamp>>,
    last: Cell<Option<Timestamp>>,
    unread: RefCell<Option<Text>>,
}

impl Clock {
    /// A clock that has seen no comparison yet.
    pub fn new(now: Timestamp) -> Self {
        Self { now, next: Cell::new(None), last: Cell::new(None), unread: RefCell::default() }
    }

    /// The least instant after `now` at which a comparison seen so far flips.
    pub fn next_change(&self) -> Option<Timestamp> {
        self.next.get()
    }

    /// The greatest instant up to `now` at which a comparison seen so far flipped.
    pub fn last_change(&self) -> Option<Timestamp> {
        self.last.get()
    }

    /// Forgets the comparisons seen so far.
    pub fn forget(&self) {
        self.next.set(None);
        self.last.set(None);
    }

    /// Takes the first text that `date`, `datetime`, `int` or `float` could make nothing of since the last call.
    pub fn take_unread(&self) -> Option<Text> {
        self.unread.take()
    }

    /// Notes a text that a function could make nothing of.
    pub(crate) fn note_unread(&self, text: &Text) {
        self.unread.borrow_mut().get_or_insert_with(|| text.clone());
    }

    /// Notes that a comparison flips at `at`.
    pub fn note(&self, at: Timestamp) {
        if at > self.now {
            if self.next.get().is_none_or(|next| at < next) {
                self.next.set(Some(at));
            }
        } else if self.last.get().is_none_or(|last| at > last) {
            self.last.set(Some(at));
        }
    }
}
