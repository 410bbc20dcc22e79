//! `now`, and the instants at which its comparisons flip.

use jiff::Timestamp;
use muster_model::{EntityId, Value};

use super::support::{Company, PERSON, berlin, check, env, now, row, run, schema, with_frame};
use crate::{Binding, Clock, Frame, World as _, compile};

/// The outcome, the next and the last change of a condition at an instant.
fn at(source: &str, instant: &str) -> String {
    let clock = Clock::new(instant.parse().unwrap());
    let program = compile(source, &env(), None).unwrap();
    let holds = with_frame(&clock, |frame| program.holds(frame));
    let show = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    format!("{holds}, next {}, last {}", show(clock.next_change()), show(clock.last_change()))
}

#[test]
fn a_text_that_cannot_be_read_is_noted_and_an_empty_one_is_not() {
    let unread = |source: &str| {
        let clock = Clock::new(now());
        let program = compile(source, &env(), None).unwrap();
        with_frame(&clock, |frame| program.eval(frame));
        clock.take_unread().map(|text| text.to_string())
    };
    let title = Some("Head of Sales".to_owned());
    assert_eq!(unread("date(title)"), title);
    assert_eq!(unread("date(title, '%Y-%m-%d')"), title);
    assert_eq!(unread("int(title)"), title);
    assert_eq!(unread("int(employeeId)"), None);
    assert_eq!(unread("date(replace(title, title, ' '))"), None);
}

#[test]
fn a_comparison_notes_when_it_flips() {
    // Ada starts on 31 January 2026 in Berlin, which is 23:00 UTC the day before.
    let source = "now >= start_of(startDate)";
    assert_eq!(at(source, "2026-01-01T00:00:00Z"), "false, next 2026-01-30T23:00:00Z, last never");
    assert_eq!(at(source, "2026-01-30T23:00:00Z"), "true, next never, last 2026-01-30T23:00:00Z");
    assert_eq!(
        at("now >= end_of(startDate)", "2026-01-31T12:00:00Z"),
        "false, next 2026-01-31T23:00:00Z, last never"
    );
}

#[test]
fn every_operator_flips_at_its_own_instant() {
    let before = "2026-03-01T23:29:59Z";
    let exact = "2026-03-01T23:30:00Z";
    let just_after = "2026-03-01T23:30:00.000000001Z";
    for (operator, holds_before, flip) in [
        ("<", true, exact),
        (">=", false, exact),
        ("<=", true, just_after),
        (">", false, just_after),
    ] {
        for source in [format!("now {operator} lastSeen"), mirrored(operator)] {
            assert_eq!(
                at(&source, before),
                format!("{holds_before}, next {flip}, last never"),
                "{source}"
            );
            assert_eq!(
                at(&source, flip),
                format!("{}, next never, last {flip}", !holds_before),
                "{source}"
            );
        }
    }
}

fn mirrored(operator: &str) -> String {
    let other = match operator {
        "<" => ">",
        ">" => "<",
        "<=" => ">=",
        _ => "<=",
    };
    format!("lastSeen {other} now")
}

#[test]
fn only_comparisons_that_are_evaluated_count() {
    let early = "2026-01-01T00:00:00Z";
    assert_eq!(at("onLeave && now >= start_of(startDate)", early), "false, next never, last never");
    assert_eq!(at("!onLeave || now >= start_of(startDate)", early), "true, next never, last never");
    assert_eq!(
        at("!onLeave && now >= start_of(startDate)", early),
        "false, next 2026-01-30T23:00:00Z, last never"
    );
    assert_eq!(at("onLeave ? now < lastSeen : true", early), "true, next never, last never");
    assert_eq!(at("now >= end_of(endDate)", early), "false, next never, last never");
}

#[test]
fn the_nearest_of_several_flips_counts() {
    assert_eq!(
        at("positions.exists(p, now >= end_of(p.until)) || now > lastSeen", "2026-01-01T00:00:00Z"),
        "false, next 2026-03-01T23:30:00.000000001Z, last never"
    );
    assert_eq!(
        at("positions.exists(p, now >= end_of(p.until))", "2026-04-01T00:00:00Z"),
        "false, next 2026-06-30T22:00:00Z, last never"
    );
}

