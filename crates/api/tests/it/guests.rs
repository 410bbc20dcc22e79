//! Somebody of a connected organisation asks to come, without a token.

use axum::http::StatusCode;
use muster_app::Scope;
use serde_json::{Value as Json, json};

use crate::support::{Reply, Served};

const MODEL: &str = r#"muster: 1
store: "sqlite::memory:"
url: https://muster.tern.example
mail: { from: "Muster <muster@tern.example>", host: 127.0.0.1 }
types:
  person:
    identity: true
    key: id
    attributes: { id: { type: string, unique: true }, name: { type: string } }
    lifecycle: { active: { when: "true" } }
  visitor:
    identity: true
    key: mail
    display: name
    attributes:
      mail: { type: string, unique: true }
      name: { type: string }
      company: { type: string }
      host: { type: link, to: person }
      until: { type: datetime }
    local: { sponsor: host, until: until }
    lifecycle:
      gone: { when: "until != null && now >= until", fact: terminated }
      blocked: { when: "false", fact: suspended }
      active: { when: "true" }
    sign_in: { mail: mail }
roles:
  host: { for: person, when: "person.id == 'mia'" }
  portal: { for: visitor, description: Orders, request: { approval: [], longest: 20d } }
guests:
  type: visitor
  mail: mail
  name: name
  organisation: company
  organisations:
    nordlys:
      title: Nordlys Shipping
      domains: [nordlys.example]
      except: [labs.nordlys.example]
      sponsors: host
      fallback: mia
      roles: [portal]
"#;

async fn company() -> Served {
    let served = Served::of(MODEL).await;
    served.enter("person", &[("id", "mia"), ("name", "Mia")]).await;
    let known = json!({
        "mail": "kari@nordlys.example", "name": "Kari", "roles": ["portal"], "sponsor": "mia", "reason": "route",
    });
    let made = served.program(Scope::ApiWrite).await.post("/guests", known).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    served
}

fn asking(mail: &str) -> Json {
    json!({ "mail": mail, "name": "Liv Nord", "roles": ["portal"], "reason": "the new route" })
}

async fn ask(served: &Served, mail: &str) -> Reply {
    served.anonymous().post("/guest-applications", asking(mail)).await
}

async fn applications(served: &Served) -> Vec<String> {
    let mut tx = served.opened.store.read().await.unwrap();
    let due = tx.due_guest_applications(served.ctx.now(), 100).await.unwrap();
    due.iter().map(|one| format!("{} {} {}", one.mail, one.name, one.roles)).collect()
}

#[tokio::test]
async fn whoever_has_an_address_of_a_connected_organisation_sees_its_roles_and_asks() {
    let served = company().await;
    let stranger = served.anonymous();
    let offer = stranger.post("/guest-offers", json!({ "mail": "Liv@Nordlys.example" })).await;
    assert_eq!(offer.status, StatusCode::OK, "{offer:?}");
    let roles = json!([{ "role": "portal", "description": "Orders" }]);
    assert_eq!(offer.body, json!({ "organisation": "Nordlys Shipping", "roles": roles }));
    let asked = ask(&served, "Liv@Nordlys.example").await;
    assert_eq!(asked.status, StatusCode::OK, "{asked:?}");
    assert_eq!(applications(&served).await, [r#"liv@nordlys.example Liv Nord ["portal"]"#]);
    // Nobody is entered by asking.
    let guests = served.program(Scope::ApiRead).await.get("/guests?of=all").await;
    assert_eq!(guests.body["items"].as_array().unwrap().len(), 1, "{guests:?}");
}

#[tokio::test]
async fn what_is_answered_does_not_tell_who_is_here_or_what_is_blocked() {
    let served = company().await;
    let (known, unknown) =
        (ask(&served, "kari@nordlys.example").await, ask(&served, "liv@nordlys.example").await);
    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    let blocked = ask(&served, "a@labs.nordlys.example").await;
    let foreign = ask(&served, "a@elsewhere.example").await;
    assert_eq!((blocked.status, blocked.code()), (StatusCode::FORBIDDEN, "denied"));
    assert_eq!(blocked.body, foreign.body);
    assert_eq!(ask(&served, "no address").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut wrong = asking("liv@nordlys.example");
    wrong["roles"] = json!(["host"]);
    let wrong = served.anonymous().post("/guest-applications", wrong).await;
    assert!(wrong.status.is_client_error(), "{wrong:?}");
    // A token adds nothing, and a wrong one takes nothing.
    let program = served.program(Scope::Scim).await;
    let asked = program.post("/guest-applications", asking("ida@nordlys.example")).await;
    assert_eq!((asked.status, &asked.body), (unknown.status, &unknown.body));
}

#[tokio::test]
async fn an_address_gets_little_mail_and_a_network_few_tries() {
    let served = company().await;
    for _ in 0..3 {
        assert_eq!(ask(&served, "liv@nordlys.example").await.status, StatusCode::OK);
    }
    assert_eq!(applications(&served).await.len(), 1);
    let mut tries = 0;
    let late = loop {
        let wanted = json!({ "mail": "a@elsewhere.example" });
        let reply = served.anonymous().post("/guest-offers", wanted).await;
        tries += 1;
        assert!(tries < 1000, "nothing slows a network down");
        if reply.status != StatusCode::FORBIDDEN {
            break reply;
        }
    };
    assert_eq!((late.status, late.code()), (StatusCode::TOO_MANY_REQUESTS, "rate"), "{late:?}");
    assert!(!late.header("retry-after").is_empty());
    assert_eq!(ask(&served, "ida@nordlys.example").await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn where_nobody_asks_there_is_nothing() {
    let served = Served::start().await;
    assert_eq!(ask(&served, "liv@nordlys.example").await.status, StatusCode::NOT_FOUND);
}
