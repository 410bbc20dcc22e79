//! The sample company served over SCIM, and what the conformance checks of others say of it.

use std::process::Command;

use muster_testkit::python_program;

use serde_json::{Value as Json, json};

use crate::{
    failure,
    served::{Served, wait},
};

#[test]
fn the_sample_company_passes_the_conformance_checks_of_others() {
    let served = Served::start();
    let (url, token) = (format!("{}/scim/v2", served.url), served.token("checks", "scim"));
    let mut tester = Command::new(python_program("scim2").unwrap());
    let header = format!("Authorization: Bearer {token}");
    let report = tester.args(["--url", &url, "--header", &header, "test"]).output().unwrap();
    let text = failure(&report);
    let n = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!(n("ERROR") + n("CRITICAL") + n("SKIPPED") + n("DEVIATION"), 0, "{text}");
    assert!(n("SUCCESS") > 150, "{text}");

    let mut sanity = Command::new(python_program("scim-sanity").unwrap());
    sanity.args(["probe", &url, "--token", &token, "--i-accept-side-effects"]);
    let text = failure(&sanity.output().unwrap());
    // What it skips are resource types of a draft that we do not have.
    assert!(text.contains("All tests passed"), "{text}");
}

#[test]
fn a_bulk_request_that_was_taken_is_done_once_though_the_process_is_killed() {
    const RECORDS: usize = 500;
    let mut served = Served::start();
    let bearer = format!("Authorization: Bearer {}", served.token("hr", "scim"));
    let json = "Content-Type: application/scim+json";
    let operations: Vec<Json> = (0..RECORDS)
        .map(|n| {
            let name = json!({ "givenName": format!("G{n}"), "familyName": "Bulk" });
            let data = json!({ "userName": format!("bulk.{n}"), "name": name });
            json!({ "method": "POST", "path": "/Users", "bulkId": format!("b{n}"), "data": data })
        })
        .collect();
    let body = json!({ "Operations": operations }).to_string();
    let headers = [&*bearer, json, "Prefer: respond-async"];
    let taken = served.send("POST", "/scim/v2/Bulk", &headers, &body);
    assert!(taken.starts_with("HTTP/1.1 202"), "{taken}");
    let place = taken.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    let path = place.trim().split_once("/scim/v2").unwrap().1;

    let ask = |served: &Served, path: &str| -> Json {
        let answer = served.get(&format!("/scim/v2{path}"), &[&*bearer]);
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"))
    };
    let path = format!("{path}?count={RECORDS}");
    wait("a first result", || (ask(&served, &path)["totalResults"] != json!(0)).then_some(()));
    served.kill_and_start_again();
    let done = |result: Json| (result["state"] == json!("done")).then_some(result);
    let result = wait("the result", || done(ask(&served, &path)));
    let all = result["Operations"].as_array().unwrap();
    assert_eq!(all.len(), RECORDS);
    let bad: Vec<&Json> = all.iter().filter(|one| one["status"] != json!("201")).collect();
    assert!(bad.is_empty(), "{bad:?}");
    let found = ask(&served, "/Users?count=0&filter=name.familyName%20eq%20%22Bulk%22");
    assert_eq!(found["totalResults"], json!(RECORDS));
}
