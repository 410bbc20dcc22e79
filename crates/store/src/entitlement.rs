//! Entitlements: what can be granted on a system, as last observed or wanted.

use muster_model::Text;

use crate::{Number, ReadTx, StoreError, Tx};

/// An entitlement's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntitlementId(pub i64);

/// Something grantable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    /// Which one; from [`Tx::take_ids`].
    pub id: EntitlementId,
    /// The system's number.
    pub system_no: Number,
    /// The entitlement kind's number.
    pub kind_no: Number,
    /// The name in the model; unique within the kind.
    pub name: Text,
    /// The system's own id; empty while unknown.
    pub native_id: Text,
    /// The name on the system; empty while unknown.
    pub native_name: Text,
    /// Whether the last read saw it.
    pub present: bool,
}

impl ReadTx {
    /// The entitlement with this id.
    pub async fn entitlement(
        &mut self,
        id: EntitlementId,
    ) -> Result<Option<Entitlement>, StoreError> {
        todo!()
    }

    /// Entitlements of a kind in id order, at most `limit`, after an id.
    pub async fn scan_entitlements(
        &mut self,
        kind_no: Number,
        after: Option<EntitlementId>,
        limit: usize,
    ) -> Result<Vec<Entitlement>, StoreError> {
        todo!()
    }

    /// For each name the entitlement of that kind, in the same order.
    pub async fn entitlements_by_name(
        &mut self,
        kind_no: Number,
        names: &[Text],
    ) -> Result<Vec<Option<Entitlement>>, StoreError> {
        todo!()
    }
}

impl Tx {
    /// Writes entitlements, new ones and replaced ones, by id.
    pub async fn save_entitlements(
        &mut self,
        entitlements: &[Entitlement],
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Removes entitlements.
    pub async fn delete_entitlements(
        &mut self,
        entitlements: &[EntitlementId],
    ) -> Result<(), StoreError> {
        todo!()
    }
}
