//! Requests for roles: what was asked for, its stages, what happened to it.

use jiff::Timestamp;
use muster_model::{AssignmentId, EntityId, Text};

use crate::{
    ReadTx, StoreError, Tx,
    column::row,
    statement::{Insert, args, bind, insert_into},
    words::words,
};

words! {
    /// What became of a request.
    RequestState {
        /// Somebody has to decide.
        Waiting = "waiting",
        /// The role was given.
        Approved = "approved",
        /// Somebody refused it.
        Refused = "refused",
        /// Whoever asked took it back.
        Withdrawn = "withdrawn",
        /// Nobody decided in time.
        Expired = "expired",
    }
}

words! {
    /// What is due next for a request that waits.
    RequestStep {
        /// Those who have to decide are reminded.
        Remind = "remind",
        /// Others may decide too.
        Escalate = "escalate",
        /// It is over.
        Expire = "expire",
    }
}

/// Somebody asks that somebody gets a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// The first of those that were asked for at once.
    pub basket: i64,
    /// Who asks.
    pub requester: EntityId,
    /// Who would get it.
    pub subject: EntityId,
    /// The role's name.
    pub role: Text,
    /// The assignment that is to last longer.
    pub extends: Option<AssignmentId>,
    /// Why; may be empty.
    pub reason: Text,
    /// Questions with their answers, as JSON.
    pub answers: Text,
    /// From when; `None` for at once.
    pub valid_from: Option<Timestamp>,
    /// Until when; `None` for good.
    pub valid_until: Option<Timestamp>,
    /// What became of it.
    pub state: RequestState,
    /// Rises with every change.
    pub version: i64,
    /// The place of the stage at which it is, from 0.
    pub stage: i64,
    /// Since when it is there.
    pub stage_since: Timestamp,
    /// When something is due.
    pub next_at: Option<Timestamp>,
    /// What is due then.
    pub next_step: RequestStep,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom, as the journal names them.
    pub made_by: Text,
    /// When it was decided, or otherwise over.
    pub ended_at: Option<Timestamp>,
    /// What it became.
    pub assignment: Option<AssignmentId>,
}

/// One stage of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestStage {
    /// Of which request.
    pub request: i64,
    /// Its place, from 0.
    pub place: i64,
    /// What it is called.
    pub name: Text,
    /// How who decides is found: `link`, `person`, `role`.
    pub kind: Text,
    /// The attribute, the person or the role.
    pub approver: Text,
    /// The role whose members decide where there is nobody else.
    pub fallback: Option<Text>,
    /// How long it waits, in seconds.
    pub timeout: i64,
    /// After how many seconds somebody is reminded.
    pub remind: Option<i64>,
    /// After how many seconds others may decide too.
    pub escalate: Option<i64>,
}

/// Something that happened to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestEvent {
    /// To which one.
    pub request: i64,
    /// Its place in the history, from 1; given by [`Tx::append_request_event`].
    pub place: i64,
    /// When.
    pub at: Timestamp,
    /// Who did it, as the journal names them.
    pub actor: Text,
    /// Who did it; `None` for Muster itself.
    pub entity: Option<EntityId>,
    /// Whose delegate they were.
    pub in_place_of: Option<EntityId>,
    /// What, in a word.
    pub what: Text,
    /// At which stage.
    pub stage: Option<Text>,
    /// What they said.
    pub note: Text,
}

row!(Request {
    id,
    basket,
    requester,
    subject,
    role,
    extends,
    reason,
    answers,
    valid_from,
    valid_until,
    state,
    version,
    stage,
    stage_since,
    next_at,
    next_step,
    made_at,
    made_by,
    ended_at,
    assignment
});
row!(RequestStage { request, place, name, kind, approver, fallback, timeout, remind, escalate });
row!(RequestEvent { request, place, at, actor, entity, in_place_of, what, stage, note });

