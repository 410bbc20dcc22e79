//! Somebody who is signed in, and how long their pages take. No network is between.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// Addresses of one page that are asked for.
const OF_EACH: usize = 5;
/// Pages that are looked at for links.
const LOOKED_AT: usize = 150;

/// The ends of addresses that lead to a file to keep and to no page.
const FILES: [&str; 2] = ["/file", "/evidence"];

/// A browser in which somebody is signed in.
pub(super) struct Browser {
    router: axum::Router,
    cookie: String,
}

/// What came back.
pub(super) struct Answer {
    status: StatusCode,
    pub(super) body: String,
    /// Milliseconds from the request to the last byte.
    pub(super) took: f64,
}

impl Browser {
    /// Signs somebody in.
    pub(super) async fn sign_in(router: axum::Router, name: &str, password: &str) -> Result<Self> {
        let browser = Self { router, cookie: String::new() };
        let form = format!("name={name}&password={}&return_to=/", password.replace(' ', "+"));
        let response = browser.send(Method::POST, "/signin", form).await?;
        let cookie = response.headers().get(header::SET_COOKIE).context("nobody is signed in")?;
        let cookie = cookie.to_str()?.split(';').next().unwrap_or_default().to_owned();
        Ok(Self { cookie, ..browser })
    }

    /// Asks for a page.
    pub(super) async fn get(&self, path: &str) -> Result<Answer> {
        let start = Instant::now();
        let response = self.send(Method::GET, path, String::new()).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        let took = start.elapsed().as_secs_f64() * 1_000.0;
        Ok(Answer { status, body: String::from_utf8(body.to_vec())?, took })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        form: String,
    ) -> Result<axum::response::Response> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, &self.cookie);
        Ok(self.router.clone().oneshot(request.body(Body::from(form))?).await?)
    }

    /// Addresses of every page that links lead to from these on, by the page's address in the table.
    pub(super) async fn found(
        &self,
        begin: Vec<String>,
    ) -> Result<BTreeMap<&'static str, Vec<String>>> {
        let table = muster_console::pages();
        let mut found: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        let (mut ahead, mut seen) = (VecDeque::from(begin), BTreeSet::new());
        while let Some(path) = ahead.pop_front().filter(|_| seen.len() < LOOKED_AT) {
            let bare = path.split('?').next().unwrap_or_default();
            let mut pages = table.iter().filter(|page| page.method == Method::GET);
            let Some(page) = pages.find(|page| fits(page.path, bare)) else { continue };
            if FILES.iter().any(|end| page.path.ends_with(end)) {
                continue;
            }
            let known = found.entry(page.path).or_default();
            if known.len() >= OF_EACH || !seen.insert(path.clone()) {
                continue;
            }
            let answer = self.get(&path).await?;
            if answer.status == StatusCode::NOT_FOUND {
                continue;
            }
            ensure!(answer.status == StatusCode::OK, "`{path}` answers {}", answer.status);
            ahead.extend(links(&answer.body));
            known.push(path);
        }
        found.retain(|_, paths| !paths.is_empty());
        Ok(found)
    }
}

/// Whether an address is one of a page.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.split('/'), path.split('/'));
    let same = |(of, is): (&str, &str)| of == is || (of.starts_with('{') && !is.is_empty());
    pattern.clone().count() == path.clone().count() && pattern.zip(path).all(same)
}

/// The addresses that a page leads to.
fn links(body: &str) -> Vec<String> {
    let after = body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let plain = after.map(|link| link.replace("&amp;", "&").replace("&#38;", "&"));
    let links = plain.filter(|link| link.starts_with('/'));
    links.map(|link| link.split('#').next().unwrap_or_default().to_owned()).collect()
}
