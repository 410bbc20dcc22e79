//! What applications ask: may this subject do this to that. Answered from the rules of access and from what the
//! repository knows now; nothing is written.

mod answer;
mod known;
mod lacking;
mod search;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::Timestamp;
use muster_decision::{Question, Resource, Rules, Subject};
use muster_lang::World;
use muster_model::{EntityId, Row, Slot, Text, TypeId};
use muster_policy::{MemoryWorld, Model};
use muster_store::ReadTx;

use self::known::{Cache, Key};
use crate::{Error, Opened};

pub use self::{
    answer::{AccessAnswer, RuleNamed, RuleNeeded},
    known::Known,
    lacking::{Lacking, lacking_roles, question_digest},
    search::{Found, SearchPage, search_actions, search_resources, search_subjects},
};
pub use muster_decision::Properties;

/// A question as an application puts it.
#[derive(Debug, Clone, Default)]
pub struct AccessQuestion {
    /// The subject's type. One that is not the name of an identity type stands for all of them.
    pub subject_type: Text,
    /// The subject's id: its key, or the value of another unique attribute.
    pub subject: Text,
    /// What the application says of the subject.
    pub subject_properties: Properties,
    /// The action.
    pub action: Text,
    /// The resource's type: `app.type`, or `type` where no other application has one of that name.
    pub resource_type: Text,
    /// The resource's id.
    pub resource: Text,
    /// What the application says of the resource.
    pub resource_properties: Properties,
    /// What it says of the circumstances.
    pub environment: Properties,
}

/// When a list of questions has been answered far enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Until {
    /// When all of it is.
    #[default]
    Done,
    /// After the first that is denied.
    Denied,
    /// After the first that is allowed.
    Allowed,
}

/// How much an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// Names of rules and what is lacking: what an application may know.
    #[default]
    Names,
    /// Also the values that the deciding rule read, which are attributes of people: what those who run Muster may know.
    Values,
}

/// The rules of a project and the subjects that were asked about lately. Made with the project, for its model.
pub struct Decider {
    model: Arc<Model>,
    rules: OnceLock<Rules>,
    cache: Mutex<Cache>,
}

impl Decider {
    pub(crate) fn new(model: Arc<Model>) -> Arc<Self> {
        Arc::new(Self { model, rules: OnceLock::new(), cache: Mutex::default() })
    }

    /// The rules, prepared when they are first asked.
    pub fn rules(&self) -> &Rules {
        self.rules.get_or_init(|| Rules::new(Arc::clone(&self.model)))
    }
}

impl std::fmt::Debug for Decider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decider").finish_non_exhaustive()
    }
}

impl Opened {
    /// The rules of access, prepared.
    pub fn decider(&self) -> &Decider {
        &self.decider
    }
}

/// Answers questions in their order, from one state of the repository as of `now`.
pub async fn decide(
    opened: &Opened,
    now: Timestamp,
    questions: &[AccessQuestion],
    until: Until,
    detail: Detail,
) -> Result<Vec<AccessAnswer>, Error> {
    let mut asking = Asking::begin(opened, now).await?;
    let mut answers = Vec::with_capacity(questions.len());
    for question in questions {
        let subject = asking.subject(&question.subject_type, &question.subject).await?;
        let resource = asking.resource(question).await?;
        let answer = asking.with(question, subject.as_deref(), resource.as_deref(), |rules, q| {
            answer::answer(rules, q, &rules.decide(q), detail)
        });
        let allowed = answer.allowed;
        answers.push(answer);
        match until {
            Until::Denied if !allowed => break,
            Until::Allowed if allowed => break,
            Until::Done | Until::Denied | Until::Allowed => {}
        }
    }
    Ok(answers)
}

/// An identity as evaluated now, by its id; `None` when there is none. It is kept while no fact changed and nothing was due, so
/// that asking again costs one look at the version of the facts.
pub async fn known_identity(
    opened: &Opened,
    now: Timestamp,
    id: EntityId,
) -> Result<Option<Arc<Known>>, Error> {
    Asking::begin(opened, now).await?.identity(id).await
}

/// Questions that are answered from one state of the repository.
struct Asking<'o> {
    opened: &'o Opened,
    tx: ReadTx,
    version: i64,
    now: Timestamp,
}

impl<'o> Asking<'o> {
    async fn begin(opened: &'o Opened, now: Timestamp) -> Result<Self, Error> {
        let mut tx = opened.store.read().await?;
        let version = tx.facts_version().await?;
        Ok(Self { opened, tx, version, now })
    }

