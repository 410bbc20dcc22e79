//! Whatever is written: no panic, no endless growth.

use proptest::prelude::*;

use crate::{
    explain_code, format,
    tests::support::{BASE, loaded, said},
};

#[test]
fn ten_thousand_nested_lists_are_refused() {
    for text in ["[".repeat(10_000), "- ".repeat(10_000), "{a: ".repeat(10_000)] {
        let loaded = loaded(&[("a.yaml", &text)]);
        assert!(loaded.model.is_none());
        let first = loaded.diagnostics.iter().find(|d| d.span.is_some()).unwrap();
        assert!(matches!(first.code, "E0106" | "E0101"), "{}", first.message);
    }
}

#[test]
fn a_bomb_of_aliases_does_not_go_off() {
    let line = |(name, of): (&str, &str)| {
        format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 7].join(", "))
    };
    let lines = [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e"), ("g", "f")].map(line);
    let text = format!("a: &a [x, x, x, x, x, x, x, x, x]\n{}", lines.concat());
    let loaded = loaded(&[("a.yaml", &text)]);
    assert!(loaded.model.is_none());
    assert!(loaded.diagnostics.iter().filter(|d| d.code == "E0103").count() > 40);
    assert_eq!(format(&text).unwrap_err().code, "E0103");
}

#[test]
fn a_file_beyond_the_limit_is_refused_unread() {
    let text = "#".repeat(4 * 1024 * 1024 + 1);
    assert_eq!(
        loaded(&[("a.yaml", &text)]).diagnostics.iter().filter(|d| d.code == "E0107").count(),
        1
    );
}

#[test]
fn documents_beyond_the_limit_are_refused() {
    let text = "---\n".repeat(1_001);
    assert_eq!(
        loaded(&[("a.yaml", &text)]).diagnostics.iter().filter(|d| d.code == "E0108").count(),
        1
    );
}

#[test]
fn the_order_of_files_does_not_matter() {
    let part = ("b.yaml", "roles: { x: { includes: [y] } }");
    assert_eq!(said(&[("a.yaml", BASE), part]), said(&[part, ("a.yaml", BASE)]));
}

/// A model file with one piece cut out and another one put in: near enough to right to get far.
fn damaged() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "",
        "\n",
        " ",
        ":",
        "{",
        "}",
        "[",
        "]",
        "'",
        "\"",
        "#",
        "- ",
        "when",
        "null",
        "&a",
        "*a",
        "\t",
        "é",
        "| x",
        "person.",
        "now",
        "compute: ",
        "? ",
        "%",
        "---\n",
    ]);
    (0..BASE.len(), 0..40usize, pieces).prop_map(|(at, cut, piece)| {
        let before: String = BASE.chars().take(at).collect();
        let after: String = BASE.chars().skip(at + cut).collect();
        format!("{before}{piece}{after}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_loads_or_is_refused(text in any::<String>()) {
        let said = said(&[("a.yaml", &text)]);
        prop_assert!(!said.is_empty());
    }

    #[test]
    fn yaml_like_text_loads_or_is_refused(text in "[a-c:{}\\[\\],'\"#&*!|>%@ \n\t-]{0,60}") {
        let said = said(&[("a.yaml", &text)]);
        prop_assert!(!said.is_empty());
    }

    #[test]
    fn a_damaged_project_loads_or_is_refused(text in damaged()) {
        let loaded = loaded(&[("a.yaml", &text)]);
        for diagnostic in &loaded.diagnostics {
            prop_assert!(explain_code(diagnostic.code).is_some(), "{}", diagnostic.code);
        }
        let errors = loaded.diagnostics.iter().any(|d| d.severity == muster_model::Severity::Error);
        prop_assert_eq!(loaded.model.is_none(), errors);
    }

    #[test]
    fn formatting_twice_is_formatting_once(text in {
        prop::collection::vec(prop::sample::select(vec![
            "a", "b", ": ", "{", "}", "[", "]", ", ", "\n", "  ", "- ", " # x", "'", "\"", "|\n", ">-\n", "a: b\n", "\n\n", "---\n", "é",
        ]), 0..30).prop_map(|parts| parts.concat())
    }) {
        if let Ok(once) = format(&text) {
            prop_assert_eq!(format(&once).unwrap(), once);
        }
    }

    #[test]
    fn a_damaged_project_keeps_its_meaning_when_formatted(text in damaged()) {
        if let Ok(once) = format(&text) {
            prop_assert_eq!(&format(&once).unwrap(), &once);
            let codes = |text: &str| -> Vec<(&str, String)> {
                let mut found: Vec<_> = loaded(&[("a.yaml", text)]).diagnostics.into_iter().map(|d| (d.code, d.message)).collect();
                found.sort();
                found
            };
            prop_assert_eq!(codes(&text), codes(&once));
        }
    }
}
