//! Applications are told by the running server that somebody's session is over.

#![expect(clippy::indexing_slicing, reason = "test code: a panic is a failed test")]

use std::{fs, io::Write as _, process::Stdio};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use muster_testkit::{HttpStub, Reply};
use serde_json::Value as Json;

use crate::served::{Served, done, muster, wait};

const MODEL: &str = r#"muster: 1
url: https://muster.tern.example
types:
  person:
    identity: true
    key: id
    attributes: { id: { type: string, unique: true }, end: { type: date } }
    lifecycle:
      leaver: { when: "end != null && now >= start_of(end)" }
      active: { when: "true" }
systems:
  hr:
    connector: csv
    settings: { path: people.csv, key: id }
    reads: { person: { owns: { id: record.id, end: record.end } } }
applications:
  wiki: { redirect_uris: "https://wiki.example/cb", logout_uri: "STUB/logout", scopes: [openid] }
"#;
const PASSWORD: &str = "a lamp, a boat, and rain";
const VERIFIER: &str = "a-verifier-of-forty-three-letters-or-more-01";
/// The challenge of [`VERIFIER`].
const CHALLENGE: &str = "ZbYc60GhY2wQV0grRFerSj1_D8m8zqg61TK1b_zL9hQ";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

#[test]
fn an_application_is_told_when_a_session_is_ended_and_when_somebody_leaves() {
    let wiki = HttpStub::start(|_| Reply::empty(200)).unwrap();
    let served = Served::of(|dir| {
        fs::write(dir.join("muster.yaml"), MODEL.replace("STUB", &wiki.url())).unwrap();
        fs::write(dir.join("people.csv"), "id,end\nada,\nbob,\n").unwrap();
        done(muster(dir).args(["sync"]));
    });
    let secret = done(muster(&served.dir()).args(["applications", "secret", "wiki"]));
    let ada = sign_in(&served, "ada", secret.trim());
    let bob = sign_in(&served, "bob", secret.trim());
    assert!(wiki.received().is_empty());
    done(muster(&served.dir()).args(["sessions", "end", "ada"]));
    let told = wait("nobody was told of Ada", || wiki.received().into_iter().next());
    let said = logout_token(&told.body);
    assert_eq!(
        (&said["sid"], &said["sub"], &said["aud"]),
        (&ada["sid"], &ada["sub"], &"wiki".into())
    );
    // The fact that somebody left is enough.
    fs::write(served.dir().join("people.csv"), "id,end\nada,\nbob,2020-01-01\n").unwrap();
    done(muster(&served.dir()).args(["sync"]));
    let told = wait("nobody was told of Bob", || wiki.received().into_iter().nth(1));
    assert_eq!(logout_token(&told.body)["sid"], bob["sid"]);
}

/// Signs somebody in with a browser; the claims of the ID token that the application gets.
fn sign_in(served: &Served, name: &str, secret: &str) -> Json {
    let mut command = muster(&served.dir());
    let set = command.args(["password", "set", name]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut set = set.spawn().unwrap();
    set.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
    assert!(set.wait().unwrap().success());
    let form = format!("name={name}&password={}&return_to=", PASSWORD.replace(' ', "+"));
    let answer = served.send("POST", "/signin", &[FORM, "Sec-Fetch-Site: same-origin"], &form);
    let cookie = header(&answer, "set-cookie").split(';').next().unwrap();
    let link = format!(
        "/oauth2/authorize?client_id=wiki&redirect_uri=https%3A%2F%2Fwiki.example%2Fcb&response_type=code&scope=openid\
         &code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let answer = served.get(&link, &[&format!("Cookie: {cookie}")]);
    let (_, code) = header(&answer, "location").split_once("?code=").unwrap();
    let code = code.split('&').next().unwrap();
    let form = format!(
        "grant_type=authorization_code&code={code}&code_verifier={VERIFIER}&client_id=wiki&client_secret={secret}"
    );
    let answer = served.send("POST", "/oauth2/token", &[FORM], &form);
    let tokens: Json = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    claims(tokens["id_token"].as_str().unwrap())
}

/// The value of a header of an answer.
fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let mut lines = answer.lines().filter_map(|line| line.split_once(": "));
    let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.unwrap_or_else(|| panic!("no `{name}` in {answer}")).1
}

fn logout_token(body: &[u8]) -> Json {
    claims(std::str::from_utf8(body).unwrap().strip_prefix("logout_token=").unwrap())
}

fn claims(token: &str) -> Json {
    let body = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&body).unwrap()
}
