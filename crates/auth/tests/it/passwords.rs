//! Names and passwords, wrong and right.

use jiff::SignedDuration;
use muster_auth::{Amr, Door, Shown};

use crate::support::*;

on_both! {
    async fn somebody_signs_in_by_any_of_their_names(company) {
        let ada = company.ada().await;
        for name in ["ada", "ADA", " ada ", "ａｄａ", "ada@tern.example", "ADA@TERN.EXAMPLE"] {
            let verified = company.sign_in(name, PASSWORD).await.unwrap();
            assert_eq!((verified.identity, &*verified.amr), (ada, &[Amr::Password][..]), "{name}");
            assert_eq!(verified.auth_time, company.now());
        }
        // The key is no name here, and a robot may never sign in.
        assert_eq!(word(&company.sign_in("1", PASSWORD).await), "wrong");
        company.set("r2", PASSWORD).await;
        assert_eq!(word(&company.sign_in("r2", PASSWORD).await), "inactive");
    }

    async fn somebody_signs_in_by_their_key_where_that_is_their_name(company) {
        company.enter("guest", &[("badge", "G-Ü7")]).await;
        company.set("G-Ü7", PASSWORD).await;
        for name in ["G-Ü7", "g-ü7", " G-Ü7", "Ｇ-Ü7"] {
            assert_eq!(word(&company.sign_in(name, PASSWORD).await), "in", "{name}");
        }
        assert_eq!(word(&company.sign_in("G-Ü7", "wrong").await), "wrong");
        for name in ["G-Ü77", "G-U7", "g"] {
            assert_eq!(word(&company.sign_in(name, PASSWORD).await), "wrong", "{name}");
        }
    }

    async fn whoever_is_refused_is_told_the_same_and_the_log_knows_why(company) {
        company.change_ada(&[("end", "2026-11-20")]).await;
        let tries = [("ada", PASSWORD), ("ada", "wrong"), ("eve", "x"), ("nobody", "x"), ("", "")];
        for (name, password) in tries {
            let refused = company.sign_in(name, password).await.unwrap_err();
            assert_eq!(refused.shown(), Shown::Wrong, "{name}");
        }
        let long = "x".repeat(5000);
        for (name, password) in [("ada", &*long), (&*long, PASSWORD), ("a\0b", "a\0b")] {
            let refused = company.sign_in(name, password).await.unwrap_err();
            assert_eq!(refused.shown(), Shown::Wrong);
        }
        let log = company.log().await;
        assert_eq!(log[0], "refused inactive");
        assert_eq!(log[1..], ["refused wrong"; 7]);
        let entry = &company.entries().await[6];
        assert_eq!((entry.entity, &*entry.door), (Some(company.ada().await), "web"));
        assert_eq!((&*entry.network, &*entry.device), ("192.0.2.1", "Firefox"));
    }

    async fn one_count_for_every_name_and_every_door(company) {
        let doors = [Door::Web, Door::Ldap, Door::Api];
        for (name, door) in ["ada", "ADA@tern.example", "ａｄａ"].into_iter().zip(doors) {
            assert_eq!(word(&company.sign_in_at(door, name, "wrong").await), "wrong");
        }
        let refused = company.sign_in_at(Door::Token, "ada", PASSWORD).await.unwrap_err();
        assert_eq!(refused.shown(), Shown::Later(SignedDuration::from_mins(1)));
        company.pass(SignedDuration::from_secs(60));
        assert_eq!(word(&company.sign_in("ada", PASSWORD).await), "in");
        assert_eq!(word(&company.sign_in("ada", "wrong").await), "wrong");
        assert_eq!(word(&company.sign_in("ada", PASSWORD).await), "in");
    }

    async fn a_name_that_nobody_has_is_locked_like_any_other(company) {
        for _ in 0..3 {
            assert_eq!(word(&company.sign_in("nobody", "wrong").await), "wrong");
        }
        assert_eq!(word(&company.sign_in("NOBODY", "wrong").await), "locked");
        assert_eq!(word(&company.sign_in("somebody", "wrong").await), "wrong");
    }

    async fn many_guesses_at_once_are_not_more_than_allowed(company) {
        let company = std::sync::Arc::new(company);
        let mut guesses = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let company = std::sync::Arc::clone(&company);
            guesses.spawn(async move { word(&company.sign_in("ada", "wrong").await) });
        }
        let said = guesses.join_all().await;
        assert_eq!(said.iter().filter(|word| **word == "wrong").count(), 3);
        assert_eq!(said.iter().filter(|word| **word == "locked").count(), 37);
        assert_eq!(company.log().await.len(), 40);
    }

    async fn a_hash_of_another_system_is_taken_and_made_anew_when_its_owner_signs_in(company) {
        let ada = company.ada().await;
        let old = "{SSHA256}DIzeh0gCRMTRu9dAH3C3rr7fWkRT0Bp2ZdtRqvTX3XJzYWx0c2FsdA==";
        company.auth.set_hash(&company.ctx, &company.opened, ada, old).await.unwrap();
        let kept = async || {
            let mut tx = company.opened.store.read().await.unwrap();
            tx.password(ada).await.unwrap().unwrap().hash
        };
        assert_eq!(word(&company.sign_in("ada", "Password").await), "wrong");
        assert_eq!(&*kept().await, old);
        assert_eq!(word(&company.sign_in("ada", "password").await), "in");
        assert!(kept().await.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(word(&company.sign_in("ada", "password").await), "in");
        let ntlm = "8846F7EAEE8FB117AD06BDD830B7586C";
        assert!(company.auth.set_hash(&company.ctx, &company.opened, ada, ntlm).await.is_err());
    }

    async fn a_new_password_is_long_not_common_and_not_a_former_one(company) {
        let set = async |password: &str| {
            let (ada, password) = (company.ada().await, muster_auth::Secret::new(password));
            let set = company.auth.set_password(&company.ctx, &company.opened, ada, &password);
            set.await.map_err(|error| error.to_string())
        };
        for (password, why) in [
            ("fourteen signs", "it is shorter than 15 letters"),
            ("passwordpassword", "it is one of those that are tried first"),
            ("ada@tern.example", "it is little more than a name"),
            (PASSWORD, "it was used before"),
        ] {
            assert_eq!(set(password).await, Err(format!("the password cannot be taken: {why}")));
        }
        assert_eq!(set("another lamp, another boat").await, Ok(()));
        assert!(set(PASSWORD).await.is_err());
        assert_eq!(word(&company.sign_in("ada", PASSWORD).await), "wrong");
        assert_eq!(word(&company.sign_in("ada", "another lamp, another boat").await), "in");
    }

    async fn neither_journal_nor_log_holds_a_password(company) {
        company.set("1", "a canary in the coal mine").await;
        drop(company.sign_in("ada", "another canary").await);
        drop(company.sign_in("a canary as a name", "another canary").await);
        company.sign_in("ada", "a canary in the coal mine").await.unwrap();
        let mut tx = company.opened.store.read().await.unwrap();
        let journal = tx.scan_journal(None, 1000).await.unwrap();
        assert!(journal.iter().any(|entry| &*entry.entry.action == "password.set"));
        assert!(!format!("{journal:?}").contains("canary"));
        assert!(!format!("{:?}", company.entries().await).contains("canary"));
    }
}
