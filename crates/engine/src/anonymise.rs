//! Erasing personal attributes when the retention is over, and never before.
//!
//! What goes: the values of the identity and all it had, what sources and systems told about it, the contents of
//! operations, reasons, and what the journal says about it. What stays: that there was somebody, which roles they held
//! and when, who did what when, and the chain of the journal. What a source or a system still holds stands against it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_app::{
    Ctx, Error, IdentityFacts, Kind, Opened, decode_facts, fact_name, load_identities, load_world,
    resolve_person, subject_of,
};
use muster_model::{AssignmentId, EntityId, Row, Text, TypeId, Value, encode_row};
use muster_policy::FactKind;
use muster_store::{Assignment, Entry, JournalEntry, Number, ReadTx, Remains, Sequence};
use serde_json::json;

use crate::{lease::Lease, progress::Progress};

/// Identities whose traces are looked for in one reading of the journal.
const BATCH: usize = 200;
/// Entries of the journal in one step.
const PAGE: usize = 2000;
/// A text that is at least so long is looked for within others; a shorter one has to stand alone.
const LONG: usize = 5;

/// What became of those whose time has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnonymiseReport {
    /// Identities that were erased.
    pub erased: u64,
    /// Entries of the journal whose texts were erased.
    pub entries: u64,
    /// Those who cannot be erased yet, and why.
    pub waiting: Vec<(Text, String)>,
}

/// Somebody who is to be erased.
struct Target {
    facts: IdentityFacts,
    /// What names the person.
    names: BTreeSet<String>,
}

/// Erases everybody whose retention is over.
pub async fn anonymise_due(
    ctx: &Ctx,
    opened: &Opened,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<AnonymiseReport, Error> {
    let mut report = AnonymiseReport::default();
    let types = opened.model.types.iter().zip(&opened.model.schema.types);
    let over = |behaviour: &muster_policy::TypeModel| {
        let length = behaviour.retention?.anonymise?;
        Some((behaviour.terminated?, now.checked_sub(length).ok()?))
    };
    for (behaviour, entity_type) in types {
        let Some((state, until)) = over(behaviour) else { continue };
        let task = progress.begin(&format!("anonymise {}", entity_type.name), None);
        let mut after = None;
        loop {
            let found = expired(opened, entity_type.id, (state, until), after).await?;
            let Some(last) = found.last() else { break };
            after = Some(*last);
            let mut targets = Vec::new();
            for facts in still_over(opened, entity_type.id, &found, (state, until), now).await? {
                targets.extend(target(opened, facts, &mut report).await?);
            }
            task.advance(targets.len() as u64);
            erase(ctx, opened, &targets, "the retention is over", &mut report).await?;
        }
    }
    Ok(report)
}

/// Erases one person whose lifecycle has ended, before the time.
pub async fn anonymise_person(
    ctx: &Ctx,
    opened: &Opened,
    person: &str,
    reason: &str,
) -> Result<AnonymiseReport, Error> {
    if reason.trim().is_empty() {
        return Err(Error::invalid("a reason is needed").hint("--reason \"…\""));
    }
    let now = ctx.now();
    let mut tx = opened.store.read().await?;
    let facts = resolve_person(ctx, opened, &mut tx, person).await?;
    let world = load_world(&mut tx, opened, now, None).await?;
    drop(tx);
    let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, now);
    let behaviour = opened.model.types.get(facts.row.type_id.index());
    let ended = behaviour.and_then(|behaviour| behaviour.terminated);
    if ended.is_none() || evaluation.state != ended {
        let problem = format!("the lifecycle of `{person}` has not ended");
        return Err(Error::new(Kind::Conflict, problem)
            .hint(format!("muster people terminate {person} --reason \"…\" ends it")));
    }
    if is_erased(&facts) {
        return Err(Error::new(Kind::Conflict, format!("`{person}` is erased already")));
    }
    let mut report = AnonymiseReport::default();
    let Some(target) = target(opened, facts, &mut report).await? else {
        let why = report.waiting.pop().map_or_else(String::new, |(_, why)| why);
        return Err(Error::new(Kind::Conflict, format!("`{person}` cannot be erased: {why}"))
            .hint("a record goes with its source, an account with the next plan"));
    };
    erase(ctx, opened, &[target], reason.trim(), &mut report).await?;
    Ok(report)
}

