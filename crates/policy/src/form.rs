//! Forms (`forms:`): what people enter about an entity, step by step, until it becomes a record.

use jiff::SignedDuration;
use muster_model::{Location, Slot, Text, TypeId};

use crate::Rule;

/// A form.
#[derive(Debug, Clone)]
pub struct Form {
    /// Its name in the model.
    pub name: Text,
    /// How it is shown to people; its name where nothing is said.
    pub title: Text,
    /// What it is for.
    pub description: Option<Text>,
    /// The type of what is entered.
    pub type_id: TypeId,
    /// The identity type of those who fill it in.
    pub people: TypeId,
    /// For which entities it can be begun, read of the entity and of `me`; `None` where it enters a new one.
    pub about: Option<Rule>,
    /// What is entered, in the order in which it is shown.
    pub fields: Vec<FormField>,
    /// By whom, in order. There is at least one.
    pub steps: Vec<FormStep>,
    /// How long a draft is kept on which nobody works.
    pub keep: SignedDuration,
    /// Where it is written.
    pub at: Location,
}

/// A field of a form: an attribute.
#[derive(Debug, Clone)]
pub struct FormField {
    /// The attribute.
    pub slot: Slot,
    /// How it is called on the form; the name of the attribute where nothing is said.
    pub label: Text,
    /// What has to be known to fill it in.
    pub help: Option<Text>,
    /// What stands there at first, read of `me`.
    pub default: Option<Rule>,
    /// To which entities a link may lead, read of the entity and of `me`; to those within reach where nothing is said.
    pub among: Option<Rule>,
}

/// A step of a form.
#[derive(Debug, Clone)]
pub struct FormStep {
    /// Its name.
    pub name: Text,
    /// How it is shown to people; its name where nothing is said.
    pub title: Text,
    /// Who does it.
    pub by: FormBy,
    /// True when nobody does it who did a step before.
    pub other: bool,
    /// What can be entered, by position of the field.
    pub fields: Vec<usize>,
    /// What has to be entered among it, by position of the field.
    pub required: Vec<usize>,
    /// What is shown besides, by position of the field.
    pub shows: Vec<usize>,
}

/// Who does a step.
#[derive(Debug, Clone)]
pub enum FormBy {
    /// Everybody for whom it holds, read of `me`; for first steps only.
    Who(Rule),
    /// Whoever has a role, by position.
    Role(usize),
    /// Somebody, by key or another unique value.
    Person(Text),
    /// Whom a field names, by its position.
    Field(usize),
    /// Whoever began.
    Starter,
    /// Whom a link of whoever began leads to.
    LinkOfStarter(Slot),
}

impl Form {
    /// Every expression in it.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        let of_fields =
            self.fields.iter().flat_map(|field| field.default.iter().chain(&field.among));
        let of_steps = self.steps.iter().filter_map(|step| match &step.by {
            FormBy::Who(rule) => Some(rule),
            FormBy::Role(_)
            | FormBy::Person(_)
            | FormBy::Field(_)
            | FormBy::Starter
            | FormBy::LinkOfStarter(_) => None,
        });
        self.about.iter().chain(of_fields).chain(of_steps)
    }

    /// Where a step stands. What was at a step that is not there any more begins anew.
    pub fn place(&self, step: &str) -> usize {
        self.steps.iter().position(|known| &*known.name == step).unwrap_or(0)
    }
}
