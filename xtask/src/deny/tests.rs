use crate::packages::{Edges, Package, Packages};

use super::{deny_toml, findings, licences::is_allowed};

fn package(name: &str, licence: Option<&str>) -> Package {
    Package {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        licence: licence.map(str::to_owned),
        source: Some(super::rules::SOURCE.to_owned()),
        ..Package::default()
    }
}

fn found(package: Package) -> Vec<String> {
    findings(&Packages { packages: vec![package], ..Packages::default() })
}

#[test]
fn one_allowed_way_is_enough() {
    let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"];
    let right = |expression| is_allowed(expression, &allowed);
    assert_eq!(right("MIT"), Ok(true));
    assert_eq!(right("Unlicense/MIT"), Ok(true));
    assert_eq!(right("(MIT OR GPL-3.0) AND Unicode-3.0"), Ok(true));
    assert_eq!(right("Apache-2.0 WITH LLVM-exception OR GPL-3.0"), Ok(true));
    assert_eq!(right("GPL-3.0 OR LGPL-2.1-or-later"), Ok(false));
    assert_eq!(right("MIT AND GPL-3.0"), Ok(false));
    assert_eq!(right("Apache-2.0 WITH other-exception"), Ok(false));
}

#[test]
fn a_broken_expression_is_an_error() {
    for expression in ["", "MIT OR", "(MIT", "MIT)", "AND MIT", "MIT GPL-3.0"] {
        assert!(is_allowed(expression, &["MIT"]).is_err(), "{expression}");
    }
}

#[test]
fn a_package_without_a_fitting_licence_is_found() {
    assert_eq!(found(package("fine", Some("MIT OR Apache-2.0"))), Vec::<String>::new());
    assert_eq!(
        found(package("viral", Some("GPL-3.0"))),
        ["viral 1.0.0 has the licence `GPL-3.0`, which is not on our list"]
    );
    assert_eq!(found(package("mute", None)), ["mute 1.0.0 says nothing about its licence"]);
}

#[test]
fn a_package_from_git_is_found() {
    let source = Some("git+https://example.org/x#1".to_owned());
    let package = Package { source, ..package("x", Some("MIT")) };
    assert_eq!(found(package), ["x 1.0.0 comes from `git+https://example.org/x#1`"]);
}

#[test]
fn a_banned_package_is_found_with_the_reason() {
    let findings = found(package("openssl", Some("Apache-2.0")));
    assert_eq!(findings, ["openssl 1.0.0 is banned: TLS is rustls with aws-lc-rs"]);
}

#[test]
fn a_driver_outside_the_store_is_found() {
    let mut packages = Packages::default();
    let edges = |names: &[&str]| Edges {
        normal: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Edges::default()
    };
    packages.edges.insert("muster-store".to_owned(), edges(&["deadpool-postgres"]));
    packages.edges.insert("muster-app".to_owned(), edges(&["deadpool-postgres", "jiff"]));
    assert_eq!(
        findings(&packages),
        ["muster-app uses deadpool-postgres, which only muster-store may"]
    );
}

#[test]
fn cargo_deny_is_told_the_same_rules() {
    let text = deny_toml();
    assert!(text.contains("\"Apache-2.0 WITH LLVM-exception\","), "{text}");
    assert!(
        text.contains("{ crate = \"deadpool-postgres\", wrappers = [\"muster-store\"] },"),
        "{text}"
    );
}
