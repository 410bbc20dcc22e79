//! The files that pages name.

use axum::{http::header, response::IntoResponse};

/// The styles of the console, beside those that it shares with the sign-in pages.
pub(crate) async fn style() -> impl IntoResponse {
    file("text/css", include_str!("../templates/console.css"))
}

/// Keys: what a page offers is also reached without the script.
pub(crate) async fn script() -> impl IntoResponse {
    file("text/javascript", include_str!("../templates/keys.js"))
}

fn file(media: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, "max-age=3600")], text)
}
