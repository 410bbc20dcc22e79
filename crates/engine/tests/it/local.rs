//! What is entered by hand: alone, beside sources, in batches, and what it costs.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_app::{
    Error, Kind, Opened, Origin, PeopleQuery, Person, When, explain_attribute, list_ownerless,
    list_people,
};
use muster_engine::{
    LocalChange, LocalDone, LocalVerb, change_local, confirm_local, merge_people, split_people,
};
use muster_model::{EntityId, Text, Value};

use crate::support::{Rig, report};

const MODEL: &str = r#"
muster: 1
types:
  department: { key: code, attributes: { code: { type: string, unique: true } } }
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true, required: true }
      givenName: { type: string, required: true }
      familyName: { type: string, required: true }
      userName: { type: string, unique: true, generate: ["lower(givenName)", "lower(givenName) + string(n + 1)"] }
      mail: { type: string, unique: true }
      phone: { type: string }
      nicknames: { type: string, many: true }
      department: { type: link, to: department, inverse: members }
    lifecycle: { leaver: { when: "false" }, active: { when: "true" } }
  visitor:
    identity: true
    key: badge
    attributes:
      badge: { type: string, unique: true, generate: ["'V-1' + string(n)"] }
      name: { type: string, required: true }
      host: { type: link, to: person }
      until: { type: date }
    local: { sponsor: host, until: until }
    lifecycle: { leaver: { when: "until != null && now >= end_of(until)" }, active: { when: "true" } }
systems:
  hr:
    connector: memory
    settings: { name: hr }
    reads:
      person:
        owns: { id: record.id, givenName: record.given, familyName: record.family, phone: record.phone }
        absent: { state: leaver }
        guards: { update: none, absent: none, attribute: none }
  directory:
    connector: memory
    settings: { name: directory }
    accounts:
      user: { for: person, object: user, name: person.userName, set: { mail: person.mail } }
      guest: { for: visitor, object: guest, name: visitor.badge, set: { cn: visitor.name } }
roles:
  employee: { for: person, when: "person.lifecycle == 'active'", grants: [directory.user] }
  guest: { for: visitor, when: "visitor.lifecycle == 'active'", grants: [directory.guest] }
"#;

fn rig() -> Rig {
    Rig::new(&[("muster.yaml", MODEL)])
}

fn hr(rig: &Rig, id: &str, given: &str, phone: Option<&str>) {
    let values = [
        ("id", Value::text(id)),
        ("given", Value::text(given)),
        ("family", Value::text("Silva")),
        ("phone", phone.map_or(Value::Null, Value::text)),
    ];
    rig.connectors.memory("hr").put("", id, &values, None);
}

/// A change with values as text; empty text clears.
fn change(
    rig: &Rig,
    verb: LocalVerb,
    type_name: &str,
    entity: Option<EntityId>,
    set: &[(&str, &str)],
) -> LocalChange {
    let value = |text: &str| (!text.is_empty()).then(|| Value::text(text));
    LocalChange {
        verb,
        type_name: type_name.into(),
        entity,
        set: set.iter().map(|(name, text)| (Text::from(*name), value(text))).collect(),
        if_version: None,
        by: rig.ctx(),
    }
}

fn create(rig: &Rig, type_name: &str, set: &[(&str, &str)]) -> LocalChange {
    change(rig, LocalVerb::Create, type_name, None, set)
}

fn ana(rig: &Rig, id: &str) -> LocalChange {
    create(rig, "person", &[("id", id), ("givenName", "Ana"), ("familyName", "Silva")])
}

async fn enter(
    rig: &Rig,
    opened: &Opened,
    changes: &[LocalChange],
) -> Vec<Result<LocalDone, Error>> {
    let done = change_local(&rig.ctx(), opened, changes).await;
    done.unwrap_or_else(|error| panic!("{}", report(&error)))
}

/// Enters one change, which is accepted.
async fn done(rig: &Rig, opened: &Opened, change: LocalChange) -> LocalDone {
    let outcome = enter(rig, opened, &[change]).await.remove(0);
    outcome.unwrap_or_else(|error| panic!("{}", report(&error)))
}

