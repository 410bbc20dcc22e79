use muster_connector::{NoSecrets, json::settings_of};
use serde_json::json;

use super::*;

fn read(json: serde_json::Value) -> Result<CommandSettings, Vec<SettingProblem>> {
    let serde_json::Value::Object(map) = json else { panic!("settings are a map") };
    CommandSettings::read(&settings_of(&map))
}

fn problems(json: serde_json::Value) -> String {
    let lines: Vec<String> = read(json)
        .unwrap_err()
        .into_iter()
        .map(|p| format!("{}; {}", p.message, p.help.unwrap_or_default()))
        .collect();
    lines.join("\n")
}

#[test]
fn a_program_is_enough_to_read() {
    let settings = read(json!({"run": ["./feed"]})).unwrap();
    let can = settings.capabilities();
    assert!(can.read && can.text_only && settings.keep);
    assert!(!can.create && !can.update && !can.enable && !can.members && !can.incremental);
    assert_eq!(settings.claimed().collect::<Vec<_>>(), ["read"]);
}

#[test]
fn what_the_script_can_do_is_said_in_the_settings() {
    let can = ["read", "create", "members"];
    let settings = read(json!({"run": "feed", "can": can, "parallel": 3, "names": "dn"})).unwrap();
    let capabilities = settings.capabilities();
    assert!(capabilities.create && capabilities.members && !capabilities.delete);
    assert_eq!((capabilities.parallel, capabilities.names), (3, NameRule::DistinguishedName));
}

#[test]
fn wrong_settings_are_told_with_a_remedy() {
    insta::assert_snapshot!(problems(json!({
        "run": "python3 feed.py",
        "can": ["reed"],
        "process": "always",
        "timeout": "0s",
        "max_line": "1B",
        "env": { "API_TOKEN": "hunter2", "LEVEL": "debug" },
        "shell": true,
    })), @r"
    setting `run` is a list of the program and its arguments; no shell is used; write `run: [python3, scripts/payroll.py]`
    setting `can` names `reed`, which is no ability; did you mean `read`?
    setting `process` must be one of `keep`, `each`, not `always`; 
    setting `timeout` is zero, so that nothing could be answered in time; the default is `60s`
    setting `max_line` must be between 1KiB and 1GiB; the default is `4096KiB`
    setting `env.API_TOKEN` is a secret and must not stand in the project; do not write secrets into the project; use { env: NAME } or { file: PATH }
    unknown setting `shell`; known settings: `batch`, `can`, `env`, `inherit`, `longest`, `max_line`, `names`, `parallel`, `process`, `run`, `stderr`, `timeout`
    ");
}

#[test]
fn a_secret_that_is_not_set_is_named() {
    let settings = read(json!({"run": ["x"], "env": {"TOKEN": {"env": "NOPE"}}})).unwrap();
    let error = settings.launch(Path::new("."), &NoSecrets).unwrap_err();
    assert!(error.to_string().contains("`NOPE` is not set"), "{error}");
}
