//! Order between systems, pace, delivery, schedule.

use muster_policy::{Delivery, Rate};

use super::support::{BASE, loaded, said_of};

#[test]
fn what_comes_first_and_how_a_system_is_worked_with_is_in_the_model() {
    let part = "systems:
  b:
    connector: ldap
    after: a
    rate: 50/s
    parallel: 2
    delivery: background
    every: 5m
    complete_every: 1d
    leaver_alarm: 1h
  a: { connector: ldap }
";
    let loaded = loaded(&[("muster.yaml", BASE), ("part.yaml", part)]);
    let model = loaded.model.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let named = |name: &str| model.systems.iter().find(|system| *system.name == *name).unwrap();
    let (a, b) = (named("a"), named("b"));
    assert_eq!(b.after, [a.id]);
    assert_eq!((a.parallel, b.parallel), (4, 2));
    let second = jiff::SignedDuration::from_secs(1);
    assert_eq!(b.work.rate, Some(Rate { calls: 50, within: second }));
    assert_eq!(b.work.delivery, Delivery::Background);
    assert_eq!(b.work.every, Some(second * 300));
    assert_eq!(b.work.complete_every, Some(second * 86_400));
    assert_eq!((a.work.leaver_alarm, b.work.leaver_alarm), (second * 300, second * 3600));
    assert_eq!((a.work.every, a.work.delivery), (None, Delivery::Blocking));
}

#[test]
fn systems_cannot_wait_for_each_other() {
    let said = said_of(
        "systems:\n  a: { connector: ldap, after: [b] }\n  b: { connector: ldap, after: [c] }\n  c: { connector: ldap, \
         after: [a, nobody] }\n  d: { connector: ldap, after: d }\n",
    );
    assert_eq!(said.matches("error[E0531]").count(), 2, "one for each circle: {said}");
    assert!(said.contains("`a` would have to come before itself"), "{said}");
    assert!(said.contains("error[E0530]: unknown system `nobody`"), "{said}");
}

#[test]
fn a_rate_without_a_unit_and_an_interval_of_nothing_are_refused() {
    let said = said_of("systems:\n  a: { connector: ldap, rate: 50, every: 0s }\n");
    assert!(said.contains("error[E0532]") && said.contains("error[E0533]"), "{said}");
    let said = said_of("systems:\n  a: { connector: ldap, rate: 0/s }\n");
    assert!(said.contains("error[E0532]"), "{said}");
}

#[test]
fn what_waits_for_review_is_in_the_model() {
    let part = "systems:
  a:
    connector: ldap
    accounts: { user: { for: person, name: person.id } }
    entitlements: { group: { members: member } }
    review:
      - { entitlements: { group: [admins] }, by: [jo] }
      - { accounts: user, roles: [payments], kinds: [disable, delete] }
roles:
  payments: { grants: [a.user] }
";
    let loaded = loaded(&[("muster.yaml", BASE), ("part.yaml", part)]);
    let model = loaded.model.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let [first, second] = model.systems[0].reviews.as_slice() else { panic!("two rules") };
    assert_eq!(first.entitlements, [("group".into(), vec!["admins".into()])]);
    assert_eq!(first.by, ["jo".into()]);
    assert_eq!(first.kinds.join(" "), "create update rename enable grant", "what gives something");
    assert_eq!((second.accounts.join(" "), second.roles.as_slice()), ("user".into(), &[0][..]));
    assert_eq!(second.kinds.join(" "), "disable delete");
}

#[test]
fn a_review_of_what_is_not_there_is_refused() {
    let said = said_of(
        "systems:\n  a:\n    connector: ldap\n    review: { accounts: [admin], entitlements: { group: x }, \
         roles: [nobody], kinds: [grants] }\n",
    );
    assert!(said.contains("error[E0505]: unknown account type `admin`"), "{said}");
    assert!(said.contains("error[E0505]: unknown kind of entitlement `group`"), "{said}");
    assert!(said.contains("error[E0601]: unknown role `nobody`"), "{said}");
    let said = said_of("systems:\n  a: { connector: ldap, review: { kinds: [grants] } }\n");
    assert!(said.contains("grants"), "{said}");
}
