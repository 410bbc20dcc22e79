//! PATCH as the RFC, Entra and others write it.

use muster_scim::{MakeMissing, Patch, PatchError, Style, diff};
use serde_json::{Value, json};

fn apply(resource: &Value, operations: &Value) -> Result<Value, PatchError> {
    let mut resource = resource.clone();
    let patch = Patch::from_json(&json!({"Operations": operations}))?;
    patch.apply(&mut resource, MakeMissing::Yes)?;
    Ok(resource)
}

#[test]
fn entras_way_of_writing_ends_in_the_same_state() {
    let user = json!({"userName": "ada", "active": true});
    let wanted = json!({
        "userName": "ada", "active": true, "name": {"givenName": "Ada"},
        "emails": [{"type": "work", "value": "a@x"}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "D1"},
    });
    let one_by_one = json!([
        {"op": "Add", "path": "name.givenName", "value": "Ada"},
        {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "a@x"},
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "D1"},
    ]);
    assert_eq!(apply(&user, &one_by_one).unwrap(), wanted);
    let without_paths = json!([{"op": "replace", "value": {
        "name.givenName": "Ada", "emails[type eq \"work\"].value": "a@x",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "D1",
    }}]);
    assert_eq!(apply(&user, &without_paths).unwrap(), wanted);
}

#[test]
fn members_are_removed_by_filter_by_value_and_all_at_once() {
    let group =
        json!({"displayName": "g", "members": [{"value": "1"}, {"value": "2"}, {"value": "3"}]});
    let left = json!({"displayName": "g", "members": [{"value": "2"}]});
    let by_filter = json!([
        {"op": "remove", "path": "members[value eq \"1\"]"},
        {"op": "remove", "path": "members[value eq \"3\" and not (display pr)]"},
    ]);
    assert_eq!(apply(&group, &by_filter).unwrap(), left);
    let by_value =
        json!([{"op": "Remove", "path": "members", "value": [{"value": "1"}, {"value": "3"}]}]);
    assert_eq!(apply(&group, &by_value).unwrap(), left);
    let all = json!({"op": "remove", "path": "members"});
    assert_eq!(apply(&group, &all).unwrap(), json!({"displayName": "g"}));
    let again =
        json!([{"op": "add", "path": "members", "value": [{"value": "1"}, {"value": "4"}]}]);
    assert_eq!(apply(&group, &again).unwrap()["members"].as_array().unwrap().len(), 4);
}

#[test]
fn a_complex_attribute_keeps_what_is_not_named_and_one_value_is_primary() {
    let user = json!({"name": {"givenName": "A", "familyName": "L"}, "emails": [{"value": "a", "primary": true}]});
    let changed = apply(
        &user,
        &json!([
            {"op": "replace", "path": "name", "value": {"givenName": "B"}},
            {"op": "add", "path": "emails", "value": {"value": "b", "primary": true}},
        ]),
    );
    let wanted = json!({
        "name": {"givenName": "B", "familyName": "L"},
        "emails": [{"value": "a", "primary": false}, {"value": "b", "primary": true}],
    });
    assert_eq!(changed.unwrap(), wanted);
}

#[test]
fn a_wrong_patch_is_refused_as_a_whole() {
    let user = json!({"a": 1});
    let kind = |operations: Value| apply(&user, &operations).unwrap_err().scim_type();
    assert_eq!(kind(json!([{"op": "move", "path": "a"}])), "invalidSyntax");
    assert_eq!(kind(json!([{"op": "add", "path": "a"}])), "invalidSyntax");
    assert_eq!(kind(json!([{"op": "add", "value": 1}])), "invalidSyntax");
    assert_eq!(kind(json!([{"op": "remove"}])), "noTarget");
    assert_eq!(kind(json!([{"op": "add", "path": "a[", "value": 1}])), "invalidPath");
    let patch = json!({"Operations": [
        {"op": "replace", "path": "a", "value": 2},
        {"op": "replace", "path": "b[x eq 1]", "value": {"x": 2}},
    ]});
    let mut changed = user.clone();
    let refused = Patch::from_json(&patch).unwrap().apply(&mut changed, MakeMissing::No);
    assert_eq!(refused.unwrap_err().scim_type(), "noTarget");
    assert_eq!(changed, user);
}

#[test]
fn the_difference_is_as_short_as_it_can_be() {
    let before = json!({
        "userName": "ada", "title": "x", "name": {"givenName": "A", "familyName": "L"},
        "emails": [{"type": "work", "value": "a@x"}, {"type": "home", "value": "h"}],
        "members": [{"value": "1"}, {"value": "2"}],
        "urn:x:2.0:User": {"department": "D", "manager": {"value": "1"}},
    });
    let after = json!({
        "userName": "ada", "nickName": "Countess", "name": {"givenName": "A", "familyName": "K"},
        "emails": [{"type": "home", "value": "h"}, {"type": "work", "value": "b@x"}],
        "members": [{"value": "2"}, {"value": "3"}],
        "urn:x:2.0:User": {"department": null, "manager": {"value": "2"}},
    });
    let lines = |style| -> Vec<String> {
        let patch = diff(&before, &after, style);
        let show = |op: &muster_scim::Operation| {
            let value = op.value.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{:?} {} {value}", op.kind, op.path.as_ref().unwrap()).trim_end().to_owned()
        };
        patch.operations.iter().map(show).collect()
    };
    let mut wanted = vec![
        r#"Replace emails[type eq "work"].value "b@x""#,
        r#"Remove members[value eq "1"]"#,
        r#"Add members [{"value":"3"}]"#,
        r#"Replace name.familyName "K""#,
        r#"Add nickName "Countess""#,
        "Remove title",
        "Remove urn:x:2.0:User:department",
        r#"Replace urn:x:2.0:User:manager.value "2""#,
    ];
    assert_eq!(lines(Style::Rfc), wanted);
    wanted[1] = r#"Remove members [{"value":"1"}]"#;
    assert_eq!(lines(Style::Entra), wanted);
    assert_eq!(diff(&before, &before, Style::Rfc).operations, []);
}
