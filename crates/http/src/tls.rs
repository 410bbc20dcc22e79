//! Which authorities are believed, and which certificate we show.

use muster_connector::{ConnectorError, Secret, Secrets};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::sync::Arc;

use crate::TlsSettings;

/// The configuration for `settings`. There is no way to skip the check of the server's certificate.
pub(crate) fn client_config(
    settings: &TlsSettings,
    secrets: &dyn Secrets,
) -> Result<ClientConfig, ConnectorError> {
    let mut roots = RootCertStore::empty();
    if settings.system_roots {
        // A certificate of the system that cannot be read is not believed, which is the safe side.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if let Some(path) = &settings.ca {
        for certificate in certificates(path, "tls.ca", secrets)? {
            roots.add(certificate).map_err(|error| unusable(path, "tls.ca", &error))?;
        }
    }
    // The provider is named, as another crate may have brought a second one.
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectorError::Settings(format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots);
    let (Some(path), Some(key)) = (&settings.certificate, &settings.key) else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates(path, "tls.certificate", secrets)?;
    let key = private_key(&key.resolve(secrets)?)?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| unusable(path, "tls.certificate", &error))
}

fn certificates(
    path: &str,
    setting: &str,
    secrets: &dyn Secrets,
) -> Result<Vec<CertificateDer<'static>>, ConnectorError> {
    let pem = secrets.file(path).map_err(|error| unusable(path, setting, &error))?;
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        found.push(certificate.map_err(|error| unusable(path, setting, &error))?);
    }
    if found.is_empty() {
        return Err(unusable(path, setting, &"it holds no certificate in PEM form"));
    }
    Ok(found)
}

/// Errors about a key show nothing of it.
fn private_key(pem: &Secret) -> Result<PrivateKeyDer<'static>, ConnectorError> {
    PrivateKeyDer::from_pem_slice(pem.reveal().as_bytes()).map_err(|_| {
        ConnectorError::Settings("`tls.key` holds no private key in PEM form".to_owned())
    })
}

fn unusable(path: &str, setting: &str, why: &dyn std::fmt::Display) -> ConnectorError {
    ConnectorError::Settings(format!("cannot use the file `{path}` given as `{setting}`: {why}"))
}
