//! One result in every format, and pages.

use insta::assert_snapshot;

use crate::support::Place;

#[tokio::test]
async fn a_list_comes_in_every_format() {
    let place = Place::company();
    place.ok("sync").await;
    for format in ["text", "json", "jsonl", "csv", "md"] {
        let answer = place.ok(&format!("users --columns team -o {format}")).await;
        insta::assert_snapshot!(format!("users as {format}"), answer.transcript());
    }
}

#[tokio::test]
async fn every_command_answers_every_format() {
    let place = Place::company();
    place.ok("sync").await;
    place.ok("plan").await;
    let commands = [
        "check",
        "test",
        "plan",
        "plans",
        "users",
        "accounts",
        "orphans",
        "matches list",
        "roles",
        "roles sales",
        "explain ada",
        "explain ada files",
        "explain ada .name",
        "assignments ada",
        "audit search",
        "audit verify",
        "doctor",
        "simulate --at 2027-02-01",
        "sync",
        "version",
    ];
    for command in commands {
        for format in ["text", "csv", "md"] {
            let answer = place.ok(&format!("{command} -o {format}")).await;
            assert!(answer.out.ends_with('\n'), "{command} -o {format}: {}", answer.transcript());
        }
        place.ok(&format!("{command} -o json")).await.json();
        for line in place.ok(&format!("{command} -o jsonl")).await.out.lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }
}

#[tokio::test]
async fn a_long_list_comes_in_pages_that_miss_nobody() {
    let place = Place::company();
    place.ok("sync").await;
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = place.ok(&format!("users --limit 2 -o json {after}")).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|person| person["key"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("--after {next}");
    }
    assert_eq!(seen, ["1", "2", "3"]);
    assert_snapshot!(place.ok("users --limit 2").await.transcript());
}

#[tokio::test]
async fn quiet_leaves_results_and_drops_talk() {
    let place = Place::company();
    let answer = place.ok("sync --quiet").await;
    assert_eq!(answer.err, "");
    assert!(answer.out.contains("3 read"), "{}", answer.out);
}
