//! The document, the page that shows it, and what the `type` of a problem leads to. All are public: they say what every
//! installation answers, and nothing of this one.

use std::future::ready;

use axum::{
    extract::Path,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use muster_web::{Code, Problem, Router};

use crate::document;

/// `RapiDoc` 9.3.8 (MIT, `assets/rapidoc.LICENSE.txt`), packed with gzip, which every browser reads.
const VIEWER: &[u8] = include_bytes!("../assets/rapidoc.js.gz");
/// The page loads its one script from here and asks nobody else.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Muster API</title><script type="module" src="/api/v1/docs/viewer.js"></script></head>
<body><rapi-doc spec-url="/api/v1/openapi.json" load-fonts="false" show-header="false" render-style="read"
 allow-spec-url-load="false" allow-spec-file-load="false" persist-auth="false"></rapi-doc></body>
</html>
"#;
/// `/api/v1/openapi.json`, `/api/v1/docs`, `/api/v1/problems/CODE`.
pub(crate) fn router() -> Router {
    let text = document().to_string();
    Router::new()
        .route("/api/v1/openapi.json", get(move || ready(answer("application/json", text.clone()))))
        .route("/api/v1/docs", get(|| ready(answer("text/html; charset=utf-8", PAGE))))
        .route("/api/v1/docs/viewer.js", get(|| ready(viewer())))
        .route("/api/v1/problems/{code}", get(|Path(code): Path<String>| ready(problem(&code))))
}

fn answer(media: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let mut response = Response::new(body.into());
    put(&mut response, header::CONTENT_TYPE, media);
    put(&mut response, header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

/// What a code of a problem means.
fn problem(word: &str) -> Response {
    let Some(code) = Code::ALL.iter().find(|code| code.word == word) else {
        return Problem::not_found("there is no problem of this code").into_response();
    };
    let Code { word, status, title, meaning } = *code;
    // Only words of ours: nothing that somebody sent gets into the page.
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{word}</title></head>\n\
         <body><h1>{title}</h1><p><code>{word}</code>, HTTP {}</p><p>{meaning}</p></body>\n</html>\n",
        status.as_u16()
    );
    answer("text/html; charset=utf-8", page)
}

fn viewer() -> Response {
    let mut response = VIEWER.into_response();
    put(&mut response, header::CONTENT_TYPE, "text/javascript");
    put(&mut response, header::CONTENT_ENCODING, "gzip");
    put(&mut response, header::CACHE_CONTROL, "public, max-age=86400");
    response
}

fn put(response: &mut Response, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}
