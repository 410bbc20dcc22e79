//! Sessions: found, made anew, ended, and ended by the lifecycle.

use jiff::SignedDuration;
use muster_auth::{Acr, Amr};

use crate::support::*;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

on_both! {
    async fn a_session_holds_while_it_is_used_and_not_longer_than_allowed(company) {
        let (opened, cookie) = company.session().await;
        assert_eq!(company.find(&cookie).await, Some(opened));
        for _ in 0..23 {
            company.pass(MINUTE * 30);
            assert!(company.find(&cookie).await.is_some());
        }
        company.pass(MINUTE * 30);
        assert_eq!(company.find(&cookie).await, None);
        let (_, idle) = company.session().await;
        company.pass(MINUTE * 60);
        assert_eq!(company.find(&idle).await, None);
    }

    async fn after_another_proof_the_old_secret_opens_nothing(company) {
        let (session, cookie) = company.session().await;
        assert_eq!(session.acr, Acr::One);
        company.pass(MINUTE);
        let proofs = [Amr::Password, Amr::Otp];
        let now = company.now();
        let new = company.auth.rotate(&company.opened, cookie.reveal(), &proofs, now).await.unwrap();
        let found = company.find(&new.unwrap()).await.unwrap();
        assert_eq!((found.id, found.acr, found.auth_time), (session.id, Acr::Two, now));
        assert_eq!(company.find(&cookie).await, None);
        let again = company.auth.rotate(&company.opened, cookie.reveal(), &proofs, now).await;
        assert_eq!(again.unwrap(), None);
    }

    async fn the_fact_that_makes_a_leaver_ends_their_sessions(company) {
        company.pass(MINUTE * (11 * 60 + 30));
        let (_, cookie) = company.session().await;
        company.change_ada(&[("away", "true")]).await;
        assert!(company.find(&cookie).await.is_some());
        company.change_ada(&[("end", "2026-11-21")]).await;
        company.pass(MINUTE * 29);
        assert!(company.find(&cookie).await.is_some());
        // Nothing is written at midnight; the day begins all the same.
        company.pass(MINUTE);
        assert_eq!(company.now().to_string(), "2026-11-21T00:00:00Z");
        assert_eq!(company.find(&cookie).await, None);
        let ada = company.ada().await;
        assert!(!company.auth.is_alive(&company.opened, ada, company.now()).await.unwrap());
    }

    async fn sessions_are_listed_and_ended_one_by_one_or_all(company) {
        let (first, first_cookie) = company.session().await;
        let (second, second_cookie) = company.session().await;
        let (third, third_cookie) = company.session().await;
        let (auth, opened, now) = (&company.auth, &company.opened, company.now());
        let ada = company.ada().await;
        let listed = auth.sessions(opened, ada, now).await.unwrap();
        assert_eq!(listed, [first.clone(), second.clone(), third.clone()]);
        assert!(auth.end(opened, first.id, now).await.unwrap());
        assert!(!auth.end(opened, first.id, now).await.unwrap());
        assert_eq!(company.find(&first_cookie).await, None);
        assert_eq!(auth.end_all(opened, ada, Some(second.id), now).await.unwrap(), 1);
        assert!(company.find(&second_cookie).await.is_some());
        assert_eq!(company.find(&third_cookie).await, None);
        // A new password ends what others may have opened.
        company.set("1", "another lamp, another boat").await;
        assert_eq!(company.find(&second_cookie).await, None);
    }

    async fn what_is_kept_of_a_session_opens_nothing(company) {
        let (session, cookie) = company.session().await;
        let mut tx = company.opened.store.read().await.unwrap();
        let kept = tx.session_numbered(session.id).await.unwrap().unwrap();
        drop(tx);
        assert!(!format!("{kept:?}{cookie:?}").contains(cookie.reveal()));
        for guess in ["", "0", &muster_store::hex(&kept.hash)] {
            let found = company.auth.find(&company.opened, guess, company.now()).await.unwrap();
            assert_eq!(found, None);
        }
    }
}
