//! The doors through which somebody has come in, and how each is tried once they have left.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ldap3::{Ldap, LdapConnAsync, Scope};
use muster_auth::SESSION_COOKIE;
use muster_testkit::SUFFIX;
use reqwest::{Client, StatusCode, header};
use serde_json::{Value as Json, json};

use super::{PASSWORD, TARGETS};
use crate::{
    oidc::{exchange, post, text},
    rig::seconds,
};

/// How long a door may stay open.
const PATIENCE: Duration = Duration::from_mins(1);
/// The pause between two tries of a door.
const PAUSE: Duration = Duration::from_millis(5);
/// The pause between two looks at the accounts, which cost the server more than they should disturb.
const LOOK: Duration = Duration::from_millis(50);

/// The key of a person.
pub(super) fn key(n: usize) -> String {
    format!("P{n:06}")
}

/// How a person signs in.
pub(super) fn user(n: usize) -> String {
    format!("u{n:06}")
}

/// A served project and who asks it.
#[derive(Debug)]
pub(super) struct Doors {
    pub(super) client: Client,
    pub(super) url: String,
    pub(super) ldap: String,
    /// The application's.
    pub(super) secret: String,
    /// That of the client which says who leaves.
    pub(super) token: String,
}

/// Somebody who is in.
pub(super) struct Person {
    n: usize,
    cookie: String,
    access: String,
    refresh: String,
    ldap: Ldap,
}

impl Doors {
    /// Brings somebody in through all doors.
    pub(super) async fn enter(&self, n: usize, cookie: String) -> Result<Person> {
        let tokens = exchange(&self.client, &self.url, &self.secret, &cookie).await?;
        let (mut ldap, code) = self.bind(n).await?;
        ensure!(code == 0, "{} cannot bind: {code}", user(n));
        ensure!(!is_shut(&mut ldap).await?, "the directory shows nothing");
        let (access, refresh) = (text(&tokens, "access_token")?, text(&tokens, "refresh_token")?);
        let person = Person { n, cookie, access, refresh, ldap };
        ensure!(!self.no_session(&person).await?, "the session is none");
        ensure!(!self.no_token(&person).await?, "the access token is none");
        Ok(person)
    }

    /// Says that somebody leaves, and answers after how many milliseconds each door was shut.
    pub(super) async fn leave(&self, mut person: Person) -> Result<Vec<(&'static str, f64)>> {
        let url = format!("{}/api/v1/people/{}/terminate", self.url, key(person.n));
        let request = self.client.post(url).bearer_auth(&self.token);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let said = request.body(json!({ "reason": "benchmark" }).to_string()).send().await?;
        ensure!(said.status().is_success(), "nobody leaves: {}", said.text().await?);
        let left = Instant::now();
        let (mut ldap, mut refresh) = (person.ldap.clone(), person.refresh.clone());
        let open = until(left, PAUSE, async || is_shut(&mut ldap).await);
        let session = until(left, PAUSE, async || self.no_session(&person).await);
        let token = until(left, PAUSE, async || self.no_token(&person).await);
        let refreshed = until(left, PAUSE, async || self.no_refresh(&mut refresh).await);
        let bind = until(left, PAUSE, async || Ok(self.bind(person.n).await?.1 != 0));
        let accounts = until(left, LOOK, async || self.is_disabled(person.n).await);
        let (session, token, refreshed, bind, open, accounts) =
            tokio::try_join!(session, token, refreshed, bind, open, accounts)?;
        person.ldap.unbind().await?;
        Ok(vec![
            ("session", session),
            ("introspection", token),
            ("refresh", refreshed),
            ("bind", bind),
            ("open_connection", open),
            ("verified_in_targets", accounts),
        ])
    }

    async fn no_session(&self, person: &Person) -> Result<bool> {
        let request = self.client.get(format!("{}/account", self.url));
        let cookie = format!("{SESSION_COOKIE}={}", person.cookie);
        Ok(request.header(header::COOKIE, cookie).send().await?.status() != StatusCode::OK)
    }

    async fn no_token(&self, person: &Person) -> Result<bool> {
        let form = format!("token={}", person.access);
        let url = format!("{}/oauth2/introspect", self.url);
        let said = post(&self.client, &url, &self.secret, form).await?;
        Ok(said.get("active") == Some(&Json::Bool(false)))
    }

    /// Whether a refresh token is refused; if not, the new one takes its place.
    async fn no_refresh(&self, refresh: &mut String) -> Result<bool> {
        let form = format!("grant_type=refresh_token&refresh_token={refresh}");
        let url = format!("{}/oauth2/token", self.url);
        let Ok(said) = post(&self.client, &url, &self.secret, form).await else { return Ok(true) };
        *refresh = text(&said, "refresh_token")?;
        Ok(false)
    }

    async fn bind(&self, n: usize) -> Result<(Ldap, u32)> {
        let (connection, mut ldap) = LdapConnAsync::new(&self.ldap).await?;
        ldap3::drive!(connection);
        let dn = format!("uid={},ou=people,{SUFFIX}", user(n));
        let code = ldap.simple_bind(&dn, PASSWORD).await?.rc;
        Ok((ldap, code))
    }

    /// Whether the last order of each system is one that was verified after the accounts were made.
    async fn is_disabled(&self, n: usize) -> Result<bool> {
        let url = format!("{}/api/v1/orders?person={}&state=verified", self.url, key(n));
        let said = self.client.get(url).bearer_auth(&self.token).send().await?.text().await?;
        let said: Json = serde_json::from_str(&said)?;
        let orders = said.get("items").and_then(Json::as_array).context("there are no orders")?;
        let what = |order: &Json| order.get("what").and_then(Json::as_str).map(str::to_owned);
        let disables = orders.iter().filter_map(what).filter(|what| what.contains("disable"));
        Ok(disables.count() == TARGETS.len())
    }
}

/// Whether a connection that is open shows nothing any more.
async fn is_shut(ldap: &mut Ldap) -> Result<bool> {
    let people = format!("ou=people,{SUFFIX}");
    let filter = "(uid=u000000)";
    let found = ldap.search(&people, Scope::OneLevel, filter, vec!["uid"]).await?;
    Ok(found.1.rc != 0)
}

/// The milliseconds from an instant until a door is found shut.
async fn until(
    begin: Instant,
    pause: Duration,
    mut is_shut: impl AsyncFnMut() -> Result<bool>,
) -> Result<f64> {
    while !is_shut().await? {
        ensure!(begin.elapsed() < PATIENCE, "a door is open after {PATIENCE:?}");
        tokio::time::sleep(pause).await;
    }
    Ok(seconds(begin) * 1_000.0)
}
