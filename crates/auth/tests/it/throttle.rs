//! Tries from one network, and tries of one password on everybody.

use jiff::SignedDuration;
use muster_app::{AlarmView, list_alarms};
use muster_auth::{Attempt, Caretaker, Door, Refused, Secret, forget, watch_sprays};
use muster_store::{AlarmKind, AlarmStatus};

use crate::support::*;

const THROTTLE: &str = "throttle: { tries: 4, per: 40s, except: [198.51.100.0/24] }";

/// Tries a name from an address.
async fn from(company: &Company, address: &str, name: &str, password: &str) -> &'static str {
    let password = Secret::new(password);
    let network = address.parse().unwrap();
    let attempt = Attempt { network, ..company.attempt(name, &password) };
    match company.auth.password(&company.opened, attempt).await {
        Err(Refused::Throttled { .. }) => "throttled",
        other => word(&other),
    }
}

/// Alarms about sprays with a status.
async fn alarms(company: &Company, status: AlarmStatus) -> Vec<AlarmView> {
    watch_sprays(&company.ctx, &company.opened).await.unwrap();
    let found = list_alarms(&company.opened, status, None, 99).await.unwrap();
    found.items.into_iter().filter(|alarm| alarm.kind == AlarmKind::Spray).collect()
}

on_both! {
    async fn a_network_has_so_many_wrong_tries_whatever_the_name_and_right_ones_cost_nothing(company) {
        let company = company.asking(THROTTLE).await;
        for _ in 0..6 {
            assert_eq!(from(&company, "192.0.2.7", "ada", PASSWORD).await, "in");
        }
        for name in ["ada", "eve", "nobody", "somebody"] {
            assert_eq!(from(&company, "192.0.2.7", name, "wrong").await, "wrong");
        }
        for (name, password) in [("ada", PASSWORD), ("new name", "wrong"), ("eve", "wrong")] {
            assert_eq!(from(&company, "192.0.2.7", name, password).await, "throttled");
        }
        assert_eq!(from(&company, "192.0.2.8", "ada", PASSWORD).await, "in", "another network");
        // Ten seconds are one try; it was right, so that the next one may come at once.
        company.pass(SignedDuration::from_secs(10));
        for _ in 0..2 {
            assert_eq!(from(&company, "192.0.2.7", "ada", PASSWORD).await, "in");
        }
        assert_eq!(from(&company, "192.0.2.7", "ada", "wrong").await, "wrong");
        assert_eq!(from(&company, "192.0.2.7", "ada", PASSWORD).await, "throttled");
        assert_eq!(company.log().await.last().unwrap(), "refused throttled");
    }

    async fn doors_share_a_network_and_an_ipv6_network_is_one(company) {
        let company = company.asking(THROTTLE).await;
        for (door, host) in [(Door::Web, 1), (Door::Ldap, 2), (Door::Api, 3), (Door::Token, 4)] {
            let password = Secret::new("wrong");
            let network = format!("2001:db8:1:2::{host}").parse().unwrap();
            let attempt = Attempt { network, door, ..company.attempt("nobody", &password) };
            assert!(company.auth.password(&company.opened, attempt).await.is_err());
        }
        assert_eq!(from(&company, "2001:db8:1:2::5", "ada", PASSWORD).await, "throttled");
        assert_eq!(from(&company, "2001:db8:1:3::5", "ada", PASSWORD).await, "in");
        for n in 0..8 {
            assert_eq!(from(&company, "198.51.100.9", &format!("n{n}"), "wrong").await, "wrong");
        }
    }

    async fn codes_cost_a_network_too(company) {
        let company = company.asking(THROTTLE).await;
        let (app, _) = company.app().await;
        let muster_auth::Step::Next { secret, .. } = company.on_page("ada", PASSWORD).await.unwrap()
        else { panic!("a code is needed") };
        for name in ["a", "b", "c"] {
            assert_eq!(from(&company, "192.0.2.1", name, "wrong").await, "wrong");
        }
        assert_eq!(word(&company.code(&secret, "000000").await), "wrong");
        let refused = company.code(&secret, &app.code(company.now())).await.unwrap_err();
        assert!(matches!(refused, Refused::Throttled { .. }), "{refused}");
    }

    /// Step 8 of the story of the suspicious sign-in.
    async fn a_spray_over_fifty_people_from_thirty_networks_is_seen_and_locks_nobody(company) {
        for n in 0..50 {
            let (id, user) = (format!("s{n}"), format!("user{n}"));
            company.enter("person", &[("id", &id), ("userName", &user)]).await;
        }
        assert_eq!(alarms(&company, AlarmStatus::Open).await.len(), 0);
        for n in 0..50 {
            let address = format!("203.0.113.{}", n % 30);
            assert_eq!(from(&company, &address, &format!("user{n}"), "Winter2026!").await, "wrong");
        }
        let seen = alarms(&company, AlarmStatus::Open).await;
        assert_eq!(seen.len(), 1);
        assert!(seen[0].message.starts_with("50 names") && seen[0].message.ends_with("from 30 networks"), "{}", seen[0].message);
        assert_eq!(seen[0].detail["names"], 50);
        assert_eq!(seen[0].detail["networks"].as_array().unwrap().len(), 20);
        let mut tx = company.opened.store.read().await.unwrap();
        for n in 0..50 {
            drop(tx);
            let identity = company.identity(&format!("s{n}")).await;
            tx = company.opened.store.read().await.unwrap();
            let lockout = tx.lockout(&format!("entity {identity}")).await.unwrap().unwrap();
            assert_eq!((lockout.tries, lockout.locked_until), (1, None), "user{n}");
        }
        drop(tx);
        // The alarm is one, and it is over when the tries are.
        assert_eq!(alarms(&company, AlarmStatus::Open).await[0].n, 1);
        company.pass(SignedDuration::from_mins(11));
        assert_eq!(alarms(&company, AlarmStatus::Open).await.len(), 0);
        assert_eq!(alarms(&company, AlarmStatus::Cleared).await.len(), 1);
    }

    async fn people_who_mistype_and_then_get_it_right_are_no_spray(company) {
        let company = company.asking("spray: { names: 2, within: 1m }").await;
        company.set("2", PASSWORD).await;
        for name in ["ada", "eve"] {
            assert_eq!(from(&company, "192.0.2.7", name, "wrong").await, "wrong");
            assert_eq!(from(&company, "192.0.2.7", name, PASSWORD).await, "in");
        }
        assert_eq!(alarms(&company, AlarmStatus::Open).await.len(), 0);
    }

    async fn what_is_over_is_forgotten_and_the_log_is_kept_as_long_as_the_model_says(company) {
        let company = company.asking("log: { keep: 30d }").await;
        company.session().await;
        assert_eq!(from(&company, "192.0.2.7", "ada", "wrong").await, "wrong");
        assert_eq!(forget(&company.opened, company.now()).await.unwrap(), 0);
        company.pass(SignedDuration::from_hours(72));
        // The lockout, the session, and both networks.
        assert_eq!(forget(&company.opened, company.now()).await.unwrap(), 4);
        assert_eq!(company.entries().await.len(), 2);
        company.pass(SignedDuration::from_hours(28 * 24));
        let (opened, clock) = (std::sync::Arc::new(company.opened.clone()), company.clock.clone());
        let mut caretaker = Caretaker::new(move || opened.clone(), clock);
        caretaker.round().await.unwrap();
        assert_eq!(company.entries().await.len(), 0);
    }
}
