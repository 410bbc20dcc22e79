//! Runs the policy tests of a project, and says which rules they reach. Pure: a model and an instant in, outcomes out.

mod compare;
mod coverage;
mod decisions;
mod world;

use std::sync::Arc;

use jiff::Timestamp;
use muster_decision::Rules;
use muster_model::{Location, Text};
use muster_policy::{Evaluator, Model, PolicyTest, TestTime};

pub(crate) use self::coverage::Coverage;
use self::{compare::differences, world::World};

/// What came of all tests.
#[derive(Debug)]
pub(crate) struct Outcomes {
    /// One for each test, in the order written.
    pub(crate) outcomes: Vec<Outcome>,
    /// The rules that were reached.
    pub(crate) coverage: Coverage,
}

/// What came of one test.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Its name.
    pub(crate) name: Text,
    /// Where it is written.
    pub(crate) at: Location,
    /// Where what was expected is not what was got; empty when the test passes.
    pub(crate) differences: Vec<Difference>,
    /// What was given, in short.
    pub(crate) case: String,
}

/// One thing that is not as expected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// What: `lifecycle`, `directory.user`, `grants`.
    pub(crate) what: String,
    /// As the test says.
    pub(crate) expected: String,
    /// As it came out.
    pub(crate) got: String,
}

/// Runs every test. `now` is the instant of tests that name none.
pub(crate) fn run(model: &Arc<Model>, now: Timestamp) -> Outcomes {
    let rules = Rules::new(Arc::clone(model));
    let tester = Tester { evaluator: Evaluator::new(Arc::clone(model)), rules, now };
    let mut coverage = Coverage::new(model);
    let outcomes = model.tests.iter().map(|test| run_one(&tester, test, &mut coverage)).collect();
    Outcomes { outcomes, coverage }
}

/// What every test is run with.
struct Tester {
    evaluator: Evaluator,
    rules: Rules,
    now: Timestamp,
}

fn run_one(tester: &Tester, test: &PolicyTest, coverage: &mut Coverage) -> Outcome {
    let Tester { evaluator, rules, now } = tester;
    let now = match test.at_time {
        Some(TestTime::Day(day)) => {
            let zone = evaluator.model().timezone.clone();
            day.to_zoned(zone).map_or(*now, |zoned| zoned.timestamp())
        }
        Some(TestTime::Instant(at)) => at,
        None => *now,
    };
    let world = World::new(evaluator, test, now);
    let differences = match world.evaluate(evaluator, now) {
        Some(evaluation) => {
            coverage.note(&evaluation);
            let mut found = differences(evaluator.model(), &test.expect, &evaluation);
            let outcome = (&world, &evaluation);
            let decisions = &test.expect.decisions;
            found.extend(decisions::differences(rules, decisions, outcome, now, coverage));
            found
        }
        None => vec![Difference {
            what: "given".to_owned(),
            expected: "an entity of an identity type".to_owned(),
            got: "none".to_owned(),
        }],
    };
    Outcome {
        name: test.name.clone(),
        at: test.at.clone(),
        differences,
        case: world.case(evaluator.model()),
    }
}
