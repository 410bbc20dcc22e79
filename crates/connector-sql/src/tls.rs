//! Which authorities are believed when a server shows its certificate, and TLS under the PostgreSQL protocol.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use muster_connector::{ConnectorError, Secrets};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::settings::Tls;

/// The authorities in the PEM file `ca`, or those of the operating system.
pub(crate) fn roots(
    ca: Option<&str>,
    secrets: &dyn Secrets,
) -> Result<Vec<CertificateDer<'static>>, ConnectorError> {
    let Some(path) = ca else { return Ok(rustls_native_certs::load_native_certs().certs) };
    let problem = |why: String| {
        ConnectorError::Settings(format!("cannot use the file `{path}` given as `ca`: {why}"))
    };
    let pem = secrets.file(path).map_err(|error| problem(error.to_string()))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let found = found.map_err(|error| problem(error.to_string()))?;
    if found.is_empty() {
        return Err(problem("it holds no certificate in PEM form".to_owned()));
    }
    Ok(found)
}

/// Trusts `roots`; there is no way to skip the check of the chain.
pub(crate) fn client_config(
    tls: Tls,
    roots: &[CertificateDer<'static>],
) -> Result<Arc<ClientConfig>, ConnectorError> {
    let problem = |error: &dyn std::fmt::Display| {
        ConnectorError::Settings(format!("TLS cannot be set up: {error}"))
    };
    // One driver asks for the provider of the process; in the product it is set long before.
    if CryptoProvider::get_default().is_none() {
        drop(aws_lc_rs::default_provider().install_default());
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut store = RootCertStore::empty();
    // A certificate of the system that cannot be read is not believed, which is the safe side.
    store.add_parsable_certificates(roots.iter().cloned());
    let store = Arc::new(store);
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| problem(&error))?
        .with_root_certificates(Arc::clone(&store))
        .with_no_client_auth();
    if tls == Tls::VerifyCa {
        let chain = WebPkiServerVerifier::builder_with_provider(store, provider)
            .build()
            .map_err(|error| problem(&error))?;
        config.dangerous().set_certificate_verifier(Arc::new(AnyName(chain)));
    }
    Ok(Arc::new(config))
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

/// Puts TLS under a connection to PostgreSQL.
#[derive(Clone)]
pub(crate) struct MakeTls(pub(crate) Arc<ClientConfig>);

impl MakeTlsConnect<TcpOrSocket> for MakeTls {
    type Stream = Encrypted;
    type TlsConnect = Connect;
    type Error = rustls::pki_types::InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Connect, Self::Error> {
        let host = ServerName::try_from(host.to_owned())?;
        Ok(Connect { connector: TlsConnector::from(Arc::clone(&self.0)), host })
    }
}

type TcpOrSocket = tokio_postgres::Socket;

/// One handshake.
pub(crate) struct Connect {
    connector: TlsConnector,
    host: ServerName<'static>,
}

impl TlsConnect<TcpOrSocket> for Connect {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, stream: TcpOrSocket) -> Self::Future {
        Box::pin(async move {
            let stream = self.connector.connect(self.host, stream).await?;
            Ok(Encrypted(Box::pin(stream)))
        })
    }
}

/// A connection under TLS.
pub(crate) struct Encrypted(Pin<Box<TlsStream<TcpOrSocket>>>);

impl tokio_postgres::tls::TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_read(context, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_shutdown(context)
    }
}
