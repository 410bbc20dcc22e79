//! Commands read their document, know no shell and are stopped in time.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, time::Instant};

use jiff::SignedDuration;
use muster_app::{CommandCall, Deliver as _, DeliverError};
use muster_model::Text;

use crate::delivery;

fn script(folder: &Path, text: &str) {
    let path = folder.join("bin/hook");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

async fn run(folder: &Path, arguments: &[&str], seconds: i64) -> Result<(), DeliverError> {
    let run: Vec<Text> = arguments.iter().map(|argument| (*argument).into()).collect();
    let timeout = SignedDuration::from_secs(seconds);
    let call = CommandCall { run: &run, input: b"{\"key\":\"1\"}".to_vec(), timeout };
    loop {
        // A program that another test begins at this moment may still hold the file that was just written.
        match delivery(folder).command(&call).await {
            Err(error) if error.later && error.problem.contains("cannot be run") => {}
            other => return other,
        }
    }
}

#[tokio::test]
async fn a_program_of_the_project_reads_its_document_and_gets_its_arguments_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    script(folder.path(), "printf '%s|' \"$@\" > out; cat >> out");
    run(folder.path(), &["bin/hook", "$(touch evil)", "; touch evil", "a b"], 20).await.unwrap();
    let out = fs::read_to_string(folder.path().join("out")).unwrap();
    assert_eq!(out, "$(touch evil)|; touch evil|a b|{\"key\":\"1\"}");
    assert!(!folder.path().join("evil").exists());
}

#[tokio::test]
async fn a_status_tells_whether_another_try_makes_sense_and_endless_work_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    script(folder.path(), "exit 3");
    assert!(!run(folder.path(), &["bin/hook"], 20).await.unwrap_err().later);
    script(folder.path(), "exit 75");
    assert!(run(folder.path(), &["bin/hook"], 20).await.unwrap_err().later);
    assert!(!run(folder.path(), &["bin/nothing"], 20).await.unwrap_err().later);
    script(folder.path(), "exec sleep 60");
    let began = Instant::now();
    let stopped = run(folder.path(), &["bin/hook"], 1).await.unwrap_err();
    assert!(stopped.later && stopped.problem.contains("stopped after 1 seconds"), "{stopped}");
    assert!(began.elapsed().as_secs() < 30);
}

#[tokio::test]
async fn a_program_that_is_asked_answers_and_one_that_never_ends_its_answer_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let ask = async || {
        let run: Vec<Text> = vec!["bin/hook".into()];
        let (input, timeout) = (b"{\"data\":1}".to_vec(), SignedDuration::from_secs(20));
        delivery(folder.path()).ask(&CommandCall { run: &run, input, timeout }).await
    };
    script(folder.path(), "cat; printf '!'");
    assert_eq!(ask().await.unwrap(), b"{\"data\":1}!");
    script(folder.path(), "head -c 5000000 /dev/zero");
    ask().await.unwrap_err();
    script(folder.path(), "echo no; exit 3");
    assert!(!ask().await.unwrap_err().later);
}
