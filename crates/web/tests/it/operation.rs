//! What whoever watches the process is told.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use muster_app::Scope;
use muster_web::Limits;

use crate::support::Served;

async fn get(served: &Served, path: &str, token: &str) -> (StatusCode, String) {
    let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    let answer = served.send(request.body(Body::empty()).unwrap()).await;
    let status = answer.status();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn metrics_are_for_those_who_may_and_hold_nothing_that_a_caller_wrote() {
    let served = Served::start(Limits::default()).await;
    let other = served.token("payroll", Scope::ApiRead).await;
    assert_eq!(get(&served, "/metrics", &other).await.0, StatusCode::FORBIDDEN);
    assert_eq!(get(&served, "/metrics", "").await.0, StatusCode::UNAUTHORIZED);
    let token = served.token("watch", Scope::Metrics).await;
    for n in 0..50 {
        get(&served, &format!("/nothing/{n}?q={n}"), &token).await;
    }
    let (status, page) = get(&served, "/metrics", &token).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.ends_with("# EOF\n") && !page.contains("nothing"), "{page}");
    let n_requests = page.lines().filter(|line| line.contains("_seconds_count{")).count();
    assert_eq!(n_requests, 3, "{page}");
    assert!(page.contains("muster_store_rows_written_total{table=\"client\"}"), "{page}");
    let named: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        assert!(named.iter().any(|name| line.starts_with(name)), "{line}");
        assert!(line.rsplit(' ').next().unwrap().parse::<f64>().is_ok(), "{line}");
    }
}

#[tokio::test]
async fn a_process_that_can_answer_says_so_without_a_token_and_tells_nothing_else() {
    let served = Served::start(Limits::default()).await;
    for path in ["/livez", "/readyz"] {
        assert_eq!(get(&served, path, "").await, (StatusCode::OK, "ok\n".to_owned()));
    }
}
