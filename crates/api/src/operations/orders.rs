//! The operations of plans, one by one.

use muster_engine::{
    OrderQuery, cancel_order, json, list_orders, order_history, reroute_order, retry_order,
};
use muster_policy::Right::{OrdersRead, OrdersWrite};
use muster_store::OperationState;
use muster_web::Problem;
use serde_json::{Value as Json, json};

use crate::{Operation, answer::Told, asked::Asked};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::list(
            ("orders.list", "/orders", "List orders, those of the newest plans first"),
            OrdersRead,
            "@Order",
            list,
        )
        .query(
            "system:text* state:planned|sent|executed|verified|held|failed|cancelled|skipped* \
                 person:text* plan:text* limit:limit*",
        ),
        Operation::get(
            ("orders.get", "/orders/{plan}/{number}", "See an order with its history"),
            OrdersRead,
            "map",
            get,
        )
        .tagged(),
        Operation::post(
            ("orders.retry", "/orders/{plan}/{number}/retry", "Try an order again at once"),
            OrdersWrite,
            "@Tried",
            retry,
        ),
        Operation::post(
            (
                "orders.cancel",
                "/orders/{plan}/{number}/cancel",
                "Take back an order that did not go out yet",
            ),
            OrdersWrite,
            "map",
            cancel,
        ),
        Operation::post(
            (
                "orders.reroute",
                "/orders/{plan}/{number}/reroute",
                "Give an order to people: it becomes a ticket",
            ),
            OrdersWrite,
            "@TicketMade",
            reroute,
        ),
    ]
}

/// The order that is asked about, as people write it.
pub(super) fn name(asked: &Asked) -> String {
    format!("{}/{}", asked.text("plan"), asked.text("number"))
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let person = match asked.maybe("person") {
        Some(text) => Some(asked.person(text).await?),
        None => None,
    };
    let state = asked.maybe("state").and_then(OperationState::from_word);
    let (system, plan) = (asked.owned("system"), asked.owned("plan"));
    let query = OrderQuery { system, state, person, plan, limit: asked.limit() };
    let orders = list_orders(&asked.ctx, &asked.opened, &query).await?;
    let items: Vec<Json> = orders.iter().map(json::order).collect();
    Ok(muster_app::json::list(&items, None).into())
}

pub(super) async fn get(asked: Asked) -> Result<Told, Problem> {
    let (order, steps) = order_history(&asked.ctx, &asked.opened, &name(&asked)).await?;
    Ok(json::order_with_history(&order, &steps).into())
}

async fn retry(asked: Asked) -> Result<Told, Problem> {
    let n = retry_order(&asked.ctx, &asked.opened, &name(&asked)).await?;
    Ok(json!({ "tried_again": n }).into())
}

async fn cancel(asked: Asked) -> Result<Told, Problem> {
    cancel_order(&asked.ctx, &asked.opened, &name(&asked)).await?;
    get(asked).await
}

async fn reroute(asked: Asked) -> Result<Told, Problem> {
    let ticket = reroute_order(&asked.ctx, &asked.opened, &name(&asked)).await?;
    Ok(json!({ "ticket": ticket }).into())
}
