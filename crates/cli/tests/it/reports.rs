//! Reports: the chapter of the manual is run, and files are what their names say.

use crate::support::Place;

const CHAPTER: &str = include_str!("../../../../docs/book/src/operations/reports.md");

const COMPANY: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    display: name
    attributes:
      id: { type: string, unique: true }
      name: { type: string }
systems:
  directory:
    connector: csv
    mode: observe
    settings: { path: out.csv, key: id }
    accounts:
      user: { for: person, object: user, name: person.id, set: { id: person.id } }
    entitlements:
      group: { attribute: groups }
roles:
  staff: { when: "true", grants: [directory.user] }
  payer: { risk: 70, grants: [{ directory.group: pay }] }
"#;

#[tokio::test]
async fn what_the_chapter_shows_works() {
    let place = Place::with(&[("muster.yaml", COMPANY)]);
    for person in ["id=ada name=Ada", "id=tom 'name==1+1'"] {
        place.ok(&format!("people add person {person}")).await;
    }
    place.ok("assign ada payer --reason 'month end'").await;
    for line in CHAPTER.lines() {
        let Some(command) = line.strip_prefix("$ muster ") else { continue };
        // The past of the chapter is the present of the test.
        let command = command.replace("2026-11-22", "2999-01-01");
        let out = place.ok(&command).await.out;
        let shows: &[&str] = match command.as_str() {
            "report list" => &["leavers", "subject", "person, as_of"],
            "report access --person ada" => &["its rule", "role payer"],
            "report privileged --risk 30" => &["ada", "70", "month end"],
            "report privileged --language de" => &["Risiko", "zugewiesen", "month end"],
            "report privileged --format svg" => &["<svg ", "payer"],
            "report pack sox --to evidence" => &["leavers.csv", "Segregation of duties"],
            of if of.starts_with("report access --as-of") => &["tom", "staff"],
            _ => &[],
        };
        for shown in shows {
            assert!(out.contains(shown), "{command}: {shown}\n{out}");
        }
    }
    let german = place.read("privilegiert.csv");
    assert!(german.starts_with("Person,Name,Rolle,Risiko,wie,") && german.contains(",zugewiesen,"));
    assert!(place.read("access.csv").contains("'=1+1"), "{}", place.read("access.csv"));
    assert!(place.read("ada.json").contains("\"report\":\"subject\""));
    assert!(place.read("evidence/index.json").contains("\"sha256\""));
    // What was read about one person stands in the journal, and nothing else.
    let journal = place.ok("audit search --action report.person --output json").await.out;
    assert_eq!(journal.matches("\"report.person\"").count(), 3, "{journal}");
    assert_eq!(journal.matches("\"subject\": \"ada\"").count(), 3, "{journal}");
}

#[tokio::test]
async fn a_file_of_no_known_form_is_refused() {
    let place = Place::with(&[("muster.yaml", COMPANY)]);
    let answer = place.muster("report access --to access.docx").await;
    assert!(answer.err.contains("the ending of the file says no form"), "{}", answer.err);
    let answer = place.muster("report access --format pdf").await;
    assert!(answer.err.contains("pdf is nothing for a terminal"), "{}", answer.err);
}
