//! Codes by mail as a second factor: the weakest one, once, in their own sign-in, and never in the stead of something better.

use jiff::SignedDuration;
use muster_auth::{Acr, Amr, Holder, Letter, Need, Refused, Secret, Step};

use crate::support::*;

const CODE: Letter<'static> = Letter { subject: "Code", text: "It is {code} ." };
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

impl Company {
    /// Goes on where codes by mail are a second factor that Ada has.
    async fn with_mail(self) -> Self {
        let company = self.asking("mailed_codes: true").await;
        let (session, _) = company.session().await;
        let nothing = Secret::new("");
        let asked = (Holder::Session(&session), CODE);
        company
            .auth
            .mail_code(&company.opened, company.attempt("", &nothing), asked)
            .await
            .unwrap();
        company.send().await;
        assert!(company.confirm(&company.mailbox.code()).await);
        company.mailbox.look();
        company
    }

    /// Shows the first code, in the session that was opened last.
    async fn confirm(&self, code: &str) -> bool {
        let sessions =
            self.auth.sessions(&self.opened, self.ada().await, self.now()).await.unwrap();
        let (session, code) = (sessions.last().unwrap(), Secret::new(code));
        let attempt = self.attempt("", &code);
        self.auth.confirm_mail(&self.ctx, &self.opened, attempt, session).await.unwrap()
    }

    /// Begins a sign-in of Ada's.
    async fn on_way(&self, wanted: Option<Acr>) -> (Need, Secret) {
        match self.on_page_for("ada", PASSWORD, wanted).await {
            Ok(Step::Next { need, secret }) => (need, secret),
            other => panic!("{other:?}"),
        }
    }

    /// Asks for a code; returns the one that came, if one came.
    async fn ask_mail(&self, secret: &Secret) -> Result<Option<String>, Refused> {
        let flow = self.auth.flow(&self.opened, secret.reveal(), self.now()).await?;
        let (flow, nothing) = (flow.unwrap(), Secret::new(""));
        let asked = (Holder::Flow(&flow), CODE);
        self.auth.mail_code(&self.opened, self.attempt("", &nothing), asked).await?;
        self.send().await;
        let code = self.mailbox.try_code();
        self.mailbox.look();
        Ok(code)
    }
}

/// The proofs of somebody who is in.
fn proofs(step: Result<Step, Refused>) -> Vec<Amr> {
    match step {
        Ok(Step::In { verified, .. }) => verified.amr,
        other => panic!("{other:?}"),
    }
}

