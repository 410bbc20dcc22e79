//! How many rows a second the store takes and gives, on SQLite in a file and, when named, on PostgreSQL.
//!
//! `cargo bench -p muster-store -- [N_ROWS] [postgres://…]`. One line per figure; figures of one run are comparable.

use std::{io::Write as _, time::Instant};

use jiff::Timestamp;
use muster_model::{AccountId, EntityId, Fingerprint, Text};
use muster_store::{
    Account, AccountOrigin, AccountStatus, Entity, Evaluation, IdRange, Link, Options, Record,
    RecordId, Store, UniqueValue,
};

const BATCH: usize = 10_000;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let n: i64 = arguments.first().map_or(Ok(200_000), |n| n.parse())?;
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let sqlite = format!("sqlite:{}", folder.path().join("muster.db").display());
    runtime.block_on(measure("sqlite", &sqlite, n))?;
    if let Some(url) = arguments.get(1) {
        runtime.block_on(measure("postgres", url, n))?;
    }
    Ok(())
}

/// Prints rows a second since `start`.
fn report(database: &str, what: &str, n_rows: i64, start: Instant) -> anyhow::Result<()> {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let rate = n_rows as f64 / start.elapsed().as_secs_f64();
    writeln!(std::io::stdout(), "{database:<9} {what:<28} {rate:>12.0} rows/s")?;
    Ok(())
}

/// Makes `n` rows, writes them in batches, a transaction each, and reports how fast.
macro_rules! measure_write {
    ($database:ident, $what:literal, $store:ident, $n:ident, $make:ident, $write:ident) => {{
        let rows: Vec<_> = (1..=$n).map($make).collect();
        let start = Instant::now();
        for batch in rows.chunks(BATCH) {
            let mut tx = $store.begin().await?;
            tx.$write(batch).await?;
            tx.commit().await?;
        }
        report($database, $what, $n, start)?;
    }};
}

async fn measure(database: &str, url: &str, n: i64) -> anyhow::Result<()> {
    let store = Store::open(url, &Options::default()).await?;
    write_facts(database, &store, n).await?;
    write_observed(database, &store, n).await?;
    store.analyze().await?;
    read(database, &store, n).await
}

async fn write_facts(database: &str, store: &Store, n: i64) -> anyhow::Result<()> {
    measure_write!(database, "insert entities (3 trees)", store, n, entity, insert_entities);
    measure_write!(database, "update entities + history", store, n, entity, update_entities);
    measure_write!(database, "save evaluations", store, n, evaluation, save_evaluations);
    measure_write!(database, "insert links (2 trees)", store, n, link, insert_links);
    measure_write!(
        database,
        "take unique values (2 trees)",
        store,
        n,
        unique_value,
        take_unique_values
    );
    Ok(())
}

async fn write_observed(database: &str, store: &Store, n: i64) -> anyhow::Result<()> {
    measure_write!(database, "insert records (4 trees)", store, n, record, insert_records);
    measure_write!(database, "update records", store, n, record, update_records);
    measure_write!(database, "insert accounts (5 trees)", store, n, account, insert_accounts);
    Ok(())
}

async fn read(database: &str, store: &Store, n: i64) -> anyhow::Result<()> {
    let mut tx = store.read().await?;
    for _ in 0..2 {
        let start = Instant::now();
        let (mut after, to) = (EntityId(0), EntityId(n));
        loop {
            let page = tx.scan_identities(1, IdRange { after, to }, BATCH).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
        }
        report(database, "scan identities", n, start)?;
    }
    let start = Instant::now();
    let mut after = None;
    loop {
        let page = tx.scan_record_marks(1, after, BATCH).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
    }
    report(database, "scan record marks", n, start)?;

    let start = Instant::now();
    let mut after = None;
    let range = IdRange { after: EntityId(0), to: EntityId(n) };
    loop {
        let page = tx.scan_accounts_of(range, after, BATCH).await?;
        let Some(last) = page.last() else { break };
        after = last.entity.map(|entity| (entity, last.id));
    }
    report(database, "scan accounts of identities", n, start)?;

    let keys: Vec<Text> = (1..=n).map(|id| entity(id).key).collect();
    let start = Instant::now();
    for batch in keys.chunks(BATCH) {
        tx.entity_ids_by_key(1, batch).await?;
    }
    report(database, "find ids by key", n, start)?;

    let start = Instant::now();
    for id in 1..=n.min(20_000) {
        tx.entity(EntityId(id)).await?;
    }
    report(database, "read one entity", n.min(20_000), start)
}

fn entity(id: i64) -> Entity {
    Entity {
        id: EntityId(id),
        type_no: 1,
        key: format!("E{id:08}").into(),
        version: 1,
        facts: vec![7; 250],
        absent_since: None,
        effective_at: Timestamp::UNIX_EPOCH,
        recorded_at: Timestamp::UNIX_EPOCH,
    }
}

fn evaluation(id: i64) -> Evaluation {
    Evaluation {
        entity: EntityId(id),
        state_no: Some(1),
        state_since: Some(Timestamp::UNIX_EPOCH),
        settled: Some(Fingerprint(id.cast_unsigned().into())),
        next_change: None,
        evaluated_at: Timestamp::UNIX_EPOCH,
    }
}

fn link(id: i64) -> Link {
    Link { source: EntityId(id), attribute_no: 1, target: EntityId(1 + id % 1_000) }
}

fn unique_value(id: i64) -> UniqueValue {
    let value_key = format!("user{id:08}").into();
    UniqueValue { type_no: 1, attribute_no: 1, value_key, entity: EntityId(id) }
}

fn record(id: i64) -> Record {
    Record {
        id: RecordId(id),
        read_no: 1,
        key: format!("E{id:08}").into(),
        native_id: "".into(),
        entity: Some(EntityId(id)),
        fingerprint: Fingerprint(id.cast_unsigned().into()),
        content: vec![7; 250],
        absent_since: None,
        confidence: 100,
        line: id,
    }
}

fn account(id: i64) -> Account {
    let name: Text = format!("uid=user{id:08},ou=people").into();
    Account {
        id: AccountId(id),
        system_no: 1,
        type_no: 1,
        native_id: format!("5a1f{id:012}").into(),
        name: Text::clone(&name),
        name_key: name,
        entity: Some(EntityId(id)),
        status: AccountStatus::Linked,
        confidence: 100,
        enabled: Some(true),
        disabled_since: None,
        content: vec![7; 150],
        grants: Vec::new(),
        fingerprint: Fingerprint(id.cast_unsigned().into()),
        created_at: Timestamp::UNIX_EPOCH,
        changed_at: Timestamp::UNIX_EPOCH,
        origin: AccountOrigin::Found,
    }
}
