//! What has its time: reminders, escalation, the end of the wait, mail.

use muster_app::{Ctx, Error, Kind, Opened};
use muster_store::{Request, RequestState, RequestStep};
use serde_json::json;

use crate::{
    decide::end,
    history::{By, DECIDE, REMIND, journal, notify, save, tell},
    notices::send_notices,
    people::People,
    rules,
    stage::{Crowd, addressees, approvers},
    tell::RequestTeller,
};

/// Requests that are looked at together.
const BATCH: usize = 100;

/// Does what is due about requests, each in a transaction of its own, and sends mail. Returns how many were due.
///
/// Several nodes may do it: what one of them did, the others find changed and leave.
pub async fn work_due(ctx: &Ctx, opened: &Opened) -> Result<usize, Error> {
    let n = advance_due(ctx, opened).await?;
    send_notices(ctx, opened, &[&RequestTeller]).await?;
    Ok(n)
}

/// As [`work_due`], without the mail: a mail server may keep whoever sends waiting.
pub async fn advance_due(ctx: &Ctx, opened: &Opened) -> Result<usize, Error> {
    let mut n = 0;
    loop {
        let due = opened.store.read().await?.due_requests(ctx.now(), BATCH).await?;
        for request in &due {
            match step(ctx, opened, request.id).await {
                Ok(()) => {}
                // Somebody decided at the same moment.
                Err(error) if error.kind() == Kind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        n += due.len();
        if due.len() < BATCH {
            break;
        }
    }
    Ok(n)
}

async fn step(ctx: &Ctx, opened: &Opened, id: i64) -> Result<(), Error> {
    let crowd = Crowd::look(opened, ctx.now()).await?;
    let mut tx = opened.store.begin().await?;
    let Some(mut request) = tx.request(id).await? else { return Ok(()) };
    let due = request.next_at.is_some_and(|at| at <= ctx.now());
    if request.state != RequestState::Waiting || !due {
        return Ok(());
    }
    let stages = tx.request_stages(id).await?;
    let place = usize::try_from(request.stage).unwrap_or(usize::MAX);
    let stage = stages.get(place).ok_or_else(|| Error::bug("a request waits at no stage"))?;
    let by = By::default();
    // Nobody may have looked for long: what should have come before the end does not come after it.
    let is_over = rules::is_over(stage, request.stage_since, ctx.now());
    let step = if is_over { RequestStep::Expire } else { request.next_step };
    let word = match step {
        RequestStep::Remind | RequestStep::Escalate => {
            let (at, next) = rules::next_due(stage, request.stage_since, ctx.now());
            request.next_at = Some(at);
            request.next_step = next;
            let asked = approvers(ctx, (opened, &crowd), &mut tx, &request, stage).await?;
            save(&mut tx, &request, &asked).await?;
            let people = addressees(ctx, (opened, &crowd), &mut tx, (&request, &asked)).await?;
            let (word, what) = match step {
                RequestStep::Escalate => ("escalated", DECIDE),
                RequestStep::Remind | RequestStep::Expire => ("reminded", REMIND),
            };
            notify(ctx, opened, &mut tx, (id, what), &people).await?;
            word
        }
        RequestStep::Expire => {
            end(ctx, opened, &mut tx, &mut request, RequestState::Expired).await?;
            "expired"
        }
    };
    tell(ctx, &mut tx, id, by, (word, Some(stage), "")).await?;
    let detail = detail(ctx, opened, &mut tx, &request).await?;
    let action = match word {
        "expired" => "request.expire",
        "escalated" => "request.escalate",
        _ => "request.remind",
    };
    journal(ctx, &mut tx, by, (action, format!("request {id}").into()), detail).await?;
    tx.commit().await?;
    Ok(())
}

async fn detail(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut muster_store::ReadTx,
    request: &Request,
) -> Result<serde_json::Value, Error> {
    let people = People::load(opened, tx, [request.subject].into(), ctx.now()).await?;
    Ok(json!({ "person": &*people.name(request.subject), "role": &*request.role }))
}
