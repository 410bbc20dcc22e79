//! Asks for roles: several of them for several people at once; each is decided by itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_app::{
    Completed, Ctx, Error, Holdings, Kind, Opened, SupposedChange, refuse_withheld, resolve_person,
    suppose, would_conflict,
};
use muster_model::{AssignmentId, EntityId, Text};
use muster_policy::{Reaction, RequestTerms, Role};
use muster_store::{ReadTx, Request, RequestStage, RequestState, RequestStep, Sequence, Tx};
use serde_json::json;

use crate::{
    RequestView,
    decide::{close, give},
    history::{By, DECIDE, journal, notify, tell},
    people::{People, Somebody, need_to_work, not_left},
    rules,
    stage::{Crowd, addressees, approvers, stages_of},
    terms::{not_for, role_named, terms_for},
    view::{views, waits_on},
};

/// Requests that are made at once, at most.
const MOST: usize = 200;
/// Characters of a reason or an answer at most.
const LONGEST: usize = 2000;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct NewRequest {
    /// The roles.
    pub roles: Vec<String>,
    /// For whom, by key or another unique value; for oneself when empty.
    pub people: Vec<String>,
    /// From when; `None` for at once.
    pub from: Option<Timestamp>,
    /// Until when; `None` for what is usual.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// Answers by question.
    pub answers: BTreeMap<String, String>,
}

/// What one request would come to, before it is made.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Who would get it.
    pub entity: EntityId,
    /// The same, named.
    pub person: Text,
    /// The role.
    pub role: Text,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Who would decide: each stage with those it would wait for.
    pub stages: Vec<(Text, Vec<Text>)>,
    /// What has to be answered.
    pub questions: Vec<Text>,
    /// Whether a reason has to be given.
    pub reason_needed: bool,
    /// Conflicts that it would complete.
    pub conflicts: Vec<ConflictFound>,
    /// What would be done on the systems if it were given now.
    pub plan: Vec<SupposedChange>,
}

/// A conflict that a request would complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictFound {
    /// Its name.
    pub name: Text,
    /// Why it is one.
    pub description: Option<Text>,
    /// `block`, `approve`, `warn`.
    pub on: &'static str,
}

/// One request that is being made.
pub(crate) struct Draft<'o> {
    pub(crate) subject: EntityId,
    pub(crate) role: &'o Role,
    /// Its position.
    pub(crate) at: usize,
    pub(crate) terms: RequestTerms,
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) extends: Option<AssignmentId>,
    pub(crate) conflicts: Vec<Completed<'o>>,
}

/// Says what a request would come to: who decides, until when, which conflicts it would complete, what would be done on
/// the systems. Nothing is written.
///
/// # Errors
///
/// As [`create_request`], but reasons, answers and conflicts are not asked for yet.
pub async fn check_request(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    new: &NewRequest,
) -> Result<Vec<Checked>, Error> {
    let crowd = Crowd::look(opened, ctx.now()).await?;
    let mut tx = opened.store.read().await?;
    let subjects = subjects(ctx, opened, &mut tx, me, new).await?;
    let (people, drafts) = drafts_for(ctx, opened, &mut tx, (me, &subjects), new).await?;
    let mut all = Vec::with_capacity(drafts.len());
    for draft in &drafts {
        let request = draft.request(ctx, me, 0, 0, new);
        let mut stages = Vec::new();
        for stage in stages_of(opened, &draft.terms, &draft.conflicts, 0) {
            let who = approvers(ctx, (opened, &crowd), &mut tx, &request, &stage).await?;
            stages.push((stage.name, waits_on(opened, &mut tx, &who, ctx.now()).await?));
        }
        let facts = &people.need(draft.subject)?.facts;
        let supposed = facts.with_roles(&[draft.at]);
        let both = (facts, &supposed);
        let plan = suppose(opened, &mut tx, &people.world, both, ctx.now()).await?;
        all.push(Checked {
            entity: draft.subject,
            person: people.name(draft.subject),
            role: draft.role.name.clone(),
            until: draft.until,
            stages,
            questions: draft.terms.questions.clone(),
            reason_needed: draft.terms.reason,
            conflicts: draft.conflicts.iter().map(found).collect(),
            plan,
        });
    }
    Ok(all)
}

/// Makes requests. Those that nobody has to approve are given at once.
///
/// # Errors
///
/// `Denied` for what cannot be asked for or would complete a blocking conflict, `Conflict` for what somebody has or asked
/// for already, `Invalid` for times, reasons and answers that do not fit. Then no request is made at all.
pub async fn create_request(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    new: &NewRequest,
) -> Result<Vec<RequestView>, Error> {
    let subjects = subjects(ctx, opened, &mut opened.store.read().await?, me, new).await?;
    create_for(ctx, opened, (me, subjects), new).await
}

