//! Group commit: changes that come at the same time share one transaction, one write to the disk, and each its own answer.
//!
//! Whoever comes first writes for all who wait. Two changes that touch the same entity never share a transaction: the
//! second one is worked out from what the first one left. A change that turns out to need another transaction, because a part
//! of it failed, is done again by itself, so that it happens whole or not at all.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use muster_app::Error;
use tokio::sync::oneshot::{self, error::TryRecvError};

use crate::{answer::Answer, error::Failure, hook, write::Job};

mod run;

use run::{Broken, Run};

/// Changes in one transaction.
pub(crate) const MOST: usize = 256;
/// Changes that wait; whoever comes then is asked to come again.
const LONGEST_QUEUE: usize = 10_000;

/// What a client is told of a change.
pub(crate) type Outcome = Result<Answer, Failure>;

/// Changes and whom to tell what came of each.
type Queue = VecDeque<(Job, oneshot::Sender<Outcome>)>;

/// The queue of changes.
#[derive(Default)]
pub(crate) struct Writer {
    waiting: Arc<Mutex<Queue>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Writer {
    /// Does changes that hooks let pass, in this order where they touch the same; the answers are in the same order.
    pub(crate) async fn change(&self, jobs: Vec<Job>) -> Vec<Outcome> {
        let (mut refused, mut passed) = (BTreeMap::new(), Vec::with_capacity(jobs.len()));
        for (place, job) in jobs.into_iter().enumerate() {
            match hook::pass(job).await {
                Ok(job) => passed.push(job),
                Err(failure) => drop(refused.insert(place, failure)),
            }
        }
        let mut outcomes = self.carry_out(passed).await;
        for (place, failure) in refused {
            outcomes.insert(place.min(outcomes.len()), Err(failure));
        }
        outcomes
    }

    async fn carry_out(&self, jobs: Vec<Job>) -> Vec<Outcome> {
        let mut answers = Vec::with_capacity(jobs.len());
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() + jobs.len() > LONGEST_QUEUE {
                let busy = Failure::busy("too many changes wait; come again");
                return jobs.iter().map(|_| Err(busy.clone())).collect();
            }
            for job in jobs {
                let (sender, receiver) = oneshot::channel();
                waiting.push_back((job, sender));
                answers.push(receiver);
            }
        }
        let mut outcomes = Vec::with_capacity(answers.len());
        for mut answer in answers {
            let outcome = loop {
                match answer.try_recv() {
                    Ok(outcome) => break outcome,
                    Err(TryRecvError::Closed) => {
                        break Err(Failure::from(Error::bug("a change got no answer")));
                    }
                    Err(TryRecvError::Empty) => self.take_turn(&answer).await,
                }
            };
            outcomes.push(outcome);
        }
        outcomes
    }

    /// Waits for the turn to write, and writes what waits, unless `answer` has come meanwhile.
    async fn take_turn(&self, answer: &oneshot::Receiver<Outcome>) {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        if !answer.is_empty() || answer.is_terminated() {
            return;
        }
        let waiting = Arc::clone(&self.waiting);
        // The work goes on for the others when this caller goes away.
        let work = tokio::spawn(async move {
            let batch: Queue = {
                let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
                let n = waiting.len().min(MOST);
                waiting.drain(..n).collect()
            };
            work_off(batch).await;
            drop(turn);
        });
        // When it fails, the answers are lost with it, and whoever waits is told so.
        drop(work.await);
    }
}

async fn work_off(mut batch: Queue) {
    while !batch.is_empty() {
        let jobs: Vec<Job> = batch.iter().map(|(job, _)| job.clone()).collect();
        let outcomes = match muster_web::long_work(together(jobs)).await {
            Ok(Together::Done(outcomes)) => outcomes,
            Ok(Together::OneByOne) => one_by_one(&batch).await,
            Err(error) => {
                let failure = Failure::from(error);
                batch.iter().map(|_| Err(failure.clone())).collect()
            }
        };
        for outcome in outcomes {
            let Some((_, sender)) = batch.pop_front() else { return };
            // Whoever went away needs no answer.
            drop(sender.send(outcome));
        }
    }
}

async fn one_by_one(batch: &Queue) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(batch.len());
    for (job, _) in batch {
        outcomes.push(match muster_web::long_work(alone(job.clone())).await {
            Ok(outcome) => outcome,
            Err(error) => Err(Failure::from(error)),
        });
    }
    outcomes
}

/// What came of doing changes together.
enum Together {
    /// The answers of the first ones; the others touch what these touched.
    Done(Vec<Outcome>),
    /// A part of a change failed after another part was done: nothing was.
    OneByOne,
}

async fn together(jobs: Vec<Job>) -> Result<Together, Error> {
    let mut run = match Run::begin(&jobs).await {
        Ok(run) => run,
        Err(failure) => {
            return Ok(Together::Done(jobs.iter().map(|_| Err(failure.clone())).collect()));
        }
    };
    match run.all().await {
        Ok(()) => Ok(Together::Done(run.finish().await?)),
        Err(Broken::Job(_)) => Ok(Together::OneByOne),
        Err(Broken::Store(failure)) => {
            Ok(Together::Done(jobs.iter().map(|_| Err(failure.clone())).collect()))
        }
    }
}

async fn alone(job: Job) -> Result<Outcome, Error> {
    let jobs = [job];
    let mut run = match Run::begin(&jobs).await {
        Ok(run) => run,
        Err(failure) => return Ok(Err(failure)),
    };
    match run.all().await {
        Ok(()) => Ok(run.finish().await?.pop().unwrap_or_else(|| Ok(Answer::empty(204)))),
        Err(Broken::Job(failure) | Broken::Store(failure)) => Ok(Err(failure)),
    }
}
