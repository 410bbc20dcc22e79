//! Decisions for applications.

use insta::assert_snapshot;

use crate::support::Place;

const ACCESS: &str = "apps:
  wiki:
    resources: { page: { actions: [read, edit], properties: { level: { type: int } } } }
    environment: { ip: { type: string } }
access:
  read: { app: wiki, actions: read, allow: resource.level < 3 && subject.id != 'x' }
  edit: { app: wiki, actions: edit, role: auditor, reason: Auditors edit }
  office: { app: wiki, deny: \"!in_network(environment.ip, '10.0.0.0/8')\", reason: From the office only }
tests:
  - name: pages are read in the office
    given: { person: { id: \"1\" } }
    expect:
      decisions:
        - { action: read, resource: page, properties: { level: 1 }, environment: { ip: 10.0.0.1 }, decision: allow, rule: read }
        - { action: read, resource: page, properties: { level: 1 }, decision: deny, rule: office }
  - name: everybody edits
    given: { person: { id: \"1\" } }
    expect: { decisions: [{ action: edit, resource: page, environment: { ip: 10.0.0.1 }, decision: allow, rule: edit }] }
";

#[tokio::test]
async fn a_decision_names_its_rule_and_a_denial_what_it_needs() {
    let place = Place::company();
    place.write("policy/access.yaml", ACCESS);
    place.ok("sync").await;
    let office = "--env ip=10.0.0.1";
    let ask = async |line: String| place.ok(&line).await.transcript();
    assert_snapshot!(ask(format!("decide cyd read page:7 --property level=1 {office}")).await, @r"
    allow  cyd read page:7
      the rule `read` allows it  (policy/access.yaml:6)
        holds    resource.level < 3   resource.level = 1
        holds    subject.id != 'x'   subject.id = 3
    --- exit 0 ---
    ");
    assert_snapshot!(ask(format!("decide cyd edit wiki.page:7 {office}")).await, @r"
    deny  cyd edit wiki.page:7
      no rule allows it
      needed for `edit`  the role `auditor`  (policy/access.yaml:7)
    --- exit 0 ---
    ");
    assert_snapshot!(ask("decide cyd read page:7 --app wiki --property level=1".to_owned()).await, @r"
    deny  cyd read wiki.page:7
      the rule `office` denies it, because a value that it needs is missing  (policy/access.yaml:8)
      From the office only
        missing  !in_network(environment.ip, '10.0.0.0/8')   environment.ip = null
    --- exit 0 ---
    ");
    assert_snapshot!(ask(format!("decide nobody read page:7 {office} -o json")).await, @r#"
    {
      "context": {
        "needed": [
          {
            "at": "policy/access.yaml:6",
            "lacks": [
              "a subject that the repository knows",
              "`resource.level < 3` (resource.level is missing)"
            ],
            "rule": "read"
          }
        ],
        "why": "the repository does not know the subject `nobody`"
      },
      "decision": false
    }
    --- exit 0 ---
    "#);
}

#[tokio::test]
async fn policy_tests_expect_decisions() {
    let place = Place::company();
    place.write("policy/access.yaml", ACCESS);
    assert_snapshot!(place.muster("test --coverage").await.transcript(), @r"
    policy/access.yaml  ok   pages are read in the office
    policy/access.yaml  FAIL everybody edits
        expected  edit wiki.page allow by edit
        got       edit wiki.page deny: no rule allows it
        case      {id: 1}   (policy/access.yaml:16)
    tests/people.yaml   ok   sales people see prices
    tests/people.yaml   ok   a leaver keeps nothing
    not exercised  mapping `files.user.full_name`  (systems/files.yaml:16)
    not exercised  rule of access `edit`  (policy/access.yaml:7)
    3 passed, 1 failed, 75 % of 8 rules exercised   0 ms
    --- exit 3 ---
    ");
}
