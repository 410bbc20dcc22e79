//! Who read what about whom stands in the journal.

use axum::http::StatusCode;
use muster_app::Scope;
use serde_json::json;

use crate::support::Served;

#[tokio::test]
async fn reading_a_report_about_one_person_stands_in_the_journal() {
    let served = Served::start().await;
    let admin = served.program(Scope::Admin).await;
    let entries = async || {
        let found = admin.get("/journal?action=report.person").await;
        let of =
            |entry: &serde_json::Value| json!([entry["actor"], entry["subject"], entry["detail"]]);
        found.body["items"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(admin.get("/reports/access").await.status, StatusCode::OK);
    assert_eq!(admin.get("/reports/subject?person=nobody").await.status, StatusCode::NOT_FOUND);
    assert_eq!(entries().await, Vec::<serde_json::Value>::new());
    for path in [
        "/reports/subject?person=2",
        "/reports/subject/file?person=2&format=pdf",
        "/reports/access?person=2",
    ] {
        assert_eq!(admin.get(path).await.status, StatusCode::OK, "{path}");
    }
    let read = |report: &str| json!(["client tester", "2", format!("{{\"report\":\"{report}\"}}")]);
    assert_eq!(entries().await, [read("access"), read("subject"), read("subject")]);
    // Whoever may not see them leaves no trace of them either.
    let stranger = served.acting_for("3").await;
    assert_eq!(stranger.get("/reports/subject?person=2").await.status, StatusCode::FORBIDDEN);
    assert_eq!(entries().await.len(), 3);
}