/// Enters one change, which is refused: the kind, the attribute, the words.
async fn refused(
    rig: &Rig,
    opened: &Opened,
    change: LocalChange,
) -> (Kind, Option<String>, String) {
    let error = enter(rig, opened, &[change]).await.remove(0).unwrap_err();
    (error.kind(), error.attribute().map(ToOwned::to_owned), error.to_string())
}

async fn person(rig: &Rig, opened: &Opened, key: &str) -> Person {
    for type_name in ["person", "visitor"] {
        let query = PeopleQuery {
            type_name: Some(type_name.to_owned()),
            limit: 100,
            ..PeopleQuery::default()
        };
        let page = list_people(&rig.ctx(), opened, &query).await.unwrap();
        if let Some(found) = page.items.into_iter().find(|person| &*person.key == key) {
            return found;
        }
    }
    panic!("nobody has the key {key}")
}

async fn value(rig: &Rig, opened: &Opened, key: &str, attribute: &str) -> String {
    let person = person(rig, opened, key).await;
    let found = person.values.iter().find(|(name, _)| &**name == attribute);
    found.map_or_else(|| "-".to_owned(), |(_, value)| value.to_string())
}

#[tokio::test]
async fn three_people_of_one_name_get_three_logins_in_one_batch() {
    let rig = rig();
    let opened = rig.open().await;
    let done = enter(&rig, &opened, &[ana(&rig, "1"), ana(&rig, "2"), ana(&rig, "3")]).await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    let mut names = BTreeSet::new();
    for key in ["1", "2", "3"] {
        names.insert(value(&rig, &opened, key, "userName").await);
    }
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["ana", "ana2", "ana3"]);
    rig.verify_journal().await;
}

#[tokio::test]
async fn the_lowest_free_login_is_given_however_many_are_taken_and_asked_for_at_once() {
    let rig = rig();
    let opened = rig.open().await;
    let seventh = [("id", "0"), ("givenName", "Ana7"), ("familyName", "Silva")];
    done(&rig, &opened, create(&rig, "person", &seventh)).await;
    for id in 1..=20 {
        done(&rig, &opened, ana(&rig, &format!("{id}"))).await;
    }
    let batch: Vec<LocalChange> = (21..=60).map(|id| ana(&rig, &format!("{id}"))).collect();
    let entered = enter(&rig, &opened, &batch).await;
    assert!(entered.iter().all(Result::is_ok), "{entered:?}");
    // As one candidate after the other would have been tried: `ana7` is somebody else's.
    let numbers = std::iter::once(String::new()).chain((2..).map(|n: u32| n.to_string()));
    let wanted = numbers.filter(|number| number != "7").map(|number| format!("ana{number}"));
    for (id, login) in (1..=60).zip(wanted) {
        assert_eq!(value(&rig, &opened, &id.to_string(), "userName").await, login);
    }
}

#[tokio::test]
async fn a_change_that_fails_takes_no_other_with_it() {
    let rig = rig();
    let opened = rig.open().await;
    let one = done(&rig, &opened, ana(&rig, "1")).await;
    let mail = |id: &str| {
        let mut change = ana(&rig, id);
        change.set.push(("mail".into(), Some(Value::text("ana@tern.example"))));
        change
    };
    let changes = [
        mail("2"),
        mail("3"),
        ana(&rig, "1"),
        create(&rig, "person", &[("id", "4"), ("givenName", "Ana")]),
        create(&rig, "person", &[("id", "5"), ("givenname", "Ana")]),
        create(&rig, "person", &[("id", "5"), ("nicknames", "a"), ("display", "Ana")]),
        create(&rig, "persn", &[]),
        change(&rig, LocalVerb::Change, "person", Some(EntityId(99)), &[]),
        LocalChange {
            if_version: Some(7),
            ..change(&rig, LocalVerb::Change, "person", Some(one.entity), &[("mail", "x")])
        },
        ana(&rig, "6"),
    ];
    let outcomes = enter(&rig, &opened, &changes).await;
    let shown: Vec<String> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Ok(done) => format!("{} {}", done.key, done.version),
            Err(e) => format!("{:?} {} {e}", e.kind(), e.attribute().unwrap_or("-")),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "2 1",
            "Conflict mail `ana@tern.example` belongs to another entity and must be unique",
            "Conflict id `1` is there already",
            "Invalid familyName `familyName` is required and has no value",
            "Invalid - `person` has no attribute `givenname`; did you mean `givenName`?",
            "Invalid display `display` cannot be entered: it is computed",
            "NotFound - there is no entity type `persn`",
            "NotFound - there is no such `person`",
            "Conflict - `1` was changed by somebody else in between",
            "6 1",
        ]
    );
    assert_eq!(value(&rig, &opened, "1", "mail").await, "-");
}

