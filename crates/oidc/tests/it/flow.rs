//! A whole sign-in, as an application does it: the parts that tests change one by one.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::support::{Answer, Served, basic, encoded};

/// What the wiki remembers.
pub(crate) const VERIFIER: &str = "a-verifier-of-forty-three-letters-or-more-01";
/// Where the wiki gets people back.
pub(crate) const CALLBACK: &str = "https://wiki.example/cb";

/// The challenge that belongs to a verifier.
pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// What the wiki sends people with, with changes: an empty value takes a parameter away.
pub(crate) fn request(changes: &[(&str, &str)]) -> String {
    let challenge = challenge(VERIFIER);
    let mut params = vec![
        ("client_id", "wiki"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile email groups wiki.write"),
        ("state", "s 1&2"),
        ("nonce", "n1"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        params.retain(|(known, _)| known != name);
        if !value.is_empty() {
            params.push((name, value));
        }
    }
    format!("/oauth2/authorize?{}", encoded(&params))
}

/// The code that a browser with this cookie brings back.
pub(crate) async fn code(served: &Served, cookie: &str, changes: &[(&str, &str)]) -> String {
    let answer = served.browse(cookie, &request(changes)).await;
    answer.sent("code").unwrap_or_else(|| panic!("{answer:?}"))
}

/// Exchanges a code as the wiki does, with changes.
pub(crate) async fn exchange(
    served: &Served,
    auth: &str,
    code: &str,
    changes: &[(&str, &str)],
) -> Answer {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in changes {
        form.retain(|(known, _)| known != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    served.post("/oauth2/token", auth, &form).await
}

/// Signs Ada in to the wiki: the wiki's header, and what it got.
pub(crate) async fn signed_in(served: &Served) -> (String, Answer) {
    let cookie = served.sign_in("1").await;
    signed_in_with(served, &cookie).await
}

/// Signs a browser in to the wiki.
pub(crate) async fn signed_in_with(served: &Served, cookie: &str) -> (String, Answer) {
    let auth = basic("wiki", &served.secret("wiki").await);
    let code = code(served, cookie, &[]).await;
    let answer = exchange(served, &auth, &code, &[]).await;
    assert!(answer.status.is_success(), "{answer:?}");
    (auth, answer)
}

/// Refreshes as the wiki does.
pub(crate) async fn refresh(served: &Served, auth: &str, token: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    served.post("/oauth2/token", auth, &form).await
}
