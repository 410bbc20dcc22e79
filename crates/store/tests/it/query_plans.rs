//! The query plan of every statement: nothing reads all of a big table but what is named here.
//!
//! The tour calls every function once, which also shows that each can run in a task that crosses threads.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_model::{AccountId, AssignmentId, DriftId, EntityId, Fingerprint, PlanId};
use muster_store::{
    AccountStatus, AlarmId, AlarmKind, AlarmStatus, AppliedChange, CaseStatus, ChangeCounts,
    ChangeSet, ChangeSetId, ChangeSetStatus, Checkpoint, Decided, DriftDecision, EntitlementId,
    ExceptionTerms, HandleKind, HeldRole, IdRange, JournalFilter, JournalKey, Link, LinkSet,
    MatchCaseId, Matched, NameKind, Nesting, OperationDone, OperationEvent, OperationFilter,
    OperationState, Options, PendingLink, PlanStatus, ReadCounts, ReadMapping, ReadProblem,
    ReadRun, ReadRunId, ReadTx, RecordId, Revision, RevisionHead, Sequence, Store, StoreError,
    SystemHealth, TicketStatus, Touched, Tx, UniqueValue, Verdict, WebhookState, WorkflowWatch,
};

use crate::support::*;

/// Tables that hold as many rows as there are people, or more.
const BIG: &[&str] = &[
    "account",
    "account_history",
    "account_use",
    "application_session",
    "assignment",
    "budget",
    "consent",
    "drift",
    "entity",
    "entity_history",
    "evaluation",
    "external_id",
    "form_draft",
    "form_event",
    "form_turn",
    "handle",
    "former_password",
    "held_role",
    "journal",
    "known_browser",
    "link",
    "lockout",
    "mail_factor",
    "mailed_code",
    "match_case",
    "operation",
    "operation_event",
    "passkey",
    "passkey_challenge",
    "password",
    "pending_link",
    "record",
    "recovery",
    "recovery_code",
    "request",
    "request_approver",
    "request_event",
    "request_stage",
    "review_answer",
    "review_item",
    "scim_bulk_result",
    "scim_mail",
    "scim_resource",
    "session",
    "sign_in",
    "sign_in_flow",
    "sign_in_mail",
    "totp",
    "unique_value",
    "workflow_run",
    "workflow_task",
];

/// Statements that read all of a big table, or of one type in it, by design: a part of each text.
const SCANS: &[&str] = &[
    "SELECT COUNT(*) FROM account",
    "SELECT COUNT(*) FROM account_history",
    "SELECT COUNT(*) FROM account_use",
    "SELECT COUNT(*) FROM application_session",
    "SELECT COUNT(*) FROM assignment",
    "SELECT COUNT(*) FROM consent",
    "SELECT COUNT(*) FROM drift",
    "SELECT COUNT(*) FROM entity",
    "SELECT COUNT(*) FROM entity_history",
    "SELECT COUNT(*) FROM evaluation",
    "SELECT COUNT(*) FROM handle",
    "SELECT COUNT(*) FROM journal",
    "SELECT COUNT(*) FROM known_browser",
    "SELECT COUNT(*) FROM link",
    "SELECT COUNT(*) FROM mail_factor",
    "SELECT COUNT(*) FROM mailed_code",
    "SELECT COUNT(*) FROM match_case",
    "SELECT COUNT(*) FROM operation",
    "SELECT COUNT(*) FROM pending_link",
    "SELECT COUNT(*) FROM record",
    "SELECT COUNT(*) FROM unique_value",
    "SELECT COUNT(*) FROM held_role",
    "SELECT COUNT(*) FROM workflow_run",
    "SELECT COUNT(*) FROM workflow_task",
    "SELECT COUNT(*) FROM form_draft",
    "SELECT COUNT(*) FROM form_event",
    "SELECT COUNT(*) FROM form_turn",
    "SELECT COUNT(*) FROM former_password",
    "SELECT COUNT(*) FROM lockout",
    "SELECT COUNT(*) FROM passkey",
    "SELECT COUNT(*) FROM passkey_challenge",
    "SELECT COUNT(*) FROM password",
    "SELECT COUNT(*) FROM session",
    "SELECT COUNT(*) FROM sign_in",
    "SELECT COUNT(*) FROM sign_in_flow",
    "SELECT COUNT(*) FROM budget",
    "SELECT COUNT(*) FROM recovery",
    "SELECT COUNT(*) FROM sign_in_mail",
    "SELECT COUNT(*) FROM recovery_code",
    "SELECT COUNT(*) FROM request",
    "SELECT COUNT(*) FROM request_approver",
    "SELECT COUNT(*) FROM request_event",
    "SELECT COUNT(*) FROM request_stage",
    "SELECT COUNT(*) FROM review_answer",
    "SELECT COUNT(*) FROM review_item",
    "SELECT COUNT(*) FROM totp",
    // Accounts by sort.
    "SELECT system_no, type_no, enabled, status, COUNT(*) FROM account",
    // A new revision.
    "UPDATE evaluation SET settled = NULL, touched = COALESCE(touched, 0) + 1 WHERE settled IS NOT NULL",
];

