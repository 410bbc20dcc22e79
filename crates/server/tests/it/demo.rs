//! `muster demo` in a browser.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::Stdio,
};

use crate::served::muster;

/// The answer to a GET.
fn get(address: &str, path: &str, cookie: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn the_link_that_demo_shows_leads_into_the_console() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = muster(folder.path());
    command.args(["demo", "--serve", "--dir", "tern"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.find_map(|line| {
        line.unwrap().split_once("Console   http://").map(|(_, rest)| rest.to_owned())
    });
    let line = line.unwrap();
    let (address, path) = line.split_whitespace().next().unwrap().split_once('/').unwrap();
    let entered = get(address, &format!("/{path}"), "");
    let again = get(address, &format!("/{path}"), "");
    let cookie = entered.split("muster_session=").nth(1).and_then(|rest| rest.split(';').next());
    let home = get(address, "/", &format!("muster_session={}", cookie.unwrap_or_default()));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(entered.starts_with("HTTP/1.1 303"), "{entered}");
    assert!(home.contains("2</span> leavers with an active account"), "{home}");
    assert!(home.contains("View as"), "{home}");
    assert!(!again.contains("muster_session="), "{again}");
}
