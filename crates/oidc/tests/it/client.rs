//! How applications prove who they are, and how somebody else does not.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use axum::http::{Request, StatusCode, header};
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use muster_app::{list_application_secrets, revoke_application_secret};
use muster_web::Peer;
use serde_json::{Value as Json, json};

use crate::support::{ISSUER, Served, basic, encoded};

const FORM: (&str, &str) = ("grant_type", "client_credentials");
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[tokio::test]
async fn a_secret_is_shown_in_the_header_or_in_the_form_and_not_in_both() {
    let served = Served::start().await;
    let secret = served.secret("vault").await;
    let auth = basic("vault", &secret);
    assert_eq!(served.post("/oauth2/token", &auth, &[FORM]).await.status, StatusCode::OK);
    let form = [FORM, ("client_id", "vault"), ("client_secret", &*secret)];
    assert_eq!(served.post("/oauth2/token", "", &form).await.status, StatusCode::OK);
    assert_eq!(served.post("/oauth2/token", &auth, &form).await.error(), "invalid_request");
    let other = [FORM, ("client_id", "backup")];
    assert_eq!(served.post("/oauth2/token", &auth, &other).await.error(), "invalid_request");
}

#[tokio::test]
async fn whatever_is_wrong_with_an_application_the_answer_is_the_same() {
    let served = Served::start().await;
    let secret = served.secret("vault").await;
    served.secret("signer").await;
    let wrong = [
        basic("vault", "wrong"),
        basic("vault", ""),
        basic("nobody", &secret),
        basic("backup", &secret),
        basic("VAULT", &secret),
        basic("phone", "x"),
        "Basic !!!".to_owned(),
        "Bearer x".to_owned(),
    ];
    let mut said = Vec::new();
    for auth in &wrong {
        let answer = served.post("/oauth2/token", auth, &[FORM]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{auth}");
        assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
        said.push(answer.text);
    }
    let named = served.post("/oauth2/token", "", &[FORM, ("client_id", "vault")]).await;
    said.push(named.text);
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
}

#[tokio::test]
async fn secrets_overlap_until_one_is_revoked_and_none_is_kept() {
    let served = Served::start().await;
    let (old, new) = (served.secret("vault").await, served.secret("vault").await);
    for secret in [&old, &new] {
        let auth = basic("vault", secret);
        assert_eq!(served.post("/oauth2/token", &auth, &[FORM]).await.status, StatusCode::OK);
    }
    let kept = list_application_secrets(&served.opened, "vault").await.unwrap();
    assert!(kept.iter().all(|kept| !old.contains(&*String::from_utf8_lossy(&kept.hash))));
    let (ctx, opened) = (&served.ctx, &served.opened);
    revoke_application_secret(ctx, opened, "vault", kept[0].id).await.unwrap();
    let answer = served.post("/oauth2/token", &basic("vault", &old), &[FORM]).await;
    assert_eq!(answer.error(), "invalid_client");
    let answer = served.post("/oauth2/token", &basic("vault", &new), &[FORM]).await;
    assert_eq!(answer.status, StatusCode::OK);
}

/// The private half of an application's key, and the public one.
fn pair() -> (EncodingKey, String) {
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
    let key = EncodingKey::from_ec_der(document.as_ref());
    let jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
    (key, serde_json::to_string(&jwk).unwrap())
}

fn assertion(served: &Served, jti: &str) -> Json {
    let now = served.ctx.now().as_second();
    json!({ "iss": "signer", "sub": "signer", "aud": ISSUER, "jti": jti, "exp": now + 60 })
}

fn signed(key: &EncodingKey, claims: &Json) -> String {
    jsonwebtoken::encode(&Header::new(Algorithm::ES256), claims, key).unwrap()
}

async fn shows(served: &Served, token: &str) -> StatusCode {
    let form = [FORM, ("client_assertion_type", ASSERTION), ("client_assertion", token)];
    served.post("/oauth2/token", "", &form).await.status
}

#[tokio::test]
async fn an_application_signs_with_its_key_and_each_assertion_counts_once() {
    let (key, public) = pair();
    let served = Served::with_key(&public).await;
    let token = signed(&key, &assertion(&served, "1"));
    assert_eq!(shows(&served, &token).await, StatusCode::OK);
    assert_eq!(shows(&served, &token).await, StatusCode::UNAUTHORIZED, "a second time");
    served.later(SignedDuration::from_secs(30));
    let mut for_endpoint = assertion(&served, "2");
    for_endpoint["aud"] = json!([format!("{ISSUER}/oauth2/token")]);
    assert_eq!(shows(&served, &signed(&key, &for_endpoint)).await, StatusCode::OK);
}

#[tokio::test]
async fn an_assertion_that_is_not_quite_right_is_none() {
    let (key, public) = pair();
    let served = Served::with_key(&public).await;
    served.secret("signer").await;
    let now = served.ctx.now().as_second();
    let changes = [
        ("iss", json!("vault")),
        ("aud", json!("https://other.example")),
        ("aud", json!([])),
        ("exp", json!(now - 60)),
        ("exp", json!(now + 86_400)),
        ("nbf", json!(now + 600)),
        ("jti", json!("")),
        ("jti", json!(7)),
        ("sub", json!("vault")),
    ];
    for (number, (name, value)) in changes.into_iter().enumerate() {
        let mut claims = assertion(&served, &number.to_string());
        claims[name] = value;
        let status = shows(&served, &signed(&key, &claims)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{name} {claims}");
    }
    let (other, _) = pair();
    let good = assertion(&served, "x");
    assert_eq!(shows(&served, &signed(&other, &good)).await, StatusCode::UNAUTHORIZED);
    // The public key taken for the secret of an HMAC.
    let hmac = EncodingKey::from_secret(public.as_bytes());
    let confused = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &good, &hmac).unwrap();
    assert_eq!(shows(&served, &confused).await, StatusCode::UNAUTHORIZED);
    // A key that the token brings along, and something that would have to be understood.
    let mut header = Header::new(Algorithm::ES256);
    header.jwk = Some(Jwk::from_encoding_key(&other, Algorithm::ES256).unwrap());
    let own_key = jsonwebtoken::encode(&header, &good, &other).unwrap();
    assert_eq!(shows(&served, &own_key).await, StatusCode::UNAUTHORIZED);
    let mut header = Header::new(Algorithm::ES256);
    header.crit = Some(vec!["exp".to_owned()]);
    let critical = jsonwebtoken::encode(&header, &good, &key).unwrap();
    assert_eq!(shows(&served, &critical).await, StatusCode::UNAUTHORIZED);
    // Unsigned.
    let token = signed(&key, &good);
    let body = token.split('.').nth(1).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{body}.");
    assert_eq!(shows(&served, &unsigned).await, StatusCode::UNAUTHORIZED);
    assert_eq!(shows(&served, &token).await, StatusCode::OK, "the right one still counts");
}

#[tokio::test]
async fn applications_that_guess_secrets_are_told_when_to_come_again() {
    let served = Served::start().await;
    let right = basic("vault", &served.secret("vault").await);
    let from = |address: &str, auth: &str| {
        let peer = Peer { address: format!("{address}:4711").parse().unwrap(), is_tls: true };
        let request = Request::post("/oauth2/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, auth)
            .extension(peer);
        served.send(request.body("grant_type=client_credentials".into()).unwrap())
    };
    let wrong = basic("vault", "wrong");
    // What one address may guess at once.
    for _ in 0..1000 {
        assert_eq!(from("192.0.2.1", &wrong).await.status, StatusCode::UNAUTHORIZED);
    }
    let refused = from("192.0.2.1", &wrong).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers[header::RETRY_AFTER], "1");
    assert_eq!(from("192.0.2.2", &wrong).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(from("192.0.2.1", &right).await.status, StatusCode::OK, "secrets are not guessed");
}

#[tokio::test]
async fn applications_that_keep_no_secret_are_limited_by_their_network_at_every_endpoint() {
    let served = Served::start().await;
    let challenge = crate::flow::challenge(crate::flow::VERIFIER);
    let pushed = [
        ("client_id", "phone"),
        ("redirect_uri", "com.example.phone:/cb"),
        ("response_type", "code"),
        ("scope", "openid"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let wrong = [("client_id", "phone"), ("grant_type", "refresh_token"), ("refresh_token", "x")];
    for (number, path, form, status) in [
        (1, "/oauth2/device_authorization", &[("client_id", "phone")][..], StatusCode::OK),
        (2, "/oauth2/par", &pushed, StatusCode::CREATED),
        (3, "/oauth2/token", &wrong, StatusCode::BAD_REQUEST),
    ] {
        let from = |address: String| {
            let peer = Peer { address: format!("{address}:4711").parse().unwrap(), is_tls: true };
            let request = Request::post(path)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .extension(peer);
            served.send(request.body(encoded(form).into()).unwrap())
        };
        for _ in 0..1000 {
            assert_eq!(from(format!("192.0.2.{number}")).await.status, status, "{path}");
        }
        let refused = from(format!("192.0.2.{number}")).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert_eq!(refused.headers[header::RETRY_AFTER], "1");
        assert_eq!(from(format!("198.51.100.{number}")).await.status, status, "elsewhere");
    }
}
