//! A fresh store on either database, and short ways to make what goes into it.

use std::ops::Deref;

use jiff::Timestamp;
use muster_model::{AccountId, AssignmentId, DriftId, EntityId, Fingerprint, PlanId, Text};
use muster_store::{
    Account, AccountOrigin, AccountStatus, Alarm, AlarmId, AlarmKind, AlarmStatus,
    ApplicationSecret, ApplicationSession, Assignment, CaseStatus, Client, ClientToken, Drift,
    DriftDecision, DriftWhat, Entity, Entry, Evaluation, EventKind, Handle, Job, LogoutNotice,
    MatchCase, MatchCaseId, MatchDecision, Matched, MergedEntity, Operation, OperationReview,
    OperationState, Options, OrphanDecision, OrphanVerb, Plan, PlanStatus, ReadRunId, Record,
    RecordId, ReviewDecision, ReviewVerdict, RunState, SigningKeyRow, Store, TemporaryPass, Ticket,
    TicketStatus, Verdict, WorkflowEvent, WorkflowRun, WorkflowTask,
};
use muster_testkit::Database;

/// Declares tests that run on both databases: `name::sqlite` and `name::postgres`.
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($store:ident) $body:block)+) => {
        $($(#[$doc])* mod $name {
            use super::*;

            async fn check($store: &$crate::support::Fixture) $body

            #[tokio::test]
            async fn sqlite() {
                check(&$crate::support::Fixture::sqlite().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                check(&$crate::support::Fixture::postgres().await).await;
            }
        })+
    };
}

/// A store with nothing in it, gone at the end of the test.
pub(crate) struct Fixture {
    store: Store,
    _database: Option<Database>,
}

impl Fixture {
    pub(crate) async fn sqlite() -> Self {
        Self { store: open("sqlite::memory:").await, _database: None }
    }

    pub(crate) async fn postgres() -> Self {
        let database = muster_testkit::postgres().unwrap();
        Self { store: open(database.url()).await, _database: Some(database) }
    }
}

impl Deref for Fixture {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

async fn open(url: &str) -> Store {
    Store::open(url, &Options::default()).await.unwrap()
}

/// A moment: so many seconds after the beginning of 2026.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + seconds).unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    Text::from(text)
}

pub(crate) fn texts(texts: &[&str]) -> Vec<Text> {
    texts.iter().copied().map(Text::from).collect()
}

/// A new entity of type 1.
pub(crate) fn person(id: i64, key: &str) -> Entity {
    Entity {
        id: EntityId(id),
        type_no: 1,
        key: text(key),
        version: 1,
        facts: vec![1, 0, 255, id.to_le_bytes()[0]],
        absent_since: None,
        effective_at: at(0),
        recorded_at: at(0),
    }
}

/// A record of read 1 that belongs to nobody.
pub(crate) fn record(id: i64, key: &str) -> Record {
    Record {
        id: RecordId(id),
        read_no: 1,
        key: text(key),
        native_id: "".into(),
        entity: None,
        fingerprint: Fingerprint(id.cast_unsigned().into()),
        content: vec![1, 2, 3],
        absent_since: None,
        confidence: 0,
        line: id + 1,
    }
}

/// An orphan of account type 7 on system 2.
pub(crate) fn account(id: i64, name: &str) -> Account {
    Account {
        id: AccountId(id),
        system_no: 2,
        type_no: 7,
        native_id: text(&format!("native-{name}")),
        name: text(name),
        name_key: text(&name.to_lowercase()),
        entity: None,
        status: AccountStatus::Orphan,
        confidence: 0,
        enabled: Some(true),
        disabled_since: None,
        content: vec![9],
        grants: Vec::new(),
        fingerprint: Fingerprint(u128::MAX - u128::from(id.cast_unsigned())),
        created_at: at(0),
        changed_at: at(1),
        origin: AccountOrigin::Found,
    }
}

/// An account of `entity`.
pub(crate) fn linked(id: i64, name: &str, entity: i64) -> Account {
    Account {
        entity: Some(EntityId(entity)),
        status: AccountStatus::Linked,
        confidence: 100,
        ..account(id, name)
    }
}

/// An assignment that holds for good.
pub(crate) fn assignment(id: i64, entity: i64, role: &str) -> Assignment {
    Assignment {
        id: AssignmentId(id),
        entity: EntityId(entity),
        role: text(role),
        origin: text("operator"),
        reason: text("needs it"),
        valid_from: None,
        valid_until: None,
        created_at: at(0),
        created_by: text("ada"),
        ended_at: None,
        ended_by: None,
        end_reason: None,
    }
}

/// An evaluation in state 1 that is settled.
pub(crate) fn evaluation(entity: i64) -> Evaluation {
    Evaluation {
        entity: EntityId(entity),
        state_no: Some(1),
        state_since: Some(at(0)),
        settled: Some(Fingerprint(entity.cast_unsigned().into())),
        next_change: None,
        evaluated_at: at(0),
    }
}

