use std::sync::Arc;

use insta::assert_snapshot;

use super::*;
use crate::contract::{self, GroupSubject, Subject, Verdict};

fn subject(options: MemoryOptions) -> Subject {
    let memory = Arc::new(MemoryConnector::new(options));
    let cut = {
        let memory = memory.clone();
        Arc::new(move || memory.cut_reads_after(Some(7))) as Arc<dyn Fn() + Send + Sync>
    };
    let group = GroupSubject {
        class: "group".into(),
        name: Arc::new(|word| word.into()),
        required: Arc::new(|_| Vec::new()),
        members: "member".into(),
    };
    // An empty system that cannot be filled has nothing that could be cut.
    let cut = options.capabilities.create.then_some(cut);
    Subject { cut, group: Some(group), ..Subject::new(memory, "account") }
}

fn with(change: impl Fn(&mut Capabilities)) -> MemoryOptions {
    let mut options = MemoryOptions::default();
    change(&mut options.capabilities);
    options
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    let report = contract::run_all(async || subject(MemoryOptions::default())).await;
    report.assert_kept();
    let unclaimed: Vec<_> = report
        .outcomes
        .iter()
        .filter(|(_, outcome)| *outcome == Ok(Verdict::NotClaimed))
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(unclaimed, ["what_is_not_claimed_is_refused"]);
}

#[tokio::test]
async fn memory_keeps_the_contract_with_fewer_abilities() {
    let variants: [fn(&mut Capabilities); 6] = [
        |can| (can.text_only, can.incremental) = (true, false),
        |can| can.names = NameRule::CaseInsensitive,
        |can| (can.enable, can.delete) = (false, false),
        |can| (can.rename, can.members) = (false, false),
        |can| can.update = false,
        |can| {
            (can.create, can.update, can.rename) = (false, false, false);
            (can.enable, can.delete, can.members) = (false, false, false);
        },
    ];
    for variant in variants {
        contract::run_all(async || subject(with(variant))).await.assert_kept();
    }
}

/// A connector that breaks promises, so that the suite is seen to notice.
#[derive(Debug)]
struct Liar(MemoryConnector);

#[async_trait]
impl Connector for Liar {
    fn capabilities(&self) -> Capabilities {
        Capabilities { rename: false, ..self.0.capabilities() }
    }

    async fn test(&self) -> Result<String, ConnectorError> {
        self.0.test().await
    }

    async fn discover(&self) -> Result<Discovered, ConnectorError> {
        self.0.discover().await
    }

    async fn read(
        &self,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        let end = self.0.read(request, sink).await?;
        Ok(ReadEnd { complete: true, ..end })
    }

    async fn get(
        &self,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        let found = self.0.get(object, fields).await?;
        Ok(found.map(|object| {
            let trim = |value: Value| {
                value.as_text().map(|text| Value::text(text.trim())).unwrap_or(value)
            };
            Object { values: object.values.into_iter().map(trim).collect(), ..object }
        }))
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        let mut answers = self.0.apply(changes).await;
        for answer in &mut answers {
            if matches!(answer, Err(ConnectorError::AlreadyExists { .. })) {
                *answer = Ok(Applied::default());
            }
        }
        answers
    }
}

#[tokio::test]
async fn the_suite_names_the_promises_that_a_connector_breaks() {
    let report = contract::run_all(async || {
        let memory = MemoryConnector::new(MemoryOptions::default());
        memory.cut_reads_after(Some(7));
        Subject { cut: Some(Arc::new(|| ())), ..Subject::new(Arc::new(Liar(memory)), "account") }
    })
    .await;
    assert_snapshot!(report.broken().join("\n"), @r"
    create_is_not_upsert
    a_failing_change_does_not_stop_the_others
    batches_are_not_larger_than_asked
    a_cut_read_is_incomplete
    special_characters_survive
    what_is_not_claimed_is_refused
    ");
}

#[tokio::test]
async fn calls_are_counted_and_logged() {
    let memory = MemoryConnector::new(MemoryOptions { log: true, ..MemoryOptions::default() });
    memory.put("group", "staff", &[("member", Value::set(vec![Value::text("ada")]))], None);
    memory.put(
        "account",
        "ada",
        &[("mail", Value::text("a@x")), ("age", Value::Int(36))],
        Some(false),
    );
    assert_eq!(memory.counters(), Counters::default());
    let object = ObjectRef { class: "group".into(), id: "".into(), name: "staff".into() };
    let change = Change::Members {
        object: object.clone(),
        attribute: "member".into(),
        add: vec!["bob".into(), "ada".into()],
        remove: vec![],
    };
    memory.apply(std::slice::from_ref(&change)).await[0].as_ref().unwrap();
    memory.get(&object, &[]).await.unwrap();
    assert_eq!(memory.calls(), [Call::Apply(vec![change]), Call::Get(object)]);
    let counters = memory.counters();
    assert_eq!(
        (counters.applies, counters.members, counters.gets, counters.changes()),
        (1, 1, 1, 1)
    );
    assert_snapshot!(memory.dump(), @r"
    account ada off age=36 mail=a@x
    group staff on member=[ada, bob]
    ");
    memory.remove("account", "ada");
    assert!(memory.is_empty("account"));
    memory.reset_counters();
    assert!(memory.calls().is_empty());
}
