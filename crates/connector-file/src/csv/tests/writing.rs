//! Files as targets.

use insta::assert_snapshot;

use super::*;
use crate::{
    csv::{settings::tests::checked, table::Table},
    replace::{self, Paths},
};

/// The settings for the file of a project.
fn at(project: &Project, mut settings: CsvSettings) -> CsvSettings {
    settings.place.path = project.path();
    settings
}

fn named(name: &str) -> ObjectRef {
    ObjectRef { class: "".into(), id: name.into(), name: name.into() }
}

fn create(name: &str, values: &[(&str, &str)]) -> Change {
    let values = values.iter().map(|(k, v)| (Text::from(*k), Value::text(*v))).collect();
    let object = ObjectRef { class: "".into(), id: "".into(), name: name.into() };
    Change::Create { object, values, enabled: None }
}

fn update(name: &str, column: &str, value: Value) -> Change {
    Change::Update { object: named(name), values: vec![(column.into(), Value::Null, value)] }
}

fn rename(name: &str, to: &str) -> Change {
    Change::Rename { object: named(name), to: to.into() }
}

fn delete(name: &str) -> Change {
    Change::Delete { object: named(name) }
}

fn target(name: &str, content: impl AsRef<[u8]>) -> Project {
    Project::with(name, content).set("writable", "true")
}

/// The answers as lines: `ok` or the error.
async fn apply(connector: &dyn Connector, changes: &[Change]) -> String {
    let answers = connector.apply(changes).await;
    let lines: Vec<String> = answers
        .into_iter()
        .map(|answer| answer.map_or_else(|error| error.to_string(), |_| "ok".to_owned()))
        .collect();
    lines.join("\n")
}

