use std::fmt::Write as _;

use crate::{
    packages::{Edges, Package, Packages},
    repo::File,
};

use super::{documents, in_files, layers, manifests, modules, rust, text, words};

fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

/// Findings as the lines that people see.
fn shown(findings: &[super::Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

const CLEAN: &[&str] = &[];

// === rust ===

#[test]
fn a_rust_file_says_what_it_is_for() {
    assert_eq!(shown(&rust::check(&file("crates/a/src/b.rs", "//! Does b.\n"))), CLEAN);
    assert_eq!(shown(&rust::check(&file("crates/a/src/b/tests.rs", "use super::c;\n"))), CLEAN);
    assert_eq!(
        shown(&rust::check(&file("crates/a/src/b.rs", "fn b() {}\n"))),
        ["crates/a/src/b.rs:1: opens without `//!`, which says what it is for"]
    );
}

#[test]
fn unfinished_code_is_found() {
    for word in
        [concat!("todo", "!()"), concat!("unimplemented", "!(\"x\")"), concat!("#[", "ignore]")]
    {
        let text = format!("//! A.\nfn a() {{\n    {word}\n}}\n");
        let found = shown(&rust::check(&file("a.rs", &text)));
        assert!(found.len() == 1 && found[0].starts_with("a.rs:3: "), "{word}: {found:?}");
    }
}

#[test]
fn only_lines_before_the_tests_count() {
    let mut text = "//! A.\n".to_owned();
    (0..500).for_each(|n| _ = writeln!(text, "const A{n}: u8 = 0;"));
    text.push_str("#[cfg(test)]\nmod tests {\n");
    (0..500).for_each(|n| _ = writeln!(text, "    const B{n}: u8 = 0;"));
    text.push_str("}\n");
    let a = file("crates/a/src/a.rs", &text);
    assert_eq!(rust::production_lines(&a), 501);
    assert_eq!(shown(&rust::check(&a)), CLEAN);
    let test = file("crates/a/tests/it/a.rs", &text);
    assert_eq!(rust::production_lines(&test), 0);
}

#[test]
fn a_test_module_in_its_own_file_ends_nothing() {
    let text = "//! A.\n#[cfg(test)]\nmod tests;\nfn a() {}\n";
    assert_eq!(rust::production_lines(&file("a.rs", text)), 4);
}

#[test]
fn a_long_file_is_found_and_the_list_of_exceptions_only_shrinks() {
    let listed = &[("old.rs", 800)];
    assert!(rust::too_long("new.rs", 601, listed).unwrap().contains("split it"));
    assert_eq!(rust::too_long("new.rs", 600, listed), None);
    assert_eq!(rust::too_long("old.rs", 800, listed), None);
    assert!(rust::too_long("old.rs", 801, listed).unwrap().contains("only shrink"));
    assert!(rust::too_long("old.rs", 700, listed).unwrap().contains("lower"));
    assert!(rust::too_long("old.rs", 600, listed).unwrap().contains("off the list"));
}

// === text ===

#[test]
fn files_end_with_one_newline_and_have_no_tabs() {
    let check = |path, content| shown(&text::check(&file(path, content)));
    assert_eq!(check("a.md", "a\n"), CLEAN);
    assert_eq!(check("a.md", ""), CLEAN);
    assert_eq!(check("a.md", "a"), ["a.md: does not end with a newline"]);
    assert_eq!(check("a.md", "a\n\n"), ["a.md: ends with an empty line"]);
    assert_eq!(check("a.md", "a\n\tb\n"), ["a.md:2: has a tab; indent with spaces"]);
    assert_eq!(check("crates/a/fixtures/b.tsv", "a\tb"), CLEAN);
}

#[test]
fn a_snapshot_that_waits_for_a_decision_is_found() {
    let check = |path| text::check(&file(path, "x\n")).len();
    assert_eq!(check("crates/a/src/snapshots/b.snap"), 0);
    assert_eq!(check("crates/a/src/snapshots/b.snap.new"), 1);
    assert_eq!(check("crates/a/src/.tests.rs.pending-snap"), 1);
}

#[test]
fn folders_of_one_machine_are_found() {
    let check = |content: &str| text::check(&file("a.md", content)).len();
    assert_eq!(check(concat!("see /wo", "rk/main\n")), 1);
    assert_eq!(check(concat!("`/ro", "ot/x`\n")), 1);
    assert_eq!(check(concat!("cd /ho", "me/ada/muster\n")), 1);
    assert_eq!(check(concat!("homeDirectory: /ho", "me/ada\n")), 0);
    assert_eq!(check(concat!("crates/wo", "rk/src\n")), 0);
}

#[test]
fn hosts_of_registries_are_found() {
    let content = concat!("https://static.cra", "tes.io/a\n");
    assert_eq!(text::check(&file("a.md", content)).len(), 1);
}

// === words ===

#[test]
fn unwanted_words_are_found_as_words_only() {
    for word in words::WORDS {
        assert_eq!(words::check(&file("a.md", &format!("With {word}.\n"))).len(), 1, "{word}");
        assert_eq!(words::check(&file("a.md", &format!("With {word}tte.\n"))).len(), 0, "{word}");
    }
}

// === modules ===

#[test]
fn a_file_that_nobody_compiles_is_found() {
    let files = [
        file("crates/a/src/lib.rs", "mod b;\npub mod c;\n"),
        file("crates/a/src/b.rs", ""),
        file("crates/a/src/c/mod.rs", "mod d;\n"),
        file("crates/a/src/c/d.rs", "#[cfg(test)]\nmod tests;\n"),
        file("crates/a/src/c/d/tests.rs", ""),
        file("crates/a/src/lost.rs", ""),
        file("crates/a/tests/it/main.rs", "mod people;\n"),
        file("crates/a/tests/it/people.rs", ""),
        file("crates/a/tests/it/forgotten.rs", ""),
    ];
    assert_eq!(
        shown(&modules::check(&files)),
        [
            "crates/a/src/lost.rs: is named by no `mod` line, so nobody compiles it",
            "crates/a/tests/it/forgotten.rs: is named by no `mod` line, so nobody compiles it",
        ]
    );
}

// === manifests ===

#[test]
fn a_crate_without_the_shared_lints_is_found() {
    let with =
        file("crates/a/Cargo.toml", "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n");
    let without = file("crates/a/Cargo.toml", "[package]\nname = \"a\"\n");
    assert_eq!(shown(&manifests::check(&with)), CLEAN);
    assert_eq!(manifests::check(&without).len(), 1);
}

#[test]
fn a_lock_that_grew_is_found() {
    let lock =
        |packages: usize| file("Cargo.lock", &"[[package]]\nname = \"a\"\n".repeat(packages));
    assert_eq!(shown(&manifests::check(&lock(manifests::MOST_PACKAGES))), CLEAN);
    assert_eq!(manifests::check(&lock(manifests::MOST_PACKAGES + 1)).len(), 1);
}

#[test]
fn a_mirror_in_the_cargo_configuration_is_found() {
    let check = |text| manifests::check(&file(".cargo/config.toml", text)).len();
    assert_eq!(check("[alias]\nxtask = \"run\"\n"), 0);
    assert_eq!(check("[source.crates-io]\nreplace-with = \"mirror\"\n"), 1);
}

// === layers ===

/// Reads `from -> to to`; a `*` before `to` marks a dependency of tests.
fn graph(text: &str) -> Packages {
    let mut packages = Packages::default();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (from, to) = line.split_once("->").unwrap();
        let from = from.trim().to_owned();
        let mut edges = Edges::default();
        for to in to.split_whitespace() {
            match to.strip_prefix('*') {
                Some(to) => edges.dev.insert(to.to_owned()),
                None => edges.normal.insert(to.to_owned()),
            };
        }
        let ours = from.starts_with("muster-");
        packages.packages.push(Package { name: from.clone(), ours, ..Package::default() });
        packages.edges.insert(from, edges);
    }
    packages
}

fn layered(text: &str) -> Vec<String> {
    shown(&layers::check(&graph(text)))
}

#[test]
fn right_uses_left() {
    assert_eq!(
        layered(
            "muster-model ->\nmuster-lang -> muster-model cel\nmuster-connector -> muster-model\n"
        ),
        CLEAN
    );
    assert_eq!(
        layered("muster-model -> muster-lang\nmuster-lang -> muster-model\n"),
        ["crates/model/Cargo.toml: must not use muster-lang"]
    );
}

#[test]
fn a_pure_crate_reaches_no_runtime_however_indirectly() {
    assert_eq!(
        layered("muster-model -> helper\nhelper -> deeper\ndeeper -> tokio\n"),
        [
            "crates/model/Cargo.toml: is pure but reaches tokio: muster-model -> helper -> deeper -> tokio"
        ]
    );
}

#[test]
fn tests_of_a_pure_crate_stay_pure_and_tests_of_an_edge_may_use_the_kit() {
    let kit = "muster-model ->\nmuster-testkit -> muster-model tokio\n";
    assert_eq!(layered(&format!("{kit}muster-store -> muster-model *muster-testkit\n")), CLEAN);
    let found = layered(&format!("{kit}muster-lang -> muster-model *muster-testkit\n"));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("not even in tests"), "{found:?}");
}

