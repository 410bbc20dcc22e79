//! 389 Directory Server.

use muster_testkit::{Dirsrv, SUFFIX};

#[test]
fn entries_survive_a_kill_and_a_restart_and_two_servers_live_side_by_side() {
    let mut first = Dirsrv::start().unwrap();
    let second = Dirsrv::start().unwrap();
    let person =
        format!("dn: uid=ada,ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\ncn: Ada\nsn: L\n");
    first.add_ldif(&person).unwrap();
    first.kill().unwrap();
    first.restart().unwrap();
    assert_eq!(first.search(SUFFIX, "(uid=ada)", &["sn"]).unwrap()[0].values("sn"), ["L"]);
    assert!(second.search(SUFFIX, "(uid=ada)", &["sn"]).unwrap().is_empty());
}
