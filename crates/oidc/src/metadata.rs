//! What applications can find out by themselves: the discovery document and the keys.

use std::collections::BTreeSet;

use axum::Json;
use muster_auth::Acr;
use muster_policy::{GrantType, SigningAlgorithm};
use serde_json::{Value, json};

use crate::{
    asked::Asked, authorize, device, introspect, logout, person, pushed, refused::Refused,
    request::Mode, revoke, scopes, signed_in::SignedIn, token, userinfo,
};

/// Where OpenID Connect looks.
pub(crate) const OPENID: &str = "/.well-known/openid-configuration";
/// Where OAuth looks (RFC 8414).
pub(crate) const OAUTH: &str = "/.well-known/oauth-authorization-server";
/// Where the keys are.
pub(crate) const JWKS: &str = "/oauth2/jwks";
/// Algorithms that applications may sign with.
const ALGORITHMS: &[&str] = &["ES256", "RS256", "PS256", "EdDSA"];
/// How applications prove who they are.
const METHODS: &[&str] = &["client_secret_basic", "client_secret_post", "private_key_jwt"];

/// The discovery document.
pub(crate) async fn configuration(asked: Asked) -> Json<Value> {
    let applications = &asked.opened.model.applications;
    let algorithms: BTreeSet<&str> = applications.iter().map(|of| of.algorithm.word()).collect();
    let methods: Vec<&str> = METHODS.iter().copied().chain(["none"]).collect();
    let grants: BTreeSet<&str> =
        applications.iter().flat_map(|of| &of.grants).map(|grant| grant_word(*grant)).collect();
    Json(json!({
        "issuer": &*asked.issuer,
        "jwks_uri": asked.url(JWKS),
        "authorization_endpoint": asked.url(authorize::PATH),
        "pushed_authorization_request_endpoint": asked.url(pushed::PATH),
        "token_endpoint": asked.url(token::PATH),
        "userinfo_endpoint": asked.url(userinfo::PATH),
        "introspection_endpoint": asked.url(introspect::PATH),
        "revocation_endpoint": asked.url(revoke::PATH),
        "device_authorization_endpoint": asked.url(device::BEGIN),
        "end_session_endpoint": asked.url(logout::PATH),
        "response_types_supported": ["code"],
        "response_modes_supported": Mode::WORDS,
        "grant_types_supported": grants,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "acr_values_supported": SignedIn::LEVELS.map(Acr::word),
        "claims_supported": person::claims_known(),
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "dpop_signing_alg_values_supported": ALGORITHMS,
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": METHODS,
        "introspection_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "id_token_signing_alg_values_supported": algorithms,
        "subject_types_supported": ["public"],
        "scopes_supported": scopes::KNOWN,
    }))
}

/// What a request for tokens calls a grant.
fn grant_word(grant: GrantType) -> &'static str {
    match grant {
        GrantType::Device => device::GRANT,
        GrantType::Code | GrantType::Refresh | GrantType::Client => grant.word(),
    }
}

/// The public halves of the keys.
pub(crate) async fn jwks(asked: Asked) -> Result<Json<Value>, Refused> {
    // The first question is what makes the first key.
    asked.signer(SigningAlgorithm::Es256).await?;
    let wants_rsa =
        asked.opened.model.applications.iter().any(|of| of.algorithm == SigningAlgorithm::Rs256);
    if wants_rsa {
        asked.signer(SigningAlgorithm::Rs256).await?;
    }
    let ring = asked.ring().await?;
    Ok(Json(json!({ "keys": ring.public(asked.now) })))
}
