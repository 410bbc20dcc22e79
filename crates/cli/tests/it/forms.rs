//! Forms: the chapter of the manual is run, and what programs read.

use crate::support::Place;

const CHAPTER: &str = include_str!("../../../../docs/book/src/operations/forms.md");

const COMPANY: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true }
      team: { type: string }
      manager: { type: link, to: person, inverse: reports }
    lifecycle: { leaver: { when: "false" }, active: { when: "true" } }
"#;

/// Tom leads Mia, who leads Ada; Hal is of HR. The form is that of the chapter.
async fn company() -> Place {
    let form = CHAPTER.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let place = Place::with(&[("muster.yaml", COMPANY), ("form.yaml", form)]);
    place.ok("people add person id=tom team=sales").await;
    place.ok("people add person id=mia team=sales manager=tom").await;
    place.ok("people add person id=ada team=sales manager=mia").await;
    place.ok("people add person id=hal team=office").await;
    place.ok("assign hal hr --reason 'set up'").await;
    place
}

#[tokio::test]
async fn what_the_chapter_shows_works() {
    let place = company().await;
    let commands: Vec<&str> =
        CHAPTER.lines().filter_map(|line| line.strip_prefix("$ muster ")).collect();
    assert!(commands.len() >= 12, "{commands:?}");
    for command in commands {
        place.ok(command).await;
    }
    let told = place.ok("forms show 1 --as mia").await.out;
    for line in [
        "entered",
        "returned by tom (confirm): is she not a contractor?",
        "submitted by hal (complete)",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let staff = place.ok("users --type staff -o json").await.json();
    assert_eq!(staff["items"][0]["values"]["kind"], "contractor", "{staff}");
    place.ok("audit verify").await;
}

#[tokio::test]
async fn programs_read_the_fields_of_a_draft_with_what_is_wrong() {
    let place = company().await;
    let begun = place.ok("forms start add-staff --as mia -o json").await.json();
    assert_eq!((&begun["step"], &begun["my_turn"]), (&"draft".into(), &true.into()), "{begun}");
    let seen = place.ok("forms preview 1 kind=king --as mia -o json").await.json();
    let fields = seen["fields"].as_array().unwrap();
    let field = |name: &str| fields.iter().find(|field| field["field"] == name).unwrap();
    assert_eq!(field("kind")["problem"], "it is none of what can be chosen");
    assert_eq!(field("name")["problem"], "a value is needed");
    assert_eq!(field("manager")["entered"], "mia");
    let list = place.ok("forms list --as mia -o json").await.json();
    assert_eq!(list["items"][1]["about"], true, "{list}");
}
