//! The people of the directory are users of a machine through `sssd`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use muster_testkit::Sssd;

use crate::support::{BASE, Served};

const PASSWORD: &str = "correct horse battery staple";

#[tokio::test(flavor = "multi_thread")]
async fn sssd_knows_users_and_groups_and_lets_in_who_may_be_here() {
    let served = Served::start().await;
    for person in ["1", "3"] {
        served.password(person, PASSWORD).await;
    }
    let domain = format!(
        "ldap_uri = ldap://{}\nldap_id_use_start_tls = true\nldap_tls_reqcert = demand\nldap_tls_cacert = {}\n\
         ldap_search_base = {BASE}\nldap_schema = rfc2307bis\nldap_default_bind_dn = cn=sssd,ou=clients,{BASE}\n\
         ldap_default_authtok = {}",
        served.address,
        served.certificates.ca.display(),
        served.token
    );
    let start = move || Sssd::start(&domain, "ada").unwrap();
    let sssd = Arc::new(tokio::task::spawn_blocking(start).await.unwrap());
    let asked = Arc::clone(&sssd);
    let known = tokio::task::spawn_blocking(move || (asked.user("ada"), asked.groups("ada")));
    let (user, groups) = known.await.unwrap();
    assert_eq!(user.as_deref(), Some("ada:*:10001:100:Ada Lovelace:/home/ada:"));
    assert_eq!(groups.unwrap(), "100 5001");
    let signs_in = async |user: &'static str, password: &'static str| {
        let sssd = Arc::clone(&sssd);
        tokio::task::spawn_blocking(move || sssd.signs_in(user, password)).await.unwrap()
    };
    assert!(signs_in("ada", PASSWORD).await, "{}", sssd.log());
    assert!(!signs_in("ada", "wrong").await);
    assert!(!signs_in("bob", PASSWORD).await, "who has no password");
    assert!(signs_in("eve", PASSWORD).await, "{}", sssd.log());
    served.at("2026-12-01T00:00:00Z");
    assert!(!signs_in("eve", PASSWORD).await, "who has left");
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let sssd = Arc::clone(&sssd);
        let known = tokio::task::spawn_blocking(move || sssd.user("eve")).await.unwrap();
        if known.is_none() {
            break;
        }
        assert!(Instant::now() < deadline, "{known:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(signs_in("ada", PASSWORD).await, "who has not left");
}
