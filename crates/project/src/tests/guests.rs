//! `guests:`, and guests that could not be let in.

use insta::assert_snapshot;
use jiff::SignedDuration;

use crate::tests::support::{loaded, said};

const MODEL: &str = r#"muster: 1
url: https://muster.tern.example
mail: { from: muster@tern.example, host: mail.tern.example }
types:
  person: { identity: true, key: id, attributes: { id: { type: string, unique: true } } }
  visitor:
    identity: true
    key: badge
    attributes:
      badge: { type: string, unique: true, generate: ["'V' + string(n)"] }
      mail: { type: string, unique: true }
      name: { type: string }
      sponsor: { type: link, to: person }
      until: { type: date }
    local: { sponsor: sponsor, until: until }
    lifecycle:
      gone: { when: "until != null && now >= end_of(until)", fact: terminated }
      blocked: { when: "false", fact: suspended }
      active: { when: "true" }
roles:
  host: { for: person }
  portal: { for: visitor, request: { approval: [sponsor] } }
  wifi: { for: visitor }
"#;

#[test]
fn an_organisation_has_domains_sponsors_and_a_stay() {
    let text = r#"guests:
  type: visitor
  mail: mail
  name: name
  organisations:
    nordlys: { domains: [Nordlys.example, "*.nordlys.example"], sponsors: host, fallback: mia, longest: 30d, roles: portal }
"#;
    let model = loaded(&[("base.yaml", MODEL), ("part.yaml", text)]).model.unwrap();
    let guests = model.guests.unwrap();
    let (mail, of) = guests.organisation_of("Kari@sea.nordlys.example").unwrap();
    assert_eq!((&*mail, &*of.title), ("kari@sea.nordlys.example", "nordlys"));
    let days = |n: i64| SignedDuration::from_hours(24 * n);
    assert_eq!((of.usual, of.longest, of.blocked), (days(30), days(30), days(30)));
    assert_eq!(of.roles.len(), 1);
}

#[test]
fn types_that_guests_cannot_be_are_told() {
    let text = r"guests:
  type: person
  mail: id
  organisations: {}
";
    assert_snapshot!(said(&[("base.yaml", MODEL), ("part.yaml", text)]), @r#"
    error[E0980]: `person` has no `local:`, so it cannot be the type of guests
     --> part.yaml:2:9
      |
    2 |   type: person
      |         ^^^^^^
      = add `local: { sponsor: …, until: … }` to the type
    error[E0980]: `person` has no state for suspended guests, so it cannot be the type of guests
     --> part.yaml:2:9
      |
    2 |   type: person
      |         ^^^^^^
      = add `fact: suspended` to the type
    error[E0980]: `person` has no state for removed guests, so it cannot be the type of guests
     --> part.yaml:2:9
      |
    2 |   type: person
      |         ^^^^^^
      = add `fact: terminated` to the type
    3 errors in 2 files   more: muster help E0980
    "#);
}

#[test]
fn organisations_nobody_could_come_from_are_told() {
    let text = r"guests:
  type: visitor
  mail: mail
  organisations:
    a: { domains: [nordlys, a.example], sponsors: portal, fallback: mia, roles: [wifi, host], usual: 9d, longest: 8d }
    b: { domains: A.example, sponsors: host, fallback: mia }
";
    let model = MODEL.replace("mail: { from", "# mail: { from");
    assert_snapshot!(said(&[("base.yaml", &model), ("part.yaml", text)]), @r#"
    error[E0980]: guests get a link by mail, and the project has no `mail`
     --> part.yaml:2:9
      |
    2 |   type: visitor
      |         ^^^^^^^
      = add `mail:` at the top level
    error[E0980]: `nordlys` is no domain
     --> part.yaml:5:20
      |
    5 |     a: { domains: [nordlys, a.example], sponsors: portal, fallback: mia, roles: [wifi, host], usual: 9d, longest: 8d }
      |                    ^^^^^^^
      = write it as `nordlys.example` or `*.nordlys.example`; names outside of ASCII as `xn--…`
    error[E0980]: role `portal` is not for those who can be sponsors
     --> part.yaml:5:51
      |
    5 |     a: { domains: [nordlys, a.example], sponsors: portal, fallback: mia, roles: [wifi, host], usual: 9d, longest: 8d }
      |                                                   ^^^^^^
      = name a role of the type to which the sponsor links
    error[E0980]: nobody can ask for role `wifi`
     --> part.yaml:5:82
      |
    5 |     a: { domains: [nordlys, a.example], sponsors: portal, fallback: mia, roles: [wifi, host], usual: 9d, longest: 8d }
      |                                                                                  ^^^^
      = add `request:` to the role
    error[E0980]: role `host` is not for a `visitor`
     --> part.yaml:5:88
      |
    5 |     a: { domains: [nordlys, a.example], sponsors: portal, fallback: mia, roles: [wifi, host], usual: 9d, longest: 8d }
      |                                                                                        ^^^^
      = add `for: visitor`
    error[E0980]: the usual stay is longer than the longest
     --> part.yaml:5:102
      |
    5 |     a: { domains: [nordlys, a.example], sponsors: portal, fallback: mia, roles: [wifi, host], usual: 9d, longest: 8d }
      |                                                                                                      ^^
      = make `usual` shorter or `longest` longer
    error[E0980]: `a.example` is a domain of `a` already
     --> part.yaml:6:19
      |
    6 |     b: { domains: A.example, sponsors: host, fallback: mia }
      |                   ^^^^^^^^^
      = leave it at one organisation
    7 errors in 2 files   more: muster help E0980
    "#);
}
