//! What is said about the lifecycle by hand, positions with dates of their own, gaps between them, retention.

use insta::assert_snapshot;
use muster_policy::Evaluator;

use crate::{
    support::evaluate,
    world::{Facts, instant, model},
};

const MODEL: &str = r#"
muster: 1
timezone: Europe/Berlin
types:
  person:
    identity: true
    key: id
    timezone: zone
    retention: { delete: 30d, anonymise: 60d }
    attributes:
      id: { type: string, unique: true }
      zone: { type: string }
      end: { type: date }
      manager: { type: link, to: person, inverse: reports }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      suspended: { when: "false" }
      active: { when: "true" }
systems:
  dir:
    connector: plain
    accounts:
      user:
        name: person.id
        set: { boss: person.manager.lifecycle }
        states: { active: {}, suspended: { enabled: false }, leaver: { enabled: false, entitlements: none } }
    entitlements: { group: { object: group, members: member } }
roles:
  staff: { when: "person.lifecycle == 'active'", grants: [dir.user, { dir.group: all }] }
"#;

fn state(facts: &str, at: &str) -> String {
    evaluate(MODEL, facts, at).lines().next().unwrap().to_owned()
}

#[test]
fn a_termination_counts_from_its_minute_and_comes_before_what_a_source_says() {
    let ada = "person ada end=2026-12-31\nsaid ada terminated from=2026-03-10T09:30:00Z";
    assert!(
        evaluate(MODEL, ada, "2026-03-10T09:29:59Z").contains("next change 2026-03-10T09:30:00Z")
    );
    assert_snapshot!(evaluate(MODEL, ada, "2026-03-10T09:30:00Z"), @r"
    ada: leaver since 2026-03-10T09:30:00Z
      dir.user left disabled without entitlements
      next change 2026-04-09T09:30:00Z
    ");
    // The source takes the end back; the termination stays until somebody lifts it.
    let later = ada.replace(" end=2026-12-31", "");
    assert_eq!(state(&later, "2026-03-11"), "ada: leaver since 2026-03-10T09:30:00Z");
}

#[test]
fn who_had_left_before_the_termination_left_then() {
    let ada = "person ada end=2026-01-31\nsaid ada terminated from=2026-03-10T09:30:00Z";
    assert_eq!(state(ada, "2026-03-11"), "ada: leaver since 2026-01-31T23:00:00Z");
}

#[test]
fn a_suspension_ends_at_its_minute_and_the_same_rights_are_back() {
    let ada = "person ada\nsaid ada suspended from=2026-03-10T09:30:00Z until=2026-03-12T08:00:00Z";
    let before = evaluate(MODEL, ada, "2026-03-10T09:29:00Z");
    assert_snapshot!(evaluate(MODEL, ada, "2026-03-10T09:30:00Z"), @r"
    ada: suspended since 2026-03-10T09:30:00Z
      dir.user left disabled with entitlements
      next change 2026-03-12T08:00:00Z
    ");
    let after = evaluate(MODEL, ada, "2026-03-12T08:00:00Z");
    let rights = |text: &str| {
        text.lines()
            .filter(|l| l.starts_with("  ") && !l.contains("next"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(rights(&before), rights(&after));
    assert!(after.starts_with("ada: active since 2026-03-12T08:00:00Z"), "{after}");
}

#[test]
fn who_is_terminated_is_no_longer_suspended_and_who_left_is_not_suspended_either() {
    let both =
        "person ada\nsaid ada suspended from=2026-03-01\nsaid ada terminated from=2026-03-02";
    assert_eq!(state(both, "2026-03-03"), "ada: leaver since 2026-03-02T00:00:00Z");
    let left = "person ada end=2026-03-01\nsaid ada suspended from=2026-02-01";
    assert_eq!(state(left, "2026-03-03"), "ada: leaver since 2026-03-01T23:00:00Z");
}

#[test]
fn a_fact_is_seen_by_those_who_read_the_lifecycle_through_a_link() {
    let facts = "person boss\nperson ada manager=boss\nsaid boss terminated from=2026-03-02";
    let found = evaluate(MODEL, facts, "2026-03-01");
    assert!(
        found.contains("boss = active") && found.contains("next change 2026-03-02T00:00:00Z"),
        "{found}"
    );
    let found = evaluate(MODEL, facts, "2026-03-02");
    assert!(found.contains("boss = leaver"), "{found}");
}

#[test]
fn retention_deletes_every_account_so_long_after_the_end() {
    let ada = "person ada end=2026-01-31";
    assert!(evaluate(MODEL, ada, "2026-03-02T22:59:59Z").contains("dir.user left disabled"));
    assert_snapshot!(evaluate(MODEL, ada, "2026-03-02T23:00:00Z"), @r"
    ada: leaver since 2026-01-31T23:00:00Z
      dir.user none
    ");
    let evaluator = Evaluator::new(model(MODEL));
    let facts = Facts::read(evaluator.model(), ada);
    let now = instant("2026-02-10");
    let evaluation = facts.evaluate(&evaluator, &facts.rows[0], now);
    let deleted = evaluator.deleted_at(&facts.identity(&facts.rows[0]), &evaluation);
    assert_eq!(deleted, Some(instant("2026-03-02T23:00:00Z")));
}

#[test]
fn who_is_deleted_by_hand_has_nothing_at_once() {
    let ada = "person ada\nsaid ada deleted from=2026-03-10T09:30:00Z";
    assert_snapshot!(evaluate(MODEL, ada, "2026-03-10T09:30:00Z"), @r"
    ada: leaver since 2026-03-10T09:30:00Z
      dir.user none
    ");
}

/// A summer-time change lies between the days: on 2026-03-29 Berlin's night has an hour less.
#[test]
fn days_begin_and_end_at_the_minute_where_clocks_change() {
    let leaver = |zone: &str, end: &str| {
        let facts = format!("person ada end={end} zone={zone}");
        let found = evaluate(MODEL, &facts, "2026-01-01");
        found.lines().find_map(|line| line.trim().strip_prefix("next change ")).unwrap().to_owned()
    };
    assert_eq!(leaver("Europe/Berlin", "2026-03-28"), "2026-03-28T23:00:00Z");
    assert_eq!(leaver("Europe/Berlin", "2026-03-29"), "2026-03-29T22:00:00Z");
    assert_eq!(leaver("America/New_York", "2026-03-07"), "2026-03-08T05:00:00Z");
    assert_eq!(leaver("America/New_York", "2026-03-08"), "2026-03-09T04:00:00Z");
    assert_eq!(leaver("Asia/Kathmandu", "2026-03-08"), "2026-03-08T18:15:00Z");
    // In Havana the clock goes forward at midnight: the day begins at one.
    assert_eq!(leaver("America/Havana", "2026-03-07"), "2026-03-08T05:00:00Z");
}

/// Positions with dates of their own. `cover` says what a gap between two of them means.
fn positions(cover: &str) -> String {
    format!(
        r#"
muster: 1
timezone: Europe/Berlin
types:
  position:
    key: no
    attributes:
      no: {{ type: string, unique: true }}
      title: {{ type: string }}
      start: {{ type: date }}
      end: {{ type: date }}
      holder: {{ type: link, to: person, inverse: positions }}
      begun: {{ type: bool, compute: "now >= start_of(start)" }}
      over: {{ type: bool, compute: "end != null && now >= end_of(end)" }}
      active: {{ type: bool, compute: "begun && !over" }}
  person:
    identity: true
    key: id
    attributes: {{ id: {{ type: string, unique: true }} }}
    lifecycle: {{ active: {{ when: "{cover}" }}, leaver: {{ when: "true" }} }}
systems:
  dir:
    connector: plain
    accounts: {{ user: {{ name: person.id }} }}
    entitlements: {{ group: {{ object: group, members: member }} }}
roles:
  staff: {{ when: "person.lifecycle == 'active'", grants: [dir.user] }}
  nurse: {{ when: "person.positions.exists(p, p.active && p.title == 'Nurse')", grants: [{{ dir.group: ward }}] }}
  clerk: {{ when: "person.positions.exists(p, p.active && p.title == 'Clerk')", grants: [{{ dir.group: office }}] }}
"#
    )
}

const TWO: &str = "position p1 title=Nurse start=2026-01-01 end=2026-03-10 holder=ada
    position p2 title=Clerk start=2026-04-01 holder=ada
    person ada";

/// The roles at each instant at which something changes, from `at` on.
fn story(model: &str, facts: &str, at: &str, steps: usize) -> Vec<String> {
    let mut at = at.to_owned();
    let mut told = Vec::new();
    for _ in 0..steps {
        let found = evaluate(model, facts, &at);
        let roles = found.lines().filter_map(|line| line.trim().strip_prefix("role "));
        let roles: Vec<&str> = roles.filter_map(|role| role.split(' ').next()).collect();
        let state = found.split([':', ' ']).nth(2).unwrap_or_default();
        told.push(format!("{at} {state} {}", roles.join("+")).trim_end().to_owned());
        let next = found.lines().find_map(|line| line.trim().strip_prefix("next change "));
        let Some(next) = next else { break };
        next.clone_into(&mut at);
    }
    told
}

#[test]
fn rules_over_positions_change_at_the_minute_of_each_position() {
    let model = positions("positions.exists(p, p.active)");
    assert_snapshot!(story(&model, TWO, "2026-02-01", 9).join("\n"), @r"
    2026-02-01 active nurse+staff
    2026-03-10T23:00:00Z leaver
    2026-03-31T22:00:00Z active clerk+staff
    ");
    let overlapping = TWO.replace("2026-04-01", "2026-03-01");
    assert_snapshot!(story(&model, &overlapping, "2026-02-01", 9).join("\n"), @r"
    2026-02-01 active nurse+staff
    2026-02-28T23:00:00Z active clerk+nurse+staff
    2026-03-10T23:00:00Z active clerk+staff
    ");
}

#[test]
fn a_gap_between_positions_is_bridged_where_the_model_says_so() {
    // Extend: who has begun and has something to come stays, without the rights of a position.
    let extended = positions("positions.exists(p, p.begun) && positions.exists(p, !p.over)");
    assert_snapshot!(story(&extended, TWO, "2026-02-01", 9).join("\n"), @r"
    2026-02-01 active nurse+staff
    2026-03-10T23:00:00Z active staff
    2026-03-31T22:00:00Z active clerk+staff
    ");
    // Anticipate: in the gap the coming position counts already.
    let anticipated = positions("positions.exists(p, p.begun) && positions.exists(p, !p.over)").replace(
        "p.active && p.title == 'Clerk'",
        "p.title == 'Clerk' && !p.over && (p.begun || (person.lifecycle == 'active' && !person.positions.exists(o, o.active)))",
    );
    assert_snapshot!(story(&anticipated, TWO, "2026-02-01", 9).join("\n"), @r"
    2026-02-01 active nurse+staff
    2026-03-10T23:00:00Z active clerk+staff
    2026-03-31T22:00:00Z active clerk+staff
    ");
}
