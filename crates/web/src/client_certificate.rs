//! The certificate that somebody shows when they connect.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use muster_policy::CertificateName;
use rustls::pki_types::{CertificateDer, UnixTime};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer as _};

use crate::Tls;

/// A certificate of an authority that the listener believes; in the extensions of every request of a connection that began with it.
/// What a trusted proxy shows is its own, and is left out.
#[derive(Debug, Clone)]
pub struct ClientCertificate {
    /// It, and what leads to the authority.
    chain: Arc<[CertificateDer<'static>]>,
    tls: Arc<Tls>,
}

impl ClientCertificate {
    pub(crate) fn new(chain: &[CertificateDer<'static>], tls: &Arc<Tls>) -> Option<Self> {
        (!chain.is_empty()).then(|| Self { chain: chain.into(), tls: Arc::clone(tls) })
    }

    /// Whether it is right now, too: a connection may last longer than a certificate.
    pub fn holds(&self, now: Timestamp) -> bool {
        let (Some((own, others)), Some(clients)) = (self.chain.split_first(), self.tls.clients())
        else {
            return false;
        };
        let Ok(seconds) = u64::try_from(now.as_second()) else { return false };
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        clients.verify_client_cert(own, others, now).is_ok()
    }

    /// The name that stands there; `None` when there are several, or none.
    pub fn name(&self, place: CertificateName) -> Option<String> {
        let (_, certificate) = X509Certificate::from_der(self.chain.first()?).ok()?;
        let names: Vec<&str> = match place {
            CertificateName::CommonName => {
                let all = certificate.subject().iter_common_name();
                all.map(|name| name.as_str().unwrap_or_default()).collect()
            }
            CertificateName::Mail | CertificateName::Uri => {
                let others = certificate.subject_alternative_name().ok()??;
                let named = others.value.general_names.iter().filter_map(|name| match place {
                    CertificateName::Mail => mail(name),
                    CertificateName::Uri | CertificateName::CommonName => uri(name),
                });
                named.collect()
            }
        };
        match names.as_slice() {
            [one] if !one.is_empty() => Some((*one).to_owned()),
            _ => None,
        }
    }
}

fn mail<'n>(name: &GeneralName<'n>) -> Option<&'n str> {
    if let GeneralName::RFC822Name(mail) = name { Some(mail) } else { None }
}

fn uri<'n>(name: &GeneralName<'n>) -> Option<&'n str> {
    if let GeneralName::URI(uri) = name { Some(uri) } else { None }
}
