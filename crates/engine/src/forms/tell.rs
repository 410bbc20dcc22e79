//! What is said about drafts: to those whose turn it is, and to whoever began. Nothing in it was entered.

use async_trait::async_trait;
use muster_app::{Ctx, Error, Opened};
use muster_governance::{Facts, Teller, facts, one_line, page};
use muster_store::{DraftState, Notice, NoticeKind};

use super::{draft::Of, history::TURN};

/// Tells of drafts.
#[derive(Debug)]
pub(crate) struct FormTeller;

#[async_trait]
impl Teller for FormTeller {
    fn kind(&self) -> NoticeKind {
        NoticeKind::Form
    }

    async fn facts(
        &self,
        _: &Ctx,
        opened: &Opened,
        notice: &Notice,
        _: bool,
    ) -> Result<Option<Facts>, Error> {
        let mut tx = opened.store.read().await?;
        let Some(draft) = tx.form_draft(notice.about).await? else { return Ok(None) };
        // Whose turn it was need not look at what is over.
        if *notice.what == *TURN && draft.state != DraftState::Open {
            return Ok(None);
        }
        let last = tx.form_events(draft.id).await?.pop();
        let of = Of::named(opened, &draft.form);
        let step = of.and_then(|of| of.form.steps.get(of.form.place(&draft.step)));
        let remark = last.filter(|_| draft.state != DraftState::Entered);
        let number = draft.id;
        Ok(Some(facts([
            ("what", notice.what.as_ref().into()),
            ("page", page(opened, &format!("/forms/drafts/{number}"))),
            ("command", format!("muster forms show {number}").into()),
            ("number", number.into()),
            ("title", one_line(of.map_or(&draft.form, |of| &of.form.title)).into()),
            ("step", step.map(|step| one_line(&step.title)).into()),
            ("remark", remark.as_ref().map(|event| &*event.note).into()),
            ("state", draft.state.word().into()),
        ])))
    }
}