#[tokio::test]
async fn what_is_not_named_stays_and_what_is_null_is_cleared() {
    let rig = rig();
    let opened = rig.open().await;
    let mut first = ana(&rig, "1");
    first.set.push(("phone".into(), Some(Value::text("11"))));
    first
        .set
        .push(("nicknames".into(), Some(Value::set(vec![Value::text("Nita"), Value::text("An")]))));
    let made = done(&rig, &opened, first).await;
    let edit =
        |set: &[(&str, &str)]| change(&rig, LocalVerb::Change, "person", Some(made.entity), set);
    let changed = done(&rig, &opened, edit(&[("mail", "ana@tern.example")])).await;
    assert_eq!(changed.version, 2);
    assert_eq!(value(&rig, &opened, "1", "phone").await, "11");
    // The same again is no change.
    let again = done(&rig, &opened, edit(&[("mail", "ana@tern.example")])).await;
    assert_eq!(again.version, 2);
    done(&rig, &opened, edit(&[("phone", ""), ("nicknames", "")])).await;
    assert_eq!(value(&rig, &opened, "1", "phone").await, "-");
    assert_eq!(value(&rig, &opened, "1", "nicknames").await, "-");
    assert_eq!(value(&rig, &opened, "1", "mail").await, "ana@tern.example");
    // The key may change: the record stays the same.
    done(&rig, &opened, edit(&[("id", "7")])).await;
    assert_eq!(value(&rig, &opened, "7", "userName").await, "ana");
}

#[tokio::test]
async fn a_link_waits_until_its_other_end_is_entered() {
    let rig = rig();
    let opened = rig.open().await;
    let mut early = ana(&rig, "1");
    early.set.push(("department".into(), Some(Value::text("D1"))));
    let made = done(&rig, &opened, early).await;
    assert_eq!(made.waiting, [("department".into(), "D1".into())]);
    let department = done(&rig, &opened, create(&rig, "department", &[("code", "D1")])).await;
    let leads_to = format!("#{}", department.entity);
    assert_eq!(value(&rig, &opened, "1", "department").await, leads_to);
    // It survives that the department gets another code, and a change of something else after.
    let code = [("code", "D2")];
    let rename = change(&rig, LocalVerb::Change, "department", Some(department.entity), &code);
    let phone =
        change(&rig, LocalVerb::Change, "person", Some(made.entity), &[("department", "D2")]);
    assert!(enter(&rig, &opened, &[rename]).await.iter().all(Result::is_ok));
    done(&rig, &opened, phone).await;
    let code = [("code", "D3")];
    let rename = change(&rig, LocalVerb::Change, "department", Some(department.entity), &code);
    let phone = change(&rig, LocalVerb::Change, "person", Some(made.entity), &[("phone", "12")]);
    assert!(enter(&rig, &opened, &[rename, phone]).await.iter().all(Result::is_ok));
    assert_eq!(value(&rig, &opened, "1", "department").await, leads_to);
}

