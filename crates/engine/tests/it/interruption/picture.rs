//! Everything that a day's work leaves behind, as lines that can be compared: files, groups, the whole repository.

use std::{collections::BTreeMap, fmt::Debug};

use muster_app::{EntitlementIndex, Opened, TypeNames, decode_facts, process_is_gone};
use muster_model::{AttributeNumbers, EntityId, Fingerprint, Row, TypeId, Value, decode_row};
use muster_store::{
    ChangeSetStatus, EntityVersion, Entry, Evaluation, OperationFilter, ReadTx, verify,
};

use super::{
    shelf::Shelf,
    world::{TARGETS, World},
};

const MANY: usize = 10_000;

/// The lines of a world's picture.
///
/// Left out is what tells when something was done and not what: times, attempts, runs that only read; and numbers.
pub(crate) async fn picture(world: &World, opened: &Opened) -> Vec<String> {
    let mut lines = Vec::new();
    for target in TARGETS {
        lines.push(format!(
            "{target}:\n{}",
            std::fs::read_to_string(world.dir.join(target)).unwrap()
        ));
    }
    lines.push(format!("directory:\n{}", Shelf::open(&world.dir.join("directory.log")).dump()));
    let mut tx = opened.store.read().await.unwrap();
    let mut known = BTreeMap::new();
    for (entity_type, names) in opened.model.schema.types.iter().zip(&opened.names.types) {
        entities(&mut tx, opened, (entity_type.id, names), &mut lines, &mut known).await;
    }
    systems(&mut tx, opened, &mut lines).await;
    plans(&mut tx, &mut lines, &mut known).await;
    history(&mut tx, &mut lines).await;
    let mut lines: Vec<String> = lines.iter().map(|line| without_numbers(line, &known)).collect();
    lines.sort();
    lines
}

async fn systems(tx: &mut ReadTx, opened: &Opened, lines: &mut Vec<String>) {
    let index = EntitlementIndex::load(tx, opened).await.unwrap();
    for names in &opened.names.systems {
        for kind in &names.kinds {
            add(lines, tx.scan_entitlements(*kind, None, MANY).await.unwrap());
        }
        for account in &names.accounts {
            let layout = &account.layout;
            for mut account in tx.scan_accounts(account.no, None, MANY).await.unwrap() {
                let held: Vec<_> = account.grants.drain(..).map(|id| index.name(id)).collect();
                lines.push(format!("account {} holds {held:?}", account.name));
                // It is made of the numbers of entitlements.
                account.fingerprint = Fingerprint::default();
                let content = std::mem::take(&mut account.content);
                lines.push(format!("{account:?} {:?}", values(&content, &layout.numbers)));
            }
        }
        for read in &names.reads {
            for mut record in tx.scan_records(read.no, None, MANY).await.unwrap() {
                let content = std::mem::take(&mut record.content);
                lines.push(format!("{record:?} {:?}", values(&content, &read.numbers)));
            }
        }
    }
}

async fn plans(tx: &mut ReadTx, lines: &mut Vec<String>, known: &mut BTreeMap<String, String>) {
    let mut plans = tx.plans(None, None, MANY).await.unwrap();
    plans.reverse();
    for (n, plan) in plans.iter().enumerate() {
        lines.push(format!("plan {n} {}", plan.status));
        known.insert(plan.hash.to_string(), format!("HASH {n}"));
        known.insert(format!("plan {}", plan.hash.split_at(8).0), format!("PLAN {n}"));
        for mut operation in
            tx.operations(plan.id, OperationFilter::default(), None, MANY).await.unwrap()
        {
            operation.attempts = 0;
            operation.body.clear();
            lines.push(format!("{operation:?}"));
        }
    }
}