on_both! {
    async fn whoever_has_codes_by_mail_gets_one_for_each_sign_in_and_it_is_right_once(company) {
        let company = company.with_mail().await;
        let (need, first) = company.on_way(None).await;
        assert_eq!(need, Need::Factor);
        let (_, second) = company.on_way(None).await;
        let code = company.ask_mail(&first).await.unwrap().unwrap();
        // It is for the sign-in in which it was asked for.
        assert_eq!(word(&company.code(&second, &code).await), "wrong");
        assert_eq!(proofs(company.code(&first, &code).await), [Amr::Password, Amr::Mail]);
        assert_eq!(word(&company.code(&first, &code).await), "over");
        assert_eq!(word(&company.code(&second, &code).await), "wrong");
        let log = company.log().await;
        assert!(log.contains(&"continued mailed-code".to_owned()), "{log:?}");
    }

    async fn a_newer_code_ends_the_one_before_and_none_lives_longer_than_its_sign_in(company) {
        let company = company.with_mail().await;
        let (_, secret) = company.on_way(None).await;
        let old = company.ask_mail(&secret).await.unwrap().unwrap();
        let new = company.ask_mail(&secret).await.unwrap().unwrap();
        assert_eq!(word(&company.code(&secret, &old).await), "wrong");
        company.pass(MINUTE * 10);
        assert_eq!(word(&company.code(&secret, &new).await), "over");
        // Two who show it at once are one.
        let (_, secret) = company.on_way(None).await;
        let code = company.ask_mail(&secret).await.unwrap().unwrap();
        let (one, other) = tokio::join!(company.code(&secret, &code), company.code(&secret, &code));
        assert_eq!([&one, &other].into_iter().filter(|tried| tried.is_ok()).count(), 1);
    }

    async fn guesses_of_mailed_codes_count_with_all_others_and_mails_are_few(company) {
        let company = company.with_mail().await;
        let (_, secret) = company.on_way(None).await;
        // One of five in this hour made it a factor.
        for n in 0..5 {
            assert_eq!(company.ask_mail(&secret).await.unwrap().is_some(), n < 4, "{n}");
        }
        for _ in 0..3 {
            assert_eq!(word(&company.code(&secret, "00000000").await), "wrong");
        }
        assert_eq!(word(&company.on_page("ada", PASSWORD).await), "locked");
        // Codes for forgotten passwords have a count of their own: strangers ask for those.
        company.pass(MINUTE * 61);
        assert_eq!(word(&company.code(&secret, "00000000").await), "over");
    }

    async fn nothing_better_is_replaced_by_a_mailed_code(company) {
        let company = company.with_mail().await;
        // A passkey is wanted: no code is offered and none is sent.
        let (need, secret) = company.on_way(Some(Acr::Resistant)).await;
        assert_eq!(need, Need::Passkey);
        assert_eq!(word(&company.ask_mail(&secret).await), "over");
        assert_eq!(word(&company.code(&secret, "00000000").await), "over");
        // Whoever has an app shows it.
        let (_, before) = company.on_way(None).await;
        let code = company.ask_mail(&before).await.unwrap().unwrap();
        let (app, _) = company.app().await;
        assert_eq!(word(&company.code(&before, &code).await), "wrong");
        let (need, secret) = company.on_way(None).await;
        assert_eq!(need, Need::Factor);
        assert_eq!(word(&company.ask_mail(&secret).await), "over");
        let step = company.code(&secret, &app.code(company.now())).await;
        assert_eq!(proofs(step), [Amr::Password, Amr::Otp]);
    }

    async fn a_mailed_code_is_asked_for_where_nobody_can_be_asked_and_ends_with_the_switch(company) {
        let company = company.with_mail().await;
        assert_eq!(word(&company.sign_in("ada", PASSWORD).await), "factor");
        let (_, secret) = company.on_way(None).await;
        let code = company.ask_mail(&secret).await.unwrap().unwrap();
        let company = company.asking("second_factor: required").await;
        // The factor counts no more, and no factor is given to whoever only knows the password and is in the middle.
        assert_eq!(word(&company.code(&secret, &code).await), "over");
        let (need, _) = company.on_way(None).await;
        assert_eq!(need, Need::Enrol);
    }

    async fn whoever_has_to_have_a_second_factor_may_take_codes_by_mail(company) {
        let company = company.asking("mailed_codes: true\n  second_factor: required").await;
        let (need, secret) = company.on_way(None).await;
        assert_eq!(need, Need::Enrol);
        let code = company.ask_mail(&secret).await.unwrap().unwrap();
        let tried = async |code: &str| {
            let code = Secret::new(code);
            let attempt = company.attempt("", &code);
            company.auth.enrol_mail(&company.ctx, &company.opened, attempt, secret.reveal()).await
        };
        assert_eq!(word(&tried("00000000").await), "wrong");
        assert_eq!(proofs(tried(&code).await), [Amr::Password, Amr::Mail]);
        assert_eq!(word(&tried(&code).await), "over");
        assert_eq!(company.on_way(None).await.0, Need::Factor);
        // Eve has no address.
        company.set("2", "a mill, a creek, and fog").await;
        let eve = match company.on_page("eve", "a mill, a creek, and fog").await {
            Ok(Step::Next { need: Need::Enrol, secret }) => secret,
            other => panic!("{other:?}"),
        };
        assert_eq!(word(&company.ask_mail(&eve).await), "over");
    }

    async fn the_first_code_is_tried_five_times_and_what_is_removed_opens_nothing(company) {
        let company = company.asking("mailed_codes: true").await;
        let (session, _) = company.session().await;
        let nothing = Secret::new("");
        let asked = (Holder::Session(&session), CODE);
        company.auth.mail_code(&company.opened, company.attempt("", &nothing), asked).await.unwrap();
        company.send().await;
        for _ in 0..5 {
            assert!(!company.confirm("00000000").await);
        }
        assert!(!company.confirm(&company.mailbox.code()).await, "after five wrong ones");
        let company = company.with_mail().await;
        let held = company.auth.list_factors(&company.ctx, &company.opened, "1").await.unwrap();
        assert_eq!(held.len(), 1);
        assert_eq!(held[0].factor, "mail");
        let (_, cookie) = company.session().await;
        let which = (company.ada().await, "mail");
        assert!(company.auth.remove_own_factor(&company.ctx, &company.opened, which).await.unwrap());
        assert_eq!(company.find(&cookie).await, None);
        assert_eq!(proofs(company.on_page("ada", PASSWORD).await), [Amr::Password]);
    }

    async fn no_code_stands_in_the_log_the_journal_or_the_store(company) {
        let company = company.with_mail().await;
        let (_, secret) = company.on_way(None).await;
        let code = company.ask_mail(&secret).await.unwrap().unwrap();
        let mut tx = company.opened.store.read().await.unwrap();
        let journal = format!("{:?}", tx.scan_journal(None, 1000).await.unwrap());
        let log = format!("{:?}", company.entries().await);
        for (place, kept) in [("journal", &journal), ("log", &log)] {
            assert!(!kept.contains(&code), "{place}");
        }
        assert!(journal.contains("factor.enrol"));
    }
}
