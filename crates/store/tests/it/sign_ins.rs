//! Passwords, tries, sessions and the log of sign-ins.

use muster_model::EntityId;
use muster_store::{Lockout, Password, ReadTx, Session, SignIn, SignInFilter, StoreError, Tx};

use crate::support::*;

const ADA: EntityId = EntityId(1);

fn password(hash: &str, set_at: i64) -> Password {
    Password { entity: ADA, hash: text(hash), set_at: at(set_at) }
}

fn session(id: i64, entity: i64) -> Session {
    Session {
        id,
        hash: vec![u8::try_from(id).unwrap(); 32],
        entity: EntityId(entity),
        opened_at: at(0),
        proved_at: at(0),
        seen_at: at(0),
        ends_at: at(100),
        methods: text("pwd"),
        network: text("192.0.2.1"),
        device: text("Firefox"),
        ended_at: None,
    }
}

fn sign_in(seconds: i64, entity: Option<i64>, outcome: &str) -> SignIn {
    SignIn {
        seq: 0,
        at: at(seconds),
        entity: entity.map(EntityId),
        door: text("web"),
        outcome: text(outcome),
        reason: text("password"),
        methods: text(""),
        network: text("192.0.2.1"),
        device: text("Firefox"),
        correlation: None,
        browser: None,
    }
}

pub(crate) async fn tour(tx: &mut Tx) -> Result<(), StoreError> {
    tx.save_password(&password("a", 0)).await?;
    tx.rehash_password(ADA, "a", "b").await?;
    tx.delete_password(ADA).await?;
    let lockout = tx.begin_try("entity 1", at(0)).await?;
    tx.save_lockout(&lockout).await?;
    tx.forget_lockout("entity 1").await?;
    tx.forget_lockouts(at(0), 9).await?;
    tx.begin_spending("192.0.2.1", at(0)).await?;
    tx.save_spent("192.0.2.1", at(1)).await?;
    tx.give_back("192.0.2.1", 1).await?;
    tx.forget_budgets(at(0), 9).await?;
    tx.insert_session(&session(1, 1)).await?;
    tx.rotate_session(&[1; 32], &[2; 32], at(1), "pwd otp").await?;
    tx.touch_session(1, at(2)).await?;
    tx.end_session(1, at(3)).await?;
    tx.end_sessions(ADA, None, at(3)).await?;
    tx.forget_sessions(at(0), 9).await?;
    tx.append_sign_in(&sign_in(0, Some(1), "allowed")).await?;
    tx.forget_sign_ins(at(0), 9).await.map(drop)
}

pub(crate) async fn read_tour(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.password(ADA).await?;
    tx.former_passwords(ADA, 5).await?;
    tx.lockout("entity 1").await?;
    tx.names_tried_since(at(0), 9).await?;
    tx.spent_until_of("192.0.2.1").await?;
    tx.session(&[1; 32]).await?;
    tx.session_numbered(1).await?;
    tx.sessions_of(ADA).await?;
    tx.sessions(None, 9).await?;
    tx.sign_ins(&SignInFilter::default(), None, 9).await?;
    let filter = SignInFilter { entity: Some(ADA), ..SignInFilter::default() };
    tx.sign_ins(&filter, None, 9).await.map(drop)
}

