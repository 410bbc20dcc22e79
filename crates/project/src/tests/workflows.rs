//! Workflows, the mail server, lifecycle facts, grace and retention.

use std::{fs, path::Path};

use crate::tests::support::{loaded, said, said_of};

/// The codes that were found, in order.
fn codes(text: &str) -> Vec<String> {
    let said = said_of(text);
    let starts = said.split("error[").skip(1);
    starts.filter_map(|part| part.split(']').next()).map(str::to_owned).collect()
}

/// What is found in one task of a workflow for people.
fn task(task: &str) -> Vec<String> {
    codes(&format!(
        "mail: {{ from: a@x.example, host: localhost }}\nworkflows: {{ w: {{ for: person, tasks: [{task}] }} }}\n"
    ))
}

#[test]
fn the_example_of_the_manual_has_no_problems() {
    let page =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/src/operations/workflows.md");
    let page = fs::read_to_string(page).unwrap();
    let yaml = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let files = [("muster.yaml", yaml)];
    assert_eq!(said(&files).trim(), "no problems in 1 file");
    let model = loaded(&files).model.unwrap();
    let kinds: Vec<&str> = model.workflows[0].tasks.iter().map(|task| &*task.kind).collect();
    assert_eq!(&*model.workflows[0].name, "joiner");
    assert_eq!(kinds, ["mail", "webhook", "pass", "wait", "assign", "set"]);
}

#[test]
fn a_trigger_is_one_thing() {
    let on = |on: &str| {
        codes(&format!(
            "workflows: {{ w: {{ for: person, on: {on}, tasks: [{{ stop: {{}} }}] }} }}\n"
        ))
    };
    assert_eq!(on("{ date: person.end, before: 2d, late: 1d }"), [""; 0]);
    assert_eq!(on("{ changed: [name, team] }"), [""; 0]);
    assert_eq!(on("{ gains: staff }"), [""; 0]);
    assert_eq!(on("{ enters: leaver }"), [""; 0]);
    assert_eq!(on("{ date: person.end, gains: staff }"), ["E0801"]);
    assert_eq!(on("{ late: 2d }"), ["E0801"]);
    assert_eq!(on("{ date: person.end, before: 1d, after: 1d }"), ["E0801"]);
    assert_eq!(on("{ date: person.name }"), ["E0407"]);
    assert_eq!(on("{ changed: [display] }"), ["E0802"]);
    assert_eq!(on("{ changed: [nam] }"), ["E0412"]);
    assert_eq!(on("{ gains: staf }"), ["E0601"]);
    assert_eq!(on("{ enters: leavers }"), ["E0224"]);
}

#[test]
fn a_task_has_one_kind_and_what_it_needs() {
    for good in [
        "{ mail: { to: \"person.id + '@x.example'\", subject: 'Hi {{ person.name }}', text: '{% if person.name %}x{% endif %} {{ workflow }} {{ now }}' } }",
        "{ name: a, when: person.team != null, assign: { role: staff, for: 3d } }",
        "{ webhook: { url: 'https://x.example', send: [name, display] } }",
        "{ command: { run: [bin/x, y] } }",
        "{ set: { attribute: status, value: \"'left'\" } }",
        "{ wait: { until: person.end } }",
        "{ start: { workflow: w } }",
        "{ pass: { to: person.name, valid: 10m, subject: s, text: '{{ pass }}' } }",
        "{ resume: {} }",
    ] {
        assert_eq!(task(good), [""; 0], "{good}: {}", said_of(good));
    }
    for (bad, code) in [
        ("{ name: nothing }", "E0803"),
        ("{ stop: {}, resume: {} }", "E0803"),
        ("{ wait: { for: 1d, until: person.end } }", "E0803"),
        ("{ wait: {} }", "E0803"),
        ("{ assign: { role: nobody } }", "E0601"),
        ("{ set: { attribute: name, value: \"'x'\" } }", "E0802"),
        ("{ set: { attribute: id, value: \"'x'\" } }", "E0802"),
        ("{ clear: { attribute: display } }", "E0802"),
        ("{ start: { workflow: other } }", "E0806"),
        ("{ webhook: { url: x, send: [nothing] } }", "E0412"),
        ("{ pass: { to: person.name, valid: 9m, subject: s, text: x } }", "E0805"),
        ("{ pass: { to: person.name, valid: 31d, subject: s, text: x } }", "E0805"),
        ("{ mail: { to: person.name, subject: s, text: '{{ person.nam }}' } }", "E0807"),
        ("{ mail: { to: person.name, subject: s, text: '{{ nobody }}' } }", "E0807"),
        ("{ mail: { to: person.name, subject: s, text: '{{ pass }}' } }", "E0807"),
        ("{ mail: { to: person.name, subject: s, text: '{{ person.team.title }}' } }", "E0807"),
        ("{ mail: { to: person.name, subject: s, text: '{{ person.name' } }", "E0807"),
        ("{ mail: { to: person.end, subject: s, text: x } }", "E0407"),
        ("{ assign: {} }", "E0203"),
        ("{ mial: {} }", "E0201"),
    ] {
        assert!(task(bad).contains(&code.to_owned()), "{bad}: {:?}", task(bad));
    }
    assert_eq!(
        codes(
            "workflows: { w: { tasks: [{ mail: { to: person.name, subject: s, text: x } }] } }\n"
        ),
        ["E0804"]
    );
}

fn lifecycle(states: &str, rest: &str) -> Vec<String> {
    codes(&format!(
        "types: {{ bot: {{ identity: true, key: no, attributes: {{ no: {{ type: string, unique: true }} }}, lifecycle: {{ {states} }}, {rest} }} }}\n"
    ))
}

#[test]
fn facts_lead_to_one_state_and_a_retention_needs_an_end() {
    let active = "active: { when: 'true' }";
    assert_eq!(lifecycle(active, ""), [""; 0]);
    let two = format!(
        "a: {{ when: 'false', fact: terminated }}, b: {{ when: 'false', fact: terminated }}, {active}"
    );
    assert!(lifecycle(&two, "").contains(&"E0226".to_owned()));
    assert_eq!(lifecycle(active, "retention: { delete: 30d }"), ["E0227"]);
    let gone = format!("gone: {{ when: \"no == 'x'\", fact: terminated }}, {active}");
    assert_eq!(lifecycle(&gone, "retention: { delete: 30d, anonymise: 60d }"), [""; 0]);
    assert_eq!(lifecycle(&gone, "retention: { delete: 30d, anonymise: 3d }"), ["E0228"]);
}

#[test]
fn tokens_say_whom_they_come_from_and_whom_they_are_for() {
    let of = |url: &str, more: &str| {
        said_of(&format!(
            "{url}webhooks:\n  crm: {{ url: \"https://crm.example\", secret: {{ env: S }}, {more} }}\n"
        ))
    };
    let url = "url: https://muster.example\n";
    for (url, more, problem) in [
        ("", "form: scim, audience: crm", "which Muster they come from"),
        (url, "form: scim", "whom they are for"),
        (url, "audience: crm", "only tokens say whom they are for"),
    ] {
        let said = of(url, more);
        assert!(said.contains("error[E0910]") && said.contains(problem), "{more}\n{said}");
    }
    for more in ["form: scim, audience: crm", "form: cloudevents", "timeout: 2s"] {
        let said = of(url, more);
        assert!(!said.contains("error"), "{more}\n{said}");
    }
}
