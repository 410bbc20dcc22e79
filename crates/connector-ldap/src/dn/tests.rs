//! Names and filters, with values that were made to break out of them.

use super::*;

const BASE: &str = "dc=tern,dc=example";

#[test]
fn a_name_is_taken_apart_at_its_commas_only() {
    assert_eq!(split_first("uid=ada,ou=people,dc=x"), ("uid=ada", "ou=people,dc=x"));
    assert_eq!(split_first(r"cn=Lovelace\, Ada , dc=x"), (r"cn=Lovelace\, Ada", "dc=x"));
    assert_eq!(split_first(r#"cn="a,b",dc=x"#), (r#"cn="a,b""#, "dc=x"));
    assert_eq!(split_first(r"cn=a\\,dc=x"), (r"cn=a\\", "dc=x"));
    assert_eq!(parent("dc=x"), "");
}

#[test]
fn the_naming_value_is_the_plain_text() {
    assert_eq!(naming_value(r"cn=Lovelace\2C Ada,dc=x"), Some(("cn", "Lovelace, Ada".to_owned())));
    assert_eq!(naming_value(r"cn=a\ ,dc=x"), Some(("cn", "a ".to_owned())));
    assert_eq!(naming_value(r"cn=M\c3\bcller,dc=x"), Some(("cn", "Müller".to_owned())));
    assert_eq!(naming_value("nonsense"), None);
    let both = naming_values(r"cn=a\+b+uid=c,dc=x");
    assert_eq!(both, [("cn".to_owned(), "a+b".to_owned()), ("uid".to_owned(), "c".to_owned())]);
}

#[test]
fn a_relative_name_gets_the_base_and_a_full_one_keeps_its_own() {
    assert_eq!(full_name("uid=ada,ou=people", BASE), "uid=ada,ou=people,dc=tern,dc=example");
    assert_eq!(
        full_name("uid=ada,OU=People, DC=Tern,DC=example", BASE),
        "uid=ada,OU=People, DC=Tern,DC=example"
    );
    assert_eq!(full_name("cn=other,dc=elsewhere", BASE), "cn=other,dc=elsewhere");
    assert_eq!(full_name("", BASE), BASE);
    assert_eq!(
        full_name("uid=dc\\=tern\\,dc\\=example", BASE),
        "uid=dc\\=tern\\,dc\\=example,dc=tern,dc=example"
    );
    assert!(!is_within("dc=bitdc=tern,dc=example", BASE));
}

#[test]
fn a_hostile_value_stays_one_value_of_a_name() {
    for value in [
        "a,ou=admins",
        "a+cn=b",
        " a ",
        "#a",
        "a\\",
        "a\\,b",
        "\"",
        "<>;=",
        "a\0b",
        "a\nb",
        "",
        " ",
        "  ",
        "müller,",
    ] {
        let dn = format!("uid={},{BASE}", escape_value(value));
        assert_eq!(parent(&dn), BASE, "{value:?} as {dn}");
        assert_eq!(naming_value(&dn), Some(("uid", value.to_owned())), "{value:?} as {dn}");
        assert_eq!(naming_values(&dn).len(), 1, "{value:?} as {dn}");
    }
}

#[test]
fn a_hostile_value_stays_one_value_of_a_filter() {
    for value in ["*", ")(uid=*", "a\\2a", "\0", "(|(uid=a))", "a*b"] {
        let filter = format!("(uid={})", escape_filter(value));
        assert!(ldap3::parse_filter(&filter).is_ok(), "{value:?} as {filter}");
        assert_eq!(filter.matches(['(', ')', '*']).count(), 2, "{value:?} as {filter}");
    }
}
