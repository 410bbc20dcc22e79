//! What the index finds is what trying every rule finds.

use muster_policy::Effect;
use proptest::{prelude::*, sample::select, test_runner::Config};

use super::support::{asking, holder, rules};
use crate::{By, Decision, Question, Rules, decide::Outcome, rules::is_about};

/// As [`Rules::decide`] does it, but every rule is tried.
fn brute(rules: &Rules, question: &Question<'_>) -> Option<Decision> {
    let asked = rules.asked(question).ok()?;
    let about = rules.access().rules.iter().enumerate();
    let mut about = about.filter(|(_, rule)| is_about(rule, asked.place, question.action));
    let outcomes: Vec<(usize, Effect, Outcome)> = about
        .by_ref()
        .map(|(position, rule)| (position, rule.effect, rules.outcome(position, &asked)))
        .collect();
    let denying = outcomes
        .iter()
        .find(|(_, effect, outcome)| *effect == Effect::Deny && *outcome != Outcome::No);
    let allowing = outcomes
        .iter()
        .find(|(_, effect, outcome)| *effect == Effect::Allow && *outcome == Outcome::Yes);
    let (rule, effect, outcome) = denying.or(allowing)?;
    let by = By::Rule { rule: *rule, missing: *outcome == Outcome::Missing };
    Some(Decision { allowed: *effect == Effect::Allow, by })
}

fn condition() -> impl Strategy<Value = String> {
    let atom = select(vec![
        "resource.level == 1",
        "resource.level in [1, 2]",
        "resource.level != 2",
        "resource.owner == 'a'",
        "resource.owner.startsWith('a')",
        "lower(resource.owner) == 'a'",
        "resource.id == '1'",
        "'x' in resource.tags",
        "person.level == 1",
        "person.team == 'a' || person.team == 'b'",
        "person.team == null",
        "subject.clearance == 1",
        "'editor' in subject.roles",
        "environment.ip == '10.0.0.1'",
        "in_network(environment.ip, '10.0.0.0/8')",
        "true",
        "false",
    ])
    .prop_map(str::to_owned);
    atom.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..3)
                .prop_map(|all| format!("({})", all.join(" && "))),
            prop::collection::vec(inner.clone(), 2..3)
                .prop_map(|all| format!("({})", all.join(" || "))),
            inner.prop_map(|one| format!("!({one})")),
        ]
    })
}

fn rule() -> impl Strategy<Value = String> {
    let scope = select(vec![
        "app: cms, resource: document",
        "app: cms, resource: document, actions: read",
        "app: cms, resource: document, actions: [read, edit]",
    ]);
    let held = select(vec![
        "",
        "role: editor, ",
        "role: [editor, chief], ",
        "entitlement: [{ dir.group: chiefs }], ",
        "role: editor, entitlement: [{ dir.group: chiefs }], ",
        "unknown: true, ",
        "for: person, ",
    ]);
    (scope, held, select(vec!["allow", "deny"]), condition()).prop_map(
        |(scope, held, effect, condition)| {
            format!("{{ {scope}, {held}{effect}: \"{condition}\" }}")
        },
    )
}

fn question() -> impl Strategy<Value = String> {
    let parts = (
        select(vec!["read", "edit"]),
        select(vec!["1", "2"]),
        select(vec!["", "level=1", "level=2 owner=a", "owner=A tags=x,y", "owner=ab level=1"]),
        select(vec!["", "ip=10.0.0.1", "ip=11.0.0.1", "ip=nowhere"]),
        select(vec!["", "clearance=1"]),
    );
    parts.prop_map(|(action, id, resource, environment, subject)| {
        format!("{action} document {id} | {resource} | {environment} | {subject}")
    })
}

proptest! {
    #![proptest_config(Config { cases: 96, ..Config::default() })]

    #[test]
    fn the_index_finds_what_trying_every_rule_finds(
        written in prop::collection::vec(rule(), 1..12),
        questions in prop::collection::vec(question(), 8),
        who in select(vec!["", "ada", "ada level=1 roles=editor", "ada team=b roles=chief", "ada left=true roles=chief"]),
    ) {
        let lines: Vec<String> =
            written.iter().enumerate().map(|(n, rule)| format!("  r{n:02}: {rule}")).collect();
        let rules = rules(&format!("access:\n{}", lines.join("\n")));
        let holder = (!who.is_empty()).then(|| holder(&rules, who));
        for text in questions {
            let (got, expected) = asking(holder.as_ref(), &text, |question| {
                (rules.decide(question), brute(&rules, question))
            });
            if let Some(expected) = expected { prop_assert_eq!(got, expected) } else {
                let by_rule = matches!(got.by, By::Rule { .. });
                prop_assert!(!got.allowed && !by_rule);
            }
        }
    }
}