fn is_erased(facts: &IdentityFacts) -> bool {
    facts.facts.iter().any(|fact| fact.kind == FactKind::Erased)
}

async fn expired(
    opened: &Opened,
    type_id: TypeId,
    (state, until): (usize, Timestamp),
    after: Option<EntityId>,
) -> Result<Vec<EntityId>, Error> {
    let names = opened.names.type_names(type_id);
    let names = names.ok_or_else(|| Error::bug("a type has no number"))?;
    let Some(state_no) = names.states.get(state) else { return Ok(Vec::new()) };
    let mut tx = opened.store.read().await?;
    let found = tx.in_state_since(names.no, *state_no, until, after, BATCH).await?;
    Ok(found.into_iter().map(|found| found.entity).collect())
}

/// Those whose retention is over by what is known now; the last evaluation may be old.
async fn still_over(
    opened: &Opened,
    type_id: TypeId,
    ids: &[EntityId],
    (state, until): (usize, Timestamp),
    now: Timestamp,
) -> Result<Vec<IdentityFacts>, Error> {
    let mut tx = opened.store.read().await?;
    let world = load_world(&mut tx, opened, now, None).await?;
    let mut all = load_identities(&mut tx, opened, type_id, ids, now).await?;
    all.retain(|facts| {
        let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, now);
        !is_erased(facts) && evaluation.state == Some(state) && evaluation.state_since <= until
    });
    Ok(all)
}

/// What is to be looked for; `None`, with a line in the report, when something stands against it.
async fn target(
    opened: &Opened,
    facts: IdentityFacts,
    report: &mut AnonymiseReport,
) -> Result<Option<Target>, Error> {
    let mut tx = opened.store.read().await?;
    let Remains { records, accounts } = tx.remains(facts.row.id).await?;
    // What was entered by hand is nowhere else: it goes with the rest.
    let by_hand: Vec<Number> = opened.names.local.reads.iter().map(|read| read.no).collect();
    let own = tx.records_of(facts.row.id).await?.into_iter();
    let own = own.filter(|r| r.absent_since.is_none() && by_hand.contains(&r.read_no)).count();
    let records = records.saturating_sub(own as u64);
    let subject = subject_of(&opened.model, &facts.row, &facts.key);
    let why = match (records, accounts) {
        (0, 0) => None,
        (0, n) => Some(format!("{n} accounts are still there")),
        (n, _) => Some(format!("{n} records are still in their sources")),
    };
    if let Some(why) = why {
        report.waiting.push((subject, why));
        return Ok(None);
    }
    let names = names(&mut tx, opened, &facts).await?;
    Ok(Some(Target { facts, names }))
}

/// Everything that ever named the person: keys, unique values, how it was shown.
async fn names(
    tx: &mut ReadTx,
    opened: &Opened,
    facts: &IdentityFacts,
) -> Result<BTreeSet<String>, Error> {
    let mut names = BTreeSet::new();
    let type_id = facts.row.type_id;
    let Some(entity_type) = opened.model.schema.get(type_id) else { return Ok(names) };
    let now = facts.row.clone();
    let mut rows: Vec<Row> = vec![now];
    for version in tx.entity_versions(facts.row.id).await? {
        names.insert(version.entity.key.to_string());
        let stored = &version.entity.facts;
        rows.push(decode_facts(&opened.model, &opened.names, facts.row.id, type_id, stored)?);
    }
    let world = load_world(tx, opened, Timestamp::UNIX_EPOCH, None).await?;
    for row in &rows {
        let identity = muster_policy::Identity { row, ..facts.identity() };
        let whole = opened.evaluator.complete(&identity, &world, Timestamp::UNIX_EPOCH);
        let naming = entity_type.attributes.iter().filter(|a| a.unique || &*a.name == "display");
        for attribute in naming {
            let values = whole.get(attribute.slot).items().iter();
            names.extend(values.filter(|value| !value.is_null()).map(Value::to_string));
        }
    }
    names.retain(|name| !name.trim().is_empty());
    Ok(names)
}

