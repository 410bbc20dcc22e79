//! A domain and what the tests ask of it.

use std::sync::Arc;

use muster_connector::Connector;
use muster_model::{Change, ObjectRef, Setting, Settings, Value};
use muster_testkit::{AD_PASSWORD, Entry, SUFFIX, Samba, SambaOptions};

use crate::support::{TestSecrets, named, settings_for, text};

pub(crate) fn samba() -> Samba {
    Samba::start(&SambaOptions::default()).unwrap()
}

pub(crate) fn domain_settings(samba: &Samba, url: &str, more: &[(&str, Setting)]) -> Settings {
    let mut settings = settings_for(
        url,
        &samba.admin(),
        &[
            ("flavour", text("active-directory")),
            ("ca", text(samba.ca_file().display().to_string().as_str())),
        ],
    );
    settings.entries.extend(crate::support::settings(more).entries);
    settings
}

pub(crate) fn open_domain(settings: &Settings) -> Arc<dyn Connector> {
    muster_connector_ldap::open(settings, &TestSecrets(AD_PASSWORD)).unwrap()
}

/// Opens `samba` over LDAPS as its administrator.
pub(crate) fn domain(samba: &Samba, more: &[(&str, Setting)]) -> Arc<dyn Connector> {
    open_domain(&domain_settings(samba, &samba.tls_url(), more))
}

pub(crate) fn user(cn: &str) -> ObjectRef {
    named("user", &format!("CN={cn},OU=people"))
}

pub(crate) fn create_user(cn: &str, enabled: bool) -> Change {
    let values = vec![("sAMAccountName".into(), Value::text(cn))];
    Change::Create { object: user(cn), values, enabled: Some(enabled) }
}

/// The one entry of this account name as `ldapsearch` shows it.
pub(crate) fn shown(samba: &Samba, name: &str, attributes: &[&str]) -> Entry {
    let mut found = samba.search(SUFFIX, &format!("(sAMAccountName={name})"), attributes).unwrap();
    assert_eq!(found.len(), 1, "{name}");
    found.remove(0)
}

pub(crate) fn control(samba: &Samba, name: &str) -> u32 {
    shown(samba, name, &["userAccountControl"]).values("userAccountControl")[0].parse().unwrap()
}
