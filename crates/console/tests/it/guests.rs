//! Guests: who answers for them invites them, without any right.

use axum::http::StatusCode;

use crate::support::*;

/// Ada is a host; Ben is not.
const MODEL: &str = r#"
muster: 1
url: https://muster.tern.example
mail: { host: 127.0.0.1, from: muster@tern.example }
types:
  person:
    identity: true
    key: id
    display: name
    attributes:
      id: { type: string, unique: true }
      name: { type: string }
      title: { type: string }
      mail: { type: string, unique: true }
    lifecycle: { active: { when: "true" } }
    sign_in: { name: id }
  visitor:
    identity: true
    key: badge
    display: name
    attributes:
      badge: { type: string, unique: true, generate: ["'V' + string(n)"] }
      name: { type: string }
      mail: { type: string, unique: true }
      company: { type: string }
      host: { type: link, to: person }
      until: { type: datetime }
    local: { sponsor: host, until: until }
    lifecycle:
      gone: { when: "until != null && now >= until", fact: terminated }
      blocked: { when: "false", fact: suspended }
      active: { when: "true" }
roles:
  host: { for: person, when: "person.title == 'Head'" }
  portal: { for: visitor, request: { approval: [], longest: 20d } }
guests:
  type: visitor
  mail: mail
  name: name
  organisation: company
  organisations:
    nordlys:
      title: Nordlys Shipping
      domains: [nordlys.example]
      sponsors: host
      fallback: ada
      usual: 200d
      roles: [portal]
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: id }
    reads:
      person:
        match: [{ on: id == record.id }]
        owns: { id: record.id, name: record.name, title: record.title, mail: record.mail }
"#;
const PEOPLE: &str =
    "id,name,title,mail\nada,Ada Hall,Head,ada@tern.example\nben,Ben Moor,Clerk,ben@tern.example\n";

#[tokio::test]
async fn whoever_answers_for_guests_invites_them_and_sees_theirs() {
    let served = Served::of(&[("muster.yaml", MODEL), ("hr.csv", PEOPLE)]).await;
    let (ada, ben) = (served.browser("ada").await, served.browser("ben").await);
    assert!(ada.get("/").await.links().contains(&"/guests".to_owned()));
    let form = [("mail", "kari@nordlys.example"), ("name", "Kari Nord"), ("role", "portal")];
    let form = [&form[..], &[("reason", "the new route")]].concat();
    let refused = ben.post("/guests", &form).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    let invited = ada.post("/guests", &form).await;
    assert_eq!(invited.location, "/guests", "{}", invited.body);
    let list = ada.get("/guests").await;
    for text in ["Kari Nord", "Nordlys Shipping", "invited", "portal"] {
        assert!(list.body.contains(text), "{text}: {}", list.body);
    }
    assert!(!ben.get("/guests").await.body.contains("Kari Nord"));
    let foreign = [("mail", "kari@elsewhere.example"), ("name", "Kari"), ("reason", "x")];
    let foreign = ada.post("/guests", &foreign).await;
    assert!(foreign.body.contains("value=\"kari@elsewhere.example\""), "{}", foreign.body);
}

#[tokio::test]
async fn without_guests_in_the_model_there_is_no_page_for_them() {
    let (before, rest) = MODEL.split_once("guests:\n").unwrap();
    let (_, systems) = rest.split_once("systems:\n").unwrap();
    let model = format!("{before}systems:\n{systems}");
    let served = Served::of(&[("muster.yaml", &model), ("hr.csv", PEOPLE)]).await;
    let ada = served.browser("ada").await;
    assert_eq!(ada.get("/guests").await.status, StatusCode::NOT_FOUND);
    assert!(!ada.get("/").await.body.contains("/guests"));
}
