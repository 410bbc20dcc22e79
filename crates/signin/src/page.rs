//! A page as an answer: the template filled in, and what a browser may do with it.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use muster_app::Error;
use muster_web::Problem;

/// Styles and the script of ours and nothing else. Forms are not narrowed: browsers hold that against the redirect to an application that
/// follows a sign-in.
const CONTENT: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

/// A page that extends `layout.html`, of this crate or of another one.
pub fn page(status: StatusCode, template: &impl Template) -> Result<Response, Problem> {
    let text = template.render().map_err(|error| {
        Problem::from(Error::bug("a page cannot be filled in").caused_by(error))
    })?;
    let headers = [(header::CONTENT_SECURITY_POLICY, CONTENT)];
    Ok((status, headers, Html(text)).into_response())
}
