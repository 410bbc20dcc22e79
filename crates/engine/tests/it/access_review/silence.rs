//! Silence over more than one transaction holds: nothing is lost by a death, nothing asked or done twice.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use muster_review::{NewCampaign, campaign_status, open_campaign, release_silence, work_due};
use muster_store::CampaignState;

use crate::support::Rig;

/// A rule gives everybody but the first two a seat.
const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: number
    attributes: { number: { type: string, unique: true } }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: number }
    reads: { person: { owns: { number: record.number } } }
  desk:
    connector: memory
    mode: enforce
    settings: { name: desk }
    guards: { disable: none, revoke: none, delete: none }
    accounts: { user: { object: user, match: [{ on: uid == person.number }], name: person.number, set: { uid: person.number } } }
roles:
  seat: { when: "person.number != '1' && person.number != '2'", grants: [desk.user] }
  chief: { when: "person.number == '2'" }
reviews:
  seats:
    scope: { roles: [seat] }
    stages: [{ person: "1" }]
    fallback: chief
    set_aside: []
    due: 14d
    silence: revoke
    guard: { max: 100, percent: 10 }
"#;

/// More than two transactions hold.
const SEATS: usize = 4100;

#[tokio::test]
async fn silence_that_dies_half_way_goes_on_without_asking_again_and_is_verified() {
    let mut hr = String::from("number\n");
    (1..=SEATS + 2).for_each(|n| _ = writeln!(hr, "{n}"));
    let rig = Rig::new(&[("muster.yaml", MODEL), ("hr.csv", &hr)]);
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    rig.sync_all().await;
    let opened = rig.open().await;
    let new = NewCampaign { review: "seats", title: None, cause: "hand", only: None };
    let campaign = open_campaign(&rig.ctx(), &opened, &new).await.unwrap();
    let (id, all) = (campaign.id.to_string(), i64::try_from(SEATS).unwrap());
    rig.at("2026-04-01T12:00:00Z");
    work_due(&rig.ctx(), &opened).await.unwrap();
    let now = async || campaign_status(&rig.ctx(), &rig.open().await, &id).await.unwrap();
    assert_eq!((now().await.state, now().await.held), (CampaignState::Held, Some(all)));

    let commits = AtomicUsize::new(0);
    opened.store.set_fail_point(Some(Arc::new(move |place| {
        let is_second = place == "commit before" && commits.fetch_add(1, Ordering::Relaxed) == 1;
        assert!(!is_second, "the process dies here");
    })));
    let (ctx, name) = (rig.ctx(), id.clone());
    let died = tokio::spawn(async move {
        release_silence(&ctx, &opened, &name, (true, Some(all))).await.map(drop)
    });
    assert!(died.await.unwrap_err().is_panic());
    let half = now().await;
    assert_eq!((half.state, half.waiting, half.removed), (CampaignState::Open, all - 2000, 2000));

    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    let done = now().await;
    assert_eq!((done.state, done.waiting, done.pending), (CampaignState::Closed, 0, all));
    let made = rig.plan().await;
    assert_eq!(made.plan.to_do().count(), SEATS);
    rig.apply_whole(&made).await;
    rig.sync_all().await;
    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    assert_eq!((now().await.pending, now().await.removed), (0, all));
    let mut journal = Vec::new();
    muster_app::export_journal(&rig.open().await, &mut journal).await.unwrap();
    let journal = String::from_utf8(journal).unwrap();
    assert_eq!(journal.lines().filter(|line| line.contains("campaign.silence")).count(), 3);
}
