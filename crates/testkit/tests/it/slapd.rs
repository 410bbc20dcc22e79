//! OpenLDAP.

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
