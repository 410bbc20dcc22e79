//! The example of a domain, in a real one: filled, changed by hand, followed by what changed, put right again.

use std::time::Instant;

use muster_engine::ReadReport;
use muster_testkit::{AD_PASSWORD, SUFFIX, Samba, SambaOptions};

use crate::support::Rig;

const MODEL: &str = include_str!("../../../../examples/active-directory/muster.yaml");
const PEOPLE: &str = include_str!("../../../../examples/active-directory/data/hr.csv");

/// The example with another address, its own password, and without files of its own for the repository.
fn example(samba: &Samba) -> Rig {
    let model = MODEL
        .replace("ldaps://dc1.tern.example", &samba.tls_url())
        .replace("domain-ca.pem", &samba.ca_file().display().to_string())
        .replace("cn=muster,cn=Users,dc=tern,dc=example", &samba.admin())
        .replace("{ env: AD_PASSWORD }", "{ file: password }");
    let rig = Rig::new(&[("data/hr.csv", PEOPLE)]);
    let password = rig.dir.path().join("password").display().to_string();
    rig.write("password", AD_PASSWORD);
    rig.write("muster.yaml", &model.replace("file: password", &format!("file: {password}")));
    rig
}

fn of<'r>(reads: &'r [ReadReport], what: &str) -> &'r ReadReport {
    reads.iter().find(|read| &*read.what == what).unwrap()
}

fn members(samba: &Samba, group: &str) -> Vec<String> {
    let listed = samba.tool(&["group", "listmembers", group]).unwrap();
    let mut names: Vec<String> = listed.lines().map(str::to_owned).collect();
    names.sort_unstable();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_is_filled_and_what_is_changed_by_hand_is_seen_at_once_and_put_right() {
    let samba = Samba::start(&SambaOptions::default()).unwrap();
    let rig = example(&samba);
    rig.sync_all().await;
    rig.apply_whole(&rig.plan().await).await;
    // The one who has left never gets an account.
    assert_eq!(members(&samba, "All Staff"), ["a.demir", "j.brandt", "s.keller", "t.oneill"]);
    assert_eq!(members(&samba, "Sales"), ["a.demir", "j.brandt"]);
    let control = |login: &str| {
        let filter = format!("(sAMAccountName={login})");
        let found = samba.search(SUFFIX, &filter, &["userAccountControl"]).unwrap();
        found[0].values("userAccountControl")[0].clone()
    };
    assert_eq!(control("s.keller"), "512");
    let settled = rig.sync_all().await.reads;
    // What was only said to be done is confirmed by what the domain says has changed.
    let accounts = of(&settled, "account user");
    assert!(accounts.incremental && accounts.changed == 0, "{accounts:?}");
    assert_eq!((accounts.objects, accounts.verified), (4, 10), "{accounts:?}");
    assert_eq!(rig.plan().await.plan.operations.len(), 0);

    samba.tool(&["user", "disable", "s.keller"]).unwrap();
    samba.tool(&["group", "addmembers", "Sales", "t.oneill"]).unwrap();
    samba.tool(&["group", "removemembers", "Sales", "j.brandt"]).unwrap();
    let begun = Instant::now();
    let seen = rig.sync_all().await.reads;
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    let (accounts, groups) = (of(&seen, "account user"), of(&seen, "entitlement group"));
    assert!(accounts.incremental && groups.incremental, "{seen:?}");
    // One was changed itself, the two others by their group.
    assert_eq!((accounts.objects, accounts.changed, accounts.absent), (1, 3, 0), "{accounts:?}");
    assert_eq!((groups.objects, groups.absent), (1, 0), "{groups:?}");

    let made = rig.plan().await;
    let operations = made.plan.operations.iter();
    let mut kinds: Vec<String> = operations.map(|o| o.kind.name().to_owned()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["enable", "grant", "revoke"]);
    rig.apply_whole(&made).await;
    assert_eq!(members(&samba, "Sales"), ["a.demir", "j.brandt"]);
    assert_eq!(control("s.keller"), "512");
    let after = rig.sync_all().await.reads;
    assert_eq!(of(&after, "account user").changed, 0, "{after:?}");
    assert!(of(&after, "account user").verified > 0, "{after:?}");

    // Gone by hand: the system says so.
    samba.tool(&["user", "delete", "t.oneill"]).unwrap();
    let gone = rig.sync_all().await.reads;
    assert_eq!(of(&gone, "account user").absent, 1, "{gone:?}");
    let made = rig.plan().await;
    assert!(made.plan.operations.iter().any(|o| o.kind.name() == "create"));
    rig.apply_whole(&made).await;
    assert_eq!(members(&samba, "All Staff").len(), 4);
    // Everything once more, as another day would: nothing is left to do.
    rig.at("2026-03-04T12:00:00Z");
    let whole = rig.sync_all().await.reads;
    let accounts = of(&whole, "account user");
    assert!(!accounts.incremental && accounts.changed == 0, "{accounts:?}");
    assert_eq!(rig.plan().await.plan.operations.len(), 0);
}
