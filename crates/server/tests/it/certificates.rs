//! The process asks for certificates of people, and looks again when the files change.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use muster_testkit::{Certificates, ClientAuthority, make_certificates};

use crate::served::{Served, done, muster, wait};

const MODEL: &str = r#"muster: 1
server: { tls: { certificate: SERVER, key: KEY, client_ca: people/ca.pem, client_crl: people/revoked.pem } }
sign_in: { certificates: { name: mail, key: card } }
types:
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true }
      mail: { type: string, unique: true }
      end: { type: date }
    lifecycle:
      leaver: { when: "end != null && now >= start_of(end)" }
      active: { when: "true" }
    sign_in: { name: mail }
systems:
  hr:
    connector: csv
    settings: { path: people.csv, key: id }
    reads: { person: { owns: { id: record.id, mail: record.mail, end: record.end } } }
"#;
const SIGN_IN: &str = "POST /signin/certificate";

/// Certificate and key of somebody.
type Own = (PathBuf, PathBuf);

/// What comes back over a connection of its own that shows this certificate; nothing when there is no connection.
fn ask(served: &Served, server: &Certificates, own: Option<&Own>, line: &str) -> String {
    let address = served.url.strip_prefix("https://").unwrap();
    let mut command = Command::new("openssl");
    command.args(["s_client", "-quiet", "-verify_return_error", "-verify_hostname", "localhost"]);
    command.args(["-servername", "localhost", "-connect", address, "-CAfile"]).arg(&server.ca);
    if let Some((certificate, key)) = own {
        command.arg("-cert").arg(certificate).arg("-key").arg(key);
    }
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut client = pipes.spawn().unwrap();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 19\r\n\r\nreturn_to=%2Faccount"
    );
    // Whoever gets no connection cannot be written to.
    drop(client.stdin.as_mut().unwrap().write_all(request.as_bytes()));
    String::from_utf8_lossy(&client.wait_with_output().unwrap().stdout).into_owned()
}

fn is_in(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 303") && answer.contains("set-cookie: muster_session=")
}

fn person(authority: &ClientAuthority, name: &str) -> Own {
    authority.issue(name, &format!("email:{name}@tern.example"), (2025, 2044)).unwrap()
}

fn write(dir: &Path, server: &Certificates) {
    let path = |path: &Path| path.display().to_string();
    let model =
        MODEL.replace("SERVER", &path(&server.certificate)).replace("KEY", &path(&server.key));
    fs::write(dir.join("muster.yaml"), model).unwrap();
    let people =
        "id,mail,end\n1,ada@tern.example,\n2,bob@tern.example,\n3,leo@tern.example,2020-01-01\n";
    fs::write(dir.join("people.csv"), people).unwrap();
    done(muster(dir).args(["sync"]));
}

#[test]
fn the_process_signs_in_whom_a_certificate_names_until_it_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let server = make_certificates(folder.path()).unwrap();
    let mut authority = None;
    let served = Served::of(|dir| {
        authority = Some(ClientAuthority::new(&dir.join("people")).unwrap());
        write(dir, &server);
    });
    let authority = authority.unwrap();
    let [ada, bob, leo] = ["ada", "bob", "leo"].map(|name| person(&authority, name));
    let stranger = ClientAuthority::new(&folder.path().join("strangers")).unwrap();
    let stranger = person(&stranger, "ada");
    for own in [&ada, &bob] {
        let answer = ask(&served, &server, Some(own), SIGN_IN);
        assert!(is_in(&answer) && answer.contains("; Secure"), "{answer}");
    }
    let left = ask(&served, &server, Some(&leo), SIGN_IN);
    assert!(left.starts_with("HTTP/1.1 401"), "{left}");
    assert_eq!(ask(&served, &server, Some(&stranger), SIGN_IN), "", "another authority");
    let without = ask(&served, &server, None, "GET /signin");
    assert!(without.starts_with("HTTP/1.1 200"), "{without}");
    assert!(!without.contains("/signin/certificate"), "{without}");
    // The list is read again when it changes.
    authority.revoke("bob").unwrap();
    wait("a revoked certificate still signs in", || {
        ask(&served, &server, Some(&bob), SIGN_IN).is_empty().then_some(())
    });
    assert!(is_in(&ask(&served, &server, Some(&ada), SIGN_IN)));
}
