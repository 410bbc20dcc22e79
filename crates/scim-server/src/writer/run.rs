//! One transaction with several changes in it: the entities, the members of groups, what is kept beside, the answers, and
//! the lines of those who are told later.

use std::collections::{BTreeMap, BTreeSet};

use muster_app::Error;
use muster_engine::{
    LocalChange, LocalDone, Push, Pushed, change_local_in, push_in, resume_in, suspend_in,
};
use muster_model::{EntityId, SystemId, Text};
use muster_policy::System;
use muster_store::{ExternalId, ScimResource, Tx};
use serde_json::{Value as Json, json};

use super::Outcome;
use crate::{
    answer::Answer,
    bulk::Line,
    error::Failure,
    list::by_ids,
    load::ORIGIN,
    mails::mails,
    membership::{Turnover, by_group, by_member, turnover},
    patch::OwnId,
    read::show,
    render::{location, tag},
    view::View,
    write::{Job, Prepared, Verb},
};

/// Why a client suspended somebody.
const REASON: &str = "an SCIM client said that it is not active";

/// Why a transaction cannot go on.
pub(super) enum Broken {
    /// One of the changes failed in its middle.
    Job(Failure),
    /// The repository failed.
    Store(Failure),
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Store(failure)
    }
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<muster_store::StoreError> for Broken {
    fn from(error: muster_store::StoreError) -> Self {
        Self::Store(error.into())
    }
}

/// One transaction with the changes in it.
pub(super) struct Run<'j> {
    jobs: &'j [Job],
    tx: Tx,
    parts: Vec<Part>,
}

/// A change on its way.
enum Part {
    /// It failed before anything was done.
    Failed(Failure),
    /// It is worked out.
    Ready(Box<Ready>),
}

struct Ready {
    prepared: Prepared,
    turnover: Turnover,
    /// The entity, once it is known.
    entity: Option<EntityId>,
    answer: Option<Answer>,
}

impl Part {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Failed(failure) => Err(failure.clone()),
            Self::Ready(ready) => {
                let lost = || Failure::from(Error::bug("a change has no answer"));
                ready.answer.clone().ok_or_else(lost)
            }
        }
    }
}

impl Ready {
    /// Nothing else happens to it now.
    fn wait(&mut self, answer: Answer) {
        self.entity = None;
        self.answer = Some(answer);
    }
}

/// What goes to each source: the places of the changes, and the changes.
#[derive(Default)]
struct Pushes<'j>(BTreeMap<SystemId, (&'j System, Vec<usize>, Vec<Push>)>);

impl<'j> Pushes<'j> {
    fn add(&mut self, source: &'j System, place: usize, push: Push) {
        let (_, places, pushes) =
            self.0.entry(source.id).or_insert_with(|| (source, Vec::new(), Vec::new()));
        places.push(place);
        pushes.push(push);
    }
}

/// The answer to a change that waits for a person: it is taken, and nothing has changed yet.
fn waiting(result: &str, change_set: Option<i64>, detail: &str) -> Answer {
    let body = json!({
        "schemas": ["urn:muster:params:scim:api:messages:2.0:Waiting"],
        "status": "202", "result": result, "changeSet": change_set.map(|id| id.to_string()), "detail": detail,
    });
    Answer::json(202, body)
}

impl<'j> Run<'j> {
    pub(super) async fn begin(jobs: &'j [Job]) -> Result<Self, Failure> {
        let Some(job) = jobs.first() else {
            return Err(Failure::from(Error::bug("a transaction without changes")));
        };
        let tx = job.view.opened.store.begin().await?;
        Ok(Self { jobs, tx, parts: Vec::new() })
    }

    pub(super) async fn all(&mut self) -> Result<(), Broken> {
        self.prepare().await;
        self.entities().await?;
        self.members().await?;
        self.beside().await?;
        self.answers().await?;
        self.lines().await
    }

