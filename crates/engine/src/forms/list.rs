//! Lists of drafts: those that somebody began, and those that wait for somebody.

use std::collections::BTreeSet;

use muster_app::{Ctx, Error, Opened, Page};
use muster_governance::People;
use muster_model::EntityId;
use muster_store::{FormDraft, ReadTx};

use super::{DraftView, draft::Known, turn, view::brief};

/// Which drafts.
#[derive(Debug, Clone, Copy)]
pub struct DraftQuery {
    /// Those that wait for somebody; otherwise those that they began.
    pub waiting: bool,
    /// Also those that are over.
    pub ended: bool,
    /// Before this number.
    pub before: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

/// Drafts, the newest first, without their fields. The last number of a full page is where the next one goes on.
pub async fn list_drafts(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    query: &DraftQuery,
) -> Result<Page<DraftView>, Error> {
    let DraftQuery { waiting, ended, before, limit } = *query;
    let mut tx = opened.store.read().await?;
    let found = if waiting {
        waiting_for(ctx, opened, &mut tx, me, (before, limit)).await?
    } else {
        tx.form_drafts_by(me, ended, before, limit).await?
    };
    let next = found.last().filter(|_| found.len() >= limit).map(|last| last.id);
    let mut items = Vec::with_capacity(found.len());
    for draft in found {
        let known = Known::load(opened, &mut tx, draft).await?;
        // Who may not do it is not asked, and what the model changed since is asked anew.
        let turn = turn::turn(ctx, opened, &mut tx, &known, me).await?;
        if turn.is_some() || !waiting {
            items.push(brief(ctx, opened, &mut tx, &known, (me, turn)).await?);
        }
    }
    Ok(Page { items, next })
}

/// Those that wait for somebody: for themselves, for a role that they have, or for somebody in whose place they work.
async fn waiting_for(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    me: EntityId,
    (before, limit): (Option<i64>, usize),
) -> Result<Vec<FormDraft>, Error> {
    let delegations = tx.delegations_to(me, ctx.now()).await?;
    let all = delegations.iter().map(|of| of.giver).chain([me]).collect();
    let people = People::load(opened, tx, all, ctx.now()).await?;
    let mut keys: BTreeSet<(EntityId, &str)> = BTreeSet::new();
    for who in people.iter().filter(|who| who.works(opened)) {
        keys.insert((who.id(), ""));
        let held = who.evaluation.roles.iter().filter_map(|held| opened.model.roles.get(held.role));
        keys.extend(held.map(|role| (EntityId(0), &*role.name)));
    }
    let mut found: Vec<FormDraft> = Vec::new();
    for key in keys {
        found.extend(tx.form_drafts_waiting(key, before, limit).await?);
    }
    found.sort_by_key(|draft| std::cmp::Reverse(draft.id));
    found.dedup_by_key(|draft| draft.id);
    found.truncate(limit);
    Ok(found)
}
