//! What has its time: drafts on which nobody works end.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Opened};
use muster_governance::send_notices;
use muster_policy::Form;
use muster_store::{DraftState, FormDraft};
use serde_json::json;

use super::{
    draft::{Entered, Of},
    history::{By, OVER, journal, kept, notify, tell},
    tell::FormTeller,
};

/// Drafts that are looked at together.
const BATCH: usize = 100;
/// How long a draft is kept whose form is not in the model any more.
const KEEP: SignedDuration = SignedDuration::from_hours(30 * 24);

/// When a draft ends on which nobody works from now on.
pub(super) fn ends_at(form: &Form, now: Timestamp) -> Timestamp {
    now.checked_add(form.keep).unwrap_or(Timestamp::MAX)
}

/// Ends drafts on which nobody worked for too long, each in a transaction of its own, and sends mail. Returns how many ended.
///
/// Several nodes may do it: what one of them did, the others find changed and leave.
pub async fn work_forms(ctx: &Ctx, opened: &Opened) -> Result<usize, Error> {
    let n = advance_forms(ctx, opened).await?;
    send_notices(ctx, opened, &[&FormTeller]).await?;
    Ok(n)
}

/// As [`work_forms`], without the mail: a mail server may keep whoever sends waiting.
pub(crate) async fn advance_forms(ctx: &Ctx, opened: &Opened) -> Result<usize, Error> {
    let mut n = 0;
    loop {
        let due = opened.store.read().await?.due_form_drafts(ctx.now(), BATCH).await?;
        let mut ended = 0;
        for draft in &due {
            ended += usize::from(expire(ctx, opened, draft).await?);
        }
        n += ended;
        if due.len() < BATCH || ended == 0 {
            break;
        }
    }
    Ok(n)
}

async fn expire(ctx: &Ctx, opened: &Opened, found: &FormDraft) -> Result<bool, Error> {
    let mut tx = opened.store.begin().await?;
    let draft = FormDraft {
        state: DraftState::Expired,
        entered: kept(&Entered::new()),
        changed_at: ctx.now(),
        ends_at: None,
        ..found.clone()
    };
    // Somebody worked on it at the same moment.
    if !tx.change_form_draft(&draft).await? {
        return Ok(false);
    }
    tx.set_form_turns(draft.id, &[]).await?;
    let by = By::default();
    notify(ctx, opened, &mut tx, (draft.id, OVER), &[draft.starter].into()).await?;
    tell(ctx, &mut tx, &draft, by, ("expired", &draft.step, "")).await?;
    let keep = Of::named(opened, &draft.form).map_or(KEEP, |of| of.form.keep);
    let detail = json!({ "step": &*draft.step, "after_hours": keep.as_hours() });
    journal(ctx, &mut tx, by, ("form.expire", &draft), detail).await?;
    tx.commit().await?;
    Ok(true)
}
