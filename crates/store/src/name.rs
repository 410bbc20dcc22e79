//! The dictionary: each name of the model is stored once and stands everywhere as a number.

use std::collections::BTreeSet;

use muster_model::Text;

use crate::{
    Number, ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
    words::words,
};

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

row!(Name { parent, name, number });

impl ReadTx {
    /// Every name of a kind, by number.
    pub async fn names(&mut self, kind: NameKind) -> Result<Vec<Name>, StoreError> {
        let sql = "SELECT parent, name, number FROM dictionary WHERE kind = $1 ORDER BY number";
        self.fetch_all(sql, args![kind]).await
    }

    /// The number of a name, if it has one.
    pub async fn number(
        &mut self,
        kind: NameKind,
        parent: Number,
        name: &str,
    ) -> Result<Option<Number>, StoreError> {
        let sql = "SELECT number FROM dictionary WHERE kind = $1 AND parent = $2 AND name = $3";
        self.fetch_one(sql, args![kind, parent, name]).await
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
        let find = "SELECT number FROM dictionary WHERE kind = $1 AND parent = $2 AND name = $3";
        let known: Vec<Option<Number>> = self
            .fetch_first_of_each(find, names, |name, args| bind!(args, kind, parent, name))
            .await?;
        let mut missing: Vec<&Text> =
            names.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(n, _)| n).collect();
        if missing.is_empty() {
            return Ok(known.into_iter().flatten().collect());
        }
        let mut seen = BTreeSet::new();
        missing.retain(|name| seen.insert(*name));
        let first = self.take_from(&format!("number of {kind}"), missing.len()).await?;
        let numbered: Vec<(&Text, Number)> = missing.into_iter().zip(first..).collect();
        // Somebody else may have been faster; theirs is the number then.
        let insert = "INSERT INTO dictionary (kind, parent, name, number) VALUES ($1, $2, $3, $4)
                      ON CONFLICT (kind, parent, name) DO NOTHING";
        self.execute_each(insert, &numbered, |(name, number), args| {
            bind!(args, kind, parent, *name, *number);
        })
        .await?;
        let all: Vec<Option<Number>> = self
            .fetch_first_of_each(find, names, |name, args| bind!(args, kind, parent, name))
            .await?;
        Ok(all.into_iter().flatten().collect())
    }
}
