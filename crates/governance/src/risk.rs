//! How much harm people could do with what they hold: a score from 0 to 100, and what it comes from.

use muster_app::{Ctx, Error, Opened, Page, Person, list_by_risk, person_of, resolve_person};
use muster_policy::{Evaluation, RiskSource};

use crate::people::People;

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

/// Those who could do harm, the greatest score first: a part of `limit` after so many.
///
/// # Errors
///
/// When the repository cannot be read.
pub async fn list_risks(
    ctx: &Ctx,
    opened: &Opened,
    after: usize,
    limit: usize,
) -> Result<Page<RiskView>, Error> {
    let page = list_by_risk(ctx, opened, after, limit).await?;
    let views = page.items.into_iter().map(|(person, found)| view(opened, &found, person));
    Ok(Page { items: views.collect(), next: page.next })
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
