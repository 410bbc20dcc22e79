//! What is answered is what the document says.

use axum::http::Method;
use muster_api::{Answered, Shape, document, operations};
use muster_app::Scope;
use muster_web::Code;
use serde_json::Value as Json;

use crate::support::Served;

/// Whether an answer has the shape that the table says.
fn fits(answered: &Answered, body: &Json) -> Result<(), String> {
    match answered {
        Answered::One(shape) => shape.check(body),
        Answered::List(shape) => {
            let items = body["items"].as_array().ok_or("no items")?;
            items.iter().try_for_each(|item| shape.check(item))
        }
        Answered::Job => Shape::Named("Job").check(body),
        Answered::Lines | Answered::File(_) => Ok(()),
    }
}

#[tokio::test]
async fn everything_that_is_shown_has_the_shape_that_the_table_says() {
    let served = Served::start().await;
    let admin = served.program(Scope::Admin).await;
    let give = serde_json::json!({ "role": "guest", "reason": "x" });
    admin.post("/people/2/assignments", give).await;
    admin.post("/people/2/suspend", serde_json::json!({ "reason": "x" })).await;
    admin.job("/plans", serde_json::json!({})).await;
    let mut seen = 0;
    for operation in operations().iter().filter(|operation| operation.method == Method::GET) {
        let parts = operation.path.split('/').map(|part| match part {
            "{person}" => "2",
            "{role}" => "guest",
            "{plan}" => "abcdef12",
            "{id}" | "{revision}" | "{number}" => "1",
            part => part,
        });
        let mut path = parts.collect::<Vec<_>>().join("/");
        match operation.id {
            "explain.attribute" => path.push_str("?name=title"),
            "explain.access" => path.push_str("?what=hr"),
            _ => {}
        }
        let reply = admin.get(&path).await;
        if reply.status.is_success() {
            assert_eq!(
                fits(&operation.answered, &reply.body),
                Ok(()),
                "{} {reply:?}",
                operation.id
            );
            seen += 1;
        } else {
            assert_eq!(reply.status.as_u16(), 404, "{} {reply:?}", operation.id);
        }
    }
    assert!(seen > 25, "{seen} operations showed something");
}

#[test]
fn the_document_that_is_checked_in_is_the_one_that_is_made() {
    let kept = include_str!("../../../../docs/openapi.json");
    assert!(kept.trim_end() == format!("{:#}", document()), "run `cargo xtask generate`");
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    let document = document();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let path = reference.split('"').next().unwrap();
        assert!(document.pointer(path).is_some(), "{path}");
    }
}

#[tokio::test]
async fn the_type_of_a_problem_leads_to_what_it_means() {
    let served = Served::start().await;
    let problem = served.anonymous().get("/people").await;
    let address = problem.body["type"].as_str().unwrap().strip_prefix("/api/v1").unwrap();
    let page = served.anonymous().get(address).await;
    assert_eq!(page.status.as_u16(), 200);
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    assert_eq!(served.anonymous().get("/problems/nothing").await.status.as_u16(), 404);
    let book = include_str!("../../../../docs/book/src/server/api.md");
    for code in Code::ALL {
        let line = format!("| `{}` | {} |", code.word, code.status.as_u16());
        assert!(book.contains(&line), "the manual lacks {line}");
    }
}

#[tokio::test]
async fn the_manual_page_asks_nobody_else() {
    let served = Served::start().await;
    let page = served.anonymous().get("/docs").await;
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
    assert!(!policy.contains("http"), "{policy}");
    let viewer = served.anonymous().get("/docs/viewer.js").await;
    assert_eq!((viewer.status.as_u16(), viewer.header("content-encoding")), (200, "gzip"));
    assert_eq!(served.anonymous().get("/openapi.json").await.body, document());
}
