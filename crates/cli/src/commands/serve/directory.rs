//! The directory beside it: where LDAP is listened for, and with which certificate.

use std::{net::SocketAddr, sync::Arc};

use muster_directory::{Doors, Limits};
use muster_policy::Model;
use muster_web::{Service, Tls};
use tokio::{net::TcpListener, task::JoinHandle};

use super::cannot_listen;
use crate::{Exit, Result, error::CommandError};

/// A directory that is ready to be served.
pub(super) struct Directory {
    doors: Doors,
    limits: Limits,
    /// Its addresses, as clients write them.
    pub(super) urls: Vec<String>,
}

impl Directory {
    /// Listens where `listen` or the model say; `None` where neither does.
    pub(super) async fn open(
        listen: Option<SocketAddr>,
        model: &Model,
        certificate: Option<Tls>,
    ) -> Result<Option<Self>> {
        let Some(directory) = &model.directory else {
            return match listen {
                None => Ok(None),
                Some(_) => {
                    Err(CommandError::new(Exit::Failed, "the model has no directory to serve")
                        .hint("say under `directory:` what of the repository is shown over LDAP"))
                }
            };
        };
        if directory.listen_tls.is_some() && certificate.is_none() {
            return Err(CommandError::new(
                Exit::Failed,
                "`directory.listen_tls` needs a certificate",
            )
            .hint("name its files under `server.tls`, or with --tls-certificate and --tls-key"));
        }
        let mut doors = Doors { certificate: certificate.map(Arc::new), ..Doors::default() };
        let mut urls = Vec::new();
        let all = [
            (listen.or(directory.listen), "ldap", &mut doors.plain),
            (directory.listen_tls, "ldaps", &mut doors.tls),
        ];
        for (address, scheme, door) in all {
            let Some(address) = address else { continue };
            let listener = TcpListener::bind(address).await;
            let listener =
                listener.map_err(|error| cannot_listen(address, &error, "--ldap-listen"))?;
            urls.push(format!("{scheme}://{}", listener.local_addr().unwrap_or(address)));
            *door = Some(listener);
        }
        let limits = directory.limits.into();
        Ok((!urls.is_empty()).then_some(Self { doors, limits, urls }))
    }

    /// Serves it until `stop` is done.
    pub(super) fn serve(
        self,
        service: Service,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<std::io::Result<()>> {
        tokio::spawn(muster_directory::serve(self.doors, service, self.limits, stop))
    }
}
