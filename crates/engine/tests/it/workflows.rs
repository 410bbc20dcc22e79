//! Lifecycle workflows: who is due, what tasks do, that nothing is done twice.

use muster_app::{Kind, list_assignments};
use muster_engine::{
    NoProgress, RunAnswer, RunQuery, RunView, WorkflowReport, WorkflowSelection, answer_run,
    dry_run_workflow, run_due_workflows, run_workflow, workflow_history,
};
use muster_model::EntityId;
use muster_store::RunState;
use muster_testkit::{HttpStub, Reply, SmtpServer};

use crate::support::{Rig, report};

const MODEL: &str = r#"
muster: 1
timezone: Europe/Berlin
types:
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true }
      name: { type: string }
      dept: { type: string }
      start: { type: date }
      end: { type: date }
      badge: { type: string }
      greeting: { type: string, compute: "'Dear ' + name" }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      suspended: { when: "false" }
      active: { when: "true" }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: id }
    reads:
      person:
        match: [{ on: "id == record.id" }]
        owns: { id: record.id, name: record.name, dept: record.dept, start: record.start, end: record.end }
        guards: { absent: none, update: none }
roles:
  sales: { when: "person.dept == 'sales' && person.lifecycle == 'active'" }
  onboarding: {}
"#;

const HEAD: &str = "id,name,dept,start,end\n";

fn rig(hr: &str, workflows: &str) -> Rig {
    let model = format!("{MODEL}{workflows}");
    Rig::new(&[("muster.yaml", &model), ("hr.csv", &format!("{HEAD}{hr}"))])
}

fn hr(rig: &Rig, rows: &str) {
    rig.write("hr.csv", &format!("{HEAD}{rows}"));
}

/// Reads, evaluates, runs what is due.
async fn tick(rig: &Rig) -> WorkflowReport {
    rig.sync_all().await;
    rig.plan().await;
    due(rig).await
}

async fn due(rig: &Rig) -> WorkflowReport {
    let (ctx, opened) = (rig.ctx(), rig.open().await);
    run_due_workflows(&ctx, &opened, ctx.now(), &NoProgress)
        .await
        .unwrap_or_else(|error| panic!("{}", report(&error)))
}

async fn history(rig: &Rig) -> Vec<RunView> {
    let query = RunQuery { limit: 100, ..RunQuery::default() };
    let mut runs = workflow_history(&rig.ctx(), &rig.open().await, &query).await.unwrap();
    runs.reverse();
    runs
}

/// `welcome 1 done: note done, wait open`.
async fn told(rig: &Rig) -> Vec<String> {
    let line = |view: &RunView| {
        let tasks: Vec<String> =
            view.tasks.iter().map(|task| format!("{} {}", task.kind, task.state)).collect();
        format!("{} {} {}: {}", view.run.workflow, view.person, view.run.state, tasks.join(", "))
    };
    history(rig).await.iter().map(line).collect()
}

async fn actions(rig: &Rig) -> Vec<String> {
    let opened = rig.open().await;
    let entries = opened.store.read().await.unwrap().scan_journal(None, 1000).await.unwrap();
    entries.into_iter().map(|entry| entry.entry.action.to_string()).collect()
}

const WELCOME: &str = r#"
workflows:
  welcome:
    on: { date: person.start, before: 2d, late: 3d }
    where: "person.lifecycle == 'active'"
    tasks: [{ note: { text: welcome } }]
"#;

