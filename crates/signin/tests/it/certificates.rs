//! People sign in with certificates, over connections that begin with one.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use muster_testkit::{Certificates, ClientAuthority, make_certificates};
use muster_web::{Door, Limits, Tls};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::support::*;

/// Whose certificates are right now.
const YEARS: (u16, u16) = (2025, 2044);

/// The pages behind TLS, and the authority for people.
struct Secured {
    served: Served,
    address: SocketAddr,
    authority: ClientAuthority,
    server: Certificates,
    folder: TempDir,
}

impl Secured {
    /// With this under `sign_in:`, and these proxies.
    async fn start(more: &str, proxies: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = ClientAuthority::new(&folder.path().join("people")).unwrap();
        let server = make_certificates(folder.path()).unwrap();
        let tls = Tls::open(&server.certificate, &server.key).unwrap();
        let tls = tls.with_clients(&authority.certificate(), Some(&authority.revoked())).unwrap();
        let served = Served::start_with(more).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let trusted_proxies = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        let limits = Limits { trusted_proxies, ..Limits::default() };
        let (door, router) = (Door { listener, tls: Some(tls) }, served.router.clone());
        tokio::spawn(async move {
            muster_web::serve(door, router, &limits, std::future::pending()).await
        });
        Self { served, address, authority, server, folder }
    }

    /// A certificate of our authority for whoever signs in under this name.
    fn issue(&self, name: &str) -> (PathBuf, PathBuf) {
        self.authority.issue(name, &format!("email:{name}@tern.example"), YEARS).unwrap()
    }

    async fn connect(&self, own: Option<&(PathBuf, PathBuf)>) -> io::Result<Connection> {
        let mut roots = RootCertStore::empty();
        roots.add(read(&self.server.ca)).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            Some((certificate, key)) => {
                let key = PrivateKeyDer::from_pem_file(key).unwrap();
                config.with_client_auth_cert(vec![read(certificate)], key).unwrap()
            }
            None => config.with_no_client_auth(),
        };
        let stream = TcpStream::connect(self.address).await?;
        let connector = TlsConnector::from(Arc::new(config));
        let host = ServerName::try_from("localhost").unwrap();
        Ok(Connection(connector.connect(host, stream).await?))
    }

    /// What comes of signing in with this certificate over a new connection.
    async fn sign_in(&self, own: &(PathBuf, PathBuf)) -> io::Result<String> {
        self.connect(Some(own)).await?.sign_in().await
    }
}

fn read(file: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(file).unwrap()
}

struct Connection(TlsStream<TcpStream>);

impl Connection {
    /// The head and the body of the answer.
    async fn ask(&mut self, line: &str, headers: &str, body: &str) -> io::Result<String> {
        let length = body.len();
        let request = format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n{headers}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.0.write_all(request.as_bytes()).await?;
        let mut text = String::new();
        loop {
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let mut lines = head.lines().filter_map(|line| line.split_once(": "));
                let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
                if body.len() >= length.map_or(0, |(_, length)| length.parse().unwrap()) {
                    return Ok(text);
                }
            }
            let mut more = [0; 4096];
            let n = self.0.read(&mut more).await?;
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            text.push_str(std::str::from_utf8(&more[..n]).unwrap());
        }
    }

    async fn sign_in(&mut self) -> io::Result<String> {
        self.ask("POST /signin/certificate", "", "return_to=/account").await
    }
}

fn is_in(answer: &str) -> bool {
    let set = "set-cookie: muster_session=";
    answer.starts_with("HTTP/1.1 303") && answer.contains(set)
}

