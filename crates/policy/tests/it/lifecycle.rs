//! Lifecycle states, time zones, the instant of the next change, what states mean for accounts.

use insta::assert_snapshot;

use crate::support::{evaluate, explain_state};

/// People with dates, a flag and a zone of their own; one account that follows the states.
const MODEL: &str = r#"
muster: 1
timezone: Europe/Berlin
types:
  person:
    identity: true
    key: id
    timezone: zone
    attributes:
      id: { type: string, unique: true }
      zone: { type: string }
      away: { type: bool }
      start: { type: date }
      end: { type: date }
      manager: { type: link, to: person, inverse: reports }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      planned: { when: "start != null && now < start_of(start)" }
      suspended: { when: away }
      active: { when: "true" }
systems:
  hr:
    connector: plain
    reads: { person: { owns: { id: record.id }, absent: { keep: 2d, state: leaver } } }
  dir:
    connector: plain
    accounts:
      user:
        name: person.id
        set: { state: person.lifecycle, boss: person.manager.lifecycle }
        states:
          planned: { prepare: 3d, enabled: false }
          active: {}
          suspended: { enabled: false }
          leaver: { enabled: false, entitlements: none, delete_after: 30d }
    entitlements: { group: { object: group, members: member } }
roles:
  staff: { when: "person.lifecycle == 'active'", grants: [dir.user, { dir.group: all }] }
"#;

