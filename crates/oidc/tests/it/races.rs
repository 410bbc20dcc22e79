//! Many at the same time, on one node and on two that share a database.

use axum::http::StatusCode;
use futures_util::future::join_all;

use crate::{
    flow::{code, exchange, refresh, signed_in},
    support::{Answer, Served, Standing, basic},
};

/// Who tries at the same time.
const RACERS: usize = 100;

/// One company on two nodes, over PostgreSQL.
async fn on_two_nodes() -> (muster_testkit::Database, [Served; 2]) {
    let database = tokio::task::spawn_blocking(muster_testkit::postgres).await.unwrap().unwrap();
    let store = [("sqlite::memory:", database.url().to_owned())];
    let first = Served::changed(&store, Standing::at_noon()).await;
    let second = first.beside().await;
    (database, [first, second])
}

fn given(answers: &[Answer]) -> impl Iterator<Item = &Answer> {
    answers.iter().filter(|answer| answer.status == StatusCode::OK)
}

/// Of all who refresh with one token at once, one lives on at most.
async fn refreshing(nodes: &[Served]) {
    let (auth, tokens) = signed_in(&nodes[0]).await;
    let token = tokens.field("refresh_token");
    let tries = (0..RACERS).map(|n| refresh(&nodes[n % nodes.len()], &auth, token));
    let answers = join_all(tries).await;
    let mut living = 0;
    for answer in given(&answers) {
        let next = refresh(&nodes[0], &auth, answer.field("refresh_token")).await;
        living += usize::from(next.status == StatusCode::OK);
    }
    assert!(given(&answers).count() <= 1 && living <= 1, "{living}");
}

/// Of all who show one code at once, one gets tokens at most, and they are worth nothing when another one came.
async fn exchanging(nodes: &[Served]) {
    let cookie = nodes[0].sign_in("1").await;
    let auth = basic("wiki", &nodes[0].secret("wiki").await);
    let code = code(&nodes[0], &cookie, &[]).await;
    let tries = (0..RACERS).map(|n| exchange(&nodes[n % nodes.len()], &auth, &code, &[]));
    let answers = join_all(tries).await;
    assert!(given(&answers).count() <= 1);
    for answer in given(&answers) {
        let said = nodes[0].introspect(&auth, answer.field("access_token")).await;
        assert_eq!(said["active"], false, "the second one ended the session");
    }
}

#[tokio::test]
async fn of_many_that_refresh_at_once_never_two_live_on() {
    refreshing(&[Served::start().await]).await;
}

#[tokio::test]
async fn of_many_that_refresh_at_once_on_two_nodes_never_two_live_on() {
    let (_database, nodes) = on_two_nodes().await;
    refreshing(&nodes).await;
}

#[tokio::test]
async fn of_many_that_show_one_code_at_once_one_gets_tokens_at_most() {
    exchanging(&[Served::start().await]).await;
}

#[tokio::test]
async fn of_many_that_show_one_code_at_once_on_two_nodes_one_gets_tokens_at_most() {
    let (_database, nodes) = on_two_nodes().await;
    exchanging(&nodes).await;
}
