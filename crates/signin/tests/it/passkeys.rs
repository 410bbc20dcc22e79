//! Passkeys in Chromium, with an authenticator that it believes to be built in.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use muster_testkit::{Authenticator, Browser as Chromium, ClientAuthority, npm_file};
use serde_json::Value;

use crate::support::*;

const BUTTON: &str = "form[data-passkey=get] button";

/// What is wrong with a page for people who do not see it, or do not use a mouse.
const LOOK: &str = "const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`)";

/// Somebody at a Chromium with a built-in authenticator.
struct Person<'s> {
    served: &'s Listening,
    chromium: Chromium,
    authenticator: Authenticator,
}

impl<'s> Person<'s> {
    fn start(served: &'s Listening) -> Self {
        let chromium = Chromium::start().unwrap();
        let authenticator = chromium.add_authenticator().unwrap();
        Self { served, chromium, authenticator }
    }

    fn open(&self, path: &str) {
        self.chromium.open(&format!("{}{path}", self.served.url)).unwrap();
    }

    fn path(&self) -> String {
        self.chromium.address().unwrap().strip_prefix(&self.served.url).unwrap().to_owned()
    }

    /// Signs in by password. Nobody is signed in, and no passkey is there: it would be offered, and taken, at once.
    fn sign_in(&self, name: &str) {
        self.open("/signin");
        self.chromium.fill("#name", name).unwrap();
        self.chromium.fill("#password", PASSWORD).unwrap();
        self.chromium.click("form[action='/signin'] button").unwrap();
        self.chromium.wait_for("form[action='/signout']").unwrap();
    }

    fn sign_out(&self) {
        self.chromium.click("form[action='/signout'] button").unwrap();
    }

    /// Signs in by password and adds a passkey.
    fn add_passkey(&self, name: &str) {
        self.sign_in(name);
        self.chromium.fill("#passkey-name", "laptop").unwrap();
        self.chromium.click("form[data-passkey=create] button").unwrap();
        assert_eq!(self.chromium.text(".message").unwrap(), "The passkey was added.");
    }

    /// Takes the authenticator out and puts an empty one in.
    fn change_authenticator(&mut self) {
        self.chromium.remove_authenticator(&self.authenticator).unwrap();
        self.authenticator = self.chromium.add_authenticator().unwrap();
    }

