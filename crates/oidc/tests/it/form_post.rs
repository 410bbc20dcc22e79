//! Answers as a form: OAuth 2.0 Form Post Response Mode.

use std::net::SocketAddr;

use axum::{
    http::{StatusCode, header},
    response::Html,
    routing::post,
};
use muster_testkit::Browser as Chromium;
use tokio::net::TcpListener;

use crate::{
    flow::{CALLBACK, exchange, request},
    support::{Answer, ISSUER, Served, Standing, basic},
};

const MODE: (&str, &str) = ("response_mode", "form_post");

/// The policy of a page.
fn policy(page: &Answer) -> &str {
    page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap()
}

#[tokio::test]
async fn an_answer_comes_as_a_form_that_goes_to_the_application_and_nowhere_else() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let page = served.browse(&cookie, &request(&[MODE, ("state", "\"><b>&\r\n")])).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.headers.contains_key(header::LOCATION));
    assert!(page.text.contains(&format!("method=\"post\" action=\"{CALLBACK}\"")), "{}", page.text);
    assert!(policy(&page).ends_with("; form-action https://wiki.example/cb"), "{}", policy(&page));
    assert!(policy(&page).contains("script-src 'self'") && !page.text.contains("<b>"));
    assert!(page.text.contains("src=\"/oauth2/form_post.js\""), "{}", page.text);
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(page.hidden("state"), "&#34;&#62;&#60;b&#62;&#38;\r\n");
    assert_eq!(page.hidden("iss"), ISSUER);
    let auth = basic("wiki", &served.secret("wiki").await);
    let tokens = exchange(&served, &auth, &page.hidden("code"), &[]).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    let script = served.get("/oauth2/form_post.js").await;
    assert_eq!(script.headers[header::CONTENT_TYPE], "text/javascript");
}

#[tokio::test]
async fn what_goes_wrong_comes_as_a_form_too() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let page = served.browse(&cookie, &request(&[MODE, ("prompt", "create")])).await;
    assert_eq!((&*page.hidden("error"), &*page.hidden("state")), ("invalid_request", "s 1&#38;2"));
    // Across a question, to which the person says no.
    let shop = [MODE, ("client_id", "shop"), ("redirect_uri", "https://shop.example/cb")];
    let question =
        served.browse(&cookie, &request(&[&shop[..], &[("scope", "openid")]].concat())).await;
    let form = [
        ("request", &*question.hidden("request")),
        ("proof", &*question.hidden("proof")),
        ("decision", "deny"),
    ];
    let page = served.submit(&cookie, "/oauth2/consent", &form).await;
    assert_eq!(page.hidden("error"), "access_denied");
    assert!(policy(&page).ends_with("; form-action https://shop.example/cb"), "{}", policy(&page));
    // An address that is not the application's gets neither form nor redirect.
    let evil = request(&[MODE, ("redirect_uri", "https://evil.example/cb")]);
    let page = served.browse(&cookie, &evil).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(!page.text.contains("<form") && !page.text.contains("evil"), "{}", page.text);
}

#[tokio::test]
async fn a_form_goes_to_a_site_only_and_the_discovery_document_has_the_mode() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let phone = [MODE, ("client_id", "phone"), ("redirect_uri", "com.example.phone:/cb")];
    let answer =
        served.browse(&cookie, &request(&[&phone[..], &[("scope", "openid")]].concat())).await;
    assert_eq!(answer.sent("error").as_deref(), Some("invalid_request"), "{answer:?}");
    let document = served.get("/.well-known/openid-configuration").await.json;
    assert_eq!(document["response_modes_supported"], serde_json::json!(["query", "form_post"]));
}

/// An application that says what it was told.
async fn told(body: String) -> Html<String> {
    Html(format!("<p id=told>{}</p>", body.replace('&', " ")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_posts_the_form_by_itself() {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let [here, there] = [TcpListener::bind("127.0.0.1:0").await.unwrap(), listener];
    let url = |listener: &TcpListener| {
        format!("http://localhost:{}", listener.local_addr().unwrap().port())
    };
    let (issuer, target) = (url(&here), format!("{}/cb", url(&there)));
    let changes = [(ISSUER, issuer.clone()), ("https://wiki.example/cb", target.clone())];
    let served = Served::changed(&changes, Standing::at_noon()).await;
    let application = axum::Router::new().route("/cb", post(told));
    for (listener, router) in [(here, served.router.clone()), (there, application)] {
        let limits = served.service.limits().clone();
        tokio::spawn(async move {
            muster_web::serve(listener, router, &limits, std::future::pending()).await
        });
    }
    let cookie = served.sign_in("1").await;
    let path = request(&[MODE, ("redirect_uri", &target), ("state", "s1")]);
    let told = tokio::task::spawn_blocking(move || {
        let chromium = Chromium::start().unwrap();
        chromium.open(&format!("{issuer}/signin")).unwrap();
        chromium.run(&format!("document.cookie = '{cookie}; path=/'")).unwrap();
        chromium.open(&format!("{issuer}{path}")).unwrap();
        (chromium.text("#told").unwrap(), chromium.address().unwrap())
    });
    let (told, address) = told.await.unwrap();
    assert_eq!(address, target);
    assert!(told.contains("code=") && told.contains("state=s1") && told.contains("iss="), "{told}");
}
