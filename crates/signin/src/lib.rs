//! The pages on which people sign in, see their account and sign out. They need no script but for passkeys.
//!
//! A page is a template with the texts of a language; nothing is written into a template that a language would change. A
//! form is taken only from a page of ours ([`own`]), and nobody is sent to an address that is not ours ([`return_to`]).
//! Whether somebody may get in is decided in `muster_auth`. Other faces with pages take layout, style and language from here.

mod account;
mod apply;
mod browser;
mod certificate;
mod enrol;
mod factors;
mod first_password;
mod guest;
mod known;
mod link;
mod mailed;
mod own;
mod page;
mod passkeys;
mod picture;
mod recovery;
mod return_to;
mod sign_in;
mod steps;
mod texts;

use axum::{
    http::header,
    routing::{get, post},
};
use muster_web::Router;

pub use self::{
    browser::session_cookie,
    link::link,
    own::Own,
    page::{page, page_that_posts},
    picture::{code_lines, code_picture},
};

/// The routes.
pub fn router() -> Router {
    Router::new()
        .route("/signin", get(sign_in::show).post(sign_in::sign_in))
        .route("/signin/certificate", post(certificate::sign_in))
        .route("/signin/code", get(steps::show_code).post(steps::code))
        .route("/signin/code/mail", post(mailed::send_proof))
        .route("/signin/password", get(first_password::show).post(first_password::set))
        .route("/signin/enrol", get(enrol::show).post(enrol::confirm))
        .route("/signin/enrol/mail", get(mailed::show_first).post(mailed::send_first))
        .route("/signin/enrol/mail/confirm", post(mailed::confirm_first))
        .route("/signin/forgotten", get(recovery::show).post(recovery::begin))
        .route("/signin/recover", get(recovery::step))
        .route("/signin/recover/code", post(recovery::code))
        .route("/signin/recover/proof", post(recovery::proof))
        .route("/signin/recover/passkey", post(recovery::passkey))
        .route("/signin/recover/password", post(recovery::set))
        .route("/guest", get(apply::show).post(apply::address))
        .route("/guest/ask", post(apply::ask))
        .route("/guest/sent", get(apply::sent))
        .route("/guest/{secret}", get(guest::show).post(guest::open))
        .route("/signin/guest", get(guest::show_name).post(guest::begin))
        .route("/signin/guest/code", get(guest::show_code).post(guest::code))
        .route("/signout", post(sign_in::sign_out))
        .route("/account", get(account::show))
        .route("/account/password", post(account::change_password))
        .route("/account/app", post(factors::begin))
        .route("/account/app/confirm", post(factors::confirm))
        .route("/account/app/remove", post(factors::remove))
        .route("/account/mail", get(mailed::show_in).post(mailed::send_in))
        .route("/account/mail/confirm", post(mailed::confirm_in))
        .route("/account/mail/remove", post(mailed::remove))
        .route("/account/codes", post(factors::new_codes))
        .route("/signin/passkey", post(passkeys::sign_in))
        .route("/signin/passkey/ask", post(passkeys::ask))
        .route("/signin/passkey.js", get(passkeys::script))
        .route("/account/passkeys", post(passkeys::add))
        .route("/account/passkeys/ask", post(passkeys::ask_to_add))
        .route("/account/passkeys/{id}/name", post(passkeys::rename))
        .route("/account/passkeys/{id}/remove", post(passkeys::remove))
        .route("/account/sessions/{id}/end", post(account::end_session))
        .route("/account/sessions/end", post(account::end_others))
        .route("/account/browsers/{id}/forget", post(known::forget))
        .route("/signin/style.css", get(style))
}

async fn style() -> impl axum::response::IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/css"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("../templates/style.css"))
}
