//! What an LDAP system may be told in its `settings:`, checked once and kept in one place.
//!
//! Nothing is looked up here: the password stays a reference and the authority's file a path.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use muster_connector::{SecretRef, SettingReader};
use muster_model::{Setting, SettingProblem, Settings, Text};

use crate::{ad, dn, entry::ID_ATTRIBUTES};

/// The checked settings of one directory.
#[derive(Debug, Clone)]
pub(crate) struct LdapSettings {
    pub(crate) url: String,
    pub(crate) address: Address,
    pub(crate) starttls: bool,
    pub(crate) ca: Option<Text>,
    pub(crate) base: String,
    pub(crate) bind_dn: Option<String>,
    pub(crate) password: Option<SecretRef>,
    pub(crate) page_size: i32,
    pub(crate) connections: u16,
    pub(crate) timeout: Duration,
    pub(crate) disable: Option<Disable>,
    /// The member that a group without members holds where the schema wants at least one; never reported.
    pub(crate) empty_member: Option<String>,
    pub(crate) flavour: Flavour,
    pub(crate) changes: Changes,
    /// Whether objects that a domain depends on may be changed.
    pub(crate) change_protected: bool,
    classes: BTreeMap<String, Class>,
}

/// The kind of directory, where that makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Flavour {
    /// As the standards say: OpenLDAP, 389 Directory Server and others.
    #[default]
    Standard,
    /// Active Directory, or Samba as a domain controller.
    ActiveDirectory,
}

/// How the directory is asked for what changed since the last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Changes {
    /// Not at all: every read is complete.
    #[default]
    No,
    /// By the `DirSync` control of Active Directory.
    DirSync,
    /// By content synchronisation (RFC 4533), which OpenLDAP offers with the overlay `syncprov`.
    SyncRepl,
}

/// Where the directory listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// Host and port of `ldap://` or `ldaps://`.
    Network(String, u16),
    /// `ldapi://`, a socket on this machine.
    Local,
}

/// How an account is disabled.
#[derive(Debug, Clone)]
pub(crate) struct Disable {
    pub(crate) attribute: Text,
    /// The value of an account that may be used; without one the attribute is absent.
    pub(crate) on: Option<Text>,
    /// The value of an account that may not be used.
    pub(crate) off: Text,
}

/// How objects of one class are made and found.
#[derive(Debug, Clone)]
pub(crate) struct Class {
    /// The values of `objectClass` of a new entry, which also select entries.
    pub(crate) object_classes: Vec<Text>,
    /// The full name of the container that is searched.
    pub(crate) base: String,
    /// A further condition on entries.
    pub(crate) filter: Option<Text>,
    pub(crate) flavour: Flavour,
}

impl Class {
    /// The filter that selects the objects of this class.
    pub(crate) fn selection(&self) -> String {
        let mut classes = String::new();
        for class in &self.object_classes {
            classes = format!("{classes}(objectClass={})", dn::escape_filter(class));
        }
        // In a domain the account of a computer is a `user` too.
        if self.flavour == Flavour::ActiveDirectory && self.has_any(&["user", "inetOrgPerson"]) {
            classes.push_str("(objectCategory=person)");
        }
        match &self.filter {
            Some(filter) if filter.starts_with('(') => format!("(&{classes}{filter})"),
            Some(filter) => format!("(&{classes}({filter}))"),
            None => format!("(&{classes})"),
        }
    }

    /// True for what can be used to sign in, rather than groups and containers.
    pub(crate) fn is_account(&self) -> bool {
        if self.flavour == Flavour::ActiveDirectory {
            return self.has_any(&["user", "inetOrgPerson", "computer"]);
        }
        !self.has_any(&["groupOfNames", "groupOfUniqueNames", "posixGroup", "organizationalUnit"])
    }

    /// True for the groups of a domain.
    pub(crate) fn is_group(&self) -> bool {
        self.has_any(&["group"])
    }

    /// The attribute that a group of this class must have a value of.
    pub(crate) fn required_members(&self) -> Option<&'static str> {
        if self.has_any(&["groupOfNames"]) {
            Some("member")
        } else if self.has_any(&["groupOfUniqueNames"]) {
            Some("uniqueMember")
        } else {
            None
        }
    }

    fn has_any(&self, names: &[&str]) -> bool {
        self.object_classes
            .iter()
            .any(|class| names.iter().any(|name| name.eq_ignore_ascii_case(class)))
    }
}

