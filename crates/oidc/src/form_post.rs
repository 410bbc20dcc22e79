//! Answers as a form (OAuth 2.0 Form Post Response Mode): a page whose form the browser posts to the application.
//!
//! A small script of ours presses the button at once; without scripts people press it. The policy of the page lets the form go to the
//! address of the application and nowhere else.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use muster_web::Problem;

use crate::{asked::Asked, texts::Texts};

/// Where the script is.
pub(crate) const SCRIPT: &str = "/oauth2/form_post.js";

#[derive(Template)]
#[template(path = "form_post.html")]
struct Page<'a> {
    texts: &'static Texts,
    uri: &'a str,
    fields: &'a [(&'a str, &'a str)],
    script: &'static str,
}

/// The page that brings an answer to an application.
pub(crate) fn page(asked: &Asked, uri: &str, fields: &[(&str, &str)]) -> Response {
    let page = Page { texts: asked.texts(), uri, fields, script: SCRIPT };
    muster_signin::page_that_posts(StatusCode::OK, &page, &as_source(uri))
        .unwrap_or_else(Problem::into_response)
}

/// An address as a policy names it: without its query, and without the signs that part policies.
fn as_source(uri: &str) -> String {
    let address = uri.split(['?', '#']).next().unwrap_or_default();
    address.replace(';', "%3B").replace(',', "%2C").replace('\'', "%27")
}

/// The script.
pub(crate) async fn script() -> impl IntoResponse {
    let headers =
        [(header::CONTENT_TYPE, "text/javascript"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("../templates/form_post.js"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stays_one_source_of_a_policy() {
        assert_eq!(as_source("https://a.example/cb?x=1;y"), "https://a.example/cb");
        assert_eq!(as_source("https://a.example/a;b,c'd"), "https://a.example/a%3Bb%2Cc%27d");
    }
}