#[test]
fn a_crate_that_is_not_in_the_table_is_found() {
    assert_eq!(
        layered("muster-extra ->\n"),
        ["crates/extra/Cargo.toml: is missing in the table of xtask/src/tidy/layers.rs"]
    );
}

#[test]
fn a_crate_that_could_be_published_is_found() {
    let mut packages = graph("muster-model ->\n");
    packages.packages[0].may_be_published = true;
    assert_eq!(
        shown(&layers::check(&packages)),
        ["crates/model/Cargo.toml: says no `publish = false`"]
    );
}

// === documents ===

#[test]
fn changelog_fragments_are_named_by_kind() {
    let check = |path| documents::check(&[file(path, "People can be found.\n")]).len();
    assert_eq!(check("changes/find-people.added.md"), 0);
    assert_eq!(check("changes/README.md"), 0);
    assert_eq!(check("changes/find-people.md"), 1);
    assert_eq!(check("changes/find-people.new.md"), 1);
    assert_eq!(check("changes/Find_People.added.md"), 1);
    assert_eq!(documents::check(&[file("changes/a.fixed.md", "\n")]).len(), 1);
}

#[test]
fn decisions_are_numbered_without_gaps() {
    let record =
        |number: &str| file(&format!("docs/decisions/{number}-a.md"), &format!("# {number} A\n"));
    assert_eq!(shown(&documents::check(&[record("0000"), record("0001")])), CLEAN);
    assert_eq!(documents::check(&[record("0000"), record("0002")]).len(), 1);
    assert_eq!(documents::check(&[file("docs/decisions/0000-a.md", "# A\n")]).len(), 1);
    assert_eq!(documents::check(&[file("docs/decisions/a.md", "# 0000 A\n")]).len(), 1);
}

