//! Access reviews: the chapter of the manual is run.

use crate::support::Place;

const CHAPTER: &str = include_str!("../../../../docs/book/src/policy/access-reviews.md");

const COMPANY: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true }
      manager: { type: link, to: person }
    lifecycle: { leaver: { when: "false" }, active: { when: "true" } }
systems:
  directory:
    connector: csv
    mode: observe
    settings: { path: out.csv, key: id }
    accounts:
      user: { for: person, object: user, name: person.id, set: { id: person.id } }
    entitlements:
      group: { attribute: groups }
"#;

#[tokio::test]
async fn what_the_chapter_shows_works() {
    let model = CHAPTER.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let place = Place::with(&[("muster.yaml", COMPANY), ("reviews.yaml", model)]);
    for person in ["id=jo", "id=ada", "id=tom manager=ada", "id=eve manager=ada"] {
        place.ok(&format!("people add person {person}")).await;
    }
    for line in CHAPTER.lines() {
        let Some(command) = line.strip_prefix("$ muster ") else { continue };
        let out = place.ok(command).await.out;
        let shows: &[&str] = match command.split_whitespace().nth(1) {
            Some("list") => &["Payments, November", "open"],
            Some("items") => &["tom", "eve", "month end (by ada)"],
            Some("show") => &["tom (tom)", "70 of 100"],
            Some("keep") => &["decided", "keep"],
            Some("revoke") => {
                let gone = place.ok("assignments eve -o json").await.json();
                assert!(gone["items"][0]["ended_at"].is_string(), "{gone}");
                &["decided", "revoke", "2026-"]
            }
            Some("undo") => {
                let back = place.ok("assignments eve -o json").await.json();
                let items = back["items"].as_array().unwrap();
                assert!(items.iter().any(|item| item["ended_at"].is_null()), "{back}");
                &["waiting", "undo by ada", "he is on leave"]
            }
            Some("status") => &["4 (by_rule)", "ada: 1", "kept", "who may move money"],
            _ => &[],
        };
        for shown in shows {
            assert!(out.contains(shown), "{command}: {shown}\n{out}");
        }
    }
}

#[tokio::test]
async fn what_is_refused_says_what_to_do() {
    let model = CHAPTER.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let place = Place::with(&[("muster.yaml", COMPANY), ("reviews.yaml", model)]);
    for person in ["id=jo", "id=ada", "id=tom manager=ada", "id=eve manager=ada"] {
        place.ok(&format!("people add person {person}")).await;
    }
    for person in ["tom", "eve"] {
        place.ok(&format!("assign {person} releases --reason x")).await;
    }
    place.ok("reviews open payments").await;
    for (command, code, hint) in [
        ("reviews open nothing", 1, "there is: payments"),
        ("reviews items --of all", 2, "--campaign NAME"),
        ("reviews keep 1 --as tom", 4, "nobody decides about their own access"),
        ("reviews keep 1 --as eve", 1, "muster reviews items"),
        ("reviews revoke 1 --as ada", 2, "--reason"),
        ("reviews keep 1 2 --as ada", 11, "--confirm 2"),
        ("reviews release payments --silence keep", 1, "nothing of campaign 1 is held"),
    ] {
        let answer = place.muster(command).await;
        assert!(answer.code == code && answer.err.contains(hint), "{}", answer.transcript());
    }
    place.ok("reviews forward 1 --to jo --reason 'ask her' --as ada").await;
    place.ok("reviews shorten 1 --until 2026-12-31 --reason 'month end' --as jo").await;
    place.ok("reviews unsure 2 --as ada --reason 'no idea'").await;
    place.ok("reviews keep 2 --as jo").await;
    let status = place.ok("reviews status payments -o json").await.json();
    assert_eq!(status["state"], "closed", "{status}");
    assert_eq!((&status["kept"], &status["narrowed"]), (&1.into(), &1.into()), "{status}");
}
