//! The listener: takes connections within the limits, keeps the index up to date, and lets everybody go at the end.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use jiff::SignedDuration;
use muster_policy::DirectoryLimits;
use muster_store::Wake;
use muster_web::{Service, Tls};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
};

use crate::{index::Index, session::Session, view::Served, wire::Wire};

/// After a failure to take a connection, such as too many open files.
const AFTER_TROUBLE: Duration = Duration::from_millis(100);
/// How often it is looked whether the index is still right when nobody says that something changed.
const LOOK: Duration = Duration::from_millis(500);
/// Making the index takes at most one part in so many of the time.
const SHARE: u32 = 5;

/// What clients may ask of the directory.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at the same time.
    pub connections: usize,
    /// Bytes of a message.
    pub message: usize,
    /// Entries of an answer or of a page.
    pub results: usize,
    /// How long a search may take.
    pub time: Duration,
    /// How long a connection may be silent, or take to be sent something.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            message: 64 * 1024,
            results: 1000,
            time: Duration::from_secs(10),
            idle: Duration::from_mins(15),
        }
    }
}

impl From<DirectoryLimits> for Limits {
    fn from(said: DirectoryLimits) -> Self {
        let DirectoryLimits { connections, message, results, time, idle } = said;
        let usual = Self::default();
        let number =
            |said: Option<u64>, usual| said.map_or(usual, |n| n.try_into().unwrap_or(usize::MAX));
        let length =
            |said: Option<SignedDuration>, usual| said.map_or(usual, SignedDuration::unsigned_abs);
        Self {
            connections: number(connections, usual.connections),
            message: number(message, usual.message),
            results: number(results, usual.results),
            time: length(time, usual.time),
            idle: length(idle, usual.idle),
        }
    }
}

/// Where LDAP comes in.
#[derive(Debug, Default)]
pub struct Doors {
    /// In the clear, with StartTLS where there is a certificate.
    pub plain: Option<TcpListener>,
    /// With TLS from the first byte; needs a certificate.
    pub tls: Option<TcpListener>,
    /// The certificate.
    pub certificate: Option<Arc<Tls>>,
}

/// A model, its directory, and where to look in it.
pub(crate) struct State {
    pub(crate) served: Arc<Served>,
    pub(crate) index: Arc<Index>,
}

/// What all connections share.
pub(crate) struct Server {
    pub(crate) service: Service,
    pub(crate) limits: Limits,
    pub(crate) certificate: Option<Arc<Tls>>,
    state: watch::Sender<Option<Arc<State>>>,
}

impl Server {
    /// The directory as it is served now; waits for the first one. `None` when that takes too long.
    pub(crate) async fn state(&self) -> Option<Arc<State>> {
        if let Some(state) = &*self.state.borrow() {
            return Some(Arc::clone(state));
        }
        let mut receiver = self.state.subscribe();
        let ready = receiver.wait_for(Option::is_some);
        let ready = tokio::time::timeout(self.limits.time, ready).await.ok()?.ok()?;
        ready.clone()
    }
}

/// Serves the directory of the project until `stop` is done.
pub async fn serve(
    doors: Doors,
    service: Service,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let Doors { plain, tls, certificate } = doors;
    let places = Arc::new(Semaphore::new(limits.connections));
    let server = Arc::new(Server { service, limits, certificate, state: watch::Sender::new(None) });
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    let mut refresh = std::pin::pin!(keep_up(&server));
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            () = &mut refresh => break,
            accepted = accept(plain.as_ref()) => (accepted, false),
            accepted = accept(tls.as_ref()) => (accepted, true),
            Some(_) = connections.join_next() => continue,
        };
        let (Some((stream, peer)), encrypted) = accepted else {
            tokio::time::sleep(AFTER_TROUBLE).await;
            continue;
        };
        // Whoever finds no place is told so by the closed connection; to wait would be no answer either.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        connections.spawn(connection(Arc::clone(&server), stream, peer, encrypted, place));
    }
    connections.shutdown().await;
    Ok(())
}

/// The next connection of a listener; never one where there is none.
async fn accept(listener: Option<&TcpListener>) -> Option<(TcpStream, SocketAddr)> {
    let Some(listener) = listener else { return std::future::pending().await };
    let accepted = listener.accept().await;
    let accepted =
        accepted.inspect_err(|error| tracing::warn!(%error, "a connection could not be taken"));
    let (stream, peer) = accepted.ok()?;
    // Small answers go out at once. Where that cannot be set, they go out later.
    drop(stream.set_nodelay(true));
    Some((stream, peer))
}

async fn connection(
    server: Arc<Server>,
    stream: TcpStream,
    peer: SocketAddr,
    encrypted: bool,
    place: OwnedSemaphorePermit,
) {
    let Limits { message, idle, .. } = server.limits;
    let mut wire = Wire::new(Box::new(stream), message, idle);
    if encrypted {
        let Some(certificate) = server.certificate.clone() else { return };
        // A client that cannot shake hands or went away: that is its affair.
        let Some(shaken) = wire.encrypt(&certificate).await else { return };
        wire = shaken;
    }
    Session::new(server, peer.ip(), encrypted).run(wire).await;
    drop(place);
}

/// Makes the index, and renews it when facts or the model changed. Never ends.
async fn keep_up(server: &Server) {
    let mut wake = server.service.opened().store.wake();
    loop {
        let opened = server.service.opened();
        let now = server.service.clock().now();
        let former = server.state.borrow().clone();
        let same = former.as_ref().filter(|state| Arc::ptr_eq(&state.served.opened, &opened));
        let served = match same {
            Some(state) => Some(Arc::clone(&state.served)),
            None => Served::new(Arc::clone(&opened)).map(Arc::new),
        };
        if let Some(served) = served {
            let (opened, layout) = (&served.opened, &served.layout);
            let index = match same {
                Some(state) => state.index.renewed(opened, layout, now).await,
                None => Index::make(opened, layout, now).await.map(Some),
            };
            match index {
                Ok(Some(index)) => {
                    let state = State { served, index: Arc::new(index) };
                    server.state.send_replace(Some(Arc::new(state)));
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the directory stays as it was"),
            }
        }
        let took = server.service.clock().now().duration_since(now).unsigned_abs();
        tokio::time::sleep(took * (SHARE - 1)).await;
        changed(&mut wake).await;
    }
}

async fn changed(wake: &mut Wake) {
    // Another process on the same file is not heard.
    drop(tokio::time::timeout(LOOK, wake.changed()).await);
}
