//! Connections: opened when needed, signed in, shared by many calls at once, and opened again after a break.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ldap3::{
    Ldap, LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Mod, ResultEntry, Scope,
    SearchOptions, StdStream, asn1::StructureTag, controls::RawControl,
};
use muster_connector::{ConnectorError, Secret};
use rustls::ClientConfig;
use tokio::{net::TcpStream, sync::Mutex, task::JoinHandle, time::timeout};

use crate::{
    ad::IS_ACTIVE_DIRECTORY,
    control,
    entry::Entry,
    error::{code, from_ldap, from_result, lost},
    settings::{Address, LdapSettings},
};

/// The connections to one directory.
#[derive(Debug)]
pub(crate) struct Pool {
    settings: Arc<LdapSettings>,
    password: Option<Secret>,
    tls: Option<Arc<ClientConfig>>,
    slots: Vec<Mutex<Option<Link>>>,
    next: AtomicUsize,
}

/// A connection that is signed in. Clones share it; the directory works on their calls side by side.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    ldap: Ldap,
    timeout: Duration,
    /// Set when an answer did not come; nobody should wait on this connection again.
    broken: Arc<AtomicBool>,
    /// What the directory offers beyond the basics.
    pub(crate) abilities: Abilities,
    _driver: Arc<Driver>,
}

/// Extensions that make changes safer or cheaper.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Abilities {
    /// A change can tell the entry's id in its answer.
    pub(crate) post_read: bool,
    /// A change can be made to depend on the entry's id.
    pub(crate) assertion: bool,
    /// It is Active Directory, or Samba as a domain controller.
    is_domain: bool,
}

/// A change of an entry, apart from its name.
#[derive(Debug, Clone)]
pub(crate) enum Request {
    Modify(Vec<Mod<Vec<u8>>>),
    Delete,
    Rename { component: String, container: Option<String> },
}

/// What a search answered.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) entries: Vec<ResultEntry>,
    /// Messages between the entries (RFC 4511, 4.13).
    pub(crate) notes: Vec<ResultEntry>,
    /// Where a part of the tree is that lies on another server.
    pub(crate) elsewhere: Option<String>,
    pub(crate) result: LdapResult,
}

/// The task that moves bytes; it ends with the last user of its connection.
#[derive(Debug)]
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Pool {
    pub(crate) fn new(
        settings: Arc<LdapSettings>,
        password: Option<Secret>,
        tls: Option<Arc<ClientConfig>>,
    ) -> Self {
        let slots = (0..settings.connections.max(1)).map(|_| Mutex::new(None)).collect();
        Self { settings, password, tls, slots, next: AtomicUsize::new(0) }
    }

    /// A connection, each time the next one in turn.
    pub(crate) async fn any(&self) -> Result<Link, ConnectorError> {
        self.link(self.next.fetch_add(1, Ordering::Relaxed)).await
    }

    /// The connection of that number, opened if need be; numbers beyond the last begin again.
    pub(crate) async fn link(&self, number: usize) -> Result<Link, ConnectorError> {
        let slot = self.slots.get(number % self.slots.len().max(1)).ok_or_else(lost)?;
        let mut slot = slot.lock().await;
        if let Some(link) = slot.as_mut()
            && link.is_usable()
        {
            return Ok(link.clone());
        }
        *slot = None;
        let late = || {
            let seconds = self.settings.timeout.as_secs();
            ConnectorError::Unreachable(format!(
                "no connection to `{}` within {seconds} s",
                self.settings.url
            ))
        };
        let link = timeout(self.settings.timeout, self.connect()).await.map_err(|_| late())??;
        *slot = Some(link.clone());
        Ok(link)
    }

    async fn connect(&self) -> Result<Link, ConnectorError> {
        let mut options = LdapConnSettings::new().set_starttls(self.settings.starttls);
        if let Some(tls) = &self.tls {
            options = options.set_config(Arc::clone(tls));
        }
        if let Address::Network(host, port) = &self.settings.address {
            // The library would leave Nagle's algorithm on, which costs 40 ms per round trip of small messages.
            let stream = open(host, *port).await.map_err(|error| {
                ConnectorError::Unreachable(format!("cannot connect to `{host}:{port}`: {error}"))
            })?;
            options = options.set_std_stream(StdStream::Tcp(stream));
        }
        let (connection, ldap) =
            LdapConnAsync::with_settings(options, &self.settings.url).await.map_err(from_ldap)?;
        let driver = tokio::spawn(async move {
            // Whoever waits for an answer is told by the channel that closes.
            drop(connection.drive().await);
        });
        let mut link = Link {
            ldap,
            timeout: self.settings.timeout,
            broken: Arc::new(AtomicBool::new(false)),
            abilities: Abilities::default(),
            _driver: Arc::new(Driver(driver)),
        };
        self.sign_in(&link).await?;
        link.abilities = link.ask_abilities().await;
        self.check_flavour(&link)?;
        Ok(link)
    }

    /// A directory of the other kind would be misunderstood in everything that matters.
    fn check_flavour(&self, link: &Link) -> Result<(), ConnectorError> {
        let what = match (self.settings.is_domain(), link.abilities.is_domain) {
            (false, true) => {
                "the directory is Active Directory; write `flavour: active-directory` in its settings"
            }
            (true, false) => {
                "the directory is not Active Directory; leave `flavour: active-directory` out"
            }
            (true, true) | (false, false) => return Ok(()),
        };
        Err(ConnectorError::Settings(what.to_owned()))
    }

    async fn sign_in(&self, link: &Link) -> Result<(), ConnectorError> {
        let mut ldap = link.handle(Vec::new());
        let result = match (&self.settings.bind_dn, &self.password) {
            (Some(name), Some(password)) => ldap.simple_bind(name, password.reveal()).await,
            _ if self.settings.address == Address::Local => ldap.sasl_external_bind().await,
            _ => return Ok(()),
        };
        let result = result.map_err(from_ldap)?;
        if result.rc == code::SUCCESS {
            return Ok(());
        }
        Err(from_result(&result, self.settings.bind_dn.as_deref().unwrap_or_default()))
    }
}

