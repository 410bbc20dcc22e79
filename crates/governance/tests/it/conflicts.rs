//! Conflicts when a role is asked for, given directly, and approved too late.

use muster_app::{Kind, model_files, publish_model};
use muster_governance::{NewRequest, check_request};
use muster_store::RequestState;

use crate::support::*;

on_both! {
    async fn what_would_complete_a_blocking_conflict_is_refused(company) {
        company.give("ada", "create-payment").await;
        let refusal = refused(company.try_ask("ada", "approve-payment", "ada").await);
        assert!(refusal.contains("`four-eyes`: who enters must not release"), "{refusal}");
        let new = NewRequest { roles: vec!["approve-payment".into()], ..NewRequest::default() };
        let me = company.id("ada").await;
        let checked = check_request(&company.ctx, &company.opened, me, &new).await.unwrap();
        assert_eq!((&*checked[0].conflicts[0].name, checked[0].conflicts[0].on), ("four-eyes", "block"));
        // The other way round, too.
        company.give("ben", "approve-payment").await;
        assert!(refused(company.try_ask("ben", "create-payment", "ben").await).contains("four-eyes"));
    }

    async fn both_halves_are_not_had_by_asking_for_them_one_by_one(company) {
        let create = company.ask("ada", "create-payment", "ada").await;
        let approve = company.ask("ada", "approve-payment", "ada").await;
        company.approve("mia", create.id).await.unwrap();
        assert!(refused(company.approve("mia", approve.id).await).contains("four-eyes"));
        company.refuse("mia", approve.id).await.unwrap();
    }

    async fn a_conflict_that_may_be_approved_has_a_stage_of_its_own(company) {
        company.give("sue", "audit").await;
        company.give("ada", "create-payment").await;
        let made = company.ask("ada", "see-payment", "ada").await;
        assert_eq!(made.stages.iter().map(|name| &**name).collect::<Vec<_>>(), ["manager", "conflict look"]);
        company.approve("mia", made.id).await.unwrap();
        assert!(refused(company.approve("mia", made.id).await).starts_with("Denied"));
        let done = company.approve("sue", made.id).await.unwrap();
        assert_eq!(done.state, RequestState::Approved);
    }

    async fn a_conflict_about_which_nobody_was_asked_stops_the_last_approval(company) {
        let made = company.ask("ada", "see-payment", "ada").await;
        company.give("ada", "create-payment").await;
        assert!(refused(company.approve("mia", made.id).await).contains("`look`"));
    }

    async fn a_conflict_that_only_warns_stops_nothing(company) {
        company.give("ada", "create-payment").await;
        let made = company.ask("ada", "print-payment", "ada").await;
        assert_eq!(company.approve("mia", made.id).await.unwrap().state, RequestState::Approved);
    }

    async fn a_direct_assignment_meets_the_same_conflicts(company) {
        company.give("ada", "create-payment").await;
        let blocked = refused(company.try_give("ada", "approve-payment").await);
        assert!(blocked.starts_with("Denied") && blocked.contains("`four-eyes`"), "{blocked}");
        let asked = refused(company.try_give("ada", "see-payment").await);
        assert!(asked.starts_with("Denied") && asked.contains("`look`"), "{asked}");
        company.give("ada", "print-payment").await;
    }

    async fn a_model_that_brings_people_into_a_conflict_is_held_until_their_number_is_agreed_to(company) {
        company.give("ada", "see-payment").await;
        company.give("ben", "see-payment").await;
        let rule = "print-payment:\n    when: \"person.team == 'sales'\"";
        let model = MODEL.replace("print-payment:", rule);
        let files = || {
            let texts = [("muster.yaml".to_owned(), model.clone())];
            model_files(texts.into()).unwrap()
        };
        let (ctx, opened) = (&company.ctx, &company.opened);
        let held = publish_model(ctx, opened, files(), opened.revision, None).await.unwrap_err();
        assert_eq!(held.kind(), Kind::Held);
        let told = format!("{held:?}");
        assert!(told.contains("2 conflicts of duties") && told.contains("ada (hush), ben (hush)"), "{told}");
        assert_eq!(publish_model(ctx, opened, files(), opened.revision, Some(1)).await.unwrap_err().kind(), Kind::Held);
        assert_eq!(publish_model(ctx, opened, files(), opened.revision, Some(2)).await.unwrap().revision, 2);
    }

    async fn the_plan_of_a_request_is_shown_before_it_is_sent(company) {
        company.give("ada", "create-payment").await;
        let new = |role: &str| NewRequest { roles: vec![role.into()], ..NewRequest::default() };
        let me = company.id("ada").await;
        let plan = async |role: &str| {
            let checked = check_request(&company.ctx, &company.opened, me, &new(role)).await.unwrap();
            let told = checked[0].plan.iter().map(|change| (change.what.clone(), change.blocked.clone()));
            told.collect::<Vec<_>>()
        };
        // The account that the first role needs is in the plan without this request, too.
        assert_eq!(plan("print-payment").await, [("grant right print".to_owned(), None)]);
        let blocked = plan("approve-payment").await;
        let by_conflict = Some("four-eyes".into());
        assert!(blocked.contains(&("grant right approve".to_owned(), by_conflict)), "{blocked:?}");
        assert_eq!(plan("wiki").await, []);
    }
}
