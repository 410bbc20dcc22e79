//! What applications can find out by themselves: the discovery document and the keys.

use std::collections::BTreeSet;

use axum::Json;
use muster_policy::SigningAlgorithm;
use serde_json::{Value, json};

use crate::{asked::Asked, refused::Refused, scopes};

/// Where OpenID Connect looks.
pub(crate) const OPENID: &str = "/.well-known/openid-configuration";
/// Where OAuth looks (RFC 8414).
pub(crate) const OAUTH: &str = "/.well-known/oauth-authorization-server";
/// Algorithms that applications may sign with.
pub(crate) const ALGORITHMS: &[&str] = &["ES256", "RS256", "PS256", "EdDSA"];

/// The discovery document.
pub(crate) async fn configuration(asked: Asked) -> Json<Value> {
    let applications = &asked.opened.model.applications;
    let algorithms: BTreeSet<&str> = applications.iter().map(|of| of.algorithm.word()).collect();
    let methods = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
    Json(json!({
        "issuer": &*asked.issuer,
        "jwks_uri": asked.url("/oauth2/jwks"),
        "token_endpoint": asked.url("/oauth2/token"),
        "introspection_endpoint": asked.url("/oauth2/introspect"),
        "revocation_endpoint": asked.url("/oauth2/revoke"),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "id_token_signing_alg_values_supported": algorithms,
        "subject_types_supported": ["public"],
        "scopes_supported": scopes::KNOWN,
    }))
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
