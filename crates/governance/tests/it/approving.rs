//! Decisions: once, in time, and never for more than was asked.

use muster_governance::{Answer, Verdict};
use muster_store::RequestState;

use crate::support::*;

on_both! {
    async fn one_refusal_ends_a_request_and_says_why(company) {
        let made = company.ask("ada", "vpn", "ada").await;
        let silent = Answer { verdict: Verdict::Refuse, note: " ".into(), until: None };
        assert!(refused(company.answer("mia", made.id, silent).await).starts_with("Invalid: a refusal"));
        let over = company.refuse("mia", made.id).await.unwrap();
        assert_eq!(over.state, RequestState::Refused);
        assert_eq!(&*over.history.last().unwrap().note, "not now");
        assert!(refused(company.approve("mia", made.id).await).ends_with("was refused already"));
        assert_eq!(company.given("ada").await, []);
    }

    async fn of_two_decisions_at_one_moment_one_counts(company) {
        let made = company.ask("ada", "lab-2", "ada").await;
        let (one, two) = tokio::join!(company.approve("sue", made.id), company.refuse("sam", made.id));
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        let state = company.see("ada", made.id).await.unwrap().state;
        let given = company.given("ada").await.len();
        assert_eq!((state == RequestState::Approved, given), (one.is_ok(), usize::from(one.is_ok())));
    }

    async fn an_approver_shortens_and_it_stays_so(company) {
        let made = company.ask("ada", "vpn", "ada").await;
        let until = Some(company.in_days(7));
        let answer = |until| Answer { verdict: Verdict::Approve, note: String::new(), until };
        let longer = company.answer("mia", made.id, answer(Some(company.in_days(31)))).await;
        assert!(refused(longer).starts_with("Invalid: it is given until"));
        company.answer("mia", made.id, answer(until)).await.unwrap();
        let longer = company.answer("ben", made.id, answer(Some(company.in_days(8)))).await;
        assert!(refused(longer).starts_with("Invalid"));
        assert_eq!(company.approve("ben", made.id).await.unwrap().until, until);
        company.pass(7);
        let me = company.id("ada").await;
        let mut tx = company.opened.store.read().await.unwrap();
        let held = tx.assignments_of_many(&[me], company.now()).await.unwrap();
        assert_eq!(held, []);
    }

    async fn nothing_is_given_for_a_time_that_is_over(company) {
        let made = company.ask("ada", "short", "ada").await;
        company.pass(2);
        assert!(refused(company.approve("mia", made.id).await).contains("is over"));
    }
}
