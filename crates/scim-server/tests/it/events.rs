//! Receivers are told of changes with security event tokens (RFC 9967, over RFC 8935).

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use jiff::Timestamp;
use muster_app::{Clock, Ctx, Scope};
use muster_engine::{
    CancelFlag, RunEvent, RunOptions, WebhookView, list_webhooks, run, test_webhook,
};
use muster_testkit::{HttpStub, Received, Reply};
use serde_json::{Value as Json, json};

use crate::support::*;

const PROV: &str = "urn:ietf:params:scim:event:prov";

/// The real time.
struct Wall;

impl Clock for Wall {
    #[expect(clippy::disallowed_methods, reason = "these tests are about real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A receiver whose answer can be set, and a project that tells it of events.
struct Told {
    stub: HttpStub,
    reply: Arc<Mutex<Reply>>,
    served: Served,
    cancel: CancelFlag,
}

impl Told {
    async fn start() -> Self {
        let reply = Arc::new(Mutex::new(Reply::empty(202)));
        let says = Arc::clone(&reply);
        let stub = HttpStub::start(move |_: &Received| says.lock().unwrap().clone()).unwrap();
        let webhook = format!(
            "url: https://muster.example\nwebhooks:\n  crm:\n    url: \"{}/events\"\n    form: scim\n    \
             audience: https://crm.example\n    secret: {{ env: TOKEN_SECRET }}\n    allow_private: true\n",
            stub.url()
        );
        let served = Served::start_with(&format!("{MODEL}{webhook}")).await;
        let cancel = CancelFlag(Arc::new(AtomicBool::new(false)));
        let told = Self { stub, reply, served, cancel };
        let (opened, own) = (told.served.opened.clone(), told.cancel.clone());
        tokio::spawn(async move {
            let ctx = Ctx::new("loop".into(), "loop".into(), Arc::new(Wall));
            let quiet = |_: &RunEvent| {};
            run(&ctx, &opened, RunOptions::default(), &quiet, &own).await.map(drop).unwrap();
        });
        told.until("the webhook is known", async |told| told.view().await.state != "new").await;
        told
    }

