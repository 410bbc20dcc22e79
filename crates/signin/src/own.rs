//! Forms are taken from pages of ours only.
//!
//! A browser says with each form where the page came from. That is believed because no other site can make it say
//! something else; a program that says nothing has no cookies of somebody else either, but is refused all the same.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, header, request::Parts},
};
use muster_web::{Code, Problem, Service};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A request that comes from a page of ours. A handler that changes something takes it.
#[derive(Debug, Clone, Copy)]
pub struct Own;

impl FromRequestParts<Service> for Own {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let opened = service.opened();
        if is_own(&parts.headers, opened.model.url.as_deref()) {
            return Ok(Self);
        }
        Err(Problem::new(Code::DENIED, "the form does not come from a page of this server"))
    }
}

/// Whether the page that sent this is ours. `url` is where others reach us; without it, the host that was asked.
fn is_own(headers: &HeaderMap, url: Option<&str>) -> bool {
    let said = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = said(&SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    let Some(origin) = said(&header::ORIGIN) else { return false };
    let Some(url) = url else {
        let host = origin.split_once("://").map(|(_, host)| host);
        return host.is_some() && host == said(&header::HOST);
    };
    url == origin || url.strip_prefix(origin).is_some_and(|path| path.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(headers: &[(&'static str, &str)], url: Option<&str>) -> bool {
        let pairs = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        is_own(&pairs.collect(), url)
    }

    #[test]
    fn a_form_comes_from_a_page_of_ours_or_is_refused() {
        let url = Some("https://muster.example/base");
        assert!(own(&[("sec-fetch-site", "same-origin")], url));
        for other in ["cross-site", "same-site", "none", ""] {
            assert!(!own(&[("sec-fetch-site", other), ("origin", "https://muster.example")], url));
        }
        assert!(own(&[("origin", "https://muster.example")], url));
        for other in ["https://muster.exampl", "http://muster.example", "https://e.example", "null"]
        {
            assert!(!own(&[("origin", other), ("host", "e.example")], url), "{other}");
        }
        assert!(!own(&[("host", "muster.example")], url));
        assert!(own(&[("origin", "http://localhost:8080"), ("host", "localhost:8080")], None));
        assert!(!own(&[("origin", "http://localhost:8081"), ("host", "localhost:8080")], None));
        assert!(!own(&[("origin", "null")], None));
    }
}