#[tokio::test]
async fn a_date_begins_a_workflow_once_at_its_minute_and_also_a_little_late() {
    let rig = rig(
        "1,ada,,2026-03-10,\n2,bob,,2026-03-05,\n3,cyd,,2026-03-04,\n4,dan,,2026-02-20,\n5,eve,,,\n",
        WELCOME,
    );
    // Bob's was an hour ago, Cyd's a day ago, Dan's far too long ago, Ada's is to come.
    rig.at("2026-03-03T00:00:00Z");
    let report = tick(&rig).await;
    assert_eq!((report.begun, report.done), (2, 2));
    assert_eq!(told(&rig).await, ["welcome 2 done: note done", "welcome 3 done: note done"]);
    assert_eq!(report.next, Some("2026-03-07T23:00:00Z".parse().unwrap()), "in Berlin's zone");
    rig.at("2026-03-07T22:59:50Z");
    assert_eq!(due(&rig).await.begun, 0);
    rig.at("2026-03-07T23:00:00Z");
    assert_eq!(due(&rig).await.begun, 1);
    assert_eq!(tick(&rig).await.begun, 0, "not again");
    // HR corrects a date by a day: that is no other start. Half a year later it is.
    hr(&rig, "1,ada,,2026-03-11,\n");
    rig.at("2026-03-09T23:00:00Z");
    assert_eq!(tick(&rig).await.begun, 0);
    hr(&rig, "1,ada,,2026-09-11,\n");
    rig.at("2026-09-10T12:00:00Z");
    assert_eq!(tick(&rig).await.begun, 1);
}

#[tokio::test]
async fn what_happens_to_an_identity_begins_workflows_once() {
    let workflows = r"
workflows:
  moved: { on: { changed: dept }, tasks: [{ note: { text: moved } }] }
  gained: { on: { gains: sales }, tasks: [{ note: { text: gained } }] }
  lost: { on: { loses: sales }, tasks: [{ note: { text: lost } }] }
  left: { on: { enters: leaver }, tasks: [{ note: { text: left } }] }
";
    let rig = rig("1,ada,sales,,\n2,bob,,,\n", workflows);
    tick(&rig).await;
    assert_eq!(
        told(&rig).await,
        ["gained 1 done: note done"],
        "a new identity has changed nothing"
    );
    hr(&rig, "1,ada,it,,\n2,bob,sales,,\n");
    tick(&rig).await;
    let mut new = told(&rig).await.split_off(1);
    new.sort();
    assert_eq!(
        new,
        [
            "gained 2 done: note done",
            "lost 1 done: note done",
            "moved 1 done: note done",
            "moved 2 done: note done"
        ]
    );
    hr(&rig, "1,ada,it,,2026-03-01\n2,bob,sales,,\n");
    tick(&rig).await;
    assert_eq!(told(&rig).await.split_off(5), ["left 1 done: note done"]);
    assert_eq!(tick(&rig).await, WorkflowReport::default());
}

#[tokio::test]
async fn a_dry_run_lists_exactly_those_for_whom_it_then_runs() {
    let workflows = r#"
workflows:
  survey: { where: "person.dept == 'sales'", tasks: [{ assign: { role: onboarding, for: 5d } }] }
"#;
    let rig = rig("1,ada,sales,,\n2,bob,it,,\n3,cyd,sales,,\n", workflows);
    tick(&rig).await;
    let (ctx, opened) = (rig.ctx(), rig.open().await);
    let all = WorkflowSelection::default();
    let listed = dry_run_workflow(&ctx, &opened, "survey", &all).await.unwrap();
    let people: Vec<&str> = listed.iter().map(|candidate| &*candidate.person).collect();
    assert_eq!(people, ["1", "3"]);
    let refused =
        run_workflow(&ctx, &opened, "survey", &all, Some(3), &NoProgress).await.unwrap_err();
    assert!(report(&refused).contains("for 2 people"), "{}", report(&refused));
    let done = run_workflow(&ctx, &opened, "survey", &all, Some(2), &NoProgress).await.unwrap();
    assert_eq!((done.begun, done.done), (2, 2));
    assert_eq!(told(&rig).await, ["survey 1 done: assign done", "survey 3 done: assign done"]);
    let bob = WorkflowSelection { people: vec!["2".into()], due: false };
    assert_eq!(dry_run_workflow(&ctx, &opened, "survey", &bob).await.unwrap(), []);
    let given = list_assignments(&ctx, &opened, "1").await.unwrap();
    assert_eq!((&*given[0].role, &*given[0].origin), ("onboarding", "workflow 1"));
    assert!(given[0].until.is_some());
}

