use serde_json::json;

use super::*;

const KNOWN: [&str; 3] = ["id", "name", "values"];

fn scope() -> Scope {
    let values = json!({"mail": "a@x", "age": 7, "tags": ["a", "b"]});
    Scope::default().with("id", 42).with("name", "a/b?c=\"d\" é").with("values", values)
}

#[test]
fn values_cannot_leave_their_place() {
    let path = Template::parse("/users/{name}/mail", &KNOWN).unwrap();
    assert_eq!(path.path(&scope()).unwrap(), "/users/a%2Fb%3Fc%3D%22d%22%20%C3%A9/mail");
    let body = Document::parse(r#"{"login": "{name}", "say": "I am {name}"}"#, &KNOWN).unwrap();
    let name = "a/b?c=\"d\" é";
    assert_eq!(body.json(&scope()), json!({"login": name, "say": format!("I am {name}")}));
    let again = Scope::default().with("name", "{id}").with("id", "secret");
    assert_eq!(Template::parse("{name}", &KNOWN).unwrap().text(&again), "{id}", "once, not twice");
}

#[test]
fn a_path_never_leads_to_another_resource() {
    let path = Template::parse("/users/{name}", &KNOWN).unwrap();
    for name in ["", ".", ".."] {
        assert_eq!(path.path(&Scope::default().with("name", name)), None);
    }
    assert_eq!(path.path(&Scope::default().with("name", "../x")).unwrap(), "/users/..%2Fx");
}

#[test]
fn a_single_placeholder_keeps_its_type() {
    let text = r#"{"id": "{id}", "tags": "{values.tags}", "none": "{values.none}", "age": "{values.age} years", "n": 1, "all": ["{values.mail}", true]}"#;
    let body = Document::parse(text, &KNOWN).unwrap().json(&scope());
    assert_eq!(
        body,
        json!({"id": 42, "tags": ["a", "b"], "none": null, "age": "7 years", "n": 1, "all": ["a@x", true]})
    );
}

#[test]
fn braces_and_unknown_names_are_told_apart() {
    let text = |text: &str| Template::parse(text, &KNOWN).map(|t| t.text(&scope()));
    assert_eq!(text("{{id}} {id}").unwrap(), "{id} 42");
    assert!(text("{nam}").unwrap_err().contains("did you mean `{name}`?"));
    assert!(text("{name").unwrap_err().contains("never closed"));
    assert!(text("name}").unwrap_err().contains("closes nothing"));
    assert!(text("{name.first}").unwrap_err().contains("unknown"));
    assert!(Document::parse("{", &KNOWN).unwrap_err().contains("is not JSON"));
}
