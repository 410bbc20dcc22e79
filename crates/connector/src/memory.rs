//! A connector whose system is memory: for tests, benchmarks and the demo.
//!
//! It keeps every promise of the contract, counts and can log its calls, and is fast enough for a million objects.
//! It imitates no real system: there are no schemas, no required attributes and no delays; for faults see `Chaos`.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use muster_model::{
    Applied, Capabilities, Change, NameRule, Object, ObjectRef, Text, Value, ValueType,
};

use crate::{
    Connector, ConnectorError, Discovered, DiscoveredClass, Field, ReadEnd, ReadObject,
    ReadRequest, Sink, refuse_unclaimed,
};

mod table;

use table::Table;

/// How a [`MemoryConnector`] behaves.
#[derive(Debug, Clone, Copy)]
pub struct MemoryOptions {
    /// What it claims to be able to do, and does.
    pub capabilities: Capabilities,
    /// True when each call is kept for [`MemoryConnector::calls`]; costs a copy of each change.
    pub log: bool,
}

impl Default for MemoryOptions {
    /// Everything, with exact names and typed values, without a log.
    fn default() -> Self {
        Self {
            capabilities: Capabilities {
                read: true,
                create: true,
                update: true,
                rename: true,
                enable: true,
                delete: true,
                members: true,
                incremental: true,
                text_only: false,
                names: NameRule::Exact,
                parallel: 8,
            },
            log: false,
        }
    }
}

/// A call that a [`MemoryConnector`] took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `test`
    Test,
    /// `discover`
    Discover,
    /// `read` of a class
    Read(ReadRequest),
    /// `get` of an object
    Get(ObjectRef),
    /// `apply` of changes
    Apply(Vec<Change>),
}

/// How many calls a [`MemoryConnector`] took, by what they asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// `read` calls.
    pub reads: u64,
    /// Objects that reads handed over.
    pub objects_read: u64,
    /// `get` calls.
    pub gets: u64,
    /// `apply` calls.
    pub applies: u64,
    /// Objects to create.
    pub creates: u64,
    /// Objects to update.
    pub updates: u64,
    /// Objects to rename.
    pub renames: u64,
    /// Objects to enable or disable.
    pub enables: u64,
    /// Objects to delete.
    pub deletes: u64,
    /// Membership changes, each for many members.
    pub members: u64,
}

impl Counters {
    /// Changes of every kind.
    pub fn changes(&self) -> u64 {
        self.creates + self.updates + self.renames + self.enables + self.deletes + self.members
    }

    fn count(&mut self, change: &Change) {
        let counter = match change {
            Change::Create { .. } => &mut self.creates,
            Change::Update { .. } => &mut self.updates,
            Change::Rename { .. } => &mut self.renames,
            Change::SetEnabled { .. } => &mut self.enables,
            Change::Delete { .. } => &mut self.deletes,
            Change::Members { .. } => &mut self.members,
        };
        *counter += 1;
    }
}

#[derive(Debug, Default)]
struct State {
    classes: BTreeMap<Text, Table>,
    counters: Counters,
    calls: Vec<Call>,
    /// Reads break off after this many objects.
    cut_after: Option<usize>,
    /// Counts changes; the cursor of an incremental read.
    clock: u64,
}

/// A system in memory. Clones of the `Arc` around it are the same system.
#[derive(Debug, Default)]
pub struct MemoryConnector {
    options: MemoryOptions,
    state: Mutex<State>,
}

impl MemoryConnector {
    /// An empty system.
    pub fn new(options: MemoryOptions) -> Self {
        Self { options, state: Mutex::default() }
    }

    /// Puts an object there behind Muster's back, in place of one of that name; not counted and not logged.
    pub fn put(&self, class: &str, name: &str, values: &[(&str, Value)], enabled: Option<bool>) {
        let mut state = self.lock();
        let values: Vec<(Text, Value)> =
            values.iter().map(|(name, value)| (Text::from(*name), value.clone())).collect();
        let (table, clock) = state.table(class);
        let rules = self.options.capabilities;
        table.remove(&rules, &by_name(class, name), clock);
        // The name is free now, so it cannot be taken.
        drop(table.create(&rules, &name.into(), &values, enabled, clock));
    }

    /// Takes an object away behind Muster's back; not counted and not logged.
    pub fn remove(&self, class: &str, name: &str) {
        let mut state = self.lock();
        let (table, clock) = state.table(class);
        table.remove(&self.options.capabilities, &by_name(class, name), clock);
    }

    /// How many objects a class has.
    pub fn len(&self, class: &str) -> usize {
        self.lock().classes.get(class).map_or(0, Table::len)
    }

    /// True when a class has no objects.
    pub fn is_empty(&self, class: &str) -> bool {
        self.len(class) == 0
    }

    /// Everything in it, one line per object in the order of class and name, for comparisons in tests.
    ///
    /// `account ada on mail=a@x tags=[x, y]`; attributes without a value are left out.
    pub fn dump(&self) -> String {
        let state = self.lock();
        let lines: Vec<String> = state.classes.values().flat_map(Table::dump).collect();
        lines.join("\n")
    }

    /// The calls so far, if they are logged.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// How many calls came so far.
    pub fn counters(&self) -> Counters {
        self.lock().counters
    }

