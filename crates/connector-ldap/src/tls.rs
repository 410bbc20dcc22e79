//! Which authorities are believed when a directory shows its certificate.

use std::sync::Arc;

use muster_connector::{ConnectorError, Secrets};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};

/// Trusts the authorities in the PEM file `ca`, or those of the operating system.
///
/// There is no way to skip the check.
pub(crate) fn client_config(
    ca: Option<&str>,
    secrets: &dyn Secrets,
) -> Result<Arc<ClientConfig>, ConnectorError> {
    let roots = match ca {
        Some(path) => roots_from_file(path, secrets)?,
        None => system_roots(),
    };
    // The provider is named, as another crate may have brought a second one.
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectorError::Settings(format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn roots_from_file(path: &str, secrets: &dyn Secrets) -> Result<RootCertStore, ConnectorError> {
    let problem = |why: String| {
        ConnectorError::Settings(format!("cannot use the file `{path}` given as `ca`: {why}"))
    };
    let pem = secrets.file(path).map_err(|error| problem(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| problem(error.to_string()))?;
        roots.add(certificate).map_err(|error| problem(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(problem("it holds no certificate in PEM form".to_owned()));
    }
    Ok(roots)
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // A certificate of the system that cannot be read is not believed, which is the safe side.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}
