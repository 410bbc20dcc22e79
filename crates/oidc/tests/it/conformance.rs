//! What the conformance plans of the OpenID foundation ask (Basic OP, Config OP, RP-Initiated Logout OP, Back-Channel Logout OP): each
//! test is named as the module of the plan is. The application `suite` is as theirs: a secret, and no PKCE.

mod basic;
mod claims;
mod config;
mod logout;
mod wishes;

use crate::support::{Answer, Served, basic, encoded};

/// Where the suite gets people back.
const CALLBACK: &str = "https://suite.example/cb";

/// The suite: an application, and a browser in which Ada is signed in.
struct Suite {
    served: Served,
    cookie: String,
    secret: String,
    auth: String,
}

impl Suite {
    async fn start() -> Self {
        let served = Served::start().await;
        let cookie = served.sign_in("1").await;
        let secret = served.secret("suite").await;
        let auth = basic("suite", &secret);
        Self { served, cookie, secret, auth }
    }

    /// What it sends people with, and more; an empty value takes a parameter away.
    fn form<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut form = vec![
            ("client_id", "suite"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "state1"),
            ("nonce", "nonce1"),
        ];
        for (name, value) in changes {
            form.retain(|(known, _)| known != name);
            if !value.is_empty() {
                form.push((name, value));
            }
        }
        form
    }

    /// The answer to such a request.
    async fn ask(&self, changes: &[(&str, &str)]) -> Answer {
        let link = format!("/oauth2/authorize?{}", encoded(&Self::form(changes)));
        self.served.browse(&self.cookie, &link).await
    }

    /// The code that comes back.
    async fn code(&self, changes: &[(&str, &str)]) -> String {
        let answer = self.ask(changes).await;
        assert_eq!(answer.sent("state").as_deref(), Some("state1"), "{answer:?}");
        answer.sent("code").unwrap_or_else(|| panic!("{answer:?}"))
    }

    /// Exchanges a code.
    async fn exchange(&self, code: &str) -> Answer {
        let form =
            [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        self.served.post("/oauth2/token", &self.auth, &form).await
    }

    /// Signs Ada in by such a request.
    async fn tokens(&self, changes: &[(&str, &str)]) -> Answer {
        let tokens = self.exchange(&self.code(changes).await).await;
        assert!(tokens.status.is_success(), "{tokens:?}");
        tokens
    }

    /// What userinfo says with a token in the header.
    async fn userinfo(&self, tokens: &Answer) -> Answer {
        let header = format!("Bearer {}", tokens.field("access_token"));
        self.served.post("/oauth2/userinfo", &header, &[]).await
    }
}