#[tokio::test]
async fn what_a_source_owns_is_changed_there_and_the_refusal_names_it() {
    let rig = rig();
    hr(&rig, "1", "Ana", None);
    rig.sync_all().await;
    let opened = rig.open().await;
    let id = person(&rig, &opened, "1").await.id;
    let edit = |set: &[(&str, &str)]| change(&rig, LocalVerb::Change, "person", Some(id), set);
    let (kind, attribute, text) = refused(&rig, &opened, edit(&[("phone", "11")])).await;
    assert_eq!(
        (kind, attribute.as_deref(), text.as_str()),
        (Kind::Denied, Some("phone"), "`phone` comes from `hr`; change it there")
    );
    // What no source owns is free, and what says the same is no change.
    done(&rig, &opened, edit(&[("mail", "ana@tern.example"), ("givenName", "Ana")])).await;
    hr(&rig, "1", "Anna", Some("12"));
    rig.sync_all().await;
    assert_eq!(value(&rig, &opened, "1", "givenName").await, "Anna");
    assert_eq!(value(&rig, &opened, "1", "mail").await, "ana@tern.example");
    // Whom the source let go is not kept here by what was entered beside it.
    let (kind, _, text) =
        refused(&rig, &opened, change(&rig, LocalVerb::Remove, "person", Some(id), &[])).await;
    assert_eq!((kind, text.as_str()), (Kind::Denied, "`1` comes from `hr`; remove it there"));
    rig.connectors.memory("hr").remove("", "1");
    hr(&rig, "2", "Bea", None);
    rig.sync_all().await;
    let later: Timestamp = "2026-03-03T12:00:00Z".parse().unwrap();
    rig.at(&later.to_string());
    assert_eq!(person(&rig, &opened, "1").await.lifecycle.as_deref(), Some("leaver"));
    let (kind, _, text) = refused(&rig, &opened, ana(&rig, "1")).await;
    assert_eq!((kind, text.as_str()), (Kind::Conflict, "`1` belongs to somebody whom `hr` let go"));
}

#[tokio::test]
async fn a_source_that_comes_later_finds_the_same_person_and_takes_over() {
    let rig = rig();
    let opened = rig.open().await;
    let mut first = ana(&rig, "1");
    first.set.push(("phone".into(), Some(Value::text("11"))));
    let made = done(&rig, &opened, first).await;
    hr(&rig, "1", "Anna", None);
    rig.sync_all().await;
    let found = person(&rig, &opened, "1").await;
    assert_eq!(found.id, made.entity);
    assert_eq!(value(&rig, &opened, "1", "givenName").await, "Anna");
    // The source says that there is no phone: what was entered does not stand against it.
    assert_eq!(value(&rig, &opened, "1", "phone").await, "-");
    assert_eq!(value(&rig, &opened, "1", "userName").await, "ana");
}

#[tokio::test]
async fn what_is_removed_is_absent_and_may_be_entered_again() {
    let rig = rig();
    let opened = rig.open().await;
    let made = done(&rig, &opened, ana(&rig, "1")).await;
    let remove = || change(&rig, LocalVerb::Remove, "person", Some(made.entity), &[]);
    let gone = done(&rig, &opened, remove()).await;
    assert_eq!(gone.version, 2);
    rig.at("2026-03-03T12:00:00Z");
    assert_eq!(person(&rig, &opened, "1").await.lifecycle.as_deref(), Some("leaver"));
    let (kind, ..) = refused(&rig, &opened, remove()).await;
    assert_eq!(kind, Kind::NotFound);
    let back = done(&rig, &opened, ana(&rig, "1")).await;
    assert_eq!((back.entity, back.version), (made.entity, 3));
    assert_eq!(person(&rig, &opened, "1").await.lifecycle.as_deref(), Some("active"));
    assert_eq!(value(&rig, &opened, "1", "userName").await, "ana");
    rig.verify_journal().await;
}

