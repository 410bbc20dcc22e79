//! Finds Rust files that no `mod` line names: they are not compiled, so their tests never run.

use std::collections::BTreeMap;

use crate::repo::File;

use super::{Finding, is_rust};

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let by_path: BTreeMap<&str, &str> =
        files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    files
        .iter()
        .filter(|file| is_rust(&file.path) && !is_named(&file.path, &by_path))
        .map(|file| Finding::new(&file.path, 0, "is named by no `mod` line, so nobody compiles it"))
        .collect()
}

fn is_named(path: &str, by_path: &BTreeMap<&str, &str>) -> bool {
    let Some((folder, file_name)) = path.rsplit_once('/') else { return true };
    let (folder, name) = match file_name.strip_suffix(".rs") {
        Some("mod") => match folder.rsplit_once('/') {
            Some(parts) => parts,
            None => return true,
        },
        Some(name) => (folder, name),
        None => return true,
    };
    if is_root(folder, name) {
        return true;
    }
    let parents = [
        format!("{folder}/mod.rs"),
        format!("{folder}/lib.rs"),
        format!("{folder}/main.rs"),
        format!("{folder}.rs"),
    ];
    parents
        .iter()
        .filter_map(|parent| by_path.get(parent.as_str()))
        .any(|text| text.lines().any(|line| declares(line, name)))
}

/// True for files that cargo finds by itself.
fn is_root(folder: &str, name: &str) -> bool {
    let last = folder.rsplit('/').next().unwrap_or_default();
    matches!(name, "lib" | "main" | "build")
        || matches!(last, "bin" | "examples" | "benches" | "tests")
}

fn declares(line: &str, name: &str) -> bool {
    let line = line.trim();
    let line = line.strip_prefix("pub(crate) ").or(line.strip_prefix("pub ")).unwrap_or(line);
    line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) == Some(name)
        || (line.starts_with("#[path") && line.ends_with(&format!("/{name}.rs\"]")))
}
