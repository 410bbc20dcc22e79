//! The certificate of a listener, from files; when they change, new connections get the new one. It may also ask those who
//! connect for theirs.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateRevocationListDer, PrivateKeyDer, pem::PemObject},
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
};
use tokio_rustls::TlsAcceptor;

/// A certificate with its key, and whose certificates are taken.
#[derive(Debug)]
pub struct Tls {
    files: Files,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    /// The authorities of those who connect, and their revocation lists.
    clients: Option<(PathBuf, Option<PathBuf>)>,
}

#[derive(Debug, Clone)]
struct Current {
    changed: Option<Vec<SystemTime>>,
    config: Arc<ServerConfig>,
    clients: Option<Arc<dyn ClientCertVerifier>>,
}

impl Tls {
    /// Reads the chain and the private key, both in PEM form. An error names the file.
    pub fn open(certificate: &Path, key: &Path) -> io::Result<Self> {
        Self::of(Files { certificate: certificate.to_owned(), key: key.to_owned(), clients: None })
    }

    /// The same, and whoever connects is asked for a certificate of one of these authorities, which no list of theirs may say to be
    /// revoked. Whoever has none gets in, too.
    pub fn with_clients(self, authorities: &Path, revoked: Option<&Path>) -> io::Result<Self> {
        let clients = Some((authorities.to_owned(), revoked.map(ToOwned::to_owned)));
        Self::of(Files { clients, ..self.files })
    }

    fn of(files: Files) -> io::Result<Self> {
        let current = Mutex::new(files.read()?);
        Ok(Self { files, current })
    }

    /// For the next connection. Files that changed are read again; ones that do not fit are left until they do.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current().config)
    }

    /// What decides on the certificates of those who connect, as it is now; `None` where they are not asked.
    pub(crate) fn clients(&self) -> Option<Arc<dyn ClientCertVerifier>> {
        self.current().clients
    }

    fn current(&self) -> Current {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = self.files.changed().ok();
        if changed.is_some() && changed != current.changed {
            match self.files.read() {
                Ok(read) => *current = read,
                Err(error) => tracing::warn!(%error, "the certificate stays the former one"),
            }
            current.changed = changed;
        }
        current.clone()
    }
}

impl Files {
    fn changed(&self) -> io::Result<Vec<SystemTime>> {
        let of_clients = self.clients.iter().flat_map(|(ca, revoked)| [Some(ca), revoked.as_ref()]);
        let all = [&self.certificate, &self.key].into_iter().chain(of_clients.flatten());
        all.map(|file| std::fs::metadata(file)?.modified()).collect()
    }

    fn read(&self) -> io::Result<Current> {
        let changed = self.changed().ok();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let chain = all_of(&self.certificate)?;
        // The error of a key file shows nothing of the key.
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|_| bad(&self.key, &"it holds no private key"))?;
        let clients = match &self.clients {
            Some((ca, revoked)) => Some(verifier(ca, revoked.as_deref(), &provider)?),
            None => None,
        };
        let builder = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| bad(&self.certificate, &error))?;
        let builder = match &clients {
            Some(verifier) => builder.with_client_cert_verifier(Arc::clone(verifier)),
            None => builder.with_no_client_auth(),
        };
        let config = builder.with_single_cert(chain, key);
        let mut config = config.map_err(|error| bad(&self.certificate, &error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        if clients.is_some() {
            // Who comes again shows the certificate again: it may be revoked by now.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Ok(Current { changed, config: Arc::new(config), clients })
    }
}

/// Takes certificates of these authorities that are not revoked, and whoever has none.
fn verifier(
    authorities: &Path,
    revoked: Option<&Path>,
    provider: &Arc<CryptoProvider>,
) -> io::Result<Arc<dyn ClientCertVerifier>> {
    let mut roots = RootCertStore::empty();
    for authority in all_of(authorities)? {
        roots.add(authority).map_err(|error| bad(authorities, &error))?;
    }
    let provider = Arc::clone(provider);
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .allow_unauthenticated();
    if let Some(revoked) = revoked {
        let lists: Vec<CertificateRevocationListDer<'static>> = all_of(revoked)?;
        builder = builder.with_crls(lists).enforce_revocation_expiration();
    }
    builder.build().map_err(|error| bad(revoked.unwrap_or(authorities), &error))
}

/// Everything of a sort that a file holds, which is something.
fn all_of<T: PemObject>(file: &Path) -> io::Result<Vec<T>> {
    let all: Result<Vec<T>, _> = T::pem_file_iter(file).and_then(Iterator::collect);
    let all = all.map_err(|error| bad(file, &error))?;
    if all.is_empty() {
        return Err(bad(file, &"it holds nothing of what belongs there"));
    }
    Ok(all)
}

fn bad(path: &Path, error: &dyn std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("`{}`: {error}", path.display()))
}
