//! The request id: taken from the caller when it is well-formed, else made here. It is in the answer, in the log and, as
//! the correlation, in the journal.

use std::fmt::Write as _;

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use muster_model::Text;

/// The header that carries it, in requests and answers.
const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// Letters of an id at most.
const LONGEST: usize = 64;

/// The id of a request.
#[derive(Debug, Clone)]
pub struct RequestId(pub Text);

/// Gives every request its id, and every answer the id of its request.
pub(crate) async fn identify(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&HEADER).and_then(|value| value.to_str().ok());
    let id: Text = match given.filter(|id| is_well_formed(id)) {
        Some(id) => id.into(),
        None => random().into(),
    };
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

fn is_well_formed(id: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !id.is_empty() && id.len() <= LONGEST && id.chars().all(fits)
}

fn random() -> String {
    let mut bytes = [0; 12];
    // Without random bytes ids repeat, which is a nuisance and no danger.
    _ = getrandom::fill(&mut bytes);
    bytes.iter().fold(String::new(), |mut id, byte| {
        // Writing into a String cannot fail.
        _ = write!(id, "{byte:02x}");
        id
    })
}