    fn rules(&self) -> &'o Rules {
        self.opened.decider.rules()
    }

    /// The subject of this type and id, if the repository knows it.
    async fn subject(&mut self, type_name: &str, id: &str) -> Result<Option<Arc<Known>>, Error> {
        let types = identity_types(&self.opened.model, type_name);
        self.known(&types, id).await
    }

    /// The entity that the resource of a question is, for types whose resources are entities.
    async fn resource(&mut self, question: &AccessQuestion) -> Result<Option<Arc<Known>>, Error> {
        let place = self.rules().place(&question.resource_type);
        let Some(entity) = place.and_then(|place| self.rules().entity(place)) else {
            return Ok(None);
        };
        self.known(&[entity], &question.resource).await
    }

    /// Somebody or something of one of these types, from memory while no fact changed and nothing was due.
    async fn known(&mut self, types: &[TypeId], id: &str) -> Result<Option<Arc<Known>>, Error> {
        if types.is_empty() || id.is_empty() {
            return Ok(None);
        }
        let one = if let [one] = types { Some(*one) } else { None };
        let key = Key::Asked(one, Text::from(id));
        if let Some(held) = self.kept(&key) {
            return Ok(Some(held));
        }
        let found =
            known::load(&mut self.tx, self.opened, types, id, self.version, self.now).await?;
        Ok(found.map(|found| self.keep(key, found)))
    }

    /// As [`Asking::known`], by the id of the entity.
    async fn identity(&mut self, id: EntityId) -> Result<Option<Arc<Known>>, Error> {
        let key = Key::Entity(id);
        if let Some(held) = self.kept(&key) {
            return Ok(Some(held));
        }
        let found = known::load_one(&mut self.tx, self.opened, id, self.version, self.now).await?;
        Ok(found.map(|found| self.keep(key, found)))
    }

    fn kept(&self, key: &Key) -> Option<Arc<Known>> {
        let cache = &self.opened.decider.cache;
        let held = cache.lock().unwrap_or_else(PoisonError::into_inner).get(key);
        held.filter(|held| held.holds(self.version, self.now))
    }

    fn keep(&self, key: Key, found: Known) -> Arc<Known> {
        let found = Arc::new(found);
        let cache = &self.opened.decider.cache;
        cache.lock().unwrap_or_else(PoisonError::into_inner).put(key, Arc::clone(&found));
        found
    }

    /// Evaluates entities of a type.
    async fn load_some(&mut self, type_id: TypeId, ids: &[EntityId]) -> Result<Vec<Known>, Error> {
        known::load_some(&mut self.tx, self.opened, type_id, ids, self.version, self.now).await
    }

    /// Whether a question is allowed.
    fn allows(
        &self,
        question: &AccessQuestion,
        subject: Option<&Known>,
        resource: Option<&Known>,
    ) -> bool {
        self.with(question, subject, resource, |rules, question| rules.decide(question).allowed)
    }

    /// Calls `use_it` with the question as the rules take it.
    fn with<T>(
        &self,
        question: &AccessQuestion,
        subject: Option<&Known>,
        resource: Option<&Known>,
        use_it: impl FnOnce(&Rules, &Question<'_>) -> T,
    ) -> T {
        let empty = MemoryWorld::default();
        let worlds = Worlds([subject, resource].map(|known| {
            known.map_or((None, &empty), |known| (Some(known.row()), known.world.as_ref()))
        }));
        let rules = self.rules();
        let question = Question {
            subject: Subject {
                holder: subject.map(|known| &known.holder),
                type_name: &question.subject_type,
                id: &question.subject,
                properties: &question.subject_properties,
            },
            action: &question.action,
            resource: Resource {
                type_name: &question.resource_type,
                id: &question.resource,
                properties: &question.resource_properties,
                row: resource.map(Known::row),
            },
            environment: &question.environment,
            world: &worlds,
            now: self.now,
        };
        use_it(rules, &question)
    }
}

/// The identity types that a subject's type stands for.
fn identity_types(model: &Model, name: &str) -> Vec<TypeId> {
    let identities = model.schema.types.iter().filter(|entity_type| entity_type.identity);
    match identities.clone().find(|entity_type| &*entity_type.name == name) {
        Some(one) => vec![one.id],
        None => identities.map(|entity_type| entity_type.id).collect(),
    }
}

/// What the links of the subject and of the resource lead to, and the two themselves.
struct Worlds<'a>([(Option<&'a Row>, &'a MemoryWorld); 2]);

impl World for Worlds<'_> {
    fn row(&self, id: EntityId) -> Option<&Row> {
        let own = self.0.iter().filter_map(|(row, _)| *row).find(|row| row.id == id);
        own.or_else(|| self.0.iter().find_map(|(_, world)| world.row(id)))
    }

    fn inverse(&self, id: EntityId, of: TypeId, slot: Slot) -> &[EntityId] {
        let both = self.0.iter().map(|(_, world)| world.inverse(id, of, slot));
        both.max_by_key(|sources| sources.len()).unwrap_or_default()
    }
}
