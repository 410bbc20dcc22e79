//! Stores that are foreign, newer, damaged, locked away or full, and runs that meet or die.

use std::io::Write as _;
use std::{
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    process::Command,
};

use super::support::{Answer, PEOPLE, Place, command, feed};

#[test]
fn a_store_that_cannot_be_used_says_why_and_stays_as_it_is() {
    let place = Place::settled();
    let good = std::fs::read(place.dir.join("muster.db")).unwrap();
    for bad in
        [b"this is no database, and long enough to look at".to_vec(), good[..50_000].to_vec()]
    {
        place.write("muster.db", &bad);
        place
            .run("users")
            .says(5, &["cannot open the store", "muster.db", "restored from a backup"]);
        assert!(std::fs::read(place.dir.join("muster.db")).unwrap() == bad);
    }
    std::fs::remove_file(place.dir.join("muster.db")).unwrap();
    std::fs::create_dir(place.dir.join("muster.db")).unwrap();
    place.run("users").says(5, &["cannot open the store", "--store names another one"]);
    std::fs::remove_dir(place.dir.join("muster.db")).unwrap();
    place.write("muster.db", &good);
    place.recovers();
}

#[test]
fn a_store_of_a_newer_muster_is_left_alone() {
    let place = Place::settled();
    let file = rusqlite::Connection::open(place.dir.join("muster.db")).unwrap();
    file.execute("INSERT INTO muster_migration VALUES (999, 'later', 'x')", []).unwrap();
    for line in ["users", "sync", "plan", "apply"] {
        place.run(line).says(5, &["schema 999", "use the newer Muster"]);
    }
    file.execute("DELETE FROM muster_migration WHERE number = 999", []).unwrap();
    drop(file);
    place.recovers();
}

#[test]
fn addresses_are_judged_and_passwords_never_shown() {
    let place = Place::new();
    for (url, code) in [
        ("postgres://bob:hunter2@127.0.0.1:1/x", 5),
        ("postgres://bob:hunter2@127.0.0.1:port/x", 2),
        ("postgres:/bob:hunter2@127.0.0.1/x", 2),
        ("mysql://bob:hunter2@127.0.0.1/x", 2),
    ] {
        for output in ["text", "json"] {
            let answer = place.args(&["--store", url, "users", "-o", output]);
            answer.says(code, &["127.0.0.1"]);
            assert!(!answer.all().contains("hunter2"), "{}", answer.all());
        }
    }
}

#[test]
fn two_applies_at_once_are_one_apply_and_one_that_is_told_to_wait() {
    let place = slow();
    let (first, second) =
        (place.spawn("apply -o json --auto-approve"), place.spawn("apply -o json --auto-approve"));
    let answers = [first, second].map(|child| Answer::of(&child.wait_with_output().unwrap()));
    let done = answers.iter().find(|answer| answer.code == 0);
    let refused = answers.iter().find(|answer| answer.code != 0);
    let (Some(done), Some(refused)) = (done, refused) else {
        panic!("{} {}", answers[0].all(), answers[1].all());
    };
    done.says(0, &[]);
    refused.says(1, &["apply is being run by", "wait until it ends"]);
    assert_eq!(refused.json()["error"]["code"], "busy");
    assert_eq!(place.n_open(), PEOPLE);
    place.recovers();
}

#[test]
fn an_apply_that_was_killed_holds_nothing_up() {
    let place = slow();
    let mut child = place.spawn("apply --auto-approve");
    // Half way: the intent is written down, and the target, which is slow, has not answered.
    let store = rusqlite::Connection::open(place.dir.join("muster.db")).unwrap();
    let sent = "SELECT COUNT(*) FROM operation WHERE state = 'sent'";
    while store.query_row(sent, [], |row| row.get::<_, i64>(0)).unwrap() == 0 {
        assert!(child.try_wait().unwrap().is_none(), "the apply ended before it could be killed");
    }
    drop(store);
    child.kill().unwrap();
    child.wait().unwrap();
    // The target is quick again; it is asked for each of the forty.
    let text = place.text("muster.yaml");
    place.write("muster.yaml", text.replace(DELAY, ""));
    let again = place.run("apply --auto-approve");
    again.says(0, &["0 failed", "0 left"]);
    assert_eq!(place.n_open(), PEOPLE);
    place.recovers();
}

