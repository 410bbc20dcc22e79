//! The figures, as those who scrape read them.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use muster_testkit::python_program;

use crate::{failure, served::Served};

/// Reads a page strictly, and prints each family with its kind and its samples without their values.
const READ: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    names = sorted({sample.name for sample in family.samples})
    print(family.name, family.type, *names)
";

#[test]
fn the_page_is_openmetrics_to_the_parser_of_prometheus() {
    let served = Served::start();
    let authorization = format!("Authorization: Bearer {}", served.token("prometheus", "metrics"));
    // A route, an address that is not there and a method that nobody knows are in the figures then.
    served.get("/livez", &["Host: a"]);
    served.get("/a\"b", &["Host: a"]);
    served.send("BREW", "/livez", &["Host: a"], "");
    let answer = served.get("/metrics", &["Host: a", &authorization]);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("application/openmetrics-text; version=1.0.0; charset=utf-8"), "{head}");
    let mut reader = Command::new(python_program("python").unwrap())
        .args(["-c", READ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    reader.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
    let read = reader.wait_with_output().unwrap();
    assert!(read.status.success(), "{}\n{body}", failure(&read));
    let families = String::from_utf8(read.stdout).unwrap();
    let durations = "muster_http_request_duration_seconds";
    let wanted =
        format!("{durations} histogram {durations}_bucket {durations}_count {durations}_sum\n");
    assert!(families.contains(&wanted), "{families}");
    assert!(families.contains("muster_store_rows_written counter"), "{families}");
    assert!(families.contains("muster_facts_version gauge muster_facts_version\n"), "{families}");
}