/// Role `sales` came to entity 1.
pub(crate) fn event(id: i64) -> WorkflowEvent {
    WorkflowEvent {
        id,
        entity: EntityId(1),
        kind: EventKind::Gained,
        name: text("sales"),
        at: at(1),
    }
}

/// A run of `welcome` for entity 1 that waits.
pub(crate) fn workflow_run(id: i64) -> WorkflowRun {
    WorkflowRun {
        id,
        workflow: text("welcome"),
        revision: 1,
        entity: EntityId(1),
        occasion: text("2026-03-01"),
        due_at: at(1),
        state: RunState::Open,
        step: 0,
        wake_at: Some(at(3)),
        began_at: at(2),
        began_by: text("ada"),
        ended_at: None,
        detail: text(""),
    }
}

/// The first task of a run, begun.
pub(crate) fn workflow_task(run: i64) -> WorkflowTask {
    WorkflowTask {
        run,
        seq: 1,
        kind: text("mail"),
        name: text(""),
        state: RunState::Open,
        attempts: 1,
        began_at: at(2),
        ended_at: None,
        detail: text(""),
    }
}

/// A pass for a day.
pub(crate) fn pass(entity: i64) -> TemporaryPass {
    TemporaryPass {
        entity: EntityId(entity),
        salt: vec![1],
        hash: vec![2],
        valid_from: at(0),
        valid_until: at(86_400),
        made_at: at(0),
        once: true,
    }
}