#[tokio::test]
async fn a_visitor_needs_a_sponsor_and_an_end() {
    let rig = rig();
    let opened = rig.open().await;
    let visitor = |set: &[(&str, &str)]| {
        let all: Vec<(&str, &str)> = [("name", "Eve")].iter().chain(set).copied().collect();
        create(&rig, "visitor", &all)
    };
    let said = |(kind, attribute, text): (Kind, Option<String>, String)| {
        format!("{kind:?} {} {text}", attribute.unwrap_or_default())
    };
    done(&rig, &opened, ana(&rig, "1")).await;
    assert_eq!(
        said(refused(&rig, &opened, visitor(&[("until", "2026-03-10")])).await),
        "Invalid host `host` is missing: who answers for it"
    );
    assert_eq!(
        said(refused(&rig, &opened, visitor(&[("host", "9"), ("until", "2026-03-10")])).await),
        "Invalid host nobody has the key `9`"
    );
    assert_eq!(
        said(refused(&rig, &opened, visitor(&[("host", "1")])).await),
        "Invalid until `until` is missing: when it ends"
    );
    let made = done(&rig, &opened, visitor(&[("host", "1"), ("until", "2026-03-10")])).await;
    assert_eq!(&*made.key, "V-11");
    let to = |verb, until| change(&rig, verb, "visitor", Some(made.entity), &[("until", until)]);
    assert_eq!(
        said(refused(&rig, &opened, to(LocalVerb::Change, "2026-04-01")).await),
        "Denied until its end moves only when the sponsor confirms it"
    );
    assert_eq!(
        said(refused(&rig, &opened, to(LocalVerb::Change, "")).await),
        "Invalid until `until` is missing: when it ends"
    );
    done(&rig, &opened, to(LocalVerb::Change, "2026-03-08")).await;
    done(&rig, &opened, to(LocalVerb::Confirm, "2026-04-01")).await;
    assert_eq!(value(&rig, &opened, "V-11", "until").await, "2026-04-01");
}

/// The guests in the target, whether they can be used.
fn guests(rig: &Rig) -> Vec<String> {
    let dump = rig.connectors.memory("directory").dump();
    dump.lines().filter(|line| line.starts_with("guest")).map(ToOwned::to_owned).collect()
}

#[tokio::test]
async fn a_visitor_whom_nobody_confirms_ends_on_the_day_and_one_who_is_confirmed_stays() {
    let rig = rig();
    let opened = rig.open().await;
    done(&rig, &opened, ana(&rig, "1")).await;
    for name in ["Eve", "Joe"] {
        let set = [("name", name), ("host", "1"), ("until", "2026-03-10")];
        done(&rig, &opened, create(&rig, "visitor", &set)).await;
    }
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    assert_eq!(guests(&rig), ["guest V-11 on cn=Eve", "guest V-12 on cn=Joe"]);
    confirm_local(&rig.ctx(), &opened, "V-12", "2026-06-30").await.unwrap();
    rig.at("2026-03-10T23:00:00Z");
    assert_eq!(rig.plan().await.plan.to_do().count(), 0);
    rig.at("2026-03-11T00:00:01Z");
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    assert_eq!(guests(&rig), ["guest V-11 off cn=Eve", "guest V-12 on cn=Joe"]);
    // The sponsor leaves: whom they answered for is listed, and nobody new gets them as a sponsor.
    let gone = person(&rig, &opened, "1").await.id;
    done(&rig, &opened, change(&rig, LocalVerb::Remove, "person", Some(gone), &[])).await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    let left = list_ownerless(&rig.ctx(), &opened, None, 10).await.unwrap();
    let left: Vec<(&str, &str)> =
        left.items.iter().map(|one| (&*one.subject, one.why.as_str())).collect();
    assert_eq!(left, [("V-11", "the owner is `leaver`"), ("V-12", "the owner is `leaver`")]);
    let set = [("name", "Kim"), ("host", "1"), ("until", "2026-06-30")];
    let (kind, attribute, text) = refused(&rig, &opened, create(&rig, "visitor", &set)).await;
    assert_eq!(
        (kind, attribute.as_deref(), text.as_str()),
        (Kind::Invalid, Some("host"), "the sponsor has left and answers for nobody")
    );
}

