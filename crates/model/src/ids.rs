//! Typed ids: an entity's id cannot be passed where an account's is meant.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// An entity in the repository; dense, handed out in order of creation, never reused.
    EntityId(i64)
);
id!(
    /// An account on a target, whether it belongs to somebody yet or not.
    AccountId(i64)
);
id!(
    /// A direct assignment of a role to an identity.
    AssignmentId(i64)
);
id!(
    /// A saved plan; shown to people as a short hexadecimal name.
    PlanId(i64)
);
id!(
    /// A difference that somebody made outside, on one item of an account.
    DriftId(i64)
);
id!(
    /// An entity type of the current model, by its position in the schema.
    TypeId(u16)
);
id!(
    /// An attribute of an entity type, by its position in the type.
    Slot(u16)
);
id!(
    /// A system of the current model, by its position.
    SystemId(u16)
);

impl TypeId {
    /// The position as an index.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl Slot {
    /// The position as an index.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl SystemId {
    /// The position as an index.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}