    /// What the server answers to a passkey that the authenticator signs with here: the path where that leads, and the status.
    /// `turn` is a script that may change `answer` before it is sent.
    fn answered(&self, turn: &str) -> Value {
        let script = format!(
            "const asked = await (await fetch('/signin/passkey/ask', {{ method: 'POST' }})).json();
             const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.publicKey);
             const answer = (await navigator.credentials.get({{ publicKey }})).toJSON();
             const send = async () => {{
                 const body = new URLSearchParams({{ answer: JSON.stringify(answer) }});
                 const response = await fetch('/signin/passkey', {{ method: 'POST', body }});
                 return `${{new URL(response.url).pathname}} ${{response.status}}`;
             }};
             {turn}
             return await send();"
        );
        self.chromium.run(&script).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_added_and_signs_in() {
    let served = Listening::start().await;
    let person = Person::start(&served);
    person.add_passkey("ada");
    assert_eq!(person.chromium.passkeys(&person.authenticator).unwrap().len(), 1);
    // It is offered beside the name, and this authenticator agrees to everything.
    person.sign_out();
    person.chromium.wait_for("form[action$='/remove']").unwrap();
    assert_eq!(person.path(), "/account");
    assert_eq!(person.chromium.text("main p strong").unwrap(), "Ada <i> Lovelace");
    assert_eq!(served.sign_ins().await[0], "web allowed right hwk");
    // Without its owner it does nothing; with them, it does by the button.
    person.chromium.set_owner_passes(&person.authenticator, false).unwrap();
    person.sign_out();
    person.chromium.click(BUTTON).unwrap();
    person.chromium.wait_for("form[data-passkey=get] [role=alert]").unwrap();
    assert_eq!(person.path(), "/signin");
    person.chromium.set_owner_passes(&person.authenticator, true).unwrap();
    person.chromium.click(BUTTON).unwrap();
    person.chromium.wait_for("form[action$='/remove']").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_taken_once_and_at_one_origin() {
    let served = Listening::start().await;
    let person = Person::start(&served);
    person.add_passkey("ada");
    let twice = person.answered("if (await send() !== '/account 200') return 'not even once';");
    assert_eq!(twice, "/signin/passkey 401", "replayed");
    // Another port is another origin, though the passkey is for the host and the browser signs.
    person.chromium.open(&format!("{}/account", served.other)).unwrap();
    assert_eq!(person.answered(""), "/signin/passkey 401", "another origin");
    // By its number the host is another site: there is no button, and the browser signs nothing.
    let by_number = served.url.replace("localhost", "127.0.0.1");
    person.chromium.open(&format!("{by_number}/signin")).unwrap();
    person.chromium.wait_for("#password").unwrap();
    assert!(!person.chromium.sees(BUTTON).unwrap());
    let refused = person.chromium.run(
        "const publicKey = { challenge: new Uint8Array(32), rpId: 'localhost' };
         return navigator.credentials.get({ publicKey }).then(() => 'signed', (error) => error.name)",
    );
    assert_eq!(refused.unwrap(), "SecurityError");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_that_is_gone_or_of_somebody_else_does_not_let_in() {
    let served = Listening::start().await;
    let mut person = Person::start(&served);
    person.add_passkey("ada");
    let adas = person.chromium.passkeys(&person.authenticator).unwrap().remove(0);
    person.change_authenticator();
    person.sign_out();
    person.chromium.wait_for("#password").unwrap();
    person.add_passkey("bea");
    // Bea's device says that its passkey is Ada's.
    let mut beas = person.chromium.passkeys(&person.authenticator).unwrap().remove(0);
    person.change_authenticator();
    beas["userHandle"] = adas["userHandle"].clone();
    person.chromium.add_passkey(&person.authenticator, &beas).unwrap();
    assert_eq!(person.answered(""), "/signin/passkey 401", "somebody else's");
    // Ada removes hers; her device still has it.
    person.change_authenticator();
    person.chromium.add_passkey(&person.authenticator, &adas).unwrap();
    assert_eq!(person.answered(""), "/account 200");
    person.open("/account");
    person.chromium.click("form[action$='/remove'] button").unwrap();
    // The browser offers it at once, again and again, and this authenticator agrees to everything.
    let started = Instant::now();
    while served.sign_ins().await.iter().filter(|line| *line == "web refused wrong ").count() < 2 {
        assert!(started.elapsed() < Duration::from_mins(1), "{:?}", served.sign_ins().await);
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_the_second_proof_for_a_forgotten_password() {
    let served = Listening::start().await;
    let mut person = Person::start(&served);
    person.add_passkey("ada");
    let adas = person.chromium.passkeys(&person.authenticator).unwrap().remove(0);
    person.change_authenticator();
    person.sign_out();
    person.open("/signin/forgotten");
    person.chromium.fill("#name", "ada").unwrap();
    person.chromium.click("form[action='/signin/forgotten'] button").unwrap();
    person.chromium.wait_for("#code").unwrap();
    served.send().await;
    person.chromium.fill("#code", &served.mailbox().code()).unwrap();
    person.chromium.click("form[action='/signin/recover/code'] button").unwrap();
    person.chromium.wait_for("form[action='/signin/recover/passkey'] button").unwrap();
    // Her device comes only now, so that nothing was offered before. This browser may use it at once.
    person.chromium.add_passkey(&person.authenticator, &adas).unwrap();
    if !person.chromium.sees("#new").unwrap() {
        drop(person.chromium.click("form[action='/signin/recover/passkey'] button"));
    }
    person.chromium.fill("#new", "a mill, a creek, and fog").unwrap();
    person.change_authenticator();
    person.chromium.click("form[action='/signin/recover/password'] button").unwrap();
    person.chromium.wait_for("#password").unwrap();
    assert_eq!(person.path(), "/signin?recovered=1");
    let log = served.sign_ins().await;
    assert!(log.contains(&"web continued right mail hwk".to_owned()), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_role_needs_a_certain_make_is_told_so() {
    let served = Listening::start_with(
        "  passkeys: { attested_for: admin, authorities: makers/ca.pem }\n\
         roles: { admin: { when: \"person.userName == 'ada'\" } }\n",
    )
    .await;
    ClientAuthority::new(&served.folder().join("makers")).unwrap();
    let mut person = Person::start(&served);
    person.sign_in("ada");
    person.chromium.click("form[data-passkey=create] button").unwrap();
    let said = person.chromium.text(".message").unwrap();
    assert!(said.contains("a device that proves its make"), "{said}");
    assert!(!person.chromium.sees("form[action$='/remove'] button").unwrap());
    person.change_authenticator();
    person.sign_out();
    person.add_passkey("bea");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_can_be_used_by_everybody_in_light_and_dark() {
    let served = Listening::start().await;
    let person = Person::start(&served);
    let axe = npm_file("axe-core/axe.min.js").unwrap();
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let look = |name: &str| {
        for scheme in ["light", "dark"] {
            person.chromium.prefer(scheme).unwrap();
            person.chromium.picture(&pictures.join(format!("{name}-{scheme}.png"))).unwrap();
            let found = person.chromium.run(&format!("{axe};{LOOK}"));
            assert_eq!(found.unwrap(), serde_json::json!([]), "{name}, {scheme}");
        }
    };
    person.open("/signin");
    person.chromium.wait_for(BUTTON).unwrap();
    look("signin");
    person.sign_in("ada");
    person.chromium.wait_for("form[data-passkey=create] button").unwrap();
    look("account");
    person.chromium.fill("#passkey-name", "laptop").unwrap();
    person.chromium.click("form[data-passkey=create] button").unwrap();
    person.chromium.wait_for(".message").unwrap();
    look("account-passkeys");
}

#[tokio::test]
async fn whoever_was_not_there_lately_changes_no_passkey() {
    let served = Served::start().await;
    let mut ada = served.browser();
    let (ask, add) = ("/account/passkeys/ask", "/account/passkeys");
    assert_eq!(ada.post(ask, "").await.status, StatusCode::FORBIDDEN, "nobody");
    ada.sign_in("ada", PASSWORD).await;
    ada.site = "cross-site";
    for path in [ask, add, "/account/passkeys/1/remove", "/signin/passkey/ask", "/signin/passkey"] {
        assert_eq!(ada.post(path, "answer=").await.status, StatusCode::FORBIDDEN, "{path}");
    }
    ada.site = "same-origin";
    let asked = ada.post(ask, "").await;
    assert!(asked.body.contains("\"residentKey\":\"required\""), "{}", asked.body);
    assert_eq!(ada.post(add, "answer=%7B%7D").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    served.pass(10);
    assert_eq!(ada.post(ask, "").await.status, StatusCode::FORBIDDEN, "too long ago");
    for path in [add, "/account/passkeys/1/remove"] {
        let led = ada.post(path, "answer=%7B%7D").await.location;
        assert_eq!(led, "/signin?again=1&return_to=/account", "{path}");
    }
    let page = ada.get("/account").await;
    assert!(page.body.contains("Sign in again to change your passkeys"), "{}", page.body);
    assert!(!page.body.contains("data-passkey="), "{}", page.body);
}
