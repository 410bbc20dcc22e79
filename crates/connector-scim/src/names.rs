//! Names and ids of what can be a member of a group: groups hold ids there, and names in the model.
//!
//! What was read, created or looked up is remembered; nothing is lost when it is forgotten.

use std::{
    collections::{HashMap, HashSet},
    sync::{PoisonError, RwLock},
};

use muster_connector::ConnectorError;
use muster_model::Text;
use serde_json::Value as Json;

use crate::{
    class::Class,
    find,
    pages::{Query, Take, walk},
    service::{Service, id_of},
};

/// With more unknown names than this, all are listed at once.
const FEW: usize = 20;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: RwLock<Known>,
    /// Held while all are listed.
    listing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    ids: HashMap<String, Text>,
    names: HashMap<Text, Text>,
    /// Ids of members that are none of these objects, such as groups in groups.
    strangers: HashSet<Text>,
}

impl Names {
    /// Remembers that the object with `id` is called `name`.
    pub(crate) fn note(&self, id: &Text, name: &Text) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.strangers.remove(id);
        let former = known.names.insert(id.clone(), name.clone());
        if let Some(former) = former.filter(|former| former != name) {
            known.ids.remove(&former.to_lowercase());
        }
        known.ids.insert(name.to_lowercase(), id.clone());
    }

    /// Forgets the object with `id`.
    pub(crate) fn forget(&self, id: &str) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = known.names.remove(id) {
            known.ids.remove(&name.to_lowercase());
        }
    }

    /// The name of the object with `id`.
    pub(crate) fn name_of(&self, id: &str) -> Option<Text> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).names.get(id).cloned()
    }

    fn id_of(&self, name: &str) -> Option<Text> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.ids.get(&name.to_lowercase()).cloned()
    }

    /// The ids of these names, `None` for those that nobody has.
    pub(crate) async fn ids(
        &self,
        service: &Service,
        names: &[Text],
    ) -> Result<Vec<Option<Text>>, ConnectorError> {
        let class = service.class(&service.settings.member_class).await?;
        let unknown: Vec<&Text> = names.iter().filter(|name| self.id_of(name).is_none()).collect();
        if unknown.len() > FEW {
            self.list(service).await?;
        } else {
            for name in unknown {
                if let Some(found) = find::by_name(service, &class, name).await? {
                    self.note_resource(&class, &found);
                }
            }
        }
        Ok(names.iter().map(|name| self.id_of(name)).collect())
    }

    /// Makes sure that the names of these ids are known, as far as they can be.
    pub(crate) async fn know(&self, service: &Service, ids: &[Text]) -> Result<(), ConnectorError> {
        if self.unknown(ids).is_empty() {
            return Ok(());
        }
        self.list(service).await?;
        // They are not looked for again with every group.
        let strangers = self.unknown(ids);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.strangers.extend(strangers);
        Ok(())
    }

    fn unknown(&self, ids: &[Text]) -> Vec<Text> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let is_unknown =
            |id: &&Text| !known.names.contains_key(*id) && !known.strangers.contains(*id);
        ids.iter().filter(is_unknown).cloned().collect()
    }

    /// Lists all of them. A list that is not complete is an error, as names would be missing.
    async fn list(&self, service: &Service) -> Result<(), ConnectorError> {
        let _listing = self.listing.lock().await;
        let class = service.class(&service.settings.member_class).await?;
        let quirks = service.quirks().await?;
        let selection = Some(("attributes", class.name.to_string()));
        let (page_size, cursors) = (quirks.page_size, quirks.cursors);
        let query = Query { class: &class, filter: None, selection, page_size, cursors };
        let mut taker = Taker { names: self, class: &class };
        match walk(service, &query, &mut taker).await? {
            None => Ok(()),
            Some(problem) => Err(ConnectorError::Unreachable(format!(
                "the names of members cannot be listed: {problem}"
            ))),
        }
    }

    fn note_resource(&self, class: &Class, resource: &Json) {
        if let (Some(id), Some(name)) = (id_of(resource), find::name_of(class, resource)) {
            self.note(&id, &name);
        }
    }
}

struct Taker<'a> {
    names: &'a Names,
    class: &'a Class,
}

impl Take for Taker<'_> {
    async fn take(&mut self, resources: Vec<Json>) -> Result<(), ConnectorError> {
        for resource in &resources {
            self.names.note_resource(self.class, resource);
        }
        Ok(())
    }
}
