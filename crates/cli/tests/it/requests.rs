//! Requests and approvals: the chapter of the manual is run, and what programs read.

use crate::support::Place;

const CHAPTER: &str = include_str!("../../../../docs/book/src/policy/requests.md");

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

const OTHERS: &str = r"
roles:
  network: { description: Keeps the network }
  security: { description: Decides when nobody else does }
";

/// Tom leads Mia, who leads Ada; Tom is of the network. The role is that of the chapter.
async fn company() -> Place {
    let role = CHAPTER.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let files = [("muster.yaml", COMPANY), ("others.yaml", OTHERS), ("roles.yaml", role)];
    let place = Place::with(&files);
    place.ok("people add person id=tom").await;
    place.ok("people add person id=mia manager=tom").await;
    place.ok("people add person id=ada manager=mia").await;
    place.ok("assign tom network --reason 'set up'").await;
    place
}

#[tokio::test]
async fn what_the_chapter_shows_works() {
    let place = company().await;
    let commands: Vec<&str> =
        CHAPTER.lines().filter_map(|line| line.strip_prefix("$ muster ")).collect();
    assert!(commands.len() >= 8, "{commands:?}");
    for command in commands {
        place.ok(command).await;
    }
    let told = place.ok("requests show 1 --as ada").await.out;
    for line in [
        "made by ada",
        "approved by mia (manager)",
        "refused by tom (role network): use the office",
    ] {
        assert!(told.contains(line), "{told}");
    }
}

#[tokio::test]
async fn an_approved_request_is_explained_with_its_number() {
    let place = company().await;
    // The user of this machine is Ada.
    let ask = "requests create vpn --reason 'on call' --answer 'Which device?=laptop' -o json";
    let made = place.ok(ask).await.json();
    assert_eq!(made["items"][0]["status"], "waits on mia (manager)");
    place.ok("approvals approve 1 --as mia").await;
    let waits = place.ok("approvals list --as tom -o json").await.json();
    assert_eq!(waits["items"][0]["id"], 1);
    let done = place.ok("approvals approve 1 --as tom -o json").await.json();
    assert_eq!(done["state"], "approved");
    let explained = place.ok("explain ada").await.out;
    assert!(explained.contains("request 1: on call"), "{explained}");
    place.ok("audit verify").await;
}

#[tokio::test]
async fn nobody_decides_for_themselves_at_the_command_line() {
    let place = company().await;
    place.ok("requests create vpn --for ada --as mia --reason x --answer 'Which device?=y'").await;
    let refused = place.muster("approvals approve 1 --as mia").await;
    assert_ne!(refused.code, 0);
    assert!(refused.err.contains("nobody decides about what they asked for"), "{}", refused.err);
    let unknown = place.muster("requests show 1 --as nobody").await;
    assert_ne!(unknown.code, 0);
}

#[tokio::test]
async fn whoever_is_asked_gets_a_link_to_decide_with_on_a_telephone() {
    let place = company().await;
    place.ok("requests create vpn --reason 'on call' --answer 'Which device?=laptop'").await;
    let nowhere = place.muster("approvals link 1 --as mia").await;
    assert!(nowhere.err.contains("`url: https://…`"), "{}", nowhere.err);
    place.write("muster.yaml", &format!("{COMPANY}url: https://muster.tern.example\n"));
    let denied = place.muster("approvals link 1 --as tom").await;
    assert!(denied.err.contains("you are not asked about request 1"), "{}", denied.err);
    let shown = place.ok("approvals link 1 --as mia -o json").await.json();
    let address = shown["address"].as_str().unwrap();
    let secret = address.strip_prefix("https://muster.tern.example/decide/").unwrap();
    assert_eq!(secret.len(), 64);
    let told = place.ok("approvals link 1 --as mia").await.out;
    assert!(told.contains("/decide/") && !told.contains(secret) && !told.contains('█'), "{told}");
    let painted = place.terminal("").ok("approvals link 1 --as mia --color always").await.out;
    assert!(painted.contains("\u{1b}[30") && painted.contains("█▀▀▀▀▀█"), "{painted}");
}
