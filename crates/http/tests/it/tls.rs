//! Whom the client believes.

use muster_connector::ConnectorError;
use muster_testkit::{HttpStub, Reply};

use crate::support::{get, map, open, text};

#[tokio::test]
async fn a_server_is_believed_when_its_authority_is_named_and_not_otherwise() {
    let stub = HttpStub::start_tls(|_| Reply::empty(204)).unwrap();
    let ca = stub.ca_file().unwrap().to_str().unwrap();
    for only in ["true", "false"] {
        let tls = map(&[("ca", text(ca)), ("system_roots", text(only))]);
        let client = open(&stub.url(), &[("tls", tls)]).unwrap();
        assert_eq!(get(&client).await.unwrap().status(), 204);
    }
    let error = get(&open(&stub.url(), &[]).unwrap()).await.unwrap_err();
    assert!(
        matches!(&error, ConnectorError::Unreachable(text) if text.contains("tls: { ca")),
        "{error}"
    );
    let by_address = stub.url().replace("localhost", "127.0.0.2");
    let tls = map(&[("ca", text(ca))]);
    let error = get(&open(&by_address, &[("tls", tls)]).unwrap()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Unreachable(_)), "{error}");
}

#[tokio::test]
async fn files_that_are_no_certificates_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.pem");
    std::fs::write(&path, "nothing").unwrap();
    let path = path.to_str().unwrap();
    let tls = map(&[("ca", text(path))]);
    let error = open("https://localhost", &[("tls", tls)]).unwrap_err();
    assert!(error.to_string().contains(path), "{error}");
}
