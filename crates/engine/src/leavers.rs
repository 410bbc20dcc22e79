//! How long it took until those who left could do nothing any more, by system.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Opened, active_leavers, leaving_states, survey};
use muster_model::{EntityId, Text};
use muster_store::{OperationState, ReadTx};

mod watch;

pub use watch::watch_leavers;

const PAGE: usize = 2000;
/// The operations of one person that are looked at.
const OPERATIONS: usize = 200;

/// How it went on one system.
#[derive(Debug, Clone)]
pub struct LeaverRow {
    /// The system.
    pub system: Text,
    /// People who left and had something taken there.
    pub n: u64,
    /// Those of them of whom a read has confirmed it.
    pub verified: u64,
    /// The time from leaving to the confirmation, or to the system's yes where nothing has confirmed it: 95 of 100 were
    /// faster.
    pub p95: Option<SignedDuration>,
    /// The longest such time.
    pub max: Option<SignedDuration>,
    /// People who left and can still use an account there, with since when.
    pub active: Vec<(Text, Timestamp)>,
}

/// How it went on every system.
#[derive(Debug, Clone, Default)]
pub struct LeaverReport {
    /// People who left within the time asked for.
    pub people: u64,
    /// By system.
    pub rows: Vec<LeaverRow>,
}

#[derive(Default)]
struct Times {
    taken: Vec<SignedDuration>,
    verified: u64,
    active: Vec<(Text, Timestamp)>,
}

/// Counts those who left at or after `since`, as far as the caller reaches them.
///
/// # Errors
///
/// When the repository cannot be read.
pub async fn report_leavers(
    ctx: &Ctx,
    opened: &Opened,
    since: Timestamp,
) -> Result<LeaverReport, Error> {
    let (mut tx, gone) = survey(ctx, opened, |found| found.is_gone().then_some(())).await?;
    let states = leaving_numbers(opened);
    let mut report = LeaverReport::default();
    let mut systems: BTreeMap<Text, Times> = BTreeMap::new();
    for ids in gone.chunks(PAGE) {
        let ids: Vec<EntityId> = ids.iter().map(|(id, ())| *id).collect();
        let mut left = Vec::new();
        for row in tx.identities(&ids).await? {
            // Since when they are gone is known once that was written down.
            let is_gone = row.state_no.is_some_and(|state| states.contains(&state));
            let at = row.state_since.filter(|at| is_gone && *at >= since);
            let Some(at) = at else { continue };
            report.people += 1;
            one(&mut tx, opened, row.id, at, &mut systems).await?;
            left.push(row.id);
        }
        for active in active_leavers(&mut tx, opened, &left, ctx.now()).await? {
            let (key, since) = (active.facts.key, active.evaluation.state_since);
            for system in active.systems.into_values() {
                systems.entry(system).or_default().active.push((key.clone(), since));
            }
        }
    }
    report.rows = systems.into_iter().map(|(system, times)| times.row(system)).collect();
    Ok(report)
}

/// The numbers of the lifecycle states of those who left.
fn leaving_numbers(opened: &Opened) -> BTreeSet<i64> {
    let types = opened.model.schema.types.iter().filter(|of| of.identity);
    let numbers = types.flat_map(|of| {
        let names = opened.names.type_names(of.id);
        let states = leaving_states(opened, of.id).into_iter();
        states.filter_map(move |state| names?.states.get(state).copied())
    });
    numbers.collect()
}

async fn one(
    tx: &mut ReadTx,
    opened: &Opened,
    person: EntityId,
    left: Timestamp,
    systems: &mut BTreeMap<Text, Times>,
) -> Result<(), Error> {
    let name_of = |number: i64| {
        let position = opened.names.systems.iter().position(|names| names.no == number)?;
        Some(opened.model.systems.get(position)?.name.clone())
    };
    let mut ended: BTreeMap<Text, (Timestamp, bool)> = BTreeMap::new();
    for operation in tx.operations_of(person, OPERATIONS).await? {
        let is_taking = matches!(&*operation.kind, "disable" | "delete" | "revoke");
        let is_done =
            matches!(operation.state, OperationState::Executed | OperationState::Verified);
        let at = operation.verified_at.or(operation.done_at).filter(|at| *at >= left);
        let Some((system, at)) = name_of(operation.system_no).zip(at) else { continue };
        if !is_taking || !is_done {
            continue;
        }
        let is_verified = operation.verified_at.is_some();
        let entry = ended.entry(system).or_insert((at, is_verified));
        *entry = (entry.0.max(at), entry.1 && is_verified);
    }
    for (system, (at, is_verified)) in ended {
        let times = systems.entry(system).or_default();
        times.taken.push(at.duration_since(left));
        times.verified += u64::from(is_verified);
    }
    Ok(())
}

impl Times {
    fn row(mut self, system: Text) -> LeaverRow {
        self.taken.sort_unstable();
        let n = self.taken.len();
        // The smallest time that at least 95 of 100 do not exceed.
        let place = (n * 95).div_ceil(100).saturating_sub(1);
        LeaverRow {
            system,
            n: n as u64,
            verified: self.verified,
            p95: self.taken.get(place).copied(),
            max: self.taken.last().copied(),
            active: self.active,
        }
    }
}