/// As [`create_request`], for identities that are found already.
pub(crate) async fn create_for(
    ctx: &Ctx,
    opened: &Opened,
    (me, subjects): (EntityId, Vec<EntityId>),
    new: &NewRequest,
) -> Result<Vec<RequestView>, Error> {
    let crowd = Crowd::look(opened, ctx.now()).await?;
    let mut tx = opened.store.begin().await?;
    let (people, drafts) = drafts_for(ctx, opened, &mut tx, (me, &subjects), new).await?;
    let made = make(ctx, (opened, &crowd), &mut tx, (me, &people), &drafts, new).await?;
    tx.commit().await?;
    views(ctx, opened, &mut opened.store.read().await?, made, false).await
}

/// Makes the requests of these drafts within `tx`, with one entry in the journal.
pub(crate) async fn make(
    ctx: &Ctx,
    (opened, crowd): (&Opened, &Crowd),
    tx: &mut Tx,
    (me, people): (EntityId, &People),
    drafts: &[Draft<'_>],
    new: &NewRequest,
) -> Result<Vec<Request>, Error> {
    let by = By::oneself(people.need(me)?);
    let first = tx.take_ids(Sequence::Request, drafts.len()).await?;
    let mut made = Vec::with_capacity(drafts.len());
    let mut told = Vec::with_capacity(drafts.len());
    for (id, draft) in (first..).zip(drafts) {
        draft.check(new)?;
        let mut request = draft.request(ctx, me, id, first, new);
        let stages = stages_of(opened, &draft.terms, &draft.conflicts, id);
        begin(ctx, (opened, crowd), tx, &mut request, &stages).await?;
        tell(ctx, tx, id, by, ("made", None, new.reason.trim())).await?;
        if stages.is_empty() {
            let subject = people.need(draft.subject)?;
            let given = give(ctx, opened, tx, (subject, people), &request).await?;
            request.assignment = Some(given);
            close(ctx, tx, &mut request, RequestState::Approved).await?;
            tell(ctx, tx, id, By::default(), ("given", None, "no approval is needed")).await?;
        }
        told.push(json!({
            "request": id, "role": &*request.role, "person": &*people.name(draft.subject),
            "from": request.valid_from.map(|at| at.to_string()),
            "until": request.valid_until.map(|at| at.to_string()),
            "assignment": request.assignment.map(|of| of.0),
        }));
        made.push(request);
    }
    let subject = format!("request {first}").into();
    let detail = json!({ "requests": told, "reason": new.reason.trim() });
    journal(ctx, tx, by, ("request.create", subject), detail).await?;
    Ok(made)
}

/// Writes a new request and puts it to its first stage.
async fn begin(
    ctx: &Ctx,
    (opened, crowd): (&Opened, &Crowd),
    tx: &mut Tx,
    request: &mut Request,
    stages: &[RequestStage],
) -> Result<(), Error> {
    let mut waits = Vec::new();
    // Every stage needs somebody: better to hear it now than when the first ones have agreed.
    for stage in stages.iter().rev() {
        waits = approvers(ctx, (opened, crowd), tx, request, stage).await?;
        if waits.is_empty() {
            return Err(nobody(request, stage));
        }
    }
    if let Some(stage) = stages.first() {
        let (at, step) = rules::next_due(stage, ctx.now(), ctx.now());
        request.next_at = Some(at);
        request.next_step = step;
    }
    tx.insert_requests(std::slice::from_ref(request)).await?;
    tx.insert_request_stages(stages).await?;
    tx.set_request_approvers(request.id, &waits).await?;
    let people = addressees(ctx, (opened, crowd), tx, (&*request, &waits)).await?;
    notify(ctx, opened, tx, (request.id, DECIDE), &people).await
}

fn nobody(request: &Request, stage: &RequestStage) -> Error {
    Error::new(
        Kind::Conflict,
        format!(
            "nobody could approve role `{}`: the stage `{}` has nobody but those who may not decide",
            request.role, stage.name
        ),
    )
    .hint("a `fallback` at the stage says who decides where there is nobody else")
}

impl Draft<'_> {
    fn request(&self, ctx: &Ctx, me: EntityId, id: i64, basket: i64, new: &NewRequest) -> Request {
        let answers = self.terms.questions.iter().map(|question| {
            let answer = new.answers.get(&**question).map_or("", |answer| answer.trim());
            json!([&**question, answer])
        });
        Request {
            id,
            basket,
            requester: me,
            subject: self.subject,
            role: self.role.name.clone(),
            extends: self.extends,
            reason: new.reason.trim().into(),
            answers: serde_json::Value::Array(answers.collect()).to_string().into(),
            valid_from: self.from,
            valid_until: self.until,
            state: RequestState::Waiting,
            version: 1,
            stage: 0,
            stage_since: ctx.now(),
            next_at: None,
            next_step: RequestStep::Expire,
            made_at: ctx.now(),
            made_by: ctx.actor.clone(),
            ended_at: None,
            assignment: None,
        }
    }

    /// Refuses what lacks a reason or an answer, and what a conflict forbids.
    fn check(&self, new: &NewRequest) -> Result<(), Error> {
        let role = &self.role.name;
        if self.terms.reason && new.reason.trim().is_empty() {
            let error = Error::invalid(format!("role `{role}` is not given without a reason"));
            return Err(error.hint("--reason \"…\""));
        }
        let texts = new.answers.values().chain([&new.reason]);
        if texts.into_iter().any(|text| text.chars().count() > LONGEST) {
            let message = format!("a reason or an answer is longer than {LONGEST} characters");
            return Err(Error::invalid(message));
        }
        let is_missing = |question: &&Text| {
            new.answers.get(&***question).is_none_or(|answer| answer.trim().is_empty())
        };
        if let Some(question) = self.terms.questions.iter().find(is_missing) {
            let error = Error::invalid(format!("role `{role}` asks: {question}"));
            return Err(error.hint(format!("--answer \"{question}=…\"")));
        }
        match self.conflicts.iter().find(|found| found.on == Reaction::Block) {
            Some(found) => Err(would_conflict(role, found)),
            None => Ok(()),
        }
    }
}