#[tokio::test]
async fn the_scope_is_asked_again_before_each_task_and_conditions_hold_tasks_back() {
    let workflows = r#"
workflows:
  slow:
    where: "person.dept == 'sales'"
    tasks:
      - { when: "person.name == 'bob'", note: { text: only bob } }
      - wait: { for: 2d }
      - note: { text: after two days }
"#;
    let rig = rig("1,ada,sales,,\n2,bob,sales,,\n", workflows);
    tick(&rig).await;
    let (ctx, opened) = (rig.ctx(), rig.open().await);
    let done =
        run_workflow(&ctx, &opened, "slow", &WorkflowSelection::default(), Some(2), &NoProgress)
            .await
            .unwrap();
    assert_eq!((done.begun, done.waiting), (2, 2));
    hr(&rig, "1,ada,it,,\n2,bob,sales,,\n");
    rig.at("2026-03-04T11:00:00Z");
    assert_eq!(tick(&rig).await.waiting, 0);
    rig.at("2026-03-04T12:30:00Z");
    let report = due(&rig).await;
    assert_eq!((report.done, report.skipped), (1, 1));
    assert_eq!(
        told(&rig).await,
        ["slow 1 skipped: note skipped, wait open", "slow 2 done: note done, wait done, note done"]
    );
}

const EVERY_TASK: &str = r#"
workflows:
  all:
    tasks:
      - assign: { role: onboarding }
      - assign: { role: onboarding }
      - set: { attribute: badge, value: "'B-' + person.id" }
      - set: { attribute: badge, value: "'B-' + person.id" }
      - suspend: { for: 3d, reason: training }
      - suspend: {}
      - resume: {}
      - resume: {}
      - unassign: { role: onboarding }
      - unassign_all: {}
      - clear: { attribute: badge }
      - revoke_pass: {}
      - terminate: { reason: over }
      - reinstate: {}
      - delete: {}
      - restore: {}
      - restore: {}
      - alarm: { text: look here }
      - start: { workflow: other }
      - { when: "person.name == 'ada'", stop: {} }
      - fail: { text: never }
  other: { tasks: [{ fail: { text: on purpose } }] }
"#;

#[tokio::test]
async fn tasks_write_what_they_say_and_find_nothing_to_do_the_second_time() {
    let rig = rig("1,ada,,,\n", EVERY_TASK);
    tick(&rig).await;
    let (ctx, opened) = (rig.ctx(), rig.open().await);
    run_workflow(&ctx, &opened, "all", &WorkflowSelection::default(), Some(1), &NoProgress)
        .await
        .unwrap();
    let states: Vec<String> =
        history(&rig).await[0].tasks.iter().map(|t| format!("{} {}", t.kind, t.state)).collect();
    assert_eq!(
        states,
        [
            "assign done",
            "assign skipped",
            "set done",
            "set skipped",
            "suspend done",
            "suspend skipped",
            "resume done",
            "resume skipped",
            "unassign done",
            "unassign_all skipped",
            "clear done",
            "revoke_pass skipped",
            "terminate done",
            "reinstate done",
            "delete done",
            "restore done",
            "restore skipped",
            "alarm done",
            "start done",
            "stop done",
        ]
    );
    assert_eq!(due(&rig).await.failed, 1);
    assert_eq!(told(&rig).await[1], "other 1 failed: fail failed");
    let actions = actions(&rig).await;
    for action in [
        "assignment.create",
        "lifecycle.suspended",
        "lifecycle.suspended.lift",
        "workflow.alarm",
        "entity.update",
    ] {
        assert!(actions.iter().any(|known| known == action), "{action}: {actions:?}");
    }
    let versions =
        rig.open().await.store.read().await.unwrap().entity_versions(EntityId(1)).await.unwrap();
    assert_eq!(versions.len(), 3);
}

