//! Whoever sees some people only, sees these in reports. The right to reports is for everybody; another one stands for it here.

use std::sync::Arc;

use muster_app::{Authority, Ctx};
use muster_policy::Right;
use muster_report::{Question, REPORTS, Reader, may_read, report_named};

use crate::support::{Company, on_both, shown};

async fn auditor(company: &Company) -> Ctx {
    company.give("ada", "auditor").await;
    let ada = company.id("ada").await;
    let authority = Authority::of(&company.ctx, &company.opened, ada).await.unwrap().unwrap();
    let reach = Arc::new(authority).reach(Right::PeopleRead).unwrap();
    Ctx { reach, ..company.ctx.clone() }
}

on_both! {
    async fn a_report_holds_nobody_beyond_the_reach_of_who_asks(company) {
        for who in ["ben", "cleo"] {
            company.give(who, "create-payment").await;
            company.give(who, "approve-payment").await;
        }
        let past = company.now();
        company.pass(1);
        let ctx = auditor(&company).await;
        for (name, as_of, n_people) in
            [("conflicts", None, 1), ("privileged", None, 1), ("access", None, 2), ("access", Some(past), 2)]
        {
            let question = Question { as_of, ..Question::default() };
            let report = report_named(name).unwrap();
            let mut reader = Reader::open(&ctx, &company.opened, report, &question).await.unwrap();
            let part = reader.rows(None, 1000).await.unwrap();
            let mut people: Vec<String> = part.rows.iter().map(|row| shown(row)[0].clone()).collect();
            people.dedup();
            assert!(!people.iter().any(|who| who == "cleo" || who == "mia"), "{name}: {people:?}");
            assert_eq!(people.len(), n_people, "{name}: {people:?}");
            let totals = reader.head().totals.iter().find(|total| total.name == "people");
            assert!(totals.is_none_or(|total| usize::try_from(total.value) == Ok(n_people)), "{name}");
        }
        let cleo = Question { person: Some("cleo".into()), ..Question::default() };
        for name in ["access", "subject"] {
            let report = report_named(name).unwrap();
            let refused = Reader::open(&ctx, &company.opened, report, &cleo).await.unwrap_err();
            assert_eq!(refused.to_string(), "there is no identity `cleo`", "{name}");
        }
    }

    async fn what_is_about_everybody_is_for_those_who_see_everybody(company) {
        let ctx = auditor(&company).await;
        let refused: Vec<&str> =
            REPORTS.iter().filter(|report| !may_read(&ctx, report)).map(|of| of.name).collect();
        assert_eq!(refused, ["orphans", "reviews"]);
        let report = report_named("orphans").unwrap();
        let refused = Reader::open(&ctx, &company.opened, report, &Question::default()).await;
        assert_eq!(refused.unwrap_err().to_string(), "the report `orphans` is about everybody");
    }
}