#[test]
fn the_first_state_that_holds_is_the_state() {
    let people = "person 1 away=true end=2026-01-31 start=2027-01-01
        person 2 away=true start=2027-01-01
        person 3 away=true
        person 4";
    assert_snapshot!(evaluate(MODEL, people, "2026-02-10"), @r"
    1: leaver since 2026-01-31T23:00:00Z
      dir.user left disabled without entitlements
      next change 2026-03-02T23:00:00Z

    2: planned since 2026-02-10T00:00:00Z
      dir.user left disabled with entitlements
      next change 2026-12-28T23:00:00Z

    3: suspended since 2026-02-10T00:00:00Z
      dir.user left disabled with entitlements

    4: active since 2026-02-10T00:00:00Z
      role staff by rule
      dir.user enabled as 4
        boss = (none)
        state = active
        group all
    ");
}

#[test]
fn a_last_day_ends_at_midnight_in_the_zone_of_the_project() {
    let ada = "person ada end=2026-01-31";
    assert_snapshot!(evaluate(MODEL, ada, "2026-01-31T22:59:59.999999999Z"), @r"
    ada: active since 2026-01-31T22:59:59.999999999Z
      role staff by rule
      dir.user enabled as ada
        boss = (none)
        state = active
        group all
      next change 2026-01-31T23:00:00Z
    ");
    assert_snapshot!(evaluate(MODEL, ada, "2026-01-31T23:00:00Z"), @r"
    ada: leaver since 2026-01-31T23:00:00Z
      dir.user left disabled without entitlements
      next change 2026-03-02T23:00:00Z
    ");
}

#[test]
fn a_last_day_ends_earlier_in_auckland_and_a_zone_that_is_unknown_is_that_of_the_project() {
    let people = "person 1 end=2026-01-31 zone=Pacific/Auckland
        person 2 end=2026-01-31 zone=Mars/Olympus
        person 3 end=2026-01-31 zone=America/New_York";
    assert_snapshot!(evaluate(MODEL, people, "2026-01-31T12:00:00Z"), @r"
    1: leaver since 2026-01-31T11:00:00Z
      dir.user left disabled without entitlements
      next change 2026-03-02T11:00:00Z

    2: active since 2026-01-31T12:00:00Z
      role staff by rule
      dir.user enabled as 2
        boss = (none)
        state = active
        group all
      next change 2026-01-31T23:00:00Z

    3: active since 2026-01-31T12:00:00Z
      role staff by rule
      dir.user enabled as 3
        boss = (none)
        state = active
        group all
      next change 2026-02-01T05:00:00Z
    ");
}

#[test]
fn the_managers_state_follows_the_managers_own_zone() {
    let people = "person boss end=2026-01-31 zone=Pacific/Auckland
        person ada manager=boss";
    let at = |at: &str| {
        let text = evaluate(MODEL, people, at);
        text.lines().rfind(|l| l.contains("boss = ")).unwrap().trim().to_owned()
    };
    assert_eq!(at("2026-01-31T10:59:59Z"), "boss = active");
    assert_eq!(at("2026-01-31T11:00:00Z"), "boss = leaver");
}

#[test]
fn a_day_of_a_change_of_clocks_starts_and_ends_with_its_own_offset() {
    let people = "person spring start=2026-03-29 end=2026-03-29
        person autumn start=2026-10-25 end=2026-10-25";
    assert_snapshot!(evaluate(MODEL, people, "2026-03-29T12:00:00Z"), @r"
    spring: active since 2026-03-28T23:00:00Z
      role staff by rule
      dir.user enabled as spring
        boss = (none)
        state = active
        group all
      next change 2026-03-29T22:00:00Z

    autumn: planned since 2026-03-29T12:00:00Z
      dir.user left disabled with entitlements
      next change 2026-10-21T22:00:00Z
    ");
    let autumn = evaluate(MODEL, people, "2026-10-25T12:00:00Z");
    let autumn = autumn.split("autumn:").nth(1).unwrap();
    assert!(autumn.contains("active since 2026-10-24T22:00:00Z"), "{autumn}");
    assert!(autumn.contains("next change 2026-10-25T23:00:00Z"), "{autumn}");
}

#[test]
fn the_29th_of_february_is_a_last_day_like_any_other() {
    let ada = "person ada end=2028-02-29";
    assert_snapshot!(evaluate(MODEL, ada, "2028-02-29T22:59:59Z"), @r"
    ada: active since 2028-02-29T22:59:59Z
      role staff by rule
      dir.user enabled as ada
        boss = (none)
        state = active
        group all
      next change 2028-02-29T23:00:00Z
    ");
    assert_snapshot!(evaluate(MODEL, ada, "2028-02-29T23:00:00Z"), @r"
    ada: leaver since 2028-02-29T23:00:00Z
      dir.user left disabled without entitlements
      next change 2028-03-30T23:00:00Z
    ");
}

#[test]
fn an_account_is_made_ready_three_days_before_the_first_day() {
    let ada = "person ada start=2026-03-10";
    assert_snapshot!(evaluate(MODEL, ada, "2026-03-06T22:59:59.999999Z"), @r"
    ada: planned since 2026-03-06T22:59:59.999999Z
      dir.user left disabled with entitlements
      next change 2026-03-06T23:00:00Z
    ");
    assert_snapshot!(evaluate(MODEL, ada, "2026-03-06T23:00:00Z"), @r"
    ada: planned since 2026-03-06T23:00:00Z
      dir.user disabled as ada
        boss = (none)
        state = active
        group all
      next change 2026-03-09T23:00:00Z
    ");
    assert_snapshot!(evaluate(MODEL, ada, "2026-03-09T23:00:00Z"), @r"
    ada: active since 2026-03-09T23:00:00Z
      role staff by rule
      dir.user enabled as ada
        boss = (none)
        state = active
        group all
    ");
}

#[test]
fn what_flips_before_the_first_day_and_decides_nothing_does_not_disturb_making_ready() {
    let model = MODEL.replace(
        "away: {",
        "soon: { type: bool, compute: \"now >= start_of(add_days(start, -2))\" }\n      away: {",
    );
    let ada = "person ada start=2026-03-10";
    for at in ["2026-03-06T23:00:00Z", "2026-03-07T23:00:00Z", "2026-03-08T12:00:00Z"] {
        let text = evaluate(&model, ada, at);
        assert!(text.contains("dir.user disabled as ada"), "{at}: {text}");
    }
    let before = evaluate(&model, ada, "2026-03-06T22:59:59Z");
    assert!(before.contains("dir.user left disabled"), "{before}");
}

#[test]
fn a_state_without_use_keeps_an_account_that_no_role_grants_any_more() {
    assert_snapshot!(evaluate(MODEL, "person ada away=true", "2026-03-10"), @r"
    ada: suspended since 2026-03-10T00:00:00Z
      dir.user left disabled with entitlements
    ");
}

#[test]
fn an_account_goes_thirty_days_after_the_last_day() {
    let ada = "person ada end=2026-01-31";
    assert_snapshot!(evaluate(MODEL, ada, "2026-03-02T22:59:59.999999Z"), @r"
    ada: leaver since 2026-01-31T23:00:00Z
      dir.user left disabled without entitlements
      next change 2026-03-02T23:00:00Z
    ");
    assert_snapshot!(evaluate(MODEL, ada, "2026-03-02T23:00:00Z"), @r"
    ada: leaver since 2026-01-31T23:00:00Z
      dir.user none
    ");
}

#[test]
fn a_record_that_vanished_counts_after_the_time_it_is_kept() {
    let ada = "person ada\nabsent ada 2026-03-01T12:00:00Z";
    assert_snapshot!(evaluate(MODEL, ada, "2026-03-03T11:59:59Z"), @r"
    ada: active since 2026-03-03T11:59:59Z
      role staff by rule
      dir.user enabled as ada
        boss = (none)
        state = active
        group all
      next change 2026-03-03T12:00:00Z
    ");
    assert_snapshot!(evaluate(MODEL, ada, "2026-03-03T12:00:00Z"), @r"
    ada: leaver since 2026-03-03T12:00:00Z
      dir.user left disabled without entitlements
      next change 2026-04-02T12:00:00Z
    ");
}

#[test]
fn a_state_that_no_date_decides_began_when_it_was_first_found() {
    let away = "person ada away=true\n";
    let since = |known: &str, at: &str| {
        let text = evaluate(MODEL, &format!("{away}{known}"), at);
        text.lines().next().unwrap().to_owned()
    };
    assert_eq!(since("", "2026-03-10"), "ada: suspended since 2026-03-10T00:00:00Z");
    assert_eq!(
        since("known ada suspended 2026-03-01T08:00:00Z", "2026-03-10"),
        "ada: suspended since 2026-03-01T08:00:00Z"
    );
    assert_eq!(
        since("known ada active 2026-01-01", "2026-03-10"),
        "ada: suspended since 2026-03-10T00:00:00Z"
    );
}

#[test]
fn a_state_does_not_begin_with_a_date_that_passed_before_the_former_state() {
    // The first day passed years ago; she has been away since today.
    let ada = "person ada start=2020-01-01 away=true\nknown ada active 2020-01-01";
    let text = evaluate(MODEL, ada, "2026-03-10");
    assert!(text.starts_with("ada: suspended since 2026-03-10T00:00:00Z"), "{text}");
    let again = "person ada start=2020-01-01 away=true\nknown ada suspended 2026-03-10";
    let text = evaluate(MODEL, again, "2026-03-12");
    assert!(text.starts_with("ada: suspended since 2026-03-10T00:00:00Z"), "{text}");
}

#[test]
fn a_state_begins_with_its_date_even_when_it_is_found_later() {
    let ada = "person ada end=2026-01-31\nknown ada active 2025-01-01";
    let text = evaluate(MODEL, ada, "2026-02-20");
    assert!(text.starts_with("ada: leaver since 2026-01-31T23:00:00Z"), "{text}");
}

#[test]
fn a_leaver_by_flag_is_not_deleted_for_a_first_day_long_ago() {
    let model = MODEL.replace(
        "      suspended: { when: away }",
        "      suspended: { when: \"false\" }\n      gone: { when: away }",
    );
    let model = model.replace(
        "          active: {}",
        "          active: {}\n          gone: { enabled: false, delete_after: 30d }",
    );
    let ada = "person ada start=2020-01-01 away=true\nknown ada active 2020-01-01";
    assert_snapshot!(evaluate(&model, ada, "2026-03-10"), @r"
    ada: gone since 2026-03-10T00:00:00Z
      dir.user left disabled with entitlements
      next change 2026-04-09T00:00:00Z
    ");
}

#[test]
fn a_state_says_which_conditions_decide_it() {
    assert_snapshot!(explain_state(MODEL, "person ada end=2026-01-31", "2026-02-10"), @r"
    leaver since 2026-01-31T23:00:00Z
      yes end != null  [person.end is 2026-01-31]
      yes now >= end_of(end)  [person.end is 2026-01-31]
    ");
}

#[test]
fn a_state_that_follows_from_a_vanished_record_has_no_conditions() {
    let ada = "person ada\nabsent ada 2026-03-01T12:00:00Z";
    assert_snapshot!(explain_state(MODEL, ada, "2026-03-10"), @"leaver since 2026-03-03T12:00:00Z");
}

#[test]
fn a_type_without_states_is_active() {
    let model = "
muster: 1
types: { bot: { identity: true, key: id, attributes: { id: { type: string, unique: true } } } }
";
    assert_snapshot!(evaluate(model, "bot b1", "2026-03-10"), @"b1: active since 2026-03-10T00:00:00Z");
}

#[test]
fn a_zone_that_is_computed_counts_like_one_that_is_kept() {
    let model = MODEL.replace(
        "zone: { type: string }",
        "city: { type: string }\n      zone: { type: string, compute: \"'Pacific/' + city\" }",
    );
    let text = evaluate(&model, "person ada end=2026-01-31 city=Auckland", "2026-01-31T11:00:00Z");
    assert!(text.starts_with("ada: leaver since 2026-01-31T11:00:00Z"), "{text}");
}
