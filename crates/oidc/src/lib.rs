//! Sign-in for applications: OpenID Connect 1.0 and OAuth 2.1.
//!
//! [`router`] is the face over HTTP. Who an application is, what it may ask for and what it is told of a person is said by the
//! model; who somebody is, by their sign-in; whether they may still be here, by the repository, which is asked at every use of
//! a token. Access tokens and ID tokens are signed; codes and refresh tokens are random, and only their hashes are kept.

mod access_token;
mod asked;
mod client;
mod hashed;
mod introspect;
mod jose;
mod keys;
mod metadata;
mod params;
mod person;
mod refused;
mod revoke;
mod rotate;
mod scopes;
mod token;

use axum::{
    Extension,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use muster_web::Router;

pub use self::{
    keys::KeyView,
    rotate::{list_signing_keys, rotate_signing_keys},
};

/// Bytes of a request at most: what is asked is short.
const LONGEST_BODY: usize = 64 << 10;

/// The routes.
pub fn router() -> Router {
    Router::new()
        .route(metadata::OPENID, get(metadata::configuration))
        .route(metadata::OAUTH, get(metadata::configuration))
        .route("/oauth2/jwks", get(metadata::jwks))
        .route("/oauth2/token", post(token::token))
        .route("/oauth2/introspect", post(introspect::introspect))
        .route("/oauth2/revoke", post(revoke::revoke))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(Extension(keys::Keys::default()))
}
