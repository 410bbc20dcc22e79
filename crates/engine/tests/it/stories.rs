//! Somebody joins and leaves, from HR's file to five real systems at once: OpenLDAP, a Samba domain, a SCIM service,
//! PostgreSQL and MariaDB. What happened is asked of the systems' own tools. Faults come on the way.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use muster_app::{PeopleQuery, When, explain_access, list_alarms, list_people};
use muster_connector::Intercepted;
use muster_engine::{ApplyReport, reject_change_set, report_leavers, watch_leavers};
use muster_store::{AlarmStatus, OperationFilter, OperationState};

use crate::{
    estate::faults::{Faults, Faulty},
    support::{Rig, report},
};

mod targets;

use targets::{Seen, Targets};

const MODEL: &str = r#"
muster: 1
timezone: Europe/Berlin
types:
  department:
    key: code
    attributes:
      code: { type: string, unique: true }
      parent: { type: link, to: department }
  person:
    identity: true
    key: id
    display: givenName + ' ' + familyName
    attributes:
      id: { type: string, unique: true }
      login:
        type: string
        unique: true
        generate: ["ascii(lower(givenName + '.' + familyName))", "ascii(lower(givenName + '.' + familyName)) + string(n)"]
      givenName: { type: string }
      familyName: { type: string }
      title: { type: string }
      department: { type: link, to: department }
      manager: { type: link, to: person, inverse: reports }
      start: { type: datetime }
      end: { type: datetime }
    lifecycle:
      leaver: { when: "end != null && now >= end" }
      planned: { when: "start != null && now < start" }
      active: { when: "true" }
---
roles:
  marketing-specialist:
    when: person.title == 'Marketing Specialist' && (person.department.code == 'MKT' || person.department.parent.code == 'MKT')
    grants:
      - directory.user
      - domain.user
      - collab.user
      - { directory.group: marketing }
      - { domain.group: marketing }
      - { wiki.group: readers }
      - { cms.group: editors }
  trainer:
    when: person.title == 'Trainer'
    grants: [directory.user, { wiki.group: readers }]
---
"#;

/// HR's file without the one whom the story is about.
const OTHERS: &str = "id,given,family,title,department,manager,start,end\n\
    M17,Mona,Gray,Head of Brand,BRAND,,2020-01-01 08:00,\n\
    E1002,Sarah,Keller,Clerk,FIN,M17,2021-01-01 08:00,\n";

struct Story {
    rig: Rig,
    targets: Targets,
    faults: Arc<Faults>,
    /// Sarah's sign-in name.
    login: String,
}

impl Story {
    fn begin() -> Self {
        let targets = Targets::start();
        let model = format!("{MODEL}{}", targets.model());
        let rig = Rig::new(&[
            ("muster.yaml", &model),
            ("departments.csv", "code,parent\nMKT,\nBRAND,MKT\nFIN,\n"),
        ]);
        let faults = Arc::new(Faults::default());
        let shared = Arc::clone(&faults);
        *rig.connectors.wrap_all.lock().unwrap() = Some(Box::new(move |system, inner| {
            // Systems are told by their address here.
            let name = if system.contains("/tern/v2") { "collab" } else { system };
            Arc::new(Intercepted::new(inner, Faulty::new(name, &shared)))
        }));
        Self { rig, targets, faults, login: String::new() }
    }

    /// HR says this of Sarah, at this time in Berlin.
    fn hr(&self, sarah: &str) {
        self.rig.write("hr.csv", &format!("{OTHERS}{sarah}"));
    }

    /// Moves the clock, reads, plans and applies; the systems' answers are read once more.
    async fn run(&self, at: &str) -> ApplyReport {
        self.rig.at(at);
        self.rig.sync().await;
        let made = self.rig.plan().await;
        let report = if made.plan.to_do().next().is_some() {
            self.apply().await
        } else {
            ApplyReport::default()
        };
        self.rig.sync().await;
        report
    }

