//! Leavers, orphans, conflicts and privileged access of the small company.

use muster_app::{OrphanChoice, decide_orphans};
use muster_engine::{NoProgress, PlanOptions, make_plan};
use muster_governance::{
    Answer, NewException, NewRequest, Verdict, create_request, decide_request, except_conflict,
};
use muster_report::Question;

use crate::support::{Company, on_both};

on_both! {
    async fn accounts_of_nobody_are_listed_with_age_last_use_and_decision(company) {
        let old = company.account("svc-old", None, &[]).await;
        company.pass(40);
        let new = company.account("svc-new", None, &["create"]).await;
        company.account("ada", Some("ada"), &[]).await;
        company.used(old).await;
        let known = OrphanChoice::Authorise(None);
        decide_orphans(&company.ctx, &company.opened, &[new.0], known, "the printer", None).await.unwrap();
        let rows = company.rows("orphans", &Question::default()).await;
        let at = "2026-12-30T12:00:00Z";
        assert_eq!(rows, [
            ["ledger", "user", "svc-old", "orphan", "yes", "2026-11-20T12:00:00Z", "40", at, "", "", "", ""],
            ["ledger", "user", "svc-new", "authorised", "yes", at, "0", "", "authorise", "tester", "", "the printer"],
        ]);
        assert_eq!(company.totals("orphans").await, "orphans 1, undecided 0, authorised 1, ownerless 0");
        let one = Question { system: Some("ledger".into()), ..Question::default() };
        assert_eq!(company.rows("orphans", &one).await.len(), 2);
        let none = Question { system: Some("nowhere".into()), ..Question::default() };
        let refused = company.reader("orphans", &none).await.unwrap_err();
        assert_eq!(refused.to_string(), "there is no system `nowhere`");
    }

    async fn accounts_for_which_nobody_answers_stand_after_those_of_nobody(company) {
        company.account("svc-old", None, &[]).await;
        for who in ["ada", "ben", "cleo"] {
            company.account(who, Some(who), &[]).await;
        }
        assert_eq!(company.rows("orphans", &Question::default()).await.len(), 1);
        company.change("cleo", &[("manager", "ada")]).await;
        company.change("mia", &[("end", "2026-11-20")]).await;
        let rows = company.rows("orphans", &Question::default()).await;
        let shown: Vec<_> = rows.iter().map(|row| [&*row[2], &*row[3], &*row[11]]).collect();
        assert_eq!(shown, [
            ["svc-old", "orphan", ""],
            ["ada", "ownerless", "ada: the owner is `leaver`"],
            ["ben", "ownerless", "ben: the owner is `leaver`"],
        ]);
        assert_eq!(company.totals("orphans").await, "orphans 1, undecided 0, authorised 0, ownerless 2");
    }

    async fn a_conflict_is_there_since_the_last_of_its_duties(company) {
        company.give("ada", "create-payment").await;
        company.pass(3);
        company.give("ada", "approve-payment").await;
        company.give("ben", "create-payment").await;
        let rows = company.rows("conflicts", &Question::default()).await;
        let duties = "create (ledger:create); approve (ledger:approve)";
        let since = "2026-11-23T12:00:00Z";
        assert_eq!(rows, [["ada", "Ada Ash", "four-eyes", duties, "open", since, "", "", "", ""]]);
        assert_eq!(company.totals("conflicts").await, "people 1, open 1, excepted 0");
        let except = NewException {
            person: "ada".into(),
            conflict: "four-eyes".into(),
            from: None,
            until: "2026-12-24T00:00:00Z".parse().unwrap(),
            reason: "the others are ill".into(),
            mitigation: "Mia looks at each payment".into(),
            owner: "mia".into(),
        };
        except_conflict(&company.ctx, &company.opened, &except).await.unwrap();
        let row = company.rows("conflicts", &Question::default()).await.remove(0);
        assert_eq!(row[4], "excepted");
        assert_eq!(row[6..8], ["tester", "Mia looks at each payment"]);
        assert_eq!(row[9], "2026-12-24T00:00:00Z");
        assert_eq!(company.totals("conflicts").await, "people 1, open 0, excepted 1");
    }

    async fn access_of_high_risk_names_who_decided_and_when_it_was_used(company) {
        company.give("cleo", "chief").await;
        let account = company.account("ada", Some("ada"), &["create"]).await;
        company.pass(1);
        company.used(account).await;
        let new = NewRequest {
            roles: vec!["create-payment".into()],
            people: vec!["ada".into()],
            reason: "month end".into(),
            ..NewRequest::default()
        };
        let (ctx, opened) = (&company.ctx, &company.opened);
        let made = create_request(ctx, opened, company.id("ada").await, &new).await.unwrap();
        let yes = Answer { verdict: Verdict::Approve, note: String::new(), until: None };
        decide_request(ctx, opened, company.id("mia").await, made[0].id, &yes).await.unwrap();
        let rows = company.rows("privileged", &Question::default()).await;
        let (one, other) = ("2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z");
        assert_eq!(rows, [
            ["ada", "Ada Ash", "create-payment", "70", "assigned", "request 1: month end", other, "", "mia", other],
            ["cleo", "Cleo Çelik", "create-payment", "70", "included", "included in `chief`", one, "", "tester", ""],
        ]);
        assert_eq!(company.totals("privileged").await, "from_risk 50, roles 1, people 2, held 2, outside 0");
        company.give("ben", "approve-payment").await;
        let lower = Question { risk: Some(40), ..Question::default() };
        assert_eq!(company.rows("privileged", &lower).await.len(), 3);
    }

    async fn what_was_given_outside_of_a_role_of_high_risk_is_among_it(company) {
        company.give("ben", "create-payment").await;
        for (who, item) in [("ada", "create"), ("ben", "sell"), ("cleo", "approve")] {
            let account = company.account(who, Some(who), &[item]).await;
            company.given_outside(who, account, item).await;
        }
        let rows = company.rows("privileged", &Question::default()).await;
        let at = "2026-11-20T12:00:00Z";
        assert_eq!(rows, [
            ["ada", "Ada Ash", "ledger.right:create", "70", "outside", "", at, "", "", ""],
            ["ben", "Ben Bay", "create-payment", "70", "assigned", "set up", at, "", "tester", ""],
        ]);
        assert_eq!(company.totals("privileged").await, "from_risk 50, roles 1, people 2, held 1, outside 1");
        let lower = Question { risk: Some(40), ..Question::default() };
        assert_eq!(company.rows("privileged", &lower).await.len(), 3);
    }

    async fn whoever_left_and_can_still_use_an_account_is_named(company) {
        company.account("ben", Some("ben"), &[]).await;
        assert!(company.rows("leavers", &Question::default()).await.is_empty());
        company.change("ben", &[("end", "2026-11-20")]).await;
        let options = PlanOptions { save: true, ..PlanOptions::default() };
        make_plan(&company.ctx, &company.opened, &options, &NoProgress).await.unwrap();
        let rows = company.rows("leavers", &Question::default()).await;
        assert_eq!(rows[0][0], "ledger");
        assert_eq!(rows[0][5..7], ["1", "ben since 2026-11-20T00:00:00Z"]);
        assert_eq!(company.totals("leavers").await, "people 1, active_accounts 1");
    }
}

#[tokio::test]
async fn a_filter_that_a_report_lacks_is_refused_with_those_it_has() {
    let company = Company::empty().await;
    let question = Question { risk: Some(5), ..Question::default() };
    let refused = company.reader("access", &question).await.unwrap_err();
    assert_eq!(refused.to_string(), "the report `access` has no filter `risk`");
    assert_eq!(refused.hints(), ["its filters are: person, as_of"]);
    let refused = muster_report::report_named("everything").unwrap_err();
    assert_eq!(refused.to_string(), "there is no report `everything`");
}
