//! Accounts as observed.

use muster_model::{AccountId, EntityId};
use muster_store::{
    Account, AccountCount, AccountMark, AccountOrigin, AccountStatus, EntitlementId, IdRange,
    StoreError,
};

use crate::support::*;

fn names(accounts: &[Account]) -> Vec<&str> {
    accounts.iter().map(|account| &*account.name).collect()
}

#[test]
fn an_account_is_disabled_since_it_was_first_seen_so() {
    let mut account = account(1, "ada");
    let mut seen = |enabled, seconds| {
        account.switch(enabled, at(seconds));
        (account.enabled, account.disabled_since)
    };
    assert_eq!(seen(Some(false), 1), (Some(false), Some(at(1))));
    assert_eq!(seen(Some(false), 2), (Some(false), Some(at(1))));
    assert_eq!(seen(Some(true), 3), (Some(true), None));
    assert_eq!(seen(Some(false), 4), (Some(false), Some(at(4))));
    assert_eq!(seen(None, 5), (None, None));
}

on_both! {
    async fn when_an_account_was_last_used_makes_no_plan_stale(store) {
        let before = read_from!(store, |tx| tx.facts_version());
        let uses = [(AccountId(1), at(10)), (AccountId(2), at(20))];
        write_to!(store, |tx| tx.note_account_uses(&uses));
        write_to!(store, |tx| tx.note_account_uses(&[(AccountId(1), at(30))]));
        let later = [(AccountId(1), at(30)), (AccountId(2), at(20))];
        assert_eq!(read_from!(store, |tx| tx.account_uses(None, 9)), later);
        assert_eq!(read_from!(store, |tx| tx.account_uses(Some(AccountId(1)), 9)), later[1..]);
        assert_eq!(read_from!(store, |tx| tx.account_uses_of(&[AccountId(2), AccountId(3)])), later[1..]);
        assert_eq!(read_from!(store, |tx| tx.facts_version()), before);
        write_to!(store, |tx| tx.delete_accounts(&[AccountId(1)], at(40)));
        assert_eq!(read_from!(store, |tx| tx.account_uses(None, 9)), later[1..]);
    }

    async fn an_account_comes_back_as_it_was_written(store) {
        let full = Account {
            enabled: None,
            grants: [3, 4, 1_000_000, i64::MAX].map(EntitlementId).to_vec(),
            origin: AccountOrigin::Made,
            status: AccountStatus::Undecided,
            confidence: 80,
            ..linked(1, "Ada", 5)
        };
        let mut unknown_id = Account { native_id: text(""), ..account(2, "bob") };
        unknown_id.switch(Some(false), at(3));
        write_to!(store, |tx| tx.insert_accounts(&[full.clone(), unknown_id.clone()]));
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.account(AccountId(1)).await.unwrap().as_ref(), Some(&full));
        let both = tx.accounts(&[AccountId(2), AccountId(3), AccountId(1)]).await.unwrap();
        assert_eq!(both, [unknown_id.clone(), full.clone()]);
        let by_name = tx.accounts_by_name(7, &texts(&["bob", "none", "ada"])).await.unwrap();
        assert_eq!(by_name, [unknown_id, full.clone()]);
        let by_id = tx.account_by_native_id(7, "native-Ada").await.unwrap();
        assert_eq!(by_id, Some(full.clone()));
        assert_eq!(tx.account_by_native_id(7, "").await.unwrap(), None);
        assert_eq!(tx.accounts_of(EntityId(5)).await.unwrap(), [full]);
    }

    async fn accounts_are_scanned_by_type_in_full_and_compact(store) {
        let mut all: Vec<Account> = (1..=4).map(|id| account(id, &format!("a{id}"))).collect();
        all.push(Account { type_no: 8, ..account(5, "a5") });
        write_to!(store, |tx| tx.insert_accounts(&all));
        let mut tx = store.read().await.unwrap();
        assert_eq!(names(&tx.scan_accounts(7, None, 3).await.unwrap()), ["a1", "a2", "a3"]);
        assert_eq!(names(&tx.scan_accounts(7, Some(AccountId(3)), 3).await.unwrap()), ["a4"]);
        let marks = tx.scan_account_marks(8, None, 3).await.unwrap();
        let expected = AccountMark {
            id: AccountId(5),
            native_id: text("native-a5"),
            name_key: text("a5"),
            entity: None,
            fingerprint: all[4].fingerprint,
        };
        assert_eq!(marks, [expected]);
    }

    async fn accounts_of_a_range_of_identities_come_in_their_order(store) {
        let all = [
            linked(1, "c", 3), linked(2, "a", 1), account(3, "x"), linked(4, "b", 2),
            linked(5, "a2", 1), linked(6, "d", 4),
        ];
        write_to!(store, |tx| tx.insert_accounts(&all));
        let range = IdRange { after: EntityId(0), to: EntityId(3) };
        let mut tx = store.read().await.unwrap();
        let page = tx.scan_accounts_of(range, None, 3).await.unwrap();
        assert_eq!(names(&page), ["a", "a2", "b"]);
        let after = Some((EntityId(2), AccountId(4)));
        assert_eq!(names(&tx.scan_accounts_of(range, after, 3).await.unwrap()), ["c"]);
        let after = Some((EntityId(1), AccountId(2)));
        assert_eq!(names(&tx.scan_accounts_of(range, after, 1).await.unwrap()), ["a2"]);
        let range = IdRange { after: EntityId(1), to: EntityId(2) };
        assert_eq!(names(&tx.scan_accounts_of(range, None, 9).await.unwrap()), ["b"]);
        let many = tx.accounts_of_many(&[EntityId(4), EntityId(9), EntityId(1)]).await.unwrap();
        assert_eq!(names(&many), ["d", "a", "a2"]);
        let system_no = many[0].system_no;
        let here = tx.accounts_on_system(system_no, &[EntityId(4), EntityId(1)]).await.unwrap();
        assert_eq!(names(&here), ["d", "a", "a2"]);
        assert_eq!(tx.accounts_on_system(system_no + 1, &[EntityId(4)]).await.unwrap(), []);
    }

    async fn accounts_change_and_go(store) {
        write_to!(store, |tx| tx.insert_accounts(&[account(1, "a"), account(2, "b")]));
        let changed = Account {
            enabled: Some(false), content: vec![], grants: vec![EntitlementId(4)],
            ..account(1, "renamed")
        };
        write_to!(store, |tx| tx.update_accounts(std::slice::from_ref(&changed)));
        write_to!(store, |tx| tx.delete_accounts(&[AccountId(2), AccountId(3)], at(2)));
        assert_eq!(read_from!(store, |tx| tx.scan_accounts(7, None, 9)), [changed]);
        let mut tx = store.begin().await.unwrap();
        let err = tx.update_accounts(&[account(2, "b")]).await.unwrap_err();
        assert!(matches!(err, StoreError::Missing { table: "account", .. }), "{err}");
    }

    async fn an_orphan_can_be_given_to_somebody_and_taken_back(store) {
        write_to!(store, |tx| tx.insert_accounts(&[account(1, "a"), account(2, "b")]));
        let link = (AccountId(1), Some(EntityId(9)), AccountStatus::Linked, 100);
        write_to!(store, |tx| tx.link_accounts(&[link], at(2)));
        let orphans = async || {
            read_from!(store, |tx| tx.unlinked_accounts(7, AccountStatus::Orphan, None, 9))
        };
        assert_eq!(names(&orphans().await), ["b"]);
        assert_eq!(read_from!(store, |tx| tx.accounts_of(EntityId(9))), [linked(1, "a", 9)]);
        let link = (AccountId(1), None, AccountStatus::Ignored, 0);
        write_to!(store, |tx| tx.link_accounts(&[link], at(2)));
        assert_eq!(names(&orphans().await), ["b"]);
        let ignored = AccountStatus::Ignored;
        let ignored = read_from!(store, |tx| tx.unlinked_accounts(7, ignored, None, 9));
        assert_eq!(names(&ignored), ["a"]);
    }

    async fn accounts_are_known_as_they_were(store) {
        let present = |account: &Account, seconds| Account { changed_at: at(seconds), ..account.clone() };
        let first = Account { created_at: at(10), ..account(1, "ada") };
        let renamed = present(&Account { name: text("ada2"), grants: vec![EntitlementId(4)], ..first.clone() }, 20);
        let disabled = present(&Account { enabled: Some(false), ..renamed.clone() }, 20);
        let other = Account { created_at: at(35), ..account(2, "bob") };
        write_to!(store, |tx| tx.insert_accounts(std::slice::from_ref(&first)));
        write_to!(store, |tx| tx.update_accounts(std::slice::from_ref(&renamed)));
        // The second change of one instant hides the first.
        write_to!(store, |tx| tx.update_accounts(std::slice::from_ref(&disabled)));
        let link = (AccountId(1), Some(EntityId(9)), AccountStatus::Linked, 100);
        write_to!(store, |tx| tx.link_accounts(&[link], at(30)));
        write_to!(store, |tx| tx.insert_accounts(std::slice::from_ref(&other)));
        write_to!(store, |tx| tx.delete_accounts(&[AccountId(1)], at(40)));
        let mut tx = store.read().await.unwrap();
        let owned = Account { entity: Some(EntityId(9)), status: AccountStatus::Linked, confidence: 100, ..disabled.clone() };
        for (seconds, expected) in [
            (9, vec![]), (10, vec![&first]), (19, vec![&first]), (20, vec![&disabled]), (29, vec![&disabled]),
            (30, vec![&owned]), (35, vec![&owned, &other]), (40, vec![&other]), (99, vec![&other]),
        ] {
            let then = tx.scan_accounts_as_of(7, at(seconds), None, 9).await.unwrap();
            assert_eq!(then.iter().collect::<Vec<_>>(), expected, "at {seconds}");
            let own = expected.iter().filter(|account| account.entity == Some(EntityId(9)));
            let found = tx.accounts_of_as_of(EntityId(9), at(seconds)).await.unwrap();
            assert_eq!(found.iter().collect::<Vec<_>>(), own.copied().collect::<Vec<_>>());
            let one = tx.account_as_of(AccountId(1), at(seconds)).await.unwrap();
            assert_eq!(one.as_ref(), expected.iter().find(|account| account.id.0 == 1).copied());
        }
        let page = tx.scan_accounts_as_of(7, at(35), None, 1).await.unwrap();
        assert_eq!(names(&page), ["ada2"]);
        assert_eq!(names(&tx.scan_accounts_as_of(7, at(35), Some(AccountId(1)), 9).await.unwrap()), ["bob"]);
    }

    async fn accounts_are_counted_by_sort(store) {
        let off = Account { enabled: Some(false), ..linked(3, "c", 3) };
        let unknown = Account { enabled: None, ..linked(4, "d", 4) };
        let all = [linked(1, "a", 1), linked(2, "b", 2), off, unknown, account(5, "e")];
        write_to!(store, |tx| tx.insert_accounts(&all));
        let count = |enabled, status, n| AccountCount { system_no: 2, type_no: 7, enabled, status, n };
        let expected = [
            count(None, AccountStatus::Linked, 1),
            count(Some(false), AccountStatus::Linked, 1),
            count(Some(true), AccountStatus::Linked, 2),
            count(Some(true), AccountStatus::Orphan, 1),
        ];
        assert_eq!(read_from!(store, |tx| tx.count_accounts()), expected);
    }

    async fn a_native_id_is_there_once_but_an_unknown_one_is_not_counted(store) {
        let unknown = |id, name| Account { native_id: text(""), ..account(id, name) };
        write_to!(store, |tx| tx.insert_accounts(&[unknown(1, "a"), unknown(2, "b"), account(3, "c")]));
        let mut tx = store.begin().await.unwrap();
        let err = tx.insert_accounts(&[account(4, "c")]).await.unwrap_err();
        assert!(matches!(err, StoreError::Exists { .. }), "{err}");
    }
}