/// What copies whole tables is called elsewhere.
const TOUR: &str = concat!(
    include_str!("query_plans.rs"),
    include_str!("campaigns.rs"),
    include_str!("requests.rs"),
    include_str!("decision_links.rs"),
    include_str!("forms.rs"),
    include_str!("guests.rs"),
    include_str!("notices.rs"),
    include_str!("scim.rs"),
    include_str!("passkeys.rs"),
    include_str!("sign_ins.rs"),
    include_str!("sign_in_flows.rs"),
    include_str!("recoveries.rs"),
    include_str!("mailed_codes.rs"),
    include_str!("backups.rs"),
);

#[test]
fn the_tour_calls_every_function() {
    let mut missing = BTreeSet::new();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for part in text.split("    pub async fn ").skip(1) {
            let name = part.split(['(', '<']).next().unwrap();
            if !TOUR.contains(&format!(".{name}(")) && !TOUR.contains(&format!("Store::{name}(")) {
                missing.insert(name.to_owned());
            }
        }
    }
    assert_eq!(missing, BTreeSet::new());
}

async fn tour(store: Store) -> Result<(), StoreError> {
    let mut wake = store.wake();
    let mut tx = store.begin().await?;
    facts(&mut tx).await?;
    from_sources(&mut tx).await?;
    on_targets(&mut tx).await?;
    plans(&mut tx).await?;
    drift(&mut tx).await?;
    tx.commit().await?;
    wake.changed().await;
    let tx = store.begin().await?;
    tx.rollback().await?;
    store.analyze().await?;
    let mut tx = store.read().await?;
    read_facts(&mut tx).await?;
    read_lifecycle(&mut tx).await?;
    read_sources(&mut tx).await?;
    read_targets(&mut tx).await?;
    read_plans(&mut tx).await?;
    read_drift(&mut tx).await
}

async fn sign_in(tx: &mut Tx) -> Result<(), StoreError> {
    crate::passkeys::tour(tx).await?;
    crate::sign_ins::tour(tx).await?;
    crate::mailed_codes::tour(tx).await?;
    crate::sign_in_flows::tour(tx).await
}

async fn facts(tx: &mut Tx) -> Result<(), StoreError> {
    tx.take_ids(Sequence::Entity, 1).await?;
    tx.numbers(NameKind::Attribute, 1, &texts(&["a"])).await?;
    tx.insert_entities(&[person(1, "E1"), person(2, "E2")]).await?;
    tx.update_entities(&[person(1, "E1"), person(9, "E9")]).await?;
    let value =
        UniqueValue { type_no: 1, attribute_no: 1, value_key: text("v"), entity: EntityId(1) };
    let other = UniqueValue { entity: EntityId(2), ..value.clone() };
    tx.take_unique_values(&[value.clone(), other]).await?;
    tx.drop_unique_values(&[value]).await?;
    let link = Link { source: EntityId(1), attribute_no: 1, target: EntityId(2) };
    tx.insert_links(&[link]).await?;
    for targets in [vec![EntityId(1)], vec![]] {
        tx.replace_links(&[LinkSet { source: EntityId(1), attribute_no: 1, targets }]).await?;
    }
    let pending = PendingLink {
        source: EntityId(1),
        attribute_no: 1,
        target_type: 1,
        target_key: text("E9"),
    };
    tx.insert_pending_links(std::slice::from_ref(&pending)).await?;
    tx.delete_pending_links(&[pending]).await?;
    tx.save_evaluations(&[evaluation(1)]).await?;
    tx.unsettle(&[EntityId(1)]).await?;
    tx.unsettle_all().await?;
    tx.save_webhook(&WebhookState::default()).await?;
    tx.looked_at(&[Touched { entity: EntityId(1), version: 1 }]).await?;
    tx.insert_assignments(&[assignment(1, 1, "sales")]).await?;
    tx.end_assignment(AssignmentId(1), at(1), "ada", "").await?;
    tx.end_assignments(&[(AssignmentId(1), EntityId(1), String::new())], at(1), "ada").await?;
    lifecycle(tx).await?;
    crate::scim::tour(tx).await?;
    sign_in(tx).await?;
    governance(tx).await?;
    tx.remove_entity(EntityId(1)).await.map(drop)
}

