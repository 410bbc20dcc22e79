//! Applications and rules of access.

use insta::assert_snapshot;

use crate::tests::support::said_of;

const APPS: &str = "apps:
  cms:
    resources:
      page: { actions: [read, edit], properties: { level: { type: int } } }
      site: { actions: [read] }
    environment: { ip: { type: string } }
  hr: { resources: { file: { actions: [read], entity: person }, page: { actions: [read] } } }
";

/// What is said about these lines beside the applications.
fn said(text: &str) -> String {
    said_of(&format!("{APPS}{text}"))
}

#[test]
fn rules_and_expected_decisions_may_name_what_is_declared() {
    assert_snapshot!(said("access:
  read: { app: cms, actions: read, role: staff }
  edit: { app: cms, resource: page, entitlement: [{ dir.group: all }], allow: resource.level > 2 && person.team.title == 'x' }
  own: { app: hr, resource: file, allow: resource == person, states: [active, leaver], reason: Yours }
  net: { app: cms, deny: \"!in_network(environment.ip, '10.0.0.0/8')\" }
  hours: { deny: \"int(format(environment.time, '%H')) < 6\" }
tests:
  - name: staff reads
    given: { person: { id: \"1\" } }
    expect:
      decisions:
        - { action: read, resource: cms.page, properties: { level: 3 }, environment: { ip: 10.0.0.1 }, decision: allow, rule: read }
        - { action: read, resource: site, decision: deny }
"), @"no problems in 2 files");
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one model with every unknown name, and what is said of it"
)]
fn unknown_names_are_reported() {
    assert_snapshot!(said("access:
  a: { app: cmss, role: staff }
  b: { app: cms, resource: pag, role: staff }
  c: { resource: page, role: staff }
  d: { app: cms, resource: site, actions: edit, role: staff }
  e: { app: cms, role: staf, allow: environment.ipp == 'x' }
  f: { app: cms, resource: [page, site], allow: resource.level == 1 }
  g: { app: cms, states: activ, allow: \"true\" }
tests:
  - name: staff reads
    given: { person: { id: \"1\" } }
    expect:
      decisions:
        - { action: read, resource: page, decision: allow }
        - { action: read, resource: cms.page, properties: { levl: 1 }, rule: z, decision: allow }
"), @r#"
    error[E0901]: unknown application `cmss`
     --> part.yaml:9:13
      |
    9 |   a: { app: cmss, role: staff }
      |             ^^^^
      = did you mean `cms`?
    error[E0902]: `cms` has no type of resource `pag`
      --> part.yaml:10:28
       |
    10 |   b: { app: cms, resource: pag, role: staff }
       |                            ^^^
       = did you mean `page`?
    error[E0902]: types of resource belong to an application
      --> part.yaml:11:18
       |
    11 |   c: { resource: page, role: staff }
       |                  ^^^^
       = say which one: `app: NAME`
    error[E0903]: unknown action `edit`
      --> part.yaml:12:43
       |
    12 |   d: { app: cms, resource: site, actions: edit, role: staff }
       |                                           ^^^^
       = known actions: `read`
    error[E0601]: unknown role `staf`
      --> part.yaml:13:24
       |
    13 |   e: { app: cms, role: staf, allow: environment.ipp == 'x' }
       |                        ^^^^
       = did you mean `staff`?
    error[E0412]: there is no column `ipp`
      --> part.yaml:13:49
       |
    13 |   e: { app: cms, role: staf, allow: environment.ipp == 'x' }
       |                                                 ^^^ unknown column
       = did you mean `ip`?
    error[E0906]: `site` has no property `level`
      --> part.yaml:14:49
       |
    14 |   f: { app: cms, resource: [page, site], allow: resource.level == 1 }
       |                                                 ^^^^^^^^^^^^^^^^^^^
       = declare it under `properties`, or take the type of resource out of the rule
    error[E0224]: `person` has no lifecycle state `activ`
      --> part.yaml:15:26
       |
    15 |   g: { app: cms, states: activ, allow: "true" }
       |                          ^^^^^
       = did you mean `active`?
    error[E0902]: several applications have a type of resource `page`
      --> part.yaml:21:37
       |
    21 |         - { action: read, resource: page, decision: allow }
       |                                     ^^^^
       = say which one, for example `cms.page`
    error[E0906]: unknown property `levl`
      --> part.yaml:22:61
       |
    22 |         - { action: read, resource: cms.page, properties: { levl: 1 }, rule: z, decision: allow }
       |                                                             ^^^^
       = did you mean `level`?
    error[E0907]: unknown rule of access `z`
      --> part.yaml:22:78
       |
    22 |         - { action: read, resource: cms.page, properties: { levl: 1 }, rule: z, decision: allow }
       |                                                                              ^
       = known rules of access: `d`, `f`, `g`
    11 errors in 2 files   more: muster help E0901
    "#);
}

#[test]
fn a_rule_says_one_thing() {
    assert_snapshot!(said("access:
  a: { app: cms }
  b: { app: cms, allow: \"true\", deny: \"true\" }
  c: { app: cms, role: staff, allow: \"in_network(environment.ip, 'home')\" }
"), @r#"
    error[E0905]: the rule `a` says neither whom it allows nor whom it denies
     --> part.yaml:9:3
      |
    9 |   a: { app: cms }
      |   ^
      = add `role`, `entitlement`, `allow` or `deny`; `allow: "true"` allows everybody
    error[E0905]: the rule `b` both allows and denies
      --> part.yaml:10:39
       |
    10 |   b: { app: cms, allow: "true", deny: "true" }
       |                                       ^^^^^^^
       = make two rules of it
    error[E0409]: `home` is no network
      --> part.yaml:11:66
       |
    11 |   c: { app: cms, role: staff, allow: "in_network(environment.ip, 'home')" }
       |                                                                  ^^^^^^ always null
       = write it as `10.0.0.0/8` or `2001:db8::/32`
    3 errors in 2 files   more: muster help E0905
    "#);
}

#[test]
fn properties_do_not_get_in_each_others_way() {
    assert_snapshot!(said_of("apps:
  a.b: { resources: { x: { actions: [read] } } }
  c:
    resources:
      x: { actions: [read], properties: { id: { type: int }, level: { type: int } } }
      y: { actions: [read], properties: { level: { type: string } } }
      z: { actions: [read], entity: person, properties: { n: { type: string } } }
    subject: { roles: { type: string } }
"), @r"
    error[E0207]: `a.b` cannot be the name of an application
     --> part.yaml:2:3
      |
    2 |   a.b: { resources: { x: { actions: [read] } } }
      |   ^^^
      = write letters, digits, `-` and `_`; a dot separates system and kind
    error[E0904]: `id` is there already
     --> part.yaml:5:43
      |
    5 |       x: { actions: [read], properties: { id: { type: int }, level: { type: int } } }
      |                                           ^^
      = choose another name
    error[E0904]: `level` has another type at another resource
     --> part.yaml:6:43
      |
    6 |       y: { actions: [read], properties: { level: { type: string } } }
      |                                           ^^^^^
      = choose another name
    error[E0904]: a resource that is an entity has the attributes of the entity
     --> part.yaml:7:45
      |
    7 |       z: { actions: [read], entity: person, properties: { n: { type: string } } }
      |                                             ^^^^^^^^^^
      = leave `properties` out, or `entity`
    error[E0904]: `roles` is there already
     --> part.yaml:8:16
      |
    8 |     subject: { roles: { type: string } }
      |                ^^^^^
      = choose another name
    5 errors in 2 files   more: muster help E0207
    ");
}
