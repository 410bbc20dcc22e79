//! How somebody is told, chosen on a page.

use axum::http::StatusCode;

use crate::support::Served;

#[tokio::test]
async fn somebody_chooses_how_they_are_told_and_only_for_themselves() {
    let served = Served::start().await;
    let (maya, tunde) = (served.browser("maya.okafor").await, served.browser("tunde.abara").await);
    let page = maya.get("/notices").await;
    assert!(page.body.contains("<option value=\"usual\" selected>as usual here (at once)"));
    let form = [("approvals", "daily"), ("reviews", "never"), ("language", "de")];
    let saved = maya.post("/notices", &form).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let page = maya.get("/notices").await;
    for chosen in [
        "<option value=\"daily\" selected>",
        "<option value=\"never\" selected>",
        "<option value=\"de\" selected>",
    ] {
        assert!(page.body.contains(chosen), "{chosen}: {}", page.body);
    }
    let other = tunde.get("/notices").await;
    assert!(!other.body.contains("<option value=\"never\" selected>"), "{}", other.body);
    for wrong in [("approvals", "sometimes"), ("language", "tlh"), ("by", "chat")] {
        assert_eq!(
            maya.post("/notices", &[wrong]).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{wrong:?}"
        );
    }
    maya.post("/notices", &[("approvals", "usual"), ("reviews", "usual"), ("language", "usual")])
        .await;
    assert!(!maya.get("/notices").await.body.contains("<option value=\"never\" selected>"));
}
