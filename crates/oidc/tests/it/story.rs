//! Somebody joins: from HR's file over the first day to applications that let her in, and to those that do not.

use axum::{
    body::Body,
    http::{HeaderValue, Request, StatusCode, header},
};
use jiff::SignedDuration;
use muster_app::{AccessQuestion, Detail, Until, decide};
use muster_engine::{ApplyOptions, CancelFlag, NoProgress, PlanOptions, apply, make_plan};
use muster_store::SignInFilter;
use serde_json::{Value as Json, json};

use crate::{
    app::App,
    flow::{VERIFIER, challenge},
    support::{Answer, Served, Standing, basic, claims, encoded},
};

const MODEL: &str = r#"muster: 1
store: "sqlite::memory:"
url: https://muster.tern.example
timezone: Europe/Berlin
types:
  person:
    identity: true
    key: id
    display: givenName + ' ' + familyName
    attributes:
      id: { type: string, unique: true }
      login: { type: string, unique: true, generate: ["ascii(lower(givenName + '.' + familyName))"] }
      givenName: { type: string }
      familyName: { type: string }
      title: { type: string }
      start: { type: datetime }
    lifecycle:
      planned: { when: "start != null && now < start" }
      active: { when: "true" }
    sign_in: { name: login }
sign_in: { second_factor: required }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: id }
    reads:
      person:
        owns:
          id: record.id
          givenName: record.given
          familyName: record.family
          title: record.title
          start: datetime(record.start)
  cms:
    connector: csv
    settings: { path: cms.csv, key: login, writable: true, enabled: { column: active, on: 'yes', off: 'no' }, many: "|" }
    accounts: { user: { for: person, name: person.login, set: {}, states: { planned: { prepare: 3d, enabled: false }, active: {} } } }
    entitlements: { role: { attribute: roles } }
  finance:
    connector: csv
    settings: { path: finance.csv, key: login, writable: true, enabled: { column: active, on: 'yes', off: 'no' }, many: "|" }
    accounts: { user: { for: person, name: person.login, set: {} } }
    entitlements: { role: { attribute: roles } }
roles:
  marketing-specialist:
    when: person.title == 'Marketing Specialist'
    grants: [cms.user, { cms.role: editor }]
  accountant:
    when: person.title == 'Accountant'
    grants: [finance.user, { finance.role: clerk }]
applications:
  cms:
    redirect_uris: "https://cms.example/cb"
    scopes: [openid, profile, groups, roles]
    system: cms
    roles: marketing-specialist
  collab: { redirect_uris: "https://collab.example/cb", scopes: [openid, profile], roles: marketing-specialist }
  finance: { redirect_uris: "https://finance.example/cb", scopes: [openid, groups], system: finance, roles: accountant }
apps:
  ledger: { resources: { payment: { actions: [approve] } } }
access:
  payments: { app: ledger, actions: approve, role: accountant, reason: Accountants approve payments }
"#;
const ACCOUNTS: &str = "login,roles,active\n";

/// Her browser: the cookies that it keeps.
#[derive(Default)]
struct Browser(Vec<(String, String)>);

impl Browser {
    async fn get(&mut self, served: &Served, path: &str) -> Answer {
        self.send(served, Request::get(path), String::new()).await
    }

    async fn post(&mut self, served: &Served, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(served, Request::post(path), encoded(form)).await
    }

