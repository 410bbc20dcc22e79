//! Review: operations that wait for a second person before they go out.
//!
//! What waits is said by the model. Such an operation is kept as `held` until somebody who did not cause it decides. The
//! decision is about the operation, not about the plan: it holds in every later plan that asks for the very same one, and
//! is forgotten as soon as nothing asks for it any more. So a plan that is made again needs no second yes, and what was
//! refused is shown and not asked about again until something about it changes.

use std::collections::{BTreeMap, BTreeSet};

use muster_app::{Error, Opened};
use muster_model::{EntityId, PlanId, Text};
use muster_plan::{Operation, review_key, review_of};
use muster_store::{OperationReview, ReadTx, ReviewDecision, ReviewVerdict, Tx};

use crate::plans::Known;

mod decide;

pub use decide::{ReviewAnswer, ReviewView, decide_review, list_reviews};

const PAGE: usize = 1000;

/// What was decided about operations, by their keys.
pub(crate) struct Decisions(BTreeMap<Vec<u8>, ReviewDecision>);

impl Decisions {
    /// All of them: they are few, because each ends with the difference that asks for its operation.
    pub(crate) async fn load(tx: &mut ReadTx) -> Result<Self, Error> {
        let mut decisions = BTreeMap::new();
        let mut after = Vec::new();
        loop {
            let page = tx.review_decisions(&after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(Self(decisions)) };
            after.clone_from(&last.key);
            decisions.extend(page.into_iter().map(|decision| (decision.key.clone(), decision)));
        }
    }

    /// What was decided about `operation`.
    fn about(&self, operation: &Operation) -> Option<&ReviewDecision> {
        if self.0.is_empty() { None } else { self.0.get(&review_key(operation)) }
    }

    /// Marks what was refused among `operations`, and says which those are.
    pub(crate) fn mark_refused(&self, operations: &mut [Operation]) -> Vec<bool> {
        let mark = |operation: &mut Operation| {
            let decision = self.about(operation)?;
            if decision.verdict == ReviewVerdict::Refused {
                operation.blocked = Some(refusal(decision));
            }
            Some(decision.verdict == ReviewVerdict::Refused)
        };
        operations.iter_mut().map(|operation| mark(operation).unwrap_or(false)).collect()
    }

    /// Forgets decisions about what is not among `operations`, all that is to be done for `people` (everybody when empty).
    /// Returns whether there were any.
    pub(crate) async fn forget_others(
        &self,
        opened: &Opened,
        operations: &[Operation],
        people: &[EntityId],
    ) -> Result<bool, Error> {
        let is_asked =
            |decision: &&ReviewDecision| people.is_empty() || people.contains(&decision.identity);
        let mut over: BTreeSet<&[u8]> =
            self.0.values().filter(is_asked).map(|decision| decision.key.as_slice()).collect();
        if over.is_empty() {
            return Ok(false);
        }
        for operation in operations {
            over.remove(review_key(operation).as_slice());
        }
        if over.is_empty() {
            return Ok(false);
        }
        let over: Vec<Vec<u8>> = over.into_iter().map(<[u8]>::to_vec).collect();
        let mut tx = opened.store.begin().await?;
        tx.forget_review_decisions(&over).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Why an operation is not done.
fn refusal(decision: &ReviewDecision) -> Text {
    match &*decision.note {
        "" => format!("refused by {}", decision.decided_by).into(),
        note => format!("refused by {}: {note}", decision.decided_by).into(),
    }
}

/// Finds which operations of a new plan wait for a second person, by place, each with who must not decide. `asked_by` is
/// who asked for the plan, where a person did.
pub(crate) async fn to_be_reviewed(
    tx: &mut ReadTx,
    opened: &Opened,
    operations: &[Operation],
    asked_by: Option<&Text>,
) -> Result<BTreeMap<i64, (Vec<u8>, Text)>, Error> {
    let mut found = BTreeMap::new();
    if opened.model.systems.iter().all(|system| system.reviews.is_empty()) {
        return Ok(found);
    }
    let decisions = Decisions::load(tx).await?;
    for (seq, operation) in (1..).zip(operations) {
        let is_decided = operation.blocked.is_some() || decisions.about(operation).is_some();
        if is_decided || review_of(&opened.model, operation).is_none() {
            continue;
        }
        let mut causes: BTreeSet<Text> = asked_by.into_iter().cloned().collect();
        for assignment in tx.assignments_of(operation.identity).await? {
            causes.insert(assignment.ended_by.unwrap_or(assignment.created_by));
        }
        let causes: Vec<&str> = causes.iter().map(|cause| &**cause).collect();
        found.insert(seq, (review_key(operation), causes.join("\n").into()));
    }
    Ok(found)
}

/// Whoever asks again for a plan that is there caused it, too. Returns what of it waits.
pub(crate) async fn add_cause(
    tx: &mut Tx,
    plan: PlanId,
    asked_by: Option<&Text>,
) -> Result<BTreeSet<i64>, Error> {
    let waiting = tx.waiting_reviews_of(plan).await?;
    for review in &waiting {
        if let Some(who) = asked_by.filter(|who| review.causes.lines().all(|one| *one != ***who)) {
            let mut causes: BTreeSet<&str> = review.causes.lines().collect();
            causes.insert(who);
            let causes: Vec<&str> = causes.into_iter().collect();
            tx.set_review_causes(plan, review.seq, &causes.join("\n")).await?;
        }
    }
    Ok(waiting.iter().map(|review| review.seq).collect())
}

/// The rows about what [`to_be_reviewed`] found.
pub(crate) fn review_rows(
    plan: PlanId,
    waiting: BTreeMap<i64, (Vec<u8>, Text)>,
    at: jiff::Timestamp,
) -> Vec<OperationReview> {
    let row = |(seq, (key, causes))| OperationReview { plan, seq, key, causes, asked_at: at };
    waiting.into_iter().map(row).collect()
}

/// Adds what waits for a second person to what need not be planned again.
pub(crate) async fn add_waiting(tx: &mut ReadTx, known: &mut Known) -> Result<(), Error> {
    let mut after = None;
    loop {
        let page = tx.waiting_reviews(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some((last.plan, last.seq));
        for review in page {
            let Some(row) = tx.operation(review.plan, review.seq).await? else { continue };
            let Ok(operation) = muster_plan::decode_operation(&row.body) else { continue };
            known
                .entry((operation.identity, operation.target.system))
                .or_default()
                .insert(row.body);
        }
    }
}