async fn erase(
    ctx: &Ctx,
    opened: &Opened,
    targets: &[Target],
    reason: &str,
    report: &mut AnonymiseReport,
) -> Result<(), Error> {
    if targets.is_empty() {
        return Ok(());
    }
    let lease = Lease::take(ctx, opened, "anonymise").await?;
    let outcome = erase_all(ctx, opened, targets, reason, report).await;
    lease.release(opened, outcome).await
}

async fn erase_all(
    ctx: &Ctx,
    opened: &Opened,
    targets: &[Target],
    reason: &str,
    report: &mut AnonymiseReport,
) -> Result<(), Error> {
    // The journal first: interrupted after it, the next run finds the same people again.
    let places = traces(opened, targets).await?;
    let mut tx = opened.store.begin().await?;
    report.entries += tx.erase_journal(&places).await?;
    tx.forget_readings(ctx.now()).await?;
    tx.commit().await?;
    for target in targets {
        let mut tx = opened.store.begin().await?;
        let id = target.facts.row.id;
        let key = format!("erased-{id}");
        let empty = Row::empty(id, target.facts.row.type_id, 0);
        let type_names = opened.names.type_names(target.facts.row.type_id);
        let type_names = type_names.ok_or_else(|| Error::bug("a type has no number"))?;
        let facts = encode_row(&empty, &type_names.numbers, |_| false);
        tx.erase_entity(id, &key, &facts).await?;
        let assignment = AssignmentId(tx.take_ids(Sequence::Assignment, 1).await?);
        tx.insert_assignments(&[Assignment {
            id: assignment,
            entity: id,
            role: fact_name(FactKind::Erased),
            origin: "retention".into(),
            reason: reason.into(),
            valid_from: Some(ctx.now()),
            valid_until: None,
            created_at: ctx.now(),
            created_by: ctx.actor.clone(),
            ended_at: None,
            ended_by: None,
            end_reason: None,
        }])
        .await?;
        tx.append_journal(&Entry {
            at: ctx.now(),
            actor: ctx.actor.clone(),
            on_behalf_of: ctx.on_behalf_of.clone(),
            action: "person.anonymise".into(),
            subject: key.into(),
            detail: json!({ "id": id.0, "reason": reason }).to_string().into(),
            correlation: Some(ctx.correlation.clone()),
        })
        .await?;
        tx.commit().await?;
        report.erased += 1;
    }
    Ok(())
}

/// The places in the journal that tell something about one of these people.
async fn traces(opened: &Opened, targets: &[Target]) -> Result<Vec<i64>, Error> {
    let names: BTreeSet<&String> = targets.iter().flat_map(|target| &target.names).collect();
    let (long, short): (Vec<&String>, Vec<&String>) =
        names.into_iter().partition(|name| name.chars().count() >= LONG);
    let short: BTreeSet<&str> = short.into_iter().map(String::as_str).collect();
    let mut places = Vec::new();
    let mut after = None;
    let mut tx = opened.store.read().await?;
    loop {
        let page = tx.scan_journal(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(places) };
        after = Some(last.seq);
        places.extend(page.iter().filter(|entry| tells(entry, &long, &short)).map(|e| e.seq));
    }
}

fn tells(entry: &JournalEntry, long: &[&String], short: &BTreeSet<&str>) -> bool {
    let Entry { subject, detail, on_behalf_of, .. } = &entry.entry;
    let texts = [Some(subject), Some(detail), on_behalf_of.as_ref()];
    let within =
        texts.into_iter().flatten().any(|text| long.iter().any(|n| text.contains(n.as_str())));
    let alone = |text: &str| short.contains(text) || text.split(' ').any(|w| short.contains(w));
    within
        || alone(subject)
        || on_behalf_of.as_ref().is_some_and(|text| alone(text))
        || detail.split('"').any(|part| short.contains(part))
}
