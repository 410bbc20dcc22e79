//! Times of requests.

use super::*;

fn at(days: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * days)
}

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

fn stage(timeout: i64, remind: Option<i64>, escalate: Option<i64>) -> RequestStage {
    let day = 86_400;
    RequestStage {
        request: 1,
        place: 0,
        name: "manager".into(),
        kind: "link".into(),
        approver: "manager".into(),
        fallback: None,
        timeout: timeout * day,
        remind: remind.map(|n| n * day),
        escalate: escalate.map(|n| n * day),
    }
}

#[test]
fn a_role_is_given_for_what_is_usual_and_never_for_longer_than_the_longest() {
    let terms =
        RequestTerms { longest: Some(days(90)), usual: Some(days(30)), ..RequestTerms::default() };
    assert_eq!(end(&terms, at(0), None, None), Ok(Some(at(30))));
    assert_eq!(end(&terms, at(0), Some(at(10)), None), Ok(Some(at(40))));
    assert_eq!(end(&terms, at(0), None, Some(at(90))), Ok(Some(at(90))));
    assert_eq!(end(&terms, at(0), None, Some(at(91))), Err(TimeProblem::TooLong(at(90))));
    assert_eq!(end(&terms, at(0), Some(at(10)), Some(at(100))), Ok(Some(at(100))));
    // A start that is over does not make it longer, nor shorter.
    assert_eq!(end(&terms, at(20), Some(at(1)), Some(at(110))), Ok(Some(at(110))));
    let limited = RequestTerms { longest: Some(days(90)), ..RequestTerms::default() };
    assert_eq!(end(&limited, at(0), None, None), Ok(Some(at(90))));
    assert_eq!(end(&RequestTerms::default(), at(0), None, None), Ok(None));
}

#[test]
fn a_time_that_cannot_be_is_refused() {
    let terms = RequestTerms::default();
    assert_eq!(end(&terms, at(5), None, Some(at(5))), Err(TimeProblem::Over(at(5))));
    let reversed = TimeProblem::Reversed { from: at(9), until: at(8) };
    assert_eq!(end(&terms, at(5), Some(at(9)), Some(at(8))), Err(reversed));
}

#[test]
fn reminders_and_escalation_come_before_the_end_each_once() {
    let stage = stage(14, Some(2), Some(4));
    let mut told = Vec::new();
    let mut done = at(0);
    for _ in 0..3 {
        let (next, step) = next_due(&stage, at(0), done);
        told.push((next, step));
        done = next;
    }
    let expected = [
        (at(2), RequestStep::Remind),
        (at(4), RequestStep::Escalate),
        (at(14), RequestStep::Expire),
    ];
    assert_eq!(told, expected);
    // Whoever was away for long finds the end.
    assert_eq!(next_due(&stage, at(0), at(20)), (at(14), RequestStep::Expire));
    assert!(!is_escalated(&stage, at(0), at(3)) && is_escalated(&stage, at(0), at(4)));
    assert!(!is_over(&stage, at(0), at(13)) && is_over(&stage, at(0), at(14)));
}

#[test]
fn a_clock_that_jumps_back_ends_nothing_earlier() {
    let stage = stage(14, None, None);
    assert_eq!(next_due(&stage, at(10), at(3)), (at(24), RequestStep::Expire));
    assert!(!is_over(&stage, at(10), at(3)));
}

#[test]
fn an_approver_can_shorten_and_not_lengthen() {
    assert_eq!(shortened(at(0), (None, Some(at(30))), at(7)), Ok(at(7)));
    assert_eq!(shortened(at(0), (None, None), at(7)), Ok(at(7)));
    let too_long = Err(TimeProblem::TooLong(at(30)));
    assert_eq!(shortened(at(0), (None, Some(at(30))), at(31)), too_long);
    assert_eq!(shortened(at(9), (None, None), at(9)), Err(TimeProblem::Over(at(9))));
    let reversed = TimeProblem::Reversed { from: at(8), until: at(7) };
    assert_eq!(shortened(at(0), (Some(at(8)), None), at(7)), Err(reversed));
}
