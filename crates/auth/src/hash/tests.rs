use super::*;

/// Costs that take no time; a model cannot ask for so little.
pub(crate) const CHEAP: Hashing =
    Hashing { memory: 32, passes: 1, parallel: Some(2), wait: jiff::SignedDuration::from_secs(30) };

fn fits(password: &str, stored: &str) -> bool {
    StoredHash::parse(stored).unwrap().fits(password.as_bytes(), &mut Vec::new())
}

#[test]
fn a_password_fits_its_own_hash_and_no_other() {
    let made = make(b"correct horse", &[7; 16], &CHEAP, &mut Vec::new()).unwrap();
    assert!(made.starts_with("$argon2id$v=19$m=32,t=1,p=1$BwcHBwcHBwcHBwcHBwcHBw$"), "{made}");
    assert!(fits("correct horse", &made));
    assert!(!fits("correct horsf", &made));
    assert!(!fits("", &made));
}

#[test]
fn hashes_of_others_are_read() {
    // Made with the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1`.
    let known =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    assert!(fits("password", known));
    assert!(!fits("passwort", known));
}

#[test]
fn memory_that_was_used_before_changes_nothing() {
    let mut memory = Vec::new();
    let big = Hashing { memory: 64, ..CHEAP };
    let first = make(b"a", &[1; 16], &CHEAP, &mut memory);
    make(b"b", &[2; 16], &big, &mut memory);
    assert_eq!(make(b"a", &[1; 16], &CHEAP, &mut memory), first);
}

#[test]
fn a_hash_that_cannot_be_right_is_refused() {
    let salt = "c29tZXNhbHQ";
    let hash = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for broken in [
        format!("$argon2id$v=19$m=4294967295,t=2,p=1${salt}${hash}"),
        format!("$argon2id$v=19$m=65536,t=4000000000,p=1${salt}${hash}"),
        format!("$argon2id$v=19$m=65536,t=2,p=200${salt}${hash}"),
        format!("$argon2id$v=19$m=65536,t=2${salt}${hash}"),
        format!("$argon2id$v=19$m=65536,t=2,p=1${salt}"),
        format!("$argon2id$v=19$m=65536,t=2,p=1$c2E${hash}"),
        format!("$argon2id$v=19$m=65536,t=2,p=1${salt}$AA"),
        format!("$argon2id$v=19$m=65536,t=2,p=1${salt}${hash}${hash}"),
    ] {
        assert_eq!(StoredHash::parse(&broken), Err(HashError::Broken), "{broken}");
    }
    assert_eq!(StoredHash::parse("secret"), Err(HashError::Unknown));
    assert_eq!(StoredHash::parse(""), Err(HashError::Unknown));
}

#[test]
fn a_decoy_costs_what_a_hash_costs_and_fits_nothing() {
    let decoy = StoredHash::decoy(&CHEAP);
    assert!(!decoy.fits(b"", &mut Vec::new()));
    assert!(!decoy.is_weaker_than(&CHEAP));
}

#[test]
fn hashes_that_other_systems_made_are_read() {
    for known in [
        "{SSHA}yrht1iYXEIkejLVu42JWkadd80RzYWx0c2FsdA==",
        "{SSHA256}DIzeh0gCRMTRu9dAH3C3rr7fWkRT0Bp2ZdtRqvTX3XJzYWx0c2FsdA==",
        "{SSHA512}9ZxHVj4YomwqqFiYKcIjExMLx2ZblYfXRGc4KMqbgvHq2+HOgwiTIi+eO/Uam/8D0beDAkGpvx14+UFlfBskLnNhbHRzYWx0",
        "pbkdf2_sha256$1000$saltsalt$E196ZhRPzw+wA84EjzHwJO1cv/MFJdO6C/sxmUeTYqY=",
        "$pbkdf2-sha256$1000$c2FsdHNhbHQ$E196ZhRPzw.wA84EjzHwJO1cv/MFJdO6C/sxmUeTYqY",
        "$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHQ$E196ZhRPzw+wA84EjzHwJO1cv/MFJdO6C/sxmUeTYqY",
        "{PBKDF2-SHA512}1000$c2FsdHNhbHQ$Q6v4xwJ8a9nWPp2BeEoAYYhHSo2xRmPWART17vTpSxt2q6iNp7BOozW557qqa95eNjUO4gKs0CyvJbYGGku1tA",
        "{PBKDF2}1000$c2FsdHNhbHQ$6f6/9Uv85mj94wGsyFVjzJ3HHvY",
        "$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm",
        "{CRYPT}$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm",
    ] {
        let stored = StoredHash::parse(known).unwrap();
        assert!(stored.is_weaker_than(&CHEAP), "{known}");
        assert!(fits("password", known), "{known}");
        assert!(!fits("Password", known), "{known}");
    }
}

#[test]
fn hashes_of_windows_and_such_that_ask_for_too_much_are_refused() {
    for ntlm in [
        "8846F7EAEE8FB117AD06BDD830B7586C",
        "{NT}8846F7EAEE8FB117AD06BDD830B7586C",
        "$3$$8846f7eaee8fb117ad06bdd830b7586c",
    ] {
        assert_eq!(StoredHash::parse(ntlm), Err(HashError::Ntlm));
    }
    for broken in [
        "$2b$31$abcdefghijklmnopqrstuu5s9bDVbCiCmNPtQOkfkYBOBG3K3Ju8C",
        "$2b$04$short",
        "{SSHA}AAAA",
        "{SSHA256}%",
        "pbkdf2_sha256$4000000000$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "pbkdf2_sha256$0$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "pbkdf2_sha256$1000$salt$AA==",
        "$pbkdf2-sha256$1000$c2FsdA",
    ] {
        assert_eq!(StoredHash::parse(broken), Err(HashError::Broken), "{broken}");
    }
    assert_eq!(StoredHash::parse("{MD5}abc"), Err(HashError::Unknown));
}
