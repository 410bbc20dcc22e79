//! Who is believed, and what of it.

use axum::http::HeaderValue;

use super::*;

/// What is found out for a connection from `peer`, with `10.0.0.0/8` trusted.
fn seen(peer: &str, lines: &[(&'static str, &str)]) -> String {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    let address = format!("{peer}:4711").parse().unwrap();
    let trusted = ["10.0.0.0/8".parse().unwrap()];
    match origin(Peer { address, is_tls: false }, &headers, &trusted) {
        Some(Origin { address, is_tls: true }) => format!("{address} secure"),
        Some(Origin { address, is_tls: false }) => address.to_string(),
        None => "refused".to_owned(),
    }
}

const FOR: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";
const BOTH: &str = "forwarded";

#[test]
fn a_stranger_is_not_believed() {
    let said =
        [(FOR, "1.2.3.4"), (PROTO, "https"), (BOTH, "for=1.2.3.4;proto=https"), ("host", "evil")];
    assert_eq!(seen("9.9.9.9", &said), "9.9.9.9");
    assert_eq!(seen("[::ffff:9.9.9.9]", &said), "9.9.9.9");
}

#[test]
fn a_trusted_proxy_says_whose_request_it_is() {
    assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    assert_eq!(seen("10.0.0.1", &[(FOR, "1.2.3.4"), (PROTO, "https")]), "1.2.3.4 secure");
    assert_eq!(seen("[::ffff:10.0.0.1]", &[(FOR, "1.2.3.4")]), "1.2.3.4");
    assert_eq!(seen("10.0.0.1", &[(BOTH, "for=1.2.3.4;proto=https")]), "1.2.3.4 secure");
    assert_eq!(
        seen("10.0.0.1", &[(BOTH, "by=x;For=\"[2001:db8::7]:4711\";PROTO=HTTPS")]),
        "2001:db8::7 secure"
    );
    assert_eq!(seen("10.0.0.1", &[(FOR, "::ffff:1.2.3.4")]), "1.2.3.4");
}

#[test]
fn what_the_caller_put_in_front_is_not_believed() {
    assert_eq!(seen("10.0.0.1", &[(FOR, "127.0.0.1, 1.2.3.4")]), "1.2.3.4");
    assert_eq!(seen("10.0.0.1", &[(FOR, "127.0.0.1"), (FOR, "1.2.3.4, 10.0.0.2")]), "1.2.3.4");
    assert_eq!(seen("10.0.0.1", &[(BOTH, "for=127.0.0.1, for=1.2.3.4")]), "1.2.3.4");
    assert_eq!(seen("10.0.0.1", &[(PROTO, "https, http")]), "10.0.0.1");
    let many = format!("{}10.0.0.3", "10.0.0.2, ".repeat(100_000));
    assert_eq!(seen("10.0.0.1", &[(FOR, &many)]), "10.0.0.2");
}

#[test]
fn garbage_ends_the_way() {
    for garbage in
        ["", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "[::1", "a:b:c", "1.2.3.4 5", "'; --"]
    {
        assert_eq!(seen("10.0.0.1", &[(FOR, garbage)]), "10.0.0.1", "{garbage}");
        let behind = format!("{garbage}, 10.0.0.9");
        assert_eq!(seen("10.0.0.1", &[(FOR, &behind)]), "10.0.0.9", "{garbage}");
        assert_eq!(seen("10.0.0.1", &[(BOTH, &format!("for={garbage}"))]), "10.0.0.1", "{garbage}");
    }
}

#[test]
fn two_headers_that_contradict_each_other_are_refused() {
    assert_eq!(seen("10.0.0.1", &[(FOR, "1.2.3.4"), (BOTH, "for=5.6.7.8")]), "refused");
    assert_eq!(seen("10.0.0.1", &[(FOR, "1.2.3.4"), (BOTH, "for=1.2.3.4")]), "1.2.3.4");
}