/// The columns of [`Request`], in its order.
macro_rules! select_request {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.basket, r.requester, r.subject, r.role, r.extends, r.reason, r.answers, \
             r.valid_from, r.valid_until, r.state, r.version, r.stage, r.stage_since, r.next_at, \
             r.next_step, r.made_at, r.made_by, r.ended_at, r.assignment FROM request r ",
            $rest
        )
    };
}

const INSERT: Insert = insert_into!(
    "request",
    "id",
    "basket",
    "requester",
    "subject",
    "role",
    "extends",
    "reason",
    "answers",
    "valid_from",
    "valid_until",
    "state",
    "version",
    "stage",
    "stage_since",
    "next_at",
    "next_step",
    "made_at",
    "made_by",
    "ended_at",
    "assignment",
);

const INSERT_STAGE: Insert = insert_into!(
    "request_stage",
    "request",
    "place",
    "name",
    "kind",
    "approver",
    "fallback",
    "timeout",
    "remind",
    "escalate",
);

impl ReadTx {
    /// The request with this number.
    pub async fn request(&mut self, id: i64) -> Result<Option<Request>, StoreError> {
        self.fetch_one(select_request!("WHERE r.id = $1"), args![id]).await
    }

    /// All requests, the newest first, at most `limit`, before a number; only those that wait unless `ended` too.
    pub async fn requests(
        &mut self,
        ended: bool,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Request>, StoreError> {
        let sql = select_request!(
            "WHERE r.id < $1 AND ($2 OR r.state = 'waiting') ORDER BY r.id DESC LIMIT $3"
        );
        self.fetch_all(sql, args![before.unwrap_or(i64::MAX), ended, limit]).await
    }

    /// As [`ReadTx::requests`], those that somebody made.
    pub async fn requests_by(
        &mut self,
        requester: EntityId,
        ended: bool,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Request>, StoreError> {
        let sql = select_request!(
            "WHERE r.requester = $1 AND r.id < $2 AND ($3 OR r.state = 'waiting') \
             ORDER BY r.id DESC LIMIT $4"
        );
        self.fetch_all(sql, args![requester, before.unwrap_or(i64::MAX), ended, limit]).await
    }

    /// As [`ReadTx::requests`], those that are about somebody.
    pub async fn requests_about(
        &mut self,
        subject: EntityId,
        ended: bool,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Request>, StoreError> {
        let sql = select_request!(
            "WHERE r.subject = $1 AND r.id < $2 AND ($3 OR r.state = 'waiting') \
             ORDER BY r.id DESC LIMIT $4"
        );
        self.fetch_all(sql, args![subject, before.unwrap_or(i64::MAX), ended, limit]).await
    }

    /// Requests that wait for a person, or with entity 0 for whoever has a role; the newest first, before a number.
    pub async fn requests_to_decide(
        &mut self,
        (entity, role): (EntityId, &str),
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Request>, StoreError> {
        let sql = select_request!(
            "JOIN request_approver a ON a.request = r.id \
             WHERE a.entity = $1 AND a.role = $2 AND a.request < $3 ORDER BY a.request DESC LIMIT $4"
        );
        self.fetch_all(sql, args![entity, role, before.unwrap_or(i64::MAX), limit]).await
    }

    /// Those that were asked for at once, by number.
    pub async fn requests_of_basket(&mut self, basket: i64) -> Result<Vec<Request>, StoreError> {
        self.fetch_all(select_request!("WHERE r.basket = $1 ORDER BY r.id"), args![basket]).await
    }

    /// Requests for which something is due at `now`, the one that waits longest first.
    pub async fn due_requests(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Request>, StoreError> {
        let sql = select_request!("WHERE r.next_at <= $1 ORDER BY r.next_at, r.id LIMIT $2");
        self.fetch_all(sql, args![now, limit]).await
    }

    /// The stages of a request, in their order.
    pub async fn request_stages(&mut self, request: i64) -> Result<Vec<RequestStage>, StoreError> {
        let sql = "SELECT request, place, name, kind, approver, fallback, timeout, remind, escalate
                   FROM request_stage WHERE request = $1 ORDER BY place";
        self.fetch_all(sql, args![request]).await
    }

    /// What happened to a request, in order.
    pub async fn request_events(&mut self, request: i64) -> Result<Vec<RequestEvent>, StoreError> {
        let sql = "SELECT request, place, at, actor, entity, in_place_of, what, stage, note
                   FROM request_event WHERE request = $1 ORDER BY place";
        self.fetch_all(sql, args![request]).await
    }
}

impl Tx {
    /// Writes new requests.
    pub async fn insert_requests(&mut self, requests: &[Request]) -> Result<(), StoreError> {
        self.insert_many(&INSERT, requests, |request, args| {
            let Request {
                id,
                basket,
                requester,
                subject,
                role,
                extends,
                reason,
                answers,
                valid_from,
                valid_until,
                state,
                version,
                stage,
                stage_since,
                next_at,
                next_step,
                made_at,
                made_by,
                ended_at,
                assignment,
            } = request;
            bind!(args, *id, *basket, *requester, *subject, role, *extends, reason, answers);
            bind!(args, *valid_from, *valid_until, *state, *version, *stage, *stage_since);
            bind!(args, *next_at, *next_step, *made_at, made_by, *ended_at, *assignment);
        })
        .await
    }

    /// Writes the stages of new requests.
    pub async fn insert_request_stages(
        &mut self,
        stages: &[RequestStage],
    ) -> Result<(), StoreError> {
        self.insert_many(&INSERT_STAGE, stages, |stage, args| {
            let RequestStage {
                request,
                place,
                name,
                kind,
                approver,
                fallback,
                timeout,
                remind,
                escalate,
            } = stage;
            bind!(args, *request, *place, name, kind, approver, fallback, *timeout);
            bind!(args, *remind, *escalate);
        })
        .await
    }

    /// Writes what changed about a request that waits, which was read with `request.version`. False, and nothing is
    /// written, when somebody else changed it since or it is over.
    pub async fn change_request(&mut self, request: &Request) -> Result<bool, StoreError> {
        let sql = "UPDATE request SET reason = $3, answers = $4, valid_from = $5, valid_until = $6,
                       state = $7, version = version + 1, stage = $8, stage_since = $9,
                       next_at = $10, next_step = $11, ended_at = $12, assignment = $13
                   WHERE id = $1 AND version = $2 AND state = 'waiting'";
        let args = args![
            request.id,
            request.version,
            &request.reason,
            &request.answers,
            request.valid_from,
            request.valid_until,
            request.state,
            request.stage,
            request.stage_since,
            request.next_at,
            request.next_step,
            request.ended_at,
            request.assignment,
        ];
        Ok(self.execute(sql, args).await? > 0)
    }

    /// Says that another assignment stands for what a request gave, as when its end was changed.
    pub async fn replace_request_assignment(
        &mut self,
        request: i64,
        old: AssignmentId,
        new: AssignmentId,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE request SET assignment = $3 WHERE id = $1 AND assignment = $2";
        self.execute(sql, args![request, old, new]).await.map(drop)
    }

    /// Adds to the history of a request.
    pub async fn append_request_event(&mut self, event: &RequestEvent) -> Result<(), StoreError> {
        let sql = "INSERT INTO request_event (request, place, at, actor, entity, in_place_of, what,
                                              stage, note)
                   VALUES ($1, 1 + COALESCE((SELECT MAX(e.place) FROM request_event e
                                             WHERE e.request = $1), 0),
                           $2, $3, $4, $5, $6, $7, $8)";
        let RequestEvent { request, place: _, at, actor, entity, in_place_of, what, stage, note } =
            event;
        let args = args![*request, *at, actor, *entity, *in_place_of, what, stage, note];
        self.execute(sql, args).await.map(drop)
    }
}