    /// Works changes out until one touches what another one touches.
    async fn prepare(&mut self) {
        let mut touched: BTreeSet<EntityId> = BTreeSet::new();
        for job in self.jobs {
            let part = match self.ready(job).await {
                Err(failure) => Part::Failed(failure),
                Ok(ready) => {
                    let ids = &ready.prepared.touched;
                    if ids.iter().any(|id| touched.contains(id)) {
                        return;
                    }
                    touched.extend(ids);
                    Part::Ready(Box::new(ready))
                }
            };
            self.parts.push(part);
        }
    }

    async fn ready(&mut self, job: &Job) -> Result<Ready, Failure> {
        let resource = job.resource()?;
        let mut prepared = job.prepare(&mut self.tx).await?;
        let mut turnover_of = Turnover::default();
        if !prepared.members.is_empty() {
            let group = prepared.known.as_ref();
            turnover_of =
                turnover(&job.view, &mut self.tx, resource, group, &prepared.members).await?;
            let set = by_group(resource, group, &turnover_of);
            if let (false, Some(main)) = (set.is_empty(), &mut prepared.main) {
                main.set.extend(set);
            } else if !set.is_empty() {
                prepared.main = Some(job.change_of(resource, prepared.known.as_ref(), set));
            }
            prepared.touched.extend(turnover_of.join.iter().chain(&turnover_of.leave));
        }
        let entity = prepared.known.as_ref().map(|known| known.entity.id);
        Ok(Ready { prepared, turnover: turnover_of, entity, answer: None })
    }

    fn ready_parts(&mut self) -> impl Iterator<Item = (&'j Job, &mut Ready)> {
        self.jobs.iter().zip(&mut self.parts).filter_map(|(job, part)| match part {
            Part::Failed(_) => None,
            Part::Ready(ready) => Some((job, &mut **ready)),
        })
    }

    /// The entities themselves.
    async fn entities(&mut self) -> Result<(), Broken> {
        let mut changes: Vec<LocalChange> = Vec::new();
        let mut places = Vec::new();
        let mut pushes = Pushes::default();
        for (place, (job, part)) in self.jobs.iter().zip(&mut self.parts).enumerate() {
            let Part::Ready(ready) = part else { continue };
            let source = job.source()?;
            // The members of a group leave before it goes.
            let is_group_end = ready.prepared.is_delete && !ready.turnover.leave.is_empty();
            if is_group_end && source.is_none() {
                continue;
            }
            let Some(main) = ready.prepared.main.take() else { continue };
            if let Some(source) = source {
                pushes.add(source, place, ready.prepared.push(main));
            } else {
                changes.push(main);
                places.push(place);
            }
        }
        self.push(pushes).await?;
        let done = self.change(&changes).await?;
        for (place, done) in places.into_iter().zip(done) {
            let Some(part) = self.parts.get_mut(place) else { continue };
            match (done, part) {
                (Ok(done), Part::Ready(ready)) => ready.entity = Some(done.entity),
                (Err(error), part) => *part = Part::Failed(error.into()),
                (Ok(_), Part::Failed(_)) => {}
            }
        }
        Ok(())
    }

    /// What clients push to sources of their own becomes records of these.
    async fn push(&mut self, pushes: Pushes<'j>) -> Result<(), Broken> {
        for (source, places, pushes) in pushes.0.into_values() {
            let Some(job) = places.first().and_then(|place| self.jobs.get(*place)) else {
                continue;
            };
            let (ctx, opened) = (&job.view.ctx, &job.view.opened);
            let done = push_in(ctx, opened, &mut self.tx, source, &pushes).await?;
            for (place, done) in places.into_iter().zip(done) {
                let Some(part) = self.parts.get_mut(place) else { continue };
                match (done, part) {
                    (Ok(Pushed::Done(done)), Part::Ready(ready)) => {
                        ready.entity = Some(done.entity);
                    }
                    (Ok(Pushed::Held { change_set, reason }), Part::Ready(ready)) => {
                        ready.wait(waiting("held", Some(change_set.0), &reason));
                    }
                    (Ok(Pushed::Undecided { problem }), Part::Ready(ready)) => {
                        ready.wait(waiting("undecided", None, &problem));
                    }
                    (Err(error), part) => *part = Part::Failed(error.into()),
                    (Ok(_), Part::Failed(_)) => {}
                }
            }
        }
        Ok(())
    }

