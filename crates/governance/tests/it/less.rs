//! What ends: on the minute, earlier than asked for, with a mail before, and with more time instead.

use jiff::{SignedDuration, Timestamp};
use muster_governance::{
    ExtendRequest, RequestView, ShortenRequest, extend_assignment, shorten_assignment, standing,
};
use muster_store::RequestState;

use crate::support::*;

/// Ada has the role `vpn` for thirty days.
async fn given(company: &Company) -> RequestView {
    let made = company.ask("ada", "vpn", "ada").await;
    company.approve("mia", made.id).await.unwrap();
    let made = company.approve("ben", made.id).await.unwrap();
    company.work().await;
    made
}

async fn shorten(
    company: &Company,
    who: &str,
    until: Option<Timestamp>,
) -> Result<RequestView, muster_app::Error> {
    let (role, person, reason) = ("vpn".to_owned(), Some("ada".to_owned()), "done".to_owned());
    let less = ShortenRequest { role, person, until, reason };
    shorten_assignment(&company.ctx, &company.opened, company.id(who).await, &less).await
}

async fn extend(company: &Company, who: &str) -> RequestView {
    let (role, person, reason) = ("vpn".to_owned(), Some("ada".to_owned()), "more".to_owned());
    let more = ExtendRequest { role, person, reason, ..ExtendRequest::default() };
    extend_assignment(&company.ctx, &company.opened, company.id(who).await, &more).await.unwrap()
}

async fn has_vpn(company: &Company) -> bool {
    let id = company.id("ada").await;
    let mut tx = company.opened.store.read().await.unwrap();
    let found = standing(&company.ctx, &company.opened, &mut tx, id).await.unwrap().unwrap();
    let at = company.opened.model.roles.iter().position(|role| &*role.name == "vpn").unwrap();
    found.roles.contains(&at)
}

fn second() -> SignedDuration {
    SignedDuration::from_secs(1)
}

on_both! {
    async fn what_was_given_ends_on_the_minute(company) {
        let until = given(&company).await.until.unwrap();
        company.at(until - second());
        assert!(has_vpn(&company).await);
        company.at(until);
        assert!(!has_vpn(&company).await);
    }

    async fn whoever_has_it_leads_them_or_approved_it_sets_an_earlier_end(company) {
        let made = given(&company).await;
        let days = |n: i64| Some(company.in_days(n));
        assert!(refused(shorten(&company, "sue", days(9)).await).starts_with("NotFound"));
        assert!(refused(shorten(&company, "mia", days(31)).await).starts_with("Conflict"));
        for (who, n) in [("ada", 20), ("mia", 15), ("ben", 10)] {
            let now = shorten(&company, who, days(n)).await.unwrap();
            assert_eq!(now.id, made.id);
            assert_eq!(company.given("ada").await.len(), 1);
        }
        let last = company.history(made.id).await.pop().unwrap();
        assert_eq!(last, "shortened by ben");
        let until = company.in_days(10);
        company.at(until - second());
        assert!(has_vpn(&company).await);
        company.at(until);
        assert!(!has_vpn(&company).await);
        assert!(refused(shorten(&company, "ada", None).await).starts_with("NotFound"));
    }

    async fn what_is_given_back_is_gone_at_once_with_all_that_was_to_follow(company) {
        given(&company).await;
        let more = extend(&company, "ada").await;
        company.approve("mia", more.id).await.unwrap();
        company.approve("ben", more.id).await.unwrap();
        assert_eq!(company.given("ada").await.len(), 2);
        shorten(&company, "ada", None).await.unwrap();
        assert_eq!(company.given("ada").await, []);
        assert!(!has_vpn(&company).await);
    }

    async fn what_was_assigned_by_hand_is_not_given_back_this_way(company) {
        company.give("ada", "vpn").await;
        assert!(refused(shorten(&company, "ada", None).await).starts_with("NotFound"));
    }

    async fn before_the_end_there_is_one_mail_with_the_way_to_more_time(company) {
        let made = given(&company).await;
        company.pass(22);
        assert_eq!(company.work().await, []);
        company.pass(1);
        muster_governance::work_due(&company.ctx, &company.opened).await.unwrap();
        let mails = company.take_mails();
        assert_eq!(mails.len(), 1);
        assert_eq!((&*mails[0].to[0], &*mails[0].subject), ("ada@tern.example", &*format!("Request {}: role vpn for ada ends soon", made.id)));
        assert!(mails[0].text.contains("muster requests extend vpn"), "{}", mails[0].text);
        company.pass(1);
        assert_eq!(company.work().await, []);
    }

    async fn nobody_is_warned_of_what_goes_on_or_was_given_back(company) {
        given(&company).await;
        // The manager asks for more; that has to be approved by somebody above.
        let more = extend(&company, "mia").await;
        assert_eq!((more.state, more.status.as_str()), (RequestState::Waiting, "waits on tom (manager)"));
        company.approve("tom", more.id).await.unwrap();
        company.approve("ben", more.id).await.unwrap();
        company.pass(1);
        company.work().await;
        shorten(&company, "ada", Some(company.in_days(20))).await.unwrap();
        shorten(&company, "ada", None).await.unwrap();
        company.pass(28);
        assert_eq!(company.work().await, []);
    }
}