async fn governance(tx: &mut Tx) -> Result<(), StoreError> {
    let (assignment, owner) = (AssignmentId(1), EntityId(2));
    let terms = ExceptionTerms { assignment, mitigation: text("a"), owner };
    tx.insert_exception_terms(&terms).await?;
    assert_eq!(tx.exception_terms(&[assignment, AssignmentId(9)]).await?, [terms]);
    crate::campaigns::tour(tx).await?;
    crate::requests::tour(tx).await?;
    crate::decision_links::tour(tx).await?;
    crate::forms::tour(tx).await?;
    crate::notices::tour(tx).await?;
    crate::guests::tour(tx).await
}

async fn lifecycle(tx: &mut Tx) -> Result<(), StoreError> {
    crate::guests::tour(tx).await?;
    let held = HeldRole { entity: EntityId(1), role: text("a"), how: text("rule"), since: at(1) };
    tx.save_held_roles(&[held]).await?;
    tx.drop_held_roles(&[(EntityId(1), text("a"))]).await?;
    tx.insert_workflow_events(&[event(1)]).await?;
    tx.delete_workflow_events(&[1]).await?;
    tx.begin_workflow_runs(&[workflow_run(1)]).await?;
    tx.advance_workflow_run(&workflow_run(1)).await?;
    tx.save_workflow_task(&workflow_task(1)).await?;
    let watch =
        WorkflowWatch { workflow: text("a"), facts_version: 1, revision: 1, next_due: None };
    tx.save_workflow_watch(&watch).await?;
    tx.save_temporary_pass(&pass(1)).await?;
    tx.delete_temporary_pass(EntityId(1)).await?;
    tx.erase_journal(&[1]).await?;
    tx.forget_readings(at(1)).await?;
    tx.erase_entity(EntityId(9), "erased-9", &[]).await
}

async fn read_lifecycle(tx: &mut ReadTx) -> Result<(), StoreError> {
    let range = IdRange { after: EntityId(0), to: EntityId(9) };
    tx.scan_held_roles(range, None, 9).await?;
    tx.held_roles_of_many(&[EntityId(1)]).await?;
    tx.workflow_events(9).await?;
    tx.workflow_run(1).await?;
    tx.due_workflow_runs(at(1), 9).await?;
    tx.next_workflow_wake().await?;
    tx.workflow_runs("a", None, 9).await?;
    tx.all_workflow_runs(None, 9).await?;
    tx.workflow_runs_of(EntityId(1)).await?;
    tx.workflow_tasks(1).await?;
    tx.workflow_watch("a").await?;
    tx.temporary_pass(EntityId(1)).await?;
    tx.in_state_since(1, 1, at(1), None, 9).await?;
    crate::passkeys::read_tour(tx).await?;
    crate::sign_ins::read_tour(tx).await?;
    crate::recoveries::read_tour(tx).await?;
    crate::mailed_codes::read_tour(tx).await?;
    crate::sign_in_flows::read_tour(tx).await?;
    read_governance(tx).await?;
    tx.remains(EntityId(1)).await.map(drop)
}

async fn read_governance(tx: &mut ReadTx) -> Result<(), StoreError> {
    crate::campaigns::read_tour(tx).await?;
    crate::requests::read_tour(tx).await?;
    crate::decision_links::read_tour(tx).await?;
    crate::guests::read_tour(tx).await?;
    crate::forms::read_tour(tx).await?;
    crate::notices::read_tour(tx).await
}

async fn from_sources(tx: &mut Tx) -> Result<(), StoreError> {
    matches(tx).await?;
    tx.insert_records(&[record(1, "a")]).await?;
    tx.update_records(&[record(1, "a")]).await?;
    tx.set_records_absent(&[RecordId(1)], Some(at(1))).await?;
    tx.link_records(&[(RecordId(1), Some(EntityId(2)), 100)]).await?;
    tx.delete_records(&[RecordId(1)]).await?;
    let run = ReadRun {
        id: ReadRunId(1),
        system_no: 1,
        what: text("read person"),
        started_at: at(0),
        ended_at: None,
        complete: false,
        incremental: false,
        counts: ReadCounts::default(),
        cursor: None,
        problem: None,
    };
    tx.insert_read_run(&run).await?;
    tx.finish_read_run(&run).await?;
    let problem = ReadProblem { place: text("hr.csv:1"), problem: text("no key") };
    tx.insert_read_problems(ReadRunId(1), &[problem]).await?;
    tx.prune_read_runs(at(0)).await?;
    let change_set = ChangeSet {
        id: ChangeSetId(1),
        read_no: 1,
        made_at: at(0),
        status: ChangeSetStatus::Held,
        counts: ChangeCounts::default(),
        reason: text(""),
        decided_by: None,
        decided_at: None,
    };
    tx.insert_change_set(&change_set, &[vec![1]]).await?;
    tx.replace_change_set(change_set.id, change_set.counts, &[vec![2]]).await?;
    let (from, to) = (ChangeSetStatus::Held, ChangeSetStatus::Released);
    tx.decide_change_set(ChangeSetId(1), from, to, "ada", at(1)).await.map(drop)
}

