//! Runs every script in `tests/scripts` and compares what it prints with what stands there.

use std::{fs, path::Path};

use crate::script::{Session, transcript};

#[test]
fn every_script_prints_what_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let load = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|end| end == "txt"))
        .collect();
    names.sort();
    assert!(names.len() >= 5, "{names:?}");
    let mut wrong = Vec::new();
    for name in names {
        let written = load(&name);
        let real = transcript(&mut Session::new(), &written, &load);
        if real != written {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
            fs::write(&kept, &real).unwrap();
            wrong.push(format!("{name} prints this (kept in {}):\n{real}", kept.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
