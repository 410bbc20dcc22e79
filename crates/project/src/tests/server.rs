//! `server:`, and everything that can be wrong in it at once.

use insta::assert_snapshot;
use jiff::SignedDuration;
use muster_policy::{LogFormat, LogLevel, Server, ServerLimits, TlsFiles};

use crate::tests::support::{BASE, loaded, said_of};

#[test]
fn what_is_said_of_the_server_is_read() {
    let text = r#"
server:
  listen: "0.0.0.0:8443"
  tls: { certificate: chain.pem, key: key.pem, client_ca: people.pem }
  trusted_proxies: [10.0.0.0/8, "2001:db8::5"]
  limits: { body: 2048, connections: 10, answer: 30s, drain: 5s, rate: 100, burst: 300 }
  log: { format: json, level: warn }
  tracing: { endpoint: "http://127.0.0.1:4318/" }
"#;
    let model = loaded(&[("base.yaml", BASE), ("part.yaml", text)]).model.unwrap();
    let seconds = |n| Some(SignedDuration::from_secs(n));
    let wanted = Server {
        listen: "0.0.0.0:8443".parse().ok(),
        tls: Some(TlsFiles {
            certificate: "chain.pem".into(),
            key: "key.pem".into(),
            client_ca: Some("people.pem".into()),
            client_crl: None,
        }),
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::5".parse().unwrap()],
        limits: ServerLimits {
            body: Some(2048),
            connections: Some(10),
            answer: seconds(30),
            drain: seconds(5),
            rate: Some(100),
            burst: Some(300),
        },
        log_format: Some(LogFormat::Json),
        log_level: Some(LogLevel::Warn),
        traces: Some("http://127.0.0.1:4318".into()),
    };
    assert_eq!(model.server, wanted);
}

const MISTAKEN: &str = r"server:
  listen: tern.example:8080
  tls: { certificate: chain.pem }
  trusted_proxies: [10.0.0.0/33, proxy.tern.example]
  limits: { body: 1, rate: many }
  log: { format: xml }
  tracing: { endpoint: collector:4318 }
  trusted-proxies: 10.0.0.1
";

#[test]
fn all_mistakes_are_told_at_once() {
    assert_snapshot!(said_of(MISTAKEN), @r"
    error[E0909]: `tern.example:8080` is no address with a port
     --> part.yaml:2:11
      |
    2 |   listen: tern.example:8080
      |           ^^^^^^^^^^^^^^^^^
      = write `127.0.0.1:8080`, or `0.0.0.0:8443` for every address of the machine
    error[E0203]: `key` is missing in the server's certificate
     --> part.yaml:3:3
      |
    3 |   tls: { certificate: chain.pem }
      |   ^^^
      = for example `key: /etc/muster/key.pem`
    error[E0909]: `10.0.0.0/33` is no address and no network
     --> part.yaml:4:21
      |
    4 |   trusted_proxies: [10.0.0.0/33, proxy.tern.example]
      |                     ^^^^^^^^^^^
      = write one address, or a network such as `10.0.0.0/8`; names are not looked up
    error[E0909]: `proxy.tern.example` is no address and no network
     --> part.yaml:4:34
      |
    4 |   trusted_proxies: [10.0.0.0/33, proxy.tern.example]
      |                                  ^^^^^^^^^^^^^^^^^^
      = write one address, or a network such as `10.0.0.0/8`; names are not looked up
    error[E0202]: `body` wants a whole number from 1024 to 1073741824
     --> part.yaml:5:19
      |
    5 |   limits: { body: 1, rate: many }
      |                   ^ `1` is not
      = for example `body: 1048576`
    error[E0202]: `rate` wants a whole number from 1 to 1000000
     --> part.yaml:5:28
      |
    5 |   limits: { body: 1, rate: many }
      |                            ^^^^ `many` is not
      = for example `rate: 100`
    error[E0202]: `format` has to be `text` or `json`, not `xml`
     --> part.yaml:6:18
      |
    6 |   log: { format: xml }
      |                  ^^^
    error[E0908]: this is not the address of a web server
     --> part.yaml:7:24
      |
    7 |   tracing: { endpoint: collector:4318 }
      |                        ^^^^^^^^^^^^^^
      = write it as `http://127.0.0.1:4318`, with a path if there is one
    error[E0201]: unknown key `trusted-proxies` in the server
     --> part.yaml:8:3
      |
    8 |   trusted-proxies: 10.0.0.1
      |   ^^^^^^^^^^^^^^^
      = did you mean `trusted_proxies`?
    9 errors in 2 files   more: muster help E0909
    ");
}

#[test]
fn codes_can_be_mailed_only_where_there_is_mail_and_an_address() {
    let on = "sign_in: { mailed_codes: true }\n";
    let said = said_of(on);
    assert!(said.contains("E0523") && said.contains("part.yaml:1:26"), "{said}");
    let off = "sign_in: { mailed_codes: false }\n";
    assert!(loaded(&[("base.yaml", BASE), ("part.yaml", off)]).model.is_some());
}

#[test]
fn whoever_wants_attested_passkeys_says_whom_to_believe_and_names_makes_by_number() {
    let text = "sign_in: { passkeys: { attested_for: [nobody], models: [YubiKey] } }\n";
    let said = said_of(text);
    for part in ["E0524", "nobody is believed", "`YubiKey` is no make", "nobody"] {
        assert!(said.contains(part), "{said}");
    }
    let text = "sign_in: { passkeys: { authorities: a.pem, models: CB69481E-8ff7-4039-93ec-0a2729a154a8 } }\n";
    let model = loaded(&[("base.yaml", BASE), ("part.yaml", text)]).model.unwrap();
    assert_eq!(*model.sign_in.passkeys.models, ["cb69481e-8ff7-4039-93ec-0a2729a154a8".into()]);
}
