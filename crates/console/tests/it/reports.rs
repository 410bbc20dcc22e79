//! Reports on pages and as files of pages, in the language of whoever reads them.

use crate::support::*;

#[tokio::test]
async fn a_report_and_its_files_speak_the_language_of_the_page() {
    let served = Served::start().await;
    let mut operator = served.operator().await;
    let page = operator.get("/reports/orphans").await;
    assert!(page.body.contains("known since") && page.body.contains("<bdi>orphan</bdi>"));
    let csv = operator.get("/reports/orphans/file?format=csv").await.body;
    assert!(csv.starts_with("system,account_type,account,status,") && csv.contains(",orphan,yes,"));
    let json = operator.get("/reports/orphans/file?format=jsonl").await.body;
    operator.language = "de";
    let page = operator.get("/reports/orphans").await;
    for words in
        ["Konten, die niemandem gehören", "bekannt seit", "<bdi>verwaist</bdi>", "<bdi>ja</bdi>"]
    {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains("<bdi>orphan</bdi>"), "{}", page.body);
    let csv = operator.get("/reports/orphans/file?format=csv").await.body;
    assert!(
        csv.starts_with("System,Kontoart,Konto,Status,") && csv.contains(",verwaist,ja,"),
        "{csv}"
    );
    assert_eq!(operator.get("/reports/orphans/file?format=jsonl").await.body, json);
    let access = operator.get("/reports/access").await;
    assert!(access.body.contains("<bdi>Berechtigung</bdi>") && access.body.contains("ihre Regel"));
    let subject = operator.get("/reports/subject?person=maya.okafor").await;
    assert!(subject.body.contains("<bdi>Angabe</bdi>"), "{}", subject.body);
}
