//! Desired against observed, one identity at a time.

use insta::assert_snapshot;

use crate::support::plan;

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true }
      name: { type: string }
      level: { type: int }
      phones: { type: string, many: true }
      codes: { type: int, many: true }
      away: { type: bool }
      end: { type: date }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      away: { when: away }
      active: { when: "true" }
systems:
  dir:
    connector: ldap
    settings: { base: "dc=tern,dc=example" }
    accounts:
      user:
        name: dn("uid", person.name, "ou=people")
        set:
          cn: person.name
          level: { value: person.level, type: int }
          phones: { value: person.phones, type: string, many: true }
          codes: { value: person.codes, type: int, many: true }
          number: { value: person.id, type: string, on: create }
        states:
          active: {}
          away: { enabled: false }
          leaver: { enabled: false, entitlements: none, delete_after: 30d }
    entitlements: { group: { object: groupOfNames, members: member } }
  shop:
    connector: plain
    accounts:
      user: { name: person.id, set: { level: { value: person.level, type: int } } }
      admin: { name: "'adm-' + person.id", set: {} }
  list:
    connector: feed
    accounts: { row: { name: person.id, set: {} } }
roles:
  staff: { when: "person.lifecycle == 'active'", grants: [dir.user, { dir.group: all }] }
  shopper: { for: person, grants: [shop.user] }
  admin: { for: person, grants: [shop.admin] }
  listed: { for: person, grants: [list.row] }
  payer: { for: person, grants: [{ dir.group: pay }] }
  approver: { for: person, grants: [{ dir.group: approve }] }
  watcher: { for: person, grants: [{ dir.group: watch }] }
duties: { pay: [{ dir.group: pay }], approve: [{ dir.group: approve }], watch: [{ dir.group: watch }] }
conflicts:
  four-eyes: { between: [pay, approve], on: block }
  nosy: { between: [pay, watch], on: warn }
"#;

const ADA: &str = "person 7 name=ada level=3 phones=[1,2] codes=[10,9]";
const RIGHT: &str = "7 dir.user uid=ada,ou=people,dc=tern,dc=example enabled cn=ada level=3 phones=[1,2] codes=[10,9] number=7 group:all";
const AT: &str = "2026-03-02";

