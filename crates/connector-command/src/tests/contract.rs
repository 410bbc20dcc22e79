//! The promises of every connector, kept by a real script; and what chaos on top of it does.

use muster_connector::{
    Chaos, ChaosSettings,
    contract::{self, GroupSubject, Subject, Verdict},
};

use super::*;

const FULL: &str = include_str!("full.py");

fn full() -> Project {
    Project::python(FULL).set("can", json!(settings::ABILITIES)).set("timeout", json!("20s"))
}

fn subject(project: Project, connector: Arc<dyn Connector>) -> Subject {
    let path = project.path("cut");
    let cut = move || fs::write(&path, "").unwrap();
    let group = GroupSubject {
        class: "group".into(),
        name: Arc::new(|word| word.into()),
        required: Arc::new(|_| Vec::new()),
        members: "members".into(),
    };
    Subject {
        group: Some(group),
        cut: Some(Arc::new(cut)),
        hold: Box::new(project.folder),
        ..Subject::new(connector, "account")
    }
}

#[tokio::test]
async fn a_script_that_stays_keeps_the_contract() {
    let report = contract::run_all(async || {
        let project = full();
        let connector = project.open();
        subject(project, connector)
    })
    .await;
    report.assert_kept();
    let unclaimed: Vec<&str> = report
        .outcomes
        .iter()
        .filter(|(_, outcome)| *outcome == Ok(Verdict::NotClaimed))
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(unclaimed, ["what_is_not_claimed_is_refused"], "it claims everything");
}

#[tokio::test]
async fn a_script_for_each_call_keeps_the_contract_through_a_wrapper_without_faults() {
    contract::run_all(async || {
        let project = full().set("process", json!("each")).set("parallel", json!(2));
        let quiet = ChaosSettings::read(&settings_of(&serde_json::Map::new())).unwrap();
        let connector = Arc::new(Chaos::new(project.open(), quiet));
        subject(project, connector)
    })
    .await
    .assert_kept();
}

#[tokio::test]
async fn a_script_that_only_reads_refuses_everything_else() {
    contract::run_all(async || {
        let project = Project::python(FULL);
        let connector = project.open();
        Subject { cut: None, ..subject(project, connector) }
    })
    .await
    .assert_kept();
}

/// Everything is tried again until it was done once, through drops, lost answers, doubles and waits.
#[tokio::test]
async fn through_chaos_every_change_is_made_once() {
    let project = full().set("batch", json!(3));
    let chaos = json!({"seed": 7, "drop": 20, "fail_after": 10, "duplicate": 10, "throttle": 10});
    let Json::Object(chaos) = chaos else { panic!() };
    let chaos = ChaosSettings::read(&settings_of(&chaos)).unwrap();
    let connector = Chaos::new(project.open(), chaos);
    let mut left: Vec<Change> = (0..40).map(|n| create(&format!("user{n}"))).collect();
    for _ in 0..60 {
        let answers = connector.apply(&left).await;
        left = left
            .into_iter()
            .zip(answers)
            .filter(|(_, answer)| match answer {
                Ok(_) | Err(ConnectorError::AlreadyExists { .. }) => false,
                Err(error) => {
                    assert!(error.is_transient(), "{error}");
                    true
                }
            })
            .map(|(change, _)| change)
            .collect();
        if left.is_empty() {
            break;
        }
    }
    assert!(left.is_empty(), "{} are left", left.len());
    assert!(connector.counts().dropped > 0 && connector.counts().failed_after > 0);
    let plain = project.open();
    let mut lines: Vec<String> =
        read(&*plain, &["title"]).await.lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines.len(), 40);
    lines.dedup();
    assert_eq!(lines.len(), 40, "nobody is there twice");
}
