//! Mails about requests: to those who are asked, with a link that decides once ([`crate::link`]), and to whoever asked.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Deliver, Error, Mail, Opened};
use muster_model::{Settings, Text};
use muster_store::{RequestNotice, RequestState};

use crate::{
    RequestView,
    history::{DECIDE, ENDED, ENDING, REMIND},
    link::{self, make_link},
    people::address,
    view::views,
    warn::is_ending,
};

/// Mails that are sent in one go.
const BATCH: usize = 100;
/// How often a mail is tried.
const TRIES: i64 = 8;
/// The pause after the first try that failed; it doubles.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// Sends the mails that are due. Where the project does not say how mail is sent, there is none.
pub async fn send_mails(ctx: &Ctx, opened: &Opened) -> Result<(), Error> {
    let due = opened.store.read().await?.due_request_notices(ctx.now(), BATCH).await?;
    let sends = opened.model.mail.as_ref().zip(opened.deliver());
    for notice in due {
        let sent = match &sends {
            Some((server, deliver)) => {
                send(ctx, opened, &notice, (server, deliver.as_ref())).await?
            }
            None => Sent::Over,
        };
        let mut tx = opened.store.begin().await?;
        match sent {
            Sent::Later if notice.tries + 1 < TRIES => {
                tx.retry_request_notice(notice.id, again(ctx.now(), notice.tries)).await?;
            }
            Sent::Over | Sent::Later => {
                tx.delete_request_notice(notice.id).await?;
            }
        }
        tx.commit().await?;
    }
    Ok(())
}

/// What became of a mail.
enum Sent {
    /// It was sent, or there is nothing to send.
    Over,
    /// It may go later.
    Later,
}

fn again(now: Timestamp, tries: i64) -> Timestamp {
    let doubled = 1_i32.checked_shl(u32::try_from(tries).unwrap_or(0)).unwrap_or(1);
    now.checked_add(PAUSE * doubled).unwrap_or(now)
}

async fn send(
    ctx: &Ctx,
    opened: &Opened,
    notice: &RequestNotice,
    (server, deliver): (&Settings, &dyn Deliver),
) -> Result<Sent, Error> {
    let mut tx = opened.store.read().await?;
    let Some(request) = tx.request(notice.request).await? else { return Ok(Sent::Over) };
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
        return Ok(Sent::Over);
    }
    let Some(to) = address(ctx, opened, &mut tx, notice.entity).await? else {
        return Ok(Sent::Over);
    };
    let asked = request.clone();
    let Some(mut view) = views(ctx, opened, &mut tx, vec![request], true).await?.pop() else {
        return Ok(Sent::Over);
    };
    view.until = end.or(view.until);
    drop(tx);
    let (subject, text) = words(&notice.what, &view);
    let url = opened.model.url.as_ref();
    let how = match (&*notice.what, url) {
        (ENDING, url) => for_more(url, &view),
        (ENDED, Some(url)) => format!("Sign in at {url}, or: muster requests show {}", view.id),
        (ENDED, None) => format!("See: muster requests show {}", view.id),
        (_, Some(url)) => {
            let (secret, link) = make_link(ctx, opened, &asked, notice.entity).await?;
            by_link(url, &secret, link.ends_at)
        }
        (_, None) => format!("See: muster approvals show {}", view.id),
    };
    let text = format!("{text}\n\n{how}");
    let id = format!("request-{}-{}", notice.request, notice.id);
    let mail = Mail { to: vec![to], subject, text, html: None, id };
    Ok(match deliver.mail(server, &mail).await {
        Err(error) if error.later => Sent::Later,
        Ok(()) | Err(_) => Sent::Over,
    })
}

/// How somebody asks for more time.
fn for_more(url: Option<&Text>, view: &RequestView) -> String {
    match url {
        Some(url) => format!(
            "For more time: {}/access, or: muster requests extend {}",
            url.trim_end_matches('/'),
            view.role
        ),
        None => format!("For more time: muster requests extend {}", view.role),
    }
}

/// How somebody decides who reads this on a telephone.
fn by_link(url: &Text, secret: &str, ends_at: Timestamp) -> String {
    format!(
        "Decide here: {}\n\nThe link is for you alone, decides once, and ends at {ends_at} or when the request changes. Or sign in at {url}.",
        link::address(url, secret)
    )
}

/// The subject and the text of a mail. Lines break no subject: names are of the model or of a source.
fn words(what: &str, view: &RequestView) -> (String, String) {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (role, person) = (one_line(&view.role), one_line(&view.display));
    let number = view.id;
    let subject = match what {
        DECIDE => format!("Request {number}: role {role} for {person} waits for you"),
        REMIND => format!("Request {number}: role {role} for {person} still waits for you"),
        ENDING => format!("Request {number}: role {role} for {person} ends soon"),
        _ => format!("Request {number}: role {role} for {person} is {}", view.state.word()),
    };
    let mut lines = vec![format!("Request {number}: role {role} for {person}")];
    let mut add = |name: &str, value: &str| lines.push(format!("{name}: {value}"));
    add("asked by", &view.requester);
    if let Some(description) = &view.description {
        add("what it opens", description);
    }
    if let Some(risk) = view.risk {
        add("risk", &format!("{risk} of 100"));
    }
    add("why", &view.reason);
    for (question, answer) in &view.answers {
        add(question, answer);
    }
    add("until", &view.until.map_or_else(|| "for good".to_owned(), |until| until.to_string()));
    add("status", &view.status);
    if let Some(last) = view.history.last().filter(|last| !last.note.is_empty() && what == ENDED) {
        add("remark", &last.note);
    }
    (subject, lines.join("\n"))
}