async fn matches(tx: &mut Tx) -> Result<(), StoreError> {
    let mapping = ReadMapping {
        read_no: 1,
        columns: Fingerprint(1),
        mapping: Fingerprint(2),
        owned: text("name"),
    };
    tx.save_read_mapping(&mapping).await?;
    let change = AppliedChange { kind: text("update"), n: 3 };
    tx.add_applied_changes(1, at(1), &[change], at(0)).await?;
    tx.save_match_cases(&[match_case(1, "a")]).await?;
    tx.delete_match_cases(Matched::Record, 1, &texts(&["a"])).await?;
    for verdict in [Verdict::Not, Verdict::Link] {
        tx.save_match_decision(&match_decision("a", 7, verdict)).await?;
    }
    tx.delete_match_decisions(Matched::Record, 1, "a").await?;
    tx.insert_entities(&[person(77, "E77")]).await?;
    tx.flip_entity_type(EntityId(77)).await?;
    tx.insert_merged_entity(&merged(77, 2)).await?;
    tx.move_unique_values(EntityId(77), EntityId(2)).await?;
    tx.move_assignments(&[AssignmentId(1)], EntityId(2)).await?;
    tx.delete_merged_entity(EntityId(77)).await
}

async fn read_matches(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.read_mapping(1).await?;
    tx.applied_changes(1, at(0)).await?;
    tx.match_case(MatchCaseId(1)).await?;
    tx.match_cases_of(Matched::Account, 1).await?;
    tx.match_cases(CaseStatus::Undecided, None, 9).await?;
    tx.count_match_cases(CaseStatus::Refused).await?;
    tx.match_decisions_of(Matched::Record, 1).await?;
    tx.merged_entity(EntityId(1)).await?;
    tx.merged_into(EntityId(1)).await?;
    tx.any_merged().await.map(drop)
}

async fn on_targets(tx: &mut Tx) -> Result<(), StoreError> {
    tx.insert_accounts(&[account(1, "a")]).await?;
    tx.update_accounts(&[account(1, "a")]).await?;
    let link = (AccountId(1), Some(EntityId(2)), AccountStatus::Linked, 100);
    tx.link_accounts(&[link], at(2)).await?;
    tx.delete_accounts(&[AccountId(1)], at(3)).await?;
    let group = muster_store::Entitlement {
        id: EntitlementId(1),
        system_no: 2,
        kind_no: 3,
        name: text("sales"),
        native_id: text(""),
        native_name: text(""),
        present: true,
    };
    tx.save_entitlements(&[group]).await?;
    tx.delete_entitlements(&[EntitlementId(1)]).await
}

async fn plans(tx: &mut Tx) -> Result<(), StoreError> {
    let head = RevisionHead {
        number: 0,
        hash: text("aa"),
        author: text("ada"),
        made_at: at(0),
        message: text(""),
    };
    tx.append_revision(&Revision { head, body: vec![1] }).await?;
    tx.insert_plan(&plan(1, "aa")).await?;
    tx.insert_operations(&[operation(1, 1, "create")]).await?;
    tx.mark_sent(PlanId(1), &[1], at(1)).await?;
    let done = OperationDone {
        seq: 1,
        state: OperationState::Executed,
        done_at: Some(at(2)),
        next_try: None,
        account: None,
        error: None,
    };
    tx.mark_done(PlanId(1), &[done]).await?;
    let (executed, verified) = (OperationState::Executed, OperationState::Verified);
    tx.move_operations(PlanId(1), Some(2), executed, verified).await?;
    tx.set_plan_status(PlanId(1), &[PlanStatus::Open], PlanStatus::Cancelled).await?;
    tx.set_plan_guard(PlanId(1), "[]").await?;
    queue(tx).await?;
    clients(tx).await?;
    tx.insert_plan(&plan(2, "bb")).await?;
    tx.delete_plan(PlanId(2)).await?;
    tx.append_journal(&entry("ada", "a", "b")).await?;
    let key = JournalKey { number: 1, public_key: vec![1], made_at: at(0), endorsement: None };
    tx.insert_journal_key(&key).await?;
    let signature = vec![2];
    let checkpoint = Checkpoint { seq: 1, at: at(0), hash: [0; 32], key: 1, signature };
    tx.insert_checkpoint(&checkpoint).await?;
    tx.save_export_cursor("siem", 1, at(0)).await?;
    tx.take_lease("apply", "one", at(0), at(9)).await?;
    tx.take_lease("apply", "two", at(0), at(9)).await?;
    tx.release_lease("apply", "one").await.map(drop)
}

