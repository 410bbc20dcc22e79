//! How much harm people could do with what they hold: a score from 0 to 100, and what it comes from.

use muster_app::{Ctx, Error, Opened, Page, Person, everybody_in, person_of, resolve_person};
use muster_policy::{Evaluation, RiskSource};

use crate::people::People;

/// What a place in the list leaves for the number of the entity: places are in order of score, then of number.
const NUMBERS: i64 = 1 << 48;

/// The risk of somebody.
#[derive(Debug, Clone)]
pub struct RiskView {
    /// Who.
    pub person: Person,
    /// From 0 to 100.
    pub score: u8,
    /// What it comes from, the greatest first.
    pub parts: Vec<RiskPartView>,
}

/// One thing that adds to a risk.
#[derive(Debug, Clone)]
pub struct RiskPartView {
    /// `role`, `conflict` or `exception`.
    pub kind: &'static str,
    /// The role or the conflict.
    pub name: muster_model::Text,
    /// How much by itself, from 1 to 100.
    pub risk: u8,
}

/// How much harm somebody could do.
///
/// # Errors
///
/// `NotFound` for an unknown person.
pub async fn see_risk(ctx: &Ctx, opened: &Opened, person: &str) -> Result<RiskView, Error> {
    let mut tx = opened.store.read().await?;
    let id = resolve_person(ctx, opened, &mut tx, person).await?.row.id;
    let people = People::load(opened, &mut tx, [id].into(), ctx.now()).await?;
    let found = people.need(id)?;
    Ok(view(opened, &found.evaluation, person_of(opened, &found.evaluation.row, &found.facts.key)))
}

/// Those who could do harm, the greatest score first.
///
/// # Errors
///
/// When the repository cannot be read.
pub async fn list_risks(
    ctx: &Ctx,
    opened: &Opened,
    after: Option<i64>,
    limit: usize,
) -> Result<Page<RiskView>, Error> {
    let mut tx = opened.store.read().await?;
    let mut all = std::collections::BTreeMap::new();
    let mut more = false;
    everybody_in(ctx, &mut tx, opened, |_, facts, evaluation| {
        let score = opened.evaluator.risk(&evaluation).score;
        let place = (100 - i64::from(score)) * NUMBERS + facts.row.id.0;
        if score == 0 || after.is_some_and(|after| place <= after) {
            return;
        }
        all.insert(place, (facts, evaluation));
        if all.len() > limit {
            more = true;
            all.pop_last();
        }
    })
    .await?;
    let next = all.last_key_value().filter(|_| more).map(|(place, _)| *place);
    let items = all.into_values().map(|(facts, evaluation)| {
        view(opened, &evaluation, person_of(opened, &evaluation.row, &facts.key))
    });
    Ok(Page { items: items.collect(), next })
}

fn view(opened: &Opened, evaluation: &Evaluation, person: Person) -> RiskView {
    let risk = opened.evaluator.risk(evaluation);
    let role = |at: usize| opened.model.roles.get(at).map(|role| role.name.clone());
    let conflict = |at: usize| opened.model.conflicts.get(at).map(|of| of.name.clone());
    let parts = risk.parts.iter().filter_map(|part| {
        let (kind, name) = match part.source {
            RiskSource::Role(at) => ("role", role(at)?),
            RiskSource::Conflict(at) => ("conflict", conflict(at)?),
            RiskSource::Excepted(at) => ("exception", conflict(at)?),
        };
        Some(RiskPartView { kind, name, risk: part.risk })
    });
    RiskView { person, score: risk.score, parts: parts.collect() }
}
