//! The dictionary: each name of the model is stored once and stands everywhere as a number.

use muster_model::Text;

use crate::{Number, ReadTx, StoreError, Tx, words::words};

words! {
    /// What a name names.
    NameKind {
        /// An entity type; parent 0.
        EntityType = "entity type",
        /// An attribute; parent: its entity type.
        Attribute = "attribute",
        /// A lifecycle state; parent: its entity type.
        State = "state",
        /// A system; parent 0.
        System = "system",
        /// An account type; parent: its system.
        AccountType = "account type",
        /// An entitlement kind; parent: its system.
        EntitlementKind = "entitlement kind",
        /// A read; parent: its system.
        Read = "read",
        /// A column of a read or an attribute of an account type; parent: the read or the account type.
        Column = "column",
    }
}

/// A name and its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The number of what the name belongs to; 0 for none.
    pub parent: Number,
    /// The name as the model writes it.
    pub name: Text,
    /// Its number, unique within the kind, beginning at 1.
    pub number: Number,
}

impl ReadTx {
    /// Every name of a kind, by number.
    pub async fn names(&mut self, kind: NameKind) -> Result<Vec<Name>, StoreError> {
        todo!()
    }

    /// The number of a name, if it has one.
    pub async fn number(
        &mut self,
        kind: NameKind,
        parent: Number,
        name: &str,
    ) -> Result<Option<Number>, StoreError> {
        todo!()
    }
}

impl Tx {
    /// The numbers of `names` in the same order; a name without one gets the next.
    pub async fn numbers(
        &mut self,
        kind: NameKind,
        parent: Number,
        names: &[Text],
    ) -> Result<Vec<Number>, StoreError> {
        todo!()
    }
}