async fn clients(tx: &mut Tx) -> Result<(), StoreError> {
    tx.insert_client(&client(1)).await?;
    tx.insert_client_token(&client_token(1)).await?;
    tx.client(1).await?;
    tx.client_named("client 1").await?;
    tx.clients(None, 9).await?;
    tx.client_token(&[1; 32]).await?;
    tx.client_tokens(1).await?;
    tx.shorten_client_token(1, at(5)).await?;
    tx.revoke_client_token(1, at(5)).await?;
    tx.end_client(1, at(5)).await?;
    applications(tx).await?;
    api(tx).await
}

async fn applications(tx: &mut Tx) -> Result<(), StoreError> {
    tx.insert_signing_key(&signing_key("a")).await?;
    tx.end_signing_keys("ES256", at(9)).await?;
    tx.signing_keys().await?;
    tx.insert_application_secret(&application_secret(1)).await?;
    tx.application_secrets("wiki").await?;
    tx.revoke_application_secret("wiki", 1, at(5)).await?;
    tx.insert_application_session(&application_session(1)).await?;
    tx.application_session(1).await?;
    tx.application_sessions_of(7).await?;
    tx.open_application_sessions(None, 9).await?;
    tx.sessions_ended_since(at(5)).await?;
    tx.end_application_session(1, at(5)).await?;
    tx.forget_application_sessions(at(5)).await?;
    tx.save_consent("wiki", EntityId(1), "openid", at(5)).await?;
    tx.consent("wiki", EntityId(1)).await?;
    tx.save_logout_notice(&logout_notice(1)).await?;
    tx.due_logout_notices(at(5), 9).await?;
    tx.delete_logout_notice(1).await?;
    tx.insert_handle(&handle(1)).await?;
    tx.handle(HandleKind::Code, &[1; 32]).await?;
    tx.change_handle(&[1; 32], None, ("{}", "{}")).await?;
    tx.use_handle(&[1; 32], at(5)).await?;
    tx.forget_handles(at(5)).await.map(drop)
}

async fn api(tx: &mut Tx) -> Result<(), StoreError> {
    tx.begin_api_call(1, "a", &[1], at(0), at(0)).await?;
    tx.api_call(1, "a").await?;
    tx.answer_api_call(1, "a", 200, b"{}").await?;
    tx.forget_api_call(1, "a").await?;
    tx.forget_api_calls(at(5)).await?;
    tx.insert_job(&job(1)).await?;
    tx.job(1).await?;
    tx.jobs(None, 9).await?;
    tx.end_job(1, at(5), 200, b"{}").await
}

async fn drift(tx: &mut Tx) -> Result<(), StoreError> {
    tx.insert_drift(&[drifted(1, 1)]).await?;
    let decided = Decided {
        decision: DriftDecision::Revert,
        until: None,
        by: Some("ada"),
        remark: "",
        at: at(1),
    };
    tx.decide_drift(&[DriftId(1)], &decided).await?;
    tx.decide_drift_each(&[(DriftId(1), "")], &decided).await?;
    tx.close_drift(&[DriftId(1)], at(2), "").await?;
    tx.raise_alarms(&[alarm(1), alarm(2)]).await?;
    tx.acknowledge_alarm(AlarmId(1), "ada", at(1), "").await?;
    tx.clear_alarms(AlarmKind::NotDone, &texts(&["a"]), at(2)).await?;
    tx.note_account_uses(&[(AccountId(1), at(1))]).await?;
    tx.decide_orphans(&[orphan_decision(1)]).await?;
    tx.forget_orphan_decisions(&[AccountId(1)]).await?;
    let nesting = Nesting { outer: EntitlementId(1), inner: EntitlementId(2) };
    tx.insert_nestings(&[nesting]).await?;
    tx.delete_nestings(&[nesting]).await
}

async fn read_drift(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.drift(DriftId(1)).await?;
    tx.open_drift(None, 9).await?;
    tx.drift_of_cause("c", None, 9).await?;
    tx.drift_of_run(ReadRunId(1), None, 9).await?;
    tx.drift_of_accounts(&[AccountId(1)]).await?;
    tx.drift_of_many(&[EntityId(1)]).await?;
    tx.drift_decided(DriftDecision::Undecided, at(9), 9).await?;
    tx.drift_causes("", 9).await?;
    tx.drift_runs(None, 9).await?;
    tx.alarm(AlarmId(1)).await?;
    tx.alarms(AlarmStatus::Open, None, 9).await?;
    tx.alarms_about(AlarmKind::LeaverActive, "", 9).await?;
    tx.unsettled_since(1, at(9), None, 9).await?;
    tx.orphan_decisions(None, 9).await?;
    tx.nestings_in(&[EntitlementId(1)]).await?;
    tx.nestings(3).await.map(drop)
}

