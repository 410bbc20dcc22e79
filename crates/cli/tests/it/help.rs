//! Help: of the program, of every command, of topics and codes.

use insta::assert_snapshot;

use crate::support::Place;

const COMMANDS: &[&str] = &[
    "demo",
    "init",
    "check",
    "fmt",
    "test",
    "sync",
    "plan",
    "apply",
    "agent",
    "run",
    "serve",
    "token",
    "applications",
    "orders",
    "systems",
    "tickets",
    "report",
    "explain",
    "decide",
    "simulate",
    "plans",
    "problems",
    "users",
    "pass",
    "pass create",
    "password",
    "password set",
    "sessions",
    "sessions list",
    "sessions end",
    "factors",
    "factors list",
    "factors remove",
    "sign-ins",
    "people",
    "accounts",
    "orphans",
    "orphans owner",
    "matches",
    "matches list",
    "matches decide",
    "matches apply-rule",
    "matches undo",
    "matches merge",
    "matches split",
    "revisions",
    "takeover",
    "drift",
    "alarms",
    "roles",
    "assign",
    "unassign",
    "assignments",
    "conflicts",
    "conflicts except",
    "risk",
    "requests",
    "requests catalogue",
    "requests create",
    "approvals",
    "approvals approve",
    "approvals delegate",
    "notices",
    "notices set",
    "notices text",
    "approvals link",
    "reviews",
    "reviews items",
    "reviews revoke",
    "reviews release",
    "forms",
    "forms submit",
    "reviews evidence",
    "reviews verify",
    "guests",
    "guests invite",
    "workflows",
    "audit",
    "audit search",
    "audit export",
    "audit verify",
    "audit checkpoint",
    "audit ship",
    "keys",
    "keys init",
    "keys rotate",
    "keys list",
    "backup",
    "restore",
    "migrate",
    "provision",
    "events",
    "webhooks",
    "healthcheck",
    "profile",
    "doctor",
    "schema",
    "completion",
    "man",
    "version",
    "help",
    "reference",
];

#[tokio::test]
async fn the_short_help_fits_on_a_screen() {
    let help = Place::new().ok("-h").await.out;
    assert!(help.lines().count() <= 96, "{help}");
    assert_snapshot!(help);
}

#[tokio::test]
async fn every_command_explains_itself() {
    let place = Place::new();
    let help = place.ok("-h").await.out;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = listed.take_while(|line| !line.is_empty()).filter_map(|line| {
        line.strip_prefix("  ").filter(|line| !line.starts_with(' '))?.split(' ').next()
    });
    let forgotten: Vec<_> = names.filter(|name| !COMMANDS.contains(name)).collect();
    assert!(forgotten.is_empty(), "not in the list of this test: {forgotten:?}");
    for command in COMMANDS {
        let short = place.ok(&format!("{command} -h")).await;
        insta::assert_snapshot!(format!("help {command}"), short.out);
        let long = place.ok(&format!("{command} --help")).await;
        let asked = place.ok(&format!("help {command}")).await;
        assert_eq!(long.out.trim(), asked.out.trim(), "{command}");
    }
}

#[tokio::test]
async fn topics_are_explained_without_a_network() {
    let place = Place::new();
    assert_snapshot!(place.ok("help exit-codes").await.transcript());
    assert_snapshot!(place.ok("help environment").await.transcript());
    assert_snapshot!(place.ok("help formats").await.transcript());
}

#[tokio::test]
async fn error_codes_are_explained_in_any_case() {
    let place = Place::new();
    let page = place.ok("help E0412").await.out;
    assert!(page.contains("E0412") && page.lines().count() > 3, "{page}");
    assert_eq!(place.ok("help e0412").await.out, page);
}

#[tokio::test]
async fn what_cannot_be_explained_is_answered_with_the_nearest() {
    let place = Place::new();
    assert_snapshot!(place.muster("help plam").await.transcript());
    assert_snapshot!(place.muster("help exit-code").await.transcript());
    assert_snapshot!(place.muster("help E9999").await.transcript());
}

#[tokio::test]
async fn the_program_says_its_version_and_target() {
    let place = Place::new();
    assert_eq!(place.ok("version").await.out, "muster 1.2.3  test\n");
    assert_eq!(place.ok("version -o json").await.json()["version"], "1.2.3");
}

#[tokio::test]
async fn shells_and_man_get_what_they_need() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(place.ok(&format!("completion {shell}")).await.out.contains("muster"), "{shell}");
    }
    assert!(place.ok("man").await.out.contains(".TH muster"));
    assert!(place.ok("man audit verify").await.out.contains(".TH muster-audit-verify"));
    assert!(place.ok("man --markdown").await.out.starts_with("# Commands"));
}

#[tokio::test]
async fn the_schema_for_editors_is_json() {
    let schema = Place::new().ok("schema").await.json();
    assert!(schema["$schema"].is_string(), "{schema}");
}
