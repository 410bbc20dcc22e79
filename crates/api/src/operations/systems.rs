//! Connected systems, tickets, alarms, and whether all is well.

use muster_app::{acknowledge_alarm, doctor, list_alarms};
use muster_engine::{
    attest_ticket, close_ticket, json, list_systems, list_tickets, pause_system, refuse_ticket,
    resume_system, see_system, see_ticket,
};
use muster_policy::Right::{
    AlarmsRead, AlarmsWrite, SystemsRead, SystemsWrite, TicketsRead, TicketsWrite,
};
use muster_store::{AlarmStatus, TicketStatus};
use muster_web::Problem;
use serde_json::Value as Json;

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
};

pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![
        Operation::list(
            ("systems.list", "/systems", "List systems: health, last read, queue"),
            SystemsRead,
            "@System",
            systems,
        ),
        Operation::get(
            ("systems.get", "/systems/{system}", "See a system"),
            SystemsRead,
            "@System",
            system,
        ),
        Operation::post(
            (
                "systems.pause",
                "/systems/{system}/pause",
                "Keep a system from being read and changed",
            ),
            SystemsWrite,
            "@System",
            pause,
        )
        .body("reason:text?*"),
        Operation::post(
            ("systems.resume", "/systems/{system}/resume", "Let a system be worked with again"),
            SystemsWrite,
            "@System",
            resume,
        ),
        Operation::list(
            ("doctor", "/doctor", "Look at the store, at every system and at what waits"),
            SystemsRead,
            "@Finding",
            findings,
        ),
        Operation::list(
            ("alarms.list", "/alarms", "List what somebody has to look at"),
            AlarmsRead,
            "@Alarm",
            alarms,
        )
        .query("status:open|acknowledged|cleared*")
        .paged(),
        Operation::post(
            ("alarms.acknowledge", "/alarms/{id}/acknowledge", "Say that you look after an alarm"),
            AlarmsWrite,
            "@Alarm",
            acknowledge,
        )
        .body("comment:text?*"),
    ];
    all.extend(ticket_operations());
    all
}

fn ticket_operations() -> Vec<Operation> {
    vec![
        Operation::list(
            ("tickets.list", "/tickets", "List what people are to do by hand"),
            TicketsRead,
            "@Ticket",
            tickets,
        )
        .query("all:flag*")
        .paged(),
        Operation::get(
            ("tickets.get", "/tickets/{id}", "See a ticket"),
            TicketsRead,
            "@Ticket",
            one,
        )
        .tagged(),
        Operation::post(
            ("tickets.close", "/tickets/{id}/close", "Say that it was done"),
            TicketsWrite,
            "@Ticket",
            close,
        )
        .body("note:text?*"),
        Operation::post(
            ("tickets.refuse", "/tickets/{id}/refuse", "Say that it will not be done"),
            TicketsWrite,
            "@Ticket",
            refuse,
        )
        .body("note:text?*"),
        Operation::post(
            (
                "tickets.attest",
                "/tickets/{id}/attest",
                "Confirm that what somebody else closed was done",
            ),
            TicketsWrite,
            "@Ticket",
            attest,
        ),
    ]
}

async fn systems(asked: Asked) -> Result<Told, Problem> {
    let items: Vec<Json> = list_systems(&asked.opened).await?.iter().map(json::system).collect();
    Ok(muster_app::json::list(&items, None).into())
}

async fn system(asked: Asked) -> Result<Told, Problem> {
    Ok(json::system(&see_system(&asked.opened, asked.text("system")).await?).into())
}

async fn pause(asked: Asked) -> Result<Told, Problem> {
    let (name, reason) = (asked.text("system"), asked.text("reason"));
    pause_system(&asked.ctx, &asked.opened, name, reason).await?;
    system(asked).await
}

async fn resume(asked: Asked) -> Result<Told, Problem> {
    resume_system(&asked.ctx, &asked.opened, asked.text("system")).await?;
    system(asked).await
}

async fn findings(asked: Asked) -> Result<Told, Problem> {
    let found = doctor(&asked.ctx, &asked.opened).await?;
    let items: Vec<Json> = found.iter().map(muster_app::json::finding).collect();
    Ok(muster_app::json::list(&items, None).into())
}

async fn alarms(asked: Asked) -> Result<Told, Problem> {
    let status = asked.maybe("status").and_then(AlarmStatus::from_word);
    let status = status.unwrap_or(AlarmStatus::Open);
    let page = list_alarms(&asked.opened, status, asked.after(), asked.limit()).await?;
    let items: Vec<Json> = page.items.iter().map(muster_app::json::alarm).collect();
    Ok(muster_app::json::list(&items, page.next.map(cursor).as_deref()).into())
}

async fn acknowledge(asked: Asked) -> Result<Told, Problem> {
    let (id, comment) = (asked.id("id"), asked.text("comment"));
    let alarm = acknowledge_alarm(&asked.ctx, &asked.opened, id, comment).await?;
    Ok(muster_app::json::alarm(&alarm).into())
}

async fn tickets(asked: Asked) -> Result<Told, Problem> {
    let status = (!asked.flag("all")).then_some(TicketStatus::Open);
    let limit = asked.limit();
    let found = list_tickets(&asked.opened, status, asked.after(), limit).await?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| cursor(last.id));
    let items: Vec<Json> = found.iter().map(json::ticket).collect();
    Ok(muster_app::json::list(&items, next.as_deref()).into())
}

async fn one(asked: Asked) -> Result<Told, Problem> {
    Ok(json::ticket(&see_ticket(&asked.opened, asked.id("id")).await?).into())
}

async fn close(asked: Asked) -> Result<Told, Problem> {
    close_ticket(&asked.ctx, &asked.opened, asked.id("id"), asked.maybe("note")).await?;
    one(asked).await
}

async fn refuse(asked: Asked) -> Result<Told, Problem> {
    refuse_ticket(&asked.ctx, &asked.opened, asked.id("id"), asked.maybe("note")).await?;
    one(asked).await
}

async fn attest(asked: Asked) -> Result<Told, Problem> {
    attest_ticket(&asked.ctx, &asked.opened, asked.id("id")).await?;
    one(asked).await
}
