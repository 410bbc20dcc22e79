//! What a hostile client may try at the door, against the program as it is served. Each case has its number in
//! docs/dev/attacks.md.

use crate::served::Served;

/// The status of an answer.
fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// Addresses that mean the list of people when they are tidied up, and ways to say one method and mean another.
const CROOKED: &[&str] = &[
    "/api/v1/people/",
    "//api/v1/people",
    "/api//v1/people",
    "/api/v1/./people",
    "/api/v1/clients/../people",
    "/livez/../api/v1/people",
    "/api/v1/people;x=1",
    "/api/v1/people%2f",
    "/api/v1%2fpeople",
    "/api/v1/%2e%2e/v1/people",
    "/API/v1/people",
    "/api/v1/people%00",
    "/api/v1\\people",
];

#[test]
fn an_address_has_one_spelling() {
    let served = Served::start();
    let authorization = format!("Authorization: Bearer {}", served.token("a", "api:write"));
    let with = ["Host: a", &authorization];
    assert_eq!(status(&served.get("/api/v1/people?limit=1", &with)), 200);
    for path in CROOKED {
        let answer = served.get(path, &with);
        assert!(matches!(status(&answer), 400 | 404), "{path}: {answer}");
    }
    for header in [
        "X-HTTP-Method-Override: DELETE",
        "X-Original-URL: /api/v1/clients",
        "X-Rewrite-URL: /livez",
    ] {
        let answer = served.get("/api/v1/people?limit=1", &["Host: a", &authorization, header]);
        assert_eq!(status(&answer), 200, "{header} changes nothing");
        assert!(answer.contains("\"items\""), "{header}: {answer}");
    }
    let twice = served.get("/api/v1/people?limit=1", &["Host: a", "Host: b", &authorization]);
    assert!(status(&twice) < 500, "{twice}");
}

#[test]
fn nobody_is_told_anything_without_a_token() {
    let served = Served::start();
    let open = ["/livez", "/readyz", "/api/v1/openapi.json", "/api/v1/docs"];
    for path in open {
        let answer = served.get(path, &["Host: a"]);
        assert!(status(&answer) == 200, "{path}: {answer}");
        assert!(!answer.contains("okafor"), "{path} names a person");
    }
    let shut = [
        "/metrics",
        "/api/v1/people",
        "/api/v1/clients",
        "/api/v1/jobs",
        "/scim/v2/Users",
        "/scim/v2/Me",
        "/access/v1/evaluation",
        "/api/v1/events/stream",
    ];
    for path in shut {
        assert!(matches!(status(&served.get(path, &["Host: a"])), 401 | 404 | 405), "{path}");
    }
    // Pages for people lead to the sign-in.
    for path in ["/", "/people", "/journal"] {
        let answer = served.get(path, &["Host: a"]);
        assert_eq!(status(&answer), 303, "{path}");
        assert!(answer.to_lowercase().contains("\r\nlocation: /signin"), "{answer}");
    }
    for path in [
        "/debug",
        "/debug/pprof",
        "/setup",
        "/admin",
        "/.env",
        "/muster.yaml",
        "/actuator",
        "/config",
    ] {
        assert_eq!(status(&served.get(path, &["Host: a"])), 404, "{path}");
    }
}

#[test]
fn no_header_of_a_request_comes_back_and_no_other_origin_is_let_in() {
    let served = Served::start();
    let token = format!("Authorization: Bearer {}", served.token("a", "api:read"));
    let asked = [
        "Host: evil.example",
        &token,
        "Origin: https://evil.example",
        "X-Forwarded-Host: evil.example",
        "Forwarded: host=evil.example",
        "Cookie: session=1",
        "X-Request-Id: a%0d%0aSet-Cookie:x=1",
    ];
    for path in [
        "/api/v1/people?limit=1",
        "/api/v1/docs",
        "/.well-known/authzen-configuration",
        "/scim/v2/Users",
        "/none",
    ] {
        let answer = served.get(path, &asked);
        let head = answer.split("\r\n\r\n").next().unwrap().to_lowercase();
        assert!(!answer.contains("evil.example"), "{answer}");
        assert!(!head.contains("access-control-allow") && !head.contains("set-cookie"), "{head}");
        for wanted in [
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "referrer-policy: no-referrer",
        ] {
            assert!(head.contains(wanted), "{path} lacks {wanted}: {head}");
        }
        let policy = head.split("content-security-policy: ").nth(1).unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{head}");
        let scripts = policy.split("script-src ").nth(1).and_then(|rest| rest.split(';').next());
        assert!(scripts.is_none_or(|scripts| scripts == "'self'"), "{head}");
    }
}

