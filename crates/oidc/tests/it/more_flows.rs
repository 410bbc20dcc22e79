//! Pushed requests, devices, and tokens that are bound to a key.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, ThumbprintHash},
};
use muster_auth::Amr;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::{
    flow::{CALLBACK, VERIFIER, challenge, code, exchange, request},
    support::{Answer, ISSUER, Served, basic, claims, encoded},
};

/// What the wiki pushes.
fn pushed(challenge: &str) -> Vec<(&str, &str)> {
    vec![
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "pushed"),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
    ]
}

fn by_reference(client: &str, uri: &str) -> String {
    let state = ("state", "tampered");
    format!("/oauth2/authorize?{}", encoded(&[("client_id", client), ("request_uri", uri), state]))
}

#[tokio::test]
async fn a_pushed_request_counts_once_for_its_application_and_nothing_beside_it_does() {
    let served = Served::start().await;
    let auth = basic("wiki", &served.secret("wiki").await);
    let challenge = challenge(VERIFIER);
    let answer = served.post("/oauth2/par", &auth, &pushed(&challenge)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    assert_eq!(answer.json["expires_in"], 90);
    let uri = answer.field("request_uri");
    let cookie = served.sign_in("1").await;
    let other = served.browse(&cookie, &by_reference("shop", uri)).await;
    assert_eq!(other.status, StatusCode::BAD_REQUEST);
    let went = served.browse(&cookie, &by_reference("wiki", uri)).await;
    assert_eq!(went.sent("state").as_deref(), Some("pushed"));
    let tokens = exchange(&served, &auth, &went.sent("code").unwrap(), &[]).await;
    assert_eq!(tokens.status, StatusCode::OK);
    let again = served.browse(&cookie, &by_reference("wiki", uri)).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    let late = served.post("/oauth2/par", &auth, &pushed(&challenge)).await;
    served.later(SignedDuration::from_secs(90));
    let late = served.browse(&cookie, &by_reference("wiki", late.field("request_uri"))).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_request_is_pushed_by_who_proves_to_be_the_application_and_checked_at_once() {
    let served = Served::start().await;
    let auth = basic("wiki", &served.secret("wiki").await);
    let challenge = challenge(VERIFIER);
    let answer = served.post("/oauth2/par", "", &pushed(&challenge)).await;
    assert_eq!(answer.error(), "invalid_client");
    let mut form = pushed(&challenge);
    form[0].1 = "https://evil.example/cb";
    assert_eq!(served.post("/oauth2/par", &auth, &form).await.error(), "invalid_request");
    let mut form = pushed(&challenge);
    form.push(("request_uri", "urn:ietf:params:oauth:request_uri:x"));
    assert_eq!(served.post("/oauth2/par", &auth, &form).await.error(), "invalid_request");
    let cookie = served.sign_in("1").await;
    for uri in [
        "urn:ietf:params:oauth:request_uri:x",
        "https://wiki.example/request",
        "urn:muster:request:x",
    ] {
        let answer = served.browse(&cookie, &by_reference("wiki", uri)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{uri}");
    }
}

async fn device_asks(served: &Served, code: &str) -> Answer {
    let form = [
        ("client_id", "phone"),
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", code),
    ];
    served.post("/oauth2/token", "", &form).await
}

#[tokio::test]
async fn a_device_gets_tokens_when_the_person_has_seen_which_it_is_and_allowed_it() {
    let served = Served::start().await;
    let form = [("client_id", "phone"), ("scope", "openid profile")];
    let begun = served.post("/oauth2/device_authorization", "", &form).await;
    assert_eq!(begun.status, StatusCode::OK, "{begun:?}");
    let (device, user) = (begun.field("device_code"), begun.field("user_code"));
    assert_eq!(begun.field("verification_uri"), format!("{ISSUER}/oauth2/device"));
    assert_eq!(user.len(), 9);
    assert_eq!(device_asks(&served, device).await.error(), "authorization_pending");
    assert_eq!(device_asks(&served, device).await.error(), "slow_down");
    let link = format!("/oauth2/device?user_code={user}");
    assert!(served.get(&link).await.location().starts_with("/signin?return_to="));
    let cookie = served.sign_in("1").await;
    let page = served.browse(&cookie, &link).await;
    assert!(page.text.contains(user) && !page.text.contains("decision"), "a link decides nothing");
    // As people type: small letters, without the line.
    let typed = user.replace('-', " ").to_lowercase();
    let page = served.submit(&cookie, "/oauth2/device", &[("user_code", &typed)]).await;
    assert!(page.text.contains("Sign in to phone"), "{}", page.text);
    let proof = page.hidden("proof");
    let form = [("user_code", &*typed), ("proof", "x"), ("decision", "allow")];
    served.submit(&cookie, "/oauth2/device", &form).await;
    served.later(SignedDuration::from_secs(5));
    assert_eq!(device_asks(&served, device).await.error(), "authorization_pending");
    let form = [("user_code", &*typed), ("proof", &*proof), ("decision", "allow")];
    let page = served.submit(&cookie, "/oauth2/device", &form).await;
    assert!(page.text.contains("is connected"), "{}", page.text);
    served.later(SignedDuration::from_secs(5));
    let tokens = device_asks(&served, device).await;
    assert_eq!(claims(tokens.field("id_token"))["name"], "Ada Lovelace");
    assert_eq!(device_asks(&served, device).await.error(), "invalid_grant", "once");
}

#[tokio::test]
async fn a_device_needs_as_sure_a_sign_in_as_a_browser() {
    let served = Served::start().await;
    let auth = basic("bank", &served.secret("bank").await);
    let form = [("client_id", "bank"), ("scope", "openid")];
    let begun = served.post("/oauth2/device_authorization", &auth, &form).await;
    let form = [("user_code", begun.field("user_code"))];
    let password = served.sign_in("1").await;
    let led = served.submit(&password, "/oauth2/device", &form).await;
    assert!(led.location().starts_with("/signin?"), "{led:?}");
    assert_eq!(led.sent("acr").as_deref(), Some("urn:muster:acr:2"));
    let two = served.sign_in_by("1", vec![Amr::Password, Amr::Otp]).await;
    let page = served.submit(&two, "/oauth2/device", &form).await;
    assert!(page.text.contains("Sign in to bank"), "{}", page.text);
}

#[tokio::test]
async fn a_device_is_told_of_a_refusal_and_of_the_end_of_its_time() {
    let served = Served::start().await;
    let begin = || served.post("/oauth2/device_authorization", "", &[("client_id", "phone")]);
    let begun = begin().await;
    let cookie = served.sign_in("1").await;
    let user = begun.field("user_code");
    let page = served.submit(&cookie, "/oauth2/device", &[("user_code", user)]).await;
    let proof = page.hidden("proof");
    let form = [("user_code", user), ("proof", &*proof), ("decision", "deny")];
    served.submit(&cookie, "/oauth2/device", &form).await;
    let answer = device_asks(&served, begun.field("device_code")).await;
    assert_eq!(answer.error(), "access_denied");
    let begun = begin().await;
    served.later(SignedDuration::from_mins(10));
    let answer = device_asks(&served, begun.field("device_code")).await;
    assert_eq!(answer.error(), "expired_token");
    assert_eq!(device_asks(&served, "never").await.error(), "invalid_grant");
    let wiki = basic("wiki", &served.secret("wiki").await);
    let answer = served.post("/oauth2/device_authorization", &wiki, &[]).await;
    assert_eq!(answer.error(), "unauthorized_client");
}

#[tokio::test]
async fn codes_of_devices_cannot_be_guessed_by_trying() {
    let served = Served::start().await;
    let begun = served.post("/oauth2/device_authorization", "", &[("client_id", "phone")]).await;
    let cookie = served.sign_in("2").await;
    for number in 0..10_u8 {
        let guess = format!("BBBB-BBB{}", char::from(b'B' + number));
        served.submit(&cookie, "/oauth2/device", &[("user_code", &guess)]).await;
    }
    let form = [("user_code", begun.field("user_code"))];
    let page = served.submit(&cookie, "/oauth2/device", &form).await;
    assert!(page.text.contains("too many wrong codes"), "{}", page.text);
    let other = served.sign_in("1").await;
    let page = served.submit(&other, "/oauth2/device", &form).await;
    assert!(page.text.contains("Sign in to phone"));
}

/// A key that proofs are made with.
struct Holder {
    key: EncodingKey,
    jwk: Jwk,
}

impl Holder {
    fn new() -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        let key = EncodingKey::from_ec_der(document.as_ref());
        let jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        Self { key, jwk }
    }

    fn thumbprint(&self) -> String {
        self.jwk.thumbprint(ThumbprintHash::SHA256).unwrap()
    }

    fn proof(&self, claims: &Json) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("dpop+jwt".to_owned());
        header.jwk = Some(self.jwk.clone());
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }

    /// What a proof for the token endpoint says.
    fn for_token(served: &Served, jti: &str) -> Json {
        let now = served.ctx.now().as_second();
        json!({ "jti": jti, "htm": "POST", "htu": format!("{ISSUER}/oauth2/token"), "iat": now })
    }

    /// What a proof for userinfo says.
    fn for_userinfo(served: &Served, jti: &str, token: &str) -> Json {
        let now = served.ctx.now().as_second();
        let ath = URL_SAFE_NO_PAD.encode(Sha256::digest(token));
        json!({ "jti": jti, "htm": "GET", "htu": format!("{ISSUER}/oauth2/userinfo"), "iat": now, "ath": ath })
    }
}

async fn with_proof(served: &Served, auth: &str, proof: &str, form: &[(&str, &str)]) -> Answer {
    let request = Request::post("/oauth2/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::AUTHORIZATION, auth)
        .header("dpop", proof);
    served.send(request.body(Body::from(encoded(form))).unwrap()).await
}

async fn userinfo(served: &Served, scheme: &str, token: &str, proof: &str) -> StatusCode {
    let mut request =
        Request::get("/oauth2/userinfo").header(header::AUTHORIZATION, format!("{scheme} {token}"));
    if !proof.is_empty() {
        request = request.header("dpop", proof);
    }
    served.send(request.body(Body::empty()).unwrap()).await.status
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_is_worth_nothing_without_it() {
    let served = Served::start().await;
    let (holder, thief) = (Holder::new(), Holder::new());
    let auth = basic("wiki", &served.secret("wiki").await);
    let cookie = served.sign_in("1").await;
    let code = code(&served, &cookie, &[]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let proof = holder.proof(&Holder::for_token(&served, "1"));
    let tokens = with_proof(&served, &auth, &proof, &form).await;
    assert_eq!(tokens.field("token_type"), "DPoP", "{tokens:?}");
    let token = tokens.field("access_token");
    assert_eq!(claims(token)["cnf"]["jkt"], holder.thumbprint());
    assert_eq!(served.introspect(&auth, token).await["cnf"]["jkt"], holder.thumbprint());
    let good = holder.proof(&Holder::for_userinfo(&served, "2", token));
    assert_eq!(userinfo(&served, "DPoP", token, &good).await, StatusCode::OK);
    assert_eq!(userinfo(&served, "DPoP", token, &good).await, StatusCode::UNAUTHORIZED, "replayed");
    assert_eq!(userinfo(&served, "Bearer", token, "").await, StatusCode::UNAUTHORIZED);
    let stolen = thief.proof(&Holder::for_userinfo(&served, "3", token));
    assert_eq!(userinfo(&served, "DPoP", token, &stolen).await, StatusCode::UNAUTHORIZED);
    for (name, value) in [
        ("htm", json!("POST")),
        ("htu", json!(format!("{ISSUER}/oauth2/token"))),
        ("iat", json!(served.ctx.now().as_second() - 61)),
        ("iat", json!(served.ctx.now().as_second() + 31)),
        ("ath", json!("x")),
        ("jti", json!("")),
    ] {
        let mut claims = Holder::for_userinfo(&served, &format!("{name} {value}"), token);
        claims[name] = value;
        let status = userinfo(&served, "DPoP", token, &holder.proof(&claims)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{claims}");
    }
    // The refresh token is bound too.
    let refresh = tokens.field("refresh_token");
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let stolen = thief.proof(&Holder::for_token(&served, "4"));
    assert_eq!(with_proof(&served, &auth, &stolen, &form).await.error(), "invalid_grant");
    assert_eq!(served.post("/oauth2/token", &auth, &form).await.error(), "invalid_grant");
    let own = holder.proof(&Holder::for_token(&served, "5"));
    assert_eq!(with_proof(&served, &auth, &own, &form).await.status, StatusCode::OK);
    let again = with_proof(&served, &auth, &own, &form).await;
    assert_eq!(again.error(), "invalid_dpop_proof");
}

#[tokio::test]
async fn a_code_can_be_bound_to_a_key_before_it_is_given() {
    let served = Served::start().await;
    let holder = Holder::new();
    let auth = basic("wiki", &served.secret("wiki").await);
    let cookie = served.sign_in("1").await;
    let key = holder.thumbprint();
    let page = served.browse(&cookie, &request(&[("dpop_jkt", &key)])).await;
    let answer = exchange(&served, &auth, &page.sent("code").unwrap(), &[]).await;
    assert_eq!(answer.error(), "invalid_grant");
}

#[tokio::test]
async fn whose_tokens_have_to_be_bound_makes_proofs_for_now_only() {
    let served = Served::start().await;
    let holder = Holder::new();
    let auth = basic("safe", &served.secret("safe").await);
    let form = [("grant_type", "client_credentials")];
    let with_nonce = |jti: &str, nonce: &str| {
        let mut claims = Holder::for_token(&served, jti);
        if !nonce.is_empty() {
            claims["nonce"] = nonce.into();
        }
        holder.proof(&claims)
    };
    let bare = served.post("/oauth2/token", &auth, &form).await;
    assert_eq!(bare.error(), "invalid_dpop_proof");
    let told = with_proof(&served, &auth, &with_nonce("1", ""), &form).await;
    assert_eq!((told.status, told.error()), (StatusCode::BAD_REQUEST, "use_dpop_nonce"));
    let nonce = told.headers["dpop-nonce"].to_str().unwrap().to_owned();
    let tokens = with_proof(&served, &auth, &with_nonce("1", &nonce), &form).await;
    assert_eq!(tokens.field("token_type"), "DPoP", "{tokens:?}");
    let again = with_proof(&served, &auth, &with_nonce("2", &nonce), &form).await;
    assert_eq!(again.status, StatusCode::OK, "as often as it is fresh");
    served.later(SignedDuration::from_mins(5));
    for (jti, nonce) in [("3", &*nonce), ("4", "x"), ("5", "AAAA")] {
        let answer = with_proof(&served, &auth, &with_nonce(jti, nonce), &form).await;
        assert_eq!(answer.error(), "use_dpop_nonce", "{nonce}");
    }
}
