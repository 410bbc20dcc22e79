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
