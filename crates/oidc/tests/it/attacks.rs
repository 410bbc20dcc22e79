//! Attacks on tokens and answers that no other file tries; `docs/dev/attacks.md` has all of them.

use axum::http::header;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value as Json, json};

use crate::{
    flow::{request, signed_in},
    support::{Answer, ISSUER, Served, Standing, claims},
};

/// A token with this head and these claims, and a signature that is none.
fn forged(head: &Json, body: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(&head.to_string()), part(body), part("signature"))
}

#[tokio::test]
async fn a_token_that_somebody_else_made_is_none_whatever_its_head_says() {
    let served = Served::start().await;
    let (auth, tokens) = signed_in(&served).await;
    let token = tokens.field("access_token");
    let body = claims(token).to_string();
    let mut keys = served.get("/oauth2/jwks").await.json;
    let public = keys["keys"][0].take();
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let heads = [
        json!({ "alg": "none", "typ": "at+jwt", "kid": kid }),
        json!({ "alg": "None", "typ": "at+jwt", "kid": kid }),
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": "../../muster.key" }),
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": "' OR 1=1 --" }),
        json!({ "alg": "ES256", "typ": "at+jwt" }),
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid, "jku": "https://evil.example/keys" }),
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid, "x5u": "https://evil.example/cert" }),
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid, "jwk": public }),
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid, "crit": ["b64"], "b64": false }),
    ];
    for head in heads {
        let said = served.introspect(&auth, &forged(&head, &body)).await;
        assert_eq!(said, json!({ "active": false }), "{head}");
    }
    // The public key taken for the secret of an HMAC.
    let mut head = Header::new(Algorithm::HS256);
    (head.typ, head.kid) = (Some("at+jwt".to_owned()), Some(kid));
    let secret = EncodingKey::from_secret(public.to_string().as_bytes());
    let confused = jsonwebtoken::encode(&head, &claims(token), &secret).unwrap();
    assert_eq!(served.introspect(&auth, &confused).await["active"], false);
    // A good signature over other claims.
    let mut parts: Vec<&str> = token.split('.').collect();
    let edited = URL_SAFE_NO_PAD.encode(body.replace("\"scope\":\"", "\"scope\":\"admin "));
    parts[1] = &edited;
    assert_eq!(served.introspect(&auth, &parts.join(".")).await["active"], false);
    assert_eq!(served.introspect(&auth, token).await["active"], true, "the right one still counts");
}

#[tokio::test]
async fn what_comes_back_in_an_answer_stays_one_value_of_it() {
    let served = Served::start().await;
    let cookie = served.sign_in("1").await;
    let state = "a\r\nSet-Cookie: x=1&code=stolen&iss=https://evil.example#";
    let good: Answer = served.browse(&cookie, &request(&[("state", state)])).await;
    let bad = served.browse(&cookie, &request(&[("state", state), ("prompt", "none login")])).await;
    for answer in [&good, &bad] {
        assert_eq!(answer.sent("state").as_deref(), Some(state));
        assert_eq!(answer.sent("iss").as_deref(), Some(ISSUER));
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
        assert!(!answer.location().contains('#') && !answer.location().contains("stolen&"));
    }
}

#[tokio::test]
async fn an_application_that_is_taken_out_of_the_model_gets_nothing_any_more() {
    let database = tokio::task::spawn_blocking(muster_testkit::postgres).await.unwrap().unwrap();
    let store = [("sqlite::memory:", database.url().to_owned())];
    let served = Served::changed(&store, Standing::at_noon()).await;
    let (auth, tokens) = signed_in(&served).await;
    let (own, vault) = served.own_token("vault").await;
    let without = served.beside_with("  wiki:\n    title", "  other:\n    title").await;
    let header = format!("Bearer {}", tokens.field("access_token"));
    assert_eq!(without.post("/oauth2/userinfo", &header, &[]).await.status.as_u16(), 401);
    let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.field("refresh_token"))];
    assert_eq!(without.post("/oauth2/token", &auth, &form).await.error(), "invalid_client");
    assert_eq!(without.introspect(&vault, &own).await["active"], true, "the others stay");
}
