//! Encrypted connections and wrong credentials.

use muster_connector::ConnectorError;
use muster_testkit::{PASSWORD, Slapd, SlapdOptions};

use crate::support::{TestSecrets, admin, create_person, one, open, settings_for, slapd, text};

fn encrypted() -> Slapd {
    Slapd::start(SlapdOptions { nosync: true, tls: true, ..SlapdOptions::default() }).unwrap()
}

#[tokio::test]
async fn starttls_and_ldaps_work_with_the_authoritys_file() {
    let slapd = encrypted();
    let ca = slapd.ca_file().unwrap().to_str().unwrap().to_owned();
    let starttls = [("starttls", text("true")), ("ca", text(ca.clone()))];
    let directory = admin(&slapd, &starttls);
    one(&*directory, create_person("ada")).await.unwrap();
    let settings = settings_for(&slapd.tls_url(), &slapd.admin(), &[("ca", text(ca))]);
    let directory = open(&settings).unwrap();
    directory.test().await.unwrap();
    assert!(directory.get(&crate::support::person("ada"), &[]).await.unwrap().is_some());
}

#[tokio::test]
async fn an_unknown_authority_is_not_believed() {
    let slapd = encrypted();
    for (url, more) in [(slapd.url(), vec![("starttls", text("true"))]), (slapd.tls_url(), vec![])]
    {
        let directory = open(&settings_for(&url, &slapd.admin(), &more)).unwrap();
        let error = directory.test().await.unwrap_err();
        assert!(matches!(&error, ConnectorError::Settings(why) if why.contains("`ca`")), "{error}");
    }
}

#[tokio::test]
async fn starttls_with_a_server_that_has_none_sends_no_password() {
    let options = SlapdOptions { nosync: true, log_operations: true, ..SlapdOptions::default() };
    let slapd = Slapd::start(options).unwrap();
    let error = admin(&slapd, &[("starttls", text("true"))]).test().await.unwrap_err();
    assert!(!error.is_transient(), "{error}");
    let log = slapd.log();
    let (_, ours) = log.split_once("EXT oid=1.3.6.1.4.1.1466.20037").unwrap();
    assert!(!ours.contains("BIND"), "{ours}");
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_never_shown() {
    let slapd = slapd();
    let settings = settings_for(&slapd.url(), &slapd.admin(), &[]);
    let directory = muster_connector_ldap::open(&settings, &TestSecrets("wrong horse")).unwrap();
    let error = directory.test().await.unwrap_err();
    assert_eq!(error.to_string(), "access refused: the name or the password is wrong");
    assert!(!format!("{directory:?}").contains("wrong horse"));
    let answers = directory.apply(&[create_person("ada"), create_person("bob")]).await;
    assert!(answers.iter().all(|answer| matches!(answer, Err(ConnectorError::Refused(_)))));
    assert_ne!(PASSWORD, "wrong horse");
}
