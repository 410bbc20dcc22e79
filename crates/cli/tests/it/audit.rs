//! Keys, checkpoints and exports of the journal at the command line.

use std::{
    io::Read as _,
    net::{Shutdown, TcpListener},
};

use muster_testkit::TlsReader;

use crate::support::Place;

/// A company with a journal of some length, and this in `audit:`.
async fn place(audit: &str) -> Place {
    let place = Place::company();
    place.write("audit.yaml", &format!("audit: {audit}\n"));
    place.ok("sync").await;
    place.ok("assign ada auditor --reason check").await;
    place
}

/// As [`place`], with a key and two checkpoints; also the public key.
async fn signed() -> (Place, String) {
    let place = place("{ key: journal.key }").await;
    let key = place.ok("keys init -o json").await.json();
    let key = key.get("public_key").and_then(|key| key.as_str()).unwrap().to_owned();
    place.ok("audit checkpoint").await;
    place.ok("unassign ada auditor --reason over").await;
    place.ok("audit checkpoint").await;
    (place, key)
}

/// The export, changed, and what verification says to it.
async fn verified(
    place: &Place,
    key: &str,
    change: impl Fn(Vec<String>) -> Vec<String>,
) -> (u8, String) {
    let lines = place.ok("audit export").await.out.lines().map(str::to_owned).collect();
    place.write("export.jsonl", &format!("{}\n", change(lines).join("\n")));
    let answer = place.muster(&format!("audit verify export.jsonl --key {key}")).await;
    (answer.code, answer.err)
}

#[tokio::test]
async fn an_export_is_verified_by_itself_and_the_first_key() {
    let (place, key) = signed().await;
    let answer = place.ok("audit verify -o json").await.json();
    assert_eq!((&answer["checkpoints"], &answer["covered"]), (&2.into(), &answer["last"]));
    assert_eq!(verified(&place, &key, |lines| lines).await.0, 0);
    let (code, err) = verified(&place, &"0".repeat(64), |lines| lines).await;
    assert_eq!(code, 14, "{err}");
    assert!(err.contains("key 1 is not the one that was trusted"), "{err}");
}

#[tokio::test]
async fn a_flipped_byte_a_missing_line_and_a_forged_signature_are_located() {
    let (place, key) = signed().await;
    let at =
        |lines: &[String], word: &str| lines.iter().position(|line| line.contains(word)).unwrap();
    let (code, err) = verified(&place, &key, |mut lines| {
        let place = at(&lines, "assignment.create");
        lines[place] = lines[place].replace("check", "chess");
        lines
    })
    .await;
    assert!(code == 14 && err.contains("was changed after it was written"), "{err}");
    let (code, err) = verified(&place, &key, |mut lines| {
        let place = at(&lines, "assignment.end");
        lines.remove(place);
        lines
    })
    .await;
    assert!(code == 14 && err.contains("signed over another journal"), "{err}");
    let (code, err) = verified(&place, &key, |mut lines| {
        let place = at(&lines, "\"checkpoint\"");
        lines[place] = lines[place].replace("\"seq\":", "\"seq\":1");
        lines
    })
    .await;
    assert!(code == 14 && err.contains("has a wrong signature"), "{err}");
    let unsigned = |lines: Vec<String>| {
        lines.into_iter().filter(|line| !line.contains("\"checkpoint\"")).collect()
    };
    let (code, err) = verified(&place, &key, unsigned).await;
    assert!(code == 14 && err.contains("no checkpoint is signed"), "{err}");
}