fn is_refused(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 401") && !answer.contains("set-cookie: muster_session=")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_signs_in_whom_it_names_and_nobody_else() {
    let secured = Secured::start("  certificates: { name: common_name }\n", &[]).await;
    let ada = secured.issue("ada");
    let mut connection = secured.connect(Some(&ada)).await.unwrap();
    let page = connection.ask("GET /signin", "", "").await.unwrap();
    assert!(page.contains("action=\"/signin/certificate\""), "{page}");
    let answer = connection.sign_in().await.unwrap();
    assert!(is_in(&answer), "{answer}");
    let cookie = answer.split_once("muster_session=").unwrap().1.split(';').next().unwrap();
    let cookie = format!("Cookie: muster_session={cookie}\r\n");
    let account = connection.ask("GET /account", &cookie, "").await.unwrap();
    assert!(account.starts_with("HTTP/1.1 200") && account.contains("Lovelace"), "{account}");
    // Somebody who left, a name that nobody has, and no certificate at all.
    for name in ["leo", "nobody"] {
        let answer = secured.sign_in(&secured.issue(name)).await.unwrap();
        assert!(is_refused(&answer), "{answer}");
    }
    let mut without = secured.connect(None).await.unwrap();
    let page = without.ask("GET /signin", "", "").await.unwrap();
    assert!(page.starts_with("HTTP/1.1 200") && !page.contains("/signin/certificate"), "{page}");
    assert!(is_refused(&without.sign_in().await.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_expired_or_foreign_certificate_gets_no_connection() {
    let secured = Secured::start("  certificates: { name: common_name }\n", &[]).await;
    let (from, to) = YEARS;
    let issue = |years| secured.authority.issue("ada", "email:ada@tern.example", years).unwrap();
    for years in [(2020, from), (to, to + 1)] {
        assert!(secured.sign_in(&issue(years)).await.is_err(), "{years:?}");
    }
    let foreign = ClientAuthority::new(&secured.folder.path().join("foreign")).unwrap();
    let theirs = foreign.issue("ada", "email:ada@tern.example", YEARS).unwrap();
    assert!(secured.sign_in(&theirs).await.is_err());
    // One that was made for servers is none for people.
    let server = (secured.server.certificate.clone(), secured.server.key.clone());
    assert!(secured.sign_in(&server).await.is_err());
    let right = issue(YEARS);
    let mut open = secured.connect(Some(&right)).await.unwrap();
    assert!(is_in(&open.sign_in().await.unwrap()));
    secured.authority.revoke("ada").unwrap();
    assert!(secured.sign_in(&right).await.is_err());
    // The connection that was there before lets nobody in any more either.
    assert!(is_refused(&open.sign_in().await.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_outlives_its_certificate_signs_nobody_in() {
    let secured = Secured::start("  certificates: { name: common_name }\n", &[]).await;
    let mut open = secured.connect(Some(&secured.issue("ada"))).await.unwrap();
    assert!(is_in(&open.sign_in().await.unwrap()));
    secured.served.pass(20 * 366 * 24 * 60);
    assert!(is_refused(&open.sign_in().await.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_says_where_the_name_stands_and_how_much_a_key_is_worth() {
    // A key in software is one proof, and people have to have two.
    let secured = Secured::start("  certificates: {}\n  second_factor: required\n", &[]).await;
    let two = "email:ada,email:bea";
    assert!(is_refused(
        &secured.sign_in(&secured.authority.issue("ada", two, YEARS).unwrap()).await.unwrap()
    ));
    let own = secured.authority.issue("other", "email:ada", YEARS).unwrap();
    let answer = secured.sign_in(&own).await.unwrap();
    assert!(answer.contains("location: /signin/enrol") && !is_in(&answer), "{answer}");
    // A card is as much as a passkey.
    let card = "  certificates: { name: uri, key: card }\n  second_factor: required\n";
    let secured = Secured::start(card, &[]).await;
    let own = secured.authority.issue("other", "URI:ada", YEARS).unwrap();
    let mut connection = secured.connect(Some(&own)).await.unwrap();
    let form = "return_to=/account&acr=urn:muster:acr:3";
    let answer = connection.ask("POST /signin/certificate", "", form).await.unwrap();
    assert!(is_in(&answer), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_trusted_proxy_shows_is_nobodys_certificate_and_whoever_is_locked_stays_it() {
    let policy = "  lockout: { tries: 3 }\n  certificates: { name: common_name }\n";
    let secured = Secured::start(policy, &["127.0.0.1"]).await;
    assert!(is_refused(&secured.sign_in(&secured.issue("ada")).await.unwrap()));
    let secured = Secured::start(policy, &[]).await;
    for _ in 0..3 {
        secured.served.browser().sign_in("ada", "wrong").await;
    }
    let answer = secured.sign_in(&secured.issue("ada")).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
}
