//! An agent and its server, with a connector to memory on the other side.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test code: a panic is a failed test")]

mod support;

use std::sync::Arc;

use muster_agent::{Agents, Event};
use muster_connector::{
    Connector as _, ConnectorError, MemoryOptions,
    contract::{self, GroupSubject, Subject},
};
use muster_model::{Change, ObjectRef};

use support::{Net, creation, settings};

#[tokio::test(flavor = "multi_thread")]
async fn through_an_agent_every_promise_is_kept() {
    let net = Net::start().await;
    net.agent("plant", "agent").await;
    let report = contract::run_all(async || {
        let (name, memory) = net.memory();
        let connector = net.far(&name);
        let group = GroupSubject {
            class: "group".into(),
            name: Arc::new(|word| word.into()),
            required: Arc::new(|_| Vec::new()),
            members: "member".into(),
        };
        let cut = Arc::new(move || memory.cut_reads_after(Some(7))) as Arc<dyn Fn() + Send + Sync>;
        Subject { cut: Some(cut), group: Some(group), ..Subject::new(connector, "account") }
    })
    .await;
    report.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_objects_come_through_in_parts() {
    let net = Net::start().await;
    net.agent("plant", "agent").await;
    let (name, memory) = net.memory();
    let wide = "x".repeat(4000);
    let create = |n: usize| Change::Create {
        object: ObjectRef { class: "a".into(), id: "".into(), name: format!("{n:05}").into() },
        values: vec![("text".into(), muster_model::Value::text(&*wide))],
        enabled: None,
    };
    for answer in memory.apply(&(0..2000).map(create).collect::<Vec<_>>()).await {
        answer.unwrap();
    }
    let (objects, end) = support::read(&*net.far(&name), "text", 5000).await;
    assert!(end.complete);
    assert_eq!(objects.len(), 2000);
    assert!(objects.iter().all(|object| object.object.values.len() == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_agent_goes_on_where_the_last_one_was_killed() {
    let net = Net::start().await;
    let first = net.agent("plant", "agent").await;
    let (name, memory) = net.memory();
    let far = net.far(&name);
    far.test().await.unwrap();
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let changes = [creation("ada")];
    let (answers, _second) = tokio::join!(far.apply(&changes), net.agent("plant", "agent"));
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(memory.counters().creates, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_died_with_its_agent_is_offered_again_and_made_once() {
    let net = Net::start().await;
    let (name, memory) = net.memory();
    let far = net.far(&name);
    let changes = [creation("ada")];
    let (answers, late) = tokio::join!(far.apply(&changes), async {
        net.fetch("plant").await;
        let (_, taken) = tokio::join!(net.agent("plant", "agent"), async {
            support::wait_until(|| memory.counters().creates == 1).await;
            // Whoever fetched it first comes too late.
            net.take("plant", 1).await
        });
        taken
    });
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(late, 410);
    assert_eq!(memory.counters().creates, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_agent_of_the_model_is_refused() {
    let net = Net::start().await;
    let stopped = net.agent("plant", "api:read").await.await.unwrap().unwrap_err();
    assert!(stopped.to_string().contains("the token lacks the scope `agent`"), "{stopped}");
    let stopped = net.agent("stranger", "agent").await.await.unwrap().unwrap_err();
    assert!(
        stopped.to_string().contains("no system of the model says `agent: stranger`"),
        "{stopped}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_answers_for_itself_alone() {
    let net = Net::start().await;
    let (name, _) = net.memory();
    let far = net.far(&name);
    let asked = tokio::spawn(async move { far.test().await });
    let call = net.fetch("plant").await;
    // Calls are numbered from 1.
    assert_eq!(net.leave("depot", 1, &call).await, 400, "a call is no part of an answer");
    let part = support::tested("hello");
    assert_eq!(net.take("depot", 1).await, 410);
    assert_eq!(net.take("plant", 1).await, 204);
    assert_eq!(net.leave("depot", 1, &part).await, 410);
    assert_eq!(net.leave("plant", 1, &part).await, 204);
    assert_eq!(asked.await.unwrap().unwrap(), "hello (through the agent `plant`)");
    assert_eq!(net.leave("plant", 1, &part).await, 410, "an answer is taken once");
}

#[tokio::test(start_paused = true)]
async fn without_an_agent_it_is_said_what_to_do() {
    let agents = Agents::default();
    let far = || {
        agents.connector(
            &"plant".into(),
            "memory",
            &settings("x"),
            MemoryOptions::default().capabilities,
        )
    };
    let error = far().test().await.unwrap_err();
    assert!(error.is_transient());
    assert!(error.to_string().contains("let the server do it (`--server`)"), "{error}");
    let _served = agents.router();
    let error = far().test().await.unwrap_err();
    assert!(
        matches!(&error, ConnectorError::Unreachable(text) if text.contains("start `muster agent`")),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told() {
    let net = Net::start().await;
    net.agent("plant", "agent").await;
    let error = net.far("nowhere").test().await.unwrap_err();
    assert_eq!(error, ConnectorError::Settings("there is no memory `nowhere`".to_owned()));
    let heard = net.heard();
    assert_eq!(heard.first(), Some(&Event::Connected));
    let told = |event: &Event| matches!(event, Event::Made { call: "test", problem: Some(problem), .. } if problem.contains("nowhere"));
    support::wait_until(|| net.heard().iter().any(told)).await;
}
