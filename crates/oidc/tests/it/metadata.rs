//! What applications find out by themselves.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use jiff::SignedDuration;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use muster_oidc::rotate_signing_keys;
use muster_policy::SigningAlgorithm;

use crate::support::{ISSUER, Served, claims};

#[tokio::test]
async fn the_discovery_document_names_the_issuer_of_the_project_whatever_the_request_says() {
    let served = Served::start().await;
    let request = Request::get("/.well-known/openid-configuration")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example");
    let answer = served.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.field("issuer"), ISSUER);
    assert!(!answer.text.contains("evil"), "{}", answer.text);
    for (name, value) in answer.json.as_object().unwrap() {
        if name.ends_with("_endpoint") || name.ends_with("_uri") {
            assert!(value.as_str().unwrap().starts_with(ISSUER), "{name}");
        }
    }
    let oauth = served.get("/.well-known/oauth-authorization-server").await;
    assert_eq!(oauth.json, answer.json);
}

#[tokio::test]
async fn the_id_of_a_key_is_its_thumbprint_and_no_private_half_is_shown() {
    let served = Served::start().await;
    let answer = served.get("/oauth2/jwks").await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let keys = answer.json["keys"].as_array().unwrap();
    let algorithms: BTreeSet<_> = keys.iter().map(|key| key["alg"].as_str().unwrap()).collect();
    assert_eq!(algorithms, BTreeSet::from(["ES256", "RS256"]));
    for key in keys {
        let jwk: Jwk = serde_json::from_value(key.clone()).unwrap();
        assert_eq!(key["kid"], jwk.thumbprint(ThumbprintHash::SHA256).unwrap().as_str());
        assert_eq!(key["use"], "sig");
        for secret in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(secret).is_none(), "{secret}");
        }
    }
}

#[tokio::test]
async fn private_keys_are_sealed_in_the_store() {
    let served = Served::start().await;
    served.get("/oauth2/jwks").await;
    let keys = served.opened.store.read().await.unwrap().signing_keys().await.unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        // PKCS#8 and PKCS#1 begin with a sequence, and every key of ours holds the version of its form.
        assert_eq!(key.sealed[0], 1, "the form of sealed values");
        let sealer = served.opened.sealer().unwrap();
        assert!(sealer.open("signing key of somebody else", &key.sealed).is_err());
        assert!(sealer.open(&format!("signing key {}", key.kid), &key.sealed).is_ok());
    }
}

#[tokio::test]
async fn the_next_key_is_published_a_day_before_it_signs_and_the_old_one_stays_for_its_tokens() {
    let served = Served::start().await;
    let kids = || async {
        let answer = served.get("/oauth2/jwks").await;
        let keys = answer.json["keys"].as_array().unwrap().clone();
        let keys = keys.iter().filter(|key| key["alg"] == "ES256");
        keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let signs = || async {
        let (token, _) = served.own_token("vault").await;
        jsonwebtoken::decode_header(&token).unwrap().kid.unwrap()
    };
    let first = kids().await;
    let signed = signs().await;
    assert_eq!(first, BTreeSet::from([signed.clone()]));
    let algorithm = SigningAlgorithm::Es256;
    let made = rotate_signing_keys(&served.ctx, &served.opened, algorithm, false).await.unwrap();
    served.later(SignedDuration::from_mins(2));
    assert_eq!(kids().await, BTreeSet::from([signed.clone(), made.kid.to_string()]));
    assert_eq!(signs().await, signed);
    served.later(SignedDuration::from_hours(24));
    assert_eq!(signs().await, *made.kid);
    assert_eq!(kids().await.len(), 2, "tokens of the old key may still be valid");
    served.later(SignedDuration::from_hours(48));
    assert_eq!(kids().await, BTreeSet::from([made.kid.to_string()]));
}

#[tokio::test]
async fn a_key_is_followed_by_the_next_one_after_ninety_days_without_being_told() {
    let served = Served::start().await;
    let first = served.get("/oauth2/jwks").await.json["keys"][0]["kid"].clone();
    served.later(SignedDuration::from_hours(90 * 24));
    let keys = served.get("/oauth2/jwks").await.json["keys"].clone();
    let kids: Vec<_> = keys.as_array().unwrap().iter().map(|key| key["kid"].clone()).collect();
    assert_eq!(kids.len(), 4, "two of each algorithm");
    assert!(kids.contains(&first));
}

#[tokio::test]
async fn a_key_that_others_have_seen_ends_at_once_with_all_that_it_signed() {
    let served = Served::start().await;
    let (token, auth) = served.own_token("vault").await;
    assert_eq!(served.introspect(&auth, &token).await["active"], true);
    let algorithm = SigningAlgorithm::Es256;
    rotate_signing_keys(&served.ctx, &served.opened, algorithm, true).await.unwrap();
    served.later(SignedDuration::from_mins(2));
    assert_eq!(served.introspect(&auth, &token).await["active"], false);
    let (token, _) = served.own_token("vault").await;
    assert_eq!(claims(&token)["sub"], "vault");
    assert_eq!(served.introspect(&auth, &token).await["active"], true);
}
