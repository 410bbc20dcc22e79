//! The certificate of a listener, from files; when they change, new connections get the new one.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio_rustls::TlsAcceptor;

/// A certificate with its key.
#[derive(Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    files: Option<[SystemTime; 2]>,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads the chain and the private key, both in PEM form. An error names the file.
    pub fn open(certificate: &Path, key: &Path) -> io::Result<Self> {
        let files = changed(certificate, key).ok();
        let config = read(certificate, key)?;
        let current = Mutex::new(Current { files, config });
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), current })
    }

    /// For the next connection. Files that changed are read again; ones that do not fit are left until they do.
    pub fn acceptor(&self) -> TlsAcceptor {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let files = changed(&self.certificate, &self.key).ok();
        if files.is_some() && files != current.files {
            match read(&self.certificate, &self.key) {
                Ok(config) => current.config = config,
                Err(error) => tracing::warn!(%error, "the certificate stays the former one"),
            }
            current.files = files;
        }
        TlsAcceptor::from(Arc::clone(&current.config))
    }
}

fn changed(certificate: &Path, key: &Path) -> io::Result<[SystemTime; 2]> {
    Ok([std::fs::metadata(certificate)?.modified()?, std::fs::metadata(key)?.modified()?])
}

fn read(certificate: &Path, key: &Path) -> io::Result<Arc<ServerConfig>> {
    let bad = |path: &Path, error: &dyn std::fmt::Display| {
        io::Error::new(io::ErrorKind::InvalidData, format!("`{}`: {error}", path.display()))
    };
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let chain = chain.map_err(|error| bad(certificate, &error))?;
    // The error of a key file shows nothing of the key.
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|_| bad(key, &"it holds no private key"))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(certificate, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| bad(certificate, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