impl LdapSettings {
    /// Checks the settings; answers every problem at once.
    pub(crate) fn read(settings: &Settings) -> Result<Self, Vec<SettingProblem>> {
        let mut reader = SettingReader::new(settings);
        let url = reader.required("url").unwrap_or_default();
        let starttls = reader.boolean("starttls").unwrap_or(false);
        let allow_plain = reader.boolean("allow_plain").unwrap_or(false);
        let address = read_address(&mut reader, &url, starttls, allow_plain);
        let base = reader.required("base").unwrap_or_default();
        check_name(&mut reader, "base", &base);
        let bind_dn = reader.text("bind_dn").map(|name| name.to_string());
        if let Some(name) = &bind_dn {
            check_name(&mut reader, "bind_dn", name);
        }
        let password = reader.secret("password");
        if bind_dn.is_some() && reader.raw("password").is_none() {
            let help = "write `password: { env: NAME }` or `{ file: PATH }`".to_owned();
            reader.problem("bind_dn", "`bind_dn` needs a `password`", Some(help));
        }
        let flavour = read_flavour(&mut reader);
        let empty_member = reader.text("empty_member").map(|name| dn::full_name(&name, &base));
        let page_size = reader.number("page_size", 1..=10_000).unwrap_or(500);
        let connections = reader.number("connections", 1..=64).unwrap_or(4);
        let read = Self {
            url: url.to_string(),
            address: address.unwrap_or(Address::Local),
            starttls,
            ca: reader.text("ca"),
            base: base.to_string(),
            empty_member: empty_member.or_else(|| bind_dn.clone()),
            bind_dn,
            password,
            page_size: i32::try_from(page_size).unwrap_or(500),
            connections: u16::try_from(connections).unwrap_or(4),
            timeout: reader.duration("timeout").unwrap_or(Duration::from_secs(30)),
            disable: reader.map("disable", read_disable),
            flavour,
            changes: read_changes(&mut reader, flavour),
            change_protected: reader.boolean("change_protected").unwrap_or(false),
            classes: read_classes(&mut reader, settings, &base, flavour),
        };
        if flavour == Flavour::ActiveDirectory && read.disable.is_some() {
            let help = Some("leave `disable` out".to_owned());
            reader.problem("disable", "a domain disables accounts by `userAccountControl`", help);
        }
        let problems = reader.finish();
        if problems.is_empty() { Ok(read) } else { Err(problems) }
    }

    /// The class that the model calls `name`; one that nobody described is the object class of that name.
    pub(crate) fn class(&self, name: &str) -> Class {
        let described = self.classes.get(&name.to_lowercase()).cloned();
        described.unwrap_or_else(|| Class {
            object_classes: default_object_classes(name),
            base: self.base.clone(),
            filter: None,
            flavour: self.flavour,
        })
    }

    /// True for Active Directory.
    pub(crate) fn is_domain(&self) -> bool {
        self.flavour == Flavour::ActiveDirectory
    }

    /// True when nobody between here and the directory can read what is sent.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.starttls || self.url.starts_with("ldaps:") || self.address == Address::Local
    }

    /// The attributes that hold an id which survives a rename, the better one first.
    pub(crate) fn id_attributes(&self) -> &'static [&'static str] {
        if self.is_domain() { &[ad::GUID] } else { &ID_ATTRIBUTES }
    }

    /// The full name of the container in which `memberUid` looks for accounts.
    pub(crate) fn account_base(&self) -> String {
        let configured = |name: &str| {
            self.classes.get(name).map(|class| class.base.clone()).filter(|base| *base != self.base)
        };
        configured("posixaccount")
            .or_else(|| configured("inetorgperson"))
            .unwrap_or_else(|| dn::full_name("ou=people", &self.base))
    }
}

fn read_flavour(reader: &mut SettingReader<'_>) -> Flavour {
    match reader.choice("flavour", &["standard", "active-directory"]) {
        Some(1) => Flavour::ActiveDirectory,
        Some(_) | None => Flavour::Standard,
    }
}

fn read_changes(reader: &mut SettingReader<'_>, flavour: Flavour) -> Changes {
    let (usual, word, other) = match flavour {
        Flavour::ActiveDirectory => (Changes::DirSync, "dirsync", Changes::DirSync),
        Flavour::Standard => (Changes::No, "syncrepl", Changes::SyncRepl),
    };
    match reader.choice("changes", &["none", word]) {
        Some(0) => Changes::No,
        Some(_) => other,
        None => usual,
    }
}

