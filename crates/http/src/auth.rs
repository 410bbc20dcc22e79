//! Credentials, looked up, and how they go into a request.

use muster_connector::{ConnectorError, Secret, Secrets};
use reqwest::{RequestBuilder, header::HeaderValue};

use crate::{AuthSettings, token::Tokens};

/// The credentials of one client.
#[derive(Debug)]
pub(crate) enum Auth {
    None,
    Basic { user: String, password: Secret },
    Bearer(Secret),
    Header { name: String, value: Secret },
    Tokens(Box<Tokens>),
}

impl Auth {
    pub(crate) fn open(
        settings: &AuthSettings,
        secrets: &dyn Secrets,
    ) -> Result<Self, ConnectorError> {
        Ok(match settings {
            AuthSettings::None => Self::None,
            AuthSettings::Basic { user, password } => {
                Self::Basic { user: user.to_string(), password: password.resolve(secrets)? }
            }
            AuthSettings::Bearer(token) => Self::Bearer(token.resolve(secrets)?),
            AuthSettings::Header { name, value } => {
                Self::Header { name: name.to_string(), value: value.resolve(secrets)? }
            }
            AuthSettings::OAuth(oauth) => Self::Tokens(Box::new(Tokens::open(oauth, secrets)?)),
        })
    }

    /// Signs `request` in; `token` is the one that [`Tokens`] gave for it.
    pub(crate) fn sign(
        &self,
        request: RequestBuilder,
        token: Option<&Secret>,
    ) -> Result<RequestBuilder, ConnectorError> {
        Ok(match self {
            Self::None => request,
            Self::Basic { user, password } => request.basic_auth(user, Some(password.reveal())),
            Self::Bearer(token) => request.header("authorization", bearer(token)?),
            Self::Header { name, value } => request.header(name, sensitive(value.reveal())?),
            Self::Tokens(_) => match token {
                Some(token) => request.header("authorization", bearer(token)?),
                None => request,
            },
        })
    }

    /// What must never be shown.
    pub(crate) fn hidden(&self) -> Vec<Secret> {
        match self {
            Self::None => Vec::new(),
            Self::Basic { password: secret, .. }
            | Self::Bearer(secret)
            | Self::Header { value: secret, .. } => vec![secret.clone()],
            Self::Tokens(tokens) => vec![tokens.client_secret().clone()],
        }
    }
}

fn bearer(token: &Secret) -> Result<HeaderValue, ConnectorError> {
    sensitive(&format!("Bearer {}", token.reveal()))
}

fn sensitive(text: &str) -> Result<HeaderValue, ConnectorError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        ConnectorError::Settings(
            "a secret under `auth` holds characters that no header can carry".to_owned(),
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}
