//! Config OP.

use axum::http::header;

use super::Suite;
use crate::support::ISSUER;

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let suite = Suite::start().await;
    let answer = suite.served.get("/.well-known/openid-configuration").await;
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(answer.field("issuer"), ISSUER);
    for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
        assert!(answer.field(name).starts_with("https://"), "{name}");
    }
    let has = |name: &str, value: &str| {
        answer.json[name].as_array().unwrap().iter().any(|known| known == value)
    };
    assert!(has("response_types_supported", "code"));
    assert!(has("subject_types_supported", "public"));
    assert!(has("id_token_signing_alg_values_supported", "RS256"));
    for scope in ["openid", "profile", "email", "address", "phone"] {
        assert!(has("scopes_supported", scope), "{scope}");
    }
    for claim in ["sub", "name", "email", "email_verified", "address", "phone_number"] {
        assert!(has("claims_supported", claim), "{claim}");
    }
    assert_eq!(answer.json["claims_parameter_supported"], true);
    let keys = suite.served.get("/oauth2/jwks").await.json;
    let keys = keys["keys"].as_array().unwrap();
    assert!(keys.iter().all(|key| key["use"] == "sig" && key["kid"].is_string()));
    assert!(keys.iter().any(|key| key["kty"] == "RSA"));
}
