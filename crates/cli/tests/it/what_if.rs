//! What would be, and what was: another model over everybody, and the past as it was recorded.

use std::process::Command;

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::support::Place;

const ROLES: &str = "policy/roles.yaml";

/// A company in its target state.
async fn settled() -> Place {
    let place = Place::company();
    place.ok("sync").await;
    place.ok("plan").await;
    place.ok("apply --auto-approve").await;
    place
}

/// The roles as somebody proposes them: dancers get a new share, sales loses one.
fn proposal(place: &Place) -> String {
    let roles = place.read(ROLES).replace("[orders, prices]", "[orders]");
    format!(
        "{roles}  dancers:\n    when: person.team == 'dance'\n    includes: [employee]\n    grants: [{{ files.share: stage }}]\n"
    )
}

/// Copies the project's model files to `folder`, with the proposed roles.
fn propose_in(place: &Place, folder: &str) {
    for path in ["muster.yaml", "schema/person.yaml", "systems/hr.yaml", "systems/files.yaml"] {
        place.write(&format!("{folder}/{path}"), &place.read(path));
    }
    place.write(&format!("{folder}/{ROLES}"), &proposal(place));
}

/// Operations of a plan as `kind subject entitlement`, sorted.
fn memberships(plan: &Json) -> Vec<String> {
    let operations = plan["operations"].as_array().unwrap().iter();
    let mut lines: Vec<String> = operations
        .map(|o| {
            let text = |key: &str| o[key].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", text("kind"), text("subject"), text("name"))
        })
        .collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn a_proposed_model_shows_who_gains_and_loses_what() {
    let place = settled().await;
    propose_in(&place, ".proposal");
    assert_snapshot!(place.ok("simulate --model .proposal").await.transcript());
    assert_snapshot!(place.ok("simulate --model .proposal --who").await.transcript());
    let only = place.ok("simulate --model .proposal --only files.share:stage -o json").await.json();
    assert_eq!(only["affected"], 1);
    assert_eq!(
        only["impacts"],
        json!([{ "kind": "entitlement", "name": "files.share:stage", "gained": 1, "lost": 0, "changed": 0, "examples": ["cyd"] }])
    );
}

#[tokio::test]
async fn what_was_simulated_is_what_the_plan_does() {
    let place = settled().await;
    propose_in(&place, ".proposal");
    let simulated =
        place.ok("simulate --model .proposal --who --only entitlement -o json").await.json();
    let mut predicted = Vec::new();
    for person in simulated["items"].as_array().unwrap() {
        for change in person["changes"].as_array().unwrap() {
            let verb = if change["change"] == "gained" { "grant" } else { "revoke" };
            let name = change["name"].as_str().unwrap().rsplit_once(':').unwrap().1.to_owned();
            predicted.push(format!("{verb} {} {name}", person["subject"].as_str().unwrap()));
        }
    }
    predicted.sort();
    place.write(ROLES, &proposal(&place));
    let plan = place.ok("plan -o json").await.json();
    assert!(!predicted.is_empty());
    assert_eq!(memberships(&plan), predicted, "{plan:#}");
}

#[tokio::test]
async fn simulating_changes_nothing() {
    let place = settled().await;
    let before = place.ok("audit export").await.out;
    propose_in(&place, ".proposal");
    place.ok("simulate --model .proposal --at 2027-01-15").await;
    assert_eq!(place.ok("audit export").await.out, before);
    assert_eq!(place.ok("revisions -o json").await.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_revision_and_a_git_branch_are_models_too() {
    let place = settled().await;
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.arg("-C").arg(place.dir()).args([
            "-c",
            "user.name=ada",
            "-c",
            "user.email=ada@tern.example",
        ]);
        let output = git.args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "muster.yaml", "schema", "systems", "policy"]);
    git(&["commit", "-q", "-m", "as it is"]);
    place.write(ROLES, &proposal(&place));
    let of_git = place.ok("simulate --model main -o json").await.json();
    let of_revision = place.ok("simulate --model 1 -o json").await.json();
    assert_eq!(of_git, of_revision);
    assert_eq!(of_git["affected"], 2, "{of_git:#}");
    let unknown = place.muster("simulate --model nowhere").await;
    assert_snapshot!(
        unknown
            .err
            .lines()
            .next()
            .unwrap_or_default()
            .split(": ")
            .take(2)
            .collect::<Vec<_>>()
            .join(": ")
    );
    assert_eq!(unknown.code, 2, "{}", unknown.transcript());
    assert!(place.muster("simulate --model 99").await.err.contains("there is no revision 99"));
    assert_eq!(place.muster("simulate --model=--upload-pack=x").await.code, 2);
}

#[tokio::test]
async fn the_past_is_told_with_its_facts_its_accounts_and_its_model() {
    let mut place = settled().await;
    place.set_clock("2026-11-22T12:00:00Z");
    // Ada moves to the dancers, and the model changes as well.
    place.write(ROLES, &proposal(&place));
    place.write(
        "data/hr.csv",
        &place.read("data/hr.csv").replace("Ada Lovelace,sales", "Ada Byron,dance"),
    );
    place.ok("sync hr").await;
    place.ok("plan").await;
    place.ok("apply --auto-approve").await;
    let shares = async |line: &str| {
        let accounts = place.ok(line).await.json();
        let held = accounts["items"][0]["entitlements"].as_array().unwrap().iter();
        held.map(|e| e["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(shares("accounts --person ada -o json").await, ["all", "stage"]);
    assert_eq!(
        shares("accounts --person ada --as-of 2026-11-21 -o json").await,
        ["all", "orders", "prices"]
    );
    let all = place.ok("accounts --as-of 2026-11-21 --status linked -o json").await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 3, "{all:#}");
    let then = place.ok("explain ada files:prices --as-of 2026-11-21 -o json").await.json();
    assert_eq!((&then["has"], &then["wanted"]), (&json!(true), &json!(true)), "{then:#}");
    let now = place.ok("explain ada files:prices -o json").await.json();
    assert_eq!((&now["has"], &now["wanted"]), (&json!(false), &json!(false)), "{now:#}");
    let name = place.ok("users --where 'login == \"ada\"' --as-of 2026-11-21 -o json").await.json();
    assert_eq!(name["items"][0]["display"], "Ada Lovelace");
}

/// What the target file holds, in order.
fn target(place: &Place) -> Vec<String> {
    let mut lines: Vec<String> = place.read("data/files.csv").lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn a_run_is_undone_by_a_plan_of_its_own() {
    let place = Place::company();
    place.ok("sync").await;
    let before = target(&place);
    let name = place.ok("plan -o json").await.json()["plan"].as_str().unwrap().to_owned();
    place.ok(&format!("apply {name} --auto-approve")).await;
    assert_ne!(target(&place), before);
    assert_snapshot!(place.ok(&format!("plan --revert {name}")).await.transcript());
    place.ok("apply --auto-approve").await;
    assert_eq!(target(&place), before);
    // The facts are as before, so the same is proposed again.
    let again = place.ok("plan -o json").await.json();
    assert_eq!(again["operations"].as_array().unwrap().len(), 7, "{again:#}");
}

#[tokio::test]
async fn what_was_changed_since_is_not_undone_and_named() {
    let place = Place::company();
    place.ok("sync").await;
    let name = place.ok("plan -o json").await.json()["plan"].as_str().unwrap().to_owned();
    place.ok(&format!("apply {name} --auto-approve")).await;
    place.write(
        "data/files.csv",
        &place.read("data/files.csv").replace("Ada Lovelace", "Ada Byron"),
    );
    place.ok("sync files").await;
    let revert = place.ok(&format!("plan --revert {name} -o json")).await.json();
    let left = revert["left"].as_array().unwrap();
    assert_eq!(left.len(), 1, "{revert:#}");
    assert_eq!(left[0]["left_because"], "the values were changed since");
    assert!(
        place.muster("plan --revert nonsense").await.err.contains("there is no plan `nonsense`")
    );
}

#[tokio::test]
async fn a_deleted_account_comes_back_with_its_values_and_entitlements() {
    let mut place = settled().await;
    // Bob left in October; thirty days later his account goes.
    place.set_clock("2026-12-20T12:00:00Z");
    let held = target(&place);
    let made = place.ok("plan -o json").await.json();
    assert_eq!(made["operations"][0]["kind"], "delete", "{made:#}");
    let name = made["plan"].as_str().unwrap().to_owned();
    place.ok(&format!("apply {name} --auto-approve")).await;
    assert!(target(&place).iter().all(|line| !line.starts_with("bob")));
    place.ok(&format!("plan --revert {name}")).await;
    place.ok("apply --auto-approve").await;
    assert_eq!(target(&place), held);
}
