//! Sign-in for applications: OpenID Connect 1.0 and OAuth 2.1.
//!
//! [`router`] is the face over HTTP. Who an application is, what it may ask for and what it is told of a person is said by the
//! model; who somebody is, by their sign-in; whether they may still be here, by the repository, which is asked at every use of
//! a token. Access tokens and ID tokens are signed; codes and refresh tokens are random, and only their hashes are kept.

mod access_token;
mod asked;
mod authorize;
mod client;
mod code;
mod consent;
mod device;
mod form_post;
mod handles;
mod hashed;
mod id_token;
mod introspect;
mod jose;
mod keys;
mod logout;
mod metadata;
mod nonce;
mod page;
mod params;
mod person;
mod proof;
mod pushed;
mod refresh;
mod refused;
mod request;
mod revoke;
mod rotate;
mod scopes;
mod sessions;
mod signed_in;
mod tell;
mod texts;
mod token;
mod tokens;
mod tries;
mod userinfo;
mod wanted;

use axum::{
    Extension,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use muster_web::Router;

pub use self::{
    keys::KeyView,
    rotate::{list_signing_keys, rotate_signing_keys},
    tell::Teller,
};

/// Bytes of a request at most: what is asked is short.
const LONGEST_BODY: usize = 64 << 10;

/// The routes.
pub fn router() -> Router {
    Router::new()
        .route(metadata::OPENID, get(metadata::configuration))
        .route(metadata::OAUTH, get(metadata::configuration))
        .route(metadata::JWKS, get(metadata::jwks))
        .route(authorize::PATH, get(authorize::by_link).post(authorize::by_form))
        .route(form_post::SCRIPT, get(form_post::script))
        .route(pushed::PATH, post(pushed::push))
        .route(consent::PATH, post(consent::answer))
        .route(token::PATH, post(token::token))
        .route(userinfo::PATH, get(userinfo::userinfo).post(userinfo::userinfo))
        .route(introspect::PATH, post(introspect::introspect))
        .route(revoke::PATH, post(revoke::revoke))
        .route(device::BEGIN, post(device::begin))
        .route(device::PATH, get(device::open).post(device::answer))
        .route(logout::PATH, get(logout::by_link).post(logout::by_form))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(Extension(asked::Kept::default()))
}
