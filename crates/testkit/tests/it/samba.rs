//! Samba as a domain controller.

use muster_testkit::{AD_PASSWORD, SUFFIX, Samba, SambaOptions};

#[test]
fn a_domain_survives_a_kill_and_two_domains_live_side_by_side() {
    let mut first = Samba::start(&SambaOptions::default()).unwrap();
    let second = Samba::start(&SambaOptions::default()).unwrap();
    first.tool(&["user", "create", "ada", AD_PASSWORD]).unwrap();
    assert!(first.signs_in("ada@tern.example", AD_PASSWORD).unwrap());
    assert!(!first.signs_in("ada@tern.example", "wrong").unwrap());
    first.kill().unwrap();
    first.restart().unwrap();
    let ada = "(sAMAccountName=ada)";
    assert_eq!(first.search(SUFFIX, ada, &["cn"]).unwrap()[0].values("cn"), ["ada"]);
    assert!(second.search(SUFFIX, ada, &["cn"]).unwrap().is_empty());
    assert_eq!(second.search(SUFFIX, "(ou=people)", &["ou"]).unwrap().len(), 1);
}
