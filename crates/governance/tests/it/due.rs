//! Reminders, escalation, the end of the wait, and mail.

use muster_store::RequestState;

use crate::support::*;

fn to(mails: &[(String, String)]) -> Vec<&str> {
    mails.iter().map(|(to, _)| to.as_str()).collect()
}

on_both! {
    async fn who_does_not_answer_is_reminded_and_passed_over_and_then_it_is_over(company) {
        let made = company.ask("ada", "vpn", "ada").await;
        assert_eq!(to(&company.work().await), ["mia@tern.example"]);
        company.pass(2);
        let mails = company.work().await;
        assert_eq!(mails[0].1, format!("Request {}: role vpn for ada still waits for you", made.id));
        assert_eq!(company.work().await, []);
        // Nobody stands in for the manager: the one above may decide too.
        company.pass(2);
        assert_eq!(to(&company.work().await), ["tom@tern.example", "mia@tern.example"]);
        assert_eq!(company.inbox("tom").await, [made.id]);
        company.pass(6);
        assert_eq!(to(&company.work().await), ["ada@tern.example"]);
        let over = company.see("ada", made.id).await.unwrap();
        assert_eq!(over.state, RequestState::Expired);
        assert!(refused(company.approve("tom", made.id).await).ends_with("waited for too long and is over"));
        let told = company.history(made.id).await;
        assert_eq!(told, ["made by ada", "reminded", "escalated", "expired"]);
    }

    async fn the_one_above_decides_when_the_manager_does_not(company) {
        let made = company.ask("ada", "vpn", "ada").await;
        assert!(refused(company.approve("tom", made.id).await).starts_with("Denied"));
        company.pass(5);
        company.work().await;
        company.approve("tom", made.id).await.unwrap();
        // At the second stage those of the fallback come in the same way.
        assert!(refused(company.approve("sue", made.id).await).starts_with("Denied"));
        company.pass(5);
        company.work().await;
        assert_eq!(company.approve("sue", made.id).await.unwrap().state, RequestState::Approved);
    }

    async fn it_is_over_when_its_time_is_even_if_nobody_looked(company) {
        let made = company.ask("ada", "vpn", "ada").await;
        company.pass(10);
        assert!(refused(company.approve("mia", made.id).await).ends_with("waited for too long"));
        company.work().await;
        assert_eq!(company.see("ada", made.id).await.unwrap().state, RequestState::Expired);
    }

    async fn mails_say_what_it_is_about_and_go_to_those_who_are_asked(company) {
        let made = company.ask("ada", "vpn", "ada").await;
        company.approve("mia", made.id).await.unwrap();
        // Mia decided before the mail went out: only those who are still asked get one.
        let mails = company.work().await;
        assert_eq!(to(&mails), ["mia@tern.example", "ben@tern.example"]);
        company.approve("ben", made.id).await.unwrap();
        let last = company.work().await;
        assert_eq!(last, [("ada@tern.example".to_owned(), format!("Request {}: role vpn for ada is approved", made.id))]);
    }
}
