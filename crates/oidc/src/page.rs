//! Answers to browsers: redirects, and the few pages that are shown here. They need no script.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use muster_web::Problem;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{asked::Asked, refused::Refused, texts::Texts};

/// What stays as it is in a query.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An address with more in its query.
pub(crate) fn with_query(uri: &str, pairs: &[(&str, &str)]) -> String {
    let mut text = uri.to_owned();
    for (name, value) in pairs {
        text.push(if text.contains('?') { '&' } else { '?' });
        text.push_str(name);
        text.push('=');
        text.extend(utf8_percent_encode(value, KEPT));
    }
    text
}

/// Sends the browser somewhere else, by a link whatever it came by.
pub(crate) fn see_other(asked: &Asked, uri: &str) -> Response {
    match HeaderValue::from_str(uri) {
        Ok(uri) => (StatusCode::SEE_OTHER, [(header::LOCATION, uri)]).into_response(),
        Err(_) => refused(asked, &Refused::request("the address to return to cannot be used")),
    }
}

/// Sends a person to the sign-in page, from where they come back to a path here.
pub(crate) fn sign_in(asked: &Asked, back: &str, more: &[(&str, &str)]) -> Response {
    see_other(asked, &with_query(&with_query("/signin", &[("return_to", back)]), more))
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage {
    texts: &'static Texts,
    detail: &'static str,
}

/// Says that it does not go on, to the person, because nobody else can be told safely.
pub(crate) fn refused(asked: &Asked, refused: &Refused) -> Response {
    let page = RefusedPage { texts: asked.texts(), detail: refused.detail };
    shown(StatusCode::BAD_REQUEST, &page)
}

#[derive(Template)]
#[template(path = "done.html")]
struct Done {
    texts: &'static Texts,
    said: &'static str,
    help: Option<&'static str>,
}

/// Says that something is done.
pub(crate) fn done(
    texts: &'static Texts,
    said: &'static str,
    help: Option<&'static str>,
) -> Response {
    shown(StatusCode::OK, &Done { texts, said, help })
}

/// A page, which looks like those on which people sign in.
pub(crate) fn shown(status: StatusCode, page: &impl Template) -> Response {
    muster_signin::page(status, page).unwrap_or_else(Problem::into_response)
}
