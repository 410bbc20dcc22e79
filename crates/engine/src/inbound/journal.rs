//! What a chunk did, for the journal.

use muster_app::Error;
use muster_model::EntityId;
use muster_plan::value_json;
use muster_store::{Entry, Tx};
use rustc_hash::FxHashSet;
use serde_json::json;

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
        let new: Vec<i64> =
            arrivals.iter().filter(|a| a.before.is_none()).map(|a| a.row.id.0).collect();
        if !new.is_empty() {
            let subject = format!("{} {}", self.source.system.name, self.source.what);
            self.entry(tx, "entity.create", &subject, json!({ "ids": new })).await?;
        }
        for arrival in arrivals.iter().filter(|arrival| changed.contains(&arrival.row.id)) {
            let Some((_, before)) = &arrival.before else { continue };
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
                Some(staged) => format!("{} line {}", self.source.system.name, staged.line),
                None => "its other records say so".to_owned(),
            };
            self.count("update", 1);
            for kind in counted {
                self.count(&kind, 1);
            }
            self.entry(
                tx,
                "entity.update",
                &arrival.key,
                json!({ "changes": changes, "why": why }),
            )
            .await?;
        }
        Ok(())
    }

    pub(super) async fn entry(
        &self,
        tx: &mut Tx,
        action: &str,
        subject: &str,
        detail: serde_json::Value,
    ) -> Result<(), Error> {
        tx.append_journal(&Entry {
            at: self.now,
            actor: self.ctx.actor.clone(),
            on_behalf_of: None,
            action: action.into(),
            subject: subject.into(),
            detail: detail.to_string().into(),
            correlation: Some(self.ctx.correlation.clone()),
        })
        .await?;
        Ok(())
    }
}
