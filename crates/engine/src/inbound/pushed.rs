//! Records that a client pushes: a few of them, each with an answer of its own.

use muster_app::{Ctx, Error, Opened};
use muster_model::{EntityId, Text, Value};
use muster_store::{CaseStatus, Matched, RecordId, RecordMark, Tx};
use rustc_hash::FxHashMap;

use super::{Arrived, Inbound, Problem, refused::Outcome};
use crate::{
    correlate::Correlator,
    decisions::Decisions,
    report::ReadReport,
    source::{Source, Staged},
};

/// What came of a record.
#[derive(Debug)]
pub(crate) enum PushEnd {
    /// It is in.
    Arrived(Arrived),
    /// A person has to say whose it is.
    Undecided(String),
    /// It cannot be used; nothing is kept of it.
    Refused(Problem),
}

impl<'a> Inbound<'a> {
    /// For records that are pushed. `marks` are the known ones among them, `unknown` what the others hold: only whom these
    /// may be about is looked at.
    pub(crate) async fn pushed(
        ctx: &'a Ctx,
        opened: &'a Opened,
        source: Source<'a>,
        tx: &mut Tx,
        (marks, unknown): (FxHashMap<Text, RecordMark>, Vec<Vec<Value>>),
    ) -> Result<Self, Error> {
        let (of, rules) = (source.read.type_id, &source.read.matches);
        let correlator = if unknown.is_empty() {
            Correlator::empty(rules)
        } else {
            Correlator::seek(tx, opened, (of, rules), &unknown, ctx.now()).await?
        };
        let candidates: Vec<EntityId> = correlator.entities().into_iter().collect();
        let records = tx.records_of_many(&candidates).await?;
        let is_ours = |read_no| read_no == source.names.no;
        let claimed = records
            .into_iter()
            .filter(|record| is_ours(record.read_no) && record.absent_since.is_none())
            .filter_map(|record| record.entity)
            .collect();
        let decisions = Decisions::load(tx, Matched::Record, source.names.no).await?;
        let cases = tx.match_cases_of(Matched::Record, source.names.no).await?;
        let any_merged = tx.any_merged().await?;
        let made = Self::made(ctx, opened, source, correlator)?;
        Ok(Self {
            marks,
            claimed,
            decisions,
            cases: cases.into_iter().map(|case| (case.key.clone(), case)).collect(),
            several: true,
            any_merged,
            ..made
        })
    }

    /// Applies records, and answers by their keys. Cases are kept only of those about which a person decides: of the others
    /// the client knows.
    pub(crate) async fn push(
        &mut self,
        tx: &mut Tx,
        records: &[Staged],
        by: FxHashMap<Text, &'a Ctx>,
    ) -> Result<FxHashMap<Text, PushEnd>, Error> {
        let mut report = ReadReport::default();
        let mut outcome = Outcome::new(&mut report);
        let mut arrivals = self.arrivals(tx, records.iter(), &mut outcome).await?;
        for arrival in &arrivals {
            if let Some(ctx) = arrival.staged.and_then(|staged| by.get(&staged.key)) {
                self.entered_by.insert(arrival.row.id, *ctx);
            }
        }
        self.resolve_links(tx, &mut arrivals).await?;
        self.generate_values(tx, &mut arrivals, &mut outcome).await?;
        self.take_unique(tx, &mut arrivals, &mut outcome).await?;
        let changed = self.write(tx, &arrivals).await?;
        let mut ends = FxHashMap::default();
        for refused in std::mem::take(&mut outcome.refused) {
            let key = refused.staged.key.clone();
            if refused.status == CaseStatus::Undecided {
                ends.insert(key, PushEnd::Undecided(refused.problem.text.clone()));
                outcome.refused.push(refused);
            } else {
                ends.insert(key, PushEnd::Refused(refused.problem));
            }
        }
        self.keep_refused(tx, &arrivals, outcome).await?;
        self.arrive_late(tx, &arrivals).await?;
        for arrival in &arrivals {
            if let Some(staged) = arrival.staged {
                ends.insert(staged.key.clone(), PushEnd::Arrived(arrival.arrived(&changed)));
            }
        }
        Ok(ends)
    }

    /// Applies that records are gone.
    pub(crate) async fn push_absent(
        &mut self,
        tx: &mut Tx,
        records: &[RecordId],
    ) -> Result<(), Error> {
        if records.is_empty() { Ok(()) } else { self.absent(tx, records).await }
    }
}
