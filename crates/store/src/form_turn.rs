//! Whose turn it is with a draft of a form.

use muster_model::{EntityId, Text};

use crate::{
    StoreError, Tx,
    statement::{Insert, args, bind, insert_into},
};

/// Somebody who may work on a draft.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FormTurn {
    /// On which one.
    pub draft: i64,
    /// The person; 0 for whoever has `role`.
    pub entity: EntityId,
    /// The role; empty for a person.
    pub role: Text,
}

const INSERT: Insert = insert_into!("form_turn", "draft", "entity", "role");

impl Tx {
    /// Says whose turn it is with a draft from now on: these and nobody else.
    pub async fn set_form_turns(
        &mut self,
        draft: i64,
        turns: &[FormTurn],
    ) -> Result<(), StoreError> {
        self.execute("DELETE FROM form_turn WHERE draft = $1", args![draft]).await?;
        self.insert_many(&INSERT, turns, |turn, args| {
            let FormTurn { draft, entity, role } = turn;
            bind!(args, *draft, *entity, role);
        })
        .await
    }
}
