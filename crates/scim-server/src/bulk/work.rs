//! Doing the operations of a request.
//!
//! Operations whose references are known are done together, so that they share a transaction with each other and with
//! whoever else writes. A circle of references is cut: what closes it is added once everybody is there.

use std::collections::{BTreeMap, BTreeSet};

use muster_app::{Error, Kind};
use muster_store::ScimBulkResult;
use serde_json::{Value as Json, json};

use super::{
    Bulk,
    ledger::{Ledger, Line},
    operation::{Done, Operation, cut, replace},
};
use crate::{
    error::Failure,
    select::Selection,
    view::View,
    write::{Job, Verb},
    writer::{MOST, Outcome, Writer},
};

/// An operation and its place in the request.
type Placed = (usize, Operation);

impl Bulk {
    /// Does everything, in order as far as references allow, and answers what came of it. With a ledger, it goes on where
    /// that ends; it fails when somebody else is at it, or when a change could not be made now and may be made later.
    pub(crate) async fn carry_out(
        self,
        view: &View,
        writer: &Writer,
        ledger: Option<Ledger>,
    ) -> Result<Vec<Done>, Error> {
        let mut state = State::new(view, writer, ledger, self.operations.len());
        state.take_up(&self.operations).await?;
        let declared: BTreeSet<String> = self
            .operations
            .iter()
            .filter(|operation| operation.method == "POST")
            .filter_map(|operation| operation.bulk_id.clone())
            .collect();
        let all = self.operations.into_iter().enumerate();
        let mut open: Vec<Placed> = all.filter(|(place, _)| !state.is_done(*place)).collect();
        while !open.is_empty() {
            if self.fail_on_errors.is_some_and(|most| state.n_errors >= most) {
                break;
            }
            let one_by_one = self.fail_on_errors.is_some();
            let (mut ready, waiting) = state.part(open, &declared, one_by_one);
            open = waiting;
            while !ready.is_empty() {
                // When a part could not be done now, nothing that came after it is done either.
                let n = if ledger.is_some() { ready.len().min(MOST) } else { ready.len() };
                let rest = ready.split_off(n);
                state.run(ready).await?;
                ready = rest;
            }
        }
        state.close_circles().await?;
        Ok(state.done.into_iter().flatten().collect())
    }
}

/// How far a request is.
struct State<'a> {
    view: &'a View,
    writer: &'a Writer,
    ledger: Option<Ledger>,
    done: Vec<Option<Done>>,
    /// The id and the endpoint of what an operation made.
    made: BTreeMap<String, (String, String)>,
    failed: BTreeSet<String>,
    n_errors: usize,
    /// What has to be added when everybody is there: the operation, without its data, and the data.
    later: Vec<(Placed, Json)>,
}

impl<'a> State<'a> {
    fn new(view: &'a View, writer: &'a Writer, ledger: Option<Ledger>, n: usize) -> Self {
        Self {
            view,
            writer,
            ledger,
            done: vec![None; n],
            made: BTreeMap::new(),
            failed: BTreeSet::new(),
            n_errors: 0,
            later: Vec::new(),
        }
    }

    /// Takes up what was done before this process came to it.
    async fn take_up(&mut self, operations: &[Operation]) -> Result<(), Error> {
        let Some(ledger) = self.ledger else { return Ok(()) };
        for written in ledger.read(&self.view.opened.store).await? {
            let Some(operation) = operations.get(written.place) else { continue };
            self.note(written.place, operation, written.done);
            let cut = written.cut.map(|data| ((written.place, operation.head()), data));
            self.later.extend(cut);
        }
        Ok(())
    }

    fn is_done(&self, place: usize) -> bool {
        self.done.get(place).is_some_and(Option::is_some)
    }

    /// The operations that can be done now, and the others. When none can, a circle is cut.
    fn part(
        &mut self,
        open: Vec<Placed>,
        declared: &BTreeSet<String>,
        one_by_one: bool,
    ) -> (Vec<Placed>, Vec<Placed>) {
        let (mut ready, mut waiting) = (Vec::new(), Vec::new());
        for (place, operation) in open {
            let is_open = |id: &String| {
                declared.contains(id) && !self.made.contains_key(id) && !self.failed.contains(id)
            };
            let waits = operation.references().iter().any(is_open);
            if waits || one_by_one && !ready.is_empty() {
                waiting.push((place, operation));
            } else {
                ready.push((place, operation));
            }
        }
        if ready.is_empty()
            && let Some(first) = waiting.iter().position(|(_, one)| one.method == "POST")
        {
            let (place, mut operation) = waiting.remove(first);
            let later = cut(&mut operation.data, &|id| self.made.contains_key(id));
            self.later.push(((place, operation.head()), later));
            ready.push((place, operation));
        } else if ready.is_empty() {
            // Only operations on what will never be there are left.
            std::mem::swap(&mut ready, &mut waiting);
        }
        (ready, waiting)
    }

