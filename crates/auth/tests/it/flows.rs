//! Sign-ins in steps: what comes next, in which order, and once.

use jiff::SignedDuration;
use muster_auth::{Acr, Amr, Door, Need, Refused, Secret, Step};

use crate::support::*;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// The secret of a sign-in that goes on, and what it needs.
fn next(step: Result<Step, Refused>) -> (Need, Secret) {
    match step {
        Ok(Step::Next { need, secret }) => (need, secret),
        other => panic!("{other:?}"),
    }
}

/// The proofs of somebody who is in.
fn proofs(step: Result<Step, Refused>) -> Vec<Amr> {
    match step {
        Ok(Step::In { verified, return_to }) => {
            assert_eq!(&*return_to, "/there");
            verified.amr
        }
        other => panic!("{other:?}"),
    }
}

on_both! {
    async fn whoever_has_an_app_shows_its_code_after_the_password(company) {
        assert_eq!(proofs(company.on_page("ada", PASSWORD).await), [Amr::Password]);
        let (app, codes) = company.app().await;
        assert_eq!(codes.len(), 10);
        let (need, secret) = next(company.on_page("ada", PASSWORD).await);
        assert_eq!(need, Need::Factor);
        let mut typed = app.code(company.now());
        typed.insert(3, ' ');
        let typed: String = typed
            .chars()
            .map(|sign| sign.to_digit(10).map_or(sign, |n| char::from_u32(0xff10 + n).unwrap()))
            .collect();
        assert_eq!(proofs(company.code(&secret, &typed).await), [Amr::Password, Amr::Otp]);
        let log = company.log().await;
        assert_eq!(log[log.len() - 2..], ["continued right", "allowed right"]);
    }

    async fn a_code_is_taken_once_whoever_shows_it(company) {
        let (app, _) = company.app().await;
        let code = app.code(company.now());
        let (_, first) = next(company.on_page("ada", PASSWORD).await);
        let (_, second) = next(company.on_page("ada", PASSWORD).await);
        let (one, other) = tokio::join!(company.code(&first, &code), company.code(&second, &code));
        let mut words = [word(&one), word(&other)];
        words.sort_unstable();
        assert_eq!(words, ["in", "wrong"]);
        let (_, third) = next(company.on_page("ada", PASSWORD).await);
        assert_eq!(word(&company.code(&third, &code).await), "wrong");
        company.pass(SignedDuration::from_secs(30));
        assert_eq!(word(&company.code(&third, &app.code(company.now())).await), "in");
    }

    async fn a_sign_in_ends_once_and_in_its_own_browser(company) {
        let (app, codes) = company.app().await;
        let (_, secret) = next(company.on_page("ada", PASSWORD).await);
        for stranger in [Secret::new(""), Secret::new("x"), Secret::new(secret.reveal().to_lowercase())] {
            let code = app.code(company.now());
            assert_eq!(word(&company.code(&stranger, &code).await), "over");
        }
        // The same secret with two codes that are both right.
        let code = app.code(company.now());
        let (one, other) =
            tokio::join!(company.code(&secret, &code), company.code(&secret, codes[0].reveal()));
        let mut words = [word(&one), word(&other)];
        words.sort_unstable();
        assert_eq!(words, ["in", "over"]);
        assert_eq!(word(&company.code(&secret, codes[1].reveal()).await), "over");
        // What the second one showed was not used up.
        let left = company.auth.factors(&company.opened, company.ada().await).await.unwrap();
        assert!(left.recovery_codes >= 9);
    }

    async fn a_sign_in_on_its_way_ends_with_time_with_a_new_password_and_with_its_person(company) {
        let (app, _) = company.app().await;
        let (_, slow) = next(company.on_page("ada", PASSWORD).await);
        company.pass(MINUTE * 10);
        assert_eq!(word(&company.code(&slow, &app.code(company.now())).await), "over");
        let (_, old) = next(company.on_page("ada", PASSWORD).await);
        company.set("1", "another lamp, another boat").await;
        assert_eq!(word(&company.code(&old, &app.code(company.now())).await), "over");
        let (_, last) = next(company.on_page("ada", "another lamp, another boat").await);
        company.change_ada(&[("end", "2026-11-20")]).await;
        assert_eq!(word(&company.code(&last, &app.code(company.now())).await), "over");
    }

    async fn guesses_of_codes_and_of_passwords_are_counted_together(company) {
        let (app, _) = company.app().await;
        let wrong = "000000";
        assert_ne!(app.code(company.now()), wrong);
        let (_, first) = next(company.on_page("ada", PASSWORD).await);
        assert_eq!(word(&company.code(&first, wrong).await), "wrong");
        // A right password in between forgets nothing, at no door.
        let (_, second) = next(company.on_page("ada", PASSWORD).await);
        assert_eq!(word(&company.sign_in_at(Door::Ldap, "ada", PASSWORD).await), "factor");
        assert_eq!(word(&company.code(&second, wrong).await), "wrong");
        let (_, third) = next(company.on_page("ada", PASSWORD).await);
        assert_eq!(word(&company.code(&third, wrong).await), "wrong");
        assert_eq!(word(&company.on_page("ada", PASSWORD).await), "locked");
        let right = app.code(company.now());
        assert_eq!(word(&company.code(&second, &right).await), "locked");
        company.pass(MINUTE);
        assert_eq!(word(&company.code(&second, &app.code(company.now())).await), "in");
    }

    async fn a_hundred_codes_at_once_are_not_more_than_allowed(company) {
        company.app().await;
        let (_, secret) = next(company.on_page("ada", PASSWORD).await);
        let company = std::sync::Arc::new(company);
        let mut guesses = tokio::task::JoinSet::new();
        for guess in 0..100 {
            let (company, secret) = (std::sync::Arc::clone(&company), secret.clone());
            let guess = format!("{guess:06}");
            guesses.spawn(async move { word(&company.code(&secret, &guess).await) });
        }
        let said = guesses.join_all().await;
        assert!(said.iter().filter(|word| **word == "wrong").count() <= 3, "{said:?}");
    }

    async fn a_recovery_code_stands_in_for_the_app_once(company) {
        let (_, codes) = company.app().await;
        let (_, first) = next(company.on_page("ada", PASSWORD).await);
        let typed = codes[3].reveal().to_uppercase().replace('-', " ");
        assert_eq!(proofs(company.code(&first, &typed).await), [Amr::Password, Amr::Recovery]);
        let (_, second) = next(company.on_page("ada", PASSWORD).await);
        assert_eq!(word(&company.code(&second, &typed).await), "wrong");
        let ada = company.ada().await;
        let new = company.auth.new_recovery_codes(&company.ctx, &company.opened, ada).await.unwrap();
        assert_eq!(word(&company.code(&second, codes[4].reveal()).await), "wrong");
        assert_eq!(word(&company.code(&second, new[0].reveal()).await), "in");
        let left = company.auth.factors(&company.opened, ada).await.unwrap();
        assert_eq!(left.recovery_codes, 9);
    }

    async fn the_directory_takes_a_password_alone_only_if_the_model_says_so(company) {
        company.app().await;
        assert_eq!(word(&company.sign_in_at(Door::Ldap, "ada", PASSWORD).await), "factor");
        let company = company.asking("directory: password").await;
        assert_eq!(word(&company.sign_in_at(Door::Ldap, "ada", PASSWORD).await), "in");
        assert_eq!(word(&company.sign_in_at(Door::Api, "ada", PASSWORD).await), "factor");
        assert_eq!(company.sign_in("ada", PASSWORD).await.unwrap_err().shown(), muster_auth::Shown::Wrong);
    }

    async fn whoever_has_to_have_a_second_factor_gets_one_first(company) {
        let asked = company.on_page_for("ada", PASSWORD, Some(Acr::Two)).await;
        assert_eq!(next(asked).0, Need::Enrol);
        let company = company.asking("second_factor: required").await;
        let (need, secret) = next(company.on_page("ada", PASSWORD).await);
        assert_eq!(need, Need::Enrol);
        // No code is asked for, so none is taken.
        assert_eq!(word(&company.code(&secret, "000000").await), "over");
    }

    async fn what_is_kept_of_factors_gives_nothing_away(company) {
        let (app, codes) = company.app().await;
        let ada = company.ada().await;
        let mut tx = company.opened.store.read().await.unwrap();
        let kept = tx.totp(ada).await.unwrap().unwrap();
        let journal = format!("{:?}", tx.scan_journal(None, 1000).await.unwrap());
        drop(tx);
        assert!(journal.contains("factor.enrol") && journal.contains("recovery-codes.make"));
        for code in &codes {
            assert!(!journal.contains(code.reveal()));
        }
        let (_, secret) = next(company.on_page("ada", PASSWORD).await);
        let code = app.code(company.now());
        assert_eq!(word(&company.code(&secret, &code).await), "in");
        assert!(!format!("{:?}{kept:?}", company.entries().await).contains(&code));
    }
}

