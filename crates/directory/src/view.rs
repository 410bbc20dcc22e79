//! What one operation sees: the entries as they are now. Those looked at lately are kept while no fact changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use muster_app::{Error, Opened, decode_facts, entity_type, load_identities, load_world_near};
use muster_model::{AttributeKind, EntityId, Row, Text};
use muster_policy::{Evaluation, Holds, MemoryWorld, Right};
use muster_store::ReadTx;
use rustc_hash::FxHashMap;

use crate::{
    entry::{self, Attribute, Entry, Subject},
    index::{Index, linked},
    layout::{Layout, Node, Place, Target, bytes},
    name::below,
};

/// Entities kept in each of the two halves of the cache.
const KEPT: usize = 50_000;
/// Groups that somebody may be in.
const MOST_GROUPS: usize = 10_000;

/// A model and its directory.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) opened: Arc<Opened>,
    pub(crate) layout: Layout,
    cache: Mutex<Cache>,
    /// Whether the facts of an entity decide who sees it.
    keeps_rows: bool,
}

impl Served {
    /// `None` where the model has no directory.
    pub(crate) fn new(opened: Arc<Opened>) -> Option<Self> {
        let layout = Layout::new(opened.model.directory.as_ref()?, &opened.model);
        let rights = opened.model.roles.iter().filter_map(|role| role.muster.as_ref());
        let keeps_rows =
            rights.into_iter().any(|of| of.over.is_some() && of.may.contains(&Right::PeopleRead));
        Some(Self { opened, layout, cache: Mutex::default(), keeps_rows })
    }
}

/// The entries, as one operation sees them.
pub(crate) struct View<'s> {
    pub(crate) served: &'s Served,
    pub(crate) index: Arc<Index>,
    pub(crate) now: Timestamp,
    tx: ReadTx,
    version: i64,
}

impl<'s> View<'s> {
    pub(crate) async fn begin(
        served: &'s Served,
        index: Arc<Index>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut tx = served.opened.store.read().await?;
        let version = tx.facts_version().await?;
        Ok(Self { served, index, now, tx, version })
    }

