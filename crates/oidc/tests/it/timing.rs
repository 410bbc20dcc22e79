//! An application that does not prove who it is learns nothing by what that costs.

use axum::http::StatusCode;
use muster_testkit::take_alike;

use crate::support::{Served, basic};

#[tokio::test]
async fn applications_that_are_refused_cost_the_same_questions_to_the_store_and_the_same_time() {
    let served = Served::start().await;
    let secret = served.secret("wiki").await;
    let refused = [
        basic("nobody", &secret),
        basic("wiki", "wrong"),
        basic("shop", &secret),
        basic("phone", &secret),
        basic("wiki", &format!("{secret}x")),
    ];
    for path in ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/par"] {
        let form = [("grant_type", "client_credentials"), ("token", "x")];
        let cost = async |auth: &str| {
            let before = served.opened.store.n_statement_runs();
            let answer = served.post(path, auth, &form).await;
            (answer.status, answer.text, served.opened.store.n_statement_runs() - before)
        };
        let first = cost(&refused[0]).await;
        assert_eq!(first.0, StatusCode::UNAUTHORIZED, "{path}");
        for auth in &refused {
            assert_eq!(cost(auth).await, first, "{path}");
        }
        let alike = take_alike(refused.len(), async |kind| {
            served.post(path, &refused[kind], &form).await;
        });
        assert!(alike.await, "{path}");
    }
}
