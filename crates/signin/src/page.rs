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
    shown(status, template, CONTENT.to_owned())
}

/// As [`page`], of a page whose forms go to this address and nowhere else. It is a source as a policy names it.
pub fn page_that_posts(
    status: StatusCode,
    template: &impl Template,
    target: &str,
) -> Result<Response, Problem> {
    shown(status, template, format!("{CONTENT}; form-action {target}"))
}

fn shown(
    status: StatusCode,
    template: &impl Template,
    content: String,
) -> Result<Response, Problem> {
    let text = template.render().map_err(|error| {
        Problem::from(Error::bug("a page cannot be filled in").caused_by(error))
    })?;
    let headers = [(header::CONTENT_SECURITY_POLICY, content)];
    Ok((status, headers, Html(text)).into_response())
}
