//! Requests for roles: who decides about them, what is due, delegations, mails.

use muster_model::{AssignmentId, EntityId};
use muster_store::{
    Delegation, ReadTx, Request, RequestApprover, RequestEvent, RequestStage, RequestState,
    RequestStep, StoreError, Tx,
};

use crate::support::*;

const ADA: EntityId = EntityId(1);
const BOB: EntityId = EntityId(2);
const CLEO: EntityId = EntityId(3);

/// Ada asks for something for Bob.
fn request(id: i64) -> Request {
    Request {
        id,
        basket: 1,
        requester: ADA,
        subject: BOB,
        role: text("sales"),
        extends: None,
        reason: text("a project"),
        answers: text("[]"),
        valid_from: None,
        valid_until: Some(at(900)),
        state: RequestState::Waiting,
        version: 1,
        stage: 0,
        stage_since: at(0),
        next_at: Some(at(10 * id)),
        next_step: RequestStep::Remind,
        made_at: at(0),
        made_by: text("ada"),
        ended_at: None,
        assignment: None,
    }
}

fn stage(request: i64, place: i64) -> RequestStage {
    RequestStage {
        request,
        place,
        name: text("manager"),
        kind: text("link"),
        approver: text("manager"),
        fallback: None,
        timeout: 100,
        remind: Some(10),
        escalate: None,
    }
}

fn event(request: i64, what: &str) -> RequestEvent {
    RequestEvent {
        request,
        place: 0,
        at: at(1),
        actor: text("ada"),
        entity: Some(ADA),
        in_place_of: None,
        what: text(what),
        stage: None,
        note: text("because"),
    }
}

fn person_of(request: i64, entity: EntityId) -> RequestApprover {
    RequestApprover { request, entity, role: text("") }
}

fn holder_of(request: i64, role: &str) -> RequestApprover {
    RequestApprover { request, entity: EntityId(0), role: text(role) }
}

fn delegation(id: i64, from: i64, until: i64) -> Delegation {
    Delegation {
        id,
        giver: ADA,
        delegate: BOB,
        valid_from: at(from),
        valid_until: at(until),
        reason: text("away"),
        made_at: at(0),
        made_by: text("ada"),
        ended_at: None,
    }
}

pub(crate) async fn tour(tx: &mut Tx) -> Result<(), StoreError> {
    tx.insert_requests(&[request(1)]).await?;
    tx.insert_request_stages(&[stage(1, 0)]).await?;
    tx.change_request(&request(1)).await?;
    tx.replace_request_assignment(1, AssignmentId(1), AssignmentId(2)).await?;
    tx.append_request_event(&event(1, "made")).await?;
    tx.set_request_approvers(1, &[person_of(1, CLEO)]).await?;
    tx.insert_delegation(&delegation(1, 0, 9)).await?;
    tx.end_delegation(1, ADA, at(1)).await.map(drop)
}

pub(crate) async fn read_tour(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.request(1).await?;
    tx.requests(true, None, 9).await?;
    tx.requests_by(ADA, true, None, 9).await?;
    tx.requests_about(BOB, false, None, 9).await?;
    tx.requests_to_decide((CLEO, ""), None, 9).await?;
    tx.requests_of_basket(1).await?;
    tx.due_requests(at(1), 9).await?;
    tx.request_stages(1).await?;
    tx.request_events(1).await?;
    tx.request_approvers(1).await?;
    tx.delegations_to(BOB, at(1)).await?;
    tx.delegations_from(ADA, at(1)).await.map(drop)
}

fn ids(requests: &[Request]) -> Vec<i64> {
    requests.iter().map(|request| request.id).collect()
}

