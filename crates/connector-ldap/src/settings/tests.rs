//! Settings that are taken and settings that are refused.

use muster_model::Span;

use super::*;

const SPAN: Span = Span { file: 0, start: 0, end: 0 };

pub(crate) fn settings(entries: &[(&str, Setting)]) -> Settings {
    let entries =
        entries.iter().map(|(key, value)| ((*key).into(), (SPAN, value.clone()))).collect();
    Settings { entries, span: SPAN }
}

fn text(text: &str) -> Setting {
    Setting::Scalar(text.into(), SPAN)
}

fn map(entries: &[(&str, Setting)]) -> Setting {
    Setting::Map(settings(entries))
}

fn problems(entries: &[(&str, Setting)]) -> Vec<String> {
    let problems = LdapSettings::read(&settings(entries)).err().unwrap_or_default();
    problems.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn a_class_that_nobody_described_is_the_object_class_of_that_name() {
    let read = LdapSettings::read(&settings(&[
        ("url", text("ldap://127.0.0.1:3890")),
        ("base", text("dc=x")),
    ]))
    .unwrap();
    assert_eq!(read.address, Address::Network("127.0.0.1".to_owned(), 3890));
    assert_eq!(read.class("device").selection(), "(&(objectClass=device))");
    assert_eq!(
        read.class("posixAccount").selection(),
        "(&(objectClass=inetOrgPerson)(objectClass=posixAccount))"
    );
    assert_eq!(read.class("x)(uid=*").selection(), "(&(objectClass=x\\29\\28uid=\\2a))");
    assert_eq!(read.account_base(), "ou=people,dc=x");
}

#[test]
fn a_described_class_has_its_own_base_and_filter() {
    let class = map(&[("base", text("ou=staff")), ("filter", text("employeeType=internal"))]);
    let read = LdapSettings::read(&settings(&[
        ("url", text("ldaps://ldap.tern.example")),
        ("base", text("dc=x")),
        ("classes", map(&[("inetOrgPerson", class)])),
    ]))
    .unwrap();
    let class = read.class("inetorgperson");
    assert_eq!(class.base, "ou=staff,dc=x");
    assert_eq!(class.selection(), "(&(objectClass=inetOrgPerson)(employeeType=internal))");
    assert_eq!(read.account_base(), "ou=staff,dc=x");
}

#[test]
fn an_unencrypted_connection_to_another_machine_is_refused() {
    let with = |url: &str, extra: &[(&str, Setting)]| {
        problems(&[&[("url", text(url)), ("base", text("dc=x"))], extra].concat())
    };
    assert_eq!(
        with("ldap://ldap.tern.example", &[]),
        ["the connection to `ldap.tern.example` is not encrypted"]
    );
    assert!(with("ldap://ldap.tern.example", &[("starttls", text("true"))]).is_empty());
    assert!(with("ldap://ldap.tern.example", &[("allow_plain", text("true"))]).is_empty());
    assert!(with("ldap://localhost", &[]).is_empty());
    assert!(with("ldap://[::1]:389", &[]).is_empty());
    assert!(with("ldapi://%2Frun%2Fldapi", &[]).is_empty());
}

#[test]
fn every_mistake_is_told_at_once() {
    let found = problems(&[
        ("url", text("http://x")),
        ("base", text("tern")),
        ("bind_dn", text("cn=admin,dc=x")),
        ("classes", map(&[("inetOrgPerson", map(&[("filter", text("((")), ("bas", text("x"))]))])),
        ("disable", map(&[("attribute", text("nsAccountLock"))])),
        ("pagesize", text("5")),
    ]);
    assert_eq!(found.len(), 7, "{found:#?}");
    assert!(
        problems(&[
            ("url", text("ldap://127.0.0.1")),
            ("base", text("dc=x")),
            ("password", text("hunter2"))
        ])
        .iter()
        .any(|problem| problem.contains("secret"))
    );
}
