//! What people of the sample company did before somebody looks: accounts were changed by hand, guests came, requests wait, a review is open.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, civil::date};
use muster_app::{
    CommandCall, Ctx, Deliver, DeliverError, Mail, Opened, PeopleQuery, WebhookCall, list_people,
};
use muster_demo::{CAMPAIGN, DemoRequest, GUESTS, REQUESTS, REVIEW};
use muster_engine::{
    NewGuest, NoProgress, SyncOptions, invite_guest, open_guest_link, sync, work_guests,
};
use muster_governance::{NewRequest, create_request};
use muster_model::{EntityId, Settings};
use muster_review::{NewCampaign, open_campaign};

use crate::support::Standing;

/// Mails that are not sent.
#[derive(Clone, Default)]
pub(crate) struct Mails(Arc<Mutex<Vec<String>>>);

#[async_trait]
impl Deliver for Mails {
    async fn mail(&self, _: &Settings, mail: &Mail) -> Result<(), DeliverError> {
        self.0.lock().unwrap().push(mail.text.clone());
        Ok(())
    }

    async fn ask_webhook(&self, _: &WebhookCall<'_>) -> Result<Vec<u8>, DeliverError> {
        Ok(Vec::new())
    }

    async fn ask(&self, _: &CommandCall<'_>) -> Result<Vec<u8>, DeliverError> {
        Ok(Vec::new())
    }
}

/// Somebody changes accounts past everybody, and the next read sees it.
pub(crate) async fn change_outside(ctx: &Ctx, opened: &Opened) {
    let files = muster_demo::changed_outside(date(2026, 11, 20));
    for file in &files {
        std::fs::write(opened.dir.join(file.path), &file.content).unwrap();
    }
    let name = |path: &str| path.trim_start_matches("data/").trim_end_matches(".csv").to_owned();
    let systems = files.iter().map(|file| name(file.path)).collect();
    sync(ctx, opened, &SyncOptions { systems, complete: false }, &NoProgress).await.unwrap();
}

/// Guests are invited and come. One of their sponsors left since, which nothing has noticed before the first plan.
pub(crate) async fn invite(ctx: &Ctx, opened: &Opened, mails: &Mails) {
    for guest in GUESTS {
        let then = ctx.now() - SignedDuration::from_hours(24 * guest.days_ago);
        let ctx = Ctx { clock: Arc::new(Standing(then)), ..ctx.clone() };
        let new = NewGuest {
            mail: guest.mail.to_owned(),
            name: guest.name.to_owned(),
            roles: vec![guest.role.to_owned()],
            reason: guest.reason.to_owned(),
            ..NewGuest::default()
        };
        let sponsor = first_of(&ctx, opened, guest.sponsor).await;
        invite_guest(&ctx, opened, Some(sponsor), &new).await.unwrap();
        if guest.came {
            work_guests(&ctx, opened).await.unwrap();
            let mail = mails.0.lock().unwrap().last().unwrap().clone();
            let link = mail.split_once("/guest/").unwrap().1.split_whitespace().next().unwrap();
            open_guest_link(&ctx, opened, link).await.unwrap();
            work_guests(&ctx, opened).await.unwrap();
        }
    }
}

/// What is asked for, and the review.
pub(crate) async fn ask_and_review(ctx: &Ctx, opened: &Opened) {
    for asked in REQUESTS {
        ask(ctx, opened, asked).await;
    }
    let new = NewCampaign { review: REVIEW, title: Some(CAMPAIGN), cause: "hand", only: None };
    open_campaign(ctx, opened, &new).await.unwrap();
}

async fn ask(ctx: &Ctx, opened: &Opened, asked: &DemoRequest) {
    let answers = asked.answers.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
    let new = NewRequest {
        roles: vec![asked.role.to_owned()],
        reason: asked.reason.to_owned(),
        answers: answers.collect(),
        ..NewRequest::default()
    };
    let asks = first_of(ctx, opened, asked.by).await;
    create_request(ctx, opened, asks, &new).await.unwrap();
}

/// The first person of whom a condition holds.
async fn first_of(ctx: &Ctx, opened: &Opened, condition: &str) -> EntityId {
    let condition = Some(condition.to_owned());
    let query = PeopleQuery { condition, limit: 1, ..PeopleQuery::default() };
    list_people(ctx, opened, &query).await.unwrap().items[0].id
}
