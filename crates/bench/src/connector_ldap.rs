//! The connector for directories against the bare LDAP client, on the same servers in one run.
//!
//! Both send the same entries over as many connections with as many calls under way, and read them in pages of the
//! same size. What the connector does besides is what is measured: ids, forms of values, protection, order.

mod raw;

use std::{io, sync::Arc, time::Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use async_trait::async_trait;
use muster_connector::{
    BadObject, Connector, ConnectorError, Field, ReadObject, ReadRequest, Secrets, Sink,
};
use muster_model::{Change, ObjectRef, Setting, Settings, Span, Value, ValueType};
use muster_testkit::{AD_PASSWORD, PASSWORD, SUFFIX, Samba, SambaOptions, Slapd, SlapdOptions};
use serde_json::{Map, Value as Json, json};

use crate::output::{figures, say};
use raw::Raw;

/// Connections, and calls under way on each, of both sides.
const CONNECTIONS: usize = 4;
const DEPTH: usize = 16;
const PAGE: i32 = 500;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Accounts to create in slapd
    #[arg(long, default_value_t = 10_000)]
    people: usize,
    /// Accounts to create in Samba, which takes some 50 ms for each password
    #[arg(long, default_value_t = 300)]
    users: usize,
    /// Rounds; each side begins every other one
    #[arg(long, default_value_t = 2)]
    rounds: usize,
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

/// Seconds of both sides.
#[derive(Default, Clone, Copy)]
struct Taken {
    connector: f64,
    raw: f64,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let mut all = Map::new();
    let slapd = Slapd::start(SlapdOptions { nosync: true, ..SlapdOptions::default() })?;
    let settings = settings_of(&[("url", &slapd.url()), ("bind_dn", &slapd.admin())]);
    let openldap = Bench {
        name: "slapd",
        n: args.people,
        class: "inetOrgPerson",
        read: ("inetOrgPerson", format!("ou=people,{SUFFIX}")),
        is_domain: false,
        connector: open(&settings, PASSWORD)?,
        raw: Raw::open(&slapd.url(), &slapd.admin(), PASSWORD, None).await?,
    };
    openldap.measure(args.rounds, &mut all).await?;
    let samba = Samba::start(&SambaOptions { crowd: true })?;
    let ca = samba.ca_file().display().to_string();
    let domain = [
        ("url", samba.tls_url()),
        ("bind_dn", samba.admin()),
        ("ca", ca.clone()),
        ("flavour", "active-directory".to_owned()),
        ("changes", "none".to_owned()),
    ];
    let domain: Vec<(&str, &str)> = domain.iter().map(|(key, text)| (*key, &**text)).collect();
    let samba_bench = Bench {
        name: "samba",
        n: args.users,
        class: "user",
        read: ("contact", format!("ou=crowd,{SUFFIX}")),
        is_domain: true,
        connector: open(&settings_of(&domain), AD_PASSWORD)?,
        raw: Raw::open(&samba.tls_url(), &samba.admin(), AD_PASSWORD, Some(&ca)).await?,
    };
    samba_bench.measure(args.rounds, &mut all).await?;
    figures(&Json::Object(all))
}

impl Bench {
    async fn measure(&self, rounds: usize, all: &mut Map<String, Json>) -> Result<()> {
        say(&format!("{}: {} accounts, {rounds} rounds", self.name, self.n))?;
        let (mut create, mut read) = (Taken::default(), Taken::default());
        for round in 0..rounds.max(1) {
            for turn in 0..2 {
                if (round + turn) % 2 == 0 {
                    create.connector += self.create(&format!("c{round}x")).await?;
                } else {
                    create.raw += self.create_raw(&format!("r{round}x")).await?;
                }
            }
            for turn in 0..2 {
                if (round + turn) % 2 == 0 {
                    read.connector += self.read().await?;
                } else {
                    read.raw += self.read_raw().await?;
                }
            }
        }
        let n = self.n * rounds.max(1);
        for (what, taken) in [("create", create), ("read", read)] {
            let ratio = taken.raw / taken.connector.max(f64::EPSILON);
            let key = format!("{}_{what}", self.name);
            let mut figures = json!({
                "connector_seconds": taken.connector,
                "raw_seconds": taken.raw,
                "ratio": (ratio * 100.0).round() / 100.0,
            });
            if what == "create" {
                #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
                let rate = (n as f64 / taken.connector).round();
                if let Some(figures) = figures.as_object_mut() {
                    figures.insert("accounts_per_second".to_owned(), json!(rate));
                }
            }
            all.insert(key, figures);
        }
        Ok(())
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

    async fn create(&self, prefix: &str) -> Result<f64> {
        let change = |i: usize| {
            let name = format!("{prefix}{i}");
            let values = self.values(&name).into_iter();
            Change::Create {
                object: ObjectRef {
                    class: self.class.into(),
                    id: "".into(),
                    name: self.name(&name).into(),
                },
                values: values.map(|(key, text)| (key.into(), Value::text(text))).collect(),
                enabled: self.is_domain.then_some(true),
            }
        };
        let changes: Vec<Change> = (0..self.n).map(change).collect();
        let start = Instant::now();
        let answers = self.connector.apply(&changes).await;
        let taken = start.elapsed().as_secs_f64();
        let failed = answers.into_iter().find_map(Result::err);
        failed.map_or(Ok(taken), |error| Err(anyhow!(error)))
    }

    async fn create_raw(&self, prefix: &str) -> Result<f64> {
        let entry = |i: usize| {
            let name = format!("{prefix}{i}");
            (self.name(&name), self.values(&name))
        };
        let entries = (0..self.n).map(entry).collect();
        let start = Instant::now();
        self.raw.create(entries, self.class, self.is_domain).await?;
        Ok(start.elapsed().as_secs_f64())
    }

    async fn read(&self) -> Result<f64> {
        let field =
            |name: &str| Field { name: name.into(), value_type: ValueType::Text, many: false };
        let request = ReadRequest {
            class: self.read.0.into(),
            fields: raw::READ.map(field).into(),
            since: None,
            batch: 4096,
        };
        let mut count = Count(0);
        let start = Instant::now();
        let end = self.connector.read(&request, &mut count).await?;
        let taken = start.elapsed().as_secs_f64();
        ensure!(end.complete && count.0 > 0, "the read ended with {end:?}");
        Ok(taken)
    }

    async fn read_raw(&self) -> Result<f64> {
        let id = if self.is_domain { "objectGUID" } else { "entryUUID" };
        let start = Instant::now();
        let n = self.raw.read(&self.read.1, self.read.0, id).await?;
        ensure!(n > 0, "the bare client read nothing");
        Ok(start.elapsed().as_secs_f64())
    }
}

/// Counts what a read hands over.
struct Count(usize);

#[async_trait]
impl Sink for Count {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        self.0 += objects.len();
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        Err(ConnectorError::Malformed(bad.problem))
    }
}

/// Knows the one password, and every file.
struct OnePassword(&'static str);

impl Secrets for OnePassword {
    fn env(&self, _name: &str) -> Option<String> {
        Some(self.0.to_owned())
    }

    fn file(&self, path: &str) -> io::Result<String> {
        std::fs::read_to_string(path)
    }
}

fn open(settings: &Settings, password: &'static str) -> Result<Arc<dyn Connector>> {
    muster_connector_ldap::open(settings, &OnePassword(password)).context("cannot open")
}

fn settings_of(entries: &[(&str, &str)]) -> Settings {
    const SPAN: Span = Span { file: 0, start: 0, end: 0 };
    let password = Setting::Secret { from: "env".into(), name: "PASSWORD".into(), span: SPAN };
    let texts = entries.iter().chain(&[("base", SUFFIX)]);
    let texts = texts.map(|(key, text)| (*key, Setting::Scalar((*text).into(), SPAN)));
    let all = texts.chain([("password", password)]);
    Settings { entries: all.map(|(key, value)| (key.into(), (SPAN, value))).collect(), span: SPAN }
}