    /// Forgets the calls and sets the counters to zero.
    pub fn reset_counters(&self) {
        let mut state = self.lock();
        state.counters = Counters::default();
        state.calls.clear();
    }

    /// Lets every following read break off after `n` objects; `None` lets them end well again.
    pub fn cut_reads_after(&self, n: Option<usize>) {
        self.lock().cut_after = n;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves whole objects: each change is done under one lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, count: impl FnOnce(&mut Counters), call: impl FnOnce() -> Call) {
        let mut state = self.lock();
        count(&mut state.counters);
        if self.options.log {
            let call = call();
            state.calls.push(call);
        }
    }

    fn change(&self, state: &mut State, change: &Change) -> Result<Applied, ConnectorError> {
        let rules = &self.options.capabilities;
        state.counters.count(change);
        if let Some(refusal) = refuse_unclaimed(rules, change) {
            return Err(refusal);
        }
        let class = change.object().class.clone();
        let (table, clock) = state.table(&class);
        match change {
            Change::Create { object, values, enabled } => {
                table.create(rules, &object.name, values, *enabled, clock)
            }
            Change::Update { object, values } => table.update(rules, object, values, clock),
            Change::Rename { object, to } => table.rename(rules, object, to, clock),
            Change::SetEnabled { object, enabled } => {
                table.set_enabled(rules, object, *enabled, clock)
            }
            Change::Delete { object } => {
                table.remove(rules, object, clock);
                Ok(Applied::default())
            }
            Change::Members { object, attribute, add, remove } => {
                table.members(rules, object, attribute, (add, remove), clock)
            }
        }
    }
}

impl State {
    /// The objects of a class and the next tick of the clock.
    fn table(&mut self, class: &str) -> (&mut Table, u64) {
        self.clock += 1;
        let table = self.classes.entry(class.into()).or_insert_with(|| Table::new(class.into()));
        (table, self.clock)
    }
}

fn by_name(class: &str, name: &str) -> ObjectRef {
    ObjectRef { class: class.into(), id: "".into(), name: name.into() }
}

#[async_trait]
impl Connector for MemoryConnector {
    fn capabilities(&self) -> Capabilities {
        self.options.capabilities
    }

    async fn test(&self) -> Result<String, ConnectorError> {
        self.note(|_| (), || Call::Test);
        let n_objects: usize = self.lock().classes.values().map(Table::len).sum();
        Ok(format!("{n_objects} objects in memory"))
    }

    async fn discover(&self) -> Result<Discovered, ConnectorError> {
        self.note(|_| (), || Call::Discover);
        let state = self.lock();
        let classes = state.classes.iter().map(|(name, table)| DiscoveredClass {
            name: name.clone(),
            attributes: table
                .attributes()
                .map(|attribute| (attribute.clone(), ValueType::Text, false, false))
                .collect(),
        });
        Ok(Discovered { classes: classes.collect() })
    }

    async fn read(
        &self,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        self.note(|counters| counters.reads += 1, || Call::Read(request.clone()));
        let since = if self.options.capabilities.incremental {
            request.since.as_ref().and_then(|cursor| cursor.parse::<u64>().ok())
        } else {
            None
        };
        let (cut_after, cursor) = {
            let state = self.lock();
            (state.cut_after.unwrap_or(usize::MAX), state.clock)
        };
        let mut n_left = cut_after;
        let mut next = 0;
        let mut is_cut = false;
        loop {
            let (objects, after) = {
                let mut state = self.lock();
                let size = request.batch.max(1).min(n_left);
                let (objects, after) = match state.classes.get(&request.class) {
                    Some(table) => table.batch(next, since, size, &request.fields),
                    None => (Vec::new(), None),
                };
                state.counters.objects_read += objects.len() as u64;
                (objects, after)
            };
            n_left -= objects.len().min(n_left);
            if !objects.is_empty() {
                let read = objects.into_iter().map(|object| ReadObject { object, line: 0 });
                sink.objects(read.collect()).await?;
            }
            match after {
                Some(position) if n_left > 0 => next = position,
                rest => {
                    is_cut |= rest.is_some() || cut_after == 0;
                    break;
                }
            }
        }
        let state = self.lock();
        let deleted = match (since, state.classes.get(&request.class)) {
            (Some(since), Some(table)) => table.deleted_since(since),
            (Some(_) | None, _) => Vec::new(),
        };
        Ok(ReadEnd {
            complete: !is_cut,
            incremental: since.is_some(),
            cursor: (self.options.capabilities.incremental && !is_cut)
                .then(|| cursor.to_string().into()),
            deleted,
            problem: is_cut.then(|| format!("the read was cut after {cut_after} objects")),
        })
    }

    async fn get(
        &self,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        self.note(|counters| counters.gets += 1, || Call::Get(object.clone()));
        let state = self.lock();
        let rules = &self.options.capabilities;
        Ok(state.classes.get(&object.class).and_then(|table| table.get(rules, object, fields)))
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        self.note(|counters| counters.applies += 1, || Call::Apply(changes.to_vec()));
        let mut state = self.lock();
        changes.iter().map(|change| self.change(&mut state, change)).collect()
    }
}

#[cfg(test)]
mod tests;
