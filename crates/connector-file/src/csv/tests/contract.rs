//! The promises of every connector, kept by a file.

use std::io::Write as _;

use muster_connector::contract::{self, Subject, Verdict};

use super::*;

fn subject(project: Project) -> Subject {
    let connector = project.open();
    Subject { hold: Box::new(project.folder), ..Subject::new(connector, "") }
}

fn target(name: &str) -> Project {
    Project::without(name).set("writable", "true").set("many", "|")
}

#[tokio::test]
async fn a_writable_file_keeps_the_contract() {
    let report = contract::run_all(async || {
        let project = target("out.csv")
            .set("enabled.column", "state")
            .set("enabled.on", "active")
            .set("enabled.off", "disabled");
        let path = project.path();
        // Half of the last row is gone, as after a broken transfer.
        let cut = move || {
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..bytes.len() - 4]).unwrap();
        };
        Subject { cut: Some(Arc::new(cut)), ..subject(project) }
    })
    .await;
    report.assert_kept();
    let unclaimed: Vec<_> = report
        .outcomes
        .iter()
        .filter(|(_, outcome)| *outcome == Ok(Verdict::NotClaimed))
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(
        unclaimed,
        ["members_are_added_and_removed", "incremental_reads_yield_what_changed"]
    );
}

#[tokio::test]
async fn other_forms_of_files_keep_the_contract() {
    let forms: [fn() -> Project; 5] = [
        || target("out.csv").set("formulas", "escape"),
        || target("out.tsv"),
        || target("out.csv.gz"),
        || target("out.csv").set("encoding", "utf-16le").set("delimiter", ";"),
        || target("out.txt").set("quote", "'").set("delimiter", "|").set("many", "/"),
    ];
    for form in forms {
        contract::run_all(async || subject(form())).await.assert_kept();
    }
}

#[tokio::test]
async fn a_compressed_file_that_is_cut_keeps_the_contract() {
    contract::run_all(async || {
        let project = target("out.csv.gz");
        let path = project.path();
        let cut = move || {
            let length = fs::metadata(&path).unwrap().len();
            fs::File::options().write(true).open(&path).unwrap().set_len(length - 9).unwrap();
        };
        Subject { cut: Some(Arc::new(cut)), ..subject(project) }
    })
    .await
    .assert_kept();
}

#[tokio::test]
async fn a_source_keeps_the_contract() {
    contract::run_all(async || {
        let project = Project::without("in.csv");
        let mut file = fs::File::create(project.path()).unwrap();
        file.write_all(b"id,title,town\neve,Spy,Bern\n").unwrap();
        subject(project)
    })
    .await
    .assert_kept();
}
