//! Revocation (RFC 7009): an application gives a token back.

use axum::http::StatusCode;
use bytes::Bytes;
use jiff::Timestamp;
use muster_store::{Handle, HandleKind};

use crate::{
    access_token,
    asked::Asked,
    client::client,
    hashed::hash,
    params::Params,
    refresh,
    refused::Refused,
    sessions::{self, Why},
};

/// Where it is.
pub(crate) const PATH: &str = "/oauth2/revoke";

/// Refuses a token from now on. A refresh token takes the whole session at the application with it. What is not a token, or is one of
/// somebody else, is left as it is, and the answer is the same.
pub(crate) async fn revoke(asked: Asked, body: Bytes) -> Result<StatusCode, Refused> {
    let params = Params::of_body(&body)?;
    let caller = client(&asked, &params).await?;
    let token = params.need("token", "send the token as `token`")?;
    let mut tx = asked.opened.store.begin().await?;
    if let Some(shown) = refresh::find(&mut tx, token).await? {
        if shown.handle.application == caller.name
            && let Some(session) = sessions::of_handle(&mut tx, &shown.handle).await?
        {
            sessions::end(&asked, &mut tx, &session, Why::Over).await?;
            tx.commit().await?;
        }
        return Ok(StatusCode::OK);
    }
    drop(tx);
    let valid = access_token::valid(&asked, token).await?;
    let own = valid.filter(|valid| valid.claims.client_id == *caller.name);
    if let Some(valid) = own {
        let revoked = Handle {
            hash: hash(&valid.claims.jti),
            kind: HandleKind::Revoked.word().into(),
            application: caller.name.clone(),
            application_session: None,
            body: "{}".into(),
            expires_at: Timestamp::from_second(valid.claims.exp).unwrap_or(Timestamp::MAX),
            used_at: None,
        };
        let mut tx = asked.opened.store.begin().await?;
        tx.insert_handle(&revoked).await?;
        tx.commit().await?;
    }
    Ok(StatusCode::OK)
}