async fn open(host: &str, port: u16) -> std::io::Result<std::net::TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    stream.into_std()
}

impl Link {
    /// The entries under `base`, with their end.
    pub(crate) async fn search(
        &self,
        base: &str,
        scope: Scope,
        filter: &str,
        attributes: Vec<String>,
        controls: Vec<RawControl>,
    ) -> Result<Found, ConnectorError> {
        let mut ldap = self.handle(controls);
        ldap.with_search_options(SearchOptions::new());
        let stream = ldap.streaming_search(base, scope, filter, attributes).await;
        let mut stream = self.noting(stream)?;
        let (mut entries, mut notes, mut elsewhere) = (Vec::new(), Vec::new(), None);
        while let Some(answer) = self.noting(stream.next().await)? {
            if answer.is_ref() {
                let parts = answer.0.expect_constructed().unwrap_or_default();
                let place = parts.into_iter().find_map(StructureTag::expect_primitive);
                elsewhere = place.map(|place| String::from_utf8_lossy(&place).into_owned());
            } else if answer.is_intermediate() {
                notes.push(answer);
            } else {
                entries.push(answer);
            }
        }
        let result = stream.finish().await;
        Ok(Found { entries, notes, elsewhere, result })
    }

    /// The entry of exactly this name; `None` when it is not there.
    pub(crate) async fn entry(
        &self,
        name: &str,
        attributes: Vec<String>,
    ) -> Result<Option<Entry>, ConnectorError> {
        let found =
            self.search(name, Scope::Base, "(objectClass=*)", attributes, Vec::new()).await?;
        match found.result.rc {
            code::SUCCESS => {}
            code::NO_SUCH_OBJECT => return Ok(None),
            _ => return Err(from_result(&found.result, name)),
        }
        first_entry(found)
    }

    pub(crate) async fn add(
        &self,
        name: &str,
        attributes: Vec<(Vec<u8>, std::collections::HashSet<Vec<u8>>)>,
        controls: Vec<RawControl>,
    ) -> Result<LdapResult, ConnectorError> {
        self.noting(self.handle(controls).add(name, attributes).await)
    }

    /// Sends `request` about the entry `name`.
    pub(crate) async fn send(
        &self,
        name: &str,
        request: &Request,
        controls: Vec<RawControl>,
    ) -> Result<LdapResult, ConnectorError> {
        let mut ldap = self.handle(controls);
        let result = match request {
            Request::Modify(changes) => ldap.modify(name, changes.clone()).await,
            Request::Delete => ldap.delete(name).await,
            Request::Rename { component, container } => {
                ldap.modifydn(name, component, true, container.as_deref()).await
            }
        };
        self.noting(result)
    }

    /// A handle for one call.
    fn handle(&self, controls: Vec<RawControl>) -> Ldap {
        let mut ldap = self.ldap.clone();
        ldap.with_timeout(self.timeout);
        if !controls.is_empty() {
            ldap.with_controls(controls);
        }
        ldap
    }

    /// Remembers that the connection is of no use after a call that was never answered.
    fn noting<T>(&self, result: Result<T, LdapError>) -> Result<T, ConnectorError> {
        result.map_err(|error| {
            if matches!(error, LdapError::Timeout { .. }) {
                self.broken.store(true, Ordering::Relaxed);
            }
            from_ldap(error)
        })
    }

    fn is_usable(&mut self) -> bool {
        !self.broken.load(Ordering::Relaxed) && !self.ldap.is_closed()
    }

    async fn ask_abilities(&self) -> Abilities {
        let wanted = vec!["supportedControl".to_owned(), "supportedCapabilities".to_owned()];
        // A directory that hides its root entry is one without extensions.
        let root = self.entry("", wanted).await.ok().flatten();
        let listed = |name: &str| root.as_ref().map(|root| root.texts(name)).unwrap_or_default();
        let controls = listed("supportedControl");
        let has = |oid: &str| controls.iter().any(|control| control == oid);
        Abilities {
            post_read: has(control::oid::POST_READ),
            assertion: has(control::oid::ASSERTION),
            is_domain: listed("supportedCapabilities").iter().any(|oid| oid == IS_ACTIVE_DIRECTORY),
        }
    }
}

/// The first of the entries found.
pub(crate) fn first_entry(found: Found) -> Result<Option<Entry>, ConnectorError> {
    let answer = found.entries.into_iter().next();
    let entry = answer.map(Entry::parse).transpose();
    entry.map_err(|bad| ConnectorError::Malformed(bad.problem))
}
