//! The listener, over a socket.

use std::time::Duration;

use muster_web::{Door, Limits, Rate, Tls};
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

/// A certificate for `localhost` that vouches for itself, in two files.
fn certify(folder: &std::path::Path) {
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "3", "-subj", "/CN=localhost", "-addext"])
        .args([
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            "key.pem",
            "-out",
            "certificate.pem",
        ])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// What a client gets that believes nothing but the certificate in `folder`.
async fn ask_with_tls(address: std::net::SocketAddr, trusted: &[u8]) -> std::io::Result<String> {
    use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted).unwrap()).unwrap();
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let config = rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let stream = TcpStream::connect(address).await?;
    let mut stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await?;
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn a_certificate_that_was_replaced_is_shown_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let certificate = folder.path().join("certificate.pem");
    let first = std::fs::read(&certificate).unwrap();
    let served = Served::start(Limits::default()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = Some(Tls::open(&certificate, &folder.path().join("key.pem")).unwrap());
    let router = served.router.clone();
    tokio::spawn(async move {
        let limits = Limits::default();
        muster_web::serve(Door { listener, tls }, router, &limits, std::future::pending()).await
    });
    assert!(ask_with_tls(address, &first).await.unwrap().ends_with("ok\n"));
    std::fs::write(&certificate, "half a file").unwrap();
    assert!(ask_with_tls(address, &first).await.is_ok(), "the former one stays until it fits");
    certify(folder.path());
    let second = std::fs::read(&certificate).unwrap();
    assert!(ask_with_tls(address, &second).await.unwrap().ends_with("ok\n"));
    assert!(ask_with_tls(address, &first).await.is_err());
    let mut clear = TcpStream::connect(address).await.unwrap();
    let answer = clear.write_all(b"GET /livez HTTP/1.1\r\n\r\n").await;
    let mut bytes = Vec::new();
    drop((answer, clear.read_to_end(&mut bytes).await));
    assert!(!String::from_utf8_lossy(&bytes).contains("200"), "nothing is told in the clear");
}

#[tokio::test]
async fn what_a_caller_says_about_where_it_comes_from_is_not_believed() {
    let (address, _keep) = listen(Limits::default()).await;
    for header in ["X-Forwarded-For: 10.0.0.1", "X-Forwarded-Host: evil", "Forwarded: for=unknown"]
    {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request =
            format!("GET /livez HTTP/1.1\r\nHost: a\r\n{header}\r\nConnection: close\r\n\r\n");
        let answer = ask(&mut stream, &request).await;
        assert!(answer.ends_with("ok\n") && !answer.contains("evil"), "{answer}");
    }
}

#[tokio::test]
async fn strangers_are_limited_by_the_address_that_a_trusted_proxy_names() {
    let strangers = Rate { per_second: 1.0, burst: 2.0 };
    let proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let trusting = Limits { strangers, trusted_proxies: proxies, ..Limits::default() };
    let statuses = |limits: Limits, from: [&'static str; 4]| async move {
        let (address, _keep) = listen(limits).await;
        let mut statuses = Vec::new();
        for from in from {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!(
                "GET /who HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {from}\r\nConnection: close\r\n\r\n"
            );
            let answer = ask(&mut stream, &request).await;
            statuses.push(answer.get(9..12).unwrap().to_owned());
        }
        statuses
    };
    let others = ["1.2.3.4", "6.6.6.6, 1.2.3.4", "1.2.3.4", "5.6.7.8"];
    assert_eq!(statuses(trusting.clone(), others).await, ["401", "401", "429", "401"]);
    let own_networks = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"];
    assert_eq!(statuses(trusting, own_networks).await, ["401", "401", "429", "401"]);
    // Whoever is not trusted changes nothing by saying that it is somebody else.
    let wary = Limits { strangers, ..Limits::default() };
    assert_eq!(statuses(wary, others).await, ["401", "401", "429", "429"]);
}
