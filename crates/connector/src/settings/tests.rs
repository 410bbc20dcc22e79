use std::collections::BTreeMap;

use super::*;

fn at(start: u32) -> Span {
    Span { file: 0, start, end: start + 1 }
}

fn scalar(text: &str, start: u32) -> Setting {
    Setting::Scalar(text.into(), at(start))
}

fn settings(entries: Vec<(&str, Setting)>) -> Settings {
    let mut map = BTreeMap::new();
    for (place, (key, setting)) in (0u32..).zip(entries) {
        map.insert(Text::from(key), (at(place * 10), setting));
    }
    Settings { entries: map, span: at(0) }
}

fn messages(problems: &[SettingProblem]) -> Vec<String> {
    problems
        .iter()
        .map(|p| match &p.help {
            Some(help) => format!("{} @{}; {help}", p.message, p.span.start),
            None => format!("{} @{}", p.message, p.span.start),
        })
        .collect()
}

#[test]
fn right_settings_are_read_without_a_problem() {
    let enabled = settings(vec![("column", scalar("state", 41))]);
    let written = settings(vec![
        ("path", scalar("a.csv", 1)),
        ("wait", scalar("30s", 11)),
        ("limit", scalar("4", 21)),
        ("tls", scalar("true", 31)),
        ("enabled", Setting::Map(enabled)),
        ("max", scalar("2MiB", 51)),
        ("many", Setting::List(vec![scalar("x", 61), scalar("y", 62)], at(60))),
        ("empty", Setting::Null),
    ]);
    let mut reader = SettingReader::new(&written);
    assert_eq!(reader.required("path").as_deref(), Some("a.csv"));
    assert_eq!(reader.duration("wait"), Some(Duration::from_secs(30)));
    assert_eq!(reader.number("limit", 1..=8), Some(4));
    assert_eq!(reader.boolean("tls"), Some(true));
    assert_eq!(reader.map("enabled", |inner| inner.required("column")).as_deref(), Some("state"));
    assert_eq!(reader.size("max"), Some(2 << 20));
    assert_eq!(reader.list("many"), vec![Text::from("x"), Text::from("y")]);
    assert_eq!(reader.text("empty"), None);
    assert_eq!(messages(&reader.finish()), Vec::<String>::new());
}

#[test]
fn all_problems_are_told_at_once_with_their_places() {
    let written = settings(vec![
        ("pth", scalar("a.csv", 1)),
        ("wait", scalar("soon", 11)),
        ("limit", scalar("40", 21)),
        ("tls", scalar("yes", 31)),
        ("mode", scalar("starttsl", 41)),
    ]);
    let mut reader = SettingReader::new(&written);
    reader.required("path");
    reader.duration("wait");
    reader.number("limit", 1..=8);
    reader.boolean("tls");
    reader.choice("mode", &["plain", "starttls"]);
    insta::assert_snapshot!(messages(&reader.finish()).join("\n"), @r"
    the setting `path` is missing @0
    unknown setting `pth` @0; did you mean `path`?
    setting `wait`: `soon` is not a duration: write a whole number and `d`, `h`, `m`, `s` or `ms`, such as `90s` @11
    setting `limit` must be a whole number from 1 to 8, not `40` @21; write digits only
    setting `tls` must be true or false, not `yes` @31; write true or false
    setting `mode` must be one of `plain`, `starttls`, not `starttsl` @41; did you mean `starttls`?
    ");
}

#[test]
fn a_nested_key_is_named_with_its_path() {
    let enabled = settings(vec![("colum", scalar("state", 5))]);
    let written = settings(vec![("enabled", Setting::Map(enabled))]);
    let mut reader = SettingReader::new(&written);
    reader.map("enabled", |inner| inner.required("column"));
    insta::assert_snapshot!(messages(&reader.finish()).join("\n"), @r"
    the setting `enabled.column` is missing @0
    unknown setting `enabled.colum` @0; did you mean `column`?
    ");
}

#[test]
fn a_secret_must_be_looked_up_elsewhere() {
    let by_map = settings(vec![("env", scalar("PW", 3))]);
    let written = settings(vec![
        ("good", Setting::Secret { from: "file".into(), name: "pw.txt".into(), span: at(1) }),
        ("also", Setting::Map(by_map)),
        ("bad", scalar("hunter2", 21)),
        ("odd", Setting::Secret { from: "vault".into(), name: "x".into(), span: at(31) }),
    ]);
    let mut reader = SettingReader::new(&written);
    assert_eq!(reader.secret("good").map(|s| s.from), Some(SecretPlace::File));
    assert_eq!(
        reader.secret("also").map(|s| (s.from, s.name)),
        Some((SecretPlace::Env, "PW".into()))
    );
    assert_eq!(reader.secret("bad"), None);
    assert_eq!(reader.secret("odd"), None);
    let problems = messages(&reader.finish()).join("\n");
    insta::assert_snapshot!(problems, @r"
    setting `bad` is a secret and must not stand in the project @21; do not write secrets into the project; use { env: NAME } or { file: PATH }
    setting `odd` is a secret and must not stand in the project @31; do not write secrets into the project; use { env: NAME } or { file: PATH }
    ");
    assert!(!problems.contains("hunter2"));
}

#[test]
fn the_closest_word_is_offered_only_when_it_is_near() {
    assert_eq!(closest("delimeter", ["delimiter", "quote"]), Some("delimiter"));
    assert_eq!(closest("PATH", ["path"]), Some("path"));
    assert_eq!(closest("zebra", ["path", "quote"]), None);
}
