//! The bare LDAP client: what somebody would write who needs just this.

use std::{collections::HashSet, sync::Arc};

use anyhow::{Context as _, Result, anyhow};
use ldap3::{
    Ldap, LdapConnAsync, LdapConnSettings, Scope, SearchEntry, StdStream,
    adapters::{Adapter, EntriesOnly, PagedResults},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio::{net::TcpStream, task::JoinSet};

use super::{CONNECTIONS, DEPTH, PAGE};

/// The attributes that are read.
pub(super) const READ: [&str; 4] = ["cn", "sn", "title", "telephoneNumber"];

/// Connections that are signed in.
pub(super) struct Raw(Vec<Ldap>);

impl Raw {
    pub(super) async fn open(
        url: &str,
        name: &str,
        password: &str,
        ca: Option<&str>,
    ) -> Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut options = LdapConnSettings::new();
            let port = if let Some(ca) = ca {
                options = options.set_config(Arc::new(trusting(ca)?));
                636
            } else {
                389
            };
            let place = url.split_once("://").map_or(url, |(_, place)| place);
            let place =
                if place.contains(':') { place.to_owned() } else { format!("{place}:{port}") };
            let stream = TcpStream::connect(&place).await?;
            stream.set_nodelay(true)?;
            options = options.set_std_stream(StdStream::Tcp(stream.into_std()?));
            let (connection, mut ldap) = LdapConnAsync::with_settings(options, url).await?;
            ldap3::drive!(connection);
            ldap.simple_bind(name, password).await?.success()?;
            connections.push(ldap);
        }
        Ok(Self(connections))
    }

    /// Adds entries, as many at once as the connector does.
    pub(super) async fn create(
        &self,
        entries: Vec<(String, Vec<(&'static str, String)>)>,
        class: &'static str,
        is_domain: bool,
    ) -> Result<()> {
        let entries = Arc::new(std::sync::Mutex::new(entries.into_iter()));
        let mut workers = JoinSet::new();
        for worker in 0..CONNECTIONS * DEPTH {
            let mut ldap = self.0.get(worker % CONNECTIONS).context("no connection")?.clone();
            let entries = Arc::clone(&entries);
            workers.spawn(async move {
                let next = || entries.lock().map_err(|_| anyhow!("a worker failed"));
                loop {
                    let Some((name, values)) = next()?.next() else { return Ok(()) };
                    ldap.add(&name, attributes(values, class, is_domain)).await?.success()?;
                }
            });
        }
        while let Some(done) = workers.join_next().await {
            let done: Result<()> = done?;
            done?;
        }
        Ok(())
    }

    /// Reads all entries of a class page by page and takes their values apart.
    pub(super) async fn read(&self, base: &str, class: &str, id: &str) -> Result<usize> {
        let mut ldap = self.0.first().context("no connection")?.clone();
        let adapters: Vec<Box<dyn Adapter<'_, _, _>>> =
            vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(PAGE))];
        let wanted: Vec<&str> = READ.into_iter().chain([id]).collect();
        let filter = format!("(objectClass={class})");
        let mut stream =
            ldap.streaming_search_with(adapters, base, Scope::Subtree, &filter, wanted).await?;
        let mut objects = Vec::new();
        while let Some(answer) = stream.next().await? {
            objects.push(SearchEntry::construct(answer));
        }
        stream.finish().await.success()?;
        Ok(objects.len())
    }
}

fn attributes(
    values: Vec<(&'static str, String)>,
    class: &str,
    is_domain: bool,
) -> Vec<(Vec<u8>, HashSet<Vec<u8>>)> {
    let one = |value: Vec<u8>| HashSet::from([value]);
    let mut all = vec![(b"objectClass".to_vec(), one(class.as_bytes().to_vec()))];
    for (key, text) in values {
        let bytes = if key == "unicodePwd" {
            format!("\"{text}\"").encode_utf16().flat_map(u16::to_le_bytes).collect()
        } else {
            text.into_bytes()
        };
        all.push((key.as_bytes().to_vec(), one(bytes)));
    }
    if is_domain {
        all.push((b"userAccountControl".to_vec(), one(b"512".to_vec())));
    }
    all
}

fn trusting(ca: &str) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&std::fs::read(ca)?) {
        roots.add(certificate?)?;
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}
