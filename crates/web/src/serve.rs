//! The listener: takes connections within the limits until it is told to stop, then lets running requests end.

use std::{convert::Infallible, future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tower::{ServiceExt as _, service_fn};

use crate::{ClientCertificate, Limits, Tls};

/// Requests that one HTTP/2 connection may have open.
const STREAMS: u32 = 128;
/// After a failure to take a connection, such as too many open files.
const AFTER_TROUBLE: Duration = Duration::from_millis(100);

/// The other end of the connection; in the extensions of every request.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// Whether the connection is encrypted up to here.
    pub is_tls: bool,
}

/// Where connections come in, in the clear or with TLS.
#[derive(Debug)]
pub struct Door {
    /// The address.
    pub listener: TcpListener,
    /// The certificate; without one, everything goes in the clear.
    pub tls: Option<Tls>,
}

impl From<TcpListener> for Door {
    fn from(listener: TcpListener) -> Self {
        Self { listener, tls: None }
    }
}

/// Serves `router` until `stop` is done, and then until the requests that run have ended or the time for that is over.
pub async fn serve(
    door: impl Into<Door>,
    router: axum::Router,
    limits: &Limits,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let Door { listener, tls } = door.into();
    let (tls, proxies) = (tls.map(Arc::new), Arc::new(limits.trusted_proxies.clone()));
    let (builder, patience) = (builder(limits), limits.head_time);
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, address, place)) = accepted else {
            tokio::time::sleep(AFTER_TROUBLE).await;
            continue;
        };
        let router = router.clone();
        let peer = Peer { address, is_tls: tls.is_some() };
        let (builder, watcher) = (builder.clone(), graceful.watcher());
        let (tls, proxies) = (tls.clone(), Arc::clone(&proxies));
        tokio::spawn(async move {
            // A client that cannot shake hands, went away, or spoke something else: that is its affair.
            if let Some((stream, certificate)) = shaken(stream, tls.as_ref(), patience).await {
                let own = address.ip().to_canonical();
                let certificate =
                    certificate.filter(|_| !proxies.iter().any(|proxy| proxy.contains(own)));
                let answer =
                    TowerToHyperService::new(service_fn(move |mut request: Request<Incoming>| {
                        request.extensions_mut().insert(peer);
                        if let Some(certificate) = certificate.clone() {
                            request.extensions_mut().insert(certificate);
                        }
                        let answered = router.clone().oneshot(request);
                        async move { answered.await.map_err(|never: Infallible| never) }
                    }));
                let stream = TokioIo::new(stream);
                let connection = builder.serve_connection_with_upgrades(stream, answer);
                drop(watcher.watch(connection.into_owned()).await);
            }
            drop(place);
        });
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(limits.drain_time) => tracing::warn!("requests were cut off at the end"),
    }
    Ok(())
}

/// A connection, in the clear or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The connection as requests come over it, and the certificate that it began with; `None` when the client cannot shake hands in time.
async fn shaken(
    stream: TcpStream,
    tls: Option<&Arc<Tls>>,
    patience: Duration,
) -> Option<(Box<dyn Stream>, Option<ClientCertificate>)> {
    let Some(tls) = tls else { return Some((Box::new(stream), None)) };
    let shaken = tokio::time::timeout(patience, tls.acceptor().accept(stream)).await;
    let stream = shaken.ok()?.ok()?;
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let certificate = ClientCertificate::new(chain, tls);
    Some((Box::new(stream), certificate))
}

type Place = tokio::sync::OwnedSemaphorePermit;

/// The next connection, once there is a place for it; `None` when it could not be taken.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, Place)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    let (stream, peer) = listener
        .accept()
        .await
        .inspect_err(|error| tracing::warn!(%error, "a connection could not be taken"))
        .ok()?;
    // Small answers go out at once. Where that cannot be set, they go out later.
    drop(stream.set_nodelay(true));
    Some((stream, peer, place))
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(limits.head)
        .max_headers(limits.headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(limits.head).unwrap_or(u32::MAX))
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(limits.head_time);
    builder
}
