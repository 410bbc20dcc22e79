//! The commands that work on the repository and the systems: sync, plan, apply, explain, assign, audit.

use insta::assert_snapshot;

use crate::support::Place;

/// A company whose people were read.
async fn synced() -> Place {
    let place = Place::company();
    place.ok("sync").await;
    place
}

#[tokio::test]
async fn a_synchronisation_says_what_it_found() {
    assert_snapshot!(Place::company().ok("sync").await.transcript());
}

#[tokio::test]
async fn bad_rows_are_named_and_end_with_12() {
    let place = Place::company();
    place.write(
        "data/hr.csv",
        "id,login,name,team,end\n1,ada,Ada,sales,\n1,eve,Eve,sales,\n2,bob,Bob,sales,31.10.2026\n",
    );
    assert_snapshot!(place.muster("sync hr").await.transcript());
}

#[tokio::test]
async fn a_system_that_cannot_be_read_ends_with_5() {
    let place = Place::company();
    std::fs::remove_file(place.dir().join("data/hr.csv")).unwrap();
    assert_snapshot!(place.muster("sync hr").await.transcript());
}

#[tokio::test]
async fn a_plan_shows_every_change_with_its_reason() {
    assert_snapshot!(synced().await.ok("plan --no-save").await.transcript());
}

#[tokio::test]
async fn a_plan_for_a_pull_request_is_markdown() {
    assert_snapshot!(synced().await.ok("plan --no-save -o md").await.transcript());
}

#[tokio::test]
async fn differences_are_an_exit_code_only_where_asked_for() {
    let place = synced().await;
    assert_eq!(place.muster("plan --no-save").await.code, 0);
    assert_eq!(place.muster("plan --no-save --exit-code").await.code, 10);
    assert_eq!(place.muster("plan --no-save --detailed-exitcode").await.code, 2);
    assert_eq!(place.muster("plan nonsense --detailed-exitcode").await.code, 1);
}

#[tokio::test]
async fn nobody_there_to_confirm_means_no_change() {
    let place = synced().await;
    place.ok("plan").await;
    let before = place.read("data/files.csv");
    let answer = place.muster("apply").await;
    assert_eq!(answer.code, 2, "{}", answer.transcript());
    assert!(answer.err.contains("--confirm"), "{}", answer.transcript());
    assert_eq!(place.read("data/files.csv"), before);
}

#[tokio::test]
async fn a_wrong_number_confirms_nothing() {
    let place = synced().await;
    place.ok("plan").await;
    assert_eq!(place.muster("apply --confirm 1").await.code, 11);
    let typed = place.terminal("1\n");
    assert_eq!(typed.muster("apply").await.code, 1);
}

#[tokio::test]
async fn the_number_typed_on_a_terminal_applies_the_plan() {
    let place = synced().await;
    let plan = place.ok("plan -o json").await.json();
    assert_eq!(plan["operations"].as_array().unwrap().len(), 7, "{plan:#}");
    let place = place.terminal("7\n");
    let answer = place.muster("apply --color never").await;
    assert_eq!(answer.code, 0, "{}", answer.transcript());
    assert!(answer.err.contains("Type 7 to continue:"), "{}", answer.err);
    assert_snapshot!(place.read("data/files.csv"));
}

#[tokio::test]
async fn after_apply_and_another_read_nothing_is_left_to_do() {
    let place = synced().await;
    place.ok("plan").await;
    assert_snapshot!(place.ok("apply --confirm 7").await.transcript());
    place.ok("sync").await;
    assert_eq!(place.muster("plan --exit-code").await.code, 0);
    assert_eq!(place.muster("apply").await.code, 1);
}

#[tokio::test]
async fn a_plan_made_before_a_change_is_stale() {
    let place = synced().await;
    place.ok("plan").await;
    place.ok("assign ada auditor --reason check").await;
    let answer = place.muster("apply --confirm 7").await;
    assert_eq!(answer.code, 13, "{}", answer.transcript());
}

#[tokio::test]
async fn an_answer_to_why_ends_at_a_rule_or_at_what_failed() {
    let place = synced().await;
    assert_snapshot!(place.ok("explain ada").await.transcript());
    assert_snapshot!(place.ok("explain ada files:orders").await.transcript());
    assert_snapshot!(place.ok("explain ada files:secret").await.transcript());
    assert_snapshot!(place.ok("explain cyd files:prices").await.transcript());
    assert_snapshot!(place.ok("explain bob files").await.transcript());
    assert_snapshot!(place.ok("explain ada .name").await.transcript());
}

#[tokio::test]
async fn an_assignment_has_a_reason_and_an_end() {
    let place = synced().await;
    assert_snapshot!(
        place.ok("assign cyd auditor --reason 'year end' --until 2027-02-01").await.transcript()
    );
    assert_snapshot!(place.ok("assignments cyd").await.transcript());
    assert_snapshot!(place.ok("explain cyd files:audit").await.transcript());
    assert_snapshot!(place.ok("unassign cyd auditor --reason done").await.transcript());
    assert_eq!(place.muster("unassign cyd auditor --reason again").await.code, 1);
}

#[tokio::test]
async fn what_time_alone_will_do_is_foretold() {
    let place = synced().await;
    place.ok("assign cyd auditor --reason 'year end' --until 2026-12-24").await;
    assert_snapshot!(place.ok("simulate --at 2027-02-01").await.transcript());
}

#[tokio::test]
async fn accounts_of_nobody_are_listed() {
    assert_snapshot!(synced().await.ok("orphans").await.transcript());
}

#[tokio::test]
async fn the_journal_tells_who_did_what() {
    let place = synced().await;
    place.ok("assign cyd auditor --reason 'year end'").await;
    assert_snapshot!(place.ok("audit search --action assignment.create").await.transcript());
    let entries = place.ok("audit search --limit 1 -o json").await.json();
    assert_eq!(entries["items"][0]["actor"], "ada");
    assert!(entries["next"].is_string());
}

#[tokio::test]
async fn the_doctor_names_the_remedy() {
    let place = Place::company();
    std::fs::remove_file(place.dir().join("data/hr.csv")).unwrap();
    let answer = place.muster("doctor").await;
    assert_eq!(answer.code, 1, "{}", answer.transcript());
    assert!(answer.out.contains("fail  hr"), "{}", answer.out);
    assert!(answer.out.contains("fix: "), "{}", answer.out);
}
