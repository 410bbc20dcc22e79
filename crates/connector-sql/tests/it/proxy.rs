//! A proxy that can cut connections in the middle of an answer.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    task::JoinHandle,
};

/// Passes everything on until [`Proxy::cutter`] is called.
pub(crate) struct Proxy {
    /// The address with the proxy in the place of the server.
    pub(crate) url: String,
    /// How many more bytes the server may say.
    left: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Stands in front of the server at `url` (`scheme://user@host:port/name`).
    pub(crate) async fn start(url: &str) -> Self {
        let (head, rest) = url.split_once('@').unwrap();
        let (target, name) = rest.split_once('/').unwrap();
        let target = target.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{head}@{}/{name}", listener.local_addr().unwrap());
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
        Self { url, left, task }
    }

    /// What makes every answer break off after `n` more bytes.
    pub(crate) fn cutter(&self, n: usize) -> Arc<dyn Fn() + Send + Sync> {
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
        if n == 0 || left.load(Ordering::SeqCst) < n || to.write_all(&buffer[..n]).await.is_err() {
            break;
        }
        left.fetch_sub(n, Ordering::SeqCst);
    }
}
