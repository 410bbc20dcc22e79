//! Nobody decides for themselves by any road, and nobody who should not.

use muster_engine::merge_people;
use muster_governance::{NewDelegation, create_delegation, end_delegation};

use crate::support::*;

async fn delegate(company: &Company, from: &str, to: &str) -> i64 {
    let me = company.id(from).await;
    let new = NewDelegation {
        to: to.into(),
        from: None,
        until: company.in_days(9),
        reason: "away".into(),
    };
    create_delegation(&company.ctx, &company.opened, me, &new).await.unwrap().id
}

const OWN: &str = "Denied: nobody decides about what they asked for or would get";

on_both! {
    async fn neither_who_asks_nor_who_gets_it_decides(company) {
        // Mia asks for Ada: the manager's manager decides.
        let made = company.ask("mia", "see-payment", "ada").await;
        assert_eq!(made.status, "waits on tom (manager)");
        assert_eq!(refused(company.approve("mia", made.id).await), OWN);
        assert_eq!(refused(company.approve("ada", made.id).await), OWN);
        assert_eq!(refused(company.refuse("ada", made.id).await), OWN);
        company.approve("tom", made.id).await.unwrap();
    }

    async fn a_role_does_not_let_its_holders_decide_for_themselves(company) {
        let made = company.ask("ben", "vpn", "ben").await;
        // Ben alone has the role `desk`: those of the fallback decide.
        company.approve("mia", made.id).await.unwrap();
        assert_eq!(refused(company.approve("ben", made.id).await), OWN);
        assert_eq!(company.inbox("ben").await, [] as [i64; 0]);
        assert_eq!(company.inbox("sue").await, [made.id]);
        company.approve("sue", made.id).await.unwrap();
    }

    async fn a_delegate_decides_and_both_are_named_but_never_for_themselves(company) {
        let made = company.ask("ada", "see-payment", "ada").await;
        let own = delegate(&company, "mia", "ada").await;
        assert_eq!(refused(company.approve("ada", made.id).await), OWN);
        assert_eq!(company.inbox("ada").await, [] as [i64; 0]);
        let me = company.id("mia").await;
        end_delegation(&company.ctx, &company.opened, me, own).await.unwrap();
        assert!(refused(company.approve("sue", made.id).await).starts_with("Denied: you are not asked"));
        delegate(&company, "mia", "sue").await;
        assert_eq!(company.inbox("sue").await, [made.id]);
        company.approve("sue", made.id).await.unwrap();
        assert_eq!(company.history(made.id).await[1], "approved by sue for mia");
    }

    async fn a_delegation_is_over_in_its_time_and_is_not_passed_on(company) {
        delegate(&company, "mia", "sue").await;
        delegate(&company, "sue", "sam").await;
        let made = company.ask("ada", "see-payment", "ada").await;
        assert!(refused(company.approve("sam", made.id).await).starts_with("Denied: you are not asked"));
        company.pass(9);
        assert!(refused(company.approve("sue", made.id).await).starts_with("Denied: you are not asked"));
    }

    async fn a_delegate_of_whoever_asked_is_not_asked(company) {
        // Mia asks for Ada; what she may not decide, her delegate may not either.
        let made = company.ask("mia", "see-payment", "ada").await;
        delegate(&company, "mia", "sue").await;
        assert!(refused(company.approve("sue", made.id).await).starts_with("Denied: you are not asked"));
    }

    async fn a_merged_identity_is_the_same_person(company) {
        let made = company.ask("ben", "see-payment", "ben").await;
        merge_people(&company.ctx, &company.opened, "ben", "mia", "one person").await.unwrap();
        assert_eq!(refused(company.approve("mia", made.id).await), OWN);
    }

    async fn who_has_left_decides_nothing(company) {
        let made = company.ask("ada", "see-payment", "ada").await;
        company.leaves("mia").await;
        assert!(refused(company.approve("mia", made.id).await).starts_with("Denied: `mia` has left"));
        // Whoever is above decides, by the facts of now.
        company.approve("tom", made.id).await.unwrap();
    }

    async fn who_lost_the_role_a_moment_ago_decides_nothing(company) {
        let made = company.ask("ada", "vpn", "ada").await;
        company.approve("mia", made.id).await.unwrap();
        muster_app::unassign(&company.ctx, &company.opened, "ben", "desk", "moved").await.unwrap();
        assert!(refused(company.approve("ben", made.id).await).starts_with("Denied: you are not asked"));
    }

    async fn a_request_that_nobody_could_decide_is_not_made(company) {
        let refusal = company.try_ask("tom", "see-payment", "tom").await;
        assert!(refused(refusal).starts_with("Conflict: nobody could approve role `see-payment`"));
    }

    async fn a_stranger_does_not_even_see_it(company) {
        let made = company.ask("ada", "see-payment", "ada").await;
        assert!(refused(company.see("sue", made.id).await).starts_with("NotFound"));
        assert!(company.see("mia", made.id).await.is_ok());
        assert!(company.see("ada", made.id).await.is_ok());
    }
}
