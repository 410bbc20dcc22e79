//! Events over HTTP: pages, and a stream that goes on where it was.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use muster_app::Scope;
use muster_web::Limits;
use serde_json::Value as Json;

use crate::support::{Served, read};

fn asked(path: &str, token: &str, last: Option<&str>) -> Request<Body> {
    let mut request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    request.body(Body::empty()).unwrap()
}

/// Reads a stream until so many events have come: their ids and documents.
async fn take(served: &Served, request: Request<Body>, n: usize) -> Vec<(String, Json)> {
    let answer = served.send(request).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut body = answer.into_body();
    let mut text = String::new();
    while text.matches("\n\n").count() < n {
        let frame = tokio::time::timeout(Duration::from_secs(10), body.frame()).await;
        let data = frame.unwrap().unwrap().unwrap().into_data().unwrap();
        text.push_str(std::str::from_utf8(&data).unwrap());
    }
    let events = text.split_terminator("\n\n").map(|event| {
        let field = |name: &str| {
            let mut lines = event.lines();
            lines.find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned()
        };
        (field("id:"), serde_json::from_str(&field("data:")).unwrap())
    });
    events.collect()
}

#[tokio::test]
async fn a_page_goes_on_where_the_one_before_ended() {
    let served = Served::start(Limits::default()).await;
    let token = served.token("siem", Scope::Events).await;
    let (status, all) = read(served.send(asked("/api/v1/events", &token, None)).await).await;
    assert_eq!(status, StatusCode::OK);
    let n = all["events"].as_array().unwrap().len();
    assert!(n >= 2 && all["end"] == true, "{all}");
    let (_, first) = read(served.send(asked("/api/v1/events?limit=1", &token, None)).await).await;
    let next = format!("/api/v1/events?after={}", first["next"]);
    let (_, rest) = read(served.send(asked(&next, &token, None)).await).await;
    assert_eq!(rest["events"].as_array().unwrap().len(), n - 1);
    let only = "/api/v1/events?types=revision.*,nothing";
    let (_, only) = read(served.send(asked(only, &token, None)).await).await;
    assert_eq!(only["events"][0]["type"], "muster.revision.publish");
    assert_eq!(only["events"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_tells_what_happens_and_goes_on_after_the_last_event() {
    let served = Served::start(Limits::default()).await;
    let token = served.token("siem", Scope::Events).await;
    let from_now = asked("/api/v1/events/stream", &token, None);
    let (heard, ()) = tokio::join!(take(&served, from_now, 1), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        served.token("other", Scope::ApiRead).await;
    });
    assert_eq!(heard[0].1["type"], "muster.token.create");
    let all = take(&served, asked("/api/v1/events/stream?after=0", &token, None), 3).await;
    let last = asked("/api/v1/events/stream", &token, Some(&all[0].0));
    assert_eq!(take(&served, last, 2).await, all[1..3]);
}

#[tokio::test]
async fn a_token_without_the_scope_and_an_id_that_is_none_are_refused() {
    let served = Served::start(Limits::default()).await;
    let reader = served.token("reader", Scope::ApiRead).await;
    for path in ["/api/v1/events", "/api/v1/events/stream"] {
        let answer = served.send(asked(path, &reader, None)).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
        let answer = served.send(asked(path, "nobody", None)).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    let token = served.token("siem", Scope::Events).await;
    for id in ["x", "1.", "-.1", "1.2.3"] {
        let answer = served.send(asked("/api/v1/events/stream", &token, Some(id))).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{id}");
    }
}
