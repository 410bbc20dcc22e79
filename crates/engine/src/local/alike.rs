//! Who is there already under a name that looks like a new one: asked before somebody is entered twice.

use muster_app::{Ctx, Error, IdentityFacts, Opened, decode_facts, likeness, load_world};
use muster_lang::slug;
use muster_model::{AttributeKind, EntityId, Row, Text, Value};
use muster_policy::MemoryWorld;

use super::{Group, LocalChange, type_named};

const BATCH: usize = 4096;
/// How much alike two names are that are shown.
const ALIKE: f64 = 0.93;
/// How many are shown.
const SHOWN: usize = 5;

/// Somebody who may be the one that is about to be entered.
#[derive(Debug, Clone, PartialEq)]
pub struct LookAlike {
    /// The entity.
    pub entity: EntityId,
    /// Its key.
    pub key: Text,
    /// How it is shown.
    pub display: Text,
    /// How much alike the names are, in percent.
    pub likeness: u8,
    /// What is equal or nearly so.
    pub why: String,
}

/// Entities whose display is like that of a new one, the most alike first. Types without a `display:` have no names to
/// compare.
pub async fn look_alikes(
    ctx: &Ctx,
    opened: &Opened,
    new: &LocalChange,
) -> Result<Vec<LookAlike>, Error> {
    let of = type_named(opened, &new.type_name)?;
    let names = opened.names.type_names(of.id);
    let has_names = opened.model.types.get(of.id.index()).is_some_and(|of| of.display.is_some());
    let Some(names) = names.filter(|_| has_names) else { return Ok(Vec::new()) };
    let group = Group { ctx, opened, of, removes: false, any_merged: false };
    let mut row = Row::empty(EntityId(0), of.id, of.attributes.len());
    for (slot, value) in group.values(new).map_err(|problem| group.error(problem))? {
        row.set(slot, value);
    }
    let mut tx = opened.store.read().await?;
    let world = load_world(&mut tx, opened, ctx.now(), None).await?;
    let seen = Seen { ctx, opened, world };
    let (new, Some(name)) = (row.clone(), seen.display(row, "".into())) else {
        return Ok(Vec::new());
    };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let entities = tx.scan_entities(names.no, after, BATCH).await?;
        let Some(last) = entities.last() else { break };
        after = Some(last.id);
        for entity in entities {
            let row = decode_facts(&opened.model, &opened.names, entity.id, of.id, &entity.facts)?;
            let Some(display) = seen.display(row.clone(), entity.key.clone()) else { continue };
            let alike = alike(&name, &display);
            if alike >= ALIKE {
                let why = why(&group, alike, &new, &row);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "INVARIANT: likeness is between 0 and 1"
                )]
                let likeness = (alike * 100.0) as u8;
                found.push(LookAlike {
                    entity: entity.id,
                    key: entity.key,
                    display,
                    likeness,
                    why,
                });
            }
        }
    }
    found.sort_by(|a, b| b.likeness.cmp(&a.likeness).then_with(|| a.entity.cmp(&b.entity)));
    found.truncate(SHOWN);
    Ok(found)
}

struct Seen<'a> {
    ctx: &'a Ctx,
    opened: &'a Opened,
    world: MemoryWorld,
}

impl Seen<'_> {
    /// How an entity is shown.
    fn display(&self, row: Row, key: Text) -> Option<Text> {
        let of = self.opened.model.schema.get(row.type_id)?;
        let slot = of.attribute_named("display")?.slot;
        let facts = IdentityFacts {
            row,
            key,
            version: 0,
            assignments: Vec::new(),
            withheld: Vec::new(),
            facts: Vec::new(),
            exceptions: Vec::new(),
            absent_since: None,
            known_state: None,
        };
        let row = self.opened.evaluator.complete(&facts.identity(), &self.world, self.ctx.now());
        row.get(slot).as_text().cloned()
    }
}

/// How much two names are alike, whatever the order of their words, their case and their accents.
fn alike(one: &str, other: &str) -> f64 {
    let sorted = |name: &str| {
        let slug = slug(name);
        let mut words: Vec<&str> = slug.split('-').collect();
        words.sort_unstable();
        words.join(" ")
    };
    likeness(&sorted(one), &sorted(other))
}

/// What speaks for it: the names, and other values that are the same.
fn why(group: &Group<'_>, alike: f64, new: &Row, known: &Row) -> String {
    let name = if alike >= 1.0 { "the same name" } else { "a similar name" };
    let telling = group.of.attributes.iter().filter(|attribute| {
        attribute.kind == AttributeKind::Stored && attribute.choices.is_empty() && {
            let value = new.get(attribute.slot);
            matches!(value, Value::Text(_) | Value::Date(_)) && value == known.get(attribute.slot)
        }
    });
    let same: Vec<&str> = telling.map(|attribute| &*attribute.name).collect();
    if same.is_empty() { name.to_owned() } else { format!("{name}; the same {}", same.join(", ")) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_alike_in_any_order_and_spelling_and_different_ones_are_not() {
        for (one, other) in [("Ana Silva", "silva, ANA"), ("José Müller", "Jose Mueller")] {
            assert!((super::alike(one, other) - 1.0).abs() < 1e-9, "{one} {other}");
        }
        assert!(super::alike("Ana Silva", "Anna Silva") >= super::ALIKE);
        assert!(super::alike("Ana Silva", "Bruno Costa") < super::ALIKE);
        assert!(super::alike("Ana Silva", "Ana Costa") < super::ALIKE);
    }
}
