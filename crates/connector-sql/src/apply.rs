//! Does changes in transactions of many, and keeps the answer of each apart.
//!
//! First a chunk is tried as a whole. When the database refuses something, the chunk is rolled back and done again with
//! a savepoint before each change; when it refuses at the commit, each change gets a transaction of its own.

use std::collections::BTreeMap;

use muster_connector::{ConnectorError, refuse_unclaimed};
use muster_model::{Applied, Change, ObjectRef, Text};

use crate::{
    Database,
    create::Batch,
    error::{Fault, FaultKind, Stop},
    link::Lease,
    read::forgetting,
};

/// How many changes share a transaction.
const CHUNK: usize = 500;

/// How often a chunk is tried that somebody else's work ended.
const TRIES: usize = 4;

pub(crate) type Answer = Result<Applied, ConnectorError>;

/// New names by class and old name, as later changes still use the name last read.
pub(crate) type Renamed = BTreeMap<(Text, Text), Text>;

/// How careful a chunk is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Care {
    /// Any refusal ends the chunk.
    Together,
    /// A refusal ends one change.
    Savepoints,
    /// One transaction for each change.
    Alone,
}

/// Does the changes and answers each, in the order given.
pub(crate) async fn apply(database: &Database, changes: &[Change]) -> Vec<Answer> {
    let capabilities = database.settings.capabilities();
    let mut answers: Vec<Option<Answer>> =
        changes.iter().map(|change| refuse_unclaimed(&capabilities, change).map(Err)).collect();
    let claimed: Vec<usize> =
        answers.iter().zip(0..).filter(|(answer, _)| answer.is_none()).map(|(_, at)| at).collect();
    let mut renamed = Renamed::new();
    let mut down: Option<ConnectorError> = None;
    let mut ready = None;
    let mut chunks = claimed.chunks(CHUNK).peekable();
    let of = |places: &[usize]| -> Vec<&Change> {
        places.iter().filter_map(|at| changes.get(*at)).collect()
    };
    while let Some(places) = chunks.next() {
        let chunk = of(places);
        let done = if let Some(error) = &down {
            vec![Err(error.clone()); chunk.len()]
        } else {
            let next = chunks.peek().map(|places| of(places)).unwrap_or_default();
            let run = run(database, &chunk, ready.take(), &mut renamed, &mut down);
            // The next rows are made ready while the database takes these.
            let (done, batch) = tokio::join!(run, async { batch(database, &next) });
            ready = batch;
            done
        };
        for (at, answer) in places.iter().zip(done) {
            if let Some(place) = answers.get_mut(*at) {
                *place = Some(answer);
            }
        }
    }
    let lost = || Err(ConnectorError::Unreachable("the change was not answered".to_owned()));
    answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
}

/// The rows with which a chunk begins, if it can be told without asking the database.
fn batch<'c>(database: &Database, chunk: &[&'c Change]) -> Option<Batch<'c>> {
    let class = &chunk.first()?.object().class;
    if database.settings.roles_of(class).is_some() {
        return None;
    }
    Batch::of(database.known_shape(class)?, chunk)
}

/// Does one chunk, as carefully as it turns out to need.
async fn run(
    database: &Database,
    chunk: &[&Change],
    mut ready: Option<Batch<'_>>,
    renamed: &mut Renamed,
    down: &mut Option<ConnectorError>,
) -> Vec<Answer> {
    let mut care = Care::Together;
    let mut n_tries = 1;
    let all = |error: &ConnectorError| vec![Err(error.clone()); chunk.len()];
    loop {
        let mut lease = match database.pool.lease().await {
            Ok(lease) => lease,
            Err(error) => {
                let answers = all(&error);
                *down = Some(error);
                return answers;
            }
        };
        let mut names = renamed.clone();
        let mut work = Work { database, lease: &mut lease, renamed: &mut names };
        let fault = match work.chunk(chunk, care, ready.take()).await {
            Ok(answers) => {
                lease.done();
                *renamed = names;
                return answers;
            }
            Err(fault) => fault,
        };
        if fault.kind != FaultKind::Broken && lease.command("ROLLBACK").await.is_ok() {
            lease.done();
        }
        match (fault.kind, care) {
            (FaultKind::Conflict, _) if n_tries < TRIES => n_tries += 1,
            (FaultKind::Broken | FaultKind::Conflict | FaultKind::Busy, _) | (_, Care::Alone) => {
                return all(&fault.plain());
            }
            (_, Care::Together) => care = Care::Savepoints,
            (_, Care::Savepoints) => care = Care::Alone,
        }
    }
}

