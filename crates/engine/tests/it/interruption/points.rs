//! Named places at which a process can be made to die, and a connector that passes them.

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use muster_connector::{Connector, ConnectorError, Field, Intercept};
use muster_model::{Applied, Change, Object, ObjectRef};

/// What happens at a place, beside being written down.
type Reached = Box<dyn Fn(&str) + Send + Sync>;

/// Counts and names the places that a run passes: `apply: commit before 3`.
pub(crate) struct Points {
    passed: Mutex<(String, BTreeMap<String, usize>, Vec<String>)>,
    reached: Reached,
}

impl Points {
    /// Places that call `reached` with their name.
    pub(crate) fn new(reached: impl Fn(&str) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { passed: Mutex::default(), reached: Box::new(reached) })
    }

    /// Places that only write down their names.
    pub(crate) fn recording() -> Arc<Self> {
        Self::new(|_| ())
    }

    /// Places of which the one named `name` ends the process as a `kill -9` would.
    pub(crate) fn dying_at(name: String) -> Arc<Self> {
        Self::new(move |reached| {
            if reached == name {
                std::process::abort();
            }
        })
    }

    /// Says what is being done; the names begin with it.
    pub(crate) fn step(&self, step: &str) {
        step.clone_into(&mut self.passed.lock().unwrap().0);
    }

    /// Passes a place.
    pub(crate) fn pass(&self, what: &str) {
        let name = {
            let mut passed = self.passed.lock().unwrap();
            let kind = format!("{}: {what}", passed.0);
            let n = passed.1.entry(kind.clone()).or_default();
            *n += 1;
            let name = format!("{kind} {n}");
            passed.2.push(name.clone());
            name
        };
        (self.reached)(&name);
    }

    /// The names so far, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.passed.lock().unwrap().2.clone()
    }
}

/// Places before and after every call that changes or settles something. Writes down what it changed.
pub(crate) struct Interruptible {
    pub(crate) system: String,
    pub(crate) points: Arc<Points>,
    /// One line for each change, written before it is made, and one for each that was refused.
    pub(crate) log: PathBuf,
}

#[async_trait]
impl Intercept for Interruptible {
    async fn get(
        &self,
        inner: &dyn Connector,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        self.points.pass(&format!("{} get before", self.system));
        let answer = inner.get(object, fields).await;
        self.points.pass(&format!("{} get after", self.system));
        answer
    }

    async fn apply(
        &self,
        inner: &dyn Connector,
        changes: &[Change],
    ) -> Vec<Result<Applied, ConnectorError>> {
        self.points.pass(&format!("{} apply before", self.system));
        self.write(changes.iter().map(|change| format!("{change:?}")));
        let answers = inner.apply(changes).await;
        let refused = changes.iter().zip(&answers).filter_map(|(change, answer)| {
            answer.as_ref().err().map(|error| format!("REFUSED {error}: {change:?}"))
        });
        self.write(refused);
        self.points.pass(&format!("{} apply after", self.system));
        answers
    }
}

impl Interruptible {
    fn write(&self, changes: impl Iterator<Item = String>) {
        let changes: Vec<String> =
            changes.map(|change| format!("{} {change}", self.system)).collect();
        if !changes.is_empty() {
            write_call(&self.log, &changes);
        }
    }
}

/// Writes down a call with its changes.
pub(super) fn write_call(log: &Path, changes: &[String]) {
    let text = format!("call\n{}\n", changes.join("\n"));
    let mut log = std::fs::File::options().create(true).append(true).open(log).unwrap();
    log.write_all(text.as_bytes()).unwrap();
}
