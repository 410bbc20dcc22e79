//! The listener, over a socket.

use std::time::Duration;

use muster_web::Limits;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::support::Served;

async fn ask(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// Serves until the sender is dropped; answers the address.
async fn listen(limits: Limits) -> (std::net::SocketAddr, oneshot::Sender<()>) {
    let served = Served::start(limits.clone()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (keep, stop) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let router = served.router.clone();
        let stop = async { drop(stop.await) };
        muster_web::serve(listener, router, &limits, stop).await.unwrap();
        drop(served);
    });
    (address, keep)
}

#[tokio::test]
async fn requests_are_answered_until_it_stops() {
    let (address, keep) = listen(Limits::default()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let answer =
        ask(&mut stream, "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("ok\n"), "{answer}");
    drop(keep);
    let mut refused = TcpStream::connect(address).await;
    while let Ok(mut stream) = refused {
        // The port may still take a connection while it closes; nobody answers on it.
        assert_eq!(ask(&mut stream, "GET /livez HTTP/1.1\r\n\r\n").await, "");
        refused = TcpStream::connect(address).await;
    }
}

#[tokio::test]
async fn a_head_that_comes_too_slowly_or_is_too_long_ends_the_connection() {
    let head_time = Duration::from_millis(50);
    let limits = Limits { head_time, head: 8192, ..Limits::default() };
    let (address, _keep) = listen(limits).await;
    let mut slow = TcpStream::connect(address).await.unwrap();
    let answer = ask(&mut slow, "GET /livez HTTP/1.1\r\nHost: ").await;
    assert!(!answer.contains("200 OK"), "{answer}");
    let mut long = TcpStream::connect(address).await.unwrap();
    let cookie = "x".repeat(20_000);
    let answer =
        ask(&mut long, &format!("GET /livez HTTP/1.1\r\nHost: a\r\nCookie: {cookie}\r\n\r\n"))
            .await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}