#[tokio::test]
async fn a_new_key_is_endorsed_by_the_old_one_and_what_that_signed_stays_valid() {
    let (place, key) = signed().await;
    place.ok("keys rotate").await;
    place.ok("audit checkpoint").await;
    assert_eq!(verified(&place, &key, |lines| lines).await.0, 0);
    assert_eq!(place.ok("keys list -o json").await.json()["items"].as_array().unwrap().len(), 2);
    let (code, err) = verified(&place, &key, |mut lines| {
        let place = lines.iter().position(|line| line.contains("\"number\":2")).unwrap();
        let endorsement = lines[place].find("\"endorsement\":\"").unwrap() + 15;
        lines[place].replace_range(endorsement..endorsement + 8, "00000000");
        lines
    })
    .await;
    assert!(code == 14 && err.contains("key 2"), "{err}");
    assert_ne!(place.muster("keys init").await.code, 0, "there is one already");
}

#[tokio::test]
async fn the_private_key_is_in_no_store_and_no_backup() {
    let (place, _key) = signed().await;
    let file = place.read("journal.key");
    let secret = file.trim().rsplit(' ').next().unwrap().to_owned();
    let raw: Vec<u8> = (0..secret.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(secret.get(at..at + 2).unwrap(), 16).unwrap())
        .collect();
    place.ok("backup all.backup").await;
    for name in ["all.backup", "muster.db"] {
        let bytes = std::fs::read(place.dir().join(name)).unwrap();
        for part in [secret.as_bytes(), &raw] {
            assert!(!bytes.windows(part.len()).any(|window| window == part), "{name}");
        }
    }
}

#[tokio::test]
async fn a_file_gets_every_entry_once_and_in_order() {
    let place = place("{ exports: { siem: { path: out.jsonl } } }").await;
    place.ok("audit ship").await;
    place.ok("unassign ada auditor --reason over").await;
    place.ok("audit ship").await;
    place.ok("audit ship").await;
    let lines = place.read("out.jsonl");
    let places: Vec<u64> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|event| event["metadata"]["sequence"].as_u64().unwrap())
        .collect();
    let all = place.ok("audit verify -o json").await.json()["last"].as_u64().unwrap();
    assert_eq!(places, (1..=all).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_raises_one_alarm_and_loses_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let place = place(&format!("{{ exports: {{ siem: {{ syslog: \"{address}\" }} }} }}")).await;
    for _ in 0..2 {
        let answer = place.muster("audit ship").await;
        assert_eq!(answer.code, 12, "{}", answer.err);
    }
    let alarms = place.ok("alarms -o json").await.json();
    assert_eq!(alarms["items"].as_array().unwrap().len(), 1, "{alarms}");
    let listener = TcpListener::bind(address).unwrap();
    let reading = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        drop(stream.shutdown(Shutdown::Both));
        text
    });
    place.ok("audit ship").await;
    let text = reading.join().unwrap();
    let places: Vec<&str> =
        text.split("sequenceId=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let expected: Vec<String> = (1..=places.len()).map(|place| place.to_string()).collect();
    assert!(places.len() > 3 && places == expected, "{places:?}");
    let length: usize = text.split(' ').next().unwrap().parse().unwrap();
    let message = text.split_once(' ').unwrap().1;
    assert!(length < message.len() && message.starts_with("<110>1 2026-"), "{text}");
    assert_eq!(place.ok("alarms -o json").await.json()["items"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_server_under_tls_gets_the_journal_when_it_is_the_right_one() {
    let reader = TlsReader::start().unwrap();
    let export = |ca: &str| {
        format!("{{ exports: {{ siem: {{ syslog: \"{}\", tls: {{{ca}}} }} }} }}", reader.address())
    };
    let trusting = place(&export(&format!(" ca: \"{}\" ", reader.ca_file()))).await;
    trusting.ok("audit ship").await;
    let text = reader.said().unwrap();
    assert!(text.contains("<110>1 2026-") && text.contains("sequenceId=\"1\""), "{text}");

    let stranger = TlsReader::start().unwrap();
    let wary =
        format!("{{ exports: {{ siem: {{ syslog: \"{}\", tls: {{}} }} }} }}", stranger.address());
    let answer = place(&wary).await.muster("audit ship").await;
    assert_eq!(answer.code, 12, "{}", answer.err);
    assert!(stranger.said().is_err(), "nothing is told to a server that nobody vouches for");
}
