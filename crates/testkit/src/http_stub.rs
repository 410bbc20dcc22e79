//! An HTTP server in the test's own process that answers what the test tells it and keeps what it was asked.
//!
//! It is for behaviour that real servers do not show on request: statuses, broken connections, silence. It knows
//! nothing of any protocol above HTTP.

use std::{
    convert::Infallible,
    fmt, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::{
    Request, Response,
    body::{Body, Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime};
use tokio_rustls::TlsAcceptor;

use crate::tls::make_certificates;

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// `GET`, `POST` …
    pub method: String,
    /// The path as sent, still percent-encoded.
    pub path: String,
    /// The query as sent, without `?`; empty when there is none.
    pub query: String,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Received {
    /// The value of the header `name`, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The parameter `name` of the query, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| decode(key) == name).map(|(_, value)| decode(value))
    }

    /// The segments of the path, decoded.
    pub fn segments(&self) -> Vec<String> {
        self.path.split('/').filter(|part| !part.is_empty()).map(decode).collect()
    }
}

/// How the stub answers.
#[derive(Debug, Clone)]
pub enum Reply {
    /// With status, headers and body.
    Answer(u16, Vec<(String, String)>, Vec<u8>),
    /// By closing the connection without a word.
    Close,
    /// With success and half of this body, and then by closing the connection.
    Half(Vec<u8>),
    /// Not at all, with the connection open.
    Silence,
}

impl Reply {
    /// A JSON answer.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let kind = ("content-type".to_owned(), "application/json".to_owned());
        Self::Answer(status, vec![kind], body.into())
    }

    /// An answer without body.
    pub fn empty(status: u16) -> Self {
        Self::Answer(status, Vec::new(), Vec::new())
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer(_, headers, _) = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// Decides what is answered; may be called by several connections at once.
type Handler = Arc<dyn Fn(&Received) -> Reply + Send + Sync>;

/// A running stub. It stops when it is dropped.
pub struct HttpStub {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    certificates: Option<(TempDir, PathBuf)>,
    runtime: Option<Runtime>,
}

impl fmt::Debug for HttpStub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpStub").field("address", &self.address).finish_non_exhaustive()
    }
}

impl HttpStub {
    /// Starts a stub on a free loopback port.
    pub fn start(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Result<Self> {
        Self::launch(Arc::new(answer), None, true)
    }

    /// The same without keeping what was asked; for measuring.
    pub fn start_forgetful(
        answer: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::launch(Arc::new(answer), None, false)
    }

    /// Starts one that speaks TLS, with a certificate for `localhost` from an authority of its own.
    pub fn start_tls(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("muster-http-").tempdir()?;
        Self::launch(Arc::new(answer), Some(folder), true)
    }

    fn launch(handler: Handler, folder: Option<TempDir>, keep: bool) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("cannot start a runtime")?;
        let received = Arc::new(Mutex::new(Vec::new()));
        let certificates = folder
            .map(|folder| {
                let made = make_certificates(folder.path())?;
                let tls = acceptor(&made.certificate, &made.key)?;
                anyhow::Ok(((folder, made.ca), tls))
            })
            .transpose()?;
        let (certificates, tls) = certificates.unzip();
        let listener = bind(&runtime)?;
        let address = listener.local_addr()?;
        let stub = Shared { handler, received: keep.then(|| Arc::clone(&received)), tls };
        runtime.spawn(accept(listener, Arc::new(stub)));
        Ok(Self { address, received, certificates, runtime: Some(runtime) })
    }

    /// The address, `http://127.0.0.1:…` or `https://localhost:…`.
    pub fn url(&self) -> String {
        let port = self.address.port();
        match self.certificates {
            Some(_) => format!("https://localhost:{port}"),
            None => format!("http://127.0.0.1:{port}"),
        }
    }

    /// The file with the authority that signed the certificate; only with TLS.
    pub fn ca_file(&self) -> Option<&Path> {
        self.certificates.as_ref().map(|(_, ca)| ca.as_path())
    }

    /// Everything asked so far, in the order in which it was complete.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.received).clone()
    }

    /// Forgets what was asked.
    pub fn forget(&self) {
        lock(&self.received).clear();
    }
}

impl Drop for HttpStub {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Binds a free port; the calling thread may belong to another runtime, so it waits for a message.
fn bind(runtime: &Runtime) -> Result<TcpListener> {
    let (sender, receiver) = std::sync::mpsc::channel();
    runtime.spawn(async move {
        // Nobody waits any more when the receiver is gone.
        drop(sender.send(TcpListener::bind(("127.0.0.1", 0)).await));
    });
    receiver.recv().context("the runtime is gone")?.context("cannot bind a loopback port")
}

/// What all connections share.
struct Shared {
    handler: Handler,
    received: Option<Arc<Mutex<Vec<Received>>>>,
    tls: Option<TlsAcceptor>,
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        // A client that breaks off is what some tests do.
        drop(stream.set_nodelay(true));
        tokio::spawn(async move {
            match &shared.tls {
                None => serve(TokioIo::new(stream), Arc::clone(&shared)).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(TokioIo::new(stream), Arc::clone(&shared)).await;
                    }
                }
            }
        });
    }
}

async fn serve<S>(stream: S, shared: Arc<Shared>)
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let service = service_fn(|request: Request<Incoming>| answer(request, Arc::clone(&shared)));
    let connection =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(stream, service);
    // Ends with an error when the stub closes the connection on purpose.
    drop(connection.await);
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<BoxBody<Bytes, io::Error>>> {
    let (parts, body) = request.into_parts();
    let headers = parts.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let received = Received {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: body.collect().await?.to_bytes().to_vec(),
    };
    let reply = (shared.handler)(&received);
    if let Some(kept) = &shared.received {
        lock(kept).push(received);
    }
    match reply {
        Reply::Answer(status, headers, body) => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            Ok(response.body(whole(body.into()))?)
        }
        Reply::Close => anyhow::bail!("closed on purpose"),
        Reply::Half(body) => {
            let half = body.get(..body.len() / 2).unwrap_or_default().to_vec();
            let response = Response::builder()
                .header("content-type", "application/json")
                .header("content-length", body.len());
            Ok(response.body(Broken(Some(half.into())).boxed())?)
        }
        Reply::Silence => {
            std::future::pending::<()>().await;
            anyhow::bail!("never")
        }
    }
}

fn whole(body: Bytes) -> BoxBody<Bytes, io::Error> {
    Full::new(body).map_err(|never: Infallible| match never {}).boxed()
}

fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor> {
    Ok(TlsAcceptor::from(server_config(certificate, key)?))
}

/// A server's side of TLS with this certificate.
pub(crate) fn server_config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let certificate = CertificateDer::from_pem_file(certificate).context("bad certificate")?;
    let key = PrivateKeyDer::from_pem_file(key).context("bad key")?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    Ok(Arc::new(config))
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let pair = if byte == b'%' { hex_pair(&mut rest) } else { None };
        bytes.push(pair.unwrap_or(if byte == b'+' { b' ' } else { byte }));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Takes a pair of hexadecimal digits off `rest`, if there is one.
fn hex_pair(rest: &mut std::str::Bytes<'_>) -> Option<u8> {
    let mut ahead = rest.clone();
    let high = char::from(ahead.next()?).to_digit(16)?;
    let low = char::from(ahead.next()?).to_digit(16)?;
    *rest = ahead;
    u8::try_from(high << 4 | low).ok()
}

/// The first half of a body, and then an end that is none.
struct Broken(Option<Bytes>);

impl Body for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(Some(match self.0.take() {
            Some(half) => Ok(Frame::data(half)),
            None => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
        }))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