on_both! {
    async fn a_factor_that_an_operator_removes_ends_what_it_opened(company) {
        let (_, codes) = company.app().await;
        let (_, cookie) = company.session().await;
        let Step::Next { secret, .. } = company.on_page("ada", PASSWORD).await.unwrap()
        else { panic!("a code is needed") };
        let (auth, ctx, opened) = (&company.auth, &company.ctx, &company.opened);
        let held = auth.list_factors(ctx, opened, "1").await.unwrap();
        let words: Vec<_> = held.iter().map(|held| (&*held.factor, held.left)).collect();
        assert_eq!(words, [("app", None), ("codes", Some(10))]);
        for wrong in ["", "App", "passkey-", "passkey-x", "passkey-7", "passkeys"] {
            assert!(auth.remove_factor(ctx, opened, ("1", wrong)).await.is_err(), "{wrong}");
        }
        assert!(company.find(&cookie).await.is_some());
        assert_eq!(auth.remove_factor(ctx, opened, ("1", "app")).await.unwrap(), 2);
        assert!(company.find(&cookie).await.is_none());
        assert_eq!(word(&company.code(&secret, codes[0].reveal()).await), "over");
        assert_eq!(auth.list_factors(ctx, opened, "1").await.unwrap(), []);
        assert_eq!(word(&company.sign_in("ada", PASSWORD).await), "in");
        let mut tx = opened.store.read().await.unwrap();
        let journal = format!("{:?}", tx.scan_journal(None, 1000).await.unwrap());
        assert!(journal.contains("factor.remove"), "{journal}");
    }
}
