//! Errors: what they say, what they advise, their exit codes, and how they look to programs.

use insta::assert_snapshot;

use crate::support::Place;

#[tokio::test]
async fn a_folder_without_a_project_is_told_how_to_get_one() {
    assert_snapshot!(Place::new().muster("check").await.transcript());
}

#[tokio::test]
async fn wrong_arguments_end_with_2() {
    let place = Place::new();
    assert_snapshot!(place.muster("plan --bye rule").await.transcript());
    assert_snapshot!(place.muster("users --as-of tomorrow").await.transcript());
    assert_snapshot!(place.muster("assign ada sales").await.transcript());
}

#[tokio::test]
async fn programs_get_errors_as_a_document() {
    let place = Place::company();
    assert_snapshot!(place.muster("explain nobody -o json").await.transcript());
    assert_snapshot!(place.muster("plan --bye -o json").await.transcript());
}

#[tokio::test]
async fn names_that_are_nearly_right_are_corrected() {
    let place = Place::company();
    place.ok("sync").await;
    assert_snapshot!(place.muster("roles sale").await.transcript());
    assert_snapshot!(place.muster("assign ada salse --reason x").await.transcript());
    assert_snapshot!(place.muster("explain ada file").await.transcript());
    assert_snapshot!(place.muster("explain ada .nam").await.transcript());
    assert_snapshot!(place.muster("sync fils").await.transcript());
}

#[tokio::test]
async fn a_broken_project_stops_every_command_with_3() {
    let place = Place::company();
    place.write(
        "policy/more.yaml",
        "roles:\n  bad:\n    when: person.tam == 'x'\n    grants: [files.user]\n",
    );
    assert_snapshot!(place.muster("sync").await.transcript());
    assert_eq!(place.muster("plan -o json").await.json()["error"]["exit"], 3);
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_ends_with_5() {
    let place = Place::company();
    let answer = place.muster("--store sqlite:/dev/null/x.db plan").await;
    assert_eq!(answer.code, 5, "{}", answer.transcript());
}

#[tokio::test]
async fn there_is_nothing_to_apply_before_a_plan_is_made() {
    assert_snapshot!(Place::company().muster("apply").await.transcript());
}

#[tokio::test]
async fn the_past_cannot_be_simulated() {
    assert_snapshot!(Place::company().muster("simulate --at 2020-01-01").await.transcript());
}

#[tokio::test]
async fn a_journal_that_was_changed_ends_with_14() {
    let place = Place::company();
    place.ok("audit export journal.jsonl").await;
    place.ok("audit verify journal.jsonl").await;
    place.write("journal.jsonl", &place.read("journal.jsonl").replacen("ada", "eve", 1));
    assert_snapshot!(place.muster("audit verify journal.jsonl").await.transcript());
}

#[tokio::test]
async fn colour_is_for_terminals_and_not_where_it_is_refused() {
    let has_colour = |text: &str| text.contains('\u{1b}');
    assert!(has_colour(&Place::new().terminal("").muster("check").await.err));
    assert!(!has_colour(&Place::new().muster("check").await.err));
    assert!(!has_colour(
        &Place::new().terminal("").variable("NO_COLOR", "1").muster("check").await.err
    ));
    assert!(has_colour(&Place::new().muster("check --color always").await.err));
    assert!(!has_colour(&Place::new().terminal("").muster("check --color never").await.err));
}
