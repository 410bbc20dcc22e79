use std::{collections::BTreeMap, time::Duration};

use muster_model::{Setting, Settings, Span, Text, Value};

use super::*;
use crate::{
    MemoryConnector, MemoryOptions,
    contract::{self, Subject},
};

const HERE: Span = Span { file: 0, start: 0, end: 0 };

fn read(pairs: &[(&str, &str)]) -> Result<ChaosSettings, Vec<String>> {
    let entries: BTreeMap<Text, (Span, Setting)> = pairs
        .iter()
        .map(|(key, text)| (Text::from(*key), (HERE, Setting::Scalar(Text::from(*text), HERE))))
        .collect();
    ChaosSettings::read(&Settings { entries, span: HERE })
        .map_err(|problems| problems.into_iter().map(|problem| problem.message).collect())
}

fn wrapped(settings: ChaosSettings) -> (Arc<MemoryConnector>, Chaos) {
    let memory = Arc::new(MemoryConnector::new(MemoryOptions::default()));
    let chaos = Chaos::new(memory.clone(), settings);
    (memory, chaos)
}

fn object(name: &str) -> ObjectRef {
    ObjectRef { class: "account".into(), id: "".into(), name: name.into() }
}

fn create(name: &str) -> Change {
    let values = vec![("title".into(), Value::text("x"))];
    Change::Create { object: object(name), values, enabled: Some(true) }
}

fn creates(n: usize) -> Vec<Change> {
    (0..n).map(|i| create(&format!("user{i}"))).collect()
}

/// `+` for yes, `-` for unreachable, `w` for wait, `!` for refused, `=` for there already.
fn marks(answers: &[Result<Applied, ConnectorError>]) -> String {
    answers
        .iter()
        .map(|answer| match answer {
            Ok(_) => '+',
            Err(ConnectorError::Unreachable(_)) => '-',
            Err(ConnectorError::Throttled { .. }) => 'w',
            Err(ConnectorError::Invalid(_)) => '!',
            Err(ConnectorError::AlreadyExists { .. }) => '=',
            Err(error) => panic!("{error}"),
        })
        .collect()
}

#[derive(Default)]
struct Count(usize);

#[async_trait]
impl Sink for Count {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        self.0 += objects.len();
        Ok(())
    }

    async fn bad(&mut self, _bad: BadObject) -> Result<(), ConnectorError> {
        Ok(())
    }
}

async fn read_all(chaos: &Chaos) -> (usize, ReadEnd) {
    let class = "account".into();
    let request = ReadRequest { class, fields: Vec::new(), since: None, batch: 10 };
    let mut count = Count::default();
    let end = chaos.read(&request, &mut count).await.unwrap();
    (count.0, end)
}

#[test]
fn rates_are_percentages() {
    let chaos =
        read(&[("drop", "5"), ("lie", "0.25"), ("fail", "3.5%"), ("delay", "5ms..20ms")]).unwrap();
    assert_eq!((chaos.drop, chaos.lie, chaos.fail), (Rate(500), Rate(25), Rate(350)));
    assert_eq!(chaos.delay, Some((Duration::from_millis(5), Duration::from_millis(20))));
    let delays: Vec<_> = (0..1000u64).map(|n| chaos.delay_of(n << 16).unwrap()).collect();
    assert_eq!(delays.iter().min(), Some(&Duration::from_millis(5)));
    assert_eq!(delays.iter().max(), Some(&Duration::from_millis(20)));
}

