//! Files are opened again as others would: workbooks by a reader, pages by `pdftotext`, packs by their hashes.

use std::{io::Cursor, process::Command};

use calamine::{Data, Reader as _, Xlsx};
use muster_model::Language;
use muster_report::{Format, PACKS, Question, REPORTS, pack_named, write_pack};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use crate::support::Company;

const HOSTILE: [(&str, &str); 5] = [
    ("f1", "=HYPERLINK(\"http://x\")"),
    ("f2", "@SUM(1)"),
    ("r1", "ab\u{202e}dc\u{7}"),
    ("u1", "Žofie Öström 日本"),
    ("q1", "a,\"b\"\nc"),
];

async fn hostile() -> Company {
    let company = Company::empty().await;
    for (id, name) in HOSTILE {
        company.hire(&[("id", id), ("name", name), ("team", "sales")]).await;
    }
    company.hire(&[("id", "l1"), ("name", &"x".repeat(10_000)), ("team", "sales")]).await;
    company
}

/// The text of pages, laid out as it is printed.
fn printed(pdf: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.pdf");
    std::fs::write(&path, pdf).unwrap();
    let done = Command::new("pdftotext").arg("-layout").arg(&path).arg("-").output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.is_empty(), "{said}");
    String::from_utf8(done.stdout).unwrap()
}

fn sheet(xlsx: Vec<u8>, name: &str) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(xlsx)).unwrap();
    let range = book.worksheet_range(name).unwrap();
    range.rows().map(<[Data]>::to_vec).collect()
}

#[tokio::test]
async fn no_cell_of_a_file_is_a_formula_and_every_sign_is_seen() {
    let company = hostile().await;
    let question = Question::default();
    let csv = String::from_utf8(company.file("access", &question, Format::Csv).await).unwrap();
    assert!(csv.starts_with("person,display,kind,thing,"), "{csv}");
    assert!(
        csv.contains("\"'=HYPERLINK(\"\"http://x\"\")\"") && csv.contains(",'@SUM(1),"),
        "{csv}"
    );
    assert!(csv.contains("ab\\u{202e}dc\\u{7}") && !csv.contains('\u{202e}'), "{csv}");
    assert!(csv.contains("\"a,\"\"b\"\"\nc\"") && csv.contains(&"x".repeat(10_000)));
    let rows = sheet(company.file("access", &question, Format::Xlsx).await, "access");
    let names: Vec<String> = rows.iter().map(|row| row[1].to_string()).collect();
    assert!(rows.iter().all(|row| matches!(row[1], Data::String(_))));
    for name in ["=HYPERLINK(\"http://x\")", "@SUM(1)", "ab\\u{202e}dc\\u{7}", "Žofie Öström 日本"]
    {
        assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
    }
    assert!(names.iter().any(|name| name.len() == 10_000));
    let pages = printed(&company.file("access", &question, Format::Pdf).await);
    assert!(pages.contains("Žofie Öström") && pages.contains("[U+65E5]"), "{pages}");
    assert!(pages.contains("…") && !pages.contains('\u{202e}'), "{pages}");
}

#[tokio::test]
async fn every_form_says_the_same() {
    let company = Company::sqlite().await;
    company.give("ada", "create-payment").await;
    let question = Question::default();
    let json = company.file("privileged", &question, Format::Json).await;
    let json: Json = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["revision"], 1);
    assert_eq!(json["made_at"], "2026-11-20T12:00:00Z");
    assert_eq!(json["totals"]["people"], 1);
    assert_eq!(json["items"][0]["risk"], 70);
    assert_eq!(json["chart"]["bars"][0]["name"], "create-payment");
    let lines = company.file("privileged", &question, Format::Jsonl).await;
    assert_eq!(serde_json::from_slice::<Json>(&lines).unwrap(), json["items"][0]);
    let book = company.file("privileged", &question, Format::Xlsx).await;
    let rows = sheet(book.clone(), "privileged");
    assert_eq!(rows[1][0], Data::String("ada".into()));
    assert_eq!(rows[1][3], Data::Float(70.0));
    // Days since the end of 1899.
    assert_eq!(rows[1][6].to_string(), "46346.5");
    assert_eq!(sheet(book, "about")[0][1].to_string(), "Who holds access of high risk");
    let pages = printed(&company.file("privileged", &question, Format::Pdf).await);
    for text in
        ["Who holds access of high risk", "page 1 of 1", "revision of the model", "create-payment"]
    {
        assert!(pages.contains(text), "{text}: {pages}");
    }
    let picture =
        String::from_utf8(company.file("privileged", &question, Format::Svg).await).unwrap();
    assert!(picture.contains("<desc id=\"chart-words\">create-payment 1</desc>"), "{picture}");
}