    async fn apply(&self) -> ApplyReport {
        self.rig.apply(None).await.unwrap_or_else(|error| panic!("{}", report(&error)))
    }

    /// The account of Sarah on every system.
    fn accounts(&self) -> Vec<Seen> {
        Targets::ALL.iter().map(|system| self.targets.account(system, &self.login)).collect()
    }

    fn groups(&self) -> Vec<String> {
        self.targets.groups(&self.login)
    }

    async fn alarms(&self) -> Vec<String> {
        let opened = self.rig.open().await;
        let page = list_alarms(&opened, AlarmStatus::Open, None, 100).await.unwrap();
        let alarm = |alarm: muster_app::AlarmView| {
            format!("{} {}", alarm.kind.word(), alarm.system.unwrap_or_default())
        };
        page.items.into_iter().map(alarm).collect()
    }

    /// When the account on each system was made.
    async fn creations(&self) -> BTreeMap<String, Timestamp> {
        let opened = self.rig.open().await;
        let mut tx = opened.store.read().await.unwrap();
        let mut made = BTreeMap::new();
        for plan in tx.plans(None, None, 100).await.unwrap() {
            for operation in
                tx.operations(plan.id, OperationFilter::default(), None, 1000).await.unwrap()
            {
                let system = opened
                    .names
                    .systems
                    .iter()
                    .position(|names| names.no == operation.system_no)
                    .unwrap();
                if &*operation.kind == "create" {
                    made.insert(
                        opened.model.systems[system].name.to_string(),
                        operation.done_at.unwrap(),
                    );
                }
            }
        }
        made
    }

    /// Operations that a system said it did and no read has confirmed.
    async fn unverified(&self) -> Vec<String> {
        let opened = self.rig.open().await;
        let mut tx = opened.store.read().await.unwrap();
        let mut found = Vec::new();
        for plan in tx.plans(None, None, 100).await.unwrap() {
            let filter = OperationFilter { system_no: None, state: Some(OperationState::Executed) };
            for stored in tx.operations(plan.id, filter, None, 1000).await.unwrap() {
                let operation = muster_plan::decode_operation(&stored.body).unwrap();
                let what = (operation.target.system, operation.kind, stored.error);
                found.push(format!("{what:?}"));
            }
        }
        found
    }
}

const EVERYTHING: [&str; 4] =
    ["cms:editors", "directory:marketing", "domain:marketing", "wiki:readers"];

fn all(seen: Seen) -> Vec<Seen> {
    vec![seen; Targets::ALL.len()]
}

/// Sarah as HR tells of her: department, title, start, end.
fn sarah(department: &str, title: &str, start: &str, end: &str) -> String {
    format!("E1001,Sarah,Keller,{title},{department},M17,{start},{end}\n")
}

