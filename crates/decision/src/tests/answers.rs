//! Which rule decides.

use insta::assert_snapshot;

use super::support::{asking, decided, holder, rules};

#[test]
fn what_no_rule_allows_is_denied() {
    let rules =
        rules("access: { edit: { app: cms, resource: document, actions: edit, role: editor } }");
    assert_eq!(decided(&rules, "ada roles=editor", "edit document"), "allow by edit");
    assert_eq!(decided(&rules, "ada roles=chief", "edit document"), "allow by edit");
    assert_eq!(decided(&rules, "ada", "edit document"), "deny: NoRule");
    assert_eq!(decided(&rules, "ada roles=editor", "read document"), "deny: NoRule");
    assert_eq!(decided(&rules, "ada roles=editor", "read cms.site"), "deny: NoRule");
    assert_eq!(decided(&rules, "", "edit document"), "deny: UnknownSubject");
}

#[test]
fn names_that_are_not_declared_are_denied() {
    let rules = rules("access: { all: { allow: \"true\", unknown: true } }");
    assert_eq!(decided(&rules, "ada", "read document"), "allow by all");
    assert_eq!(decided(&rules, "", "read desk.ticket"), "allow by all");
    assert_eq!(decided(&rules, "ada", "delete document"), "deny: UnknownAction");
    assert_eq!(decided(&rules, "ada", "publish document"), "deny: UnknownAction");
    assert_eq!(decided(&rules, "ada", "read wiki"), "deny: UnknownResource");
    assert_eq!(decided(&rules, "ada", "read desk.document"), "deny: UnknownResource");
    assert_eq!(decided(&rules, "ada", "READ document"), "deny: UnknownAction");
}

#[test]
fn a_rule_that_denies_comes_before_all_that_allow() {
    let rules = rules(
        "access:
  a-all: { allow: \"true\" }
  b-deep: { app: cms, resource: document, role: editor, deny: \"resource.level > 5\" }
  c-home: { app: cms, deny: \"!in_network(environment.ip, '10.0.0.0/8')\" }",
    );
    let ask = |who, text| decided(&rules, who, text);
    assert_eq!(ask("ada roles=editor", "read document | level=3 | ip=10.1.2.3"), "allow by a-all");
    assert_eq!(ask("ada roles=editor", "read document | level=7 | ip=10.1.2.3"), "deny by b-deep");
    assert_eq!(ask("ada", "read document | level=7 | ip=10.1.2.3"), "allow by a-all");
    assert_eq!(ask("ada", "read document | level=7 | ip=11.1.2.3"), "deny by c-home");
    assert_eq!(ask("ada", "read desk.ticket"), "allow by a-all");
}

#[test]
fn entitlements_and_entities_count() {
    let rules = rules(
        "access:
  chiefs: { app: cms, entitlement: [{ dir.group: [chiefs, bosses] }] }
  own: { app: desk, resource: profile, allow: \"resource == person\" }
  team: { app: desk, resource: profile, actions: read, allow: \"resource.team == person.team\" }",
    );
    assert_eq!(decided(&rules, "ada roles=chief", "read site"), "allow by chiefs");
    assert_eq!(decided(&rules, "ada roles=editor", "read site"), "deny: NoRule");
    assert_eq!(decided(&rules, "ada", "edit profile ada"), "allow by own");
    assert_eq!(decided(&rules, "ada team=x", "edit profile bob"), "deny: NoRule");
    // An entity has its own attributes; what the question says of it does not count.
    assert_eq!(decided(&rules, "ada team=x", "read profile bob | team=x"), "deny: NoRule");
}

#[test]
fn who_has_left_is_denied_whatever_they_were_given() {
    let rules = rules(
        "access:
  edit: { app: cms, role: editor }
  farewell: { app: desk, resource: ticket, states: [active, leaver], allow: \"true\" }",
    );
    assert_eq!(
        decided(&rules, "ada left=true roles=editor", "edit document"),
        "deny: State { type_id: TypeId(0), state: 0 }"
    );
    assert_eq!(decided(&rules, "ada left=true", "read ticket"), "allow by farewell");
}

#[test]
fn names_are_compared_exactly() {
    let rules = rules(
        "access: { edit: { app: cms, role: editor, allow: \"resource.owner == subject.id\" } }",
    );
    let ask = |text: &str| decided(&rules, "ada roles=editor", text);
    assert_eq!(ask("edit document | owner=ada"), "allow by edit");
    // The key counts, not the name that the question used.
    assert_eq!(decided(&rules, "bob roles=editor", "edit document | owner=ada"), "deny: NoRule");
    assert_eq!(ask("edit document | owner=ADA"), "deny: NoRule");
    assert_eq!(ask("edit document | owner=аda"), "deny: NoRule");
}

#[test]
fn a_denial_says_what_would_have_been_needed() {
    let rules = rules(
        "access:
  clear: { app: cms, resource: document, allow: \"resource.level <= subject.clearance && resource.owner == 'eve'\" }
  edit: { app: cms, resource: document, actions: edit, role: editor, allow: \"resource.level < 3\" }
  site: { app: cms, resource: site, role: editor }",
    );
    let ada = holder(&rules, "ada");
    let needed = asking(Some(&ada), "edit document | level=2 owner=bob", |question| {
        rules.needed(question, 5)
    });
    let lines = needed.iter().map(|needed| {
        let lacks: Vec<String> = needed.lacks.iter().map(ToString::to_string).collect();
        format!("{}: {}", rules.access().rules[needed.rule].name, lacks.join("; "))
    });
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    edit: the role `editor`
    clear: `resource.level <= subject.clearance` (subject.clearance is missing); `resource.owner == 'eve'`
    ");
}

#[test]
fn ids_that_rules_name_are_listed() {
    let rules = rules(
        "access:
  a: { app: cms, resource: document, allow: \"resource.id in ['1', '2'] && resource.level > 3\" }
  b: { app: cms, resource: document, actions: read, allow: \"resource.id == '3'\" }
  c: { app: cms, resource: site, allow: \"resource.owner == subject.id\" }"
            .replace("resource.owner == subject.id", "true")
            .as_str(),
    );
    let place = rules.place("document").unwrap();
    let named = rules.named(place, "read");
    assert_eq!(
        (named.ids.iter().map(|id| &**id).collect::<Vec<_>>(), named.complete),
        (vec!["1", "2", "3"], true)
    );
    assert!(!rules.named(rules.place("site").unwrap(), "read").complete);
}
