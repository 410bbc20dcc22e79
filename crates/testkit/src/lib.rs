//! Real servers for tests: OpenLDAP, 389 Directory Server, Samba (Active Directory), PostgreSQL and MariaDB, and
//! programs that sign people in by them, as child processes.
//!
//! Every server listens on a free loopback port, keeps its files in a folder of its own and goes away with the
//! value that stands for it, also when the test process is killed. Missing software is an error that names the
//! one command that installs it. Nothing here is for production. Nothing here fakes a server but [`HttpStub`],
//! which answers what a test tells it, for what no real server does on request: lying, throttling, breaking off.

mod apache;
mod browser;
mod client_authority;
mod cluster;
mod database;
mod dirsrv;

mod http_stub;
mod keyboard;
mod ldap;
mod ldif;
mod mariadb;
mod node;
mod process;
mod proxy;
mod python;
mod samba;
mod scim;
mod secure_database;
mod slapd;
mod smtp;
mod sssd;
mod timing;
mod tls;
mod tls_reader;
mod webdriver;

pub use apache::Apache;
pub use browser::{Authenticator, Browser};
pub use client_authority::ClientAuthority;
pub use cluster::Cluster;
pub use database::{Database, postgres};
pub use keyboard::{ENTER, Keyboard, TAB};

pub use dirsrv::Dirsrv;
pub use http_stub::{HttpStub, Received, Reply};
pub use ldap::{Told, ldap_tool};
pub use ldif::{Entry, parse_ldif};
pub use mariadb::{MariaDb, MariaDbServer};
pub use node::{npm_file, run_node};
pub use proxy::Proxy;
pub use python::{program as python_program, run_python};
pub use samba::{AD_PASSWORD, Samba, SambaOptions};
pub use scim::{ScimOptions, ScimServer};
pub use secure_database::SecureDatabase;
pub use slapd::{Slapd, SlapdOptions};
pub use smtp::SmtpServer;
pub use sssd::Sssd;
pub use timing::take_alike;
pub use tls::{Certificates, make_certificates};
pub use tls_reader::TlsReader;

/// The suffix of every test directory.
pub const SUFFIX: &str = "dc=tern,dc=example";
/// The password of every account in a test directory and of its administrator.
pub const PASSWORD: &str = "correct horse";
