//! Passkeys: added, used, removed, and everything an authenticator or a page may do wrong.

use jiff::SignedDuration;
use muster_auth::{
    Acr, Amr, Attempt, Door, NotAdded, Opening, Question, Refused, Secret, Verified,
};
use muster_model::EntityId;

use crate::{
    authenticator::{EDDSA, SoftAuthenticator},
    support::*,
};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Something that is wrong, and how an authenticator or a browser does it.
type Turn = (&'static str, fn(&mut SoftAuthenticator));

impl Company {
    async fn begin(&self, identity: EntityId) -> Question {
        self.auth.begin_passkey(&self.ctx, &self.opened, identity).await.unwrap()
    }

    async fn add(
        &self,
        identity: EntityId,
        question: &Question,
        answer: &str,
    ) -> Result<(), NotAdded> {
        let (cookie, given) = (question.cookie.reveal(), (" laptop\n", answer));
        self.auth.add_passkey(&self.ctx, &self.opened, identity, cookie, given).await
    }

    /// Adds a passkey to Ada.
    async fn added(&self, number: u8) -> SoftAuthenticator {
        let mut device = SoftAuthenticator::new(number);
        let question = self.begin(self.ada().await).await;
        let answer = device.create(&question.options);
        self.add(self.ada().await, &question, &answer).await.unwrap();
        device
    }

    async fn ask(&self) -> Question {
        self.auth.ask_passkey(&self.opened, self.now()).await.unwrap()
    }

    async fn answer(&self, question: &Question, answer: &str) -> Result<Verified, Refused> {
        let attempt = Attempt {
            door: Door::Web,
            name: "",
            password: &Secret::new(""),
            network: "192.0.2.1".parse().unwrap(),
            device: "Firefox",
            browser: None,
            correlation: None,
            now: self.now(),
        };
        self.auth.passkey(&self.opened, attempt, (question.cookie.reveal(), answer)).await
    }

    /// Signs in with a passkey.
    async fn use_passkey(&self, device: &mut SoftAuthenticator) -> Result<Verified, Refused> {
        let question = self.ask().await;
        let answer = device.sign(&question.options);
        self.answer(&question, &answer).await
    }
}

on_both! {
    async fn a_passkey_is_a_whole_sign_in(company) {
        let mut device = company.added(1).await;
        let ada = company.ada().await;
        let listed = company.auth.passkeys(&company.opened, ada).await.unwrap();
        assert_eq!((listed.len(), &*listed[0].name, listed[0].used_at), (1, "laptop", None));
        company.pass(MINUTE);
        let verified = company.use_passkey(&mut device).await.unwrap();
        assert_eq!((verified.identity, verified.auth_time), (ada, company.now()));
        assert_eq!(Acr::of(&verified.amr), Acr::Resistant);
        assert_eq!(verified.amr, [Amr::Passkey]);
        let listed = company.auth.passkeys(&company.opened, ada).await.unwrap();
        assert_eq!(listed[0].used_at, Some(company.now()));
        let log = company.entries().await;
        assert_eq!((&*log[0].door, &*log[0].outcome, &*log[0].methods), ("web", "allowed", "hwk"));
        assert_eq!(log[0].entity, Some(ada));
    }

    async fn a_question_tells_nothing_and_is_answered_once_by_who_was_asked(company) {
        let mut device = company.added(1).await;
        let (question, other) = (company.ask().await, company.ask().await);
        assert!(question.options.contains("\"allowCredentials\":[]"), "{}", question.options);
        assert!(question.options.contains("\"userVerification\":\"required\""));
        let answer = device.sign(&question.options);
        let refused = company.answer(&other, &answer).await;
        assert!(matches!(refused, Err(Refused::Wrong)), "what another browser was asked");
        let answered = company.answer(&question, &answer).await;
        assert_eq!(answered.unwrap().identity, company.ada().await);
        let replayed = company.answer(&question, &answer).await;
        assert!(matches!(replayed, Err(Refused::Wrong)), "once more");
        let late = company.ask().await;
        let answer = device.sign(&late.options);
        company.pass(MINUTE * 5);
        assert!(matches!(company.answer(&late, &answer).await, Err(Refused::Wrong)), "too late");
        for garbage in ["", "{}", "null", "[1"] {
            let question = company.ask().await;
            let refused = company.answer(&question, garbage).await;
            assert!(matches!(refused, Err(Refused::Wrong)), "{garbage}");
        }
        assert_eq!(company.log().await.iter().filter(|line| *line == "refused wrong").count(), 7);
    }

    async fn what_was_not_signed_here_and_now_is_refused(company) {
        let turns: [Turn; 9] = [
            ("its owner was not checked", |device| device.checks_owner = false),
            ("an origin that begins as ours", |device| device.origin = "https://muster.example.evil.example"),
            ("an origin that ends as ours", |device| device.origin = "https://evil-muster.example"),
            ("an origin below ours", |device| device.origin = "https://evil.muster.example"),
            ("another port", |device| device.origin = "https://muster.example:8443"),
            ("without TLS", |device| device.origin = "http://muster.example"),
            ("for another site", |device| device.site = "evil.example"),
            ("in a frame of another site", |device| device.is_in_another_site = true),
            ("a passkey that nobody has", |device| device.credential = vec![77; 32]),
        ];
        for (number, (what, turn)) in (1..).zip(turns) {
            let mut device = company.added(number).await;
            turn(&mut device);
            let refused = company.use_passkey(&mut device).await;
            assert!(matches!(refused, Err(Refused::Wrong)), "{what}: {refused:?}");
            company.pass(MINUTE * 60 * 25);
        }
    }

    async fn a_passkey_cannot_be_used_for_somebody_else(company) {
        let mut adas = company.added(1).await;
        let eve = company.identity("2").await;
        let mut eves = SoftAuthenticator::new(2);
        let question = company.begin(eve).await;
        let answer = eves.create(&question.options);
        company.add(eve, &question, &answer).await.unwrap();
        // Eve signs, and says that she is Ada.
        let eves_handle = std::mem::replace(&mut eves.handle, adas.handle.clone());
        assert!(matches!(company.use_passkey(&mut eves).await, Err(Refused::Wrong)));
        eves.handle = eves_handle;
        // Eve signs, and says that it was Ada's passkey.
        let eves_credential = std::mem::replace(&mut eves.credential, adas.credential.clone());
        assert!(matches!(company.use_passkey(&mut eves).await, Err(Refused::Wrong)));
        eves.handle = adas.handle.clone();
        assert!(matches!(company.use_passkey(&mut eves).await, Err(Refused::Wrong)));
        // Eve takes Ada's credential for one of her own.
        let question = company.begin(eve).await;
        let taken = eves.create(&question.options);
        assert!(matches!(company.add(eve, &question, &taken).await, Err(NotAdded::Wrong)));
        eves.credential = eves_credential;
        company.pass(MINUTE * 60 * 25);
        assert_eq!(company.use_passkey(&mut adas).await.unwrap().identity, company.ada().await);
        assert_eq!(company.use_passkey(&mut eves).await.unwrap().identity, eve);
    }

    async fn a_copy_of_an_authenticator_is_noticed_by_its_counter(company) {
        let mut device = company.added(1).await;
        device.counter = 5;
        company.use_passkey(&mut device).await.unwrap();
        for copy in [5, 4, 0] {
            device.counter = copy;
            let refused = company.use_passkey(&mut device).await;
            assert!(matches!(refused, Err(Refused::Wrong)), "{copy}");
            company.pass(MINUTE * 10);
        }
        device.counter = 6;
        company.pass(MINUTE * 60 * 25);
        company.use_passkey(&mut device).await.unwrap();
    }

    async fn an_answer_that_does_not_fit_adds_nothing(company) {
        let ada = company.ada().await;
        let turns: [Turn; 6] = [
            ("its owner was not checked", |device| device.checks_owner = false),
            ("another origin", |device| device.origin = "https://muster.example.evil.example"),
            ("another site", |device| device.site = "evil.example"),
            ("in a frame", |device| device.is_in_another_site = true),
            ("an algorithm that was not asked for", |device| device.algorithm = EDDSA),
            ("a credential that is there", |device| device.credential = vec![9; 32]),
        ];
        company.added(9).await;
        for (what, turn) in turns {
            let mut device = SoftAuthenticator::new(1);
            turn(&mut device);
            let question = company.begin(ada).await;
            let answer = device.create(&question.options);
            let refused = company.add(ada, &question, &answer).await;
            assert!(matches!(refused, Err(NotAdded::Wrong)), "{what}: {refused:?}");
        }
        // A question belongs to whom it was put, and to adding.
        let mut device = SoftAuthenticator::new(1);
        let question = company.begin(company.identity("2").await).await;
        let answer = device.create(&question.options);
        assert!(matches!(company.add(ada, &question, &answer).await, Err(NotAdded::Wrong)));
        let question = company.ask().await;
        assert!(matches!(company.add(ada, &question, &answer).await, Err(NotAdded::Wrong)));
        assert_eq!(company.auth.passkeys(&company.opened, ada).await.unwrap().len(), 1);
    }

    async fn lockout_and_lifecycle_hold_for_passkeys_too(company) {
        let mut device = company.added(1).await;
        for _ in 0..3 {
            assert!(company.sign_in("ada", "wrong").await.is_err());
        }
        let refused = company.use_passkey(&mut device).await;
        assert!(matches!(refused, Err(Refused::Locked { .. })), "{refused:?}");
        company.pass(MINUTE * 2);
        company.use_passkey(&mut device).await.unwrap();
        company.change_ada(&[("end", "2026-11-20")]).await;
        let refused = company.use_passkey(&mut device).await;
        assert!(matches!(refused, Err(Refused::Inactive)), "{refused:?}");
    }

    async fn a_removed_passkey_opens_nothing_and_what_it_opened_is_over(company) {
        let (mut device, mut other) = (company.added(1).await, company.added(2).await);
        let (session, cookie) = company.session().await;
        let verified = company.use_passkey(&mut device).await.unwrap();
        let network = "192.0.2.1".parse().unwrap();
        let opening = Opening { network, device: "Firefox", now: company.now() };
        let opened = company.auth.open(&company.opened, &verified, opening).await.unwrap();
        let ada = company.ada().await;
        let ids: Vec<i64> = company.auth.passkeys(&company.opened, ada).await.unwrap()
            .iter().map(|passkey| passkey.id).collect();
        let remove = async |id| {
            company.auth.remove_passkey(&company.ctx, &company.opened, &session, id).await.unwrap()
        };
        assert!(remove(ids[0]).await);
        assert!(!remove(ids[0]).await);
        assert!(matches!(company.use_passkey(&mut device).await, Err(Refused::Wrong)));
        assert_eq!(company.find(&opened.1).await, None, "its level must not outlive it");
        assert!(company.find(&cookie).await.is_some());
        company.use_passkey(&mut other).await.unwrap();
        assert!(remove(ids[1]).await, "there is a password");
        let mut tx = company.opened.store.read().await.unwrap();
        let journal = tx.scan_journal(None, 1000).await.unwrap();
        let actions: Vec<&str> = journal.iter().map(|entry| &*entry.entry.action).collect();
        assert!(actions.ends_with(&["passkey.add", "passkey.add", "passkey.remove", "passkey.remove"]),
            "{actions:?}");
    }
}

#[tokio::test]
async fn without_an_address_passkeys_are_for_this_machine_only() {
    let company = Company::sqlite_at("").await;
    assert_eq!(company.auth.passkey_site(&company.opened).as_deref(), Some("localhost"));
    let mut device = SoftAuthenticator::new(1);
    device.site = "localhost";
    device.origin = "http://localhost:8080";
    let question = company.begin(company.ada().await).await;
    let answer = device.create(&question.options);
    company.add(company.ada().await, &question, &answer).await.unwrap();
    company.use_passkey(&mut device).await.unwrap();
    device.origin = "http://localhost.evil.example:8080";
    assert!(matches!(company.use_passkey(&mut device).await, Err(Refused::Wrong)));
    let numbered = Company::sqlite_at("url: \"https://192.0.2.7\"").await;
    assert_eq!(numbered.auth.passkey_site(&numbered.opened), None);
}