/// What makes the target slow.
const DELAY: &str = "    chaos: { delay: 1500ms }\n";

/// A project with a plan whose apply takes its time.
fn slow() -> Place {
    let place = Place::new();
    let text = place.text("muster.yaml");
    place.write(
        "muster.yaml",
        text.replace("    mode: enforce\n", &format!("    mode: enforce\n{DELAY}")),
    );
    place.run("sync").says(0, &[]);
    place.run("plan").says(0, &["40 create"]);
    place
}

/// A small disk of its own, or `None` where this process may not mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=3m", "none"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        if !mounted {
            assert!(std::env::var_os("CI").is_none(), "this machine may not mount a small disk");
            let mut stderr = std::io::stderr().lock();
            writeln!(stderr, "LEFT OUT: this process may not mount a small disk").unwrap();
        }
        mounted.then(|| Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn remount(&self, how: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,{how}")]).arg(self.path());
        assert!(mount.output().unwrap().status.success());
    }

    /// Brings the project of `place` here.
    fn take(&self, place: &Place) {
        let mut copy = Command::new("cp");
        copy.arg("-r").arg(place.dir.join(".")).arg(self.path());
        assert!(copy.output().unwrap().status.success());
    }

    fn run(&self, line: &str) -> Answer {
        let args: Vec<&str> = line.split_whitespace().collect();
        Answer::of(&command(self.path(), &args).output().unwrap())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.path()).output());
    }
}

#[test]
fn a_full_disk_is_named_and_loses_nothing() {
    let place = Place::settled();
    let Some(disk) = SmallDisk::mount() else { return };
    disk.take(&place);
    std::fs::write(disk.path().join("data/hr.csv"), feed(400)).unwrap();
    let filler = disk.path().join("filler");
    drop(std::fs::write(&filler, vec![1_u8; 4 << 20]));
    let answer = disk.run("sync");
    assert_ne!(answer.code, 0, "{}", answer.all());
    let all = answer.all();
    assert!(all.contains("full") || all.contains("cannot open the store"), "{all}");
    std::fs::remove_file(&filler).unwrap();
    disk.run("sync").says(0, &["360 new"]);
    disk.run("plan").says(0, &["360 create"]);
    // Room for the repository, none for the new file of the target.
    disk.run("apply --auto-approve").says(0, &["360 ok, 0 failed"]);
    disk.run("sync").says(0, &["360 verified"]);
}

#[test]
fn a_folder_that_is_only_readable_is_named() {
    let place = Place::settled();
    let Some(disk) = SmallDisk::mount() else { return };
    disk.take(&place);
    disk.remount("ro");
    disk.run("check").says(0, &["no problems"]);
    for line in ["sync", "plan", "users"] {
        disk.run(line).says(5, &["muster.db", "writable"]);
    }
    disk.remount("rw");
    disk.run("sync").says(0, &[]);
    disk.run("plan").says(0, &["Nothing to do"]);
}

#[test]
fn a_store_without_permission_is_named() {
    let place = Place::settled();
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    let file = place.dir.join("muster.db");
    let rights = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    // Root may read everything, so somebody else has to try.
    rights(place.dir.parent().unwrap(), 0o755);
    rights(&file, 0o000);
    let mut users = if is_root {
        let mut other = Command::new("setpriv");
        other.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        other.arg(env!("CARGO_BIN_EXE_muster")).arg("users").current_dir(&place.dir);
        other
    } else {
        place.command(&["users"])
    };
    let answer = Answer::of(&users.output().unwrap());
    rights(&file, 0o644);
    answer.says(5, &["cannot open the store", "writable"]);
    place.recovers();
}
