//! `forms:`, and forms that could not be filled in.

use std::{fs, path::Path};

use muster_policy::FormBy;

use crate::tests::support::{loaded, said};

const MODEL: &str = r#"muster: 1
types:
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true }
      team: { type: string }
      manager: { type: link, to: person, inverse: reports }
  site: { key: code, attributes: { code: { type: string, unique: true } } }
  staff:
    identity: true
    key: number
    attributes:
      number: { type: string, unique: true, generate: ["'S' + string(n)"] }
      name: { type: string, required: true }
      age: { type: int }
      photo: { type: binary }
      site: { type: link, to: site }
      manager: { type: link, to: person }
roles:
  hr: { for: person }
"#;

/// The codes and messages of what is wrong with a form that says this.
fn wrong(form: &str) -> String {
    let text = format!("forms: {{ add: {{ for: staff, filled_by: person, {form} }} }}\n");
    let said = said(&[("base.yaml", MODEL), ("form.yaml", &text)]);
    let lines = said.lines().filter(|line| line.starts_with("error["));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_form_has_fields_that_are_attributes_and_steps_that_somebody_does() {
    let text = r#"
forms:
  add:
    for: staff
    filled_by: person
    fields: { name: { label: Full name }, manager: { default: me, among: "person.team == me.team" }, age: {} }
    steps:
      draft: { who: "me.reports.exists(r, r.id != '')", fields: [name, manager] }
      complete: { role: hr, fields: [age], required: [age], shows: [name] }
      check: { by: manager, other: true }
      sign: { by: starter.manager }
"#;
    let loaded = loaded(&[("base.yaml", MODEL), ("form.yaml", text)]);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let model = loaded.model.unwrap();
    let form = &model.forms[0];
    let entered: Vec<_> = form.steps.iter().map(|step| step.fields.as_slice()).collect();
    assert_eq!(entered, [&[0, 1][..], &[2], &[], &[]]);
    let required: Vec<_> = form.steps.iter().map(|step| step.required.as_slice()).collect();
    assert_eq!(required, [&[0][..], &[2], &[], &[]], "the type requires a name");
    let shown: Vec<_> = form.steps.iter().map(|step| step.shows.as_slice()).collect();
    assert_eq!(shown, [&[][..], &[0], &[0, 1, 2], &[0, 1, 2]]);
    assert!(matches!(form.steps[2].by, FormBy::Field(1)) && form.steps[2].other);
    assert!(matches!(form.steps[3].by, FormBy::LinkOfStarter(_)));
    assert_eq!((form.place("check"), form.place("gone")), (2, 0));
}

#[test]
fn the_example_of_the_manual_has_no_problems() {
    let page =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/src/operations/forms.md");
    let page = fs::read_to_string(page).unwrap();
    let yaml = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let people = "muster: 1\ntypes: { person: { identity: true, key: id, attributes: { id: { type: string, unique: true }, \
                  team: { type: string }, manager: { type: link, to: person, inverse: reports } } } }\n";
    let said = said(&[("form.yaml", yaml), ("people.yaml", people)]);
    assert!(!said.contains("error["), "{said}");
}

#[test]
fn what_could_never_be_finished_is_found() {
    let steps = "steps: { enter: { role: hr, fields: [name] } }";
    for (form, message) in [
        (format!("fields: {{ name: {{}}, age: {{}} }}, {steps}"), "nobody enters `age`"),
        (
            "fields: { age: {} }, steps: { enter: { role: hr, fields: [age] } }".to_owned(),
            "a `staff` needs `name`, and no field asks for it",
        ),
        (format!("fields: {{ name: {{}}, photo: {{}} }}, {steps}"), "`photo` cannot be entered in a form"),
        (format!("fields: {{ name: {{}}, nam: {{}} }}, {steps}"), "unknown attribute `nam`"),
        (format!("fields: {{ name: {{ among: \"true\" }} }}, {steps}"), "`name` is no link"),
        (format!("fields: {{ name: {{}} }}, keep: 0d, {steps}"), "`keep` is no time at all"),
        ("fields: { name: {} }, steps: { enter: { fields: [name] } }".to_owned(), "it is not clear who does this step"),
        ("fields: { name: {} }, steps: { enter: { by: starter, fields: [name] } }".to_owned(), "nobody has begun before the first step"),
        (
            "fields: { name: {} }, steps: { enter: { role: hr, fields: [name] }, check: { who: \"true\" } }".to_owned(),
            "`who` is for the first step",
        ),
        (
            "fields: { name: {} }, steps: { enter: { role: hr, fields: [name] }, check: { by: name } }".to_owned(),
            "`name` does not say who does this step",
        ),
        (
            "fields: { name: {} }, steps: { enter: { role: hr, fields: [name] }, check: { by: starter.team } }".to_owned(),
            "`team` of a `person` leads to no person",
        ),
        (
            "fields: { name: {}, age: {} }, steps: { enter: { role: hr, fields: [name], required: [age] }, next: { role: hr, fields: [age] } }".to_owned(),
            "a step requires what is not entered in it",
        ),
    ] {
        let said = wrong(&form);
        assert!(said.contains(message), "{form}: {said}");
    }
    let typed = wrong(
        "fields: { name: {}, age: { default: me.team } }, steps: { enter: { role: hr, fields: [name, age] } }",
    );
    assert!(typed.contains("E0407"), "{typed}");
    let unclear = said(&[
        ("base.yaml", MODEL),
        (
            "form.yaml",
            "forms: { add: { for: staff, fields: { name: {} }, steps: { enter: { role: hr, fields: [name] } } } }\n",
        ),
    ]);
    assert!(unclear.contains("has to say who fills it in"), "{unclear}");
}
