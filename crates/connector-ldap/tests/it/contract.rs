//! The promises of every connector, kept by both directories.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use muster_connector::{
    Connector,
    contract::{self, GroupSubject, NameOf, Subject},
};
use muster_model::{Setting, Value};
use muster_testkit::{Dirsrv, Proxy, SUFFIX, Slapd, SlapdOptions};

use crate::{
    domain_support::{domain_settings, open_domain, samba},
    support::{map, open, settings_for, text},
};

/// A name below `container`; whatever is in the word stays in its value.
fn named(attribute: &'static str, container: String) -> NameOf {
    Arc::new(move |word| {
        let escape = |c: char| match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => format!("\\{c}"),
            _ => c.to_string(),
        };
        let value: String = word.chars().map(escape).collect();
        format!("{attribute}={value},{container}").into()
    })
}

/// A subject with a container of its own, so that one server is enough for all promises.
async fn subject(
    (url, admin): (&str, &str),
    number: usize,
    naming: &'static str,
    disable: Setting,
) -> Subject {
    let proxy = Proxy::start(url).await.unwrap();
    let base = format!("ou=contract{number},{SUFFIX}");
    let settings = settings_for(
        proxy.url(),
        admin,
        &[("base", text(&*base)), ("disable", disable), ("page_size", text("10"))],
    );
    Subject {
        class: "inetOrgPerson".into(),
        name: named(naming, base.clone()),
        required: Arc::new(|_| {
            vec![("cn".into(), Value::text("Test")), ("sn".into(), Value::text("Test"))]
        }),
        texts: ["title".into(), "description".into()],
        many: Some("employeeType".into()),
        group: Some(GroupSubject {
            class: "groupOfNames".into(),
            name: named("cn", base),
            required: Arc::new(|_| Vec::new()),
            members: "member".into(),
        }),
        cut: Some(proxy.cutter(1_500)),
        hold: Box::new(proxy),
        ..Subject::new(open(&settings).unwrap(), "")
    }
}

fn container(number: usize) -> String {
    format!("dn: ou=contract{number},{SUFFIX}\nobjectClass: organizationalUnit\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn openldap_keeps_every_promise() {
    let options = SlapdOptions { nosync: true, password_policy: true, ..SlapdOptions::default() };
    let slapd = Slapd::start(options).unwrap();
    let next = AtomicUsize::new(0);
    let report = contract::run_all(async || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        slapd.add_ldif(&container(number)).unwrap();
        let lock = [("attribute", text("pwdAccountLockedTime")), ("off", text("000001010000Z"))];
        subject((&slapd.url(), &slapd.admin()), number, "uid", map(&lock)).await
    })
    .await;
    report.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn directory_server_389_keeps_every_promise() {
    let server = Dirsrv::start().unwrap();
    let next = AtomicUsize::new(0);
    let report = contract::run_all(async || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        server.add_ldif(&container(number)).unwrap();
        let lock = [("attribute", text("nsAccountLock")), ("off", text("true"))];
        // Its 7-bit check refuses a `uid` with umlauts.
        subject((&server.url(), &server.admin()), number, "cn", map(&lock)).await
    })
    .await;
    report.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn openldap_that_tells_changes_keeps_every_promise() {
    let options = SlapdOptions { nosync: true, sync_log: Some(1_000), ..SlapdOptions::default() };
    let slapd = Slapd::start(options).unwrap();
    let next = AtomicUsize::new(0);
    let report = contract::run_all(async || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        slapd.add_ldif(&container(number)).unwrap();
        let base = format!("ou=contract{number},{SUFFIX}");
        let more = [("base", text(&*base)), ("changes", text("syncrepl"))];
        let settings = settings_for(&slapd.url(), &slapd.admin(), &more);
        accounts("uid", "inetOrgPerson", "groupOfNames", base, open(&settings).unwrap())
    })
    .await;
    report.assert_kept();
    let told = ("incremental_reads_yield_what_changed", Ok(contract::Verdict::Kept));
    assert!(report.outcomes.contains(&told), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn samba_keeps_every_promise() {
    let samba = samba();
    let next = AtomicUsize::new(0);
    let report = contract::run_all(async || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        samba.add_ldif(&container(number)).unwrap();
        let base = format!("OU=contract{number},{SUFFIX}");
        let proxy = Proxy::start(&format!("{}:389", samba.url())).await.unwrap();
        let more = [("base", text(&*base)), ("starttls", text("true")), ("page_size", text("10"))];
        let settings =
            domain_settings(&samba, &proxy.url().replace("127.0.0.1", "localhost"), &more);
        let subject = accounts("CN", "user", "group", base, open_domain(&settings));
        Subject {
            // The domain refuses names for accounts that the words of the contract are not.
            required: Arc::new(move |word| {
                vec![("sAMAccountName".into(), Value::text(plain(number, word)))]
            }),
            many: Some("otherTelephone".into()),
            cut: Some(proxy.cutter(2_000)),
            may_refuse_texts: true,
            hold: Box::new(proxy),
            ..subject
        }
    })
    .await;
    report.assert_kept();
    for promise in ["incremental_reads_yield_what_changed", "enabling_and_disabling_is_seen"] {
        assert!(report.outcomes.contains(&(promise, Ok(contract::Verdict::Kept))), "{report}");
    }
}

/// A name that a domain takes for an account and that no other subject has: short, without special characters.
fn plain(number: usize, word: &str) -> String {
    let plain: String = word.chars().filter(char::is_ascii_alphanumeric).take(11).collect();
    let sum = word.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    format!("{number}{plain}{:x}", sum % 0x1_0000)
}

fn accounts(
    naming: &'static str,
    class: &str,
    group: &str,
    base: String,
    connector: Arc<dyn Connector>,
) -> Subject {
    Subject {
        name: named(naming, base.clone()),
        required: Arc::new(|_| {
            vec![("cn".into(), Value::text("Test")), ("sn".into(), Value::text("Test"))]
        }),
        texts: ["title".into(), "description".into()],
        many: Some("employeeType".into()),
        group: Some(GroupSubject {
            class: group.into(),
            name: named(if naming == "CN" { "CN" } else { "cn" }, base),
            required: Arc::new(|_| Vec::new()),
            members: "member".into(),
        }),
        ..Subject::new(connector, class)
    }
}
