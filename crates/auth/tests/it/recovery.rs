//! A new password by a mailed code and one more proof, and by nothing less.

use jiff::SignedDuration;
use muster_auth::{Letter, RecoveryNeed, Refused, Secret};

use crate::{authenticator::SoftAuthenticator, support::*};

const NEW: &str = "a mill, a creek, and fog";
const CODE: Letter<'static> = Letter { subject: "Code", text: "It is {code} ." };
const DONE: Letter<'static> = Letter { subject: "Done", text: "It happened." };

/// Somebody who forgot their password, at a browser.
struct Person<'c> {
    company: &'c Company,
    kept: Secret,
}

impl<'c> Person<'c> {
    /// Asks for a code, and lets the mail be sent.
    async fn begin(company: &'c Company, name: &str) -> Self {
        let nothing = Secret::new("");
        let attempt = company.attempt(name, &nothing);
        let kept = company.auth.begin_recovery(&company.opened, attempt, CODE).await.unwrap();
        company.send().await;
        Self { company, kept }
    }

    fn keep(&mut self, taken: Result<Secret, Refused>) -> &'static str {
        let said = word(&taken);
        if let Ok(kept) = taken {
            self.kept = kept;
        }
        said
    }

    async fn code(&mut self, code: &str) -> &'static str {
        let (company, code) = (self.company, Secret::new(code));
        let attempt = company.attempt("", &code);
        let taken = company.auth.recovery_code(&company.opened, attempt, self.kept.reveal()).await;
        self.keep(taken)
    }

    async fn proof(&mut self, proof: &str) -> &'static str {
        let (company, proof) = (self.company, Secret::new(proof));
        let attempt = company.attempt("", &proof);
        let taken = company.auth.recovery_proof(&company.opened, attempt, self.kept.reveal()).await;
        self.keep(taken)
    }

    async fn passkey(&mut self, passkey: &mut SoftAuthenticator) -> &'static str {
        let (company, nothing) = (self.company, Secret::new(""));
        let asked = company.auth.ask_passkey(&company.opened, company.now()).await.unwrap();
        let answer = passkey.sign(&asked.options);
        let (attempt, answer) = (company.attempt("", &nothing), (asked.cookie.reveal(), &*answer));
        let kept = self.kept.reveal();
        let taken = company.auth.recovery_passkey(&company.opened, attempt, kept, answer).await;
        self.keep(taken)
    }

    async fn password(&self, new: &str) -> &'static str {
        let (company, new) = (self.company, Secret::new(new));
        let attempt = company.attempt("", &new);
        let with = (self.kept.reveal(), DONE);
        match company.auth.recover(&company.opened, &company.ctx, attempt, with).await {
            Ok(Ok(())) => "in",
            Ok(Err(_)) => "weak",
            Err(refused) => word::<()>(&Err(refused)),
        }
    }

    async fn need(&self) -> Option<RecoveryNeed> {
        let (company, kept) = (self.company, self.kept.reveal());
        let found = company.auth.recovery(&company.opened, kept, company.now()).await;
        found.unwrap().map(|found| found.need)
    }
}