#[test]
fn links_lead_somewhere() {
    let target = file("docs/dev/errors.md", "# Errors\n");
    let check = |link: &str| {
        let page = file("docs/dev/testing.md", &format!("See [it]({link}).\n"));
        documents::check(&[target.clone(), page]).len()
    };
    assert_eq!(check("errors.md"), 0);
    assert_eq!(check("errors.md#kinds"), 0);
    assert_eq!(check("../dev"), 0);
    assert_eq!(check("https://example.org/x"), 0);
    assert_eq!(check("#here"), 0);
    assert_eq!(check("../errors.md"), 1);
    assert_eq!(check("missing.md"), 1);
}

#[test]
fn every_page_of_the_book_stands_in_the_summary() {
    let summary = file("docs/book/src/SUMMARY.md", "- [A](a.md)\n");
    let files = [summary, file("docs/book/src/a.md", "A\n"), file("docs/book/src/b.md", "B\n")];
    assert_eq!(
        shown(&documents::check(&files)),
        ["docs/book/src/b.md: is missing in SUMMARY.md, so nobody finds it"]
    );
}

// === together ===

#[test]
fn all_rules_see_all_files() {
    let files =
        [file("crates/a/src/lost.rs", "fn a() {}\n\t\n"), file("crates/a/Cargo.toml", "\n")];
    let found = shown(&in_files(&files)).join("\n");
    for part in ["opens without", "has a tab", "no `mod` line", "share the lints"] {
        assert!(found.contains(part), "{part}: {found}");
    }
}
