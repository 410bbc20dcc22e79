//! Files as sources.

use std::io::Write as _;

use insta::assert_snapshot;

use super::*;

#[tokio::test]
async fn the_asked_columns_come_in_the_asked_order() {
    let project = Project::with("a.csv", "id,name,town\n1,Ada,London\n2,,Wien\n");
    assert_snapshot!(read(&project, &["town", "name"]).await, @r"
    2 1: London, Ada
    3 2: Wien, null
    ");
}

#[tokio::test]
async fn tabs_semicolons_and_other_quotes_are_understood() {
    let tabs = Project::with("a.tsv", "id\tname\n1\tAda, Countess\n");
    assert_snapshot!(read(&tabs, &["name"]).await, @"2 1: Ada, Countess");
    let other =
        Project::with("a.txt", "id;name\n1;'x;''y'''\n").set("delimiter", ";").set("quote", "'");
    assert_snapshot!(read(&other, &["name"]).await, @"2 1: x;'y'");
}

#[tokio::test]
async fn a_line_end_in_a_cell_keeps_the_line_numbers_right() {
    let project = Project::with("a.csv", "id,name\r\n1,\"Ada\r\nLovelace\"\r\n\r\n2,Alan\r\n");
    assert_eq!(read(&project, &["name"]).await, "2 1: Ada\r\nLovelace\n5 2: Alan");
}

#[tokio::test]
async fn byte_order_marks_tell_the_encoding() {
    let text = "id,name\n1,Zoë Öhm\n2,ł😀\n";
    let utf8 = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let le: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for bytes in [utf8, le, be] {
        let project = Project::with("a.csv", bytes).set("encoding", "windows-1252");
        assert_eq!(read(&project, &["name"]).await, "2 1: Zoë Öhm\n3 2: ł😀");
    }
}

#[tokio::test]
async fn other_encodings_are_read_by_their_name() {
    let project =
        Project::with("a.csv", b"id,name\n1,Zo\xeb \x80\n").set("encoding", "windows-1252");
    assert_snapshot!(read(&project, &["name"]).await, @"2 1: Zoë €");
    let project = Project::with("a.csv", b"id,name\n1,\xa4\n").set("encoding", "iso-8859-15");
    assert_snapshot!(read(&project, &["name"]).await, @"2 1: €");
}

#[tokio::test]
async fn nul_characters_are_no_text() {
    let project = Project::with("a.csv", b"id,name\n1,Z\0o\n2,Ada\n");
    assert_snapshot!(read(&project, &["name"]).await, @r"
    line 2: column `name` holds a NUL character; a file that is UTF-16 without a mark needs `encoding: utf-16le`, any other one is damaged
    3 2: Ada
    ");
    let bytes: Vec<u8> = "id,name\n1,Ada\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let project = Project::with("a.csv", bytes);
    assert!(read(&project, &["name"]).await.contains("the name of column 1 holds a NUL character"));
    assert_snapshot!(read(&project.set("encoding", "utf-16le"), &["name"]).await, @"2 1: Ada");
}

#[tokio::test]
async fn wrong_bytes_spoil_their_row_and_nothing_else() {
    let project = Project::with("a.csv", b"id,name,x\n1,Zo\xeb,a\n2,Ada,\xeb\n");
    assert_snapshot!(read(&project, &["name"]).await, @r"
    line 2: column `name` is not valid UTF-8 after 2 bytes; save the file as UTF-8, or set `encoding`, for example to `windows-1252`
    3 2: Ada
    ");
    let cut: Vec<u8> = "\u{feff}id,name\n1,a"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .chain([0x00, 0xd8, b'\n', 0])
        .collect();
    let project = Project::with("a.csv", cut);
    assert!(read(&project, &["name"]).await.starts_with("line 2: column `name` is not valid"));
}

#[tokio::test]
async fn a_compressed_file_is_read_and_a_cut_one_is_incomplete() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"id,name\n").unwrap();
    for id in 0..20_000u64 {
        writeln!(gzip, "{id},{:x}", id.wrapping_mul(0x9e37_79b9_7f4a_7c15)).unwrap();
    }
    let bytes = gzip.finish().unwrap();
    let whole = Project::with("a.csv.gz", &bytes);
    let lines = read(&whole, &["name"]).await;
    assert!(lines.lines().count() == 20_000 && !lines.contains("INCOMPLETE"));
    let cut = Project::with("a.csv.gz", &bytes[..bytes.len() / 2]);
    let lines = read(&cut, &["name"]).await;
    assert!(
        lines.ends_with("INCOMPLETE `a.csv.gz`: the compressed file is cut off; fetch it again")
    );
    let plain = Project::with("a.csv.gz", "id,name\n");
    assert_snapshot!(read(&plain, &["name"]).await, @"ERROR `a.csv.gz` is not compressed with gzip, as its name says; rename or compress it");
    let empty = Project::with("a.csv.gz", "");
    assert!(read(&empty, &["name"]).await.contains("the file is empty: not even a header"));
}

#[tokio::test]
async fn several_values_in_a_cell_become_a_list() {
    let project = Project::with("a.csv", "id,tags\n1,b|a|b\n2,\n3,x\\|y\n").set("many", "|");
    assert_snapshot!(read(&project, &["tags[]", "tags"]).await, @r#"
    2 1: [Text("a"), Text("b")], b|a|b
    3 2: null, null
    4 3: [Text("x|y")], x\|y
    "#);
}

#[tokio::test]
async fn the_enabled_column_says_who_is_enabled() {
    let project = Project::with("a.csv", "id,state\n1,active\n2,disabled\n3,\n4,gone\n")
        .set("enabled.column", "state")
        .set("enabled.on", "active")
        .set("enabled.off", "disabled");
    assert_snapshot!(read(&project, &[]).await, @r"
    line 5: column `state` holds `gone`, which is neither `active` nor `disabled`
    2 1 (on): 
    3 2 (off): 
    4 3: 
    ");
}

#[tokio::test]
async fn broken_rows_are_named_and_the_others_are_read() {
    let project =
        Project::with("a.csv", "id,name\n1,Ada\n2\n3,x,y\n4,\"q\" z\n5,Bob\n,Nobody\n5,Bob\n");
    assert_snapshot!(read(&project, &["name"]).await, @r#"
    line 3: the row has 1 cells and the header 2; quote cells that hold a delimiter or a line end
    line 4: the row has 3 cells and the header 2; quote cells that hold a delimiter or a line end
    line 5: column 2 has text after its closing quote; write a quote inside quotes twice
    2 1: Ada
    6 5: Bob
    7 : Nobody
    8 5: Bob
    "#);
}

#[tokio::test]
async fn a_missing_column_is_named_with_those_that_exist() {
    let project = Project::with("a.csv", "id,givenName,town\n1,Ada,London\n");
    assert_snapshot!(read(&project, &["givenname"]).await, @"ERROR `a.csv` has no column `givenname`; it has `id`, `givenName`, `town`; did you mean `givenName`?");
    let project = Project::with("a.csv", "id;name\n1;Ada\n");
    assert_snapshot!(read(&project, &["name"]).await, @r#"ERROR `a.csv` has no column `id`; it has `id;name`; it looks as if the setting should be `delimiter: ";"`"#);
}

#[tokio::test]
async fn a_header_must_name_every_column_once() {
    let of = async |text: &[u8]| read(&Project::with("a.csv", text), &[]).await;
    assert_snapshot!(of(b"id,name,id\n").await, @"ERROR `a.csv`: columns 1 and 3 are both named `id`; rename one");
    assert_snapshot!(of(b"id,,x\n").await, @"ERROR `a.csv`: column 2 has no name; give every column of the header a name");
    assert_snapshot!(of(b"id,\"x\n").await, @"ERROR `a.csv`: a quote in the header is opened and never closed");
    assert_snapshot!(of(b"id,\xe4\n").await, @"ERROR `a.csv`: the name of column 2 is not valid UTF-8; set `encoding`, for example to `windows-1252`");
}

#[tokio::test]
async fn an_empty_file_is_an_error_and_a_header_alone_is_a_complete_read() {
    assert_snapshot!(read(&Project::with("a.csv", ""), &[]).await, @"ERROR `a.csv`: the file is empty: not even a header; deliver it again, or write the line with the column names");
    assert_snapshot!(read(&Project::with("a.csv", "\u{feff}"), &[]).await, @"ERROR `a.csv`: the file is empty: not even a header; deliver it again, or write the line with the column names");
    assert_snapshot!(read(&Project::with("a.csv", "id"), &[]).await, @"");
    assert_snapshot!(read(&Project::without("a.csv"), &[]).await, @"ERROR cannot reach the system: there is no file `a.csv`; check `path`, which is relative to the project folder");
}

#[tokio::test]
async fn a_file_cut_off_in_its_last_line_is_incomplete() {
    let of = async |text: &str| read(&Project::with("a.csv", text), &["name"]).await;
    assert_snapshot!(of("id,name\n1,Ada\n2").await, @r"
    line 3: the row has 1 cells and the header 2; quote cells that hold a delimiter or a line end
    2 1: Ada
    INCOMPLETE `a.csv`: the file is cut off in its last line
    ");
    assert_snapshot!(of("id,name\n1,Ada\n2,\"Al").await, @r"
    line 3: a quote is opened and never closed; the file is cut off or a quote is missing
    2 1: Ada
    INCOMPLETE `a.csv`: line 3: a quote is opened and never closed; the file is cut off or a quote is missing
    ");
    assert_snapshot!(of("id,name\n1,Ada\n2,Al").await, @r"
    2 1: Ada
    3 2: Al
    ");
}

#[tokio::test]
async fn a_line_that_is_too_long_ends_the_read_with_its_number() {
    let text = format!("id,name\n1,Ada\n2,{}\n3,Bob\n", "x".repeat(5000));
    let project = Project::with("a.csv", text).set("max_line", "1KiB");
    assert_snapshot!(read(&project, &["name"]).await, @r"
    2 1: Ada
    INCOMPLETE `a.csv`: line 3 is longer than 1024 bytes; a quote that is never closed looks like this, else raise `max_line`
    ");
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_incomplete() {
    struct Meddler(Notes, PathBuf);

    #[async_trait]
    impl Sink for Meddler {
        async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
            if self.0.batches.is_empty() {
                fs::File::options()
                    .append(true)
                    .open(&self.1)
                    .unwrap()
                    .write_all(b"x,y\n")
                    .unwrap();
            }
            self.0.objects(objects).await
        }

        async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
            self.0.bad(bad).await
        }
    }

    let rows: Vec<String> = (0..1000).map(|id| format!("{id},x")).collect();
    let project = Project::with("a.csv", format!("id,name\n{}\n", rows.join("\n")));
    let mut sink = Meddler(Notes::default(), project.path());
    let end = project.open().read(&request(&["name"], 10), &mut sink).await.unwrap();
    assert_eq!(
        end.problem.as_deref(),
        Some("`a.csv`: the file changed while it was read; read it again")
    );
    assert!(!end.complete);
}

#[tokio::test]
async fn objects_come_in_batches_and_a_sink_that_refuses_stops_the_read() {
    let rows: Vec<String> = (0..2500).map(|id| format!("{id},x")).collect();
    let project = Project::with("a.csv", format!("id,name\n{}\n", rows.join("\n")));
    let mut notes = Notes::default();
    project.open().read(&request(&["name"], 1000), &mut notes).await.unwrap();
    assert_eq!(notes.batches, [1000, 1000, 500]);
    let mut notes = Notes { refuse_after: Some(2), ..Notes::default() };
    let error = project.open().read(&request(&["name"], 100), &mut notes).await.unwrap_err();
    assert_eq!(error, ConnectorError::Malformed("enough".to_owned()));
    assert_eq!(notes.batches, [100, 100]);
}

#[tokio::test]
async fn one_object_is_found_by_its_key() {
    let project = Project::with("a.csv", "id,name\n1,Ada\n2,Bob\n");
    let find = async |name: &str| {
        let object = ObjectRef { class: "".into(), id: "".into(), name: name.into() };
        project.open().get(&object, &[field("name")]).await.unwrap().map(|object| show(&object))
    };
    assert_eq!(find("2").await.as_deref(), Some("2: Bob"));
    assert_eq!(find("3").await, None);
}

#[tokio::test]
async fn a_source_tells_its_columns_and_refuses_to_be_changed() {
    let project = Project::with("a.csv", "id,name\n1,Ada\n");
    let connector = project.open();
    assert_eq!(connector.test().await.unwrap(), "`a.csv` has 2 columns");
    let found = connector.discover().await.unwrap();
    assert_eq!(found.classes[0].attributes.len(), 2);
    let object = ObjectRef { class: "".into(), id: "".into(), name: "1".into() };
    let answers = connector.apply(&[Change::Delete { object }]).await;
    assert!(matches!(answers[..], [Err(ConnectorError::Invalid(_))]), "{answers:?}");
    assert_eq!(project.content(), "id,name\n1,Ada\n");
}
