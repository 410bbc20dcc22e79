//! What is said about requests: to those who are asked, with a link that decides once ([`crate::link`]), and to whoever asked.

use async_trait::async_trait;
use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened};
use muster_store::{Notice, NoticeKind, RequestState};
use serde_json::json;

use crate::{
    RequestView,
    history::{ENDED, ENDING},
    link::{self, make_link},
    notices::{self, Facts, Teller, one_line, page},
    view::views,
    warn::is_ending,
};

/// Tells of requests.
#[derive(Debug)]
pub struct RequestTeller;

#[async_trait]
impl Teller for RequestTeller {
    fn kind(&self) -> NoticeKind {
        NoticeKind::Request
    }

    async fn facts(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        notice: &Notice,
        in_private: bool,
    ) -> Result<Option<Facts>, Error> {
        let mut tx = opened.store.read().await?;
        let Some(request) = tx.request(notice.about).await? else { return Ok(None) };
        let end = match &*notice.what {
            ENDING => is_ending(&mut tx, (&request, notice), ctx.now()).await?,
            _ => None,
        };
        let is_right = match &*notice.what {
            ENDED => true,
            ENDING => end.is_some(),
            // Who is asked about something that was decided meanwhile need not look.
            _ => request.state == RequestState::Waiting,
        };
        if !is_right {
            return Ok(None);
        }
        let asked = request.clone();
        let Some(view) = views(ctx, opened, &mut tx, vec![request], true).await?.pop() else {
            return Ok(None);
        };
        drop(tx);
        let mut facts = facts(opened, &notice.what, &view, end);
        let decides = in_private && !matches!(&*notice.what, ENDED | ENDING);
        if let Some(url) = opened.model.url.as_ref().filter(|_| decides) {
            let (secret, link) = make_link(ctx, opened, &asked, notice.addressee).await?;
            facts.insert("link".to_owned(), link::address(url, &secret).into());
            facts.insert("link_ends".to_owned(), link.ends_at.to_string().into());
        }
        Ok(Some(facts))
    }
}

fn facts(opened: &Opened, what: &str, view: &RequestView, end: Option<Timestamp>) -> Facts {
    let (shown, command) = match what {
        ENDING => (page(opened, "/access"), format!("muster requests extend {}", view.role)),
        ENDED => {
            let shown = page(opened, &format!("/requests/{}", view.id));
            (shown, format!("muster requests show {}", view.id))
        }
        _ => (page(opened, "/approvals"), format!("muster approvals show {}", view.id)),
    };
    let answers = view.answers.iter();
    let answers =
        answers.map(|(question, answer)| json!({ "question": &**question, "answer": &**answer }));
    let last = view.history.last().filter(|_| what == ENDED);
    notices::facts([
        ("what", what.into()),
        ("page", shown),
        ("command", command.into()),
        ("number", view.id.into()),
        ("role", one_line(&view.role).into()),
        ("person", one_line(&view.display).into()),
        ("by", view.requester.as_ref().into()),
        ("opens", view.description.as_deref().into()),
        ("risk", view.risk.into()),
        ("reason", view.reason.as_ref().into()),
        ("answers", answers.collect()),
        ("until", end.or(view.until).map(|until| until.to_string()).into()),
        ("status", view.status.as_str().into()),
        ("state", view.state.word().into()),
        ("remark", last.map(|last| &*last.note).into()),
    ])
}
