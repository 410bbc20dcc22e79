//! Everything that is kept about one person: facts with where they come from, accounts, access, requests, decisions, sign-ins.
//!
//! Never a secret, nor a hash of one, and of others no more than how they are named. What is about somebody else who took part, as
//! what a reviewer thought of others, is not here.

mod access;
mod facts;
mod sign_ins;

use muster_app::{Ctx, Error, Opened, person_of, resolve_person, subject_of};
use muster_model::{EntityId, Language, Text};

use super::part_of;
use crate::{
    Bar, Cell, Chart, Part, Question, Row, Total,
    reader::{Look, Opening},
};

/// Entries of a section at most, the newest ones.
const MOST: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Subject(Vec<Row>);

/// Whom it is about.
struct About {
    id: EntityId,
    /// The name by which they are found.
    key: String,
    /// How the journal names them.
    subject: Text,
}

/// What is said, section by section.
#[derive(Default)]
struct Told(Vec<Row>);

impl Told {
    /// Adds a line: section and item, value, origin, from when, until when.
    fn add(
        &mut self,
        (section, item): (&'static str, Cell),
        value: Cell,
        origin: Cell,
        times: [Cell; 2],
    ) {
        let [at, until] = times;
        self.0.push(vec![Cell::word(section), item, value, origin, at, until]);
    }
}

pub(crate) async fn open(
    ctx: Ctx,
    opened: Opened,
    question: &Question,
) -> Result<Opening<Subject>, Error> {
    let Some(person) = &question.person else {
        return Err(Error::invalid("whom the report is about is not said")
            .hint("--person names somebody by key or another unique attribute"));
    };
    let mut tx = opened.store.read().await?;
    let found = resolve_person(&ctx, &opened, &mut tx, person).await?;
    let about = About {
        id: found.row.id,
        key: found.key.to_string(),
        subject: subject_of(&opened.model, &found.row, &found.key),
    };
    let shown = person_of(&opened, &found.row, &found.key);
    let mut look = Look { ctx, opened, tx };
    let mut told = Told::default();
    let type_name = Cell::Text(shown.type_name);
    told.add(
        ("person", Cell::word("type")),
        type_name,
        Cell::Nothing,
        [Cell::Nothing, Cell::Nothing],
    );
    facts::tell(&mut look, &about, &mut told).await?;
    access::tell(&mut look, &about, &mut told).await?;
    sign_ins::tell(&mut look, &about, &mut told).await?;
    let language = question.language.unwrap_or(Language::English);
    let mut sections: Vec<Bar> = Vec::new();
    for row in &told.0 {
        let Some(section) = row.first() else { continue };
        let name: Text = section.shown(language).into();
        match sections.iter_mut().find(|bar| bar.name == name) {
            Some(bar) => bar.value += 1,
            None => sections.push(Bar { name, value: 1, part: 0 }),
        }
    }
    let totals =
        vec![Total { name: "entries", value: i64::try_from(told.0.len()).unwrap_or(i64::MAX) }];
    let chart = Chart::new("entries", None, sections);
    Ok(Opening { look, source: Subject(told.0), totals, chart })
}

impl Subject {
    pub(crate) fn rows(&self, after: i64, limit: usize) -> Part {
        part_of(&self.0, after, limit)
    }
}
