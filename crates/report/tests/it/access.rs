//! Who has access to what, now and at any past instant, equals what is recomputed for one person at a time.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use muster_app::{When, explain_person};
use muster_policy::Want;
use muster_report::Question;

use crate::support::{Company, on_both};

/// Numbers that look like chance and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

const PEOPLE: [&str; 4] = ["mia", "ada", "ben", "cleo"];
const ROLES: [&str; 3] = ["create-payment", "approve-payment", "chief"];
const TEAMS: [&str; 3] = ["sales", "finance", "board"];

/// Three weeks in which roles come and go, people move, and accounts are read with something else.
async fn history(company: &Company, dice: &mut Dice) {
    let mut accounts = Vec::new();
    for who in PEOPLE {
        accounts.push(company.account(who, Some(who), &["sell"]).await);
    }
    let mut given: BTreeSet<(usize, usize)> = BTreeSet::new();
    for _ in 0..21 {
        company.pass(1);
        let (who, role) = (dice.roll(PEOPLE.len()), dice.roll(ROLES.len()));
        if given.remove(&(who, role)) {
            company.take(PEOPLE[who], ROLES[role]).await;
        } else {
            given.insert((who, role));
            company.give(PEOPLE[who], ROLES[role]).await;
        }
        company.change(PEOPLE[dice.roll(4)], &[("team", TEAMS[dice.roll(3)])]).await;
        let holds: [&[&str]; 3] = [&["sell"], &["create", "sell"], &["old"]];
        company.holds(accounts[dice.roll(4)], holds[dice.roll(3)]).await;
    }
}

/// What a person has at an instant by the report.
async fn reported(company: &Company, who: &str, at: Option<Timestamp>) -> BTreeSet<String> {
    let question = Question { person: Some(who.into()), as_of: at, ..Question::default() };
    let rows = company.rows("access", &question).await;
    rows.iter()
        .map(|row| match &*row[2] {
            "role" => format!("role {}: {}", row[3], row[7]),
            kind => format!("{kind} {} wanted {} there {}", row[3], row[5], row[6]),
        })
        .collect()
}

/// The same, recomputed for this person alone.
async fn recomputed(company: &Company, who: &str, at: Option<Timestamp>) -> BTreeSet<String> {
    let when = When { at: None, as_of: at };
    let found = explain_person(&company.ctx, &company.opened, who, when).await.unwrap();
    let yes = |is: bool| if is { "yes" } else { "no" };
    let mut all: BTreeSet<String> =
        found.roles.iter().map(|held| format!("role {}: {}", held.role, held.via)).collect();
    for account in &found.accounts {
        let wanted = yes(account.desired.want == Want::Present);
        let there = yes(account.observed.is_some());
        let place = format!("{}.{}", account.system, account.account_type);
        all.insert(format!("account {place} wanted {wanted} there {there}"));
        for of in &account.entitlements {
            let (wanted, there) = (yes(of.wanted), yes(of.there));
            let what = format!("{}.{}: {}", account.system, of.kind, of.name);
            all.insert(format!("entitlement {what} wanted {wanted} there {there}"));
        }
    }
    all
}

on_both! {
    async fn a_hundred_random_samples_of_the_past_equal_recomputation(company) {
        let mut dice = Dice(20_261_121);
        let start = company.now();
        history(&company, &mut dice).await;
        let mut seen = BTreeSet::new();
        for _ in 0..100 {
            let minutes = i64::try_from(dice.roll(21 * 24 * 60)).unwrap();
            let at = start + SignedDuration::from_mins(minutes);
            let who = PEOPLE[dice.roll(4)];
            let reported = reported(&company, who, Some(at)).await;
            assert_eq!(reported, recomputed(&company, who, Some(at)).await, "{who} at {at}");
            seen.extend(reported);
        }
        // The samples are not all alike.
        assert!(seen.len() > 12, "{seen:?}");
        for who in PEOPLE {
            assert_eq!(reported(&company, who, None).await, recomputed(&company, who, None).await);
        }
    }

    async fn everybody_at_a_past_instant_is_each_of_them(company) {
        let mut dice = Dice(7);
        let start = company.now();
        history(&company, &mut dice).await;
        let at = Some(start + SignedDuration::from_hours(24 * 10));
        let all = company.rows("access", &Question { as_of: at, ..Question::default() }).await;
        let mut each = Vec::new();
        for who in PEOPLE {
            let question = Question { person: Some(who.into()), as_of: at, ..Question::default() };
            each.extend(company.rows("access", &question).await);
        }
        assert_eq!(all, each);
    }

    async fn an_assignment_that_ended_later_held_then(company) {
        company.pass(1);
        company.give("ada", "create-payment").await;
        let then = company.now() + SignedDuration::from_hours(1);
        company.pass(1);
        company.take("ada", "create-payment").await;
        let held = reported(&company, "ada", Some(then)).await;
        assert!(held.contains("role create-payment: assigned by tester: set up"), "{held:?}");
        assert!(!reported(&company, "ada", None).await.iter().any(|of| of.contains("create")));
    }

    async fn an_entitlement_is_held_since_it_was_read_without_a_break(company) {
        let account = company.account("ada", Some("ada"), &["sell"]).await;
        company.pass(1);
        company.holds(account, &["old"]).await;
        company.pass(1);
        company.holds(account, &["old", "sell"]).await;
        company.pass(1);
        company.holds(account, &["create", "old", "sell"]).await;
        let question = Question { person: Some("ada".into()), ..Question::default() };
        let rows = company.rows("access", &question).await;
        let since = |name: &str| {
            let row = rows.iter().find(|row| row[3].ends_with(name)).unwrap();
            row[8].clone()
        };
        assert_eq!(since(": sell"), "2026-11-22T12:00:00Z");
        assert_eq!(since(": old"), "2026-11-21T12:00:00Z");
        assert_eq!(since(": create"), "2026-11-23T12:00:00Z");
        assert_eq!(since("ledger.user"), "2026-11-20T12:00:00Z");
        let extra = rows.iter().find(|row| row[3].ends_with(": old")).unwrap();
        assert_eq!(extra[5..8], ["no", "yes", "no role grants it"]);
    }
}
