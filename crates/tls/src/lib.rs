//! TLS of clients: whose certificates they believe, what they show of themselves, and TLS under the PostgreSQL protocol.
//!
//! There is no way to skip the check of a server's chain. Files are read by whoever calls; here are their contents.

mod postgres;

use std::{io, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName, UnixTime,
        pem::{self, PemObject as _},
    },
};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsConnector, client::TlsStream};

pub use postgres::{Connect, Encrypted, MakeTls};
pub use rustls::ClientConfig as TlsConfig;

/// What of a server's certificate is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// That a known authority signed it for the host.
    Full,
    /// That a known authority signed it.
    Chain,
}

/// What a client shows of itself.
#[derive(Debug)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// TLS cannot be set up. No message shows anything of a key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file of certificates holds something else.
    #[error("it holds no certificate in PEM form")]
    NoCertificate,
    /// A file of a key holds something else.
    #[error("it holds no private key in PEM form")]
    NoKey,
    /// A certificate cannot be used.
    #[error("TLS cannot be set up")]
    Refused(#[source] Error),
}

/// The authorities of the operating system.
pub fn system_roots() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

/// The certificates in the text of a PEM file.
pub fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(text).collect();
    found.ok().filter(|found| !found.is_empty()).ok_or(TlsError::NoCertificate)
}

impl Identity {
    /// From the texts of two PEM files: the chain and its private key.
    pub fn read(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
        Ok(Self { chain: certificates(chain)?, key })
    }
}

/// Trusts `roots`, and shows `identity` to a server that asks for it.
pub fn client_config(
    verify: Verify,
    roots: &[CertificateDer<'static>],
    identity: Option<Identity>,
) -> Result<Arc<ClientConfig>, TlsError> {
    // One driver asks for the provider of the process; in the product it is set long before.
    if CryptoProvider::get_default().is_none() {
        drop(aws_lc_rs::default_provider().install_default());
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut store = RootCertStore::empty();
    // A certificate of the system that cannot be read is not believed, which is the safe side.
    store.add_parsable_certificates(roots.iter().cloned());
    let store = Arc::new(store);
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Refused)?
        .with_root_certificates(Arc::clone(&store));
    let mut config = match identity {
        Some(Identity { chain, key }) => {
            config.with_client_auth_cert(chain, key).map_err(TlsError::Refused)?
        }
        None => config.with_no_client_auth(),
    };
    if verify == Verify::Chain {
        let chain = WebPkiServerVerifier::builder_with_provider(store, provider).build();
        // Without any authority nothing is believed, by either verifier.
        if let Ok(chain) = chain {
            config.dangerous().set_certificate_verifier(Arc::new(AnyName(chain)));
        }
    }
    Ok(Arc::new(config))
}

/// Shakes hands over a connection; the certificate has to be for `host`, a name or an address.
pub async fn connect<S>(
    config: Arc<ClientConfig>,
    host: &str,
    stream: S,
) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let host = ServerName::try_from(host.to_owned())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    TlsConnector::from(config).connect(host, stream).await
}

/// Believes a certificate of a known authority for whatever host.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.0.verify_server_cert(certificate, between, host, ocsp, now) {
            // The name is looked at last, when the chain is known to be good.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
