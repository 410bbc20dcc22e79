//! Guests sign in with a mailed code and nothing else; nobody but guests does.

use jiff::SignedDuration;
use muster_app::{Validity, new_pass};
use muster_auth::{Amr, Door, Letter, Refused, Secret, Step, Weak};

use crate::support::*;

const CODE: Letter<'static> = Letter { subject: "Code", text: "It is {code} ." };
const KARI: &str = "kari@nord.example";

async fn kari(company: Company) -> Company {
    let company = company.with_guests().await;
    company.enter("visitor", &[("mail", KARI), ("host", "1"), ("until", "2026-12-01")]).await;
    company
}

/// Asks for a code, and lets the mail be sent; what the browser keeps.
async fn begin(company: &Company, name: &str) -> Secret {
    let nothing = Secret::new("");
    let attempt = company.attempt(name, &nothing);
    let kept = company.auth.begin_recovery(&company.opened, attempt, CODE).await.unwrap();
    company.send().await;
    kept
}

async fn show(company: &Company, kept: &Secret, code: &str) -> Result<Step, Refused> {
    let code = Secret::new(code);
    let attempt = company.attempt("", &code);
    company.auth.guest_code(&company.opened, attempt, kept.reveal()).await
}

on_both! {
    async fn a_mailed_code_lets_a_guest_in_once(company) {
        let company = kari(company).await;
        let kept = begin(&company, "Kari@nord.example").await;
        let code = company.mailbox.code();
        assert_eq!(word(&show(&company, &kept, "00000000").await), "wrong");
        let Step::In { verified, .. } = show(&company, &kept, &code).await.unwrap() else {
            panic!("nothing more is needed")
        };
        assert_eq!(verified.amr, [Amr::Mail]);
        assert_eq!(word(&show(&company, &kept, &code).await), "over");
    }

    async fn a_guest_who_is_blocked_is_not_let_in(company) {
        let company = kari(company).await;
        let kept = begin(&company, KARI).await;
        let code = company.mailbox.code();
        let mut tx = company.opened.store.begin().await.unwrap();
        let of = company.opened.model.guests.as_ref().unwrap().type_id;
        let whom = (of, company.identity(KARI).await);
        let (ctx, opened) = (&company.ctx, &company.opened);
        muster_engine::suspend_in(ctx, opened, &mut tx, whom, ("guests", "no role")).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(word(&show(&company, &kept, &code).await), "over");
    }

    async fn the_code_of_somebody_who_is_no_guest_is_not_enough(company) {
        let company = kari(company).await;
        let kept = begin(&company, "ada").await;
        let code = company.mailbox.code();
        assert_eq!(word(&show(&company, &kept, &code).await), "wrong");
        assert_eq!(word(&show(&company, &begin(&company, "nobody").await, &code).await), "wrong");
    }

    async fn a_guest_gets_no_password_by_any_road(company) {
        let company = kari(company).await;
        let (ctx, opened, kari) = (&company.ctx, &company.opened, company.identity(KARI).await);
        let refused = "guests have no password";
        let password = Secret::new(PASSWORD);
        // The pages, the directory and the command line.
        let set = company.auth.set_password(ctx, opened, kari, &password).await;
        assert_eq!(muster_app::Error::from(set.unwrap_err()).to_string(), refused);
        let hash = "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr";
        let set = company.auth.set_hash(ctx, opened, kari, hash).await;
        assert_eq!(set.unwrap_err().to_string(), refused);
        // An operator.
        let hour = SignedDuration::from_hours(1);
        let made = company.auth.make_pass(ctx, opened, KARI, hour, false).await;
        assert_eq!(made.unwrap_err().to_string(), refused);
        // Forgotten, with both proofs: a pass may be left from before they were a guest.
        let validity = Validity { from: company.now(), length: hour, once: false };
        let (pass, kept) = new_pass(kari, validity, company.now()).unwrap();
        let mut tx = opened.store.begin().await.unwrap();
        tx.save_temporary_pass(&kept).await.unwrap();
        tx.commit().await.unwrap();
        let begun = begin(&company, KARI).await;
        let code = Secret::new(company.mailbox.code());
        let proved = company.auth.recovery_code(opened, company.attempt("", &code), begun.reveal());
        let proved = proved.await.unwrap();
        let pass = Secret::new(pass);
        let proved = company.auth.recovery_proof(opened, company.attempt("", &pass), proved.reveal());
        let proved = proved.await.unwrap();
        let with = (proved.reveal(), Letter { subject: "New", text: "It is new." });
        let set = company.auth.recover(opened, ctx, company.attempt("", &password), with).await;
        assert_eq!(set.unwrap(), Err(Weak::Guest));
        let mut tx = opened.store.read().await.unwrap();
        assert!(tx.password(kari).await.unwrap().is_none());
    }

    async fn a_password_from_before_somebody_was_a_guest_opens_no_door(company) {
        let company = kari(company).await;
        let (ada, kari) = (company.ada().await, company.identity(KARI).await);
        let mut tx = company.opened.store.begin().await.unwrap();
        let of_ada = tx.password(ada).await.unwrap().unwrap();
        tx.save_password(&muster_store::Password { entity: kari, ..of_ada }).await.unwrap();
        tx.commit().await.unwrap();
        for door in [Door::Web, Door::Ldap] {
            assert_eq!(word(&company.sign_in_at(door, KARI, PASSWORD).await), "wrong", "{door:?}");
        }
        assert_eq!(word(&company.sign_in("ada", PASSWORD).await), "in");
    }

    async fn who_asks_to_come_costs_the_network_a_try_and_an_address_gets_a_few_mails(company) {
        let company = company.with_guests().await;
        let nothing = Secret::new("");
        let asks = async |company: &Company, name: &str| {
            company.auth.may_apply(&company.opened, &company.attempt(name, &nothing)).await
        };
        for n in 0..6 {
            assert_eq!(asks(&company, "Kari@Nord.example").await.unwrap(), n < 5, "{n}");
        }
        assert!(asks(&company, "olav@nord.example").await.unwrap());
        let limited = company.asking("throttle: { tries: 2, per: 40s }").await;
        limited.pass(SignedDuration::from_hours(2));
        for _ in 0..2 {
            let attempt = limited.attempt("", &nothing);
            limited.auth.count_applicant(&limited.opened, &attempt).await.unwrap();
        }
        let refused = asks(&limited, "kari@nord.example").await;
        assert!(matches!(refused, Err(Refused::Throttled { .. })), "{refused:?}");
        assert!(limited.log().await.contains(&"refused throttled".to_owned()));
    }
}