    async fn change(
        &mut self,
        changes: &[LocalChange],
    ) -> Result<Vec<Result<LocalDone, Error>>, Broken> {
        let Some(job) = self.jobs.first().filter(|_| !changes.is_empty()) else {
            return Ok(Vec::new());
        };
        let (ctx, opened) = (&job.view.ctx, &job.view.opened);
        Ok(change_local_in(ctx, opened, &mut self.tx, changes).await?)
    }

    /// Whoever joins or leaves; then the groups that go.
    async fn members(&mut self) -> Result<(), Broken> {
        let mut changes = Vec::new();
        for (job, part) in self.jobs.iter().zip(&mut self.parts) {
            let Part::Ready(ready) = part else { continue };
            let Some(group) = ready.entity else { continue };
            if ready.turnover.join.is_empty() && ready.turnover.leave.is_empty() {
                continue;
            }
            let resource = job.resource()?;
            let made = by_member(&job.view, &mut self.tx, resource, group, &ready.turnover).await?;
            if made.is_empty() {
                // Everybody is already where they are to be.
                ready.turnover = Turnover::default();
            }
            changes.extend(made);
        }
        self.whole(&changes).await?;
        let ends: Vec<LocalChange> =
            self.ready_parts().filter_map(|(_, ready)| ready.prepared.main.take()).collect();
        self.whole(&ends).await
    }

    /// Changes that are parts of others: when one fails, nothing of the transaction may stay.
    async fn whole(&mut self, changes: &[LocalChange]) -> Result<(), Broken> {
        for done in self.change(changes).await? {
            done.map_err(|error| Broken::Job(error.into()))?;
        }
        Ok(())
    }

    /// What is kept beside the entities.
    async fn beside(&mut self) -> Result<(), Broken> {
        let (mut resources, mut ids) = (Vec::new(), Vec::new());
        let mut gone: Vec<(&Job, EntityId)> = Vec::new();
        let mut suspend: Vec<(&Job, EntityId, bool)> = Vec::new();
        for (job, ready) in self.ready_parts() {
            let Some(entity) = ready.entity else { continue };
            let resource = job.resource()?;
            let known = ready.prepared.known.as_ref();
            resources.extend(kept(job, ready, entity));
            match &ready.prepared.external_id {
                OwnId::Is(external_id) => ids.push(ExternalId {
                    entity,
                    client: job.view.client.clone(),
                    type_no: job.view.opened.names.type_names(resource.type_id).map_or(0, |n| n.no),
                    external_id: external_id.clone(),
                }),
                OwnId::Goes => gone.push((job, entity)),
                OwnId::Stays => {}
            }
            if let Some(active) = ready.prepared.change.active
                && (known.is_some() || !active)
            {
                suspend.push((job, entity, active));
            }
        }
        self.tx.save_scim_resources(&resources).await?;
        self.tx.save_external_ids(&ids).await?;
        for (job, entity) in gone {
            self.tx.delete_external_ids(&job.view.client, &[entity]).await?;
        }
        for (job, entity, active) in suspend {
            let (ctx, opened) = (&job.view.ctx, &job.view.opened);
            let of = (job.resource()?.type_id, entity);
            if active {
                let why = (ORIGIN, "an SCIM client said that it is active");
                resume_in(ctx, opened, &mut self.tx, of, why).await?;
            } else {
                suspend_in(ctx, opened, &mut self.tx, of, (ORIGIN, REASON)).await?;
            }
        }
        Ok(())
    }

