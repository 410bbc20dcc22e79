//! What is asked, recommended and held.

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn known(kind: ItemKind) -> Known {
    Known { kind, risk: Some(20), last_used: None, peers: (0, 0), unchanged: false }
}

#[test]
fn what_a_rule_gives_is_reviewed_at_the_role() {
    let rule = SetAside { by_rule: true, unchanged: true };
    assert_eq!(set_aside(rule, &known(ItemKind::Rule)), Some("by_rule"));
    assert_eq!(set_aside(rule, &known(ItemKind::Assigned)), None);
    assert_eq!(set_aside(SetAside { by_rule: false, ..rule }, &known(ItemKind::Rule)), None);
}

#[test]
fn only_what_has_little_risk_is_carried_over_from_the_last_decision() {
    let rule = SetAside { by_rule: true, unchanged: true };
    let kept = Known { unchanged: true, ..known(ItemKind::Assigned) };
    assert_eq!(set_aside(rule, &kept), Some("unchanged"));
    assert_eq!(set_aside(rule, &Known { risk: Some(50), ..kept }), None);
    assert_eq!(set_aside(rule, &Known { kind: ItemKind::Extra, ..kept }), None);
}

#[test]
fn a_recommendation_comes_with_its_reason() {
    let now = at("2026-11-21T10:00:00Z");
    let advice = |known: Known| recommend(&known, now);
    let role = known(ItemKind::Assigned);
    assert_eq!(advice(role).0, "keep");
    let unused = Known { last_used: Some(at("2026-10-20T10:00:00Z")), ..role };
    assert_eq!(advice(unused), ("revoke", "nobody has used it since 2026-10-20".to_owned()));
    assert_eq!(advice(known(ItemKind::Extra)), ("revoke", "no role grants it".to_owned()));
    assert_eq!(advice(Known { peers: (1, 8), ..role }).1, "1 of 8 peers have it");
    assert_eq!(advice(Known { peers: (0, 3), ..role }).0, "keep");
    assert_eq!(advice(Known { peers: (2, 8), ..role }).0, "keep");
}

#[test]
fn silence_is_held_when_it_takes_more_than_the_count_and_more_than_the_share() {
    let guard = Limit { max: 5, percent: 10 };
    assert!(!is_held(guard, 5, 5));
    assert!(!is_held(guard, 10, 100));
    assert!(is_held(guard, 11, 100));
    assert!(is_held(Limit { max: 0, percent: 0 }, 1, 1_000_000));
}

#[test]
fn the_pace_is_told_honestly() {
    assert_eq!(pace(&[]), (None, None));
    assert_eq!(pace(&[1000, 2999, 11_000, 40_000, 90_000]), (Some(11_000), Some(40)));
    let (before, now) = (at("2026-11-21T10:00:00Z"), at("2026-11-21T10:00:40Z"));
    assert_eq!(took(None, now, 1), None);
    assert_eq!(took(Some(before), now, 1), Some(40_000));
    // Four at once share the time that they took.
    assert_eq!(took(Some(before), now, 4), Some(10_000));
    assert_eq!(took(Some(at("2026-11-21T09:00:00Z")), now, 1), None);
}
