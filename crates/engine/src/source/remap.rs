//! Records are kept, so that they can be mapped again when the model says something else of them, without another read.

use muster_app::{Error, Opened};
use muster_model::{Fingerprint, Hasher, Slot};
use muster_store::{ReadMapping, ReadTx, RecordMark};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{BATCH, Source, Staged};
use muster_model::Text;

/// How records were mapped last, and how they are mapped now.
pub(super) struct Mapped {
    pub(super) before: Option<ReadMapping>,
    pub(super) now: ReadMapping,
}

impl Mapped {
    pub(super) async fn load(
        tx: &mut ReadTx,
        opened: &Opened,
        source: Source<'_>,
    ) -> Result<Self, Error> {
        let before = tx.read_mapping(source.names.no).await?;
        Ok(Self { before, now: mapping(opened, source) })
    }

    /// True when the model maps records differently now, or nobody knows how they were mapped.
    pub(super) fn differs(&self) -> bool {
        self.before.as_ref() != Some(&self.now)
    }

    /// True when other columns are asked for than before.
    pub(super) fn asks_for_more(&self) -> bool {
        self.before.as_ref().is_some_and(|before| before.columns != self.now.columns)
    }

    /// Attributes that the source did not own before: their first values surprise nobody.
    pub(super) fn new_slots(&self, opened: &Opened, source: Source<'_>) -> FxHashSet<Slot> {
        let Some(before) = &self.before else { return FxHashSet::default() };
        let owned: FxHashSet<&str> = before.owned.lines().collect();
        let schema = &opened.model.schema;
        let slots = source.read.owns.iter().map(|(slot, _)| *slot);
        slots
            .filter(|slot| {
                let attribute = schema.attribute(source.read.type_id, *slot);
                attribute.is_some_and(|attribute| !owned.contains(&*attribute.name))
            })
            .collect()
    }
}

fn mapping(opened: &Opened, source: Source<'_>) -> ReadMapping {
    let (schema, read) = (&opened.model.schema, source.read);
    let mut hasher = Hasher::new();
    for (name, value_type, many) in &read.columns {
        hasher.text(name);
        hasher.text(&format!("{value_type:?} {many}"));
    }
    let columns: Fingerprint = hasher.finish();
    hasher.reset();
    hasher.text(opened.model.timezone.iana_name().unwrap_or(""));
    let authority = opened.model.types.get(read.type_id.index()).map(|of| &of.authority);
    let mut owned = Vec::new();
    for (slot, rule) in &read.owns {
        let Some(attribute) = schema.attribute(read.type_id, *slot) else { continue };
        hasher.text(&attribute.name);
        hasher.text(&format!("{:?} {}", attribute.value_type, attribute.many));
        hasher.text(rule.program.source());
        for system in authority.and_then(|of| of.get(slot)).into_iter().flatten() {
            let system = opened.model.systems.get(system.index());
            hasher.text(system.map_or("", |system| &system.name));
        }
        owned.push(&*attribute.name);
    }
    let mapping = hasher.finish();
    owned.sort_unstable();
    ReadMapping { read_no: source.names.no, columns, mapping, owned: owned.join("\n").into() }
}

/// All present records that are not staged anyway, as they are stored. Nothing before the first record was mapped.
pub(super) async fn records(
    opened: &Opened,
    source: Source<'_>,
    marks: &FxHashMap<Text, RecordMark>,
    staged: &[Staged],
) -> Result<Vec<Staged>, Error> {
    let known: FxHashSet<&Text> = staged.iter().map(|record| &record.key).collect();
    let mut found = Vec::new();
    if marks.len() <= known.len() && marks.keys().all(|key| known.contains(key)) {
        return Ok(found);
    }
    let mut tx = opened.store.read().await?;
    let mut after = None;
    loop {
        let page = tx.scan_records(source.names.no, after, BATCH).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.id);
        for record in page {
            let is_there = record.absent_since.is_none() && record.entity.is_some();
            if is_there && marks.contains_key(&record.key) && !known.contains(&record.key) {
                found.push(Staged {
                    key: record.key,
                    native_id: record.native_id,
                    line: u64::try_from(record.line).unwrap_or(0),
                    fingerprint: record.fingerprint,
                    content: record.content,
                });
            }
        }
    }
}
