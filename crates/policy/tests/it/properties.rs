//! What holds for every model, all facts and every instant.

use jiff::{SignedDuration, Timestamp};
use muster_lang::{Binding, Clock, Frame};
use muster_model::Row;
use muster_policy::{Assignment, Evaluation, Evaluator, Identity, Via, Withhold};
use proptest::{
    collection::vec, prelude::any, prop_assert, prop_assert_eq, proptest,
    test_runner::Config as ProptestConfig,
};

use crate::{
    random::{Choices, assignments_text, facts_text, model_text, time},
    world::{Facts, instant, model},
};

/// A random case: the model, the facts, the time.
fn case(choices: &mut Choices<'_>) -> (Evaluator, Facts, Timestamp) {
    let evaluator = Evaluator::new(model(&model_text(choices)));
    let mut facts = facts_text(choices);
    facts.push_str(&assignments_text(choices, evaluator.model().roles.len()));
    let facts = Facts::read(evaluator.model(), &facts);
    (evaluator, facts, instant(time(choices)))
}

/// The identity with its state as the last evaluation found it.
fn settled<'a>(facts: &'a Facts, row: &'a Row, found: &Evaluation) -> Identity<'a> {
    let known_state = found.state.map(|state| (state, found.state_since));
    Identity { known_state, ..facts.identity(row) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn looking_rules_up_finds_the_roles_that_trying_all_of_them_finds(bytes in vec(any::<u8>(), 0..250)) {
        let (evaluator, facts, now) = case(&mut Choices(bytes.iter()));
        let world = facts.world(&evaluator, now);
        for row in facts.identities(evaluator.model()) {
            let evaluation = evaluator.evaluate(&facts.identity(row), &world, now);
            let clock = Clock::new(now);
            let person = evaluator.model().schema.type_named("person").unwrap();
            let zone = row.get(person.timezone.unwrap()).as_text().cloned();
            let zone = zone.and_then(|name| jiff::tz::TimeZone::get(&name).ok());
            let timezone = zone.unwrap_or_else(|| evaluator.model().timezone.clone());
            let bindings = [Binding::Row(&evaluation.row)];
            let frame = Frame { bindings: &bindings, world: &world, clock: &clock, timezone: &timezone };
            let by_trying: Vec<usize> = (0..evaluator.model().roles.len())
                .filter(|role| {
                    let when = evaluator.model().roles[*role].when.as_ref();
                    when.is_some_and(|when| when.program.holds(&frame))
                })
                .filter(|role| !evaluation.withheld.contains(&Withhold::Role(*role)))
                .collect();
            let found: Vec<usize> = evaluation
                .roles
                .iter()
                .filter(|held| held.via == Via::Rule)
                .map(|held| held.role)
                .collect();
            prop_assert_eq!(found, by_trying);
        }
    }

    #[test]
    fn nothing_changes_before_the_announced_instant(
        bytes in vec(any::<u8>(), 0..250), share in 0.0..1.0_f64,
    ) {
        let (evaluator, facts, now) = case(&mut Choices(bytes.iter()));
        let world = facts.world(&evaluator, now);
        for row in facts.identities(evaluator.model()) {
            let first = evaluator.evaluate(&facts.identity(row), &world, now);
            let last = match first.next_change {
                Some(at) => at - SignedDuration::from_micros(1),
                None => now + SignedDuration::from_hours(24 * 800),
            };
            prop_assert!(last >= now);
            let between = now + SignedDuration::from_secs_f64(last.duration_since(now).as_secs_f64() * share * 0.999);
            for later in [between, last] {
                let world = facts.world(&evaluator, later);
                let again = evaluator.evaluate(&settled(&facts, row, &first), &world, later);
                let what = |e: &Evaluation| (e.state, e.state_since, e.roles.clone(), e.accounts.clone(), e.conflicts.clone());
                prop_assert_eq!(what(&first), what(&again), "from {} to {}", now, later);
                prop_assert_eq!(&first.row, &again.row);
                prop_assert_eq!(first.fingerprint, again.fingerprint);
                prop_assert_eq!(first.next_change, again.next_change);
            }
        }
    }

    #[test]
    fn one_role_more_never_takes_a_conflict_away(bytes in vec(any::<u8>(), 0..250), role in any::<u8>()) {
        let (evaluator, facts, now) = case(&mut Choices(bytes.iter()));
        let world = facts.world(&evaluator, now);
        for row in facts.identities(evaluator.model()) {
            let identity = facts.identity(row);
            let before = evaluator.evaluate(&identity, &world, now);
            let mut assignments = identity.assignments.to_vec();
            assignments.push(Assignment {
                id: muster_model::AssignmentId(99),
                role: usize::from(role) % evaluator.model().roles.len(),
                from: None,
                until: None,
                reason: "".into(),
                by: "".into(),
            });
            let after = evaluator.evaluate(&Identity { assignments: &assignments, ..identity }, &world, now);
            for found in &before.conflicts {
                let still = after.conflicts.iter().find(|other| other.conflict == found.conflict);
                prop_assert!(
                    still.is_some_and(|still| found.duties.iter().all(|duty| still.duties.contains(duty))),
                    "{:?} of {:?}", found, after.conflicts
                );
            }
        }
    }

    #[test]
    fn the_order_of_assignments_does_not_decide_what_is_wanted(bytes in vec(any::<u8>(), 0..250)) {
        let (evaluator, facts, now) = case(&mut Choices(bytes.iter()));
        let world = facts.world(&evaluator, now);
        for row in facts.identities(evaluator.model()) {
            let identity = facts.identity(row);
            let mut turned = identity.assignments.to_vec();
            turned.reverse();
            let one = evaluator.evaluate(&identity, &world, now);
            let other = evaluator.evaluate(&Identity { assignments: &turned, ..identity }, &world, now);
            prop_assert_eq!(&one.accounts, &other.accounts);
            prop_assert_eq!(one.fingerprint, other.fingerprint);
            prop_assert_eq!(one.next_change, other.next_change);
            prop_assert_eq!(&one, &evaluator.evaluate(&identity, &world, now));
        }
    }

    #[test]
    fn fingerprints_are_equal_exactly_when_the_same_is_wanted(bytes in vec(any::<u8>(), 0..250)) {
        let (evaluator, facts, now) = case(&mut Choices(bytes.iter()));
        let world = facts.world(&evaluator, now);
        let all: Vec<Evaluation> = facts
            .identities(evaluator.model())
            .map(|row| evaluator.evaluate(&facts.identity(row), &world, now))
            .collect();
        for one in &all {
            for other in &all {
                prop_assert_eq!(one.accounts == other.accounts, one.fingerprint == other.fingerprint);
            }
        }
    }
}
