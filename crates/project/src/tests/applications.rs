//! `applications:`, and what can be wrong in it.

use insta::assert_snapshot;
use jiff::SignedDuration;
use muster_policy::{ClientAuthentication, GrantType, SigningAlgorithm};

use crate::tests::support::{BASE, loaded, said_of};

#[test]
fn an_application_is_read_with_what_is_usual() {
    let text = r#"
url: https://muster.tern.example
applications:
  wiki: { redirect_uris: "https://wiki.tern.example/oidc", system: dir, roles: staff }
  backup: {}
"#;
    let model = loaded(&[("base.yaml", BASE), ("part.yaml", text)]).model.unwrap();
    let [backup, wiki] = &model.applications[..] else { panic!("{:?}", model.applications) };
    assert_eq!(backup.grants, [GrantType::Client]);
    assert_eq!(wiki.grants, [GrantType::Code]);
    assert_eq!(wiki.redirect_uris, ["https://wiki.tern.example/oidc".into()]);
    assert_eq!(wiki.roles, [0]);
    assert_eq!(wiki.system.map(|system| &*model.systems[system.index()].name), Some("dir"));
    assert_eq!(wiki.authentication, ClientAuthentication::Secret);
    assert_eq!(wiki.algorithm, SigningAlgorithm::Es256);
    assert_eq!(wiki.scopes, ["openid".into(), "profile".into(), "email".into()]);
    assert_eq!(wiki.access_lifetime, SignedDuration::from_mins(10));
    assert_eq!(wiki.refresh_lifetime, SignedDuration::from_hours(720));
}

#[test]
fn claims_are_read_through_links() {
    let text = r#"
url: https://muster.tern.example
applications:
  wiki: { redirect_uris: "https://wiki.tern.example/oidc", claims: { team: person.team.title } }
"#;
    let model = loaded(&[("base.yaml", BASE), ("part.yaml", text)]).model.unwrap();
    let evaluator = muster_policy::Evaluator::new(std::sync::Arc::new(model));
    assert_eq!(evaluator.projection().slots.len(), 1, "teams are loaded for it");
}

#[test]
fn an_address_that_could_lead_elsewhere_is_none() {
    let good = [
        "https://a.example/cb",
        "https://a.example:8443/cb?x=1",
        "http://127.0.0.1:7000/cb",
        "http://[::1]/cb",
        "http://localhost/cb",
        "com.example.app:/cb",
    ];
    let bad = [
        "http://a.example/cb",
        "https://a.example/cb#x",
        "https://*.a.example/cb",
        "https://user@a.example/cb",
        "https://a.example/x/../cb",
        "https://a.example\\\\evil",
        "https://",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://localhost.evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "//a.example/cb",
        "/cb",
        "myapp:/cb",
    ];
    let said = |uri: &str| {
        said_of(&format!(
            "url: https://m.example\napplications: {{ a: {{ redirect_uris: \"{uri}\" }} }}\n"
        ))
    };
    for uri in good {
        assert_eq!(said(uri), "no problems in 2 files\n", "{uri}");
    }
    for uri in bad {
        assert!(said(uri).contains("E0920"), "{uri}");
    }
}

#[test]
fn who_keeps_no_secret_cannot_do_without_pkce() {
    let said = |authentication: &str| {
        said_of(&format!(
            "url: https://m.example\napplications: {{ a: {{ redirect_uris: \"https://a.example/cb\", pkce: optional, \
             authentication: {authentication} }} }}\n"
        ))
    };
    assert_eq!(said("secret"), "no problems in 2 files\n");
    assert!(said("none").contains("needs PKCE"));
}

const MISTAKEN: &str = r#"applications:
  a: { redirect_uris: "http://a.example", system: wiki, scopes: ["a b"], claims: { sub: person.id, team: person.team } }
  b: { grants: [client_credentials, refresh_token], authentication: none }
  c: { authentication: key, keys: ['{"kty":"EC","d":"x"}', "pem"], grants: authorization_code }
"#;

