//! What is said of exceptions from conflicts, which are assignments.

use muster_model::{AssignmentId, EntityId, Text};

use crate::{
    ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
};

/// What is said of an exception from a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionTerms {
    /// The assignment that it is.
    pub assignment: AssignmentId,
    /// What keeps the harm small meanwhile.
    pub mitigation: Text,
    /// Who answers for it.
    pub owner: EntityId,
}

row!(ExceptionTerms { assignment, mitigation, owner });

impl ReadTx {
    /// What is said of these exceptions, in their order.
    pub async fn exception_terms(
        &mut self,
        assignments: &[AssignmentId],
    ) -> Result<Vec<ExceptionTerms>, StoreError> {
        let sql =
            "SELECT assignment, mitigation, owner FROM conflict_exception WHERE assignment = $1";
        self.fetch_all_of_each(sql, assignments, |id, args| bind!(args, *id)).await
    }
}

impl Tx {
    /// Writes what is said of a new exception.
    pub async fn insert_exception_terms(
        &mut self,
        terms: &ExceptionTerms,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO conflict_exception (assignment, mitigation, owner)
                   VALUES ($1, $2, $3)";
        self.execute(sql, args![terms.assignment, &terms.mitigation, terms.owner]).await.map(drop)
    }
}