#[test]
fn days_are_moved_on_the_other_side() {
    assert_eq!(
        at("now >= start_of(add_days(startDate, -3))", "2026-01-01T00:00:00Z"),
        "false, next 2026-01-27T23:00:00Z, last never"
    );
}

#[test]
fn following_a_link_to_a_row_that_time_changes_notes_that() {
    let schema = schema();
    let mut boss = row(&schema, 2, PERSON, &[("title", Value::text("Boss"))]);
    let change: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    boss.next_change = Some(change);
    let own_change: Timestamp = "2026-05-05T00:00:00Z".parse().unwrap();
    let mut ada = row(&schema, 1, PERSON, &[("manager", Value::Link(EntityId(2)))]);
    ada.next_change = Some(own_change);
    let company = Company::new(vec![ada, boss], &schema);
    let timezone = berlin();
    let next = |source: &str, id: i64| {
        let clock = Clock::new(now());
        let bindings = [Binding::Row(company.row(EntityId(id)).unwrap())];
        let frame =
            Frame { bindings: &bindings, world: &company, clock: &clock, timezone: &timezone };
        compile(source, &env(), None).unwrap().eval(&frame);
        clock.next_change()
    };
    assert_eq!(next("manager.title", 1), Some(change));
    assert_eq!(next("manager.title == 'x' && true", 1), Some(change));
    assert_eq!(next("manager != null", 1), None);
    // A row's own change is the caller's business.
    assert_eq!(next("title", 1), None);
    assert_eq!(next("reports.exists(r, r.title == 'x')", 2), Some(own_change));
    assert_eq!(next("reports.map(r, r.title)", 2), Some(own_change));
    assert_eq!(next("size(reports)", 2), None);
}

#[test]
fn now_stands_only_in_comparisons() {
    assert_eq!(
        check("now"),
        "E0405 at `now`: `now` can only be compared (write `now >= …`, `now < …`; move days and months to the other side: `now >= add_days(…, 3)`)"
    );
    assert!(check("day(now) == startDate").starts_with("E0405 at `now`"));
    assert!(check("now == lastSeen").starts_with("E0405 at `now`: `now` is never equal"));
    assert!(check("lastSeen != now").starts_with("E0405 at `now`"));
    assert!(check("now < now").starts_with("E0409"));
    assert!(check("[now]").starts_with("E0405"));
    assert_eq!(
        check("now >= startDate"),
        "E0404 at `startDate`: `now` is compared with a datetime, this is date (take `start_of(…)` or `end_of(…)` of the date)"
    );
    assert_eq!(check("lastSeen < now"), "bool");
}

#[test]
fn now_can_be_forbidden() {
    let mut timeless = env();
    timeless.now = false;
    let code = |source: &str| {
        compile(source, &timeless, None).map(|_| ()).map_err(|problems| problems[0].code)
    };
    assert_eq!(code("now > lastSeen"), Err("E0406"));
    assert_eq!(code("now == lastSeen"), Err("E0406"));
    assert_eq!(code("now"), Err("E0406"));
    assert_eq!(code("lastSeen > datetime('2026-01-01T00:00:00Z')"), Ok(()));
}

#[test]
fn programs_know_whether_they_read_the_time() {
    let reads = |source: &str| compile(source, &env(), None).unwrap().reads_now();
    assert!(reads("title == 'x' && now > lastSeen"));
    assert!(!reads("lastSeen > start_of(startDate)"));
}

#[test]
fn days_follow_the_zone_and_its_clock_changes() {
    assert_eq!(run("start_of(date('2026-03-29'))"), "2026-03-28T23:00:00Z");
    assert_eq!(run("end_of(date('2026-03-29'))"), "2026-03-29T22:00:00Z");
    assert_eq!(run("day(lastSeen)"), "2026-03-02");
    assert_eq!(run("end_of(date('9999-12-31'))"), "null");
    assert_eq!(run("add_days(datetime('2026-03-28T12:00:00Z'), 1)"), "2026-03-29T11:00:00Z");
    assert_eq!(run("add_months(date('2026-01-31'), 1)"), "2026-02-28");
    assert_eq!(run("add_days(startDate, 9223372036854775807)"), "null");
}