/// What the changes of a chunk share.
pub(crate) struct Work<'w, 'p> {
    pub(crate) database: &'w Database,
    pub(crate) lease: &'w mut Lease<'p>,
    pub(crate) renamed: &'w mut Renamed,
}

impl Work<'_, '_> {
    /// An error means that the whole transaction is lost.
    async fn chunk(
        &mut self,
        chunk: &[&Change],
        care: Care,
        mut ready: Option<Batch<'_>>,
    ) -> Result<Vec<Answer>, Fault> {
        if care == Care::Alone {
            return self.one_by_one(chunk).await;
        }
        self.lease.begin_writing().await?;
        let mut answers = Vec::with_capacity(chunk.len());
        while let Some(rest) = chunk.get(answers.len()..)
            && let Some(change) = rest.first()
        {
            if care == Care::Together {
                match self.create_many(rest, ready.take()).await {
                    Ok(done) if !done.is_empty() => {
                        answers.extend(done.into_iter().map(Ok));
                        continue;
                    }
                    Err(Stop::Fault(fault)) => return Err(fault),
                    // There are not many alike, or the single change will say it again.
                    Ok(_) | Err(Stop::Answer(_)) => {}
                }
                answers.push(match self.change(change).await {
                    Ok(applied) => Ok(applied),
                    Err(Stop::Answer(error)) => Err(self.forgetting(error)),
                    Err(Stop::Fault(fault)) => return Err(fault),
                });
            } else {
                self.lease.command("SAVEPOINT one_change").await?;
                let answer = match self.change(change).await {
                    Ok(applied) => {
                        self.lease.command("RELEASE SAVEPOINT one_change").await?;
                        Ok(applied)
                    }
                    Err(Stop::Fault(fault)) if fault.kind.ends_transaction() => return Err(fault),
                    Err(stop) => {
                        self.lease.command("ROLLBACK TO SAVEPOINT one_change").await?;
                        Err(self.explain(change, stop).await?)
                    }
                };
                answers.push(answer);
            }
        }
        self.lease.command("COMMIT").await?;
        Ok(answers)
    }

    async fn one_by_one(&mut self, chunk: &[&Change]) -> Result<Vec<Answer>, Fault> {
        let mut answers = Vec::with_capacity(chunk.len());
        for change in chunk {
            self.lease.begin_writing().await?;
            let done = match self.change(change).await {
                Ok(applied) => {
                    self.lease.command("COMMIT").await.map(|()| applied).map_err(Stop::Fault)
                }
                Err(stop) => Err(stop),
            };
            let answer = match done {
                Ok(applied) => Ok(applied),
                Err(Stop::Fault(fault)) if fault.kind == FaultKind::Broken => return Err(fault),
                Err(stop) => {
                    self.lease.command("ROLLBACK").await?;
                    Err(self.explain(change, stop).await?)
                }
            };
            answers.push(answer);
        }
        Ok(answers)
    }

    /// What a refusal means for its change. A unique value that is taken need not be the name.
    async fn explain(&mut self, change: &Change, stop: Stop) -> Result<ConnectorError, Fault> {
        let name = match change {
            Change::Rename { to, .. } => to,
            Change::Create { object, .. } => &object.name,
            Change::Update { object, .. }
            | Change::SetEnabled { object, .. }
            | Change::Delete { object }
            | Change::Members { object, .. } => {
                let mut stop = stop;
                if let Stop::Fault(fault) = &mut stop
                    && fault.kind == FaultKind::Duplicate
                {
                    fault.kind = FaultKind::Refused;
                }
                return Ok(forgetting(self.database, stop, &object.name));
            }
        };
        let mut stop = stop;
        if let Stop::Fault(fault) = &mut stop
            && fault.kind == FaultKind::Duplicate
        {
            let other = ObjectRef {
                id: "".into(),
                name: name.clone(),
                class: change.object().class.clone(),
            };
            if !self.is_there(&other).await? {
                fault.kind = FaultKind::Refused;
            }
        }
        Ok(forgetting(self.database, stop, name))
    }

    fn forgetting(&self, error: ConnectorError) -> ConnectorError {
        forgetting(self.database, Stop::Answer(error), &"".into())
    }
}

impl FaultKind {
    /// True where there is no transaction left to go on with.
    fn ends_transaction(self) -> bool {
        matches!(self, Self::Broken | Self::Conflict)
    }
}
