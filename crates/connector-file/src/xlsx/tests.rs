use std::io::{Cursor, Write as _};

use muster_model::Value;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use serde_json::json;

use crate::{
    XLSX,
    tests::{Folder, apply, create, read, update},
};

fn staff() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Staff").unwrap();
    for (column, name) in [(0, "id"), (1, "name"), (2, "start"), (3, "hours"), (4, "on"), (5, "at")]
    {
        sheet.write_string(0, column, name).unwrap();
    }
    let (day, time) = (
        Format::new().set_num_format("dd/mm/yyyy"),
        Format::new().set_num_format("yyyy-mm-dd hh:mm"),
    );
    let date = ExcelDateTime::from_ymd(2026, 1, 31).unwrap();
    sheet.write_number(1, 0, 1001.0).unwrap();
    sheet.write_string(1, 1, "Zoë").unwrap();
    sheet.write_with_format(1, 2, &date, &day).unwrap();
    sheet.write_number(1, 3, 38.5).unwrap();
    sheet.write_boolean(1, 4, true).unwrap();
    sheet.write_with_format(1, 5, date.clone().and_hms(8, 30, 0).unwrap(), &time).unwrap();
    sheet.write_string(3, 0, "0007").unwrap();
    sheet.write_formula(3, 1, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    sheet.write_string(4, 9, "stray").unwrap();
    book.save_to_buffer().unwrap()
}

fn two_sheets() -> Vec<u8> {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("One").unwrap().write_string(0, 0, "id").unwrap();
    book.add_worksheet().set_name("Two").unwrap().write_string(2, 0, "id").unwrap();
    book.save_to_buffer().unwrap()
}

#[tokio::test]
async fn cells_become_text_and_days_stay_days() {
    let folder = Folder::new(XLSX, "staff.xlsx").with(staff());
    let text = read(&folder, "", &["name", "start", "hours", "on", "at"]).await;
    insta::assert_snapshot!(text, @r#"
    BAD row 4: column `name` holds the error `#DIV/0!` of a formula (Some("0007"))
    BAD row 5: the cell in column J stands under no name (None)
    2 1001: Zoë, 2026-01-31, 38.5, true, 2026-01-31T08:30:00
    "#);
}

#[tokio::test]
async fn the_sheet_and_the_row_of_the_header_are_chosen() {
    let folder = Folder::new(XLSX, "two.xlsx").with(two_sheets());
    insta::assert_snapshot!(read(&folder, "", &[]).await, @"ERROR `two.xlsx`: it has the sheets `One`, `Two`; choose one with `sheet`");
    let folder = folder.set("sheet", json!("Two"));
    insta::assert_snapshot!(read(&folder, "", &[]).await, @"ERROR `two.xlsx`: row 1 of sheet `Two` should hold the names of the columns and is empty; set `header` to their row");
    let folder = folder.set("header", json!(3));
    assert_eq!(read(&folder, "", &[]).await, "");
    let target = folder.target();
    let error = apply(&target, create("1", &[])).await.unwrap_err().to_string();
    assert!(error.contains("1 more sheets, which would be lost"), "{error}");
}

#[tokio::test]
async fn what_looks_like_a_formula_is_written_as_text() {
    let folder = Folder::new(XLSX, "out.xlsx").target();
    let evil = "=HYPERLINK(\"http://evil.example\",\"click\")";
    apply(&folder, create("=1+1", &[("title", Value::text(evil))])).await.unwrap();
    assert_eq!(read(&folder, "", &["title"]).await, format!("2 =1+1: {evil}"));
    let mut archive =
        zip::ZipArchive::new(Cursor::new(std::fs::read(folder.path()).unwrap())).unwrap();
    let sheet =
        std::io::read_to_string(archive.by_name("xl/worksheets/sheet1.xml").unwrap()).unwrap();
    assert!(!sheet.contains("<f>"), "{sheet}");
}

#[tokio::test]
async fn numbers_that_were_text_stay_text() {
    let folder = Folder::new(XLSX, "out.xlsx").target();
    apply(&folder, create("007", &[("phone", Value::text("+49 30"))])).await.unwrap();
    apply(&folder, update("007", "zip", Value::text("01067"))).await.unwrap();
    assert_eq!(read(&folder, "", &["phone", "zip"]).await, "2 007: +49 30, 01067");
    let long = update("007", "note", Value::text("x".repeat(40_000)));
    assert!(apply(&folder, long).await.unwrap_err().to_string().contains("32767 characters"));
}

#[tokio::test]
async fn an_archive_that_unpacks_to_too_much_is_refused_before_it_is_read() {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    zip.start_file("../../etc/xl/bomb.xml", options).unwrap();
    for _ in 0..300 {
        zip.write_all(&[b'0'; 10_000]).unwrap();
    }
    let bomb = zip.finish().unwrap().into_inner();
    assert!(bomb.len() < 20_000);
    let folder = Folder::new(XLSX, "bomb.xlsx").with(&bomb).set("max_unpacked", json!("1MiB"));
    insta::assert_snapshot!(read(&folder, "", &[]).await, @"ERROR `bomb.xlsx`: it unpacks to more than 1048576 bytes; raise `max_unpacked` if that is right");
    // Within the limit it is still no workbook, and its path leads nowhere.
    let text = read(&folder.set("max_unpacked", json!("1GiB")), "", &[]).await;
    assert!(text.contains("it is not a workbook"), "{text}");
}

#[tokio::test]
async fn what_is_no_workbook_is_said_to_be_none() {
    for (bytes, problem) in [
        (&b""[..], "the file is empty"),
        (b"id,name\n1,Ada\n", "it is not a workbook"),
        (b"PK\x03\x04", "it is not a workbook"),
    ] {
        let text = read(&Folder::new(XLSX, "a.xlsx").with(bytes), "", &[]).await;
        assert!(text.starts_with("ERROR") && text.contains(problem), "{text}");
    }
}
