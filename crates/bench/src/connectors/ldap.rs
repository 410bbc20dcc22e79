//! The connector for directories against the bare LDAP client, on slapd and on Samba.
//!
//! Both send the same entries over as many connections with as many calls under way, and read them in pages of the
//! same size. What the connector does besides is what is measured: ids, forms of values, protection, order.

mod raw;

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use muster_connector::Connector;
use muster_model::{Change, ObjectRef, Value};
use muster_testkit::{AD_PASSWORD, PASSWORD, SUFFIX, Samba, SambaOptions, Slapd, SlapdOptions};
use serde_json::{Map, Value as Json, json};

use super::{OneSecret, create, read, with_secret};
use crate::{
    output::{figures, say},
    pairs::{compare, timed},
};
use raw::Raw;

/// Connections, and calls under way on each, of both sides.
const CONNECTIONS: usize = 4;
const DEPTH: usize = 16;
const PAGE: i32 = 500;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Accounts to create in slapd each time
    #[arg(long, default_value_t = 5_000)]
    people: usize,
    /// Accounts to create in Samba, which takes some 50 ms for each password
    #[arg(long, default_value_t = 60)]
    users: usize,
    /// How often each side is done, at least five times
    #[arg(long, default_value_t = 9)]
    pairs: usize,
}

/// One server and what is put into it.
struct Bench {
    name: &'static str,
    n: usize,
    /// The class that is created, and the one that is read with the number of objects there are.
    class: &'static str,
    read: (&'static str, String),
    is_domain: bool,
    connector: Arc<dyn Connector>,
    raw: Raw,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let mut all = Map::new();
    let slapd = Slapd::start(SlapdOptions { nosync: true, ..SlapdOptions::default() })?;
    let settings = json!({ "url": slapd.url(), "base": SUFFIX, "bind_dn": slapd.admin() });
    let openldap = Bench {
        name: "slapd",
        n: args.people,
        class: "inetOrgPerson",
        read: ("inetOrgPerson", format!("ou=people,{SUFFIX}")),
        is_domain: false,
        connector: open(&settings, PASSWORD)?,
        raw: Raw::open(&slapd.url(), &slapd.admin(), PASSWORD, None).await?,
    };
    openldap.measure(args.pairs, &mut all).await?;
    let samba = Samba::start(&SambaOptions { crowd: true })?;
    let ca = samba.ca_file().display().to_string();
    let domain = json!({
        "url": samba.tls_url(),
        "base": SUFFIX,
        "bind_dn": samba.admin(),
        "ca": ca,
        "flavour": "active-directory",
        "changes": "none",
    });
    let samba_bench = Bench {
        name: "samba",
        n: args.users,
        class: "user",
        read: ("contact", format!("ou=crowd,{SUFFIX}")),
        is_domain: true,
        connector: open(&domain, AD_PASSWORD)?,
        raw: Raw::open(&samba.tls_url(), &samba.admin(), AD_PASSWORD, Some(&ca)).await?,
    };
    samba_bench.measure(args.pairs, &mut all).await?;
    figures(&Json::Object(all))
}

impl Bench {
    async fn measure(&self, pairs: usize, all: &mut Map<String, Json>) -> Result<()> {
        say(&format!("{}: {} accounts at a time", self.name, self.n))?;
        let bare = async |pair| {
            let entry = |i: usize| {
                let name = format!("r{pair}x{i}");
                (self.name(&name), self.values(&name))
            };
            let entries = (0..self.n).map(entry).collect();
            timed(self.raw.create(entries, self.class, self.is_domain)).await
        };
        let ours = async |pair| {
            let changes: Vec<Change> =
                (0..self.n).map(|i| self.change(&format!("c{pair}x{i}"))).collect();
            create(&self.connector, &changes).await
        };
        let figures = compare(pairs, self.n, bare, ours).await?;
        all.insert(format!("{}_create", self.name), figures);
        let n = self.read_raw().await?;
        let bare = async |_| timed(async { self.read_raw().await.map(drop) }).await;
        let ours = async |_| read(&self.connector, self.read.0, raw::READ, n).await;
        all.insert(format!("{}_read", self.name), compare(pairs, n, bare, ours).await?);
        Ok(())
    }

    /// Reads everything with the bare client and answers how many entries came.
    async fn read_raw(&self) -> Result<usize> {
        let id = if self.is_domain { "objectGUID" } else { "entryUUID" };
        let n = self.raw.read(&self.read.1, self.read.0, id).await?;
        ensure!(n > 0, "the bare client read nothing");
        Ok(n)
    }

    /// The attributes of an account.
    fn values(&self, name: &str) -> Vec<(&'static str, String)> {
        let mut values = vec![
            ("sn", "Family".to_owned()),
            ("givenName", "Given".to_owned()),
            ("title", "Engineer".to_owned()),
            ("telephoneNumber", "+49 30 1234567".to_owned()),
        ];
        if self.is_domain {
            values.push(("sAMAccountName", name.to_owned()));
            values.push(("unicodePwd", AD_PASSWORD.to_owned()));
        } else {
            values.push(("cn", format!("Given {name}")));
        }
        values
    }

    fn name(&self, name: &str) -> String {
        let naming = if self.is_domain { "CN" } else { "uid" };
        format!("{naming}={name},ou=people,{SUFFIX}")
    }

    fn change(&self, name: &str) -> Change {
        let values = self.values(name).into_iter();
        Change::Create {
            object: ObjectRef {
                class: self.class.into(),
                id: "".into(),
                name: self.name(name).into(),
            },
            values: values.map(|(key, text)| (key.into(), Value::text(text))).collect(),
            enabled: self.is_domain.then_some(true),
        }
    }
}

fn open(settings: &Json, password: &'static str) -> Result<Arc<dyn Connector>> {
    let settings = with_secret(settings, "password");
    muster_connector_ldap::open(&settings, &OneSecret(password)).context("cannot open")
}
