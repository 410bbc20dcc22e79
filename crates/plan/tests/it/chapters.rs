//! The chapters of the manual about policy are run: `yaml` blocks are model files, `text` blocks transcripts.

use std::{fs, path::Path};

use crate::script::{Session, transcript};

/// The chapter with every transcript as it really is.
fn run(chapter: &str) -> String {
    let mut session = Session::new();
    let mut out = String::new();
    let mut n_files = 0;
    let mut lines = chapter.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(language) = line.strip_prefix("```").filter(|language| !language.is_empty())
        else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let block = block.join("\n") + "\n";
        match language {
            "yaml" => {
                n_files += 1;
                let problems = session.file(&format!("{n_files}.yaml"), &block);
                assert!(problems.is_empty(), "{problems}");
                out.push_str(&block);
            }
            "text" => {
                let no_files = |name: &str| panic!("a chapter loads no file: {name}");
                out.push_str(&transcript(&mut session, &block, &no_files));
            }
            other => panic!("a block of `{other}` is not run"),
        }
        out.push_str("```\n");
    }
    out
}

#[test]
fn the_transcripts_of_the_policy_chapters_are_true() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/src/policy");
    let mut wrong = Vec::new();
    for name in ["lifecycle.md", "roles.md", "guards.md"] {
        let written = fs::read_to_string(folder.join(name)).unwrap();
        assert!(written.matches("```text").count() >= 3, "{name} shows too little");
        let real = run(&written);
        if real != written {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
            fs::write(&kept, &real).unwrap();
            wrong.push(format!("{name} prints this (kept in {}):\n{real}", kept.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