async fn queue(tx: &mut Tx) -> Result<(), StoreError> {
    let (planned, held) = (OperationState::Planned, OperationState::Held);
    tx.decide_operation(PlanId(1), 1, &[held], planned, None).await?;
    tx.cancel_operations_of(PlanId(1), &[(EntityId(1), 2)]).await?;
    tx.hasten(PlanId(1), Some(2)).await?;
    tx.mark_verified(PlanId(1), &[1], at(3)).await?;
    let event = OperationEvent {
        seq: 1,
        at: at(1),
        state: planned,
        actor: text("ada"),
        note: text("tried again"),
    };
    tx.add_operation_events(PlanId(1), &[event]).await?;
    tx.insert_tickets(&[ticket(1)]).await?;
    tx.mark_taken(PlanId(1), &[(1, 1)]).await?;
    tx.clear_tickets(PlanId(1), &[1]).await?;
    tx.decide_ticket(1, TicketStatus::Closed, Some("ada"), at(2), None).await?;
    tx.attest_ticket(1, "bob", at(3)).await?;
    tx.insert_reviews(&[review(1)]).await?;
    tx.set_review_causes(PlanId(1), 1, "ada").await?;
    tx.end_reviews(PlanId(1), at(2)).await?;
    tx.decide_review(&review_decision()).await?;
    tx.forget_review_decisions(&[vec![7]]).await?;
    let health = SystemHealth { system_no: 2, failures: 1, ..SystemHealth::default() };
    tx.save_system_health(&health).await
}

async fn read_queue(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.count_verified_since(3, at(1), at(2)).await?;
    tx.queue_of(PlanId(1)).await?;
    tx.work(at(1)).await?;
    tx.webhook("chat").await?;
    tx.journal_end().await?;
    tx.applying().await?;
    tx.is_interrupted(PlanId(1)).await?;
    tx.operation_events(PlanId(1), 1).await?;
    tx.ticket(1).await?;
    tx.tickets(None, None, 9).await?;
    tx.tickets(Some(TicketStatus::Open), None, 9).await?;
    tx.tickets_of(PlanId(1), 1).await?;
    tx.waiting_reviews(None, 9).await?;
    tx.waiting_reviews_of(PlanId(1)).await?;
    tx.reviews_with_key(&[7]).await?;
    tx.review_decisions(&[], 9).await?;
    tx.system_health().await.map(drop)
}

async fn read_facts(tx: &mut ReadTx) -> Result<(), StoreError> {
    let (one, ids) = (EntityId(1), [EntityId(1), EntityId(2)]);
    tx.facts_version().await?;
    tx.names(NameKind::Attribute).await?;
    tx.number(NameKind::Attribute, 1, "a").await?;
    tx.entity(one).await?;
    tx.entities(&ids).await?;
    tx.entities_by_key(1, &texts(&["E1"])).await?;
    tx.entity_ids_by_key(1, &texts(&["E1"])).await?;
    tx.scan_entities(1, None, 9).await?;
    tx.id_bounds(1).await?;
    tx.count_entities(1).await?;
    tx.entity_as_of(one, at(0)).await?;
    tx.scan_entities_as_of(1, at(0), None, 9).await?;
    tx.entity_versions(one).await?;
    tx.unique_value_holders(1, 1, &texts(&["v"])).await?;
    tx.unique_values_of(one).await?;
    read_links(tx).await?;
    read_evaluations(tx).await
}

async fn read_links(tx: &mut ReadTx) -> Result<(), StoreError> {
    let (one, ids) = (EntityId(1), [EntityId(1), EntityId(2)]);
    tx.links_of(one).await?;
    tx.sources_of(1, one, None, 9).await?;
    tx.sources_of_many(1, &ids).await?;
    tx.scan_links(1, None, 9).await?;
    tx.pending_links_to(1, &texts(&["E9"])).await?;
    tx.pending_links_of(one).await?;
    tx.count_pending_links().await.map(drop)
}

async fn read_evaluations(tx: &mut ReadTx) -> Result<(), StoreError> {
    let (one, ids) = (EntityId(1), [EntityId(1), EntityId(2)]);
    let range = IdRange { after: EntityId(0), to: EntityId(9) };
    read_matches(tx).await?;
    tx.scan_identities(1, range, 9).await?;
    tx.identities(&ids).await?;
    tx.evaluation(one).await?;
    tx.due_identities(at(0), 9).await?;
    tx.next_change().await?;
    tx.unsettled_identities(1, None, 9).await?;
    tx.touched(9).await?;
    tx.touched_of(&ids).await?;
    tx.count_states(1).await?;
    read_assignments(tx).await
}

