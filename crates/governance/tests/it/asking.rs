//! What can be asked for, and how it begins.

use muster_governance::{
    CatalogueQuery, ChangeRequest, ExtendRequest, NewRequest, RequestQuery, Whose, change_request,
    check_request, create_request, extend_assignment, list_requests, search_catalogue,
    withdraw_request,
};
use muster_store::RequestState;

use crate::support::*;

async fn catalogue(company: &Company, who: &str, search: &str, person: &str) -> Vec<String> {
    let (search, person) = (search.to_owned(), Some(person.to_owned()));
    let query = CatalogueQuery { search, person, after: None, limit: 50 };
    let me = company.id(who).await;
    let page = search_catalogue(&company.ctx, &company.opened, me, &query).await.unwrap();
    page.items.iter().map(|entry| entry.role.to_string()).collect()
}

on_both! {
    async fn the_catalogue_holds_what_somebody_can_ask_for_and_is_searched_by_words(company) {
        let own = catalogue(&company, "ada", "", "ada").await;
        assert!(own.contains(&"lab".to_owned()) && !own.contains(&"security".to_owned()));
        let for_ben = catalogue(&company, "ada", "", "ben").await;
        assert!(!for_ben.contains(&"lab".to_owned()));
        assert_eq!(catalogue(&company, "ada", "HOME work", "ada").await, ["vpn"]);
    }

    async fn a_request_passes_its_stages_and_becomes_an_assignment(company) {
        let made = company.ask("ada", "vpn", "ada").await;
        assert_eq!(made.status, "waits on mia (manager)");
        assert_eq!(made.until, Some(company.in_days(30)));
        assert_eq!(company.inbox("mia").await, [made.id]);
        assert_eq!(company.inbox("ben").await, [] as [i64; 0]);
        let next = company.approve("mia", made.id).await.unwrap();
        assert_eq!(next.status, "waits on whoever has role desk (role desk)");
        assert_eq!(company.inbox("ben").await, [made.id]);
        assert_eq!(company.given("ada").await, []);
        let done = company.approve("ben", made.id).await.unwrap();
        assert_eq!(done.state, RequestState::Approved);
        let reason = format!("request {}: a project", made.id);
        assert_eq!(company.given("ada").await, [("vpn".to_owned(), reason)]);
        let told = company.history(made.id).await;
        assert_eq!(told, ["made by ada", "approved by mia", "approved by ben", "given"]);
        assert_eq!(company.inbox("ben").await, [] as [i64; 0]);
    }

    async fn what_nobody_has_to_approve_is_given_at_once(company) {
        let new = NewRequest { roles: vec!["wiki".into()], ..NewRequest::default() };
        let me = company.id("ada").await;
        let made = create_request(&company.ctx, &company.opened, me, &new).await.unwrap();
        assert_eq!(made[0].state, RequestState::Approved);
        assert_eq!(company.given("ada").await.len(), 1);
    }

    async fn several_roles_for_several_people_are_decided_one_by_one(company) {
        let new = NewRequest {
            roles: vec!["vpn".into(), "see-payment".into()],
            people: vec!["ada".into(), "ben".into()],
            reason: "a project".into(),
            ..NewRequest::default()
        };
        let me = company.id("ada").await;
        let made = create_request(&company.ctx, &company.opened, me, &new).await.unwrap();
        let baskets: Vec<i64> = made.iter().map(|view| view.basket).collect();
        assert_eq!(baskets, [made[0].id; 4]);
        company.refuse("mia", made[1].id).await.unwrap();
        assert_eq!(company.inbox("mia").await.len(), 3);
        let query = RequestQuery { whose: Whose::By(me), ended: true, before: None, limit: 3 };
        let page = list_requests(&company.ctx, &company.opened, &query).await.unwrap();
        assert_eq!((page.items.len(), page.next), (3, Some(made[1].id)));
    }

    async fn what_does_not_fit_is_refused_and_nothing_is_made(company) {
        let refusal = company.try_ask("ada", "security", "ada").await;
        assert_eq!(refused(refusal), "Denied: you cannot ask for role `security` for `ada`");
        assert_eq!(refused(company.try_ask("ada", "lab", "ada").await), "Invalid: role `lab` asks: Which bench?");
        let me = company.id("ada").await;
        let mut new = NewRequest { roles: vec!["vpn".into()], ..NewRequest::default() };
        let without = create_request(&company.ctx, &company.opened, me, &new).await;
        assert_eq!(refused(without), "Invalid: role `vpn` is not given without a reason");
        new.reason = "a project".into();
        new.until = Some(company.in_days(91));
        let too_long = create_request(&company.ctx, &company.opened, me, &new).await;
        assert!(refused(too_long).starts_with("Invalid: it is given until "));
        company.ask("ada", "vpn", "ada").await;
        assert!(refused(company.try_ask("mia", "vpn", "ada").await).ends_with("waits already"));
        company.give("ben", "vpn").await;
        assert!(refused(company.try_ask("ada", "vpn", "ben").await).ends_with("has role `vpn` already"));
        company.leaves("ben").await;
        assert!(refused(company.try_ask("ada", "wiki", "ben").await).contains("has left"));
        assert!(refused(company.try_ask("ben", "wiki", "ada").await).contains("has left"));
    }

    async fn before_it_is_sent_it_says_who_decides_and_what_is_asked(company) {
        let new = NewRequest { roles: vec!["vpn".into()], ..NewRequest::default() };
        let me = company.id("ada").await;
        let checked = check_request(&company.ctx, &company.opened, me, &new).await.unwrap();
        let stages: Vec<_> = checked[0].stages.iter().map(|(name, who)| format!("{name}: {}", who[0])).collect();
        assert_eq!(stages, ["manager: mia", "role desk: whoever has role desk"]);
        assert_eq!(checked[0].until, Some(company.in_days(30)));
        assert!(checked[0].reason_needed);
        assert_eq!(company.inbox("mia").await, [] as [i64; 0]);
    }

    async fn a_request_that_was_withdrawn_is_over(company) {
        let made = company.ask("ada", "vpn", "ada").await;
        let me = company.id("ada").await;
        let stranger = company.id("sue").await;
        let (ctx, opened) = (&company.ctx, &company.opened);
        let hidden = withdraw_request(ctx, opened, stranger, made.id, "").await;
        assert!(refused(hidden).starts_with("NotFound"));
        withdraw_request(ctx, opened, me, made.id, "not needed").await.unwrap();
        assert!(refused(company.approve("mia", made.id).await).ends_with("was withdrawn"));
        assert!(refused(withdraw_request(ctx, opened, me, made.id, "").await).ends_with("was withdrawn"));
        assert_eq!(company.given("ada").await, []);
    }

    async fn a_changed_request_begins_again(company) {
        let made = company.ask("ada", "vpn", "ada").await;
        company.approve("mia", made.id).await.unwrap();
        let me = company.id("ada").await;
        let change = ChangeRequest { until: Some(company.in_days(80)), ..ChangeRequest::default() };
        let (ctx, opened) = (&company.ctx, &company.opened);
        let now = change_request(ctx, opened, me, made.id, &change).await.unwrap();
        assert_eq!(now.status, "waits on mia (manager)");
        assert!(refused(company.approve("ben", made.id).await).starts_with("Denied"));
        company.approve("mia", made.id).await.unwrap();
        company.approve("ben", made.id).await.unwrap();
        assert_eq!(company.see("ada", made.id).await.unwrap().until, change.until);
    }

    async fn more_time_follows_on_what_was_given(company) {
        let new = NewRequest {
            roles: vec!["lab".into()],
            reason: "a project".into(),
            answers: [("Which bench?".to_owned(), "3".to_owned())].into(),
            ..NewRequest::default()
        };
        let me = company.id("ada").await;
        let (ctx, opened) = (&company.ctx, &company.opened);
        let made = create_request(ctx, opened, me, &new).await.unwrap().remove(0);
        assert_eq!(&*made.answers[0].1, "3");
        company.approve("sue", made.id).await.unwrap();
        company.pass(6);
        let answers = new.answers.clone();
        let more = ExtendRequest { role: "lab".into(), reason: "more".into(), answers, ..ExtendRequest::default() };
        let again = extend_assignment(ctx, opened, me, &more).await.unwrap();
        assert_eq!(again.state, RequestState::Approved);
        assert_eq!((again.from, again.until), (Some(company.in_days(4)), Some(company.in_days(14))));
        assert_eq!(company.given("ada").await.len(), 2);
        // After the end it is a renewal, which somebody has to approve.
        company.pass(20);
        let renewed = extend_assignment(ctx, opened, me, &more).await.unwrap();
        assert_eq!((renewed.state, renewed.from), (RequestState::Waiting, None));
    }
}