on_both! {
    async fn a_request_is_changed_by_whoever_saw_its_last_version_and_only_while_it_waits(store) {
        write_to!(store, |tx| tx.insert_requests(&[request(1)]));
        let seen = read_from!(store, |tx| tx.request(1)).unwrap();
        assert_eq!(seen, request(1));
        let approved = Request { state: RequestState::Approved, next_at: None, ..seen.clone() };
        let refused = Request { state: RequestState::Refused, ..seen };
        assert!(write_to!(store, |tx| tx.change_request(&approved)));
        assert!(!write_to!(store, |tx| tx.change_request(&refused)));
        let now = read_from!(store, |tx| tx.request(1)).unwrap();
        assert_eq!((now.state, now.version), (RequestState::Approved, 2));
        let late = Request { state: RequestState::Refused, ..now };
        assert!(!write_to!(store, |tx| tx.change_request(&late)));
    }

    async fn requests_are_found_by_who_asked_whom_they_are_about_and_who_decides(store) {
        let others = Request { requester: CLEO, subject: CLEO, ..request(3) };
        let ended = Request { state: RequestState::Refused, next_at: None, ..request(4) };
        let all = [request(1), request(2), others, ended];
        write_to!(store, |tx| tx.insert_requests(&all));
        write_to!(store, |tx| tx.set_request_approvers(1, &[person_of(1, CLEO), holder_of(1, "desk")]));
        write_to!(store, |tx| tx.set_request_approvers(2, &[person_of(2, BOB)]));
        write_to!(store, |tx| tx.set_request_approvers(2, &[person_of(2, CLEO)]));
        let found = read_from!(store, |tx| tx.requests(true, None, 9));
        assert_eq!(ids(&found), [4, 3, 2, 1]);
        assert_eq!(ids(&read_from!(store, |tx| tx.requests(false, Some(3), 9))), [2, 1]);
        assert_eq!(ids(&read_from!(store, |tx| tx.requests_by(ADA, true, None, 2))), [4, 2]);
        assert_eq!(ids(&read_from!(store, |tx| tx.requests_by(ADA, false, None, 9))), [2, 1]);
        assert_eq!(ids(&read_from!(store, |tx| tx.requests_about(CLEO, false, None, 9))), [3]);
        let waits = read_from!(store, |tx| tx.requests_to_decide((CLEO, ""), None, 9));
        assert_eq!(ids(&waits), [2, 1]);
        let waits = read_from!(store, |tx| tx.requests_to_decide((EntityId(0), "desk"), None, 9));
        assert_eq!(ids(&waits), [1]);
        let waits = read_from!(store, |tx| tx.requests_to_decide((BOB, ""), None, 9));
        assert_eq!(ids(&waits), [] as [i64; 0]);
        assert_eq!(ids(&read_from!(store, |tx| tx.requests_of_basket(1))), [1, 2, 3, 4]);
        assert_eq!(ids(&read_from!(store, |tx| tx.due_requests(at(20), 9))), [1, 2]);
    }

    async fn another_assignment_stands_for_a_request_when_it_stood_for_the_former_one(store) {
        let given = Request { assignment: Some(AssignmentId(7)), ..request(1) };
        write_to!(store, |tx| tx.insert_requests(&[given]));
        write_to!(store, |tx| tx.replace_request_assignment(1, AssignmentId(6), AssignmentId(8)));
        assert_eq!(read_from!(store, |tx| tx.request(1)).unwrap().assignment, Some(AssignmentId(7)));
        write_to!(store, |tx| tx.replace_request_assignment(1, AssignmentId(7), AssignmentId(8)));
        assert_eq!(read_from!(store, |tx| tx.request(1)).unwrap().assignment, Some(AssignmentId(8)));
    }

    async fn the_history_of_a_request_keeps_its_order(store) {
        write_to!(store, |tx| tx.insert_requests(&[request(1)]));
        for what in ["made", "approved", "given"] {
            write_to!(store, |tx| tx.append_request_event(&event(1, what)));
        }
        write_to!(store, |tx| tx.insert_request_stages(&[stage(1, 0), stage(1, 1)]));
        let events = read_from!(store, |tx| tx.request_events(1));
        let told: Vec<_> = events.iter().map(|event| (event.place, &*event.what)).collect();
        assert_eq!(told, [(1, "made"), (2, "approved"), (3, "given")]);
        let stages = read_from!(store, |tx| tx.request_stages(1));
        assert_eq!(stages, [stage(1, 0), stage(1, 1)]);
    }

    async fn a_delegation_holds_for_its_time_until_its_giver_takes_it_back(store) {
        write_to!(store, |tx| tx.insert_delegation(&delegation(1, 10, 20)));
        for (seconds, n) in [(9, 0), (10, 1), (19, 1), (20, 0)] {
            assert_eq!(read_from!(store, |tx| tx.delegations_to(BOB, at(seconds))).len(), n);
        }
        assert_eq!(read_from!(store, |tx| tx.delegations_from(ADA, at(0))).len(), 1);
        assert!(!write_to!(store, |tx| tx.end_delegation(1, BOB, at(12))));
        assert!(write_to!(store, |tx| tx.end_delegation(1, ADA, at(12))));
        assert_eq!(read_from!(store, |tx| tx.delegations_to(BOB, at(13))), []);
    }

    async fn what_an_erased_person_wrote_is_gone(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1")]));
        write_to!(store, |tx| tx.insert_requests(&[request(1)]));
        write_to!(store, |tx| tx.append_request_event(&event(1, "made")));
        write_to!(store, |tx| tx.erase_entity(ADA, "erased-1", &[]));
        assert_eq!(&*read_from!(store, |tx| tx.request(1)).unwrap().reason, "");
        assert_eq!(&*read_from!(store, |tx| tx.request_events(1))[0].note, "");
    }
}
