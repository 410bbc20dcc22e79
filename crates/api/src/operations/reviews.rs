//! Orders that wait for a second person.

use muster_engine::{ReviewAnswer, decide_review, json, list_reviews};
use muster_policy::Right::{OrdersRead, OrdersWrite};
use muster_store::ReviewVerdict;
use muster_web::Problem;
use serde_json::Value as Json;

use crate::{Operation, answer::Told, asked::Asked};

pub(super) fn operations() -> Vec<Operation> {
    let both = [
        (
            ("reviews.approve", "/orders/{plan}/{number}/approve", "Let an order go out"),
            ReviewVerdict::Approved,
        ),
        (
            (
                "reviews.refuse",
                "/orders/{plan}/{number}/refuse",
                "Keep an order back for as long as nothing about it changes",
            ),
            ReviewVerdict::Refused,
        ),
    ];
    let list = Operation::list(
        ("reviews.list", "/reviews", "List orders that wait for a second person, the oldest first"),
        OrdersRead,
        "@Review",
        list,
    );
    let decide = both.map(|(line, verdict)| {
        let handler = move |asked: Asked| decide(asked, verdict);
        Operation::post(line, OrdersWrite, "map", handler).body("reason:text?*")
    });
    [list.query("limit:limit*")].into_iter().chain(decide).collect()
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let reviews = list_reviews(&asked.ctx, &asked.opened, asked.limit()).await?;
    let items: Vec<Json> = reviews.iter().map(json::review).collect();
    Ok(muster_app::json::list(&items, None).into())
}

async fn decide(asked: Asked, verdict: ReviewVerdict) -> Result<Told, Problem> {
    let order = super::orders::name(&asked);
    let answer = ReviewAnswer { verdict, note: asked.text("reason").into() };
    decide_review(&asked.ctx, &asked.opened, &order, &answer).await?;
    super::orders::get(asked).await
}