#[test]
fn wrong_chaos_settings_are_told_at_once() {
    let problems = read(&[
        ("drop", "often"),
        ("lie", "101"),
        ("delay", "9ms..5ms"),
        ("sead", "1"),
        ("fail", "0.125"),
    ]);
    insta::assert_snapshot!(problems.unwrap_err().join("\n"), @r"
    setting `drop` must be a percentage from 0 to 100, not `often`
    setting `lie` must be a percentage from 0 to 100, not `101`
    setting `fail` must be a percentage from 0 to 100, not `0.125`
    setting `delay` must be a duration or a range, not `9ms..5ms`
    unknown setting `sead`
    ");
    let too_much = read(&[("drop", "60"), ("lie", "50")]).unwrap_err();
    assert_eq!(too_much, ["the rates add up to more than 100 percent"]);
}

#[tokio::test]
async fn without_faults_the_contract_is_kept() {
    contract::run_all(async || {
        Subject::new(Arc::new(wrapped(ChaosSettings::default()).1), "account")
    })
    .await
    .assert_kept();
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults_whatever_the_order_of_calls() {
    let settings = |seed| ChaosSettings {
        seed,
        drop: Rate::percent(20),
        throttle: Rate::percent(10),
        fail: Rate::percent(10),
        ..ChaosSettings::default()
    };
    let first = marks(&wrapped(settings(7)).1.apply(&creates(60)).await);
    let again = marks(&wrapped(settings(7)).1.apply(&creates(60)).await);
    assert_eq!(first, again);
    let mut backwards = creates(60);
    backwards.reverse();
    let turned = marks(&wrapped(settings(7)).1.apply(&backwards).await);
    assert_eq!(first, turned.chars().rev().collect::<String>());
    let other = marks(&wrapped(settings(8)).1.apply(&creates(60)).await);
    assert_ne!(first, other);
    assert!(first.contains('-') && first.contains('w') && first.contains('!'), "{first}");
}

#[tokio::test]
async fn faults_come_about_as_often_as_asked() {
    let settings =
        ChaosSettings { drop: Rate::percent(5), lie: Rate(50), ..ChaosSettings::default() };
    let (memory, chaos) = wrapped(settings);
    chaos.apply(&creates(20_000)).await;
    let counts = chaos.counts();
    assert!((800..1200).contains(&counts.dropped), "{counts:?}");
    assert!((60..140).contains(&counts.lied), "{counts:?}");
    let n_done = 20_000 - counts.dropped - counts.lied;
    assert_eq!(memory.len("account") as u64, n_done);
}

#[tokio::test]
async fn a_call_that_failed_is_rolled_anew_when_it_is_tried_again() {
    let settings = ChaosSettings { seed: 3, drop: Rate::percent(50), ..ChaosSettings::default() };
    let (memory, chaos) = wrapped(settings);
    let mut tries = 0;
    while !memory.len("account").eq(&20) {
        tries += 1;
        assert!(tries < 50);
        chaos.apply(&creates(20)).await;
    }
    assert!(tries > 1);
}

#[tokio::test]
async fn a_dropped_call_does_nothing_and_a_lost_answer_hides_what_was_done() {
    let (memory, chaos) = wrapped(ChaosSettings { drop: Rate::ALWAYS, ..ChaosSettings::default() });
    assert_eq!(marks(&chaos.apply(&creates(2)).await), "--");
    assert!(memory.is_empty("account"));
    assert!(chaos.get(&object("user0"), &[]).await.is_err());
    assert!(chaos.test().await.is_err());
    let settings = ChaosSettings { fail_after: Rate::ALWAYS, ..ChaosSettings::default() };
    let (memory, chaos) = wrapped(settings);
    assert_eq!(marks(&chaos.apply(&creates(2)).await), "--");
    assert_eq!(memory.len("account"), 2);
    assert_eq!(marks(&chaos.apply(&creates(1)).await), "=");
}

#[tokio::test]
async fn a_doubled_change_reaches_the_system_twice_and_a_lie_never() {
    let settings = ChaosSettings { duplicate: Rate::ALWAYS, ..ChaosSettings::default() };
    let (memory, chaos) = wrapped(settings);
    assert_eq!(marks(&chaos.apply(&creates(2)).await), "++");
    assert_eq!((memory.len("account"), memory.counters().creates), (2, 4));
    let (memory, chaos) = wrapped(ChaosSettings { lie: Rate::ALWAYS, ..ChaosSettings::default() });
    assert_eq!(marks(&chaos.apply(&creates(2)).await), "++");
    assert!(memory.is_empty("account"));
}

#[tokio::test]
async fn a_throttled_caller_hears_how_long_to_wait() {
    let wait = Duration::from_secs(9);
    let settings =
        ChaosSettings { throttle: Rate::ALWAYS, throttle_after: wait, ..ChaosSettings::default() };
    let (_, chaos) = wrapped(settings);
    let answers = chaos.apply(&creates(1)).await;
    assert_eq!(answers, [Err(ConnectorError::Throttled { after: Some(wait) })]);
}

#[tokio::test]
async fn a_system_that_died_stays_dead() {
    let (memory, chaos) = wrapped(ChaosSettings { die_after: Some(3), ..ChaosSettings::default() });
    assert_eq!(marks(&chaos.apply(&creates(5)).await), "+++--");
    assert_eq!(marks(&chaos.apply(&creates(2)).await), "--");
    assert!(chaos.test().await.is_err());
    assert_eq!(memory.len("account"), 3);
}

#[tokio::test]
async fn a_cut_read_yields_a_part_and_says_so() {
    let settings = ChaosSettings { cut_reads: Rate::ALWAYS, ..ChaosSettings::default() };
    let (memory, chaos) = wrapped(settings);
    memory.apply(&creates(500)).await;
    let mut amounts = std::collections::BTreeSet::new();
    for _ in 0..10 {
        let (n_objects, end) = read_all(&chaos).await;
        assert!(!end.complete && n_objects < 100, "{n_objects}");
        assert_eq!(end.problem, Some(format!("chaos: the read was cut after {n_objects} objects")));
        amounts.insert(n_objects);
    }
    assert!(amounts.len() > 3, "{amounts:?}");
    let (few, chaos) =
        wrapped(ChaosSettings { cut_reads: Rate::ALWAYS, ..ChaosSettings::default() });
    few.apply(&creates(1)).await;
    assert!(!read_all(&chaos).await.1.complete);
}

#[tokio::test(start_paused = true)]
async fn a_delayed_batch_waits_once() {
    let settings = ChaosSettings {
        delay: Some((Duration::from_millis(30), Duration::from_millis(30))),
        ..ChaosSettings::default()
    };
    let (_, chaos) = wrapped(settings);
    let before = tokio::time::Instant::now();
    chaos.apply(&creates(100)).await;
    assert_eq!(before.elapsed(), Duration::from_millis(30));
}
