//! What is known of somebody: attributes with their origin, what they were before, and the records they came from.

use std::collections::{BTreeMap, BTreeSet};

use muster_app::{Error, Origin, When, entity_history, explain_attribute, see_person};
use muster_model::{EntityId, Text, Value};
use muster_store::ReadTx;

use super::{About, Told};
use crate::{Cell, reader::Look};

pub(super) async fn tell(look: &mut Look, about: &About, told: &mut Told) -> Result<(), Error> {
    let (ctx, opened) = (look.ctx.clone(), look.opened.clone());
    let (person, _) = see_person(&ctx, &opened, &about.key).await?;
    let history = entity_history(&ctx, &opened, &about.key).await?;
    let values = history.iter().flat_map(|version| &version.values).chain(&person.values);
    let names = names(&mut look.tx, values.map(|(_, value)| value)).await?;
    for (attribute, value) in &person.values {
        let explained =
            explain_attribute(&ctx, &opened, &about.key, attribute, When::default()).await?;
        let line = ("fact", Cell::Text(attribute.clone()));
        told.add(
            line,
            shown(value, &names),
            origin(&explained.origin),
            [Cell::Nothing, Cell::Nothing],
        );
    }
    for version in history.iter().filter(|version| version.replaced_at.is_some()) {
        for (attribute, value) in &version.values {
            let times = [Cell::Instant(version.recorded_at), Cell::at(version.replaced_at)];
            let line = ("former fact", Cell::Text(attribute.clone()));
            told.add(line, shown(value, &names), Cell::Nothing, times);
        }
    }
    for record in look.tx.records_of(about.id).await? {
        let mut systems = opened.sources();
        let system =
            systems.find(|(_, names)| names.reads.iter().any(|of| of.no == record.read_no));
        let system = system.map(|(system, _)| system.name.clone());
        let times = [Cell::Nothing, Cell::at(record.absent_since)];
        let key = ("record", Cell::word("key"));
        told.add(key, Cell::words(record.key), Cell::maybe(system), times);
    }
    Ok(())
}

/// How those are named to whom values lead.
async fn names(
    tx: &mut ReadTx,
    values: impl Iterator<Item = &Value>,
) -> Result<BTreeMap<EntityId, Text>, Error> {
    let ids: BTreeSet<EntityId> =
        values.flat_map(|value| value.items().iter().filter_map(Value::as_link)).collect();
    let ids: Vec<EntityId> = ids.into_iter().collect();
    let found = tx.entities(&ids).await?;
    Ok(found.into_iter().map(|entity| (entity.id, entity.key)).collect())
}

fn shown(value: &Value, names: &BTreeMap<EntityId, Text>) -> Cell {
    let one = |value: &Value| match value.as_link().and_then(|id| names.get(&id)) {
        Some(name) => name.to_string(),
        None => value.to_string(),
    };
    Cell::words(value.items().iter().map(one).collect::<Vec<_>>().join(", "))
}

fn origin(origin: &Origin) -> Cell {
    match origin {
        Origin::Source { system, record, line: _, expression: _, at: _ } => {
            let source = [Cell::words(system.as_ref()), Cell::words(record.as_ref())];
            Cell::said("{}, record {}", source)
        }
        Origin::Entered => Cell::word("entered by hand"),
        Origin::Computed { expression, at: _ } => {
            Cell::said("computed: {}", [Cell::words(expression.as_ref())])
        }
        Origin::Generated { at: _ } => Cell::word("generated once and kept"),
        Origin::Lifecycle(_) => Cell::word("the lifecycle of the model"),
        Origin::Nothing => Cell::Nothing,
    }
}
