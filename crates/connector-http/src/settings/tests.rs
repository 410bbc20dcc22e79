use muster_connector::json::settings_of;
use serde_json::{Value as Json, json};

use super::*;

fn read(json: &Json) -> Result<RestSettings, Vec<SettingProblem>> {
    RestSettings::read(&settings_of(json.as_object().unwrap()))
}

#[test]
fn what_is_described_is_what_can_be_done() {
    let user = json!({
        "id": "id", "name": "login", "enabled": {"path": "active"},
        "list": {"path": "/users"}, "create": {"path": "/users"}, "update": {"path": "/users/{id}"},
    });
    let settings = read(&json!({"url": "https://api.example", "classes": {"user": user}})).unwrap();
    let can = settings.capabilities();
    assert!(can.read && can.create && can.update && can.enable && can.text_only);
    assert!(!can.rename && !can.delete && !can.members && !can.incremental);
    assert_eq!(can.parallel, 8);
}

#[test]
fn wrong_settings_are_told_with_a_remedy() {
    let user = json!({
        "list": {"path": "/users/{id}", "paging": {"kind": "pages"}, "since": {"parameter": "s"}},
        "create": {"path": "/users", "body": "{\"login\": \"{nam}\"}", "metod": "POST"},
        "delete": {"method": "REMOVE", "path": "/users/{id"},
        "update": {"path": "/users/{id}", "body": "login={name}"},
    });
    let group = json!({"name": "cn", "members": {}});
    let settings = json!({"url": "https://api.example", "classes": {"user": user, "group": group}, "errors": {"exists": ["conflict"]}});
    let problems = read(&settings).unwrap_err();
    let mut lines: Vec<String> = problems
        .into_iter()
        .map(|p| format!("{}; {}", p.message, p.help.unwrap_or_default()))
        .collect();
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    `conflict` does not begin with an HTTP status; write for example `409` or `"422 already taken"`
    `members` needs `add` and `remove`, or the class an `update`; 
    a class needs `list`, `get` or `find`, or its objects cannot be read; write `list: { path: /users }`
    a class needs `list`, `get` or `find`, or its objects cannot be read; write `list: { path: /users }`
    a list of changes needs either `since.cursor` or `since.field`; `cursor` names the place in the answer, `field` an attribute of the objects
    setting `body` `{nam}` is unknown here; there are `{name}`, `{enabled}`, `{values}`; did you mean `{name}`?; 
    setting `body` is not JSON: expected value at line 1 column 1; write it as a text, such as '{"login": "{name}"}'; 
    setting `classes.user.delete.method` must be one of `GET`, `POST`, `PUT`, `PATCH`, `DELETE`, not `REMOVE`; 
    setting `classes.user.list.paging.kind` must be one of `none`, `page`, `offset`, `cursor`, `link`, `next`, `odata`, not `pages`; did you mean `page`?
    setting `path`: `{id` is never closed; 
    setting `path`: `{id}` is unknown here, where no placeholder can stand; 
    the setting `classes.user.name` is missing; 
    unknown setting `classes.user.create.metod`; did you mean `method`?
    "#);
}
