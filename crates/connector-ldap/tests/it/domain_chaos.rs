//! A domain behind a line on which calls are lost, answers are lost, and changes come twice.

use muster_connector::{Chaos, ChaosSettings, Connector, ConnectorError};
use muster_model::{Change, ObjectRef, Text, Value};
use muster_testkit::{SUFFIX, Samba};

use crate::{
    domain_support::{create_user, domain, samba, user},
    support::{create, named, settings, text},
};

fn chaos(samba: &Samba) -> Chaos {
    let faults = ["drop", "fail_after", "duplicate", "throttle"].map(|fault| (fault, text("15")));
    let all = [&faults[..], &[("seed", text("11"))]].concat();
    Chaos::new(domain(samba, &[]), ChaosSettings::read(&settings(&all)).unwrap())
}

/// Tries again what went wrong on the way, until all is done.
async fn until_done(connector: &dyn Connector, mut left: Vec<Change>) {
    for _ in 0..60 {
        let answers = connector.apply(&left).await;
        let failed = |answer: &Result<_, ConnectorError>| match answer {
            Ok(_) | Err(ConnectorError::AlreadyExists { .. }) => false,
            Err(error) => {
                assert!(error.is_transient(), "{error}");
                true
            }
        };
        left = left.into_iter().zip(answers).filter(|(_, a)| failed(a)).map(|(c, _)| c).collect();
        if left.is_empty() {
            return;
        }
    }
    panic!("{} changes are never done", left.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn through_chaos_every_change_is_made_once() {
    let samba = samba();
    let connector = chaos(&samba);
    let names: Vec<String> = (0..20).map(|i| format!("user{i}")).collect();
    let group = named("group", "CN=all,OU=groups");
    let mut all: Vec<Change> = names.iter().map(|name| create_user(name, false)).collect();
    all.push(create(group.clone(), &[]));
    until_done(&connector, all).await;
    let members: Vec<Text> = names.iter().map(|name| user(name).name).collect();
    let moved = |name: &str| format!("CN={name} renamed,OU=groups");
    let mut more = vec![Change::Members {
        object: group,
        attribute: "member".into(),
        add: members,
        remove: Vec::new(),
    }];
    for name in &names {
        let values = vec![("title".into(), Value::Null, Value::text("Member"))];
        more.push(Change::Update { object: user(name), values });
        more.push(Change::SetEnabled { object: user(name), enabled: true });
    }
    until_done(&connector, more).await;
    let mut moves = Vec::new();
    for name in &names {
        let found = domain(&samba, &[]).get(&user(name), &[]).await.unwrap().unwrap();
        let object = ObjectRef { id: found.id, ..user(name) };
        moves.push(Change::Rename { object, to: moved(name).into() });
    }
    until_done(&connector, moves).await;
    let counts = connector.counts();
    let n_faults = counts.dropped + counts.failed_after + counts.duplicated + counts.throttled;
    assert!(n_faults > 10, "{counts:?}");
    let filter = "(&(title=Member)(userAccountControl=512)(cn=*renamed))";
    let found = samba.search(SUFFIX, filter, &["memberOf"]).unwrap();
    assert_eq!(found.len(), names.len());
    assert!(found.iter().all(|entry| entry.values("memberOf").len() == 1));
    let listed = samba.tool(&["group", "listmembers", "all"]).unwrap();
    assert_eq!(listed.lines().count(), names.len());
}
