//! Temporary passes: from when, for whom, how often, and what they lead to.

use jiff::SignedDuration;
use muster_auth::{Amr, Door, Need, Secret, Step};

use crate::support::*;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

impl Company {
    async fn pass_for(&self, person: &str, once: bool) -> String {
        let made = self.auth.make_pass(&self.ctx, &self.opened, person, MINUTE * 10, once).await;
        made.unwrap().0.reveal().to_owned()
    }

    /// Gives oneself a password in a sign-in.
    async fn first(&self, secret: &Secret, password: &str) -> Option<Step> {
        let password = Secret::new(password);
        let attempt = self.attempt("", &password);
        let set = self.auth.first_password(&self.ctx, &self.opened, attempt, secret.reveal());
        set.await.ok().and_then(Result::ok)
    }
}

on_both! {
    async fn whoever_comes_with_a_pass_gives_themselves_a_password_before_anything_else(company) {
        let pass = company.pass_for("2", false).await;
        let Ok(Step::Next { need: Need::Password, secret }) = company.on_page("eve", &pass.to_uppercase()).await
        else {
            panic!("a password is asked for")
        };
        assert!(company.code(&secret, "000000").await.is_err());
        assert!(company.first(&secret, "short").await.is_none());
        let Some(Step::In { verified, .. }) = company.first(&secret, PASSWORD).await else {
            panic!("eve is in")
        };
        assert_eq!(verified.amr, [Amr::Pass, Amr::Password]);
        assert!(company.first(&secret, PASSWORD).await.is_none());
        // It was for getting here.
        assert_eq!(word(&company.on_page("eve", &pass).await), "wrong");
        assert_eq!(word(&company.on_page("eve", PASSWORD).await), "in");
    }

    async fn a_pass_is_for_its_person_its_time_and_the_page(company) {
        let pass = company.pass_for("2", false).await;
        assert_eq!(word(&company.on_page("ada", &pass).await), "wrong");
        assert_eq!(word(&company.sign_in_at(Door::Ldap, "eve", &pass).await), "factor");
        let ada = company.ada().await;
        let given = company.pass_for("1", false).await;
        let given = Secret::new(given);
        let again = company.auth.password_of(&company.opened, ada, company.attempt("", &given)).await;
        assert_eq!(word(&again), "wrong");
        company.pass(MINUTE * 10);
        assert_eq!(word(&company.on_page("eve", &pass).await), "wrong");
        let next = company.pass_for("2", false).await;
        let last = company.pass_for("2", false).await;
        assert_eq!(word(&company.on_page("eve", &next).await), "wrong");
        assert_eq!(word(&company.on_page("eve", &last).await), "in");
        assert_eq!(word(&company.on_page("eve", &last).await), "in");
    }

    async fn a_pass_for_one_sign_in_opens_one(company) {
        let pass = company.pass_for("2", true).await;
        let (one, other) = tokio::join!(company.on_page("eve", &pass), company.on_page("eve", &pass));
        let mut words = [word(&one), word(&other)];
        words.sort_unstable();
        assert_eq!(words, ["in", "wrong"]);
        assert_eq!(word(&company.on_page("eve", &pass).await), "wrong");
    }

    async fn a_pass_begins_when_the_lifecycle_lets_its_person_in(company) {
        company.change_ada(&[("start", "2026-11-22")]).await;
        let length = MINUTE * 10;
        let make = async |person: &str, length| {
            company.auth.make_pass(&company.ctx, &company.opened, person, length, false).await
        };
        let (pass, kept) = make("1", length).await.unwrap();
        assert_eq!(kept.valid_from.to_string(), "2026-11-22T00:00:00Z");
        assert_eq!(word(&company.on_page("ada", pass.reveal()).await), "inactive");
        company.pass(MINUTE * (36 * 60));
        assert_eq!(word(&company.on_page("ada", pass.reveal()).await), "in");
        for minutes in [0, 9, 43_201] {
            assert!(make("1", MINUTE * minutes).await.is_err(), "{minutes}");
        }
        company.change_ada(&[("end", "2026-11-22")]).await;
        let error = make("1", length).await.unwrap_err();
        assert!(error.to_string().contains("lets them in neither now nor later"), "{error}");
    }

    async fn no_pass_stands_in_journal_or_log(company) {
        let pass = company.pass_for("2", false).await;
        company.on_page("eve", &pass).await.unwrap();
        drop(company.on_page("eve", &pass.replace('-', "")).await);
        let mut tx = company.opened.store.read().await.unwrap();
        let journal = format!("{:?}", tx.scan_journal(None, 1000).await.unwrap());
        let kept = format!("{:?}", tx.temporary_pass(muster_model::EntityId(2)).await.unwrap());
        let log = format!("{:?}", company.entries().await);
        assert!(journal.contains("pass.make"));
        for text in [journal, kept, log] {
            assert!(!text.contains(&*pass) && !text.contains(&pass.replace('-', "")));
        }
    }
}
