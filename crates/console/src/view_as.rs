//! Seeing the pages as somebody else, which only a demonstration allows: the journal keeps who it really was, and for whom.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Form, FromRequestParts as _, Request, State},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};
use muster_app::{Authority, Ctx, Error, Opened, name_person};
use muster_signin::Own;
use muster_web::{Problem, Router, Service};
use percent_encoding::percent_decode_str;

use crate::address::part;

/// The cookie that names whom one sees as.
const COOKIE: &str = "muster_view_as";

/// In the extensions of every request where it is allowed.
#[derive(Debug, Clone, Copy)]
struct Allowed;

/// Faces of which the pages can be seen as somebody else. Whoever is signed in has the rights of whom they choose: for a
/// demonstration on made-up data, and nothing else.
pub fn with_view_as(faces: Router) -> Router {
    faces.route("/view-as", post(choose)).layer(Extension(Allowed))
}

/// Whether it is allowed here.
pub(crate) fn is_allowed(parts: &Parts) -> bool {
    parts.extensions.get::<Allowed>().is_some()
}

/// Whom the one who asks wants to see as; `None` when that is nobody, or not allowed.
pub(crate) async fn chosen(
    parts: &Parts,
    ctx: &Ctx,
    opened: &Opened,
) -> Result<Option<Arc<Authority>>, Error> {
    let Some(name) = cookie(&parts.headers).filter(|_| is_allowed(parts)) else { return Ok(None) };
    let Ok((person, _)) = name_person(ctx, opened, &name).await else { return Ok(None) };
    Ok(Authority::of(ctx, opened, person).await?.map(Arc::new))
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, name) = pairs.find(|(name, value)| *name == COOKIE && !value.is_empty())?;
    Some(percent_decode_str(name).decode_utf8().ok()?.into_owned())
}

/// Takes the choice; an empty one ends it.
async fn choose(State(service): State<Service>, request: Request) -> Result<Response, Problem> {
    use axum::extract::FromRequest as _;
    let (mut parts, body) = request.into_parts();
    Own::from_request_parts(&mut parts, &service).await?;
    let request = Request::from_parts(parts, body);
    let form = Form::<Vec<(String, String)>>::from_request(request, &service).await;
    let Form(pairs) = form.map_err(|_| Problem::invalid("what was sent cannot be read"))?;
    let name =
        pairs.iter().find(|(name, _)| name == "person").map_or("", |(_, value)| value.trim());
    let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", part(name));
    let mut response = Redirect::to("/").into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
