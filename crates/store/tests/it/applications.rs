//! What is kept for applications: keys, secrets, sessions, handles.

use muster_model::EntityId;
use muster_store::{
    ApplicationSecret, ApplicationSession, Handle, HandleKind, LogoutNotice, SigningKeyRow,
};

use crate::support::*;

on_both! {
    async fn keys_without_an_end_get_one_and_only_those_of_their_algorithm(store) {
        let other = SigningKeyRow { algorithm: text("RS256"), made_at: at(1), ..signing_key("b") };
        write_to!(store, |tx| tx.insert_signing_key(&signing_key("a")));
        write_to!(store, |tx| tx.insert_signing_key(&other));
        assert_eq!(write_to!(store, |tx| tx.end_signing_keys("ES256", at(9))), 1);
        assert_eq!(write_to!(store, |tx| tx.end_signing_keys("ES256", at(10))), 0);
        let ended = SigningKeyRow { gone_at: Some(at(9)), ..signing_key("a") };
        assert_eq!(read_from!(store, |tx| tx.signing_keys()), [ended, other]);
    }

    async fn a_secret_is_revoked_once_and_only_for_its_own_application(store) {
        write_to!(store, |tx| tx.insert_application_secret(&application_secret(1)));
        assert!(!write_to!(store, |tx| tx.revoke_application_secret("shop", 1, at(5))));
        assert!(write_to!(store, |tx| tx.revoke_application_secret("wiki", 1, at(5))));
        assert!(!write_to!(store, |tx| tx.revoke_application_secret("wiki", 1, at(6))));
        let revoked = ApplicationSecret { revoked_at: Some(at(5)), ..application_secret(1) };
        assert_eq!(read_from!(store, |tx| tx.application_secrets("wiki")), [revoked]);
        assert_eq!(read_from!(store, |tx| tx.application_secrets("shop")), []);
    }

    async fn a_session_is_found_by_the_sign_in_until_it_ends(store) {
        let two = ApplicationSession { session: None, ..application_session(2) };
        write_to!(store, |tx| tx.insert_application_session(&application_session(1)));
        write_to!(store, |tx| tx.insert_application_session(&two));
        assert_eq!(read_from!(store, |tx| tx.application_sessions_of(7)), [application_session(1)]);
        let first = Some((EntityId(1), 1));
        assert_eq!(read_from!(store, |tx| tx.open_application_sessions(first, 9)), std::slice::from_ref(&two));
        assert!(write_to!(store, |tx| tx.end_application_session(1, at(5))));
        assert!(!write_to!(store, |tx| tx.end_application_session(1, at(6))));
        assert_eq!(read_from!(store, |tx| tx.application_sessions_of(7)), []);
        assert_eq!(read_from!(store, |tx| tx.open_application_sessions(None, 9)), [two]);
        let ended = ApplicationSession { ended_at: Some(at(5)), ..application_session(1) };
        assert_eq!(read_from!(store, |tx| tx.application_session(1)), Some(ended));
        assert_eq!(write_to!(store, |tx| tx.forget_application_sessions(at(101))), 2);
    }

    async fn a_handle_is_used_once_and_found_by_its_kind(store) {
        assert!(write_to!(store, |tx| tx.insert_handle(&handle(1))));
        assert!(!write_to!(store, |tx| tx.insert_handle(&Handle { body: text("x"), ..handle(1) })));
        assert_eq!(read_from!(store, |tx| tx.handle(HandleKind::Refresh, &[1; 32])), None);
        assert!(!write_to!(store, |tx| tx.change_handle(&[1; 32], Some(2), ("x", "y"))));
        assert!(write_to!(store, |tx| tx.change_handle(&[1; 32], Some(2), ("{}", "y"))));
        assert!(write_to!(store, |tx| tx.use_handle(&[1; 32], at(5))));
        assert!(!write_to!(store, |tx| tx.use_handle(&[1; 32], at(6))));
        assert!(!write_to!(store, |tx| tx.change_handle(&[1; 32], None, ("y", "z"))));
        let used =
            Handle { used_at: Some(at(5)), application_session: Some(2), body: text("y"), ..handle(1) };
        assert_eq!(read_from!(store, |tx| tx.handle(HandleKind::Code, &[1; 32])), Some(used));
        assert_eq!(write_to!(store, |tx| tx.forget_handles(at(100))), 0);
        assert_eq!(write_to!(store, |tx| tx.forget_handles(at(101))), 1);
    }

    async fn consent_is_kept_for_each_person_and_application(store) {
        write_to!(store, |tx| tx.save_consent("wiki", EntityId(1), "openid", at(1)));
        write_to!(store, |tx| tx.save_consent("wiki", EntityId(1), "openid email", at(2)));
        let found = read_from!(store, |tx| tx.consent("wiki", EntityId(1)));
        assert_eq!(found, Some(text("openid email")));
        assert_eq!(read_from!(store, |tx| tx.consent("wiki", EntityId(2))), None);
    }

    async fn notices_come_when_they_are_due(store) {
        let late = LogoutNotice { next_try: at(9), tries: 1, ..logout_notice(1) };
        write_to!(store, |tx| tx.save_logout_notice(&logout_notice(1)));
        assert_eq!(read_from!(store, |tx| tx.due_logout_notices(at(5), 9)), [logout_notice(1)]);
        write_to!(store, |tx| tx.save_logout_notice(&late));
        assert_eq!(read_from!(store, |tx| tx.due_logout_notices(at(5), 9)), []);
        assert_eq!(read_from!(store, |tx| tx.due_logout_notices(at(9), 9)), [late]);
        assert!(write_to!(store, |tx| tx.delete_logout_notice(1)));
    }
}