    async fn send(
        &mut self,
        served: &Served,
        request: axum::http::request::Builder,
        body: String,
    ) -> Answer {
        let kept: Vec<String> =
            self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, kept.join("; "));
        let answer = served.send(request.body(Body::from(body)).unwrap()).await;
        for set in answer.headers.get_all(header::SET_COOKIE).iter().map(HeaderValue::to_str) {
            let (name, value) = set.unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.0.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    /// Shows name and secret on the sign-in page, on the way to an application.
    async fn sign_in(&mut self, served: &Served, secret: &str, return_to: &str) -> Answer {
        let form = [("name", "sarah.keller"), ("password", secret), ("return_to", return_to)];
        self.post(served, "/signin", &form).await
    }
}

/// What an application sends people with.
fn link(application: &str) -> String {
    let (back, challenge) = (callback(application), challenge(VERIFIER));
    let params = [
        ("client_id", application),
        ("redirect_uri", &back),
        ("response_type", "code"),
        ("scope", "openid profile groups roles"),
        ("state", "s1"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    format!("/oauth2/authorize?{}", encoded(&params))
}

fn callback(application: &str) -> String {
    format!("https://{application}.example/cb")
}

/// What an application learns by the code that the browser brought back.
async fn exchange(served: &Served, application: &str, answer: &Answer) -> Json {
    let back = callback(application);
    assert!(answer.location().starts_with(&back), "{answer:?}");
    let code = answer.sent("code").unwrap_or_else(|| panic!("{answer:?}"));
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &back),
        ("code_verifier", VERIFIER),
    ];
    let auth = basic(application, &served.secret(application).await);
    let tokens = served.post("/oauth2/token", &auth, &form).await;
    let told = claims(tokens.field("id_token"));
    let bearer = format!("Bearer {}", tokens.field("access_token"));
    let info = Request::get("/oauth2/userinfo").header(header::AUTHORIZATION, bearer);
    let info = served.send(info.body(Body::empty()).unwrap()).await.json;
    assert_eq!(told["sub"], info["sub"]);
    info
}

/// Reads all systems, plans and applies.
async fn run(served: &Served) {
    served.sync(&[]).await;
    let (ctx, opened) = (&served.ctx, &served.opened);
    let options = PlanOptions { save: true, ..PlanOptions::default() };
    let made = make_plan(ctx, opened, &options, &NoProgress).await.unwrap();
    if made.plan.to_do().next().is_some() {
        let options = ApplyOptions { auto_approve: true, ..ApplyOptions::default() };
        let never = CancelFlag::default();
        let done = apply(ctx, opened, None, &options, &NoProgress, &never).await.unwrap();
        assert!(done.failed.is_empty(), "{done:?}");
    }
}

/// The reasons in the log of sign-ins, the newest first.
async fn reasons(served: &Served) -> Vec<String> {
    let mut tx = served.opened.store.read().await.unwrap();
    let log = tx.sign_ins(&SignInFilter::default(), None, 100).await.unwrap();
    log.into_iter().map(|one| one.reason.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one story from its beginning to its end")]
async fn whoever_joins_comes_in_on_the_first_day_and_to_her_own_applications_only() {
    let files = [
        ("muster.yaml", MODEL),
        (
            "hr.csv",
            "id,given,family,title,start\nE1001,Sarah,Keller,Marketing Specialist,2026-03-09T08:00:00+01:00\n",
        ),
        ("cms.csv", ACCOUNTS),
        ("finance.csv", ACCOUNTS),
    ];
    let served = Served::of(&files, Standing::at("2026-03-06T07:00:00Z")).await;
    run(&served).await;
    assert_eq!(served.file("cms.csv"), "login,roles,active\nsarah.keller,editor,no\n");

    // Friday: she gets a pass, which is valid from the first minute of her first day.
    let auth = served.service.authenticator();
    let day = SignedDuration::from_hours(24);
    let (pass, kept) =
        auth.make_pass(&served.ctx, &served.opened, "E1001", day, true).await.unwrap();
    assert_eq!(kept.valid_from, "2026-03-09T07:00:00Z".parse().unwrap());

    // A minute before, nobody is let in by it, and only the log knows that it is too early.
    served.at("2026-03-09T06:59:00Z");
    let mut sarah = Browser::default();
    let early = sarah.sign_in(&served, pass.reveal(), "/").await;
    assert_eq!((early.status, sarah.0.len()), (StatusCode::UNAUTHORIZED, 0));
    let wrong = Browser::default().sign_in(&served, "something else", "/").await;
    assert_eq!((wrong.status, &wrong.text), (early.status, &early.text));
    assert_eq!(reasons(&served).await, ["wrong", "inactive"]);

    // On the minute her account works before she did anything.
    served.at("2026-03-09T07:00:00Z");
    run(&served).await;
    assert_eq!(served.file("cms.csv"), "login,roles,active\nsarah.keller,editor,yes\n");

    // The CMS sends her to sign in. With the pass she gives herself a password, and has to have a second factor.
    let asked = sarah.get(&served, &link("cms")).await;
    let return_to = asked.sent("return_to").unwrap();
    let step = sarah.sign_in(&served, pass.reveal(), &return_to).await;
    assert_eq!(step.location(), "/signin/password");
    let step =
        sarah.post(&served, "/signin/password", &[("new", "a lamp, a boat, and rain")]).await;
    assert_eq!(step.location(), "/signin/enrol");
    assert!(sarah.get(&served, &return_to).await.location().starts_with("/signin"), "not in yet");
    let form = sarah.get(&served, "/signin/enrol").await;
    let (sealed, app) = (form.hidden("sealed"), App::from_uri(&form.text));
    let code = app.code(served.ctx.now());
    let done = sarah.post(&served, "/signin/enrol", &[("sealed", &sealed), ("code", &code)]).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");

    // She lands in the CMS as editor, and in the other application without being asked again.
    let told = exchange(&served, "cms", &sarah.get(&served, &return_to).await).await;
    assert_eq!(
        (&told["name"], &told["groups"], &told["roles"]),
        (&json!("Sarah Keller"), &json!(["editor"]), &json!(["marketing-specialist"]))
    );
    let other = exchange(&served, "collab", &sarah.get(&served, &link("collab")).await).await;
    assert_eq!((&other["name"], &other["groups"]), (&told["name"], &Json::Null));

    // Finance is not hers: it is told why, the decision says what she lacks, and nothing was ever sent there.
    let refused = sarah.get(&served, &link("finance")).await;
    assert_eq!(refused.sent("error").unwrap(), "access_denied");
    assert_eq!(
        refused.sent("error_description").unwrap(),
        "the application is not for this person"
    );
    assert_eq!(refused.sent("code"), None);
    let question = AccessQuestion {
        subject_type: "person".into(),
        subject: "E1001".into(),
        action: "approve".into(),
        resource_type: "payment".into(),
        resource: "1".into(),
        ..AccessQuestion::default()
    };
    let (opened, now) = (&served.opened, served.ctx.now());
    let said = decide(opened, now, &[question], Until::Done, Detail::Names).await.unwrap();
    assert!(!said[0].allowed);
    assert!(format!("{:?}", said[0]).contains("the role `accountant`"), "{said:?}");
    assert_eq!(served.file("finance.csv"), ACCOUNTS);

    // The pass is used up.
    let again = Browser::default().sign_in(&served, pass.reveal(), "/").await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
}
