use std::collections::BTreeMap;

use muster_model::{Setting, Span};

use super::*;

const HERE: Span = Span { file: 0, start: 0, end: 0 };

/// Settings from pairs; `enabled.on` makes a nested map.
pub(crate) fn written(pairs: &[(&str, &str)]) -> Settings {
    let mut top = Settings { entries: BTreeMap::new(), span: HERE };
    for (key, text) in pairs {
        let scalar = (HERE, Setting::Scalar(Text::from(*text), HERE));
        match key.split_once('.') {
            None => {
                top.entries.insert(Text::from(*key), scalar);
            }
            Some((outer, inner)) => {
                let empty = Settings { entries: BTreeMap::new(), span: HERE };
                let (_, map) =
                    top.entries.entry(outer.into()).or_insert_with(|| (HERE, Setting::Map(empty)));
                let Setting::Map(map) = map else { panic!("`{outer}` is no map") };
                map.entries.insert(inner.into(), scalar);
            }
        }
    }
    top
}

/// Checked settings from pairs; paths are as written.
pub(crate) fn checked(pairs: &[(&str, &str)]) -> CsvSettings {
    CsvSettings::read(&written(pairs), Path::new("")).unwrap()
}

fn problems(pairs: &[(&str, &str)]) -> String {
    let problems = CsvSettings::read(&written(pairs), Path::new("")).unwrap_err();
    let lines: Vec<String> = problems
        .into_iter()
        .map(|p| format!("{}; {}", p.message, p.help.unwrap_or_default()))
        .collect();
    lines.join("\n")
}

#[test]
fn a_path_and_a_key_are_enough() {
    let settings = checked(&[("path", "data/hr.csv"), ("key", "emp_no")]);
    assert_eq!(settings.dialect, Dialect { delimiter: b',', quote: Some(b'"') });
    assert_eq!(settings.max_line, 1 << 20);
    assert!(!settings.place.gzip && !settings.place.writable);
    let can = settings.capabilities();
    assert!(can.read && can.text_only);
    assert!(!can.create && !can.update && !can.rename && !can.enable && !can.delete);
}

#[test]
fn the_file_name_tells_the_delimiter_and_the_compression() {
    let by_name = |path| {
        let settings = checked(&[("path", path), ("key", "id")]);
        (char::from(settings.dialect.delimiter), settings.place.gzip)
    };
    assert_eq!(by_name("a.csv"), (',', false));
    assert_eq!(by_name("a.TSV"), ('\t', false));
    assert_eq!(by_name("a.tsv.gz"), ('\t', true));
    assert_eq!(by_name("a.txt"), (',', false));
    let given = checked(&[("path", "a.tsv"), ("key", "id"), ("delimiter", ";")]);
    assert_eq!(given.dialect.delimiter, b';');
}

#[test]
fn a_writable_file_with_an_enabled_column_can_do_everything_but_members() {
    let can = checked(&[
        ("path", "a.csv"),
        ("key", "id"),
        ("writable", "true"),
        ("enabled.column", "state"),
    ])
    .capabilities();
    assert!(can.create && can.update && can.rename && can.enable && can.delete);
    assert!(!can.members && !can.incremental);
}

#[test]
fn every_wrong_setting_is_told_at_once() {
    insta::assert_snapshot!(problems(&[
        ("pth", "a.csv"),
        ("delimiter", "::"),
        ("quote", "\u{201e}"),
        ("encoding", "utf-9"),
        ("many", "\\"),
        ("max_line", "3"),
        ("writable", "yes"),
        ("enabled.on", "x"),
        ("enabled.off", "x"),
    ]), @r"
    the setting `path` is missing; 
    the setting `key` is missing; 
    setting `delimiter` must be one ASCII character, not `::`; write for example `;`, `|` or `tab`
    setting `quote` must be one ASCII character, not `„`; write for example `'`, or `none` when cells are never quoted
    setting `encoding` names an unknown encoding, `utf-9`; write for example `utf-8`, `utf-16le`, `windows-1252` or `iso-8859-15`
    the setting `enabled.column` is missing; 
    settings `enabled.on` and `enabled.off` are the same; an account could never be disabled
    setting `many` must be one character that is not the delimiter, the quote or `\`, not `\`; write for example `|`
    setting `max_line` must be between 64 bytes and 1GiB; the default is 1MiB
    setting `writable` must be true or false, not `yes`; write true or false
    unknown setting `pth`; did you mean `path`?
    ");
}

#[test]
fn the_separators_must_differ() {
    let path = [("path", "a.csv"), ("key", "id")];
    let with = |more: &[(&'static str, &'static str)]| problems(&[&path[..], more].concat());
    assert!(with(&[("quote", ",")]).contains("the same character"));
    assert!(with(&[("many", ",")]).contains("setting `many` must be one character"));
    assert!(with(&[("enabled.column", "id")]).contains("names the key column"));
}