    pub(crate) fn layout(&self) -> &'s Layout {
        &self.served.layout
    }

    pub(crate) fn opened(&self) -> &'s Opened {
        &self.served.opened
    }

    /// The entry of this name, if it is there.
    pub(crate) async fn entry(&mut self, target: &Target) -> Result<Option<Arc<Entry>>, Error> {
        match target {
            Target::Node(position) => {
                let node = self.layout().nodes.get(*position);
                Ok(node.map(|node| Arc::new(node_entry(*position, node))))
            }
            Target::Entry(place, naming) => {
                let Some(of) = self.layout().places.get(*place) else { return Ok(None) };
                if let Holds::Roles(_) = of.container.holds {
                    let roles = self.roles(*place).into_iter();
                    return Ok(roles.into_iter().find(|entry| is_named(entry, of, naming)));
                }
                let ids = self.equal(*place, &of.naming, naming).await?;
                let found = self.entities(*place, &ids).await?;
                Ok(found.into_iter().find(|entry| is_named(entry, of, naming)))
            }
            Target::Root | Target::Schema | Target::Client(_) | Target::Nothing(_) => Ok(None),
        }
    }

    /// The entity of a container that has this value as its name, shown or not.
    pub(crate) async fn named(
        &mut self,
        place: usize,
        naming: &str,
    ) -> Result<Option<EntityId>, Error> {
        let Some(of) = self.layout().places.get(place) else { return Ok(None) };
        let mut found = self.index.column(place, &of.naming).equal(naming);
        found.extend(self.holders(place, &of.naming, naming).await?);
        Ok(found.into_iter().min())
    }

    /// A name by which an entity signs in.
    pub(crate) async fn sign_in_name(&mut self, id: EntityId) -> Result<Option<Text>, Error> {
        let Some(row) = self.row(id).await? else { return Ok(None) };
        let model = &self.opened().model;
        let names = model.types.get(row.type_id.index()).map_or(&[][..], |of| &of.sign_in.names);
        Ok(names.iter().find_map(|slot| row.get(*slot).as_text()).cloned())
    }

    /// The key of an entity.
    pub(crate) async fn key(&mut self, id: EntityId) -> Result<Option<Text>, Error> {
        Ok(self.tx.entity(id).await?.map(|entity| entity.key))
    }

    /// Entities of a container whose attribute may have this value, in comparable form. Where the index is not right any more,
    /// the repository is asked too, so that those who are new are found.
    pub(crate) async fn equal(
        &mut self,
        place: usize,
        attribute: &str,
        value: &str,
    ) -> Result<Vec<EntityId>, Error> {
        let mut ids = self.index.column(place, attribute).equal(value);
        if !self.index.is_right(self.version, self.now) {
            ids.extend(self.holders(place, attribute, value).await?);
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// Entities that hold a value of a unique attribute, by the repository.
    async fn holders(
        &mut self,
        place: usize,
        attribute: &str,
        value: &str,
    ) -> Result<Vec<EntityId>, Error> {
        let unique = self.layout().places.get(place).and_then(Place::entities).and_then(|of| {
            let found =
                of.attributes.iter().find(|known| known.name.eq_ignore_ascii_case(attribute));
            Some((of.type_id, found?.unique?))
        });
        // No value that is kept has a zero byte.
        let Some((type_id, slot)) = unique.filter(|_| !value.contains('\0')) else {
            return Ok(Vec::new());
        };
        let Some(names) = self.opened().names.type_names(type_id) else { return Ok(Vec::new()) };
        let is_key = self.opened().model.schema.get(type_id).is_some_and(|of| of.key == slot);
        let value: Text = value.into();
        let found = match self.opened().names.attribute_no(type_id, slot) {
            _ if is_key => self.tx.entity_ids_by_key(names.no, &[value]).await?,
            Some(no) => self.tx.unique_value_holders(names.no, no, &[value]).await?,
            None => Vec::new(),
        };
        Ok(found.into_iter().flatten().collect())
    }

    /// Those of these entities that are shown in a container, in their order.
    pub(crate) async fn entities(
        &mut self,
        place: usize,
        ids: &[EntityId],
    ) -> Result<Vec<Arc<Entry>>, Error> {
        let mut found: Vec<Option<Arc<Entry>>> = Vec::with_capacity(ids.len());
        let mut missing = Vec::new();
        {
            let mut cache = self.served.cache.lock().unwrap_or_else(PoisonError::into_inner);
            for id in ids {
                let held = cache.get(*id).filter(|kept| kept.holds(self.version, self.now));
                if held.is_none() {
                    missing.push((found.len(), *id));
                }
                found.push(held.and_then(|kept| kept.entry));
            }
        }
        if !missing.is_empty() {
            let wanted: Vec<EntityId> = missing.iter().map(|(_, id)| *id).collect();
            let mut loaded: BTreeMap<EntityId, Kept> =
                self.load(place, &wanted).await?.into_iter().collect();
            let mut cache = self.served.cache.lock().unwrap_or_else(PoisonError::into_inner);
            for (at, id) in missing {
                let Some(kept) = loaded.remove(&id) else { continue };
                if let Some(slot) = found.get_mut(at) {
                    slot.clone_from(&kept.entry);
                }
                cache.put(id, kept);
            }
        }
        Ok(found.into_iter().flatten().filter(|entry| entry.place == Some(place)).collect())
    }

    /// Evaluates entities of a container.
    async fn load(
        &mut self,
        place: usize,
        ids: &[EntityId],
    ) -> Result<Vec<(EntityId, Kept)>, Error> {
        let Some((of, container)) =
            self.layout().places.get(place).and_then(|place| Some((place.entities()?, place)))
        else {
            return Ok(Vec::new());
        };
        let (opened, now, version) = (self.opened(), self.now, self.version);
        let world = Arc::new(load_world_near(&mut self.tx, opened, ids, now).await?);
        let changed: BTreeMap<EntityId, Timestamp> = {
            let entities = self.tx.entities(ids).await?.into_iter();
            let of_type = entities.filter(|e| entity_type(opened, e.type_no) == Some(of.type_id));
            of_type.map(|entity| (entity.id, entity.recorded_at)).collect()
        };
        let ids: Vec<EntityId> = changed.keys().copied().collect();
        let mut above = Above::default();
        let mut loaded = Vec::with_capacity(ids.len());
        for facts in load_identities(&mut self.tx, opened, of.type_id, &ids, now).await? {
            let id = facts.row.id;
            let evaluation = opened.evaluator.evaluate(&facts.identity(), world.as_ref(), now);
            let (shown, until) = entry::values(opened, of, &facts, &evaluation, &world, now);
            let made = shown.and_then(|values| {
                let name_of = |id| self.index.dn(self.layout(), id);
                entry::attributes(container, of, &values, &name_of)
            });
            let entry = match made {
                Some((naming, attributes)) => {
                    let dn = entry::dn(container, &naming);
                    let subject = Subject::Entity(id);
                    let class = entry::structural(container);
                    let mut operational =
                        entry::operational(&dn, class, subject, changed.get(&id).copied());
                    let direct = self.groups(&evaluation, &mut above).await?;
                    operational.extend(self.member_of(&direct, &mut above).await?);
                    let known = self
                        .served
                        .keeps_rows
                        .then(|| (evaluation.row, Arc::<MemoryWorld>::clone(&world)));
                    let place = Some(place);
                    Some(Arc::new(Entry {
                        dn,
                        subject,
                        place,
                        attributes,
                        operational,
                        direct,
                        known,
                    }))
                }
                None => None,
            };
            loaded.push((id, Kept { entry, version, from: now, until }));
        }
        Ok(loaded)
    }

    /// The groups that an entity is in itself.
    async fn groups(
        &mut self,
        evaluation: &Evaluation,
        above: &mut Above,
    ) -> Result<BTreeSet<Subject>, Error> {
        let held = evaluation.roles.iter().map(|held| held.role);
        let roles = held.filter(|role| self.layout().place_of_role(*role).is_some());
        let mut groups: BTreeSet<Subject> = roles.map(Subject::Role).collect();
        groups.extend(self.groups_of(&evaluation.row, above).await?);
        Ok(groups)
    }

    /// The groups of entities that an entity is in itself.
    async fn groups_of(
        &mut self,
        row: &Row,
        above: &mut Above,
    ) -> Result<BTreeSet<Subject>, Error> {
        if let Some(known) = above.0.get(&row.id) {
            return Ok(known.clone());
        }
        let mut groups = BTreeSet::new();
        for group in self.layout().groups() {
            for slot in &group.members {
                let attribute = self.opened().model.schema.attribute(group.type_id, *slot);
                match attribute.map(|attribute| (attribute.kind, attribute.value_type)) {
                    Some((AttributeKind::Inverse { of, slot }, _)) if of == row.type_id => {
                        groups.extend(row.get(slot).items().iter().filter_map(linked));
                    }
                    Some((AttributeKind::Inverse { .. }, _)) | None => {}
                    Some((_, to)) if to == muster_model::ValueType::Link(row.type_id) => {
                        let Some(no) = self.opened().names.attribute_no(group.type_id, *slot)
                        else {
                            continue;
                        };
                        let sources = self.tx.sources_of(no, row.id, None, MOST_GROUPS).await?;
                        groups.extend(sources.into_iter().map(Subject::Entity));
                    }
                    Some(_) => {}
                }
            }
        }
        above.0.insert(row.id, groups.clone());
        Ok(groups)
    }

    /// `memberOf`: these groups and those that they are in, as far as they are shown.
    async fn member_of(
        &mut self,
        direct: &BTreeSet<Subject>,
        above: &mut Above,
    ) -> Result<Option<Attribute>, Error> {
        let mut seen = direct.clone();
        let mut ahead: Vec<Subject> = direct.iter().copied().collect();
        while let Some(group) = ahead.pop() {
            let Subject::Entity(id) = group else { continue };
            let groups = match above.0.get(&id) {
                Some(known) => known.clone(),
                None => match self.row(id).await? {
                    Some(row) => self.groups_of(&row, above).await?,
                    None => BTreeSet::new(),
                },
            };
            if seen.len() < MOST_GROUPS {
                ahead.extend(groups.into_iter().filter(|group| seen.insert(*group)));
            }
        }
        let mut names: Vec<String> = seen.iter().filter_map(|group| self.dn(*group)).collect();
        names.sort_unstable();
        let values: Vec<_> = names.into_iter().map(Into::into).collect();
        Ok((!values.is_empty()).then(|| Attribute::new("memberOf", values)))
    }

    async fn row(&mut self, id: EntityId) -> Result<Option<Row>, Error> {
        let Some(entity) = self.tx.entity(id).await? else { return Ok(None) };
        let opened = self.opened();
        let Some(type_id) = entity_type(opened, entity.type_no) else { return Ok(None) };
        decode_facts(&opened.model, &opened.names, id, type_id, &entity.facts).map(Some)
    }

    /// The name of what is shown of something.
    pub(crate) fn dn(&self, subject: Subject) -> Option<String> {
        match subject {
            Subject::Entity(id) => self.index.dn(self.layout(), id),
            Subject::Role(role) => {
                let (_, place) = self.layout().place_of_role(role)?;
                let role = self.opened().model.roles.get(role)?;
                Some(below(&place.naming, &role.name, &place.dn))
            }
            Subject::Node(position) => {
                self.layout().nodes.get(position).map(|node| node.dn.clone())
            }
        }
    }

    /// The groups of a container that holds roles.
    pub(crate) fn roles(&self, place: usize) -> Vec<Arc<Entry>> {
        let Some(of) = self.layout().places.get(place) else { return Vec::new() };
        let Holds::Roles(roles) = &of.container.holds else { return Vec::new() };
        let made = roles.iter().filter_map(|(role, number)| {
            let subject = Subject::Role(*role);
            let (dn, role) = (self.dn(subject)?, self.opened().model.roles.get(*role)?);
            let mut classes = of.classes.clone();
            if number.is_some() && !of.has_class("posixGroup") {
                classes.push(bytes("posixGroup"));
            }
            let mut attributes = vec![
                Attribute::new("objectClass", classes),
                Attribute::new(&of.naming, vec![bytes(&role.name)]),
            ];
            if let Some(description) = role.description.as_deref().filter(|text| !text.is_empty()) {
                attributes.push(Attribute::new("description", vec![bytes(description)]));
            }
            if let Some(number) = number {
                attributes.push(Attribute::new("gidNumber", vec![number.to_string().into()]));
            }
            let operational = entry::operational(&dn, entry::structural(of), subject, None);
            let (place, direct, known) = (Some(place), BTreeSet::new(), None);
            Some(Arc::new(Entry { dn, subject, place, attributes, operational, direct, known }))
        });
        made.collect()
    }

    pub(crate) fn tx(&mut self) -> &mut ReadTx {
        &mut self.tx
    }

    pub(crate) fn version(&self) -> i64 {
        self.version
    }
}

/// The groups that groups are in, found out for several entities at once.
#[derive(Default)]
struct Above(BTreeMap<EntityId, BTreeSet<Subject>>);

fn is_named(entry: &Entry, place: &Place, naming: &str) -> bool {
    let named = entry.attribute(&place.naming);
    named.is_some_and(|attribute| {
        let first = attribute.values.first().and_then(|value| std::str::from_utf8(value).ok());
        first.is_some_and(|value| crate::name::fold(value) == naming)
    })
}

fn node_entry(position: usize, node: &Node) -> Entry {
    let subject = Subject::Node(position);
    let attributes =
        node.attributes.iter().map(|(name, values)| Attribute::new(name, values.clone())).collect();
    let class = match node.dn.split('=').next() {
        Some("dc") => "domain",
        Some("o") => "organization",
        Some(_) | None => "organizationalUnit",
    };
    let mut operational = entry::operational(&node.dn, class, subject, None);
    operational.push(Attribute::new("hasSubordinates", vec![bytes("TRUE")]));
    Entry {
        dn: node.dn.clone(),
        subject,
        place: None,
        attributes,
        operational,
        direct: BTreeSet::new(),
        known: None,
    }
}

/// An entity, evaluated at one state of the repository; without an entry when it is not shown.
#[derive(Debug, Clone)]
struct Kept {
    entry: Option<Arc<Entry>>,
    version: i64,
    from: Timestamp,
    until: Option<Timestamp>,
}

impl Kept {
    /// Whether it is still right: the same facts, and nothing became due in between.
    fn holds(&self, version: i64, now: Timestamp) -> bool {
        self.version == version && self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

/// What was looked at lately. When the young half is full, the old one is forgotten.
#[derive(Debug, Default)]
struct Cache {
    young: FxHashMap<EntityId, Kept>,
    old: FxHashMap<EntityId, Kept>,
}

impl Cache {
    fn get(&mut self, id: EntityId) -> Option<Kept> {
        if let Some(found) = self.young.get(&id) {
            return Some(found.clone());
        }
        let found = self.old.remove(&id)?;
        self.put(id, found.clone());
        Some(found)
    }

    fn put(&mut self, id: EntityId, kept: Kept) {
        if self.young.len() >= KEPT {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(id, kept);
    }
}