#[tokio::test]
async fn two_people_entered_by_hand_become_one_and_two_again() {
    let rig = rig();
    let opened = rig.open().await;
    let mut second = ana(&rig, "2");
    second.set.push(("phone".into(), Some(Value::text("22"))));
    assert!(enter(&rig, &opened, &[ana(&rig, "1"), second]).await.iter().all(Result::is_ok));
    merge_people(&rig.ctx(), &opened, "2", "1", "the same").await.unwrap();
    assert_eq!(value(&rig, &opened, "1", "phone").await, "22");
    assert_eq!(value(&rig, &opened, "1", "id").await, "1");
    split_people(&rig.ctx(), &opened, "2", "not the same").await.unwrap();
    assert_eq!(value(&rig, &opened, "1", "phone").await, "-");
    assert_eq!(value(&rig, &opened, "2", "phone").await, "22");
    let told = explain_attribute(&rig.ctx(), &opened, "2", "phone", When::default()).await.unwrap();
    assert!(matches!(told.origin, Origin::Entered), "{:?}", told.origin);
}

#[tokio::test]
async fn who_was_merged_is_in_the_list_of_the_day_before() {
    let rig = rig();
    let opened = rig.open().await;
    assert!(
        enter(&rig, &opened, &[ana(&rig, "1"), ana(&rig, "2")]).await.iter().all(Result::is_ok)
    );
    let before: Timestamp = "2026-03-02T13:00:00Z".parse().unwrap();
    rig.at("2026-03-03T12:00:00Z");
    merge_people(&rig.ctx(), &opened, "2", "1", "the same").await.unwrap();
    let keys = async |as_of, limit, after| {
        let query = PeopleQuery { as_of, limit, after, ..PeopleQuery::default() };
        let page = list_people(&rig.ctx(), &opened, &query).await.unwrap();
        page.items.iter().map(|person| person.key.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(keys(None, 9, None).await, "1");
    assert_eq!(keys(Some(before), 9, None).await, "1 2");
    let first = person(&rig, &opened, "1").await.id.0;
    assert_eq!(keys(Some(before), 1, Some(first)).await, "2");
    assert_eq!(keys(Some(rig.ctx().now()), 9, None).await, "1");
}

/// What a change costs must not grow with the repository: every statement goes in by an index (the query plans of all
/// statements are tested in the store), none pages through a table, and their number does not grow either.
#[tokio::test]
async fn a_change_pages_through_nothing() {
    let rig = rig();
    let opened = rig.open().await;
    let many: Vec<LocalChange> = (0..300).map(|n| ana(&rig, &format!("p{n}"))).collect();
    let before: BTreeSet<&str> = opened.store.statements().into_iter().collect();
    let made = enter(&rig, &opened, &many).await;
    let ids: Vec<EntityId> = made.iter().map(|done| done.as_ref().unwrap().entity).collect();
    let changes: Vec<LocalChange> = ids
        .iter()
        .map(|id| change(&rig, LocalVerb::Change, "person", Some(*id), &[("phone", "1")]))
        .collect();
    assert!(enter(&rig, &opened, &changes).await.iter().all(Result::is_ok));
    let removals: Vec<LocalChange> =
        ids.iter().map(|id| change(&rig, LocalVerb::Remove, "person", Some(*id), &[])).collect();
    assert!(enter(&rig, &opened, &removals).await.iter().all(Result::is_ok));
    let after: BTreeSet<&str> = opened.store.statements().into_iter().collect();
    let ran: Vec<&&str> = after.difference(&before).collect();
    assert!(ran.len() > 10, "{ran:?}");
    for sql in ran {
        assert!(!sql.contains(" > $"), "this pages through a table: {sql}");
        let reads = sql.starts_with("SELECT") || sql.starts_with("WITH");
        assert!(!reads || sql.contains("= $") || sql.contains("LIMIT 1"), "this has no key: {sql}");
    }
}