async fn read_assignments(tx: &mut ReadTx) -> Result<(), StoreError> {
    let (one, ids) = (EntityId(1), [EntityId(1), EntityId(2)]);
    let range = IdRange { after: EntityId(0), to: EntityId(9) };
    tx.assignment(AssignmentId(1)).await?;
    tx.assignments(&[AssignmentId(1)]).await?;
    tx.assignments_of(one).await?;
    tx.assignments_of_many(&ids, at(0)).await?;
    tx.scan_assignments(range, at(0), None, 9).await?;
    tx.assignments_as_of(one, at(0)).await?;
    tx.scan_assignments_as_of(range, at(0), None, 9).await?;
    tx.assignments_of_role("sales", None, 9).await?;
    tx.assignment_edges(at(0), at(9), 9).await.map(drop)
}

async fn read_sources(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.scan_records(1, None, 9).await?;
    tx.scan_record_marks(1, None, 9).await?;
    tx.records_by_key(1, &texts(&["a"])).await?;
    tx.records_of(EntityId(1)).await?;
    tx.records_of_many(&[EntityId(1)]).await?;
    tx.unlinked_records(1, None, 9).await?;
    tx.count_records(1).await?;
    tx.read_run(ReadRunId(1)).await?;
    tx.latest_read_runs(1).await?;
    tx.latest_complete_read(1, "read person").await?;
    tx.read_problems(ReadRunId(1)).await?;
    tx.change_set(ChangeSetId(1)).await?;
    tx.change_sets(None, 9).await?;
    tx.change_sets(Some(ChangeSetStatus::Held), 9).await?;
    tx.change_set_chunk(ChangeSetId(1), 0).await.map(drop)
}

async fn read_targets(tx: &mut ReadTx) -> Result<(), StoreError> {
    let range = IdRange { after: EntityId(0), to: EntityId(9) };
    tx.account(AccountId(1)).await?;
    tx.accounts(&[AccountId(1)]).await?;
    tx.scan_accounts(7, None, 9).await?;
    tx.scan_account_marks(7, None, 9).await?;
    tx.accounts_of(EntityId(1)).await?;
    tx.scan_accounts_of(range, None, 9).await?;
    tx.accounts_of_many(&[EntityId(1)]).await?;
    tx.usable_accounts_of(&[EntityId(1)]).await?;
    tx.accounts_on_system(2, &[EntityId(1)]).await?;
    tx.accounts_by_name(7, &texts(&["a"])).await?;
    tx.account_by_native_id(7, "a").await?;
    tx.unlinked_accounts(7, AccountStatus::Orphan, None, 9).await?;
    tx.accounts_of_as_of(EntityId(1), at(1)).await?;
    tx.former_grants(&[AccountId(1)]).await?;
    tx.count_unlinked_accounts().await?;
    tx.scan_accounts_as_of(7, at(1), None, 9).await?;
    tx.account_as_of(AccountId(1), at(1)).await?;
    tx.account_uses(None, 9).await?;
    tx.account_uses_of(&[AccountId(1)]).await?;
    tx.account_types_used(&[EntityId(1)], at(1)).await?;
    tx.count_accounts().await?;
    read_entitlements(tx).await
}

async fn read_entitlements(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.entitlement(EntitlementId(1)).await?;
    tx.entitlements(&[EntitlementId(1)]).await?;
    tx.scan_entitlements(3, None, 9).await?;
    tx.entitlements_by_name(3, &texts(&["sales"])).await.map(drop)
}

async fn read_plans(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.latest_revision().await?;
    tx.revision(1).await?;
    tx.revision_as_of(at(9)).await?;
    tx.revisions(None, 9).await?;
    tx.plan(PlanId(1)).await?;
    tx.plan_by_hash("a").await?;
    tx.plans(None, None, 9).await?;
    tx.plans(Some(PlanStatus::Open), None, 9).await?;
    tx.operation(PlanId(1), 1).await?;
    for system_no in [None, Some(2)] {
        for state in [None, Some(OperationState::Planned)] {
            tx.operations(PlanId(1), OperationFilter { system_no, state }, None, 9).await?;
        }
    }
    tx.operation_states(PlanId(1), 0, 9).await?;
    tx.unverified_operations(2, None, 9).await?;
    tx.operations_of(EntityId(1), 9).await?;
    tx.operations_left_of(&[EntityId(1)]).await?;
    tx.was_done_since(EntityId(1), 2, at(1)).await?;
    tx.count_operations(PlanId(1)).await?;
    tx.count_operations_done(Timestamp::UNIX_EPOCH, Timestamp::MAX).await?;
    read_queue(tx).await?;
    search_journal(tx).await?;
    read_journal(tx).await?;
    tx.lease("apply").await?;
    tx.statistics().await.map(drop)
}

