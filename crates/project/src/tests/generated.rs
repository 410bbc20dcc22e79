//! Files that are made from the code are up to date, and every code has a page.

use std::{collections::BTreeSet, fs, path::Path};

use crate::{error_reference, explain, explain_code, json_schema, model_reference};

fn repository(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn the_schema_that_is_checked_in_is_the_one_that_is_made() {
    let checked_in: serde_json::Value =
        serde_json::from_str(&repository("schema/muster.schema.json")).unwrap();
    assert!(checked_in == json_schema(), "out of date: run `cargo xtask generate`");
}

#[test]
fn the_chapters_that_are_checked_in_are_those_that_are_made() {
    let chapter = |name: &str| repository(&format!("docs/book/src/reference/{name}.md"));
    assert!(chapter("errors") == error_reference(), "out of date: run `cargo xtask generate`");
    assert!(chapter("model-files") == model_reference(), "out of date: run `cargo xtask generate`");
}

/// All codes in quotes in the Rust files of a folder, tests left out.
fn codes_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("tests") || path.ends_with("tests.rs") {
            continue;
        }
        if path.is_dir() {
            codes_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for part in text.split('"').skip(1) {
                let digits = part.len() == 5 && part.chars().skip(1).all(|c| c.is_ascii_digit());
                if digits && (part.starts_with('E') || part.starts_with('W')) {
                    found.insert(part.to_owned());
                }
            }
        }
    }
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let mut used = BTreeSet::new();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    codes_in(&crates.join("project/src"), &mut used);
    codes_in(&crates.join("lang/src"), &mut used);
    let pages: Vec<&str> = explain::pages().filter_map(explain::code_of).collect();
    assert!(pages.is_sorted(), "the pages are in order of their codes");
    let pages: BTreeSet<String> = pages.into_iter().map(str::to_owned).collect();
    assert!(used.len() > 60, "codes are found at all");
    assert_eq!(used, pages);
}

#[test]
fn a_page_is_found_by_its_code() {
    assert!(explain_code("E0412").unwrap().starts_with("## E0412: an unknown attribute"));
    assert!(explain_code("e0412").is_some());
    assert!(!explain_code("E0412").unwrap().contains("## E0501"));
    assert_eq!(explain_code("E9999"), None);
}

#[test]
fn the_schema_knows_every_top_level_key() {
    let schema = json_schema();
    for key in ["muster", "timezone", "store", "types", "systems", "roles", "duties", "tests"] {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
    assert_eq!(schema["definitions"]["role"]["additionalProperties"], false);
}