fn default_object_classes(name: &str) -> Vec<Text> {
    if name.eq_ignore_ascii_case("posixAccount") {
        vec!["inetOrgPerson".into(), "posixAccount".into()]
    } else {
        vec![name.into()]
    }
}

fn read_address(
    reader: &mut SettingReader<'_>,
    url: &str,
    starttls: bool,
    allow_plain: bool,
) -> Option<Address> {
    if url.is_empty() {
        return None;
    }
    let help =
        || Some("write ldaps://host, ldap://host or ldapi://%2Fpath%2Fto%2Fsocket".to_owned());
    let Some((scheme, rest)) = url.split_once("://") else {
        reader.problem("url", format!("`{url}` is not an LDAP address"), help());
        return None;
    };
    let default_port = match scheme {
        "ldap" => 389,
        "ldaps" => 636,
        "ldapi" => return Some(Address::Local),
        _ => {
            reader.problem("url", format!("`{scheme}` is not an LDAP scheme"), help());
            return None;
        }
    };
    let Some((host, port)) = host_and_port(rest.trim_end_matches('/'), default_port) else {
        reader.problem("url", format!("`{url}` has no usable host and port"), help());
        return None;
    };
    if scheme == "ldap" && !starttls && !allow_plain && !is_loopback(&host) {
        let help =
            "use ldaps:// or `starttls: true`; `allow_plain: true` sends passwords for all to read";
        reader.problem(
            "url",
            format!("the connection to `{host}` is not encrypted"),
            Some(help.to_owned()),
        );
    }
    if scheme == "ldaps" && starttls {
        let help = Some("leave `starttls` out".to_owned());
        reader.problem("starttls", "`starttls` does not go together with ldaps://", help);
    }
    Some(Address::Network(host, port))
}

fn host_and_port(text: &str, default_port: u16) -> Option<(String, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, port.strip_prefix(':'))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = port.map_or(Some(default_port), |port| port.parse().ok())?;
    let plain =
        host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    (plain && !host.is_empty()).then(|| (host.to_owned(), port))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn check_name(reader: &mut SettingReader<'_>, key: &str, name: &str) {
    if !name.is_empty() && dn::naming_value(name).is_none() {
        let help = Some("write something like dc=tern,dc=example".to_owned());
        reader.problem(key, format!("`{name}` is not a distinguished name"), help);
    }
}

fn read_disable(reader: &mut SettingReader<'_>) -> Option<Disable> {
    let attribute = reader.required("attribute");
    let off = reader.required("off");
    let on = reader.text("on").filter(|on| !on.is_empty() && &**on != "absent");
    Some(Disable { attribute: attribute?, on, off: off? })
}

fn read_classes(
    reader: &mut SettingReader<'_>,
    settings: &Settings,
    base: &str,
    flavour: Flavour,
) -> BTreeMap<String, Class> {
    let names: Vec<Text> = match settings.entries.get("classes") {
        Some((_, Setting::Map(classes))) => classes.entries.keys().cloned().collect(),
        Some((
            _,
            Setting::Null | Setting::Scalar(..) | Setting::List(..) | Setting::Secret { .. },
        ))
        | None => Vec::new(),
    };
    let read = reader.map("classes", |classes| {
        let read_one = |name: &Text| {
            let class = classes.map(name, |class| Some(read_class(class, name, base, flavour)))?;
            Some((name.to_lowercase(), class))
        };
        Some(names.iter().filter_map(read_one).collect())
    });
    read.unwrap_or_default()
}

fn read_class(reader: &mut SettingReader<'_>, name: &str, base: &str, flavour: Flavour) -> Class {
    let mut object_classes = reader.list("objectClass");
    if object_classes.is_empty() {
        object_classes = default_object_classes(name);
    }
    let container = reader.text("base").unwrap_or_default();
    check_name(reader, "base", &container);
    let class = Class {
        object_classes,
        base: dn::full_name(&container, base),
        filter: reader.text("filter"),
        flavour,
    };
    if ldap3::parse_filter(class.selection()).is_err() {
        let help = Some("write something like (employeeType=internal)".to_owned());
        reader.problem("filter", "the filter is not a valid LDAP filter (RFC 4515)", help);
    }
    class
}

#[cfg(test)]
mod tests;
