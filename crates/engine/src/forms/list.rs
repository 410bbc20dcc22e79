//! Lists of drafts: those that somebody began, and those that wait for somebody.

use muster_app::{Ctx, Error, Opened, Page};
use muster_governance::waits_as;
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
    let mut found: Vec<FormDraft> = Vec::new();
    for (entity, role) in waits_as(ctx, opened, tx, me).await? {
        found.extend(tx.form_drafts_waiting((entity, &role), before, limit).await?);
    }
    found.sort_by_key(|draft| std::cmp::Reverse(draft.id));
    found.dedup_by_key(|draft| draft.id);
    found.truncate(limit);
    Ok(found)
}