fn found(Completed { conflict, on, outside: _ }: &Completed<'_>) -> ConflictFound {
    let on = match on {
        Reaction::Block => "block",
        Reaction::Approve(_) => "approve",
        Reaction::Warn => "warn",
    };
    let (name, description) = (conflict.name.clone(), conflict.description.clone());
    ConflictFound { name, description, on }
}

/// For whom it is asked: whoever is named, or oneself.
async fn subjects(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    me: EntityId,
    new: &NewRequest,
) -> Result<Vec<EntityId>, Error> {
    let mut subjects = Vec::new();
    for name in &new.people {
        let id = resolve_person(ctx, opened, tx, name).await?.row.id;
        if !subjects.contains(&id) {
            subjects.push(id);
        }
    }
    if subjects.is_empty() {
        subjects.push(me);
    }
    Ok(subjects)
}

/// What is asked for, each role for each person.
pub(crate) async fn drafts_for<'o>(
    ctx: &Ctx,
    opened: &'o Opened,
    tx: &mut ReadTx,
    (me, subjects): (EntityId, &[EntityId]),
    new: &NewRequest,
) -> Result<(People, Vec<Draft<'o>>), Error> {
    let mut roles: Vec<(usize, &Role)> = Vec::new();
    for name in &new.roles {
        let found = role_named(opened, name)?;
        if !roles.iter().any(|(at, _)| *at == found.0) {
            roles.push(found);
        }
    }
    if roles.is_empty() || roles.len() * subjects.len() > MOST {
        return Err(Error::invalid(format!(
            "ask for at least one role and at most {MOST} at once"
        )));
    }
    let now = ctx.now();
    let people =
        People::load(opened, tx, subjects.iter().copied().chain([me]).collect(), now).await?;
    need_to_work(opened, people.need(me)?)?;
    let positions: Vec<usize> = roles.iter().map(|(at, _)| *at).collect();
    let mut drafts = Vec::new();
    for id in subjects.iter().copied() {
        let subject = people.need(id)?;
        not_left(opened, subject)?;
        let asking = people.need(me)?.roles();
        let holdings = Holdings::load(opened, tx, id).await?;
        let conflicts =
            holdings.completed(opened, (&subject.facts, &people.world), &positions, &asking, now);
        for (at, role) in &roles {
            let asked = (people.need(me)?, subject);
            let terms = terms_for(opened, &people, role, asked, now);
            let terms = terms.ok_or_else(|| not_for(role, subject))?;
            is_new(tx, subject, (*at, role), new.from.unwrap_or(now)).await?;
            refuse_withheld(opened, &subject.facts, *at, new.from.unwrap_or(now))?;
            let until = rules::end(&terms, now, new.from, new.until)
                .map_err(|problem| Error::invalid(problem.to_string()))?;
            let draft = Draft {
                subject: id,
                role,
                at: *at,
                terms,
                from: new.from,
                until,
                extends: None,
                conflicts: conflicts.clone(),
            };
            drafts.push(draft);
        }
    }
    Ok((people, drafts))
}

/// Refuses what somebody has or asked for already.
pub(crate) async fn is_new(
    tx: &mut ReadTx,
    subject: &Somebody,
    (at, role): (usize, &Role),
    from: Timestamp,
) -> Result<(), Error> {
    let name = &role.name;
    let is_there =
        |a: &muster_policy::Assignment| a.role == at && a.until.is_none_or(|until| until > from);
    if subject.holds(at) || subject.facts.assignments.iter().any(is_there) {
        let message = format!("`{}` has role `{name}` already", subject.subject);
        return Err(Error::new(Kind::Conflict, message)
            .hint(format!("for more time: muster requests extend {name}")));
    }
    waits_already(tx, subject, name).await
}

/// Refuses a second request for what waits already.
pub(crate) async fn waits_already(
    tx: &mut ReadTx,
    subject: &Somebody,
    role: &Text,
) -> Result<(), Error> {
    let waiting = tx.requests_about(subject.id(), false, None, 1000).await?;
    match waiting.iter().find(|request| request.role == *role) {
        Some(request) => Err(Error::new(
            Kind::Conflict,
            format!("request {} for role `{role}` waits already", request.id),
        )
        .hint(format!("muster requests show {}", request.id))),
        None => Ok(()),
    }
}