#[tokio::test]
async fn files_speak_german_to_those_who_read_it_and_json_is_the_same_for_programs() {
    let company = Company::sqlite().await;
    company.give("ada", "create-payment").await;
    let german = Question { language: Some(Language::German), ..Question::default() };
    let csv = String::from_utf8(company.file("access", &german, Format::Csv).await).unwrap();
    assert!(csv.starts_with("Person,Name,Art,was,Konto,gewollt,vorhanden,warum,"), "{csv}");
    for words in
        [",Rolle,create-payment,,ja,,zugewiesen von ", ",ihre Regel,", "Rolle create-payment"]
    {
        assert!(csv.contains(words), "{words}: {csv}");
    }
    let book = company.file("privileged", &german, Format::Xlsx).await;
    let rows = sheet(book.clone(), "privileged");
    assert_eq!(rows[0][4].to_string(), "wie");
    assert_eq!(rows[1][4].to_string(), "zugewiesen");
    assert_eq!(sheet(book, "Inhalt")[0][1].to_string(), "Wer Zugriff mit hohem Risiko hat");
    let pages = printed(&company.file("reviews", &german, Format::Pdf).await);
    for text in ["Wie Überprüfungen verliefen", "fällig", "nichts gefunden", "Seite 1 von 1"] {
        assert!(pages.contains(text), "{text}: {pages}");
    }
    let picture =
        String::from_utf8(company.file("privileged", &german, Format::Svg).await).unwrap();
    assert!(picture.contains("Wer Zugriff mit hohem Risiko hat: Personen"), "{picture}");
    for (name, format) in
        [("access", Format::Json), ("access", Format::Jsonl), ("reviews", Format::Json)]
    {
        let english = company.file(name, &Question::default(), format).await;
        assert_eq!(company.file(name, &german, format).await, english);
    }
}

#[tokio::test]
async fn what_is_kept_about_a_person_is_said_in_their_language() {
    let company = Company::sqlite().await;
    company.give("ada", "create-payment").await;
    let person = Some("ada".to_owned());
    let german = Question { person, language: Some(Language::German), ..Question::default() };
    let csv = String::from_utf8(company.file("subject", &german, Format::Csv).await).unwrap();
    for words in ["Abschnitt,Eintrag,", "Person,Art,", "Angabe,", "Zuweisung,Rolle create-payment,"]
    {
        assert!(csv.contains(words), "{words}: {csv}");
    }
    let english = Question { language: None, ..german };
    let csv = String::from_utf8(company.file("subject", &english, Format::Csv).await).unwrap();
    assert!(csv.contains("assignment,role create-payment,"), "{csv}");
}

#[tokio::test]
async fn each_page_repeats_the_names_of_the_columns() {
    let company = Company::empty().await;
    for n in 0..60 {
        let (id, name) = (format!("p{n:02}"), format!("Person {n:02}"));
        company.hire(&[("id", &id), ("name", &name), ("team", "sales")]).await;
    }
    let pages = printed(&company.file("access", &Question::default(), Format::Pdf).await);
    let pages: Vec<&str> = pages.split('\u{c}').filter(|page| !page.trim().is_empty()).collect();
    assert!(pages.len() > 3, "{}", pages.len());
    for (place, page) in pages.iter().enumerate() {
        assert!(page.contains("person") && page.contains("since"), "{page}");
        assert!(page.contains(&format!("page {} of {}", place + 1, pages.len())), "{page}");
    }
    let all = pages.concat();
    assert!((0..60).all(|n| all.contains(&format!("Person {n:02}"))));
}

#[tokio::test]
async fn a_company_of_nobody_has_reports() {
    let company = Company::empty().await;
    let reports = REPORTS.iter().filter(|report| report.name != "subject");
    for report in reports {
        for format in Format::ALL.into_iter().filter(|format| *format != Format::Svg) {
            let file = company.file(report.name, &Question::default(), format).await;
            match format {
                Format::Pdf => assert!(printed(&file).contains("nothing found"), "{}", report.name),
                Format::Xlsx => assert_eq!(sheet(file, report.name).len(), 1, "{}", report.name),
                Format::Json => {
                    let json: Json = serde_json::from_slice(&file).unwrap();
                    assert_eq!(json["items"], serde_json::json!([]), "{}", report.name);
                }
                Format::Jsonl => assert!(file.is_empty(), "{}", report.name),
                Format::Csv | Format::Svg => {
                    assert_eq!(String::from_utf8(file).unwrap().lines().count(), 1);
                }
            }
        }
    }
}

#[tokio::test]
async fn the_index_of_a_pack_names_each_file_by_its_hash() {
    let company = Company::sqlite().await;
    let folder = tempfile::tempdir().unwrap();
    for pack in PACKS {
        let dir = folder.path().join(pack.name);
        std::fs::create_dir(&dir).unwrap();
        let pack = pack_named(pack.name).unwrap();
        let made =
            write_pack(&company.ctx, &company.opened, pack, (Format::Csv, Language::English), &dir)
                .await
                .unwrap();
        let index: Json =
            serde_json::from_slice(&std::fs::read(dir.join("index.json")).unwrap()).unwrap();
        assert_eq!(index["pack"], pack.name);
        let n_controls: usize = made.files.iter().map(|file| file.controls.len()).sum();
        assert_eq!(n_controls, pack.controls.len(), "{}", pack.name);
        for file in index["files"].as_array().unwrap() {
            let bytes = std::fs::read(dir.join(file["file"].as_str().unwrap())).unwrap();
            assert_eq!(file["sha256"], muster_store::hex(&Sha256::digest(&bytes)), "{file}");
        }
    }
    assert!(pack_named("sarbanes").unwrap_err().to_string().contains("no pack `sarbanes`"));
}
