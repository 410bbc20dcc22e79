//! OpenLDAP.

use std::{
    net::TcpStream,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use muster_testkit::{SUFFIX, Slapd, SlapdOptions};

#[test]
fn entries_survive_a_kill_and_a_restart() {
    let mut slapd = Slapd::start(SlapdOptions::default()).unwrap();
    slapd
        .add_ldif(&format!("dn: uid=ada,ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\ncn: Ada\nsn:: TMO2dmVsYWNl\n"))
        .unwrap();
    slapd.kill().unwrap();
    assert!(slapd.search(SUFFIX, "(uid=ada)", &["sn"]).is_err());
    slapd.restart().unwrap();
    let found = slapd.search(SUFFIX, "(uid=ada)", &["sn"]).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].values("sn"), ["Lövelace"]);
}

#[test]
fn the_folder_goes_away_with_the_server() {
    let slapd = Slapd::start(SlapdOptions { tls: true, ..SlapdOptions::default() }).unwrap();
    let ca = slapd.ca_file().unwrap().to_owned();
    assert!(ca.exists());
    drop(slapd);
    assert!(!ca.parent().unwrap().exists());
}

/// The variable that turns the next test from nothing into a process that waits to be killed.
const VICTIM: &str = "MUSTER_TESTKIT_VICTIM";

#[test]
fn a_process_to_be_killed() {
    let Some(file) = std::env::var_os(VICTIM) else { return };
    let slapd = Slapd::start(SlapdOptions::default()).unwrap();
    let half = format!("{}.new", file.to_string_lossy());
    std::fs::write(&half, slapd.url()).unwrap();
    std::fs::rename(&half, file).unwrap();
    std::thread::park();
}

#[test]
fn a_server_ends_with_a_test_process_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "slapd::a_process_to_be_killed"])
        .env(VICTIM, &file)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let wait = |what: &str, holds: &dyn Fn() -> bool| {
        let started = Instant::now();
        while !holds() {
            assert!(started.elapsed() < Duration::from_mins(1), "{what}");
            std::thread::yield_now();
        }
    };
    wait("no server", &|| file.exists());
    let url = std::fs::read_to_string(&file).unwrap();
    let address = url.trim_start_matches("ldap://").to_owned();
    TcpStream::connect(&address).unwrap();
    victim.kill().unwrap();
    victim.wait().unwrap();
    wait("the server is still there", &|| TcpStream::connect(&address).is_err());
}
