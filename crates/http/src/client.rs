//! The client: signs in, sends, reads with limits, and renews a token once.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use muster_connector::{ConnectorError, Secret, Secrets};
use reqwest::{Client, RequestBuilder, Url, redirect};
use tokio::sync::Semaphore;

use crate::{
    HttpSettings, Method, Request, Response,
    auth::Auth,
    error::from_transport,
    public::{self, PublicOnly},
    tls,
    url::join,
};

/// What we call ourselves.
const USER_AGENT: &str = concat!("muster/", env!("CARGO_PKG_VERSION"));
/// The most headers of an answer, and their size altogether in bytes.
const MOST_HEADERS: usize = 100;
const MOST_HEADER_BYTES: usize = 64 * 1024;

/// A client for one system. Calls may come from several tasks; no more than `connections` are under way at once.
#[derive(Debug)]
pub struct HttpClient {
    wire: Wire,
    base: Url,
    auth: Auth,
    headers: Vec<(String, String)>,
    max_response: u64,
    turns: Semaphore,
}

/// What sends a request and reads the answer, knowing nothing of credentials.
#[derive(Debug)]
pub(crate) struct Wire {
    client: Client,
    timeout: std::time::Duration,
    public_only: bool,
}

impl HttpClient {
    /// Looks secrets and certificates up. Nothing is sent before the first request.
    pub fn open(settings: &HttpSettings, secrets: &dyn Secrets) -> Result<Self, ConnectorError> {
        let missing =
            || ConnectorError::Settings("the setting `url` is missing or wrong".to_owned());
        let base = settings.url.clone().ok_or_else(missing)?;
        Ok(Self {
            wire: Wire::open(settings, secrets)?,
            base,
            auth: Auth::open(&settings.auth, secrets)?,
            headers: settings.headers.clone(),
            max_response: settings.max_response,
            turns: Semaphore::new(usize::from(settings.connections)),
        })
    }

    /// The base URL, for messages and for comparing addresses that the server names.
    pub fn base(&self) -> &str {
        self.base.as_str()
    }

    /// Sends a request and answers what came back, whatever its status. An error means that there was no whole answer;
    /// then the request may or may not have had its effect.
    pub async fn send(&self, request: &Request) -> Result<Response, ConnectorError> {
        let url = join(&self.base, &request.path, &request.query)?;
        let closed = || ConnectorError::Unreachable("the client is closed".to_owned());
        let _turn = self.turns.acquire().await.map_err(|_| closed())?;
        let Auth::Tokens(tokens) = &self.auth else {
            return self.send_with(request, url, None).await;
        };
        let token = tokens.get(&self.wire).await?;
        let answer = self.send_with(request, url.clone(), Some(&token)).await?;
        if answer.status() != 401 {
            return Ok(answer);
        }
        // The token may have been withdrawn before its time; a second refusal is one.
        let token = tokens.renew(&self.wire, &token).await?;
        self.send_with(request, url, Some(&token)).await
    }

    /// Sends a request whose answer must be success; another one is its error, about the object `name`.
    pub async fn call(&self, request: &Request, name: &str) -> Result<Response, ConnectorError> {
        self.send(request).await?.success(name)
    }

    async fn send_with(
        &self,
        request: &Request,
        url: Url,
        token: Option<&Secret>,
    ) -> Result<Response, ConnectorError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut sent = self.wire.request(method, url);
        for (name, value) in &self.headers {
            sent = sent.header(name, value);
        }
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        if let Some(body) = &request.body {
            sent = sent.body(body.clone());
        }
        let sent = self.auth.sign(sent, token)?;
        let mut hidden = self.auth.hidden();
        hidden.extend(token.cloned());
        self.wire.execute(sent, self.max_response, hidden).await
    }
}

impl Wire {
    fn open(settings: &HttpSettings, secrets: &dyn Secrets) -> Result<Self, ConnectorError> {
        let config = tls::client_config(&settings.tls, secrets)?;
        let mut builder = Client::builder()
            .tls_backend_preconfigured(config)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .user_agent(USER_AGENT)
            .timeout(settings.timeout)
            .connect_timeout(settings.connect_timeout)
            .tcp_nodelay(true)
            .http1_max_headers(MOST_HEADERS)
            .pool_max_idle_per_host(usize::from(settings.connections));
        let unusable = |error: reqwest::Error| {
            ConnectorError::Settings(format!("the HTTP client cannot be set up: {error}"))
        };
        if let Some(proxy) = &settings.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(unusable)?);
        }
        if settings.public_only {
            builder = builder.dns_resolver(Arc::new(PublicOnly));
        }
        let client = builder.build().map_err(unusable)?;
        Ok(Self { client, timeout: settings.timeout, public_only: settings.public_only })
    }

    pub(crate) fn request(&self, method: reqwest::Method, url: Url) -> RequestBuilder {
        self.client.request(method, url)
    }

    pub(crate) async fn execute(
        &self,
        request: RequestBuilder,
        max_response: u64,
        hidden: Vec<Secret>,
    ) -> Result<Response, ConnectorError> {
        let broken = |error| from_transport(error, self.timeout);
        let request = request.build().map_err(broken)?;
        if self.public_only {
            public::check(request.url())?;
        }
        let mut answer = self.client.execute(request).await.map_err(broken)?;
        let headers = std::mem::take(answer.headers_mut());
        let n_bytes = headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        if n_bytes.sum::<usize>() > MOST_HEADER_BYTES {
            return Err(ConnectorError::Malformed(
                "the headers of the answer are too long".to_owned(),
            ));
        }
        let status = answer.status().as_u16();
        let body = read_body(&mut answer, max_response).await?.map_err(broken)?;
        Ok(Response { status, headers, body, hidden })
    }
}

/// Reads a body that is not larger than `max_response`. The inner error is one of the connection.
async fn read_body(
    answer: &mut reqwest::Response,
    max_response: u64,
) -> Result<Result<Bytes, reqwest::Error>, ConnectorError> {
    let too_large = || {
        ConnectorError::Malformed(format!(
            "the answer is larger than {max_response} bytes; read smaller pages or raise `max_response`"
        ))
    };
    let most = usize::try_from(max_response).unwrap_or(usize::MAX);
    let announced = answer.content_length().unwrap_or(0);
    if announced > max_response {
        return Err(too_large());
    }
    let mut body = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > most => return Err(too_large()),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(Ok(body.freeze())),
            Err(error) => return Ok(Err(error)),
        }
    }
}
