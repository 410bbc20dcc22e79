//! `/d/{secret}`: follows a link that lets one person in once.

use std::sync::Arc;

use axum::{
    extract::Path,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use muster_auth::{OneTimeLink, Secret};
use muster_web::{Problem, Router};

use crate::{browser::Browser, steps};

/// The route of a link; it leads to `/`.
pub fn link(link: OneTimeLink) -> Router {
    let link = Arc::new(link);
    let handler = move |browser: Browser, Path(secret): Path<String>| {
        let link = Arc::clone(&link);
        async move { follow(&link, &browser, secret).await }
    };
    Router::new().route("/d/{secret}", get(handler))
}

async fn follow(
    link: &OneTimeLink,
    browser: &Browser,
    secret: String,
) -> Result<Response, Problem> {
    let secret = Secret::new(secret);
    let attempt = browser.attempt("", &secret);
    match browser.auth.by_link(&browser.opened, link, attempt).await? {
        Some(verified) => {
            Ok((steps::enter(browser, &verified).await?, Redirect::to("/")).into_response())
        }
        None => Ok(Redirect::to("/signin?over=1").into_response()),
    }
}
