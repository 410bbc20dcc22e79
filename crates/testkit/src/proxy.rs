//! A proxy that can cut connections in the middle of an answer.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context as _, Result};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    task::JoinHandle,
};

/// Passes everything on until what [`Proxy::cutter`] gives is called.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    /// How many more bytes the server may say.
    left: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Stands in front of the server at `url`: `scheme://user@host:port/path`, of which user and path may be missing.
    pub async fn start(url: &str) -> Result<Self> {
        let (scheme, rest) = url.split_once("://").context("an address begins with its scheme")?;
        let (address, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (user, target) =
            address.rfind('@').map_or(("", address), |at| address.split_at(at + 1));
        let target = target.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("{scheme}://{user}{}{path}", listener.local_addr()?);
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        let shared = Arc::clone(&left);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&target).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(pass(from_client, to_server, Arc::new(AtomicUsize::new(usize::MAX))));
                tokio::spawn(pass(from_server, to_client, Arc::clone(&shared)));
            }
        });
        Ok(Self { url, left, task })
    }

    /// The address with the proxy in the place of the server.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What makes every answer break off after `n` more bytes.
    pub fn cutter(&self, n: usize) -> Arc<dyn Fn() + Send + Sync> {
        let left = Arc::clone(&self.left);
        Arc::new(move || left.store(n, Ordering::SeqCst))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, left: Arc<AtomicUsize>) {
    let mut buffer = [0; 256];
    while let Ok(n) = from.read(&mut buffer).await {
        let part = buffer.get(..n).unwrap_or_default();
        if n == 0 || left.load(Ordering::SeqCst) < n || to.write_all(part).await.is_err() {
            break;
        }
        left.fetch_sub(n, Ordering::SeqCst);
    }
}
