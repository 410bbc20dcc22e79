//! Entitlements of systems.

use muster_store::{Entitlement, EntitlementId};

use crate::support::*;

fn group(id: i64, name: &str) -> Entitlement {
    Entitlement {
        id: EntitlementId(id),
        system_no: 2,
        kind_no: 3,
        name: text(name),
        native_id: text(""),
        native_name: text(&format!("cn={name}")),
        present: false,
    }
}

on_both! {
    async fn entitlements_are_saved_new_and_changed(store) {
        write_to!(store, |tx| tx.save_entitlements(&[group(1, "sales"), group(2, "staff")]));
        let seen = Entitlement { present: true, native_id: text("u-1"), ..group(1, "sales") };
        write_to!(store, |tx| tx.save_entitlements(&[seen.clone(), group(3, "x")]));
        let before = store.writes();
        write_to!(store, |tx| tx.save_entitlements(std::slice::from_ref(&seen)));
        assert_eq!(store.writes(), before, "nothing new, nothing written");
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.entitlement(EntitlementId(1)).await.unwrap().as_ref(), Some(&seen));
        let found = tx.entitlements_by_name(3, &texts(&["staff", "none", "sales"])).await.unwrap();
        assert_eq!(found, [Some(group(2, "staff")), None, Some(seen.clone())]);
        assert_eq!(tx.scan_entitlements(3, None, 2).await.unwrap(), [seen, group(2, "staff")]);
        let rest = tx.scan_entitlements(3, Some(EntitlementId(2)), 2).await.unwrap();
        assert_eq!(rest, [group(3, "x")]);
        drop(tx);
        write_to!(store, |tx| tx.delete_entitlements(&[EntitlementId(1)]));
        assert_eq!(read_from!(store, |tx| tx.entitlement(EntitlementId(1))), None);
    }
}
