//! Access reviews on a real directory: what a reviewer refuses is gone, whichever way it was held.

use muster_app::{AssignRequest, assign};
use muster_model::EntityId;
use muster_review::{
    CampaignView, Decision, ItemAnswer, ItemQuery, ItemView, Live, NewCampaign, WhoseItems,
    campaign_status, decide_items, list_items, open_campaign, release_silence, see_item, undo_item,
    work_due,
};
use muster_store::{CampaignState, ItemOutcome, ItemState};
use muster_testkit::SUFFIX;

use crate::{server::Server, support::Rig};

mod adopted;
mod evidence;
mod occasions;
mod policies;
mod scim;
mod silence;
mod stages;

/// Mia leads Ada, Ben and Cleo.
const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: number
    attributes:
      number: { type: string, unique: true }
      given: { type: string }
      family: { type: string }
      title: { type: string }
      manager: { type: link, to: person }
systems:
  hr:
    connector: csv
    settings: { path: data/hr.csv, key: number }
    reads:
      person:
        owns:
          number: record.number
          given: record.given
          family: record.family
          title: record.title
          manager: record.manager
  directory:
    connector: ldap
    mode: enforce
    settings: SETTINGS
    guards: { disable: none, revoke: none }
    accounts:
      user:
        object: inetOrgPerson
        match: [{ on: "uid == person.number" }]
        name: dn("uid", person.number, "ou=people")
        set: { uid: person.number, givenName: person.given, sn: person.family, cn: person.given }
    entitlements:
      group: { object: groupOfNames, members: member, name: 'dn("cn", name, "ou=groups")' }
roles:
  staff: { when: "person.number != null", grants: [directory.user, { directory.group: staff }] }
  payer: { risk: 70, grants: [{ directory.group: pay }] }
  auditor: { when: "person.title == 'Auditor'", risk: 70, grants: [{ directory.group: audit }] }
  desk: { when: "person.title == 'Head'" }
reviews:
  pay:
    scope: { entitlements: [{ directory.group: [pay, audit, readers, legacy] }] }
    stages: [manager]
    fallback: desk
    set_aside: [unchanged]
    silence: revoke
    guard: { max: 1, percent: 10 }
    due: 7d
"#;

const HR: &str = "number,given,family,title,manager
1,Mia,Mint,Head,
2,Ada,Ash,Clerk,1
3,Ben,Bay,Auditor,1
4,Cleo,Cove,Clerk,1
5,Dan,Dale,Head,
";

/// Ada pays by assignment, Ben audits by rule and reads everything through that, Cleo was added to `legacy` by hand.
async fn company(server: &Server) -> Rig {
    let rig = Rig::new(&[
        ("muster.yaml", &MODEL.replace("SETTINGS", &server.settings())),
        ("data/hr.csv", HR),
    ]);
    let group = |name: &str, member: &str| {
        format!(
            "dn: cn={name},ou=groups,{SUFFIX}\nobjectClass: groupOfNames\ncn: {name}\nmember: {member}\n\n"
        )
    };
    let nobody = format!("cn=nobody,{SUFFIX}");
    for name in ["staff", "pay", "audit", "legacy"] {
        server.add(&group(name, &nobody));
    }
    server.add(&group("readers", &format!("cn=audit,ou=groups,{SUFFIX}")));
    rig.sync_all().await;
    let give = AssignRequest {
        person: "2".into(),
        role: "payer".into(),
        from: None,
        until: None,
        reason: "month end".into(),
    };
    assign(&rig.ctx(), &rig.open().await, &give).await.unwrap();
    apply(&rig).await;
    server.modify(&format!(
        "dn: cn=legacy,ou=groups,{SUFFIX}\nchangetype: modify\nadd: member\nmember: uid=4,ou=people,{SUFFIX}\n"
    ));
    rig.sync_all().await;
    rig
}

async fn apply(rig: &Rig) {
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    rig.sync_all().await;
}

async fn person(rig: &Rig, number: &str) -> EntityId {
    let opened = rig.open().await;
    muster_governance::person_named(&rig.ctx(), &opened, number).await.unwrap()
}