on_both! {
    async fn a_replaced_password_is_remembered_and_a_hash_made_anew_is_not(store) {
        write_to!(store, |tx| tx.save_password(&password("first", 0)));
        write_to!(store, |tx| tx.save_password(&password("second", 10)));
        assert!(write_to!(store, |tx| tx.rehash_password(ADA, "second", "second, better")));
        assert!(!write_to!(store, |tx| tx.rehash_password(ADA, "second", "third")));
        write_to!(store, |tx| tx.save_password(&password("last", 20)));
        assert_eq!(read_from!(store, |tx| tx.password(ADA)), Some(password("last", 20)));
        let former = read_from!(store, |tx| tx.former_passwords(ADA, 9));
        assert_eq!(former, texts(&["second, better", "first"]));
        assert!(write_to!(store, |tx| tx.delete_password(ADA)));
        assert_eq!(read_from!(store, |tx| tx.password(ADA)), None);
    }

    async fn tries_are_counted_one_after_the_other(store) {
        let first = write_to!(store, |tx| tx.begin_try("a", at(0)));
        assert_eq!((first.tries, first.cycles, first.locked_until), (0, 0, None));
        let counted = Lockout { tries: 3, cycles: 1, locked_until: Some(at(60)), ..first };
        write_to!(store, |tx| tx.save_lockout(&counted));
        assert_eq!(write_to!(store, |tx| tx.begin_try("a", at(5))), counted);
        assert_eq!(read_from!(store, |tx| tx.lockout("a")), Some(counted));
        assert!(write_to!(store, |tx| tx.forget_lockout("a")));
        assert_eq!(read_from!(store, |tx| tx.lockout("a")), None);
    }

    async fn twenty_tries_at_once_are_twenty_tries(store) {
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let store = muster_store::Store::clone(store);
            tries.spawn(async move {
                let mut tx = store.begin().await.unwrap();
                let mut lockout = tx.begin_try("a", at(0)).await.unwrap();
                lockout.tries += 1;
                tx.save_lockout(&lockout).await.unwrap();
                tx.commit().await.unwrap();
            });
        }
        tries.join_all().await;
        assert_eq!(read_from!(store, |tx| tx.lockout("a")).unwrap().tries, 20);
    }

    async fn a_session_is_found_by_its_newest_hash_until_it_ends(store) {
        write_to!(store, |tx| tx.insert_session(&session(1, 1)));
        assert!(write_to!(store, |tx| tx.rotate_session(&[1; 32], &[9; 32], at(5), "pwd otp")));
        assert!(!write_to!(store, |tx| tx.rotate_session(&[1; 32], &[8; 32], at(6), "pwd")));
        assert_eq!(read_from!(store, |tx| tx.session(&[1; 32])), None);
        let found = read_from!(store, |tx| tx.session(&[9; 32])).unwrap();
        assert_eq!((found.id, found.proved_at, &*found.methods), (1, at(5), "pwd otp"));
        write_to!(store, |tx| tx.touch_session(1, at(7)));
        write_to!(store, |tx| tx.touch_session(1, at(6)));
        assert_eq!(read_from!(store, |tx| tx.session_numbered(1)).unwrap().seen_at, at(7));
        assert!(write_to!(store, |tx| tx.end_session(1, at(8))));
        assert!(!write_to!(store, |tx| tx.end_session(1, at(9))));
        assert!(!write_to!(store, |tx| tx.rotate_session(&[9; 32], &[8; 32], at(9), "pwd")));
        assert_eq!(read_from!(store, |tx| tx.sessions_of(ADA)), []);
    }

    async fn all_sessions_of_one_person_end_but_the_one_that_is_kept(store) {
        for (id, entity) in [(1, 1), (2, 1), (3, 1), (4, 2)] {
            write_to!(store, |tx| tx.insert_session(&session(id, entity)));
        }
        assert_eq!(write_to!(store, |tx| tx.end_sessions(ADA, Some(2), at(5))), 2);
        let left = read_from!(store, |tx| tx.sessions(None, 9));
        assert_eq!(left.iter().map(|session| session.id).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(write_to!(store, |tx| tx.forget_sessions(at(101), 3)), 3);
        assert_eq!(write_to!(store, |tx| tx.forget_sessions(at(101), 3)), 1);
    }

    async fn names_with_a_wrong_try_are_counted_until_a_right_one(store) {
        let tried = async |since| read_from!(store, |tx| tx.names_tried_since(at(since), 9));
        for name in ["a", "b", "c"] {
            let before = write_to!(store, |tx| tx.begin_try(name, at(5)));
            write_to!(store, |tx| tx.save_lockout(&Lockout { tries: 1, ..before }));
        }
        write_to!(store, |tx| tx.begin_try("right at once", at(5)));
        assert_eq!((tried(5).await, tried(6).await), (3, 0));
        write_to!(store, |tx| tx.forget_lockout("a"));
        assert_eq!(tried(0).await, 2);
    }

    async fn of_many_tries_of_one_network_each_is_counted(store) {
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let store = muster_store::Store::clone(store);
            tries.spawn(async move {
                let mut tx = store.begin().await.unwrap();
                let spent = tx.begin_spending("192.0.2.1", at(0)).await.unwrap();
                let more = spent + jiff::SignedDuration::from_secs(1);
                tx.save_spent("192.0.2.1", more).await.unwrap();
                tx.commit().await.unwrap();
            });
        }
        tries.join_all().await;
        write_to!(store, |tx| tx.give_back("192.0.2.1", 2_000_000));
        assert_eq!(read_from!(store, |tx| tx.spent_until_of("192.0.2.1")), Some(at(18)));
        assert_eq!(read_from!(store, |tx| tx.spent_until_of("192.0.2.2")), None);
        assert_eq!(write_to!(store, |tx| tx.forget_budgets(at(18), 9)), 0);
        assert_eq!(write_to!(store, |tx| tx.forget_budgets(at(19), 9)), 1);
    }

    async fn the_log_is_read_backwards_and_narrowed(store) {
        for (seconds, entity, outcome) in
            [(1, Some(1), "refused"), (2, None, "refused"), (3, Some(1), "allowed")]
        {
            write_to!(store, |tx| tx.append_sign_in(&sign_in(seconds, entity, outcome)));
        }
        let found = async |filter: SignInFilter, before| {
            let found = read_from!(store, |tx| tx.sign_ins(&filter, before, 9));
            found.iter().map(|try_| try_.seq).collect::<Vec<_>>()
        };
        let all = SignInFilter::default();
        assert_eq!(found(all.clone(), None).await, [3, 2, 1]);
        assert_eq!(found(all.clone(), Some(3)).await, [2, 1]);
        assert_eq!(found(SignInFilter { entity: Some(ADA), ..all.clone() }, None).await, [3, 1]);
        let refused = SignInFilter { outcome: Some(text("refused")), ..all.clone() };
        assert_eq!(found(refused, None).await, [2, 1]);
        let second = SignInFilter { from: Some(at(2)), until: Some(at(3)), ..all };
        assert_eq!(found(second, None).await, [2]);
        assert_eq!(write_to!(store, |tx| tx.forget_sign_ins(at(3), 9)), 2);
    }

    async fn an_erased_person_has_no_password_and_no_session(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1")]));
        write_to!(store, |tx| tx.save_password(&password("first", 0)));
        write_to!(store, |tx| tx.save_password(&password("second", 1)));
        write_to!(store, |tx| tx.insert_session(&session(1, 1)));
        write_to!(store, |tx| tx.append_sign_in(&sign_in(1, Some(1), "allowed")));
        write_to!(store, |tx| tx.erase_entity(ADA, "erased-1", &[]));
        assert_eq!(read_from!(store, |tx| tx.password(ADA)), None);
        assert_eq!(read_from!(store, |tx| tx.former_passwords(ADA, 9)), texts(&[]));
        assert_eq!(read_from!(store, |tx| tx.session_numbered(1)), None);
        let log = read_from!(store, |tx| tx.sign_ins(&SignInFilter::default(), None, 9));
        assert_eq!((&*log[0].network, &*log[0].device), ("", ""));
    }
}