async fn search_journal(tx: &mut ReadTx) -> Result<(), StoreError> {
    let any = JournalFilter::default;
    for filter in [
        any(),
        JournalFilter { subject: Some(text("b")), ..any() },
        JournalFilter { actor: Some(text("ada")), ..any() },
        JournalFilter { action: Some(text("a")), ..any() },
        JournalFilter { correlation: Some(text("c")), ..any() },
        JournalFilter { from: Some(at(0)), ..any() },
    ] {
        tx.search_journal(&filter, None, 9).await?;
    }
    Ok(())
}

async fn read_journal(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.scan_journal(None, 9).await?;
    tx.journal_keys().await?;
    tx.has_alarm(AlarmKind::ExportStuck, "export siem").await?;
    tx.scan_checkpoints(0, 9).await?;
    tx.latest_checkpoint().await?;
    tx.export_cursor("siem").await?;
    tx.verify_journal().await?.unwrap();
    Ok(())
}

/// True for a statement that must go in by an index and come out in its order.
fn must_be_indexed(sql: &str) -> bool {
    let line = one_line(sql);
    let grouped = line.contains("GROUP BY");
    let is_scan = |scan: &&str| line == **scan || (grouped && line.starts_with(*scan));
    let of_a_catalogue =
        line.contains("pg_") || line.contains("sqlite_") || line.contains("pragma_");
    ["SELECT ", "UPDATE ", "DELETE ", "INSERT "].iter().any(|word| line.starts_with(word))
        && !of_a_catalogue
        && !SCANS.iter().any(is_scan)
}

fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn no_statement_on_sqlite_reads_all_of_a_big_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    let url = format!("sqlite:{}", path.display());
    let store = Store::open(&url, &Options::default()).await.unwrap();
    tokio::spawn(tour(Store::clone(&store))).await.unwrap().unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let mut bad = Vec::new();
    for sql in store.statements().into_iter().filter(|sql| must_be_indexed(sql)) {
        let text = format!("EXPLAIN QUERY PLAN {}", sql.replace('$', "?"));
        let mut statement = connection.prepare(&text).unwrap();
        let steps = statement.raw_query().mapped(|row| row.get::<_, String>(3));
        for step in steps.map(Result::unwrap) {
            let table = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
            let is_scan = table.is_some_and(|table| BIG.contains(&table) || table.len() == 1);
            if is_scan || (step.starts_with("USE TEMP B-TREE") && sql.contains("LIMIT")) {
                bad.push(format!("{step}: {}", one_line(sql)));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[tokio::test]
async fn no_statement_on_postgres_reads_all_of_a_big_table() {
    let database = muster_testkit::postgres().unwrap();
    let store = Store::open(database.url(), &Options::default()).await.unwrap();
    tokio::spawn(tour(Store::clone(&store))).await.unwrap().unwrap();
    let (client, connection) =
        tokio_postgres::connect(database.url(), tokio_postgres::NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    // Small tables are read whole because that is cheap; this forbids it wherever an index would do.
    let settings = "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off;
                    SET plan_cache_mode = force_generic_plan";
    client.batch_execute(settings).await.unwrap();
    let mut bad = Vec::new();
    for sql in store.statements().into_iter().filter(|sql| must_be_indexed(sql)) {
        client.batch_execute(&format!("PREPARE it AS {sql}")).await.unwrap();
        let n_parameters = (1..=20).rev().find(|n| sql.contains(&format!("${n}"))).unwrap_or(0);
        let nothing = vec!["NULL"; n_parameters].join(", ");
        let arguments = if n_parameters == 0 { String::new() } else { format!("({nothing})") };
        let steps = client.query(&format!("EXPLAIN EXECUTE it{arguments}"), &[]).await.unwrap();
        for step in steps.iter().map(|row| row.get::<_, String>(0)) {
            let table = step.split("Seq Scan on ").nth(1).and_then(|rest| rest.split(' ').next());
            let is_scan = table.is_some_and(|table| BIG.contains(&table));
            if is_scan || (step.contains("Sort ") && sql.contains("LIMIT")) {
                bad.push(format!("{}: {}", step.trim(), one_line(sql)));
            }
        }
        client.batch_execute("DEALLOCATE it").await.unwrap();
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    drop(client);
    driver.await.unwrap().unwrap();
}
