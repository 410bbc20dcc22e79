//! Systems that take a change and make it later: the read that shows the work closes the ticket.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use muster_connector::{Connector, ConnectorError, Intercept, Intercepted};
use muster_engine::list_tickets;
use muster_model::{Applied, Change, Value};
use muster_store::{OperationState, TicketStatus};

use crate::{
    queue::{once, orders, people, rig},
    support::Rig,
};

/// Changes that were taken and not made yet.
type Later = Arc<Mutex<Vec<Change>>>;

/// Takes every change for later.
struct Slow(Later);

#[async_trait]
impl Intercept for Slow {
    async fn apply(
        &self,
        _inner: &dyn Connector,
        changes: &[Change],
    ) -> Vec<Result<Applied, ConnectorError>> {
        let mut later = self.0.lock().unwrap();
        let take = |change: &Change| {
            later.push(change.clone());
            let pending = Some(format!("job {}", later.len()).into());
            Ok(Applied { pending, ..Applied::default() })
        };
        changes.iter().map(take).collect()
    }
}

/// Makes the `crm` slow.
fn slow(rig: &Rig) -> Later {
    let later = Later::default();
    let own = Arc::clone(&later);
    let wrap = move |inner| -> Arc<dyn Connector> {
        Arc::new(Intercepted::new(inner, Slow(Arc::clone(&own))))
    };
    rig.connectors.faulty.lock().unwrap().insert("crm".to_owned(), Box::new(wrap));
    later
}

/// The system comes to what it took.
async fn work_off(rig: &Rig, later: &Later) {
    let changes = std::mem::take(&mut *later.lock().unwrap());
    for answer in rig.connectors.memory("crm").apply(&changes).await {
        answer.unwrap();
    }
}

/// Somebody makes another account instead of what was asked for.
fn put_instead(rig: &Rig, later: &Later, name: &str, cn: &str) {
    let asked = later.lock().unwrap().drain(..).next().unwrap();
    let crm = rig.connectors.memory("crm");
    crm.put(&asked.object().class, name, &[("cn", Value::text(cn))], Some(true));
}

/// Kind, status and note of every ticket.
async fn tickets(rig: &Rig) -> Vec<String> {
    let tickets = list_tickets(&rig.open().await, None, None, 9).await.unwrap();
    let shown = |ticket: &muster_store::Ticket| {
        let note = ticket.note.as_deref().unwrap_or("-");
        format!("{} {} {} {note}", ticket.kind, ticket.reference, ticket.status)
    };
    tickets.iter().map(shown).collect()
}

async fn drift(rig: &Rig) -> usize {
    let query = muster_app::DriftQuery { limit: 9, ..muster_app::DriftQuery::default() };
    muster_app::list_drift(&rig.ctx(), &rig.open().await, &query).await.unwrap().items.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_read_that_shows_the_work_closes_the_ticket_and_verifies_the_order() {
    let rig = rig(&["ada"]);
    let later = slow(&rig);
    rig.sync().await;
    once(&rig).await;
    assert_eq!(tickets(&rig).await, ["create job 1 open -"]);
    // Nothing is to be seen yet.
    rig.at("2026-03-02T13:00:00Z");
    once(&rig).await;
    assert_eq!(tickets(&rig).await, ["create job 1 open -"]);
    assert_eq!(later.lock().unwrap().len(), 1, "it was asked for twice");
    work_off(&rig, &later).await;
    rig.at("2026-03-02T14:00:00Z");
    once(&rig).await;
    assert_eq!(tickets(&rig).await, ["create job 1 closed a read shows it"]);
    let verified = orders(&rig, Some(OperationState::Verified)).await;
    assert!(verified.iter().any(|(_, order)| order == "crm 1"), "{verified:?}");
    // An update: what the system does later is nobody's drift.
    rig.write("hr.csv", &people(&["eve"]));
    rig.at("2026-03-02T15:00:00Z");
    once(&rig).await;
    assert_eq!(tickets(&rig).await[1..], ["rename job 1 open -"]);
    for time in ["2026-03-02T16:00:00Z", "2026-03-02T17:00:00Z"] {
        work_off(&rig, &later).await;
        rig.at(time);
        once(&rig).await;
    }
    let closed = ["rename job 1 closed a read shows it", "update job 1 closed a read shows it"];
    assert_eq!(tickets(&rig).await[1..], closed);
    assert_eq!(drift(&rig).await, 0);
    rig.verify_journal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_made_otherwise_closes_the_ticket_and_the_rest_is_mended() {
    let rig = rig(&["ada"]);
    let later = slow(&rig);
    rig.sync().await;
    once(&rig).await;
    // Whoever did it wrote another name into the record, by which it cannot be correlated.
    put_instead(&rig, &later, "ada", "Ada L.");
    rig.at("2026-03-02T14:00:00Z");
    once(&rig).await;
    rig.at("2026-03-02T14:10:00Z");
    let (_, events) = once(&rig).await;
    assert_eq!(
        tickets(&rig).await,
        ["create job 1 closed a read shows it", "update job 1 open -"],
        "{events:?}"
    );
    let wanted = later.lock().unwrap().clone();
    assert!(matches!(wanted.as_slice(), [Change::Update { .. }]), "{wanted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_a_read_does_not_show_stays_with_the_person() {
    let rig = rig(&["ada"]);
    let later = slow(&rig);
    rig.sync().await;
    once(&rig).await;
    put_instead(&rig, &later, "bob", "bob");
    rig.at("2026-03-02T14:00:00Z");
    once(&rig).await;
    let open = list_tickets(&rig.open().await, Some(TicketStatus::Open), None, 9).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(orders(&rig, Some(OperationState::Sent)).await[0].1, "crm 1");
}
