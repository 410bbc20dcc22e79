//! The promises of every connector, as tests that each connector runs.
//!
//! A connector's test builds a [`Subject`] on an empty system and calls [`run_all`]; each promise gets a fresh one.
//! ```ignore
//! let report = contract::run_all(async || Subject::new(connector, "account")).await;
//! report.assert_kept();
//! ```
//! What a connector does not claim in its capabilities must be refused, and then the promise counts as not claimed.
//! Speed, retries and real servers' oddities are not tested here.

use std::{any::Any, fmt, pin::Pin, sync::Arc};

use muster_model::{Text, Value};

use crate::Connector;

mod changes;
mod honesty;
mod members;
mod reads;
mod steps;

pub use changes::{
    a_failing_change_does_not_stop_the_others, changes_to_one_object_happen_in_order,
    create_is_not_upsert, created_objects_can_be_fetched, delete_twice_is_fine,
    enabling_and_disabling_is_seen, rename_keeps_the_values, rename_onto_another_is_refused,
    several_values_are_kept_as_a_set, update_sets_and_clears, update_twice_is_once,
};
pub use honesty::{
    names_compare_as_claimed, special_characters_survive, testing_changes_nothing,
    unknown_objects_are_not_found, what_is_not_claimed_is_refused,
};
pub use members::members_are_added_and_removed;
pub use reads::{
    a_cut_read_is_incomplete, a_read_yields_everything, a_refusing_sink_stops_the_read,
    batches_are_not_larger_than_asked, incremental_reads_yield_what_changed,
};

/// Makes the name of an object from a simple word: `ada` → `uid=ada,ou=people`.
pub type NameOf = Arc<dyn Fn(&str) -> Text + Send + Sync>;

/// The values that an object of that word cannot be created without.
pub type ValuesOf = Arc<dyn Fn(&str) -> Vec<(Text, Value)> + Send + Sync>;

/// A connector on an empty system and what the promises must know about it.
pub struct Subject {
    /// The connector.
    pub connector: Arc<dyn Connector>,
    /// The class of the accounts.
    pub class: Text,
    /// Makes an account's name.
    pub name: NameOf,
    /// What an account needs.
    pub required: ValuesOf,
    /// Two attributes that hold one text each and may be empty.
    pub texts: [Text; 2],
    /// An attribute that holds several texts and may be empty.
    pub many: Option<Text>,
    /// Groups, where the connector claims members.
    pub group: Option<GroupSubject>,
    /// Makes every following read break off half way; `None` when the test cannot do that.
    pub cut: Option<Arc<dyn Fn() + Send + Sync>>,
    /// True when the system is known to refuse some texts; then a refusal is as good as keeping them.
    pub may_refuse_texts: bool,
    /// Keeps folders and servers alive as long as the subject.
    pub hold: Box<dyn Any + Send + Sync>,
}

/// What the promises must know about groups.
pub struct GroupSubject {
    /// The class of groups.
    pub class: Text,
    /// Makes a group's name.
    pub name: NameOf,
    /// What a group needs.
    pub required: ValuesOf,
    /// The attribute that holds the names of members.
    pub members: Text,
}

impl Subject {
    /// A subject whose names are the words themselves, without required values, with the attributes `title`, `town`
    /// and `tags`, without groups.
    pub fn new(connector: Arc<dyn Connector>, class: &str) -> Self {
        Self {
            connector,
            class: class.into(),
            name: Arc::new(|word| word.into()),
            required: Arc::new(|_| Vec::new()),
            texts: ["title".into(), "town".into()],
            many: Some("tags".into()),
            group: None,
            cut: None,
            may_refuse_texts: false,
            hold: Box::new(()),
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("connector", &self.connector).finish_non_exhaustive()
    }
}

impl fmt::Debug for GroupSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupSubject").field("class", &self.class).finish_non_exhaustive()
    }
}

/// How a promise turned out when it was not broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was kept.
    Kept,
    /// It does not apply: the connector does not claim the ability, or the subject lacks the means.
    NotClaimed,
}

/// What a promise answers: a verdict, or how it was broken.
pub type Outcome = Result<Verdict, String>;

/// How all promises turned out.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Each promise by its name, in the order in which they ran.
    pub outcomes: Vec<(&'static str, Outcome)>,
}

impl Report {
    /// The promises that were broken.
    pub fn broken(&self) -> Vec<&'static str> {
        self.outcomes
            .iter()
            .filter(|(_, outcome)| outcome.is_err())
            .map(|(name, _)| *name)
            .collect()
    }

    /// Fails the test with the list of promises when one was broken.
    pub fn assert_kept(&self) {
        assert!(self.broken().is_empty(), "the connector breaks its contract\n{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, outcome) in &self.outcomes {
            match outcome {
                Ok(Verdict::Kept) => writeln!(f, "kept         {name}")?,
                Ok(Verdict::NotClaimed) => writeln!(f, "not claimed  {name}")?,
                Err(how) => writeln!(f, "BROKEN       {name}: {how}")?,
            }
        }
        Ok(())
    }
}

type Promise = for<'s> fn(&'s Subject) -> Pin<Box<dyn Future<Output = Outcome> + Send + 's>>;

macro_rules! promises {
    ($($promise:ident),* $(,)?) => {
        &[$((stringify!($promise), |subject| Box::pin($promise(subject)))),*]
    };
}

/// Every promise by its name, simple ones first.
const PROMISES: &[(&str, Promise)] = promises![
    testing_changes_nothing,
    created_objects_can_be_fetched,
    create_is_not_upsert,
    update_sets_and_clears,
    update_twice_is_once,
    several_values_are_kept_as_a_set,
    rename_keeps_the_values,
    rename_onto_another_is_refused,
    enabling_and_disabling_is_seen,
    delete_twice_is_fine,
    a_failing_change_does_not_stop_the_others,
    changes_to_one_object_happen_in_order,
    members_are_added_and_removed,
    a_read_yields_everything,
    batches_are_not_larger_than_asked,
    a_refusing_sink_stops_the_read,
    a_cut_read_is_incomplete,
    incremental_reads_yield_what_changed,
    unknown_objects_are_not_found,
    names_compare_as_claimed,
    special_characters_survive,
    what_is_not_claimed_is_refused,
];

/// Runs every promise, each with a subject of its own.
pub async fn run_all(fresh: impl AsyncFn() -> Subject) -> Report {
    let mut report = Report::default();
    for (name, promise) in PROMISES {
        let subject = fresh().await;
        report.outcomes.push((*name, promise(&subject).await));
    }
    report
}