    fn answers(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    async fn view(&self) -> WebhookView {
        list_webhooks(&self.served.opened).await.unwrap().remove(0)
    }

    async fn until(&self, what: &str, mut holds: impl AsyncFnMut(&Self) -> bool) {
        let begin = Instant::now();
        while !holds(self).await {
            assert!(begin.elapsed() < Duration::from_mins(1), "{what}: {:?}", self.claims());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits for this many tokens, and answers the claims of all.
    async fn tokens(&self, n: usize) -> Vec<Json> {
        self.until("tokens", async |told| told.stub.received().len() >= n).await;
        self.claims()
    }

    fn claims(&self) -> Vec<Json> {
        self.stub.received().iter().map(claims).collect()
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.cancel.0.store(true, Ordering::Relaxed);
    }
}

/// The claims of a token whose signature is right.
#[track_caller]
fn claims(received: &Received) -> Json {
    assert_eq!(received.header("content-type"), Some("application/secevent+jwt"));
    assert_eq!(received.header("accept"), Some("application/json"));
    let token = String::from_utf8(received.body.clone()).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let decoded = |part: &str| BASE64URL.decode(part).unwrap();
    let header: Json = serde_json::from_slice(&decoded(header)).unwrap();
    assert_eq!(header, json!({ "alg": "HS256", "typ": "secevent+jwt" }));
    let hex = muster_store::hex(&decoded(signature));
    let expected = muster_notify::signature(TOKEN_KEY, signed.as_bytes());
    assert_eq!(format!("sha256={hex}"), expected);
    serde_json::from_slice(&decoded(claims)).unwrap()
}

fn patch_of(names: &[&str]) -> Json {
    json!({ format!("{PROV}:patch:notice"): { "attributes": names } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_is_told_of_each_change_in_order_with_a_signed_token() {
    let told = Told::start().await;
    let ada = told.served.user("ada").await;
    let (path, uri) = (format!("/Users/{ada}"), format!("/Users/{ada}"));
    let replace =
        |name: &str, value: Json| json!([{ "op": "replace", "path": name, "value": value }]);
    told.served.patch(&path, replace("title", json!("Countess"))).await.is(200);
    // What concerns no resource is not told.
    told.served.token("other", Scope::ScimRead).await;
    told.served.patch(&path, replace("active", json!(false))).await.is(200);
    told.served.patch(&path, replace("active", json!(true))).await.is(200);
    told.served.delete(&path).await.is(204);
    let tokens = told.tokens(5).await;
    assert_eq!(tokens.len(), 5, "{tokens:?}");
    let first = &tokens[0];
    assert_eq!(first["iss"], "https://muster.example");
    assert_eq!(first["aud"], "https://crm.example");
    assert!(first["iat"].is_i64() && first["txn"].is_string(), "{first}");
    assert_eq!(first.get("sub"), None, "it is no token for access");
    for token in &tokens {
        assert_eq!(token["sub_id"], json!({ "format": "scim", "uri": uri }));
    }
    let made = &first["events"][format!("{PROV}:create:notice")]["attributes"];
    let made: Vec<&str> = made.as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
    for name in ["id", "userName", "name.givenName", "name.familyName"] {
        assert!(made.contains(&name), "{name}: {made:?}");
    }
    assert!(!made.contains(&"title"), "{made:?}");
    let and_patch = |what: &str| {
        let mut events = patch_of(&["active"]);
        events[format!("{PROV}:{what}")] = json!({});
        events
    };
    let events: Vec<&Json> = tokens[1..].iter().map(|token| &token["events"]).collect();
    let delete = json!({ format!("{PROV}:delete"): {} });
    let wanted = [&patch_of(&["title"]), &and_patch("deactivate"), &and_patch("activate"), &delete];
    assert_eq!(events, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_not_taken_is_sent_again_as_it_was_and_a_refused_one_is_not() {
    let told = Told::start().await;
    told.answers(Reply::empty(503));
    let ada = told.served.user("ada").await;
    told.tokens(1).await;
    told.answers(Reply::empty(202));
    let again = told.tokens(2).await;
    assert_eq!(again[0], again[1], "the same claims, with the same `jti`");
    told.answers(Reply::json(400, r#"{ "err": "invalid_request", "description": "no" }"#));
    let path = format!("/Users/{ada}");
    told.served.delete(&path).await.is(204);
    told.until("it is passed over", async |told| told.view().await.reason.is_some()).await;
    let view = told.view().await;
    assert_eq!(view.state, "well");
    assert!(view.reason.unwrap().ends_with("invalid_request"));
    // A wrong key is no fault of the token.
    told.answers(Reply::json(400, r#"{ "err": "invalid_key" }"#));
    let grace = told.served.user("grace").await;
    told.until("it fails", async |told| told.view().await.state == "failing").await;
    told.answers(Reply::empty(202));
    told.until("it is well", async |told| told.view().await.state == "well").await;
    let tokens = told.claims();
    let refused =
        tokens.iter().filter(|token| token["events"].get(format!("{PROV}:delete")).is_some());
    assert_eq!(refused.count(), 1);
    assert_eq!(tokens.last().unwrap()["sub_id"]["uri"], json!(format!("/Users/{grace}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_joins_a_group_changes_its_members() {
    let told = Told::start().await;
    let ada = told.served.user("ada").await;
    let sales = told.served.group("sales", &[&ada]).await;
    let members = |token: &Json| {
        token["sub_id"]["uri"] == json!(format!("/Groups/{sales}"))
            && token["events"] == patch_of(&["members"])
    };
    told.until("members", async |told| told.claims().iter().any(members)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_says_which_events_there_are_and_a_test_is_a_token() {
    let told = Told::start().await;
    let config = told.served.get("/ServiceProviderConfig").await.is(200);
    assert_eq!(config["securityEvents"]["asyncRequest"], "none");
    let uris = config["securityEvents"]["eventUris"].as_array().unwrap();
    assert!(uris.contains(&json!(format!("{PROV}:create:notice"))), "{uris:?}");
    test_webhook(&told.served.ctx, &told.served.opened, "crm").await.unwrap();
    let token = told.tokens(1).await.remove(0);
    let what = "https://schemas.openid.net/secevent/ssf/event-type/verification";
    assert_eq!(token["events"], json!({ what: {} }));
}