/// The sign-in name of the Sarah of the story, which is not that of the other one.
async fn own_login(story: &Story) -> String {
    let opened = story.rig.open().await;
    let query = PeopleQuery {
        condition: Some("familyName == 'Keller'".into()),
        limit: 9,
        ..PeopleQuery::default()
    };
    let kellers = list_people(&story.rig.ctx(), &opened, &query).await.unwrap().items;
    let logins: Vec<String> = kellers
        .iter()
        .map(|person| {
            person.values.iter().find(|(name, _)| &**name == "login").unwrap().1.to_string()
        })
        .collect();
    assert_eq!(logins.len(), 2);
    assert_ne!(logins[0], logins[1]);
    let login = |key: &str| {
        let at = kellers.iter().position(|person| &*person.key == key).unwrap();
        logins[at].clone()
    };
    // The one who comes first in the feed takes the plain name; the story is about the other one.
    assert_eq!(
        (login("E1002").as_str(), login("E1001").as_str()),
        ("sarah.keller", "sarah.keller1")
    );
    login("E1001")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn somebody_who_joins_has_everything_on_the_minute_and_nothing_before() {
    let mut story = Story::begin();
    let joiner = sarah("BRAND", "Marketing Specialist", "2026-03-09 08:00", "");
    story.hr(&joiner);

    // Thursday: she is known, has a sign-in name of her own, and nothing is sent.
    let report = story.run("2026-03-05T08:00:00Z").await;
    assert_eq!(report.executed, 0);
    story.login = own_login(&story).await;
    assert_eq!(story.accounts(), all(Seen::Nothing));

    // Friday, three days before: accounts that cannot be used, the directory first.
    let report = story.run("2026-03-06T07:00:00Z").await;
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    assert_eq!(story.accounts(), all(Seen::Off));
    let order = story.creations().await;
    assert!(
        order.iter().all(|(system, at)| system == "directory" || *at >= order["directory"]),
        "{order:?}"
    );
    assert_eq!(story.unverified().await, Vec::<String>::new());

    // A minute before the start nothing has changed; on the minute all of it works, except where a server is down.
    assert_eq!(story.run("2026-03-09T06:59:00Z").await.executed, 0);
    story.targets.cms_server.kill().unwrap();
    let report = story.run("2026-03-09T07:00:00Z").await;
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    assert!(report.left > 0, "{report:?}");
    assert_eq!(story.alarms().await, ["quarantine cms"]);
    let without_cms = ["directory", "domain", "collab", "wiki"]
        .map(|system| story.targets.account(system, &story.login));
    assert_eq!(without_cms, [Seen::On, Seen::On, Seen::On, Seen::On]);

    // The server is back: the rest is done, the alarm is over.
    story.targets.cms_server.restart().unwrap();
    story.run("2026-03-09T07:20:00Z").await;
    assert_eq!(story.accounts(), all(Seen::On));
    assert_eq!(story.groups(), EVERYTHING);
    assert_eq!(story.alarms().await, Vec::<String>::new());
    assert_eq!(story.unverified().await, Vec::<String>::new());

    // Every access names the rule; what she was not given is not there.
    let opened = story.rig.open().await;
    for access in
        ["directory:marketing", "domain:marketing", "wiki:readers", "cms:editors", "collab"]
    {
        let why = explain_access(&story.rig.ctx(), &opened, "E1001", access, When::default())
            .await
            .unwrap();
        assert!(why.has && why.wanted && !why.reasons.is_empty(), "{access}");
    }
    assert_eq!(
        story.targets.groups("sarah.keller"),
        Vec::<String>::new(),
        "the other Sarah has nothing"
    );

    // The same file again changes nothing; a new title is one change.
    assert_eq!(story.run("2026-03-09T08:00:00Z").await.executed, 0);
    story.hr(&joiner.replace("Sarah,", "Sara,"));
    let report = story.run("2026-03-10T08:00:00Z").await;
    assert!(report.executed > 0 && report.failed.is_empty(), "{report:?}");
    assert_eq!(story.accounts(), all(Seen::On));
    assert_eq!(story.groups(), EVERYTHING);
    story.rig.verify_journal().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[expect(clippy::too_many_lines, reason = "one story from its beginning to its end")]
async fn somebody_who_leaves_keeps_nothing_on_the_minute() {
    let mut story = Story::begin();
    let working = sarah("BRAND", "Marketing Specialist", "2026-01-05 08:00", "");
    story.hr(&working);
    story.login = "sarah.keller1".to_owned();
    let report = story.run("2026-03-09T07:00:00Z").await;
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    assert_eq!(story.accounts(), all(Seen::On));

    // An empty file is held whole, and nothing happens; it is rejected.
    story.rig.write("hr.csv", OTHERS.lines().next().unwrap());
    story.rig.at("2026-03-10T07:00:00Z");
    let synced = story.rig.sync().await;
    let held = synced.reads.iter().find_map(|read| read.held.clone());
    let held = held.unwrap_or_else(|| panic!("{:?}", synced.reads));
    assert!(held.reason.contains("gone"), "{}", held.reason);
    assert_eq!(story.rig.plan().await.plan.to_do().count(), 0);
    let opened = story.rig.open().await;
    reject_change_set(&story.rig.ctx(), &opened, held.id).await.unwrap();

    // Friday at six she leaves; the SCIM service says yes and does nothing, the CMS is down.
    story.hr(&sarah("BRAND", "Marketing Specialist", "2026-01-05 08:00", "2026-03-20 18:00"));
    assert_eq!(story.run("2026-03-20T16:59:00Z").await.executed, 0);
    story.targets.cms_server.kill().unwrap();
    story.faults.make_lie_always("collab");
    let report = story.run("2026-03-20T17:00:00Z").await;
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    let seen = ["directory", "domain", "wiki", "collab"]
        .map(|system| story.targets.account(system, &story.login));
    assert_eq!(seen, [Seen::Off, Seen::Off, Seen::Off, Seen::On]);
    let mut alarms = story.alarms().await;
    alarms.sort();
    assert_eq!(alarms, ["not done collab", "quarantine cms"]);

    // Five minutes later she can still use both.
    story.rig.at("2026-03-20T17:06:00Z");
    let opened = story.rig.open().await;
    assert_eq!(watch_leavers(&story.rig.ctx(), &opened).await.unwrap(), 2);
    assert_eq!(watch_leavers(&story.rig.ctx(), &opened).await.unwrap(), 0, "one for each system");

    // Both are mended: nothing of hers works any more, nothing is deleted.
    story.targets.cms_server.restart().unwrap();
    story.faults.heal();
    story.run("2026-03-20T17:30:00Z").await;
    assert_eq!(story.accounts(), all(Seen::Off));
    assert_eq!(story.groups(), Vec::<String>::new());
    // That the service lied stays on record; the operation that did it at last is verified.
    let lie = r#"("collab", Disable, Some("a later read does not show it"))"#;
    assert_eq!(story.unverified().await, [lie]);
    let opened = story.rig.open().await;
    watch_leavers(&story.rig.ctx(), &opened).await.unwrap();
    let since = "2026-03-20T00:00:00Z".parse().unwrap();
    let leavers = report_leavers(&story.rig.ctx(), &opened, since).await.unwrap();
    let slow: Vec<_> =
        leavers.rows.iter().map(|row| (&*row.system, row.max, row.active.len())).collect();
    assert!(slow.iter().all(|(_, max, active)| max.is_some() && *active == 0), "{slow:?}");
    let half = jiff::SignedDuration::from_mins(30);
    let late = slow.iter().filter(|(_, max, _)| max.is_some_and(|max| max >= half));
    assert_eq!(late.map(|(system, ..)| *system).collect::<Vec<_>>(), ["cms", "collab"]);
    assert_eq!(story.alarms().await, Vec::<String>::new());

    // Somebody switches her account on by hand: it is found and, since the system is enforced, switched off.
    story
        .targets
        .cms
        .execute(&format!("UPDATE users SET active = 1 WHERE login = '{}'", story.login))
        .unwrap();
    story.run("2026-03-21T08:00:00Z").await;
    assert_eq!(story.accounts(), all(Seen::Off));

    // Yesterday is still known.
    let opened = story.rig.open().await;
    let then = When { as_of: Some("2026-03-19T12:00:00Z".parse().unwrap()), ..When::default() };
    let why =
        explain_access(&story.rig.ctx(), &opened, "E1001", "cms:editors", then).await.unwrap();
    assert!(why.has && why.wanted);

    // Three weeks later she is back in another position: the same person, with what that position has and no more.
    story.hr(&sarah("FIN", "Trainer", "2026-04-10 08:00", ""));
    story.run("2026-04-10T06:00:00Z").await;
    assert_eq!(story.targets.account("directory", &story.login), Seen::On);
    assert_eq!(story.targets.account("wiki", &story.login), Seen::On);
    let others =
        ["domain", "collab", "cms"].map(|system| story.targets.account(system, &story.login));
    assert!(others.iter().all(|seen| *seen != Seen::On), "{others:?}");
    assert_eq!(story.groups(), ["wiki:readers"]);
    story.rig.verify_journal().await;
}
