//! Backup, restore and migration at the command line.

use crate::support::Place;

/// A company whose directory was filled.
async fn running() -> Place {
    let place = Place::company();
    place.ok("sync").await;
    place.ok("plan").await;
    place.ok("apply --confirm 7").await;
    place.ok("assign ada auditor --reason check").await;
    place
}

/// What somebody sees who asks for everything.
async fn picture(place: &Place, store: &str) -> String {
    let mut picture = String::new();
    for line in ["users", "assignments ada", "accounts", "plan --no-save", "explain ada", "plans"] {
        picture += &place.ok(&format!("{line} -o json{store}")).await.out;
    }
    picture
}

#[tokio::test]
async fn a_restored_store_evaluates_to_the_same_and_has_the_same_journal() {
    let place = running().await;
    let before = picture(&place, "").await;
    let journal = place.ok("audit export").await.out;
    place.ok("backup all.backup").await;
    place.ok("backup --check all.backup").await;
    place.ok("unassign ada auditor --reason over").await;
    place.ok("restore all.backup --to sqlite:again.db").await;
    let store = " --store sqlite:again.db";
    assert_eq!(picture(&place, store).await, before);
    let restored = place.ok(&format!("audit export{store}")).await.out;
    let added = restored.strip_prefix(&journal).expect("the journal goes on where it was");
    assert_eq!(added.lines().count(), 1);
    assert!(added.contains("backup.restore"), "{added}");
    place.ok(&format!("audit verify{store}")).await;
    assert_ne!(picture(&place, "").await, before, "the store went on without the backup");
}

#[tokio::test]
async fn what_is_there_is_never_overwritten() {
    let place = running().await;
    place.ok("backup all.backup").await;
    let answer = place.muster("backup all.backup").await;
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.err.contains("never overwritten"), "{}", answer.err);
    let before = place.ok("users").await.out;
    let answer = place.muster("restore all.backup --to sqlite:muster.db").await;
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert_eq!(place.ok("users").await.out, before);
    place.write("notes.txt", "no backup");
    let answer = place.muster("restore notes.txt --to sqlite:again.db").await;
    assert_ne!(answer.code, 0);
    assert!(!place.dir().join("again.db").exists());
}

#[tokio::test]
async fn a_folder_gets_backups_with_the_time_in_their_names() {
    let place = running().await;
    std::fs::create_dir(place.dir().join("backups")).unwrap();
    let answer = place.ok("backup backups -o json").await.json();
    let file = answer["file"].as_str().unwrap();
    assert!(file.ends_with("muster-20261120T120000Z.backup"), "{file}");
    assert_eq!(answer["journal"]["last"], answer["journal"]["events"]);
}

#[tokio::test]
async fn a_store_moves_to_another_database_only_while_nothing_runs() {
    let place = running().await;
    let before = picture(&place, "").await;
    let answer = place.muster("migrate").await;
    assert_eq!(answer.code, 2, "{}", answer.err);
    place.ok("migrate --to sqlite:moved.db").await;
    assert_eq!(picture(&place, " --store sqlite:moved.db").await, before);
    let answer = place.muster("migrate --to sqlite:moved.db").await;
    assert!(answer.err.contains("is not empty"), "{}", answer.err);
}
