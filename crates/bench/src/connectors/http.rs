//! The HTTP connector beside the bare client, on the same service in this process.

use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use muster_connector::NoSecrets;
use muster_testkit::{HttpStub, Received, Reply};
use serde_json::{Value as Json, json};

use super::{Args, COLUMNS, change, create, document, read, settings};
use crate::{
    output::{figures, say},
    pairs::{compare, timed},
};

/// Users on a page, and requests at once.
const PAGE: usize = 500;
const AT_ONCE: usize = 8;

pub(crate) async fn run(args: Args) -> Result<()> {
    say(&format!(
        "connector-http: {} users read in pages of {PAGE}, {} created by {AT_ONCE} requests at once, by the bare client and by the connector",
        args.rows, args.accounts
    ))?;
    let all: Vec<Json> = (0..args.rows).map(document).collect();
    let mut pages: Vec<String> = all.chunks(PAGE).map(|page| json!(page).to_string()).collect();
    pages.push("[]".to_owned());
    let stub = HttpStub::start_forgetful(move |received: &Received| {
        if received.method == "POST" {
            return Reply::json(201, received.body.clone());
        }
        let page = received.parameter("page").and_then(|page| page.parse::<usize>().ok());
        let page = page.and_then(|page| pages.get(page.checked_sub(1)?));
        Reply::json(200, page.cloned().unwrap_or_else(|| "[]".to_owned()))
    })?;
    let user = json!({
        "name": "login",
        "list": { "path": "/users", "paging": { "kind": "page", "size": PAGE } },
        "create": { "path": "/users" },
    });
    let options = json!({ "url": stub.url(), "connections": AT_ONCE, "classes": { "user": user } });
    let connector = muster_connector_http::open(&settings(&options), &NoSecrets)?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{}/users", stub.url());
    let changes: Vec<_> = (0..args.accounts).map(|i| change("user", i)).collect();
    let bare = async |_| {
        timed(async {
            ensure!(
                bare_read(&client, &url).await? == args.rows,
                "the bare client read too little"
            );
            Ok(())
        })
        .await
    };
    let ours = async |_| read(&connector, "user", COLUMNS, args.rows).await;
    let reading = compare(args.pairs, args.rows, bare, ours).await?;
    let bare = async |_| timed(bare_create(&client, &url, args.accounts)).await;
    let ours = async |_| create(&connector, &changes).await;
    let creating = compare(args.pairs, args.accounts, bare, ours).await?;
    figures(&json!({ "read": reading, "create": creating }))
}

/// Page after page, each parsed, until one is not full.
async fn bare_read(client: &reqwest::Client, url: &str) -> Result<usize> {
    let mut n_users = 0;
    for page in 1.. {
        let answer = client.get(format!("{url}?page={page}")).send().await?.error_for_status()?;
        let users: Json = serde_json::from_slice(&answer.bytes().await?)?;
        let n = users.as_array().context("no list")?.len();
        n_users += n;
        if n < PAGE {
            break;
        }
    }
    Ok(n_users)
}

async fn bare_create(client: &reqwest::Client, url: &str, n: usize) -> Result<()> {
    let one = async |i: usize| -> Result<()> {
        let body = document(i).to_string();
        let sent = client.post(url).header("content-type", "application/json").body(body).send();
        let answer = sent.await?.error_for_status()?;
        serde_json::from_slice::<Json>(&answer.bytes().await?)?;
        Ok(())
    };
    stream::iter((0..n).map(one)).buffer_unordered(AT_ONCE).try_collect::<()>().await
}
