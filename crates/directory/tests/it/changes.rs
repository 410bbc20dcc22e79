//! What changes is found, and finding it out does not cost a look at everybody.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use muster_app::{AssignRequest, assign};

use crate::support::Served;

/// Waits until a filter finds these.
async fn wait_for(served: &Served, filter: &str, wanted: &[&str]) {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let mut found = served.names(filter).await;
        found.sort();
        if found == wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{filter}: {found:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_goes_moves_or_is_called_otherwise_is_found_by_what_they_are_now() {
    let served = Served::start().await;
    wait_for(&served, "(sn=*l*)", &["uid=ada"]).await;
    // Ada is called otherwise, and is in another team; Bob is gone; Kim is new, and Ada's.
    served
        .people(
            "id,user,given,family,mail,pay,team,boss,end\n\
             1,ida,Ada,Byron,ada@tern.example,7,X,,\n\
             2,bob,Bob,\"O'Hara, Jr\",bob@tern.example,5,S1,1,2026-01-01\n\
             3,eve,Eve,Noether,eve@tern.example,6,X,1,2026-12-01\n\
             5,kim,Kim,Lee,kim@tern.example,6,S1,1,\n",
        )
        .await;
    let manager = |name: &str| format!("(manager=uid={name},ou=people,dc=tern,dc=example)");
    let team = |name: &str| format!("(memberOf=cn={name},ou=teams,dc=tern,dc=example)");
    for (filter, wanted) in [
        ("(sn=*l*)".to_owned(), &["uid=kim"][..]),
        ("(sn=*ro*)".to_owned(), &["uid=ida"]),
        ("(uidNumber>=10004)".to_owned(), &["uid=kim"]),
        (manager("ida"), &["uid=eve", "uid=kim"]),
        (manager("ada"), &[]),
        (team("S"), &["cn=S1", "uid=kim"]),
        (team("X"), &["cn=S", "cn=S1", "uid=eve", "uid=ida", "uid=kim"]),
        ("(member=uid=ida,ou=people,dc=tern,dc=example)".to_owned(), &["cn=X", "cn=everybody"]),
    ] {
        wait_for(&served, &filter, wanted).await;
    }
    let group = served.find("(cn=X)", &["member"]).await;
    let members = ["cn=S,ou=teams", "uid=eve,ou=people", "uid=ida,ou=people"];
    assert_eq!(group[0].values("member"), members.map(|name| format!("{name},dc=tern,dc=example")));
    // Nobody tells that this instant has come.
    served.at("2026-12-01T00:00:00Z");
    wait_for(&served, &team("X"), &["cn=S", "cn=S1", "uid=ida", "uid=kim"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_among_many_is_no_reason_to_look_at_everybody() {
    let mut people = String::new();
    for n in 10..4_010 {
        _ = writeln!(people, "{n},u{n:05},U,N,u{n}@x,1,X,,");
    }
    let served = Served::with(&people).await;
    let sales = "(memberOf=cn=sales,ou=groups,dc=tern,dc=example)";
    wait_for(&served, sales, &["uid=ada", "uid=bob"]).await;
    let before = served.opened.store.n_statement_runs();
    let request = AssignRequest {
        person: "77".to_owned(),
        role: "sales".to_owned(),
        from: None,
        until: None,
        reason: "helps out".to_owned(),
    };
    assign(&served.ctx, &served.opened, &request).await.unwrap();
    wait_for(&served, sales, &["uid=ada", "uid=bob", "uid=u00077"]).await;
    let asked = served.opened.store.n_statement_runs() - before;
    assert!(asked < 4_000, "{asked} statements");
}
