//! The commands that work on the files alone: init, check, fmt, test.

use insta::assert_snapshot;

use crate::support::Place;

#[tokio::test]
async fn a_project_without_problems_is_said_to_have_none() {
    assert_snapshot!(Place::company().ok("check").await.transcript());
}

#[tokio::test]
async fn a_misspelt_attribute_is_shown_with_its_place() {
    let place = Place::company();
    let roles = place.read("policy/roles.yaml").replace("person.team", "person.taem");
    place.write("policy/roles.yaml", &roles);
    assert_snapshot!(place.muster("check").await.transcript());
    let document = place.muster("check -o json").await.json();
    assert_eq!(document["diagnostics"][0]["code"], "E0412");
    assert_eq!(document["diagnostics"][0]["at"]["line"], 8);
}

#[tokio::test]
async fn the_project_is_found_from_a_folder_within() {
    let place = Place::company();
    let inner = place.dir().join("data");
    place.ok(&format!("-C {} check", place.dir().display())).await;
    let answer = place.muster(&format!("-C {} check", inner.display())).await;
    assert_eq!(answer.code, 1, "a named folder is taken as it is: {}", answer.transcript());
    place.ok("check").await;
}

#[tokio::test]
async fn the_project_may_be_named_by_a_variable() {
    let place = Place::company();
    let elsewhere = Place::new().variable("MUSTER_PROJECT", &place.dir().display().to_string());
    elsewhere.ok("check").await;
}

#[tokio::test]
async fn files_are_brought_into_one_form_and_then_stay() {
    let place = Place::company();
    place.write(
        "policy/more.yaml",
        "roles:\n    # kept\n    extra:   {   grants: [ files.user ] }\n",
    );
    assert_eq!(place.muster("fmt --check").await.code, 3);
    let difference = place.muster("fmt --diff").await;
    assert!(difference.out.contains("--- policy/more.yaml"), "{}", difference.transcript());
    place.ok("fmt").await;
    assert!(place.read("policy/more.yaml").contains("# kept"));
    place.ok("fmt --check").await;
}

#[tokio::test]
async fn policy_tests_say_what_is_covered() {
    assert_snapshot!(Place::company().ok("test --coverage").await.transcript());
}

#[tokio::test]
async fn a_failing_policy_test_shows_expected_and_got() {
    let place = Place::company();
    place.write(
        "tests/wrong.yaml",
        "tests:
  - name: dancers sell
    given: { person: { id: '9', login: gene, team: dance } }
    at: 2026-01-15
    expect:
      lifecycle: leaver
      roles: [employee, sales]
      accounts: { files.user: disabled }
      grants: [{ files.share: orders }]
      values: { files.user.full_name: Gene }
",
    );
    assert_snapshot!(place.muster("test dancers").await.transcript());
    assert_eq!(place.muster("test").await.code, 3);
    assert_snapshot!(place.muster("test nothing-like-it").await.transcript());
}

#[tokio::test]
async fn an_empty_project_passes_check_and_its_own_tests() {
    let place = Place::new();
    assert_snapshot!(place.ok("init").await.transcript());
    place.ok("check --strict").await;
    place.ok("test").await;
    assert_snapshot!(place.muster("init").await.transcript());
}

#[tokio::test]
async fn a_project_from_a_file_leads_to_its_first_plan() {
    let place = Place::with(&[(
        "export.csv",
        "Personalnr;Vorname;Nachname;Abteilung;Eintritt;Vorgesetzter\n\
         1001;Ada;Lovelace;Motoren;01.02.2020;\n\
         1002;Grace;Hopper;Sprachen;15.03.2021;1001\n\
         1003;Emmy;Noether;Algebra;30.11.2022;1001\n",
    )]);
    assert_snapshot!(place.ok("init --from export.csv --dir ours").await.transcript());
    place.ok("-C ours check --strict").await;
    place.ok("-C ours fmt").await;
    place.ok("-C ours test").await;
    place.ok("-C ours sync").await;
    assert_snapshot!(place.ok("-C ours plan").await.transcript());
}