    async fn run(&mut self, ready: Vec<Placed>) -> Result<(), Error> {
        let (mut jobs, mut placed, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for (place, mut operation) in ready {
            let resolved = self.resolved(&mut operation);
            let line = self.line(place, &operation);
            match resolved.and_then(|()| operation.job(self.view, line)) {
                Ok(job) => {
                    jobs.push(job);
                    placed.push((place, operation));
                }
                Err(failure) => refused.push(((place, operation), Err(failure))),
            }
        }
        let outcomes = self.writer.change(jobs).await;
        let (mut unwritten, mut unable) = (Vec::new(), None);
        for ((place, operation), outcome) in
            refused.into_iter().chain(placed.into_iter().zip(outcomes))
        {
            if let (Err(failure), Some(_)) = (&outcome, self.ledger)
                && failure.passes()
            {
                unable.get_or_insert_with(|| failure.clone());
                continue;
            }
            let is_unwritten = outcome.is_err();
            let done = operation.done(&self.view.base, outcome);
            if let Some(line) = self.line(place, &operation).filter(|_| is_unwritten) {
                unwritten.push(line.result(&done));
            }
            self.note(place, &operation, done);
        }
        self.keep(&unwritten).await?;
        unable.map_or(Ok(()), |failure| Err(not_now(failure)))
    }

    /// The line of the ledger for an operation.
    fn line(&self, place: usize, operation: &Operation) -> Option<Line> {
        let cut = self.later.iter().find(|((of, _), _)| *of == place).map(|(_, data)| data);
        self.ledger.map(|ledger| ledger.line(place, operation, cut))
    }

    async fn keep(&self, lines: &[ScimBulkResult]) -> Result<(), Error> {
        let Some(ledger) = self.ledger else { return Ok(()) };
        ledger.keep(&self.view.opened.store, lines).await
    }

    fn note(&mut self, place: usize, operation: &Operation, done: Done) {
        if done.failed() {
            self.n_errors += 1;
            self.failed.extend(operation.bulk_id.clone());
        } else if let (Some(bulk_id), Some(id)) = (&operation.bulk_id, done.id()) {
            let endpoint = operation.path.trim_matches('/').to_owned();
            self.made.insert(bulk_id.clone(), (id.to_owned(), endpoint));
        }
        if let Some(slot) = self.done.get_mut(place) {
            *slot = Some(done);
        }
    }

    /// Puts ids in place of references.
    fn resolved(&self, operation: &mut Operation) -> Result<(), Failure> {
        let unknown = |id: &str| {
            Failure::new(409, "invalidValue", format!("`bulkId:{id}` leads to no resource"))
        };
        for id in operation.references() {
            let (made, _) = self.made.get(&id).ok_or_else(|| unknown(&id))?;
            operation.refer(&id, made);
        }
        Ok(())
    }

    /// Adds what was cut off.
    async fn close_circles(&mut self) -> Result<(), Error> {
        for ((place, operation), mut data) in std::mem::take(&mut self.later) {
            let Some(was) = self.done.get(place).cloned().flatten() else { continue };
            let made = operation.bulk_id.as_ref().and_then(|id| self.made.get(id));
            let Some((id, endpoint)) = made.cloned() else { continue };
            for (reference, (id, _)) in &self.made {
                replace(&mut data, reference, id);
            }
            let body = json!({ "Operations": [{ "op": "add", "value": data }] });
            let line = self.ledger.map(|of| of.line(place, &operation, None).closing(was.clone()));
            let job = Job {
                view: self.view.clone(),
                endpoint,
                verb: Verb::Patch { id, body },
                if_match: None,
                selection: Selection::Default,
                line: line.clone(),
            };
            let outcome = self.writer.change(vec![job]).await.pop();
            self.closed(place, was, (outcome, line)).await?;
        }
        Ok(())
    }

    /// Notes what came of adding what was cut off.
    async fn closed(
        &mut self,
        place: usize,
        was: Done,
        (outcome, line): (Option<Outcome>, Option<Line>),
    ) -> Result<(), Error> {
        let Some(outcome) = outcome else { return Ok(()) };
        let is_unwritten = outcome.is_err();
        if let (Err(failure), Some(_)) = (&outcome, &line)
            && failure.passes()
        {
            return Err(not_now(failure.clone()));
        }
        let done = was.closed(outcome);
        if let Some(line) = line.filter(|_| is_unwritten) {
            self.keep(&[line.result(&done)]).await?;
        }
        if let Some(slot) = self.done.get_mut(place) {
            *slot = Some(done);
        }
        Ok(())
    }
}

fn not_now(failure: Failure) -> Error {
    Error::new(Kind::Unavailable, failure.error.detail.unwrap_or_default())
}