fn outside(smtp: &SmtpServer, url: &str) -> String {
    format!(
        r#"
mail: {{ from: muster@tern.example, host: 127.0.0.1, port: {}, tls: never, timeout: 5s }}
workflows:
  joiner:
    on: {{ date: person.start, before: 1d }}
    tasks:
      - mail:
          to: "person.name + '@tern.example'"
          subject: "Welcome {{{{ person.name }}}}"
          text: "{{{{ person.greeting }}}}, you begin on {{{{ person.start }}}}."
          html: "<p>{{{{ person.greeting }}}}</p>"
      - webhook: {{ url: "{url}", send: [name], secret: {{ env: LDAP_PASSWORD }} }}
      - command: {{ run: [sh, -c, "cat > told.json"], send: [dept] }}
      - pass: {{ to: "person.name + '@tern.example'", from: person.start, valid: 600m, subject: First sign-in, text: "Use {{{{ pass }}}} once." }}
"#,
        smtp.port()
    )
}

#[tokio::test]
async fn mail_webhook_command_and_pass_go_out_once() {
    let smtp = SmtpServer::start().unwrap();
    let stub = HttpStub::start(|_| Reply::empty(200)).unwrap();
    let rig = rig("1,ada,sales,2026-03-03,\n", &outside(&smtp, &stub.url()));
    let report = tick(&rig).await;
    assert_eq!((report.begun, report.done, report.failed), (1, 1, 0), "{:?}", history(&rig).await);
    assert_eq!(tick(&rig).await.begun, 0);
    let mails = smtp.received().unwrap();
    assert_eq!(mails.len(), 2, "{mails:?}");
    let all = mails.join("\n");
    assert!(
        all.contains("Subject: Welcome ada\n")
            && all.contains("Dear ada, you begin on 2026-03-03."),
        "{all}"
    );
    let received = stub.received();
    let body: serde_json::Value = serde_json::from_slice(&received[0].body).unwrap();
    assert_eq!(
        (&body["workflow"], &body["values"]["name"], &body["key"]),
        (&"joiner".into(), &"ada".into(), &"1".into())
    );
    assert!(received[0].header("muster-signature").unwrap().starts_with("sha256="));
    let told = std::fs::read_to_string(rig.dir.path().join("told.json")).unwrap();
    assert!(told.contains(r#""values":{"dept":"sales"}"#), "{told}");
    // The pass stands in the mail, and nowhere else: not in the store, not in the journal.
    let pass = all.split("Use ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    assert_eq!(pass.len(), 23, "{pass}");
    let opened = rig.open().await;
    let kept =
        opened.store.read().await.unwrap().temporary_pass(EntityId(1)).await.unwrap().unwrap();
    assert_eq!(kept.valid_from.to_string(), "2026-03-02T23:00:00Z");
    assert_eq!(kept.valid_until.to_string(), "2026-03-03T09:00:00Z");
    for entry in std::fs::read_dir(rig.dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(pass.len()).any(|window| window == pass.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }
}

#[tokio::test]
async fn what_fails_is_tried_again_with_the_same_id_and_the_tasks_before_it_are_not_done_again() {
    let smtp = SmtpServer::start().unwrap();
    let answers = std::sync::atomic::AtomicU32::new(0);
    let stub = HttpStub::start(move |_| {
        let n = answers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Reply::empty(if n < 2 { 503 } else { 204 })
    })
    .unwrap();
    let rig = rig("1,ada,sales,2026-03-03,\n", &outside(&smtp, &stub.url()));
    assert_eq!(tick(&rig).await.waiting, 1);
    assert_eq!(due(&rig).await.waiting, 0, "not before its time");
    rig.at("2026-03-02T12:01:30Z");
    assert_eq!(due(&rig).await.waiting, 1);
    rig.at("2026-03-02T12:06:00Z");
    assert_eq!(due(&rig).await.done, 1);
    let ids: Vec<String> =
        stub.received().iter().map(|r| r.header("idempotency-key").unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(smtp.received().unwrap().len(), 2, "the greeting once, the pass once");
    let view = &history(&rig).await[0];
    assert_eq!((view.tasks[1].attempts, view.tasks[1].state), (3, RunState::Done));
    assert_eq!(view.tasks[0].attempts, 1);
}

#[tokio::test]
async fn a_run_keeps_the_version_that_it_began_with() {
    let first =
        "workflows: { slow: { tasks: [{ wait: { for: 1d } }, { note: { text: old } }] } }\n";
    let second =
        "workflows: { slow: { tasks: [{ wait: { for: 1d } }, { alarm: { text: new } }] } }\n";
    let rig = rig("1,ada,,,\n", first);
    tick(&rig).await;
    let all = WorkflowSelection::default();
    run_workflow(&rig.ctx(), &rig.open().await, "slow", &all, Some(1), &NoProgress).await.unwrap();
    rig.write("muster.yaml", &format!("{MODEL}{second}"));
    run_workflow(&rig.ctx(), &rig.open().await, "slow", &all, Some(1), &NoProgress).await.ok();
    rig.at("2026-03-03T13:00:00Z");
    due(&rig).await;
    let runs = history(&rig).await;
    assert_eq!((runs[0].run.revision, &*runs[0].tasks[1].kind), (1, "note"), "{:?}", runs[0]);
}

/// A run that has called somebody at noon, with an hour for the answer.
async fn called(stub: &HttpStub, unanswered: &str) -> Rig {
    let workflows = format!(
        r#"
url: https://muster.tern.example
workflows:
  badge:
    on: {{ date: person.start, before: 1d }}
    tasks:
      - webhook: {{ url: "{}", secret: {{ env: LDAP_PASSWORD }}, answer_within: 1h, unanswered: {unanswered} }}
      - note: {{ text: printed }}
"#,
        stub.url()
    );
    let rig = rig("1,ada,sales,2026-03-03,\n", &workflows);
    assert_eq!(tick(&rig).await.waiting, 1, "{:?}", history(&rig).await);
    rig
}

async fn answer(rig: &Rig, done: bool) -> Result<(), Kind> {
    let run = history(rig).await[0].run.id;
    let note = Some("badge 7".to_owned());
    let answered = answer_run(&rig.ctx(), &rig.open().await, run, &RunAnswer { done, note }).await;
    answered.map_err(|error| error.kind())
}

#[tokio::test]
async fn a_run_waits_for_whoever_was_called_and_goes_on_with_the_answer() {
    let stub = HttpStub::start(|_| Reply::empty(202)).unwrap();
    let rig = called(&stub, "fail").await;
    let received = stub.received();
    let body: serde_json::Value = serde_json::from_slice(&received[0].body).unwrap();
    let run = history(&rig).await[0].run.id;
    let url = format!("https://muster.tern.example/api/v1/workflow-runs/{run}/answer");
    assert_eq!(body["answer"]["url"], url);
    let until = body["answer"]["until"].as_str().unwrap();
    assert!(until.starts_with("2026-03-02T13:00:00"), "{until}");
    assert!(received[0].header("muster-signature").is_some());
    rig.at("2026-03-02T12:59:00Z");
    assert_eq!(
        due(&rig).await,
        WorkflowReport { next: due(&rig).await.next, ..Default::default() }
    );
    answer(&rig, true).await.unwrap();
    assert_eq!(answer(&rig, true).await, Err(Kind::Conflict), "one answer is taken");
    assert_eq!(due(&rig).await.done, 1);
    let view = &history(&rig).await[0];
    assert_eq!((&*view.tasks[0].detail, view.tasks[1].state), ("badge 7", RunState::Done));
    assert_eq!(stub.received().len(), 1, "it is called once");
}

#[tokio::test]
async fn a_refusal_ends_a_run_and_no_answer_does_what_the_model_says() {
    let stub = HttpStub::start(|_| Reply::empty(202)).unwrap();
    let rig = called(&stub, "go_on").await;
    answer(&rig, false).await.unwrap();
    assert_eq!(history(&rig).await[0].run.state, RunState::Failed);
    for (unanswered, ends, tasks) in
        [("fail", RunState::Failed, 1), ("go_on", RunState::Done, 2), ("stop", RunState::Done, 1)]
    {
        let rig = called(&stub, unanswered).await;
        rig.at("2026-03-02T13:00:01Z");
        assert_eq!(answer(&rig, true).await, Err(Kind::Conflict), "it comes too late");
        due(&rig).await;
        let view = &history(&rig).await[0];
        assert_eq!((view.run.state, view.tasks.len()), (ends, tasks), "{unanswered}");
    }
    assert_eq!(stub.received().len(), 4, "nobody is called twice");
}
