//! PostgreSQL under TLS: whom the store believes, and what it shows of itself.

use std::time::Duration;

use muster_store::{Entry, Options, Store, StoreError};
use muster_testkit::SecureDatabase;

async fn open(url: &str) -> Result<Store, StoreError> {
    Store::open(url, &Options::default()).await
}

#[tokio::test]
async fn a_server_is_believed_when_its_authority_and_its_name_are_right() {
    let database = SecureDatabase::start().unwrap();
    let ca = database.file("ca.pem");
    let full = format!("?sslmode=verify-full&sslrootcert={ca}");
    let (localhost, address) = ("localhost", "127.0.0.1");
    let refused = [
        ("in the clear", database.url("muster", localhost, "")),
        ("by the system's authorities", database.url("muster", localhost, "?sslmode=verify-full")),
        ("under another name", database.url("muster", address, &full)),
        ("without the client's certificate", database.url("keyed", localhost, &full)),
    ];
    for (how, url) in refused {
        assert!(matches!(open(&url).await, Err(StoreError::Open { .. })), "{how}");
    }
    let chain = format!("?sslmode=require&sslrootcert={ca}");
    assert!(open(&database.url("muster", address, &chain)).await.is_ok());

    // Everything goes under TLS, the connection that hears of news too.
    let shown =
        format!("&sslcert={}&sslkey={}", database.file("client.pem"), database.file("client.key"));
    let url = database.url("keyed", localhost, &format!("{full}{shown}"));
    let (one, other) = (open(&url).await.unwrap(), open(&url).await.unwrap());
    let mut wake = one.wake();
    // The first is that it listens now.
    wake.changed().await;
    let entry = Entry {
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
        actor: "ada".into(),
        on_behalf_of: None,
        action: "test".into(),
        subject: "tls".into(),
        detail: "{}".into(),
        correlation: None,
    };
    let mut tx = other.begin().await.unwrap();
    tx.append_journal(&entry).await.unwrap();
    tx.commit().await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), wake.changed()).await.unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_and_its_content_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("junk.pem"), "hunter2").unwrap();
    let said = async |query: String| {
        let url = format!("postgres://a@localhost/b?sslmode=verify-full&{query}");
        open(&url).await.unwrap_err().to_string()
    };
    let junk = path("junk.pem");
    assert_eq!(
        said(format!("sslrootcert={junk}")).await,
        format!(
            "cannot use the file `{junk}` given as `sslrootcert`: it holds no certificate in PEM form"
        )
    );
    let key = said(format!("sslcert={junk}&sslkey={junk}")).await;
    assert!(
        key.ends_with("it holds no private key in PEM form") && !key.contains("hunter2"),
        "{key}"
    );
    assert!(said(format!("sslcert={junk}")).await.ends_with("`sslkey` is missing"));
    assert!(said(format!("sslrootcert={}", path("none.pem"))).await.contains("No such file"));
}