async fn history(tx: &mut ReadTx, lines: &mut Vec<String>) {
    for status in [ChangeSetStatus::Held, ChangeSetStatus::Applied, ChangeSetStatus::Rejected] {
        add(lines, tx.change_sets(Some(status), MANY).await.unwrap());
    }
    let journal = tx.scan_journal(None, MANY).await.unwrap();
    verify(&journal).expect("the journal is whole");
    // How much of the plan was done in the last run depends on when it began.
    for entry in journal.iter().filter(|e| &*e.entry.action != "plan.applied") {
        let Entry { action, actor, subject, detail, .. } = &entry.entry;
        let detail = with_keys(tx, detail).await;
        lines.push(format!("{action} {actor} {subject} {detail}"));
    }
    for name in ["sync", "apply"] {
        if let Some(lease) = tx.lease(name).await.unwrap() {
            let process = lease.holder.rsplit_once(' ').unwrap().1;
            assert!(process_is_gone(process), "`{}` still holds {name}", lease.holder);
        }
    }
}

/// The detail of an entry with keys for the ids of entities: PostgreSQL hands out other ids after a death.
async fn with_keys(tx: &mut ReadTx, detail: &str) -> String {
    let mut json: serde_json::Value = serde_json::from_str(detail).unwrap();
    if let Some(ids) = json.get_mut("ids").and_then(|ids| ids.as_array_mut()) {
        for id in ids {
            let entity = tx.entity(EntityId(id.as_i64().unwrap())).await.unwrap().unwrap();
            *id = (*entity.key).into();
        }
    }
    json.to_string()
}

fn values(content: &[u8], numbers: &AttributeNumbers) -> Vec<Value> {
    // As many as any of them has; the rest is `Null`.
    let mut row = Row::empty(EntityId(0), TypeId(0), 8);
    decode_row(content, numbers, &mut row).unwrap();
    row.values
}

async fn entities(
    tx: &mut ReadTx,
    opened: &Opened,
    (type_id, names): (TypeId, &TypeNames),
    lines: &mut Vec<String>,
    keys: &mut BTreeMap<String, String>,
) {
    for entity in tx.scan_entities(names.no, None, MANY).await.unwrap() {
        let id = entity.id;
        keys.insert(format!("{id:?}"), format!("{}/{}", type_id.index(), entity.key));
        for EntityVersion { mut entity, replaced_at } in tx.entity_versions(id).await.unwrap() {
            let facts = std::mem::take(&mut entity.facts);
            let row = decode_facts(&opened.model, &opened.names, id, type_id, &facts).unwrap();
            lines.push(format!("{entity:?} {:?} {replaced_at:?}", row.values));
        }
        add(lines, tx.unique_values_of(id).await.unwrap());
        add(lines, tx.links_of(id).await.unwrap());
        add(lines, tx.pending_links_of(id).await.unwrap());
        add(lines, tx.assignments_of(id).await.unwrap());
        let evaluation = tx.evaluation(id).await.unwrap();
        let state = |e: &Evaluation| names.states.iter().position(|no| Some(*no) == e.state_no);
        add(lines, evaluation.map(|e| (id, state(&e), e.settled.is_some(), e.next_change)));
    }
}

fn add<T: Debug>(lines: &mut Vec<String>, rows: impl IntoIterator<Item = T>) {
    lines.extend(rows.into_iter().map(|row| format!("{row:?}")));
}

/// Puts names in the place of numbers, and takes away the numbers that have no meaning: on PostgreSQL a number that was
/// handed out and not used is lost.
fn without_numbers(line: &str, names: &BTreeMap<String, String>) -> String {
    let mut text = line.to_owned();
    for (number, name) in names {
        text = text.replace(number, name);
    }
    for before in ["Id(", "_no: ", "_no: Some(", "target_type: ", "change set ", "\"assignment\":"]
    {
        let parts: Vec<&str> = text.split(before).collect();
        let stripped: Vec<&str> =
            parts
                .iter()
                .enumerate()
                .map(|(n, part)| {
                    if n == 0 {
                        part
                    } else {
                        part.trim_start_matches(|c: char| c.is_ascii_digit())
                    }
                })
                .collect();
        text = stripped.join(before);
    }
    without_times(&text)
}

/// Puts `TIME` in the place of every instant of the days on which the work is done, and of what follows a month later.
fn without_times(line: &str) -> String {
    let mut rest = line;
    let mut text = String::new();
    while let Some(at) = rest.find("2026-0") {
        let (before, time) = rest.split_at(at);
        text.push_str(before);
        let end = time.find('Z').map_or(time.len(), |end| end + 1);
        text.push_str("TIME");
        rest = time.split_at(end).1;
    }
    text + rest
}
