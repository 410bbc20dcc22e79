//! The log and the traces of a server, as an operator sees them.

use muster_testkit::{HttpStub, Reply};
use serde_json::Value as Json;

use crate::served::{Served, wait};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[test]
fn a_request_is_a_line_and_a_trace_and_neither_holds_its_token() {
    let collector = HttpStub::start(|_| Reply::Answer(200, Vec::new(), Vec::new())).unwrap();
    let served = Served::start_as(|_, command| {
        command.args(["--log-format", "json"]);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url());
        command.env("OTEL_BSP_SCHEDULE_DELAY", "50");
    });
    let token = served.token("payroll", "api:read");
    let answer = served.get(
        "/api/v1/people?limit=1&filter=sn",
        &["Host: a", &format!("Authorization: Bearer {token}"), "X-Request-Id: ticket-1"],
    );
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let parent = format!("traceparent: 00-{TRACE}-00f067aa0ba902b7-01");
    let authorization = format!("Authorization: Bearer {token}");
    let asked = ["Host: a", &authorization, "X-Request-Id: ticket-2", &parent];
    let answer = served.get("/api/v1/people?limit=1", &asked);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    let line = wait("the line of the request", || {
        let log = served.log();
        let line = log.lines().find(|line| line.contains("ticket-2"))?;
        serde_json::from_str::<Json>(line).ok()
    });
    let said = |key: &str| line.get(key).cloned().unwrap_or_default();
    assert_eq!(said("message"), "request");
    assert_eq!(said("client"), "client payroll");
    assert_eq!(said("peer"), "127.0.0.1");
    assert_eq!(said("status"), 200);
    assert_eq!(said("path"), "/api/v1/people");
    assert!(said("duration_ms").as_f64().is_some_and(|took| took > 0.0), "{line}");
    assert!(!served.log().contains(&token) && !served.log().contains("filter=sn"));

    let spans = wait("the trace", || {
        let spans = spans_of(&collector);
        let whole = spans.iter().any(|span| span.name == "GET /api/v1/people");
        (whole && spans.iter().any(|span| span.name == "people.list")).then_some(spans)
    });
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let (request, list) = (named("GET /api/v1/people"), named("people.list"));
    assert_eq!(request.parent, "00f067aa0ba902b7", "the caller's span is the parent");
    assert_eq!(list.parent, request.id);
    let statements: Vec<_> = spans.iter().filter(|span| span.parent == list.id).collect();
    assert!(statements.iter().any(|span| span.name == "statement"), "{spans:?}");
    let secret = token.as_bytes();
    for sent in collector.received() {
        assert!(!sent.body.windows(secret.len()).any(|part| part == secret));
    }
}

#[test]
fn without_a_collector_no_trace_is_made_and_a_dead_one_stops_nothing() {
    let served = Served::start_as(|_, command| {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
        command.env("OTEL_BSP_SCHEDULE_DELAY", "20");
    });
    for _ in 0..3 {
        assert!(served.get("/livez", &["Host: a"]).ends_with("ok\n"));
    }
    wait("the trouble is told", || served.log().contains("opentelemetry").then_some(()));
    assert!(served.get("/readyz", &["Host: a"]).ends_with("ok\n"));
}

/// A span, as far as tests look at it.
#[derive(Debug)]
struct Seen {
    name: String,
    id: String,
    parent: String,
}

/// The spans of our trace: `ExportTraceServiceRequest` in protobuf, `resource_spans` (1), `scope_spans` (2), `spans` (2).
fn spans_of(collector: &HttpStub) -> Vec<Seen> {
    let sent: Vec<_> = collector.received().into_iter().map(|received| received.body).collect();
    let mut messages: Vec<&[u8]> = sent.iter().map(Vec::as_slice).collect();
    for number in [1, 2, 2] {
        messages = messages.iter().flat_map(|message| parts(message, number)).collect();
    }
    let hex =
        |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let first = |span, number| parts(span, number).first().copied().unwrap_or_default();
    let ours = messages.into_iter().filter(|span| hex(first(span, 1)) == TRACE);
    let seen = ours.map(|span| Seen {
        name: String::from_utf8_lossy(first(span, 5)).into_owned(),
        id: hex(first(span, 2)),
        parent: hex(first(span, 4)),
    });
    seen.collect()
}

/// The parts of a protobuf message that have a length and this number.
fn parts(message: &[u8], number: u64) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        let tag = varint(&mut rest);
        match tag & 7 {
            0 => _ = varint(&mut rest),
            1 => rest = rest.get(8..).unwrap(),
            5 => rest = rest.get(4..).unwrap(),
            _ => {
                let length = usize::try_from(varint(&mut rest)).unwrap();
                let (part, after) = rest.split_at(length);
                rest = after;
                if tag >> 3 == number {
                    found.push(part);
                }
            }
        }
    }
    found
}

fn varint(rest: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first().unwrap();
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}
