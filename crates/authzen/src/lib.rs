//! Decisions over HTTP: the Authorization API 1.0 that the `AuthZEN` group of the `OpenID` foundation made.
//!
//! [`router`] answers evaluations, lists of them and searches, and says where it does. What is asked goes to the use cases
//! of `muster-app` as it is; nothing is decided here. Every answer says in its `context` which rule decided and why, and to clients that
//! may ask for access also how (`requests`).

mod body;
mod evaluate;
mod metadata;
mod requests;
mod search;

use axum::routing::{get, post};
use muster_web::Router;

/// Questions in one request.
const MOST_QUESTIONS: usize = 1000;
/// Results on one page of a search, unless fewer are asked for.
const MOST_RESULTS: usize = 1000;

/// The routes.
pub fn router() -> Router {
    Router::new()
        .route(metadata::WELL_KNOWN, get(metadata::configuration))
        .route("/access/v1/evaluation", post(evaluate::one))
        .route("/access/v1/evaluations", post(evaluate::many))
        .route("/access/v1/search/subject", post(search::subjects))
        .route("/access/v1/search/resource", post(search::resources))
        .route("/access/v1/search/action", post(search::actions))
}
