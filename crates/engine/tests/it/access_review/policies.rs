//! A policy for requests says when what it gave is reviewed: again and again, once for each time, as long as it is held.

use muster_app::AssignRequest;
use muster_engine::merge_people;
use muster_governance::{
    CatalogueQuery, ExtendRequest, NewRequest, Reviewed, create_request, extend_assignment,
    search_catalogue,
};
use muster_review::{ItemAnswer, ItemView, work_due};
use muster_store::ItemState;

use super::{decide, items, person};
use crate::support::Rig;

/// Mia (1) leads Ada (2) and Ben (3).
const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: number
    attributes:
      number: { type: string, unique: true }
      manager: { type: link, to: person }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: number }
    reads: { person: { owns: { number: record.number, manager: record.manager } } }
roles:
  desk: { when: "person.number == '4'" }
  payer:
    request:
      - { approval: [], longest: 365d, extend: free, review: { name: calm, every: 180d } }
      - { approval: [], who: "person.number == '2'", review: { name: often, every: 90d } }
  reader: { request: { approval: [] } }
reviews:
  often: { stages: [manager], fallback: desk, scope: { roles: [reader] }, silence: revoke, due: 14d }
  calm: { stages: [{ role: desk }], fallback: desk, due: 14d }
"#;

async fn company() -> Rig {
    let hr = "number,manager\n1,\n2,1\n3,1\n4,\n5,1\n";
    let rig = Rig::new(&[("muster.yaml", MODEL), ("hr.csv", hr)]);
    rig.sync_all().await;
    rig
}

async fn ask(rig: &Rig, who: &str, role: &str) {
    let new = NewRequest {
        roles: vec![role.into()],
        reason: "month end".into(),
        ..NewRequest::default()
    };
    let me = person(rig, who).await;
    create_request(&rig.ctx(), &rig.open().await, me, &new).await.unwrap();
}

/// What somebody is asked at a time: whose, what and why.
async fn asked(rig: &Rig, time: &str, who: &str) -> Vec<String> {
    rig.at(time);
    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    // Nothing is asked twice.
    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    let line = |item: &ItemView| {
        format!("{} {}: {}", item.person.as_deref().unwrap(), item.thing, item.cause)
    };
    items(rig, who).await.iter().map(line).collect()
}

async fn answer(rig: &Rig, who: &str, answer: ItemAnswer) {
    for item in items(rig, who).await {
        let done = decide(rig, who, item.id, answer.clone()).await.unwrap();
        assert_eq!(done.state, ItemState::Decided);
    }
}

#[tokio::test]
async fn what_a_request_gave_is_asked_about_each_time_until_it_is_taken() {
    let rig = company().await;
    for (who, role) in [("2", "payer"), ("3", "payer"), ("2", "reader")] {
        ask(&rig, who, role).await;
    }
    assert_eq!(asked(&rig, "2026-05-30T12:00:00Z", "1").await, [""; 0]);
    // Of two policies the shorter time wins, and the scope of its review says nothing about it.
    let why = "2 payer: request 1 gave it on 2026-03-02";
    assert_eq!(asked(&rig, "2026-06-01T12:00:00Z", "1").await, [why]);
    answer(&rig, "1", ItemAnswer::Keep).await;
    assert_eq!(asked(&rig, "2026-08-28T12:00:00Z", "1").await, [""; 0]);
    assert_eq!(asked(&rig, "2026-08-31T12:00:00Z", "1").await, [why]);
    let calm = "3 payer: request 2 gave it on 2026-03-02";
    assert_eq!(asked(&rig, "2026-08-31T12:00:00Z", "4").await, [calm]);
    answer(&rig, "4", ItemAnswer::Keep).await;
    // Nobody answers, and the review takes it; what is not held is not asked about.
    assert_eq!(asked(&rig, "2026-09-15T12:00:00Z", "1").await, [""; 0]);
    let opened = rig.open().await;
    let of_ada = muster_app::list_assignments(&rig.ctx(), &opened, "2").await.unwrap();
    let held: Vec<&str> =
        of_ada.iter().filter(|of| of.ended_at.is_none()).map(|of| &*of.role).collect();
    assert_eq!(held, ["reader"]);
    assert_eq!(asked(&rig, "2026-12-15T12:00:00Z", "1").await, [""; 0]);
}

#[tokio::test]
async fn neither_more_time_nor_a_merge_asks_a_second_time_and_what_was_given_by_hand_is_not_asked_about()
 {
    let rig = company().await;
    let by_hand = AssignRequest {
        person: "1".into(),
        role: "payer".into(),
        from: None,
        until: None,
        reason: "month end".into(),
    };
    muster_app::assign(&rig.ctx(), &rig.open().await, &by_hand).await.unwrap();
    ask(&rig, "3", "payer").await;
    rig.at("2026-04-01T12:00:00Z");
    let me = person(&rig, "3").await;
    let more = ExtendRequest {
        role: "payer".into(),
        until: Some("2027-03-15T00:00:00Z".parse().unwrap()),
        reason: "the year ends later".into(),
        ..ExtendRequest::default()
    };
    extend_assignment(&rig.ctx(), &rig.open().await, me, &more).await.unwrap();
    // Ben had two numbers.
    merge_people(&rig.ctx(), &rig.open().await, "3", "5", "the same person").await.unwrap();
    let once = ["5 payer: request 1 gave it on 2026-03-02"];
    assert_eq!(asked(&rig, "2026-10-15T12:00:00Z", "4").await, once);
    answer(&rig, "4", ItemAnswer::Keep).await;
    assert_eq!(asked(&rig, "2027-04-15T12:00:00Z", "4").await, [""; 0], "it ended in March");
}

#[tokio::test]
async fn whoever_asks_reads_before_when_it_will_be_reviewed() {
    let rig = company().await;
    let opened = rig.open().await;
    let me = person(&rig, "2").await;
    let query = CatalogueQuery { limit: 10, ..CatalogueQuery::default() };
    let page = search_catalogue(&rig.ctx(), &opened, me, &query).await.unwrap();
    let often = Reviewed {
        every: jiff::SignedDuration::from_hours(90 * 24),
        review: "often".into(),
        stages: vec!["manager".into()],
    };
    let shown: Vec<_> =
        page.items.into_iter().map(|of| (of.role.to_string(), of.reviewed)).collect();
    assert_eq!(shown, [("payer".to_owned(), Some(often)), ("reader".to_owned(), None)]);
}
