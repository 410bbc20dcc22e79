//! The journal: a chain that shows where it was broken.

use muster_store::{BrokenAt, Entry, JournalEntry, JournalFilter, Seal, Store, Summary, verify};

use crate::support::*;

/// Appends three entries and gives them back.
macro_rules! three_entries {
    ($store:expr) => {{
        let full = Entry {
            on_behalf_of: Some(text("bob")),
            correlation: Some(text("c-1")),
            at: at(10),
            ..entry("eve", "plan.apply", "plan 7")
        };
        for entry in [entry("ada", "assign", "person E1"), full, entry("ada", "sync", "system hr")]
        {
            write_to!($store, |tx| tx.append_journal(&entry));
        }
        read_from!($store, |tx| tx.scan_journal(None, 9))
    }};
}

on_both! {
    async fn entries_form_a_chain(store) {
        let entries = three_entries!(store);
        assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<i64>>(), [1, 2, 3]);
        assert_eq!(entries[0].prev_hash, [0; 32]);
        assert_eq!(entries[2].prev_hash, entries[1].hash);
        let whole = Summary {
            n_entries: 3, first_seq: Some(1), last_seq: Some(3), last_hash: entries[2].hash,
        };
        assert_eq!(verify(&entries), Ok(whole));
        assert_eq!(read_from!(store, |tx| tx.scan_journal(Some(1), 1)), entries[1..2]);
        assert_eq!(verify(&entries[1..]).unwrap().n_entries, 2, "a part of a chain is whole too");
    }

    async fn an_erased_entry_says_nothing_and_the_chain_is_whole(store) {
        let before = three_entries!(store);
        assert_eq!(write_to!(store, |tx| tx.erase_journal(&[2, 9])), 1);
        let entries = read_from!(store, |tx| tx.scan_journal(None, 9));
        let erased = &entries[1];
        assert_eq!((&*erased.entry.subject, &*erased.entry.detail), ("erased", "{}"));
        assert_eq!(erased.entry.on_behalf_of, None);
        assert!(matches!(erased.seal, Seal::Erased(_)));
        assert_eq!((&erased.entry.actor, erased.hash), (&before[1].entry.actor, before[1].hash));
        assert_eq!(verify(&entries).unwrap().n_entries, 3);
        let mut forged = entries.clone();
        forged[1].entry.detail = text("{\"role\":\"admin\"}");
        assert_eq!(verify(&forged).unwrap_err(), BrokenAt::Content(2), "nothing can be put in its place");
        let mut forged = entries.clone();
        forged[1].entry.actor = text("somebody else");
        assert_eq!(verify(&forged).unwrap_err(), BrokenAt::Content(2));
        let salts: Vec<&Seal> = entries.iter().map(|entry| &entry.seal).collect();
        assert!(salts[0] != salts[2], "each has a salt of its own");
    }

    async fn the_journal_is_searched_by_each_field_and_by_several(store) {
        three_entries!(store);
        let search = async |filter: JournalFilter, before, limit| {
            let found = read_from!(store, |tx| tx.search_journal(&filter, before, limit));
            found.iter().map(|entry| entry.seq).collect::<Vec<i64>>()
        };
        let any = JournalFilter::default;
        let ada = || JournalFilter { actor: Some(text("ada")), ..any() };
        assert_eq!(search(any(), None, 2).await, [3, 2]);
        assert_eq!(search(any(), Some(2), 2).await, [1]);
        assert_eq!(search(ada(), None, 9).await, [3, 1]);
        assert_eq!(search(JournalFilter { action: Some(text("sync")), ..ada() }, None, 9).await, [3]);
        assert_eq!(search(JournalFilter { action: Some(text("sync")), ..any() }, None, 9).await, [3]);
        let plan = JournalFilter { subject: Some(text("plan 7")), ..any() };
        assert_eq!(search(plan, None, 9).await, [2]);
        let together = JournalFilter { correlation: Some(text("c-1")), ..any() };
        assert_eq!(search(together, None, 9).await, [2]);
        assert_eq!(search(JournalFilter { from: Some(at(1)), ..any() }, None, 9).await, [2]);
        assert_eq!(search(JournalFilter { until: Some(at(10)), ..any() }, None, 9).await, [3, 1]);
    }

    async fn writers_at_once_leave_one_whole_chain(store) {
        let tasks: Vec<_> = (0..4)
            .map(|writer| {
                let store = Store::clone(store);
                tokio::spawn(async move {
                    for n in 0..5 {
                        let entry = entry(&format!("w{writer}"), "a", &format!("{n}"));
                        write_to!(store, |tx| tx.append_journal(&entry));
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let entries = read_from!(store, |tx| tx.scan_journal(None, 99));
        assert_eq!(verify(&entries).unwrap().n_entries, 20);
    }

    async fn an_entry_that_is_rolled_back_leaves_no_gap(store) {
        let mut tx = store.begin().await.unwrap();
        tx.append_journal(&entry("ada", "a", "b")).await.unwrap();
        drop(tx);
        assert_eq!(write_to!(store, |tx| tx.append_journal(&entry("ada", "a", "b"))), 1);
    }

    async fn every_change_of_an_export_is_found(store) {
        let entries = three_entries!(store);
        let broken = |change: &dyn Fn(&mut Vec<JournalEntry>)| {
            let mut entries = entries.clone();
            change(&mut entries);
            verify(&entries).unwrap_err()
        };
        assert_eq!(broken(&|e| e[1].entry.actor = text("ada")), BrokenAt::Content(2));
        assert_eq!(broken(&|e| e[1].entry.on_behalf_of = None), BrokenAt::Content(2));
        assert_eq!(broken(&|e| e[2].entry.at = at(99)), BrokenAt::Content(3));
        assert_eq!(broken(&|e| { e.remove(1); }), BrokenAt::Gap { expected: 2, found: 3 });
        assert_eq!(broken(&|e| e.swap(1, 2)), BrokenAt::Gap { expected: 2, found: 3 });
        assert_eq!(broken(&|e| e[0].prev_hash = [1; 32]), BrokenAt::Chain(1));
        let rehashed = |e: &mut Vec<JournalEntry>| {
            e[1].entry.subject = text("plan 8");
            e[1].hash = e[1].expected_hash();
        };
        assert_eq!(broken(&rehashed), BrokenAt::Chain(3), "hashing anew breaks the next link");
        assert_eq!(
            BrokenAt::Content(2).to_string(),
            "entry 2 was changed after it was written"
        );
    }
}

/// The form of entries of before there were seals is never changed.
#[test]
fn an_entry_without_a_seal_has_the_hash_that_it_always_had() {
    let plain = JournalEntry {
        seq: 1,
        entry: Entry { at: at(10), ..entry("eve", "plan.apply", "plan 7") },
        seal: Seal::Plain,
        prev_hash: [0; 32],
        hash: [0; 32],
    };
    let hash = muster_store::entry_hash(1, &plain.entry, &[0; 32]);
    assert_eq!(plain.expected_hash(), hash);
    let whole = JournalEntry { hash, ..plain };
    assert_eq!(verify([&whole]).unwrap().n_entries, 1);
}

#[test]
fn text_cannot_move_from_one_field_to_the_next() {
    let one = entry("ada", "b", "c");
    let other = entry("adab", "", "c");
    let hash = |entry: &Entry| muster_store::entry_hash(1, entry, &[0; 32]);
    assert_ne!(hash(&one), hash(&other));
    let none = Entry { correlation: None, ..one.clone() };
    let empty = Entry { correlation: Some(text("")), ..one };
    assert_ne!(hash(&none), hash(&empty));
}
