//! Records that cannot be used now: reported, and kept as cases so that they are tried again.

use muster_app::{Error, Kind};
use muster_model::{Slot, Text};
use muster_store::{CaseStatus, MatchCase, MatchCaseId, Matched, Sequence, Tx};

use super::{Arrival, Inbound, place};
use crate::{report::ReadReport, source::Staged};

/// Why a record or a change cannot be used.
#[derive(Debug)]
pub(crate) struct Problem {
    /// What sort of failure it is, for whoever entered it.
    pub(crate) kind: Kind,
    /// The attribute it is about.
    pub(crate) attribute: Option<Slot>,
    /// In words.
    pub(crate) text: String,
}

impl Problem {
    /// It does not fit the model.
    pub(crate) fn invalid(attribute: Option<Slot>, text: impl Into<String>) -> Self {
        Self { kind: Kind::Invalid, attribute, text: text.into() }
    }

    /// Something else is in the way.
    pub(crate) fn conflict(attribute: Option<Slot>, text: impl Into<String>) -> Self {
        Self { kind: Kind::Conflict, attribute, text: text.into() }
    }

    /// It may not be.
    pub(crate) fn denied(attribute: Slot, text: impl Into<String>) -> Self {
        Self { kind: Kind::Denied, attribute: Some(attribute), text: text.into() }
    }
}

/// A record that waits.
pub(super) struct Refused<'s> {
    pub(super) staged: &'s Staged,
    pub(super) status: CaseStatus,
    pub(super) problem: Problem,
    /// As JSON.
    pub(super) candidates: Text,
}

/// What a chunk comes to, beside its arrivals.
pub(super) struct Outcome<'r, 's> {
    pub(super) report: &'r mut ReadReport,
    /// Records that somebody decided to pass over.
    pub(super) passed: Vec<Text>,
    pub(super) refused: Vec<Refused<'s>>,
}

impl<'r, 's> Outcome<'r, 's> {
    pub(super) fn new(report: &'r mut ReadReport) -> Self {
        Self { report, passed: Vec::new(), refused: Vec::new() }
    }

    /// A record that cannot be used as it is.
    pub(super) fn refuse(&mut self, staged: &'s Staged, problem: Problem) {
        let (status, candidates) = (CaseStatus::Refused, "[]".into());
        self.keep(Refused { staged, status, problem, candidates });
    }

    /// As [`Outcome::refuse`], for an arrival.
    pub(super) fn turn_away(&mut self, arrival: &Arrival<'s>, problem: Problem) {
        match arrival.staged {
            Some(staged) => self.refuse(staged, problem),
            None => self.report.reject(arrival.place(), problem.text),
        }
    }

    pub(super) fn keep(&mut self, refused: Refused<'s>) {
        self.report.reject(place(refused.staged), refused.problem.text.clone());
        self.refused.push(refused);
    }
}

impl Inbound<'_> {
    /// Writes the cases that are new or differ, and removes those that are done with.
    pub(super) async fn keep_refused(
        &mut self,
        tx: &mut Tx,
        arrivals: &[Arrival<'_>],
        outcome: Outcome<'_, '_>,
    ) -> Result<(), Error> {
        let Outcome { passed, refused, .. } = outcome;
        let arrived = arrivals.iter().filter_map(|arrival| arrival.staged).map(|s| &s.key);
        let done: Vec<Text> =
            arrived.chain(&passed).filter(|key| self.cases.contains_key(*key)).cloned().collect();
        if !done.is_empty() {
            tx.delete_match_cases(Matched::Record, self.source.names.no, &done).await?;
            self.cases.retain(|key, _| !done.contains(key));
        }
        let mut changed: Vec<MatchCase> = Vec::new();
        for Refused { staged, status, problem, candidates } in refused {
            let case = MatchCase {
                id: MatchCaseId(0),
                subject: Matched::Record,
                scope_no: self.source.names.no,
                key: staged.key.clone(),
                native_id: staged.native_id.clone(),
                status,
                problem: problem.text.into(),
                candidates,
                line: i64::try_from(staged.line).unwrap_or(0),
                fingerprint: staged.fingerprint,
                content: staged.content.clone(),
                made_at: self.now,
            };
            let known = self.cases.get(&case.key);
            let is_same = known.is_some_and(|known| {
                let (id, made_at) = (known.id, known.made_at);
                *known == MatchCase { id, made_at, ..case.clone() }
            });
            if !is_same {
                changed.push(case);
            }
        }
        if changed.is_empty() {
            return Ok(());
        }
        let first = tx.take_ids(Sequence::MatchCase, changed.len()).await?;
        for (id, case) in (first..).zip(&mut changed) {
            case.id = MatchCaseId(id);
        }
        tx.save_match_cases(&changed).await?;
        self.cases.extend(changed.into_iter().map(|case| (case.key.clone(), case)));
        Ok(())
    }
}
