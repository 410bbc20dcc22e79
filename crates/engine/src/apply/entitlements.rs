//! Entitlements that are granted for the first time: made known, and made on the system where the model says so.

use std::{collections::BTreeMap, slice::from_ref};

use muster_app::Error;
use muster_connector::ConnectorError;
use muster_model::{Applied, Change, ObjectRef, Text};
use muster_plan::Kind;
use muster_store::Entitlement;

use super::{
    call::call,
    system::{State, SystemRun, Todo},
};
use crate::{
    account_change::{entitlement_object, group_attribute},
    target::new_entitlements,
};

impl SystemRun {
    /// As below, without making anything on the system: a person did that, or will.
    pub(super) async fn ensure_known(
        &self,
        state: &mut State,
        batch: &[Todo],
    ) -> Result<(), Error> {
        for todo in batch {
            let Kind::Grant { entitlement, name } = &todo.operation.kind else { continue };
            let kinds = &self.system.entitlements;
            let Some(kind) = kinds.iter().position(|kind| kind.name == *entitlement) else {
                continue;
            };
            let numbers = self.opened.names.systems.get(self.position);
            let kind_no = numbers.and_then(|names| names.kinds.get(kind).copied());
            let is_known = state.index.get(self.position, kind, name).is_some();
            let Some(kind_no) = kind_no.filter(|_| !is_known) else { continue };
            let mut tx = self.opened.store.begin().await?;
            let made = new_entitlements(&mut tx, self.system_no(), kind_no, from_ref(name)).await?;
            tx.commit().await?;
            for entitlement in made {
                state.index.insert(self.position, kind, entitlement);
            }
        }
        Ok(())
    }

    /// Makes entitlements known that are granted for the first time, and makes them on the system where the model says so.
    pub(super) async fn ensure_entitlements(
        &self,
        state: &mut State,
        batch: &[Todo],
    ) -> Result<(), Error> {
        let mut wanted: BTreeMap<usize, Vec<Text>> = BTreeMap::new();
        for todo in batch {
            let Kind::Grant { entitlement, name } = &todo.operation.kind else { continue };
            let Some(kind) =
                self.system.entitlements.iter().position(|kind| kind.name == *entitlement)
            else {
                continue;
            };
            let known = state.index.get(self.position, kind, name).is_some_and(|known| {
                let on_account = self
                    .system
                    .entitlements
                    .get(kind)
                    .is_some_and(|k| group_attribute(k).is_none());
                on_account
                    || (known.present && !known.native_name.is_empty())
                    || state.made.contains(&known.id)
            });
            let names = wanted.entry(kind).or_default();
            if !known && !names.contains(name) {
                names.push(name.clone());
            }
        }
        for (kind, names) in wanted.into_iter().filter(|(_, names)| !names.is_empty()) {
            self.make_entitlements(state, kind, &names).await?;
        }
        Ok(())
    }

    async fn make_entitlements(
        &self,
        state: &mut State,
        position: usize,
        names: &[Text],
    ) -> Result<(), Error> {
        let Some(kind) = self.system.entitlements.get(position) else { return Ok(()) };
        let mut answers: Vec<Result<Applied, ConnectorError>> =
            names.iter().map(|_| Ok(Applied::default())).collect();
        let objects: Vec<ObjectRef> = names
            .iter()
            .map(|name| ObjectRef {
                class: kind.object.clone(),
                id: "".into(),
                name: entitlement_object(&self.system, kind, name),
            })
            .collect();
        if group_attribute(kind).is_some() && kind.create {
            let changes: Vec<Change> = objects
                .iter()
                .map(|object| Change::Create {
                    object: object.clone(),
                    values: Vec::new(),
                    enabled: None,
                })
                .collect();
            let uncertain = vec![true; changes.len()];
            let made = call(state.connector.as_ref(), &mut state.pace, &changes, &uncertain).await;
            state.part.retried += made.retried;
            answers = made.results;
        }
        let numbers = self
            .opened
            .names
            .systems
            .get(self.position)
            .and_then(|names| Some((names.no, *names.kinds.get(position)?)));
        let Some((system_no, kind_no)) = numbers else { return Ok(()) };
        let mut tx = self.opened.store.begin().await?;
        let unknown: Vec<Text> = names
            .iter()
            .filter(|name| state.index.get(self.position, position, name).is_none())
            .cloned()
            .collect();
        for entitlement in new_entitlements(&mut tx, system_no, kind_no, &unknown).await? {
            state.index.insert(self.position, position, entitlement);
        }
        let mut saved = Vec::new();
        for ((name, object), answer) in names.iter().zip(&objects).zip(answers) {
            let Some(known) = state.index.get(self.position, position, name) else { continue };
            if let Ok(applied) = answer {
                let native_name = applied.name.unwrap_or_else(|| object.name.clone());
                let native_id = applied.id.unwrap_or_else(|| known.native_id.clone());
                saved.push(Entitlement { present: true, native_name, native_id, ..known.clone() });
                state.made.insert(known.id);
            }
        }
        tx.save_entitlements(&saved).await?;
        tx.commit().await?;
        for entitlement in saved {
            state.index.insert(self.position, position, entitlement);
        }
        Ok(())
    }
}