#[tokio::test]
async fn a_file_that_is_not_there_is_created_with_a_header() {
    let project = Project::without("out.csv").set("writable", "true").set("enabled.column", "on");
    assert_eq!(read(&project, &["name"]).await, "");
    let connector = project.open();
    let mut ada = create("ada", &[("name", "Ada, Countess"), ("town", "London")]);
    if let Change::Create { enabled, .. } = &mut ada {
        *enabled = Some(true);
    }
    assert_eq!(apply(&*connector, &[ada, create("bob", &[("room", "7")])]).await, "ok\nok");
    assert_snapshot!(project.content(), @r#"
    id,on,name,town,room
    ada,true,"Ada, Countess",London,
    bob,,,,7
    "#);
}

#[tokio::test]
async fn unknown_columns_their_order_and_the_line_ends_are_kept() {
    let project = target("a.csv", "x,id,name\r\nkeep,1,Ada\r\nme,2,Bob\r\n");
    let connector = project.open();
    let changes = [
        update("2", "name", Value::text("Bo \"B\"")),
        create("3", &[("name", "Cy"), ("mail", "c@x")]),
        delete("1"),
    ];
    assert_eq!(apply(&*connector, &changes).await, "ok\nok\nok");
    assert_eq!(project.content(), "x,id,name,mail\r\nme,2,\"Bo \"\"B\"\"\",\r\n,3,Cy,c@x\r\n");
}

#[tokio::test]
async fn changes_that_change_nothing_do_not_write() {
    let project = target("a.csv", "id,name\n1,Ada\n");
    let before = fs::metadata(project.path()).unwrap();
    let connector = project.open();
    let changes = [
        update("1", "name", Value::text("Ada")),
        update("1", "nickname", Value::Null),
        delete("2"),
        rename("1", "1"),
    ];
    assert_eq!(apply(&*connector, &changes).await, "ok\nok\nok\nok");
    assert_eq!(Stamp::of(&before), Stamp::of(&fs::metadata(project.path()).unwrap()));
}

#[tokio::test]
async fn a_change_that_fails_does_not_stop_the_others() {
    let project = target("a.csv", "id,name\n1,Ada\n2,Bob\n4,x\n4,y\n");
    let connector = project.open();
    let changes = [
        create("1", &[]),
        update("9", "name", Value::text("x")),
        rename("1", "2"),
        update("1", "id", Value::text("7")),
        update("1", "name", Value::set(vec![Value::text("a"), Value::text("b")])),
        update("4", "name", Value::text("z")),
        create("", &[]),
        update("1", "name", Value::text("Ada L")),
    ];
    assert_snapshot!(apply(&*connector, &changes).await, @r#"
    `1` exists already
    `9` is not there
    `2` exists already
    the system refused the change: `1`: column `id` is the key and changes only by a rename
    the system refused the change: `1`: column `name` holds 2 values, and a cell holds one; set `many`, for example `many: "|"`
    the system refused the change: `4` stands on 2 rows; remove all but one of them
    the system refused the change: an object needs a name
    ok
    "#);
    assert_eq!(project.content(), "id,name\n1,Ada L\n2,Bob\n4,x\n4,y\n");
}

#[tokio::test]
async fn changes_made_outside_between_two_batches_are_seen() {
    let project = target("a.csv", "id,name\n1,Ada\n");
    let connector = project.open();
    assert_eq!(apply(&*connector, &[create("2", &[])]).await, "ok");
    fs::write(project.path(), "id,name\n1,Ada\n5,Eve from outside\n").unwrap();
    assert_eq!(connector.get(&named("2"), &[]).await.unwrap(), None);
    assert_eq!(apply(&*connector, &[create("3", &[])]).await, "ok");
    assert_eq!(project.content(), "id,name\n1,Ada\n5,Eve from outside\n3,\n");
}

#[tokio::test]
async fn broken_rows_are_kept_as_they_are_but_no_column_is_added_beside_them() {
    let project = target("a.csv", b"id,name\n1,Ada\n2,x,y\n3,\xff\n");
    let connector = project.open();
    assert_eq!(apply(&*connector, &[update("1", "name", Value::text("A"))]).await, "ok");
    assert_eq!(fs::read(project.path()).unwrap(), b"id,name\n1,A\n2,x,y\n3,\xff\n");
    assert_snapshot!(apply(&*connector, &[create("4", &[("mail", "x")])]).await, @"`a.csv` is not changed: line 3 has a wrong number of cells, so column `mail` cannot be added; repair the file first");
}

#[tokio::test]
async fn a_target_that_is_cut_off_is_not_written() {
    let project = target("a.csv", "id,name\n1,\"Ada");
    assert_snapshot!(apply(&*project.open(), &[delete("1")]).await, @"`a.csv` is not changed: line 2 opens a quote that is never closed; repair the file first");
    assert_eq!(project.content(), "id,name\n1,\"Ada");
}

#[tokio::test]
async fn compressed_and_encoded_targets_stay_what_they_were() {
    let project = Project::without("a.csv.gz").set("writable", "true");
    assert_eq!(apply(&*project.open(), &[create("1", &[("name", "Zoë")])]).await, "ok");
    assert_eq!(fs::read(project.path()).unwrap()[..2], [0x1f, 0x8b]);
    assert_eq!(read(&project, &["name"]).await, "2 1: Zoë");

    let utf16: Vec<u8> = "\u{feff}id,name\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let project = target("a.csv", utf16);
    assert_eq!(apply(&*project.open(), &[create("1", &[("name", "ł😀")])]).await, "ok");
    assert_eq!(fs::read(project.path()).unwrap()[..4], [0xfe, 0xff, 0, b'i']);
    assert_eq!(read(&project, &["name"]).await, "2 1: ł😀");

    let project = target("a.csv", b"id,name\n1,Zo\xeb\n").set("encoding", "windows-1252");
    let connector = project.open();
    assert_eq!(apply(&*connector, &[create("2", &[("name", "€")])]).await, "ok");
    assert_eq!(fs::read(project.path()).unwrap(), b"id,name\n1,Zo\xeb\n2,\x80\n");
    assert_snapshot!(apply(&*connector, &[create("3", &[("name", "łódź")])]).await, @"the system refused the change: `3`: column `name` holds `ł`, which windows-1252 cannot write; keep the file in UTF-8");
}

#[tokio::test]
async fn a_row_that_could_not_be_read_back_is_refused() {
    let project = target("a.csv", "id,name\n").set("max_line", "64");
    let answer = apply(&*project.open(), &[create("1", &[("name", &"x".repeat(70))])]).await;
    assert!(answer.contains("raise `max_line`"), "{answer}");
    let project = target("a.csv", "id,name\n").set("quote", "none");
    let answer = apply(&*project.open(), &[create("1", &[("name", "a,b")])]).await;
    assert!(answer.contains("`quote: none` forbids to quote it"), "{answer}");
}

#[tokio::test]
async fn values_that_look_like_formulas_are_kept_escaped_or_refused() {
    let evil = "=cmd|' /C calc'!A0";
    let values = [("name", evil), ("phone", "+49 30")];
    let make = |formulas: &str| target("a.csv", "id,name,phone\n").set("formulas", formulas);
    let kept = make("keep");
    assert_eq!(apply(&*kept.open(), &[create("=1", &values)]).await, "ok");
    assert_eq!(kept.content(), format!("id,name,phone\n=1,{evil},+49 30\n"));
    let escaped = make("escape");
    assert_eq!(apply(&*escaped.open(), &[create("=1", &values)]).await, "ok");
    assert_eq!(escaped.content(), format!("id,name,phone\n'=1,'{evil},'+49 30\n"));
    assert_eq!(read(&escaped, &["name", "phone"]).await, format!("2 =1: {evil}, +49 30"));
    assert_eq!(apply(&*escaped.open(), &[delete("=1")]).await, "ok");
    assert_eq!(escaped.content(), "id,name,phone\n");
    let refused = make("refuse");
    let answer = apply(&*refused.open(), &[create("1", &values)]).await;
    assert!(answer.contains("column `name` begins like a formula"), "{answer}");
    assert_eq!(refused.content(), "id,name,phone\n");
}

#[tokio::test]
async fn a_writer_that_dies_leaves_the_old_file_and_hinders_nobody() {
    let project = target("a.csv", "id,name\n1,Ada\n");
    let settings = at(&project, checked(&[("path", "a.csv"), ("key", "id"), ("writable", "true")]));
    let paths = Paths::of(&settings.place.path);
    let mut table = Table::load(&settings).unwrap();
    table.apply(&settings, &create("2", &[])).unwrap();
    replace::write_new(&settings.place, &paths, &|out| write::write_rows(&settings, &table, out))
        .unwrap();
    // Here the process died: the new content is there, but has not taken the name.
    assert_eq!(project.content(), "id,name\n1,Ada\n");
    assert_eq!(apply(&*project.open(), &[create("3", &[])]).await, "ok");
    assert_eq!(project.content(), "id,name\n1,Ada\n3,\n");
    let left: Vec<_> = fs::read_dir(project.path().parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with("muster-new"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_change_made_outside_while_the_new_file_is_written_is_not_lost() {
    let project = target("a.csv", "id,name\n1,Ada\n");
    let pairs = [("path", "a.csv"), ("key", "id")];
    let settings = at(&project, checked(&pairs));
    let mut table = Table::load(&settings).unwrap();
    table.apply(&settings, &delete("1")).unwrap();
    fs::write(project.path(), "id,name\n1,Ada\n2,Eve\n").unwrap();
    let error =
        replace::replace(&settings.place, &Paths::of(&settings.place.path), table.stamp, &|out| {
            write::write_rows(&settings, &table, out)
        })
        .unwrap_err();
    assert_snapshot!(error, @"cannot reach the system: another program changed `a.csv` at the same time, so it was left as it is");
    assert!(error.is_transient());
    assert_eq!(project.content(), "id,name\n1,Ada\n2,Eve\n");
}

#[tokio::test]
async fn a_target_reads_columns_that_it_does_not_have_yet_as_empty() {
    let project = target("a.csv", "id,name\n1,Ada\n").set("enabled.column", "state");
    assert_eq!(read(&project, &["mail", "name"]).await, "2 1: null, Ada");
}

#[tokio::test]
async fn two_writers_do_not_lose_each_others_changes() {
    let project = target("a.csv", "id,name\n");
    let connectors = [project.open(), project.open(), project.open()];
    let mut tasks = tokio::task::JoinSet::new();
    for (writer, connector) in connectors.into_iter().enumerate() {
        tasks.spawn(async move {
            for n in 0..10 {
                let answer = apply(&*connector, &[create(&format!("{writer}-{n}"), &[])]).await;
                assert_eq!(answer, "ok");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(project.content().lines().count(), 31);
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_waits_too_long_says_why() {
    let project = target("a.csv", "id,name\n");
    let settings = at(&project, checked(&[("path", "a.csv"), ("key", "id")]));
    let held = replace::lock(&settings.place, &Paths::of(&project.path())).await.unwrap();
    assert_snapshot!(apply(&*project.open(), &[create("1", &[])]).await, @"cannot reach the system: another process is writing `a.csv`; wait until it has ended");
    drop(held);
    assert_eq!(apply(&*project.open(), &[create("1", &[])]).await, "ok");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_reported_as_such() {
    let project = target("a.csv", "id,name\n1,Ada\n");
    let settings = at(&project, checked(&[("path", "out/a.csv"), ("key", "id")]));
    let table = Table::load(&settings).unwrap();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let error = replace::write_content(
        &settings.place,
        &|out| write::write_rows(&settings, &table, out),
        &full,
    )
    .unwrap_err();
    let error = replace::write_error(&settings.place, &Paths::of(&settings.place.path), &error);
    assert_snapshot!(error, @"cannot reach the system: the disk with the folder `out` is full; free some space; `out/a.csv` is as it was");
    assert!(error.is_transient());
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named_with_the_remedy() {
    let read_only = |kind: std::io::ErrorKind| {
        let settings = checked(&[("path", "out/a.csv"), ("key", "id")]);
        replace::write_error(&settings.place, &Paths::of(&settings.place.path), &kind.into())
            .to_string()
    };
    assert_snapshot!(read_only(std::io::ErrorKind::PermissionDenied), @"access refused: the folder `out` of `out/a.csv` is read-only; give the account that runs muster the right to write into it (permission denied)");
    assert_snapshot!(read_only(std::io::ErrorKind::ReadOnlyFilesystem), @"access refused: the folder `out` of `out/a.csv` is read-only; give the account that runs muster the right to write into it (read-only filesystem or storage medium)");
    let gone = Project::without("out/a.csv").set("writable", "true");
    assert_snapshot!(apply(&*gone.open(), &[create("1", &[])]).await, @"cannot reach the system: the folder `out` of `out/a.csv` is not there; create it or check `path`");
    assert_snapshot!(read(&gone, &[]).await, @"ERROR cannot reach the system: the folder of `out/a.csv` is not there; create it or check `path`");
}

#[cfg(unix)]
#[tokio::test]
async fn rights_and_links_survive_a_rewrite() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = target("real.csv", "id,name\n");
    let path = project.path();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let link = path.with_file_name("link.csv");
    std::os::unix::fs::symlink("real.csv", &link).unwrap();
    let settings = written(&[("path", "link.csv"), ("key", "id"), ("writable", "true")]);
    let connector = open(&settings, path.parent().unwrap()).unwrap();
    assert_eq!(apply(&*connector, &[create("1", &[])]).await, "ok");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(project.content(), "id,name\n1,\n");
}