async fn open(rig: &Rig) -> CampaignView {
    let new = NewCampaign { review: "pay", title: Some("Pay Q4"), cause: "hand", only: None };
    open_campaign(&rig.ctx(), &rig.open().await, &new).await.unwrap()
}

async fn items(rig: &Rig, of: &str) -> Vec<ItemView> {
    let whose = WhoseItems::Of(person(rig, of).await);
    let query = ItemQuery { whose, campaign: None, state: None, after: 0, limit: 100 };
    list_items(&rig.ctx(), &rig.open().await, &query).await.unwrap().items
}

fn said(answer: ItemAnswer) -> Decision {
    Decision { answer, reason: "not needed any more".into(), mark: None, confirm: None }
}

async fn decide(
    rig: &Rig,
    who: &str,
    id: i64,
    answer: ItemAnswer,
) -> Result<ItemView, muster_app::Error> {
    let me = person(rig, who).await;
    let done = decide_items(&rig.ctx(), &rig.open().await, me, &[id], &said(answer)).await?;
    Ok(done.into_iter().next().unwrap())
}

fn members(server: &Server, group: &str) -> Vec<String> {
    server.contents().groups.get(group).into_iter().flatten().cloned().collect()
}

#[tokio::test]
async fn what_a_reviewer_refuses_is_gone_from_the_directory_whichever_way_it_was_held() {
    let server = Server::openldap();
    let rig = company(&server).await;
    let campaign = open(&rig).await;
    assert_eq!((campaign.asked, campaign.waiting), (4, 4));
    let waiting = items(&rig, "1").await;
    let shown: Vec<String> = waiting
        .iter()
        .map(|item| format!("{} {} {}", item.person.as_deref().unwrap(), item.kind, item.thing))
        .collect();
    assert_eq!(
        shown,
        [
            "2 assigned payer",
            "3 rule auditor",
            "3 nested directory.group:readers",
            "4 extra directory.group:legacy",
        ]
    );
    assert!(waiting.iter().all(|item| item.live == Live::Same));
    // The plan of each revocation is the exact one.
    let opened = rig.open().await;
    let me = Some(person(&rig, "1").await);
    let whole = see_item(&rig.ctx(), &opened, me, waiting[0].id).await.unwrap();
    assert_eq!(whole.plan, [format!("directory uid=2,ou=people,{SUFFIX}: revoke group pay")]);
    assert_eq!(whole.recommend, "keep");
    assert_eq!(waiting[3].recommend_why, "no role grants it");

    for item in &waiting {
        let done = decide(&rig, "1", item.id, ItemAnswer::Revoke).await;
        // What fell with the one before is over, which is said.
        let done = done.unwrap();
        let over = &*item.thing == "directory.group:readers";
        assert_eq!(done.state == ItemState::Over, over && done.live == Live::Gone);
        assert_eq!(done.conflicts.is_empty(), &*item.thing != "auditor", "{:?}", done.conflicts);
    }
    apply(&rig).await;
    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    for group in ["pay", "audit", "legacy"] {
        assert!(!members(&server, group).iter().any(|m| m != "nobody" && m.len() == 1), "{group}");
    }
    let now = campaign_status(&rig.ctx(), &rig.open().await, "Pay Q4").await.unwrap();
    assert_eq!((now.state, now.waiting, now.pending), (CampaignState::Closed, 0, 0));
    assert_eq!(now.removed + now.over, 4);
    // The rule still gives it: what the review withholds stays away.
    assert_eq!(rig.plan().await.plan.operations, []);
    assert!(!members(&server, "audit").contains(&"3".to_owned()));
}

