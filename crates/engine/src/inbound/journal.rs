//! What a chunk did, for the journal.

use std::collections::BTreeMap;

use muster_app::{Ctx, Error};
use muster_model::EntityId;
use muster_plan::value_json;
use muster_store::{Entry, Tx};
use rustc_hash::FxHashSet;
use serde_json::{Value as Json, json};

use super::{Arrival, Inbound};

impl Inbound<'_> {
    /// Writes down which entities are new, and of each changed one what changed.
    pub(super) async fn journal(
        &mut self,
        tx: &mut Tx,
        arrivals: &[Arrival<'_>],
        changed: &FxHashSet<EntityId>,
    ) -> Result<(), Error> {
        // By id: an entry that named two thousand people would have to go when one of them is forgotten.
        let mut new: BTreeMap<(&str, &str), (&Ctx, Vec<i64>)> = BTreeMap::new();
        for arrival in arrivals.iter().filter(|arrival| arrival.before.is_none()) {
            let by = self.entered_by(arrival.row.id);
            let of = new.entry((&by.actor, &by.correlation)).or_insert((by, Vec::new()));
            of.1.push(arrival.row.id.0);
        }
        for (by, ids) in new.into_values() {
            let subject = format!("{} {}", self.source.system.name, self.source.what);
            self.entry(tx, by, "entity.create", &subject, json!({ "ids": ids })).await?;
        }
        for arrival in arrivals.iter().filter(|arrival| changed.contains(&arrival.row.id)) {
            let Some((was, before)) = &arrival.before else { continue };
            let mut changes = serde_json::Map::new();
            let mut counted = Vec::new();
            for attribute in &self.entity_type.attributes {
                let (old, new) = (before.get(attribute.slot), arrival.row.get(attribute.slot));
                if old != new {
                    counted.push(format!("attribute {}", attribute.name));
                    changes.insert(
                        attribute.name.to_string(),
                        json!([value_json(old), value_json(new)]),
                    );
                }
            }
            if changes.is_empty() && arrival.staged.is_none() {
                continue;
            }
            let why = match arrival.staged {
                Some(_) if self.source.read.by_hand => "entered by hand".to_owned(),
                Some(staged) => format!("{} line {}", self.source.system.name, staged.line),
                None => "its other records say so".to_owned(),
            };
            let is_back = was.absent_since.is_some() && arrival.absent_since.is_none();
            self.count("update", 1);
            for kind in counted {
                self.count(&kind, 1);
            }
            let mut detail = json!({ "id": arrival.row.id.0, "changes": changes, "why": why });
            if let (true, Json::Object(detail)) = (is_back, &mut detail) {
                detail.insert("back".to_owned(), Json::Bool(true));
            }
            let by = self.entered_by(arrival.row.id);
            self.entry(tx, by, "entity.update", &arrival.key, detail).await?;
        }
        Ok(())
    }

    /// Who has a hand in an entity: whoever entered it, or whoever lets the read run.
    pub(super) fn entered_by(&self, entity: EntityId) -> &Ctx {
        self.entered_by.get(&entity).copied().unwrap_or(self.ctx)
    }

    pub(super) async fn entry(
        &self,
        tx: &mut Tx,
        by: &Ctx,
        action: &str,
        subject: &str,
        detail: serde_json::Value,
    ) -> Result<(), Error> {
        tx.append_journal(&Entry {
            at: self.now,
            actor: by.actor.clone(),
            on_behalf_of: by.on_behalf_of.clone(),
            action: action.into(),
            subject: subject.into(),
            detail: detail.to_string().into(),
            correlation: Some(by.correlation.clone()),
        })
        .await?;
        Ok(())
    }
}
