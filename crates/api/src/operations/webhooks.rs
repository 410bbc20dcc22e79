//! The webhooks of the model.

use muster_app::replay_webhook;
use muster_engine::{json, list_webhooks, test_webhook};
use muster_policy::Right::{SystemsRead, SystemsWrite};
use muster_web::Problem;
use serde_json::{Value as Json, json};

use crate::{Operation, answer::Told, asked::Asked};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::list(
            ("webhooks.list", "/webhooks", "List webhooks: how far each has come, and how it is"),
            SystemsRead,
            "@Webhook",
            list,
        ),
        Operation::post(
            ("webhooks.test", "/webhooks/{webhook}/test", "Send a webhook an event for testing"),
            SystemsWrite,
            "@WebhookTested",
            test,
        ),
        Operation::post(
            (
                "webhooks.replay",
                "/webhooks/{webhook}/replay",
                "Let a webhook begin again after a place in the journal",
            ),
            SystemsWrite,
            "@WebhookReplayed",
            replay,
        )
        .body("place:int?*"),
    ]
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let items: Vec<Json> = list_webhooks(&asked.opened).await?.iter().map(json::webhook).collect();
    Ok(muster_app::json::list(&items, None).into())
}

async fn test(asked: Asked) -> Result<Told, Problem> {
    let name = asked.text("webhook");
    test_webhook(&asked.ctx, &asked.opened, name).await?;
    Ok(json!({ "webhook": name, "accepted": true }).into())
}

async fn replay(asked: Asked) -> Result<Told, Problem> {
    let name = asked.text("webhook");
    let after = replay_webhook(&asked.ctx, &asked.opened, name, asked.int("place")).await?;
    Ok(json!({ "webhook": name, "after": after }).into())
}
