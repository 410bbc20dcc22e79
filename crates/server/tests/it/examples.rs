//! Every project under `examples/` passes `check`, and those that need no server are applied as a newcomer would.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::failure;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A copy of an example in a folder of its own.
fn project(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&examples().join(name), folder.path());
    folder
}

fn muster(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_muster")).args(arguments).current_dir(folder).output().unwrap()
}

/// What a command that must succeed prints.
fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = muster(folder, arguments);
    assert!(output.status.success(), "muster {}: {}", arguments.join(" "), failure(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_example_passes_check_and_its_own_tests() {
    let mut n_projects = 0;
    for entry in fs::read_dir(examples()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let folder = project(&name);
        done(folder.path(), &["check"]);
        done(folder.path(), &["test"]);
        n_projects += 1;
    }
    assert!(n_projects >= 3, "{n_projects} examples");
}

#[test]
fn two_scripts_are_a_source_and_a_target() {
    let folder = project("command");
    done(folder.path(), &["sync"]);
    done(folder.path(), &["plan"]);
    done(folder.path(), &["apply", "--confirm", "3"]);
    let badges = fs::read_to_string(folder.path().join("data/badges.json")).unwrap();
    assert!(badges.contains("ada") && badges.contains("+49 30 1815"), "{badges}");
    done(folder.path(), &["sync"]);
    let plan = done(folder.path(), &["plan"]);
    assert!(plan.contains("Nothing to do"), "{plan}");
}

#[test]
fn a_document_becomes_a_workbook_and_a_directory_file() {
    let folder = project("files");
    done(folder.path(), &["sync"]);
    done(folder.path(), &["plan"]);
    done(folder.path(), &["apply", "--confirm", "6"]);
    let entries = fs::read_to_string(folder.path().join("out/people.ldif")).unwrap();
    assert!(entries.contains("cn: Grace Hopper") && entries.contains("cn:: "), "{entries}");
    assert!(folder.path().join("out/reception.xlsx").is_file());
    done(folder.path(), &["sync"]);
    let plan = done(folder.path(), &["plan"]);
    assert!(plan.contains("Nothing to do"), "{plan}");
}

#[test]
fn two_databases_are_a_source_and_a_target() {
    let folder = project("sql");
    let open = |name: &str| rusqlite::Connection::open(folder.path().join(name)).unwrap();
    for name in ["personnel", "shop"] {
        let script = fs::read_to_string(folder.path().join(format!("data/{name}.sql"))).unwrap();
        open(&format!("data/{name}.db")).execute_batch(&script).unwrap();
    }
    done(folder.path(), &["sync"]);
    done(folder.path(), &["plan"]);
    done(folder.path(), &["apply", "--auto-approve"]);
    let sql = "SELECT u.login || ' ' || coalesce(u.full_name, '-') || ' ' || (u.disabled_at IS NULL) || ' ' ||
               coalesce(group_concat(g.name), '-') FROM app_user u
               LEFT JOIN app_group_user m ON m.user_id = u.id LEFT JOIN app_group g ON g.id = m.group_id
               GROUP BY u.id ORDER BY u.login";
    let shop = open("data/shop.db");
    let mut statement = shop.prepare(sql).unwrap();
    let lines: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(lines, ["1001 Ada Lovelace 1 refunds", "1002 Bob O'Brien 1 -", "1003 Cy Young 0 -"]);
    done(folder.path(), &["sync"]);
    let plan = done(folder.path(), &["plan"]);
    assert!(plan.to_lowercase().contains("nothing to do"), "{plan}");
}