on_both! {
    async fn a_mailed_code_and_one_more_proof_are_a_new_password_and_end_every_session(company) {
        let (_, codes) = company.app().await;
        let (_, cookie) = company.session().await;
        let mut ada = Person::begin(&company, "ADA@tern.example ").await;
        assert_eq!(ada.need().await, Some(RecoveryNeed::Code));
        let code = company.mailbox.code();
        assert_eq!(company.mailbox.look(), ["Ada@tern.example: Code"]);
        let (first, rest) = code.split_at(4);
        assert_eq!(ada.code(&format!(" {first} {rest}")).await, "in");
        assert_eq!(ada.need().await, Some(RecoveryNeed::Proof));
        assert_eq!(ada.proof("wrong").await, "wrong");
        assert_eq!(ada.proof(codes[0].reveal()).await, "in");
        assert_eq!(ada.need().await, Some(RecoveryNeed::Password));
        assert_eq!(ada.password("short").await, "weak");
        assert!(company.find(&cookie).await.is_some());
        assert_eq!(ada.password(NEW).await, "in");
        assert!(company.find(&cookie).await.is_none());
        assert_eq!(ada.password(PASSWORD).await, "over");
        company.send().await;
        assert_eq!(company.mailbox.look(), ["Ada@tern.example: Done"]);
        assert_eq!(word(&company.on_page("ada", PASSWORD).await), "wrong");
        let signed = company.on_page("ada", NEW).await.unwrap();
        assert!(matches!(signed, muster_auth::Step::Next { .. }), "the app is still asked for");
        let mut tx = company.opened.store.read().await.unwrap();
        let journal = format!("{:?}", tx.scan_journal(None, 1000).await.unwrap());
        assert!(journal.contains("password.recover") && !journal.contains(&code));
    }

    async fn one_proof_alone_is_never_enough_and_none_counts_twice(company) {
        let (app, codes) = company.app().await;
        let mut ada = Person::begin(&company, "ada").await;
        // Steps that are skipped, and things that are something else.
        assert_eq!(ada.proof(codes[0].reveal()).await, "over");
        assert_eq!(ada.password(NEW).await, "over");
        assert_eq!(ada.code(codes[0].reveal()).await, "wrong");
        let (first, code) = (Secret::new(ada.kept.reveal()), company.mailbox.code());
        assert_eq!(ada.code(&code).await, "in");
        assert_eq!(ada.password(NEW).await, "over");
        assert_eq!(ada.code(&code).await, "over", "the code is used up");
        assert_eq!(ada.proof(&code).await, "wrong", "and no second proof");
        // The back button: what the browser kept before leads nowhere.
        let mut back = Person { company: &company, kept: first };
        assert_eq!(back.code(&code).await, "over");
        assert_eq!(ada.proof(&app.code(company.now())).await, "in");
        assert_eq!(ada.proof(codes[1].reveal()).await, "over");
        // A recovery is no sign-in, and a sign-in no recovery.
        assert_eq!(word(&company.code(&ada.kept, codes[1].reveal()).await), "over");
        let muster_auth::Step::Next { secret, .. } = company.on_page("ada", PASSWORD).await.unwrap()
        else { panic!("a code is needed") };
        assert_eq!(Person { company: &company, kept: secret }.password(NEW).await, "over");
        company.pass(SignedDuration::from_mins(11));
        assert_eq!(ada.password(NEW).await, "over", "ten minutes are enough");
    }

    async fn a_pass_and_a_passkey_are_second_proofs_of_their_owner_only(company) {
        let (session, _) = company.session().await;
        let mut passkey = SoftAuthenticator::new(7);
        let (auth, opened) = (&company.auth, &company.opened);
        let asked = auth.begin_passkey(&company.ctx, opened, session.identity).await.unwrap();
        let (made, cookie) = (passkey.create(&asked.options), asked.cookie.reveal());
        let named = ("laptop", &*made);
        auth.add_passkey(&company.ctx, opened, session.identity, cookie, named).await.unwrap();
        company.write_eve_mail().await;
        let hour = SignedDuration::from_hours(1);
        let (pass, _) = auth.make_pass(&company.ctx, opened, "2", hour, true).await.unwrap();
        let mut ada = Person::begin(&company, "ada").await;
        assert_eq!(ada.code(&company.mailbox.code()).await, "in");
        assert_eq!(ada.proof(pass.reveal()).await, "wrong");
        let mut eve = Person::begin(&company, "eve").await;
        assert_eq!(eve.code(&company.mailbox.code()).await, "in");
        assert_eq!(eve.passkey(&mut passkey).await, "wrong");
        assert_eq!(ada.passkey(&mut passkey).await, "in");
        assert_eq!(eve.proof(pass.reveal()).await, "in");
        assert_eq!(ada.password(NEW).await, "in");
        assert_eq!(eve.password(NEW).await, "in");
        assert_eq!(word(&company.on_page("eve", pass.reveal()).await), "wrong", "it is used up");
    }

    async fn names_that_nobody_has_begin_a_recovery_and_get_no_mail(company) {
        let mut nobody = Person::begin(&company, "nobody").await;
        company.change_ada(&[("end", "2026-11-19")]).await;
        let mut gone = Person::begin(&company, "ada").await;
        // Eve has no address.
        let mut eve = Person::begin(&company, "eve").await;
        for person in [&mut nobody, &mut gone, &mut eve] {
            assert_eq!(person.need().await, Some(RecoveryNeed::Code));
            for _ in 0..3 {
                assert_eq!(person.code("12345678").await, "wrong");
            }
            assert_eq!(person.code("12345678").await, "locked");
        }
        assert_eq!(company.mailbox.look(), Vec::<String>::new());
    }

    async fn mails_are_few_and_guesses_are_counted_with_all_others(company) {
        let mut last = None;
        for _ in 0..7 {
            last = Some(Person::begin(&company, "ada").await);
        }
        assert_eq!(company.mailbox.look().len(), 5);
        let mut ada = last.unwrap();
        for _ in 0..3 {
            assert_eq!(ada.code("00000000").await, "wrong");
        }
        assert_eq!(word(&company.sign_in("ada", PASSWORD).await), "locked");
        company.pass(SignedDuration::from_mins(61));
        let mut ada = Person::begin(&company, "ada").await;
        assert_eq!(ada.code(&company.mailbox.code()).await, "in", "an hour later there are more");
    }

    async fn whoever_leaves_on_the_way_gets_no_password(company) {
        let (_, codes) = company.app().await;
        let mut ada = Person::begin(&company, "ada").await;
        assert_eq!(ada.code(&company.mailbox.code()).await, "in");
        company.change_ada(&[("end", "2026-11-19")]).await;
        assert_eq!(ada.proof(codes[0].reveal()).await, "over");
    }
}