#[test]
fn an_account_that_is_not_there_is_created_with_what_it_should_have() {
    assert_snapshot!(plan(MODEL, ADA, "", AT), @r"
    + 7 dir.user uid=ada,ou=people,dc=tern,dc=example: create account with 5 attributes  (role `staff` muster.yaml:46)
        cn = ada
        codes = 10, 9
        level = 3
        number = 7
        phones = 1, 2
    + 7 dir.user uid=ada,ou=people,dc=tern,dc=example: grant group all  (role `staff` muster.yaml:46)
    ");
}

#[test]
fn nothing_is_done_when_everything_is_right() {
    assert_snapshot!(plan(MODEL, ADA, RIGHT, AT), @"nothing to do");
}

#[test]
fn values_of_a_system_that_holds_texts_are_compared_as_texts_and_in_any_order() {
    let turned = RIGHT.replace("[1,2]", "[2,1]").replace("[10,9]", "[9,10]");
    assert_snapshot!(plan(MODEL, ADA, &turned, AT), @"nothing to do");
    let one = "person 7 name=ada level=3 phones=[1] codes=[10,9]";
    let single = RIGHT.replace("phones=[1,2]", "phones=1");
    assert_snapshot!(plan(MODEL, one, &single, AT), @"nothing to do");
}

#[test]
fn a_value_that_differs_is_changed_and_one_that_should_not_be_there_is_taken() {
    let facts = "person 7 name=ada level=4 phones=[2,3]";
    assert_snapshot!(plan(MODEL, facts, RIGHT, AT), @r#"
    ~ 7 dir.user uid=ada,ou=people,dc=tern,dc=example: codes ["10", "9"] -> (none), level "3" -> "4", phones ["1", "2"] -> ["2", "3"]  (values follow the mapping muster.yaml:30)
    "#);
}

#[test]
fn an_attribute_that_is_set_at_creation_is_left_alone_afterwards() {
    assert_snapshot!(plan(MODEL, ADA, &RIGHT.replace("number=7", "number=999"), AT), @"nothing to do");
}

#[test]
fn a_name_that_only_looks_different_is_no_rename() {
    let other = RIGHT.replace(
        "uid=ada,ou=people,dc=tern,dc=example",
        "\"UID=Ada, OU=People,dc=tern , dc=EXAMPLE\"",
    );
    assert_snapshot!(plan(MODEL, ADA, &other, AT), @"nothing to do");
}

#[test]
fn a_new_name_is_a_rename_and_what_follows_names_the_new_one() {
    let facts = ADA.replace("name=ada", "name=eve");
    assert_snapshot!(plan(MODEL, &facts, RIGHT, AT), @r#"
    ~ 7 dir.user uid=ada,ou=people,dc=tern,dc=example: rename to uid=eve,ou=people,dc=tern,dc=example  (its name follows the rule muster.yaml:25)
    ~ 7 dir.user uid=eve,ou=people,dc=tern,dc=example: cn "ada" -> "eve"  (values follow the mapping muster.yaml:27)
    "#);
}

#[test]
fn entitlements_go_before_the_account_is_disabled() {
    let facts = format!("{ADA} end=2026-02-20");
    let more = format!("{RIGHT} group:sales");
    assert_snapshot!(plan(MODEL, &facts, &more, AT), @r"
    - 7 dir.user uid=ada,ou=people,dc=tern,dc=example: revoke group all  (lifecycle `leaver` muster.yaml:16)
    - 7 dir.user uid=ada,ou=people,dc=tern,dc=example: revoke group sales  (lifecycle `leaver` muster.yaml:16)
    - 7 dir.user uid=ada,ou=people,dc=tern,dc=example: disable account  (lifecycle `leaver` muster.yaml:16)
    ");
}

#[test]
fn a_leaver_who_is_out_already_is_left_alone_whatever_the_values() {
    let facts = format!("{ADA} end=2026-02-20");
    let out = "7 dir.user uid=other,dc=tern,dc=example disabled cn=eve";
    assert_snapshot!(plan(MODEL, &facts, out, AT), @"nothing to do");
}

#[test]
fn when_the_time_is_up_the_account_is_deleted_after_what_it_holds() {
    let facts = format!("{ADA} end=2026-01-20");
    let out = "7 dir.user uid=ada,ou=people,dc=tern,dc=example disabled group:forgotten";
    assert_snapshot!(plan(MODEL, &facts, out, AT), @r"
    - 7 dir.user uid=ada,ou=people,dc=tern,dc=example: revoke group forgotten  (lifecycle `leaver` muster.yaml:16)
    - 7 dir.user uid=ada,ou=people,dc=tern,dc=example: delete account  (lifecycle `leaver` muster.yaml:16)
    ");
}

#[test]
fn whoever_is_away_keeps_what_is_there_but_cannot_use_it() {
    let facts = format!("{ADA} away=true");
    assert_snapshot!(plan(MODEL, &facts, RIGHT, AT), @r"
    - 7 dir.user uid=ada,ou=people,dc=tern,dc=example: disable account  (lifecycle `away` muster.yaml:17)
    ");
}

#[test]
fn whoever_is_back_is_enabled_after_the_values_are_right() {
    let disabled =
        RIGHT.replace(" enabled", " disabled").replace("cn=ada", "cn=a").replace(" group:all", "");
    assert_snapshot!(plan(MODEL, ADA, &disabled, AT), @r#"
    ~ 7 dir.user uid=ada,ou=people,dc=tern,dc=example: cn "a" -> "ada"  (values follow the mapping muster.yaml:27)
    + 7 dir.user uid=ada,ou=people,dc=tern,dc=example: enable account  (lifecycle `active` muster.yaml:18)
    + 7 dir.user uid=ada,ou=people,dc=tern,dc=example: grant group all  (role `staff` muster.yaml:46)
    "#);
}

#[test]
fn what_no_role_grants_is_revoked_disabled_and_deleted_thirty_days_later() {
    let shop = |state: &str| format!("{RIGHT}\n7 shop.user 7 {state}");
    assert_snapshot!(plan(MODEL, ADA, &shop("enabled level=3"), AT), @r"
    - 7 shop.user 7: disable account  (no role grants it muster.yaml:40)
    ");
    assert_snapshot!(plan(MODEL, ADA, &shop("disabled level=3 since=2026-02-10"), AT), @r"
    nothing to do
    next 2026-03-12T00:00:00Z
    ");
    assert_snapshot!(plan(MODEL, ADA, &shop("disabled level=3 since=2026-01-31"), AT), @r"
    - 7 shop.user 7: delete account  (no role grants it muster.yaml:40)
    ");
}

#[test]
fn what_cannot_be_disabled_is_deleted_when_no_role_grants_it() {
    assert_snapshot!(plan(MODEL, ADA, &format!("{RIGHT}\n7 list.row 7 -"), AT), @r"
    - 7 list.row 7: delete account  (no role grants it muster.yaml:44)
    ");
}

#[test]
fn two_kinds_of_account_on_one_system_live_beside_each_other() {
    let facts = format!("{ADA}\nassign 7 shopper\nassign 7 admin");
    let accounts = format!("{RIGHT}\n7 shop.user 7 enabled level=1");
    assert_snapshot!(plan(MODEL, &facts, &accounts, AT), @r"
    + 7 shop.admin adm-7: create account with 0 attributes  (role `admin` muster.yaml:48)
    ~ 7 shop.user 7: level 1 -> 3  (values follow the mapping muster.yaml:40)
    ");
}

#[test]
fn of_two_accounts_of_one_kind_the_older_one_counts_in_whatever_order_they_come() {
    let second = RIGHT.replace("cn=ada", "cn=other");
    let one = plan(MODEL, ADA, &format!("{RIGHT}\n{second}"), AT);
    assert_snapshot!(one, @"nothing to do");
}

#[test]
fn a_grant_that_would_complete_a_conflict_is_held_back_and_one_that_only_warns_is_not() {
    let facts = format!("{ADA}\nassign 7 payer\nassign 7 approver\nassign 7 watcher");
    let has_one = format!("{RIGHT} group:pay");
    assert_snapshot!(plan(MODEL, &facts, &has_one, AT), @r"
    + 7 dir.user uid=ada,ou=people,dc=tern,dc=example: grant group approve  (role `approver` muster.yaml:51) BLOCKED by four-eyes
    + 7 dir.user uid=ada,ou=people,dc=tern,dc=example: grant group watch  (role `watcher` muster.yaml:52)
    ");
}

/// The groups whose grants a plan holds back.
fn held_back(plan: &str) -> Vec<&str> {
    let blocked = plan.lines().filter(|line| line.contains("BLOCKED"));
    blocked.filter_map(|line| line.split(' ').skip_while(|word| *word != "group").nth(1)).collect()
}

#[test]
fn a_grant_is_held_back_for_what_a_nested_group_brings() {
    let facts = "person 7 name=ada\nassign 7 watcher\nassign 7 approver";
    let nested = |groups: &str| plan(MODEL, &format!("{facts}\nnested dir.group {groups}"), "", AT);
    assert_eq!(held_back(&nested("watch pay")), ["approve", "watch"]);
    assert_eq!(held_back(&nested("pay watch")), [] as [&str; 0]);
}

#[test]
fn an_exception_lets_a_grant_through_as_long_as_it_holds() {
    let facts = format!("{ADA}\nassign 7 payer\nassign 7 approver");
    let has_one = format!("{RIGHT} group:pay");
    let until = |day: &str| {
        let facts = format!("{facts}\nexcept 7 four-eyes from=2026-03-01 until={day}");
        plan(MODEL, &facts, &has_one, AT)
    };
    assert_eq!(held_back(&until("2026-03-03")), [] as [&str; 0]);
    assert!(until("2026-03-03").contains("grant group approve"));
    assert_eq!(held_back(&until(AT)), ["approve"]);
}

#[test]
fn a_blocked_grant_stays_blocked_for_an_account_that_is_new() {
    let facts = "person 7 name=ada\nassign 7 payer\nassign 7 approver";
    let text = plan(MODEL, facts, "", AT);
    let blocked: Vec<&str> = text.lines().filter(|line| line.contains("BLOCKED")).collect();
    assert_eq!(blocked.len(), 2, "{text}");
    assert!(text.contains("create account"), "{text}");
}

#[test]
fn without_a_name_nothing_is_created() {
    assert_snapshot!(plan(MODEL, "person 7", "", AT), @"nothing to do");
}

#[test]
fn what_stays_on_an_account_that_is_only_kept_counts_for_a_conflict() {
    let model =
        MODEL.replace("approve: [{ dir.group: approve }]", "approve: [{ shop.right: approve }]");
    let model = model.replace(
        "approver: { for: person, grants: [{ dir.group: approve }] }",
        "approver: { for: person, grants: [{ shop.right: approve }] }",
    );
    let model = model.replace(
        "  list:\n",
        "    entitlements: { right: { attribute: rights, account: user } }\n  list:\n",
    );
    let away = format!("{ADA} away=true\nassign 7 approver");
    assert_snapshot!(plan(&model, &away, &format!("{RIGHT} group:pay"), AT), @r"
    - 7 dir.user uid=ada,ou=people,dc=tern,dc=example: disable account  (lifecycle `away` muster.yaml:17)
    + 7 shop.user 7: create account with 1 attributes  (role `approver` muster.yaml:52)
        level = 3
    + 7 shop.user 7: grant right approve  (role `approver` muster.yaml:52) BLOCKED by four-eyes
    ");
}
