//! OAuth 2.0 client credentials: one token for all requests, fetched by one of them, renewed shortly before it ends.

use std::time::Duration;

use muster_connector::{ConnectorError, Secret, Secrets};
use serde_json::Value;
use tokio::{sync::Mutex, time::Instant};

use crate::{ClientAuth, OAuthSettings, client::Wire, encode, error, url};

/// How long a token lives when the endpoint does not say.
const USUAL_LIFE: Duration = Duration::from_mins(5);
/// How long before its end a token is not used any more; a tenth of its life if that is less.
const MARGIN: Duration = Duration::from_mins(1);
/// The largest answer of a token endpoint, in bytes.
const LARGEST_ANSWER: u64 = 1 << 20;

/// The tokens of one client.
#[derive(Debug)]
pub(crate) struct Tokens {
    settings: OAuthSettings,
    client_secret: Secret,
    /// Held while a token is fetched, so that all others wait for that one.
    current: Mutex<Option<Token>>,
}

/// A token and when it is not to be used any more.
#[derive(Debug, Clone)]
struct Token {
    value: Secret,
    until: Instant,
}

impl Tokens {
    pub(crate) fn open(
        settings: &OAuthSettings,
        secrets: &dyn Secrets,
    ) -> Result<Self, ConnectorError> {
        let client_secret = settings.client_secret.resolve(secrets)?;
        Ok(Self { settings: settings.clone(), client_secret, current: Mutex::new(None) })
    }

    pub(crate) fn client_secret(&self) -> &Secret {
        &self.client_secret
    }

    /// A token that can be used now.
    pub(crate) async fn get(&self, wire: &Wire) -> Result<Secret, ConnectorError> {
        let mut current = self.current.lock().await;
        match &*current {
            Some(token) if Instant::now() < token.until => Ok(token.value.clone()),
            Some(_) | None => self.fetch_into(&mut current, wire).await,
        }
    }

    /// Another token than `refused`; the one that somebody else fetched meanwhile, if there is one.
    pub(crate) async fn renew(
        &self,
        wire: &Wire,
        refused: &Secret,
    ) -> Result<Secret, ConnectorError> {
        let mut current = self.current.lock().await;
        match &*current {
            Some(token) if token.value != *refused => Ok(token.value.clone()),
            Some(_) | None => self.fetch_into(&mut current, wire).await,
        }
    }

    async fn fetch_into(
        &self,
        current: &mut Option<Token>,
        wire: &Wire,
    ) -> Result<Secret, ConnectorError> {
        *current = None;
        let token = self.fetch(wire).await?;
        let value = token.value.clone();
        *current = Some(token);
        Ok(value)
    }

    async fn fetch(&self, wire: &Wire) -> Result<Token, ConnectorError> {
        let settings = &self.settings;
        let to = url::parse(&settings.token_url).map_err(ConnectorError::Settings)?;
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(settings.scope.as_deref().map(|scope| ("scope", scope)));
        form.extend(settings.audience.as_deref().map(|audience| ("audience", audience)));
        let mut request = wire.request(reqwest::Method::POST, to);
        match settings.client_auth {
            ClientAuth::Header => {
                let user = encode(&settings.client_id);
                request = request.basic_auth(user, Some(encode(self.client_secret.reveal())));
            }
            ClientAuth::Body => {
                form.push(("client_id", &settings.client_id));
                form.push(("client_secret", self.client_secret.reveal()));
            }
        }
        let form: Vec<String> =
            form.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(form.join("&"));
        let answer =
            wire.execute(request, LARGEST_ANSWER, vec![self.client_secret.clone()]).await?;
        match answer.status() {
            200..=299 => read_token(&answer.json()?),
            400 | 401 | 403 => Err(ConnectorError::Refused(format!(
                "the token endpoint gave no token (HTTP {}): {}",
                answer.status(),
                answer.problem()
            ))),
            404 | 405 | 410 => Err(ConnectorError::Settings(format!(
                "`{}` is not a token endpoint (HTTP {})",
                settings.token_url,
                answer.status()
            ))),
            _ => Err(error::from_status(&answer, &settings.token_url)),
        }
    }
}

fn read_token(answer: &Value) -> Result<Token, ConnectorError> {
    let malformed =
        |what: &str| ConnectorError::Malformed(format!("the answer of the token endpoint {what}"));
    let value = answer.get("access_token").and_then(Value::as_str);
    let value = value.filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| malformed("holds no `access_token`"))?;
    let kind = answer.get("token_type").and_then(Value::as_str).unwrap_or("Bearer");
    if !kind.eq_ignore_ascii_case("bearer") {
        return Err(malformed("is a token of a type other than Bearer"));
    }
    let seconds = match answer.get("expires_in") {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => None,
    };
    let life = seconds.map_or(USUAL_LIFE, |s| Duration::from_secs(s.min(86_400)));
    let usable = life.saturating_sub(MARGIN.min(life / 10));
    Ok(Token { value: Secret::new(value), until: Instant::now() + usable })
}