/// Bodies that are small to send and large to understand.
fn bombs() -> Vec<(&'static str, String)> {
    let keys: Vec<String> = (0..50_000).map(|n| format!("\"k{n}\":0")).collect();
    vec![
        ("nested lists", "[".repeat(200_000)),
        ("nested maps", "{\"a\":".repeat(100_000)),
        ("closed nesting", format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))),
        ("many keys", format!("{{{}}}", keys.join(","))),
        ("a long number", format!("{{\"role\":1{}}}", "0".repeat(200_000))),
        ("a great exponent", "{\"role\":1e999999999}".to_owned()),
        ("a long text", format!("{{\"role\":\"{}\"}}", "x".repeat(1_000_000))),
        ("half a letter", "{\"role\":\"\\ud800\"}".to_owned()),
        ("too much", " ".repeat(5 << 20)),
    ]
}

#[test]
fn no_body_brings_the_service_down() {
    let served = Served::start();
    let everything = ["api:write", "scim", "access"]
        .map(|scope| served.token(scope.split(':').next().unwrap(), scope));
    let [api, scim, access] = everything.map(|token| format!("Authorization: Bearer {token}"));
    let doors = [
        ("POST", "/api/v1/people/maya.okafor/assignments", &api),
        ("POST", "/scim/v2/Users", &scim),
        ("POST", "/scim/v2/Bulk", &scim),
        ("POST", "/scim/v2/.search", &scim),
        ("POST", "/access/v1/evaluations", &access),
    ];
    for (what, body) in bombs() {
        for (method, path, authorization) in doors {
            let answer = served.send(
                method,
                path,
                &["Host: a", authorization, "Content-Type: application/json"],
                &body,
            );
            let status = status(&answer);
            assert!((200..500).contains(&status), "{what} at {path}: {status} {answer:.300}");
            // Attributes that nobody knows are passed over in some places, whatever their number and length.
            let may_be_taken = ["many keys", "a long text"].contains(&what);
            assert!(status >= 400 || may_be_taken, "{what} at {path} is taken: {answer:.300}");
        }
    }
    assert_eq!(status(&served.get("/readyz", &["Host: a"])), 200, "it lives on");
}

#[test]
fn no_address_and_no_head_brings_the_service_down() {
    let served = Served::start();
    let authorization = format!("Authorization: Bearer {}", served.token("a", "api:read"));
    let scim = format!("Authorization: Bearer {}", served.token("b", "scim"));
    let deep = format!("/scim/v2/Users?filter={}a%20pr{}", "(".repeat(5_000), ")".repeat(5_000));
    let hostile = [
        (format!("/api/v1/people?{}", "limit=1&".repeat(2_000)), &authorization),
        (format!("/api/v1/people?limit={}", "9".repeat(5_000)), &authorization),
        (format!("/api/v1/people?after={}", "%00%ff'\"".repeat(500)), &authorization),
        (format!("/api/v1/people?where={}", "(".repeat(9_000)), &authorization),
        (deep, &scim),
        ("/scim/v2/Users?count=999999999999999999999999".to_owned(), &scim),
        ("/scim/v2/Users?filter=password%20eq%20%22x%22".to_owned(), &scim),
        ("/scim/v2/Users?startIndex=-1&count=-1&cursor=x".to_owned(), &scim),
        (format!("/scim/v2/Users?attributes={}", "a.".repeat(8_000)), &scim),
    ];
    for (path, authorization) in hostile {
        let answer = served.get(&path, &["Host: a", authorization]);
        let status = status(&answer);
        assert!(status < 500 && status != 0, "{path:.80}: {status} {answer:.300}");
    }
    let many: Vec<String> = (0..500).map(|n| format!("X-{n}: 1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(status(&served.get("/livez", &many)), 431);
    let quoted = "/scim/v2/Users?filter=userName%20eq%20%22x'%20OR%20'1'='1%22";
    assert!(served.get(quoted, &["Host: a", &scim]).contains("\"totalResults\":0"));
    assert_eq!(status(&served.get("/readyz", &["Host: a"])), 200, "it lives on");
}
