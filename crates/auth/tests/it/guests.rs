//! Guests sign in with a mailed code and nothing else; nobody but guests does.

use muster_auth::{Amr, Letter, Refused, Secret, Step};

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
}