#[tokio::test]
async fn a_decision_is_taken_back_within_its_time_and_the_access_is_there_again() {
    let server = Server::openldap();
    let rig = company(&server).await;
    open(&rig).await;
    let payer = items(&rig, "1").await.into_iter().find(|item| &*item.thing == "payer").unwrap();
    decide(&rig, "1", payer.id, ItemAnswer::Revoke).await.unwrap();
    apply(&rig).await;
    assert!(!members(&server, "pay").contains(&"2".to_owned()));
    let again = decide(&rig, "1", payer.id, ItemAnswer::Keep).await.unwrap_err();
    assert_eq!(again.kind(), muster_app::Kind::Conflict);
    let me = person(&rig, "1").await;
    let back = undo_item(&rig.ctx(), &rig.open().await, me, payer.id, "a mistake").await.unwrap();
    assert_eq!((back.state, &back.live), (ItemState::Waiting, &Live::Same));
    apply(&rig).await;
    assert!(members(&server, "pay").contains(&"2".to_owned()));
    let kept = decide(&rig, "1", payer.id, ItemAnswer::Keep).await.unwrap();
    assert!(kept.disagree);
    assert_eq!(kept.outcome, ItemOutcome::None);
}

#[tokio::test]
async fn nobody_but_the_reviewer_decides_and_nobody_about_themselves() {
    let server = Server::openldap();
    let rig = company(&server).await;
    open(&rig).await;
    let payer = items(&rig, "1").await.into_iter().find(|item| &*item.thing == "payer").unwrap();
    for (who, kind) in [("2", muster_app::Kind::Denied), ("4", muster_app::Kind::NotFound)] {
        let refused = decide(&rig, who, payer.id, ItemAnswer::Keep).await.unwrap_err();
        assert_eq!(refused.kind(), kind);
    }
    let to_self = decide(&rig, "1", payer.id, ItemAnswer::Forward("2".into())).await.unwrap_err();
    assert_eq!(to_self.kind(), muster_app::Kind::Conflict);
    let passed = decide(&rig, "1", payer.id, ItemAnswer::Forward("4".into())).await.unwrap();
    assert_eq!(passed.state, ItemState::Waiting);
    assert!(decide(&rig, "1", payer.id, ItemAnswer::Keep).await.is_err());
    decide(&rig, "4", payer.id, ItemAnswer::Keep).await.unwrap();
}

#[tokio::test]
async fn silence_over_the_guard_waits_for_somebody_who_types_the_number() {
    let server = Server::openldap();
    let rig = company(&server).await;
    let campaign = open(&rig).await;
    rig.at("2099-01-01T00:00:00Z");
    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    let opened = rig.open().await;
    let held = campaign_status(&rig.ctx(), &opened, "Pay Q4").await.unwrap();
    assert_eq!((held.state, held.held), (CampaignState::Held, Some(4)));
    let id = campaign.id.to_string();
    for wrong in [None, Some(3)] {
        let refused = release_silence(&rig.ctx(), &opened, &id, (true, wrong)).await.unwrap_err();
        assert_eq!(refused.kind(), muster_app::Kind::Held);
    }
    assert!(members(&server, "pay").contains(&"2".to_owned()));
    let done = release_silence(&rig.ctx(), &opened, &id, (true, Some(4))).await.unwrap();
    assert_eq!((done.state, done.waiting), (CampaignState::Closed, 0));
    apply(&rig).await;
    assert!(!members(&server, "pay").contains(&"2".to_owned()));
}

#[tokio::test]
async fn silence_keeps_what_is_not_as_it_was_shown() {
    let server = Server::openldap();
    let rig = company(&server).await;
    let campaign = open(&rig).await;
    let again = AssignRequest {
        person: "2".into(),
        role: "payer".into(),
        from: None,
        until: Some("2100-01-01T00:00:00Z".parse().unwrap()),
        reason: "for good".into(),
    };
    let opened = rig.open().await;
    assign(&rig.ctx(), &opened, &again).await.unwrap();
    rig.at("2099-01-01T00:00:00Z");
    work_due(&rig.ctx(), &opened).await.unwrap();
    let id = campaign.id.to_string();
    let done = release_silence(&rig.ctx(), &opened, &id, (true, Some(4))).await.unwrap();
    assert_eq!((done.kept, done.waiting), (1, 0));
    apply(&rig).await;
    assert!(members(&server, "pay").contains(&"2".to_owned()));
}