    /// What the clients are told: the state that is about to be committed.
    async fn answers(&mut self) -> Result<(), Broken> {
        // Jobs of one client that ask for the same attributes of the same kind are answered together.
        let mut alike: Vec<(&Job, BTreeMap<EntityId, usize>)> = Vec::new();
        for (place, (job, part)) in self.jobs.iter().zip(&mut self.parts).enumerate() {
            let Part::Ready(ready) = part else { continue };
            if ready.answer.is_some() {
                // It waits.
            } else if ready.prepared.is_delete {
                ready.answer = Some(Answer::empty(204));
            } else if let Some(entity) = ready.entity {
                match alike.iter_mut().find(|(of, _)| job.is_answered_as(of)) {
                    Some((_, places)) => drop(places.insert(entity, place)),
                    None => alike.push((job, BTreeMap::from([(entity, place)]))),
                }
            }
        }
        for (job, places) in alike {
            let resource = job.resource()?;
            // What was said in this transaction counts from now.
            let view = View { now: job.view.ctx.now(), ..job.view.clone() };
            let ids: Vec<EntityId> = places.keys().copied().collect();
            let known = by_ids(&view, &mut self.tx, resource, &ids).await?;
            let tags: Vec<_> = known.iter().map(|known| (known.entity.id, tag(known))).collect();
            let shown = show(&view, &mut self.tx, resource, known, &job.selection).await?;
            for ((entity, tag), json) in tags.into_iter().zip(shown) {
                let Some(place) = places.get(&entity) else { continue };
                let job = self.jobs.get(*place);
                let creates = job.is_some_and(|job| matches!(job.verb, Verb::Create(_)));
                if let Some(Part::Ready(ready)) = self.parts.get_mut(*place) {
                    let is_new = creates && ready.prepared.known.is_none();
                    let mut answer = Answer::resource(if is_new { 201 } else { 200 }, json, tag);
                    answer.location = Some(location(&view, resource, entity));
                    ready.answer = Some(answer);
                }
            }
        }
        Ok(())
    }

    /// What those are told later who do not wait for it.
    async fn lines(&mut self) -> Result<(), Broken> {
        let parts = self.jobs.iter().zip(&self.parts);
        let lines: Vec<_> = parts
            .filter_map(|(job, part)| Some((job.line.as_ref()?, &*job.view.base, part.outcome())))
            .collect();
        // Somebody else may have done one of them; that is no matter of the other changes.
        Line::write(&mut self.tx, lines).await.map_err(|error| Broken::Job(error.into()))
    }

    pub(super) async fn finish(self) -> Result<Vec<Outcome>, Error> {
        self.tx.commit().await?;
        Ok(self.parts.iter().map(Part::outcome).collect())
    }
}

/// What is to be kept beside an entity, when that changes, and the mail addresses in it.
fn kept(job: &Job, ready: &Ready, entity: EntityId) -> Option<(ScimResource, Vec<Text>)> {
    let Ready { prepared, turnover, .. } = ready;
    let known = prepared.known.as_ref();
    let has_turnover = !turnover.join.is_empty() || !turnover.leave.is_empty();
    let extras = prepared.change.extras.as_ref();
    let is_new = known.is_none();
    let came_back = is_new && prepared.touched.contains(&entity);
    let is_other = extras.is_some_and(|extras| !is_new || came_back || !extras.is_empty());
    let counts = has_turnover
        || !is_new && (prepared.external_id != OwnId::Stays || prepared.change.active.is_some());
    if prepared.is_delete || !is_other && !counts {
        return None;
    }
    let former = known.map(|known| &known.extras);
    let body = extras.or(former).cloned().unwrap_or_default();
    let mails = mails(&body);
    let kept = ScimResource {
        entity,
        body: Json::Object(body).to_string().into(),
        changes: known.map_or(0, |known| known.changes) + 1,
        changed_at: job.view.now,
    };
    Some((kept, mails))
}
