//! The same on a SCIM service: what was refused is gone, as the service itself says.

use muster_app::{AssignRequest, assign};
use muster_review::{
    CampaignView, ItemAnswer, campaign_status, release_silence, see_item, work_due,
};
use muster_store::{CampaignState, ItemOutcome, ItemState};
use muster_testkit::{ScimOptions, ScimServer};
use serde_json::{Value as Json, json};

use super::{apply, decide, items, open};
use crate::support::Rig;

const TENANT: &str = "desk";

/// Mia leads Ada, Ben and Cleo. `legacy` was given by hand, `readers` has the group `audit` as a member, and only `guest`
/// gives somebody an account.
const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: number
    attributes:
      number: { type: string, unique: true }
      title: { type: string }
      manager: { type: link, to: person }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: number }
    reads:
      person: { owns: { number: record.number, title: record.title, manager: record.manager } }
  desk:
    connector: scim
    mode: enforce
    settings: { url: "URL", auth: { bearer: { env: SCIM_TOKEN } } }
    guards: { disable: none, revoke: none, delete: none }
    accounts:
      user:
        object: User
        match: [{ on: "externalId == person.number" }]
        name: "'u' + person.number"
        set: { externalId: person.number }
        unassigned: { delete_after: 0d }
    entitlements: { group: { object: Group, members: members, create: true } }
roles:
  staff: { when: "person.title in ['Clerk', 'Auditor']", grants: [desk.user] }
  payer: { risk: 70, grants: [{ desk.group: pay }] }
  auditor: { when: "person.title == 'Auditor'", risk: 70, grants: [{ desk.group: audit }] }
  guest: { risk: 70, grants: [desk.user] }
  chief: { when: "person.title == 'Head'" }
reviews:
  pay:
    scope: { roles: [guest], entitlements: [{ desk.group: [pay, audit, readers, legacy] }] }
    stages: [manager]
    fallback: chief
    set_aside: [unchanged]
    silence: revoke
    guard: { max: 1, percent: 10 }
    due: 7d
"#;

const HR: &str = "number,title,manager
1,Head,
2,Clerk,1
3,Auditor,1
4,Clerk,1
5,Guest,1
6,Head,
";

/// What a read of the service itself says: the people it knows, and the members of each group by name.
struct Service(ScimServer);

impl Service {
    fn list(&self, of: &str) -> Vec<Json> {
        let answer = self.0.call(TENANT, "GET", &format!("/{of}?count=1000"), "").unwrap();
        let answer: Json = serde_json::from_str(&answer).unwrap();
        answer["Resources"].as_array().cloned().unwrap_or_default()
    }

    fn find(&self, of: &str, key: &str, name: &str) -> Option<Json> {
        self.list(of).into_iter().find(|one| one[key] == name)
    }

    fn has_user(&self, name: &str) -> bool {
        self.find("Users", "userName", name).is_some()
    }

    fn members(&self, group: &str) -> Vec<String> {
        let group = self.find("Groups", "displayName", group).unwrap();
        let ids = group["members"].as_array().cloned().unwrap_or_default();
        let users = self.list("Users");
        let name = |id: &Json| {
            let user = users.iter().find(|user| user["id"] == id["value"])?;
            Some(user["userName"].as_str()?.to_owned())
        };
        ids.iter().filter_map(name).collect()
    }

    /// Adds a group as somebody else would.
    fn add_group(&self, name: &str, members: &[Json]) {
        let group = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name,
            "members": members.iter().map(|of| json!({ "value": of["id"] })).collect::<Vec<_>>(),
        });
        self.0.call(TENANT, "POST", "/Groups", &group.to_string()).unwrap();
    }
}

