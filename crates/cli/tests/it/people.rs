//! People who are entered by hand: one by one, from a file, and who looks like somebody else.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::support::Place;

const MODEL: &str = r#"
muster: 1
timezone: Europe/Lisbon
types:
  person:
    identity: true
    key: id
    display: name
    attributes:
      id: { type: string, unique: true }
      name: { type: string, required: true }
      born: { type: date }
    lifecycle: { leaver: { when: "false" }, active: { when: "true" } }
  visitor:
    identity: true
    key: badge
    display: name
    attributes:
      badge: { type: string, unique: true, generate: ["'V-' + string(100 + n)"] }
      name: { type: string, required: true }
      company: { type: string, choices: [Fox, Owl] }
      phones: { type: string, many: true }
      host: { type: link, to: person }
      until: { type: date }
    local: { sponsor: host, until: until }
    lifecycle:
      leaver: { when: "until != null && now >= end_of(until)" }
      active: { when: "true" }
"#;

fn place() -> Place {
    Place::with(&[("muster.yaml", MODEL)])
}

/// A place with a person who may answer for visitors.
async fn with_host() -> Place {
    let place = place();
    place.ok("people add person id=1 'name=Ana Silva' born=1990-04-01").await;
    place
}

#[tokio::test]
async fn a_visitor_is_entered_edited_confirmed_and_ended() {
    let place = with_host().await;
    let mut story = String::new();
    for command in [
        "people add visitor name=Eve company=Fox",
        "people add visitor name=Eve company=Fox host=1 until=2026-12-01 phones=11 phones=12",
        "people edit V-101 company=Owl phones=",
        "people edit V-101 company=Elk",
        "people edit V-101 until=2027-02-01",
        "people confirm V-101 --until 2027-02-01",
        "users --type visitor --columns company,phones,until",
        "people end V-101",
        "users --type visitor --columns until",
        "people end 1",
    ] {
        let answer = place.muster(command).await;
        writeln!(story, "$ muster {command}").unwrap();
        story.push_str(&answer.transcript());
    }
    assert_snapshot!(story);
}

#[tokio::test]
async fn who_looks_like_somebody_is_shown_before_anybody_is_entered() {
    let place = with_host().await;
    let again = "people add person id=2 'name=silva, ANA' born=1990-04-01";
    assert_snapshot!(place.muster(again).await.transcript());
    let answer = place.muster(&format!("{again} -o json")).await;
    assert_eq!(answer.code, 11, "{}", answer.transcript());
    assert_eq!(answer.json()["look_alikes"][0]["key"], "1");
    assert_eq!(answer.json()["entered"], false);
    assert_eq!(place.ok("users -o json").await.json()["items"].as_array().unwrap().len(), 1);
    // Who says so on the command line, or on a terminal, goes on.
    place.ok(&format!("{again} --anyway")).await;
    let place = place.terminal("yes\n");
    place.ok("people add person id=3 'name=Ana Silva'").await;
    assert_eq!(place.ok("users -o json").await.json()["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_file_is_tried_then_loaded_and_loading_it_again_changes_nothing() {
    let place = with_host().await;
    let template = place.ok("people template --type person").await;
    assert_eq!(template.out, "id,name,born\n");
    place.write(
        "people.csv",
        "id,name,born\n2,Bo,1980-01-02\n3,,1990-01-01\n4,Di,31.12.1999\n1,Ana Silva,\n2,Cy,\n,Ed,\n",
    );
    let mut story = String::new();
    for command in [
        "people load people.csv --type person --dry-run",
        "users",
        "people load people.csv --type person",
        "people load people.csv --type person -o json",
        "people load people.txt --type person",
        "people load people.csv --type visitor",
        "users --columns born",
    ] {
        let answer = place.muster(command).await;
        writeln!(story, "$ muster {command}").unwrap();
        story.push_str(&answer.transcript());
    }
    assert_snapshot!(story);
}

#[tokio::test]
async fn ten_thousand_rows_are_loaded_and_the_second_time_nothing_changes() {
    let place = place();
    let mut file = "id,name,born\n".to_owned();
    for n in 0..10_000 {
        writeln!(file, "{n},Person {n},1990-01-01").unwrap();
    }
    place.write("people.csv", &file);
    let load = "people load people.csv --type person -o json";
    let first = place.ok(load).await.json();
    assert_eq!((&first["created"], &first["changed"]), (&10_000.into(), &0.into()));
    let second = place.ok(load).await.json();
    assert_eq!((&second["unchanged"], &second["changed"]), (&10_000.into(), &0.into()));
}

#[tokio::test]
async fn what_no_read_could_use_and_accounts_without_a_name_are_listed_page_by_page() {
    let place = Place::company();
    place.write(
        "data/hr.csv",
        "id,login,name,team,end\n1,ada,Ada,sales,\n1,eve,Eve,sales,\n2,bob,Bob,sales,31.10.2026\n,x,X,sales,\n3,,Cy,sales,\n",
    );
    place.muster("sync hr").await;
    assert_snapshot!(place.ok("problems").await.transcript());
    let all = place.ok("problems -o json").await.json()["items"].as_array().unwrap().clone();
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let page = place.ok(&format!("problems --limit 1 -o json{after}")).await.json();
        paged.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { break };
        after = format!(" --after {next}");
    }
    assert_eq!(paged, all);
}
