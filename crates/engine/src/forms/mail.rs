//! Mails about drafts: to those whose turn it is, and to whoever began. They hold nothing that was entered.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Deliver, Error, Mail, Opened};
use muster_governance::address;
use muster_model::Settings;
use muster_store::{DraftState, FormDraft, FormNotice};

use super::{draft::Of, history::TURN};

/// Mails that are sent in one go.
const BATCH: usize = 100;
/// How often a mail is tried.
const TRIES: i64 = 8;

/// Sends the mails that are due. Where the project does not say how mail is sent, there is none.
pub(crate) async fn send_form_mails(ctx: &Ctx, opened: &Opened) -> Result<(), Error> {
    let due = opened.store.read().await?.due_form_notices(ctx.now(), BATCH).await?;
    let deliver = opened.deliver();
    let sends = opened.model.mail.as_ref().zip(deliver.as_deref());
    for notice in due {
        let mut tx = opened.store.begin().await?;
        let is_mine = tx.take_form_notice(&notice, again(ctx.now(), notice.tries)).await?;
        tx.commit().await?;
        if !is_mine {
            continue;
        }
        let is_over = match sends {
            Some((server, deliver)) => send(ctx, opened, &notice, (server, deliver)).await?,
            None => true,
        };
        if is_over || notice.tries + 1 >= TRIES {
            let mut tx = opened.store.begin().await?;
            tx.delete_form_notice(notice.id).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

fn again(now: Timestamp, tries: i64) -> Timestamp {
    let doubled = 1_i32.checked_shl(u32::try_from(tries).unwrap_or(0)).unwrap_or(1);
    now.checked_add(SignedDuration::from_mins(1) * doubled).unwrap_or(now)
}

/// True when nothing more is to be done.
async fn send(
    ctx: &Ctx,
    opened: &Opened,
    notice: &FormNotice,
    (server, deliver): (&Settings, &dyn Deliver),
) -> Result<bool, Error> {
    let mut tx = opened.store.read().await?;
    let Some(draft) = tx.form_draft(notice.draft).await? else { return Ok(true) };
    // Whose turn it was need not look at what is over.
    if *notice.what == *TURN && draft.state != DraftState::Open {
        return Ok(true);
    }
    let Some(to) = address(ctx, opened, &mut tx, notice.addressee).await? else { return Ok(true) };
    let note = tx.form_events(draft.id).await?.pop().map(|event| event.note);
    drop(tx);
    let (subject, text) = words(opened, &notice.what, &draft, note.as_deref().unwrap_or_default());
    let id = format!("form-{}-{}", notice.draft, notice.id);
    let mail = Mail { to: vec![to], subject, text, html: None, id };
    Ok(match deliver.mail(server, &mail).await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, mail = mail.id, "a mail about a form was not sent");
            !error.later
        }
    })
}

/// The subject and the text. Lines break no subject.
fn words(opened: &Opened, what: &str, draft: &FormDraft, note: &str) -> (String, String) {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let of = Of::named(opened, &draft.form);
    let title = one_line(of.map_or(&draft.form, |of| &of.form.title));
    let number = draft.id;
    let subject = if what == TURN {
        format!("Draft {number}: {title} waits for you")
    } else {
        format!("Draft {number}: {title} is {}", draft.state)
    };
    let mut lines = vec![format!("Draft {number}: {title}")];
    let step = of.and_then(|of| of.form.steps.get(of.form.place(&draft.step)));
    if let Some(step) = step.filter(|_| what == TURN) {
        lines.push(format!("step: {}", one_line(&step.title)));
    }
    if !note.is_empty() && draft.state != DraftState::Entered {
        lines.push(format!("remark: {note}"));
    }
    lines.push(String::new());
    lines.push(match &opened.model.url {
        Some(url) => format!("{url}/forms/drafts/{number}, or: muster forms show {number}"),
        None => format!("See: muster forms show {number}"),
    });
    (subject, lines.join("\n"))
}
