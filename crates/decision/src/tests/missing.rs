//! The table of three values: a rule that needs a missing value never allows, and denies if it is one that denies.

use super::support::{decided, rules};

#[test]
fn a_missing_value_never_allows_and_always_denies() {
    // condition, value of `level`, outcome as a rule that allows, outcome as a rule that denies
    let rows = [
        ("resource.level > 3", "level=5", "allow", "deny"),
        ("resource.level > 3", "level=1", "deny", "allow"),
        ("resource.level > 3", "", "deny", "deny, missing"),
        ("!(resource.level > 3)", "level=1", "allow", "deny"),
        ("!(resource.level > 3)", "", "deny", "deny, missing"),
        ("resource.level != 3", "", "deny", "deny, missing"),
        ("resource.level == null", "", "allow", "deny"),
        ("resource.level == null", "level=1", "deny", "allow"),
        ("default(resource.level, 9) > 3", "", "allow", "deny"),
        ("resource.level > 3 || true", "", "allow", "deny"),
        ("resource.level > 3 && false", "", "deny", "allow"),
        ("person.level > 3", "level=5", "deny", "deny, missing"),
        ("subject.clearance > 3", "level=5", "deny", "deny, missing"),
        ("in_network(environment.ip, '10.0.0.0/8')", "level=5", "deny", "deny, missing"),
        ("'x' in resource.tags", "level=5", "deny", "deny, missing"),
        ("'x' in subject.roles", "level=5", "deny", "allow"),
        ("size(resource.tags) == 0", "level=5", "deny", "deny, missing"),
        ("(resource.level > 3 ? 1 : 2) == 2", "", "deny", "deny, missing"),
    ];
    for (condition, given, allowing, denying) in rows {
        let question = format!("read document | {given}");
        let rule =
            format!("access: {{ it: {{ app: cms, resource: document, allow: \"{condition}\" }} }}");
        let got = decided(&rules(&rule), "ada", &question);
        let expected = if allowing == "allow" { "allow by it" } else { "deny: NoRule" };
        assert_eq!((condition, given, got.as_str()), (condition, given, expected));
        let rule = format!(
            "access: {{ all: {{ allow: \"true\" }}, it: {{ app: cms, resource: document, deny: \"{condition}\" }} }}"
        );
        let got = decided(&rules(&rule), "ada", &question);
        let expected = match denying {
            "allow" => "allow by all".to_owned(),
            denying => denying.replacen("deny", "deny by it", 1),
        };
        assert_eq!((condition, given, got), (condition, given, expected));
    }
}

#[test]
fn a_value_of_another_type_is_denied_whatever_rules_say() {
    let rules = rules("access: { all: { allow: \"true\" } }");
    let ask = |text: &str| decided(&rules, "ada", text);
    assert_eq!(ask("read document | level=3"), "allow by all");
    for wrong in ["level=!", "level=high", "level=1,2", "owner=5"] {
        let (name, _) = wrong.split_once('=').unwrap();
        let expected = format!("deny: Unreadable {{ property: \"resource.{name}\" }}");
        assert_eq!(ask(&format!("read document | {wrong}")), expected);
    }
    assert_eq!(ask("read document | colour=red"), "allow by all");
}

#[test]
fn of_a_stranger_everything_is_missing() {
    let rules = rules(
        "access:
  guests: { app: cms, resource: document, actions: read, unknown: true, allow: \"resource.level == 0\" }
  known: { app: cms, resource: document, actions: edit, allow: \"true\" }
  nobody: { app: cms, resource: site, unknown: true, allow: \"person.level == null\" }
  outside: { app: desk, role: editor, deny: \"true\" }
  z-desk: { app: desk, unknown: true, allow: \"true\" }",
    );
    assert_eq!(decided(&rules, "", "read document | level=0"), "allow by guests");
    assert_eq!(decided(&rules, "", "edit document | level=0"), "deny: UnknownSubject");
    assert_eq!(decided(&rules, "", "read site"), "deny: UnknownSubject");
    assert_eq!(decided(&rules, "ada", "read site"), "allow by nobody");
    assert_eq!(decided(&rules, "", "read ticket"), "deny by outside, missing");
    assert_eq!(decided(&rules, "ada", "read ticket"), "allow by z-desk");
}
