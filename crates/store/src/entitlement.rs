//! Entitlements: what can be granted on a system, as last observed or wanted.

use muster_model::Text;

use crate::{
    Number, ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
};

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

row!(Entitlement { id, system_no, kind_no, name, native_id, native_name, present });

/// The columns of [`Entitlement`], in its order.
macro_rules! select_entitlement {
    ($rest:literal) => {
        concat!(
            "SELECT id, system_no, kind_no, name, native_id, native_name, present \
             FROM entitlement ",
            $rest
        )
    };
}

impl ReadTx {
    /// The entitlement with this id.
    pub async fn entitlement(
        &mut self,
        id: EntitlementId,
    ) -> Result<Option<Entitlement>, StoreError> {
        self.fetch_one(select_entitlement!("WHERE id = $1"), args![id]).await
    }

    /// Entitlements of a kind in id order, at most `limit`, after an id.
    pub async fn scan_entitlements(
        &mut self,
        kind_no: Number,
        after: Option<EntitlementId>,
        limit: usize,
    ) -> Result<Vec<Entitlement>, StoreError> {
        let sql = select_entitlement!("WHERE kind_no = $1 AND id > $2 ORDER BY id LIMIT $3");
        self.fetch_all(sql, args![kind_no, after.unwrap_or(EntitlementId(0)), limit]).await
    }

    /// The entitlements with these ids that are there.
    pub async fn entitlements(
        &mut self,
        ids: &[EntitlementId],
    ) -> Result<Vec<Entitlement>, StoreError> {
        let sql = select_entitlement!("WHERE id = $1");
        self.fetch_all_of_each(sql, ids, |id, args| bind!(args, *id)).await
    }

    /// For each name the entitlement of that kind, in the same order.
    pub async fn entitlements_by_name(
        &mut self,
        kind_no: Number,
        names: &[Text],
    ) -> Result<Vec<Option<Entitlement>>, StoreError> {
        let sql = select_entitlement!("WHERE kind_no = $1 AND name = $2");
        self.fetch_first_of_each(sql, names, |name, args| bind!(args, kind_no, name)).await
    }
}

impl Tx {
    /// Writes entitlements, new ones and replaced ones, by id. What is the same already is not written.
    pub async fn save_entitlements(
        &mut self,
        entitlements: &[Entitlement],
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO entitlement
                       (id, system_no, kind_no, name, native_id, native_name, present)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)
                   ON CONFLICT (id) DO UPDATE SET
                       system_no = excluded.system_no, kind_no = excluded.kind_no,
                       name = excluded.name, native_id = excluded.native_id,
                       native_name = excluded.native_name, present = excluded.present
                   WHERE (entitlement.system_no, entitlement.kind_no, entitlement.name,
                          entitlement.native_id, entitlement.native_name, entitlement.present)
                      <> (excluded.system_no, excluded.kind_no, excluded.name,
                          excluded.native_id, excluded.native_name, excluded.present)";
        self.execute_each(sql, entitlements, |entitlement, args| {
            let Entitlement { id, system_no, kind_no, name, native_id, native_name, present } =
                entitlement;
            bind!(args, *id, *system_no, *kind_no, name, native_id, native_name, *present);
        })
        .await
        .map(drop)
    }

    /// Removes entitlements.
    pub async fn delete_entitlements(
        &mut self,
        entitlements: &[EntitlementId],
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM entitlement WHERE id = $1";
        self.execute_each(sql, entitlements, |id, args| bind!(args, *id)).await.map(drop)
    }
}