async fn company() -> (Service, Rig) {
    let service = Service(ScimServer::start(&ScimOptions::default()).unwrap());
    let model = MODEL.replace("URL", &service.0.url(TENANT));
    let rig = Rig::new(&[("muster.yaml", &model), ("hr.csv", HR)]);
    rig.sync_all().await;
    for (person, role) in [("2", "payer"), ("5", "guest")] {
        let give = AssignRequest {
            person: person.into(),
            role: role.into(),
            from: None,
            until: None,
            reason: "month end".into(),
        };
        assign(&rig.ctx(), &rig.open().await, &give).await.unwrap();
    }
    apply(&rig).await;
    let cleo = service.find("Users", "userName", "u4").unwrap();
    service.add_group("legacy", &[cleo]);
    let audit = service.find("Groups", "displayName", "audit").unwrap();
    service.add_group("readers", &[audit]);
    rig.sync_all().await;
    (service, rig)
}

async fn status(rig: &Rig) -> CampaignView {
    campaign_status(&rig.ctx(), &rig.open().await, "pay").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reviewer_refuses_is_gone_from_a_scim_service_whichever_way_it_was_held() {
    let (service, rig) = company().await;
    assert_eq!(service.members("audit"), ["u3"]);
    let campaign = open(&rig).await;
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
            "3 nested desk.group:readers",
            "4 extra desk.group:legacy",
            "5 assigned guest",
        ]
    );
    assert_eq!(campaign.asked, 5);
    // The nested one first: it goes by the group that brings it, which the rule gives.
    for at in [2, 0, 1, 3, 4] {
        let done = decide(&rig, "1", waiting[at].id, ItemAnswer::Revoke).await.unwrap();
        assert_eq!(done.conflicts.is_empty(), at != 2 && at != 1, "{at}: {:?}", done.conflicts);
    }
    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    // The service still holds all of it, and the campaign does not say otherwise.
    assert!(service.has_user("u5"));
    let before = status(&rig).await;
    assert_eq!((before.state, before.gone), (CampaignState::Closed, 0), "{before:?}");
    apply(&rig).await;
    for (group, left) in [("pay", 0), ("audit", 0), ("legacy", 0)] {
        assert_eq!(service.members(group).len(), left, "{group}");
    }
    assert!(!service.has_user("u5"), "an account goes with the role that alone gave it");
    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    let after = status(&rig).await;
    assert_eq!((after.pending, after.gone), (0, after.removed), "{after:?}");
    assert_eq!(rig.plan().await.plan.operations, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_a_role_gave_is_waited_for_until_a_read_shows_it_gone() {
    let (service, rig) = company().await;
    open(&rig).await;
    let guest = items(&rig, "1").await.into_iter().find(|item| &*item.thing == "guest").unwrap();
    let done = decide(&rig, "1", guest.id, ItemAnswer::Revoke).await.unwrap();
    assert_eq!((done.state, done.outcome), (ItemState::Decided, ItemOutcome::Pending));
    let seen = async || {
        work_due(&rig.ctx(), &rig.open().await).await.unwrap();
        let item = see_item(&rig.ctx(), &rig.open().await, None, guest.id).await.unwrap();
        (item.outcome, item.outcome_note.to_string())
    };
    let not_yet = "the plan for `desk` is not done yet".to_owned();
    assert_eq!(seen().await, (ItemOutcome::Pending, not_yet));
    apply(&rig).await;
    assert!(!service.has_user("u5"));
    let (outcome, note) = seen().await;
    assert_eq!(outcome, ItemOutcome::Gone);
    assert!(note.starts_with("shown by read ") && note.ends_with(" of `desk`"), "{note}");
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_over_the_guard_takes_nothing_from_a_scim_service() {
    let (service, rig) = company().await;
    open(&rig).await;
    rig.at("2099-01-01T00:00:00Z");
    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    let held = status(&rig).await;
    assert_eq!((held.state, held.held), (CampaignState::Held, Some(5)));
    // What was given outside goes anyway; nothing else does.
    let planned = rig.plan().await.plan.operations;
    let why: Vec<&str> = planned.iter().map(|one| &*one.reason.text).collect();
    assert_eq!(why, ["drift: group `legacy` was given outside"]);
    assert!(service.has_user("u5") && service.members("pay") == ["u2"]);
    let id = held.id.to_string();
    let opened = rig.open().await;
    release_silence(&rig.ctx(), &opened, &id, (true, Some(5))).await.unwrap();
    apply(&rig).await;
    assert!(!service.has_user("u5") && service.members("pay").is_empty());
}
