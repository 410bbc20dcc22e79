//! A directory server of either make, and what its own tools say is in it.

use std::collections::{BTreeMap, BTreeSet};

use muster_testkit::{Dirsrv, Entry, SUFFIX, Slapd, SlapdOptions};

/// A directory server.
#[derive(Debug)]
pub(crate) enum Server {
    OpenLdap(Slapd),
    Dirsrv(Dirsrv),
}

/// What a directory holds: accounts by `uid`, members by group. The stand-in member of empty groups is left out.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Contents {
    /// Attribute values by lower-case name, several of them joined by ` | `; `locked` for disabled accounts.
    pub(crate) people: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) groups: BTreeMap<String, BTreeSet<String>>,
}

impl Server {
    /// OpenLDAP that logs every operation.
    pub(crate) fn openldap() -> Self {
        let options = SlapdOptions {
            nosync: true,
            log_operations: true,
            password_policy: true,
            ..SlapdOptions::default()
        };
        Self::OpenLdap(Slapd::start(options).unwrap())
    }

    pub(crate) fn dirsrv() -> Self {
        Self::Dirsrv(Dirsrv::start().unwrap())
    }

    /// The `settings:` of the system, as text for the model.
    pub(crate) fn settings(&self) -> String {
        let (url, admin, lock) = match self {
            Self::OpenLdap(slapd) => {
                (slapd.url(), slapd.admin(), "attribute: pwdAccountLockedTime, off: 000001010000Z")
            }
            Self::Dirsrv(server) => {
                (server.url(), server.admin(), "attribute: nsAccountLock, off: 'true'")
            }
        };
        format!(
            r#"{{ url: "{url}", base: "{SUFFIX}", bind_dn: "{admin}", password: {{ env: LDAP_PASSWORD }}, disable: {{ {lock} }} }}"#
        )
    }

    fn search(&self, base: &str, filter: &str) -> Vec<Entry> {
        let attributes = ["*", "pwdAccountLockedTime", "nsAccountLock"];
        let base = format!("{base},{SUFFIX}");
        match self {
            Self::OpenLdap(slapd) => slapd.search(&base, filter, &attributes),
            Self::Dirsrv(server) => server.search(&base, filter, &attributes),
        }
        .unwrap()
    }

    pub(crate) fn add(&self, ldif: &str) {
        match self {
            Self::OpenLdap(slapd) => slapd.add_ldif(ldif),
            Self::Dirsrv(server) => server.add_ldif(ldif),
        }
        .unwrap();
    }

    pub(crate) fn modify(&self, ldif: &str) {
        match self {
            Self::OpenLdap(slapd) => slapd.modify(ldif),
            Self::Dirsrv(server) => server.modify(ldif),
        }
        .unwrap();
    }

    /// Everything below `ou=people` and `ou=groups`.
    pub(crate) fn contents(&self) -> Contents {
        let mut contents = Contents::default();
        for entry in self.search("ou=people", "(objectClass=inetOrgPerson)") {
            let uid = entry.value("uid").unwrap();
            assert_eq!(entry.dn, format!("uid={uid},ou=people,{SUFFIX}"));
            let mut values = BTreeMap::new();
            for name in entry.attributes.keys().map(|name| name.to_lowercase()) {
                let value = entry.values(&name).join(" | ");
                match &*name {
                    "objectclass" => {}
                    "pwdaccountlockedtime" | "nsaccountlock" => {
                        values.insert("locked".to_owned(), "yes".to_owned());
                    }
                    _ => {
                        values.insert(name, value);
                    }
                }
            }
            assert!(contents.people.insert(uid, values).is_none());
        }
        for entry in self.search("ou=groups", "(objectClass=groupOfNames)") {
            let members = entry.values("member");
            let names = members.iter().filter_map(|dn| {
                let (uid, rest) = dn.strip_prefix("uid=")?.split_once(',')?;
                assert_eq!(rest, format!("ou=people,{SUFFIX}"));
                Some(uid.to_owned())
            });
            let cn = entry.value("cn").unwrap();
            assert!(contents.groups.insert(cn, names.collect()).is_none());
        }
        contents
    }

    /// How many writes the server was asked for since it was started; OpenLDAP only.
    pub(crate) fn writes(&self) -> usize {
        let Self::OpenLdap(slapd) = self else { return 0 };
        let log = slapd.log();
        [" ADD dn=", " MOD dn=", " DEL dn=", " MODRDN dn="]
            .iter()
            .map(|word| log.matches(word).count())
            .sum()
    }
}

/// Fails with the entries that differ, not with everything.
#[track_caller]
pub(crate) fn assert_same(found: &Contents, expected: &Contents) {
    let mut wrong = Vec::new();
    differences("account", &found.people, &expected.people, &mut wrong);
    differences("group", &found.groups, &expected.groups, &mut wrong);
    wrong.truncate(10);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn differences<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &BTreeMap<String, T>,
    expected: &BTreeMap<String, T>,
    wrong: &mut Vec<String>,
) {
    let keys: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    for key in keys.into_iter().filter(|key| found.get(*key) != expected.get(*key)) {
        wrong.push(format!(
            "{what} {key}\n   found {:?}\nexpected {:?}",
            found.get(key),
            expected.get(key)
        ));
    }
}