#[test]
#[expect(clippy::too_many_lines, reason = "one text, as people see it")]
fn all_mistakes_are_told_at_once() {
    assert_snapshot!(said_of(MISTAKEN), @r#"
    error[E0922]: applications need to know where Muster is reached
     --> part.yaml:2:3
      |
    2 |   a: { redirect_uris: "http://a.example", system: wiki, scopes: ["a b"], claims: { sub: person.id, team: person.team } }
      |   ^
      = say it at the top level: `url: https://muster.tern.example`
    error[E0920]: people cannot be sent to this address
     --> part.yaml:2:23
      |
    2 |   a: { redirect_uris: "http://a.example", system: wiki, scopes: ["a b"], claims: { sub: person.id, team: person.team } }
      |                       ^^^^^^^^^^^^^^^^^^
      = write `https://` and the whole address without `#`, `*`, `..` and a user; `http://` only for this machine, and `com.example.app:/path` for a program on a phone
    error[E0530]: unknown system `wiki`
     --> part.yaml:2:51
      |
    2 |   a: { redirect_uris: "http://a.example", system: wiki, scopes: ["a b"], claims: { sub: person.id, team: person.team } }
      |                                                   ^^^^
      = known systems: `dir`, `hr`
    error[E0920]: `a b` cannot be a scope
     --> part.yaml:2:66
      |
    2 |   a: { redirect_uris: "http://a.example", system: wiki, scopes: ["a b"], claims: { sub: person.id, team: person.team } }
      |                                                                  ^^^^^
      = write letters, digits and signs without blanks, quotes and backslashes
    error[E0920]: the claim `sub` means something in the protocol
     --> part.yaml:2:84
      |
    2 |   a: { redirect_uris: "http://a.example", system: wiki, scopes: ["a b"], claims: { sub: person.id, team: person.team } }
      |                                                                                    ^^^
      = choose another name
    error[E0407]: a value is needed here, this is team
     --> part.yaml:2:106
      |
    2 |   a: { redirect_uris: "http://a.example", system: wiki, scopes: ["a b"], claims: { sub: person.id, team: person.team } }
      |                                                                                                          ^^^^^^^^^^^
      = take an attribute of it, for example `.display`
    error[E0921]: an application that keeps no secret cannot act on its own account
     --> part.yaml:3:3
      |
    3 |   b: { grants: [client_credentials, refresh_token], authentication: none }
      |   ^
      = leave `client_credentials` out, or let it authenticate
    error[E0921]: there is nothing to refresh where nobody signs in
     --> part.yaml:3:3
      |
    3 |   b: { grants: [client_credentials, refresh_token], authentication: none }
      |   ^
      = add `authorization_code` or `device_code`, or leave `refresh_token` out
    error[E0921]: the grant `authorization_code` needs an address to return to
     --> part.yaml:4:3
      |
    4 |   c: { authentication: key, keys: ['{"kty":"EC","d":"x"}', "pem"], grants: authorization_code }
      |   ^
      = add `redirect_uris`: the addresses to which people are sent back
    error[E0921]: `authentication: key` needs a key
     --> part.yaml:4:3
      |
    4 |   c: { authentication: key, keys: ['{"kty":"EC","d":"x"}', "pem"], grants: authorization_code }
      |   ^
      = add `keys`: its public keys as JSON Web Keys
    error[E0920]: this is a private key
     --> part.yaml:4:36
      |
    4 |   c: { authentication: key, keys: ['{"kty":"EC","d":"x"}', "pem"], grants: authorization_code }
      |                                    ^^^^^^^^^^^^^^^^^^^^^^
      = write the public half only, and make a new pair: this one has been seen
    error[E0920]: this is no JSON Web Key
     --> part.yaml:4:60
      |
    4 |   c: { authentication: key, keys: ['{"kty":"EC","d":"x"}', "pem"], grants: authorization_code }
      |                                                            ^^^^^
      = write it as text: '{"kty": "EC", "crv": "P-256", "x": "…", "y": "…"}'
    12 errors in 2 files   more: muster help E0922
    "#);
}