/// An open plan.
pub(crate) fn plan(id: i64, hash: &str) -> Plan {
    Plan {
        id: PlanId(id),
        hash: text(hash),
        revision: 1,
        facts_version: 3,
        made_at: at(0),
        made_by: text("ada"),
        status: PlanStatus::Open,
        base: text("{}"),
        summary: text(r#"{"create":1}"#),
        guard: text("[]"),
    }
}

/// A planned operation on system 2 for entity `seq`.
pub(crate) fn operation(plan: i64, seq: i64, kind: &str) -> Operation {
    Operation {
        plan: PlanId(plan),
        seq,
        system_no: 2,
        entity: Some(EntityId(seq)),
        account_type_no: Some(7),
        account: None,
        kind: text(kind),
        subject: text("uid=ada"),
        body: vec![1, 2],
        after: Vec::new(),
        state: OperationState::Planned,
        attempts: 0,
        next_try: None,
        sent_at: None,
        done_at: None,
        error: None,
        verified_at: None,
        ticket: None,
    }
}

/// A journal entry.
pub(crate) fn entry(actor: &str, action: &str, subject: &str) -> Entry {
    Entry {
        at: at(0),
        actor: text(actor),
        on_behalf_of: None,
        action: text(action),
        subject: text(subject),
        detail: text(r#"{"why":"test"}"#),
        correlation: None,
    }
}

/// Writes in a transaction of its own.
macro_rules! write_to {
    ($store:expr, |$tx:ident| $body:expr) => {{
        let mut $tx = $store.begin().await.unwrap();
        let value = $body.await.unwrap();
        $tx.commit().await.unwrap();
        value
    }};
}

/// Reads in a transaction of its own.
macro_rules! read_from {
    ($store:expr, |$tx:ident| $body:expr) => {{
        let mut $tx = $store.read().await.unwrap();
        $body.await.unwrap()
    }};
}

/// Undecided drift of the title of an account of entity 1.
pub(crate) fn drifted(id: i64, account: i64) -> Drift {
    Drift {
        id: DriftId(id),
        system_no: 2,
        type_no: 7,
        account: AccountId(account),
        entity: Some(EntityId(1)),
        name: text("uid=ada"),
        what: DriftWhat::Attribute,
        kind_no: None,
        item: text("title"),
        before: vec![1],
        after: vec![2],
        cause: text("c"),
        run: ReadRunId(1),
        first_seen: at(id),
        seen_at: at(id),
        decision: DriftDecision::Undecided,
        until: None,
        decided_by: None,
        decided_at: None,
        remark: text(""),
        closed_at: None,
    }
}

/// An open alarm about `a`.
pub(crate) fn alarm(id: i64) -> Alarm {
    Alarm {
        id: AlarmId(id),
        kind: AlarmKind::NotDone,
        about: text("a"),
        system_no: Some(2),
        subject: text("uid=ada"),
        message: text("it is not there"),
        detail: text("{}"),
        n: 1,
        raised_at: at(id),
        last_at: at(id),
        status: AlarmStatus::Open,
        decided_by: None,
        decided_at: None,
        remark: text(""),
    }
}

pub(crate) fn orphan_decision(account: i64) -> OrphanDecision {
    OrphanDecision {
        account: AccountId(account),
        verb: OrphanVerb::Authorise,
        until: Some(at(9)),
        decided_by: text("ada"),
        decided_at: at(1),
        remark: text("known"),
    }
}

/// An open ticket for the first operation of the first plan.
pub(crate) fn ticket(id: i64) -> Ticket {
    Ticket {
        id,
        plan: PlanId(1),
        seq: 1,
        system_no: 2,
        entity: Some(EntityId(1)),
        account_type_no: Some(7),
        kind: text("create"),
        subject: text("E1"),
        what: text("create account ada"),
        reference: text(""),
        status: TicketStatus::Open,
        opened_at: at(0),
        closed_at: None,
        closed_by: None,
        attested_at: None,
        attested_by: None,
        note: None,
    }
}

/// Operation `seq` of plan 1 waits for a decision.
pub(crate) fn review(seq: i64) -> OperationReview {
    OperationReview { plan: PlanId(1), seq, key: vec![7], causes: text("ada"), asked_at: at(0) }
}

/// The operation of [`review`] may go out.
pub(crate) fn review_decision() -> ReviewDecision {
    ReviewDecision {
        key: vec![7],
        identity: EntityId(1),
        system_no: 2,
        verdict: ReviewVerdict::Approved,
        decided_at: at(1),
        decided_by: text("bob"),
        note: text("right"),
    }
}

/// An undecided record of read 1.
pub(crate) fn match_case(id: i64, key: &str) -> MatchCase {
    MatchCase {
        id: MatchCaseId(id),
        subject: Matched::Record,
        scope_no: 1,
        key: text(key),
        native_id: text(""),
        status: CaseStatus::Undecided,
        problem: text("fits two"),
        candidates: text("[]"),
        line: 4,
        fingerprint: Fingerprint(9),
        content: vec![1, 2],
        made_at: at(1),
    }
}

/// A decision about a record of read 1.
pub(crate) fn match_decision(key: &str, entity: i64, verdict: Verdict) -> MatchDecision {
    MatchDecision {
        subject: Matched::Record,
        scope_no: 1,
        key: text(key),
        entity: EntityId(entity),
        verdict,
        made_at: at(2),
        made_by: text("ada"),
        reason: text("asked"),
    }
}

/// A merge of one entity into another.
pub(crate) fn merged(id: i64, survivor: i64) -> MergedEntity {
    MergedEntity {
        entity: EntityId(id),
        survivor: EntityId(survivor),
        merged_at: at(3),
        merged_by: text("ada"),
        reason: text("the same person"),
        moved: text("{}"),
    }
}

/// A client with nothing unusual.
pub(crate) fn client(id: i64) -> Client {
    let name = text(&format!("client {id}"));
    Client {
        id,
        name: name.clone(),
        name_key: name,
        created_at: at(0),
        created_by: text("ada"),
        ended_at: None,
    }
}

/// A token of client 1.
pub(crate) fn client_token(id: u8) -> ClientToken {
    ClientToken {
        id: id.into(),
        client: 1,
        hash: vec![id; 32],
        hint: text("mst_abcd"),
        scopes: text("scim"),
        acts_for: None,
        created_at: at(0),
        created_by: text("ada"),
        expires_at: None,
        revoked_at: None,
    }
}

/// A job of client 1.
pub(crate) fn job(id: i64) -> Job {
    Job {
        id,
        client: 1,
        kind: text("plan"),
        process: text("p"),
        actor: text("ada"),
        correlation: text("c"),
        begun_at: at(0),
        ended_at: None,
        status: None,
        answer: None,
    }
}

/// A key that signs tokens.
pub(crate) fn signing_key(kid: &str) -> SigningKeyRow {
    SigningKeyRow {
        kid: text(kid),
        algorithm: text("ES256"),
        public_key: text("{}"),
        sealed: vec![1],
        made_at: at(0),
        signs_from: at(1),
        gone_at: None,
    }
}

/// A secret of the application `wiki`.
pub(crate) fn application_secret(id: u8) -> ApplicationSecret {
    ApplicationSecret {
        id: id.into(),
        application: text("wiki"),
        hash: vec![id; 32],
        hint: text("mss_"),
        created_at: at(0),
        created_by: text("ada"),
        expires_at: None,
        revoked_at: None,
    }
}

/// A person who is signed in to `wiki`.
pub(crate) fn application_session(id: i64) -> ApplicationSession {
    ApplicationSession {
        id,
        application: text("wiki"),
        entity: EntityId(1),
        session: Some(7),
        scopes: text("openid"),
        body: text("{}"),
        created_at: at(0),
        expires_at: at(100),
        ended_at: None,
    }
}

/// Somebody has to be told of the end of a session.
pub(crate) fn logout_notice(application_session: i64) -> LogoutNotice {
    LogoutNotice { application_session, made_at: at(0), tries: 0, next_try: at(0), reason: None }
}

/// A code.
pub(crate) fn handle(hash: u8) -> Handle {
    Handle {
        hash: vec![hash; 32],
        kind: text("code"),
        application: text("wiki"),
        application_session: Some(1),
        body: text("{}"),
        expires_at: at(100),
        used_at: None,
    }
}
