//! Separation of duties: the chapter of the manual is run.

use crate::support::Place;

const CHAPTER: &str = include_str!("../../../../docs/book/src/policy/separation-of-duties.md");

const COMPANY: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    attributes: { id: { type: string, unique: true } }
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
    let place = Place::with(&[("muster.yaml", COMPANY), ("duties.yaml", model)]);
    for person in ["tom", "ada"] {
        place.ok(&format!("people add person id={person}")).await;
    }
    let mut scores = Vec::new();
    let mut lines = CHAPTER.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(command) = line.strip_prefix("$ muster ") else { continue };
        let out = place.ok(command).await.out;
        if command == "risk ada" {
            scores.push(out.clone());
        }
        while let Some(shown) =
            lines.next_if(|line| !line.starts_with("$ ") && !line.starts_with("```"))
        {
            assert!(out.lines().any(|line| line == shown), "{command}: {shown}\n{out}");
        }
    }
    let half = "role releases 40, exception four-eyes 40, role enters 30";
    let whole = "conflict four-eyes 80, role releases 40, role enters 30";
    assert!(scores[0].contains(half) && scores[0].contains("75"), "{scores:?}");
    assert!(scores[1].contains(whole) && scores[1].contains("92"), "{scores:?}");
}
