//! A real process dies at every place where something is written, and is started again.
//!
//! What must be left in the end: the same targets and the same repository as if nothing had happened, with nothing done
//! twice. Power cuts (a kernel that forgets writes) cannot be made here.

use std::{
    collections::BTreeMap,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use muster_app::Error;
use muster_testkit::Database;

mod office;
mod picture;
mod points;
mod shelf;
mod stops;
mod world;

use picture::picture;
use points::Points;
use world::{OFFICE, World};

/// Names the world, its repository, its day and the place to die at, in lines, for [`the_process_that_dies`].
const VARIABLE: &str = "MUSTER_TEST_DIE";

/// How long after the process died the work is taken up again.
const LATER: [&str; 3] = ["2026-03-02T12:01:00Z", "2026-03-03T12:01:00Z", "2026-03-02T12:10:00Z"];

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

/// Not a test of its own: the other tests of this file start it in a process of its own.
#[test]
#[expect(clippy::disallowed_methods, reason = "how a test tells another process what to do")]
fn the_process_that_dies() {
    let Ok(order) = std::env::var(VARIABLE) else { return };
    let mut lines = order.lines();
    let mut next = || lines.next().unwrap().to_owned();
    let world = World { dir: next().into(), store: next(), day: next().parse().unwrap() };
    let points = Points::dying_at(next());
    drop(run(world.work(world.morning(), &points)).unwrap());
}

/// Works on `world` in another process, which dies at `place`; false when it came to an end without passing it.
fn die(world: &World, place: &str) -> bool {
    let order = format!("{}\n{}\n{}\n{place}", world.dir.display(), world.store, world.day);
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["interruption::the_process_that_dies", "--exact", "--test-threads=1"])
        .env(VARIABLE, order)
        .output()
        .unwrap();
    let aborted = output.status.signal() == Some(6);
    assert!(
        aborted || output.status.success(),
        "{place}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    aborted
}

/// A world in the state in which the work of one day begins, from which any number can be made.
struct Prepared {
    world: World,
    database: Option<Database>,
    _folder: tempfile::TempDir,
}

/// A copy of a [`Prepared`] world.
struct Copy {
    world: World,
    _database: Option<Database>,
    _folder: tempfile::TempDir,
}

impl Prepared {
    fn new(postgres: bool, day: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = postgres.then(|| muster_testkit::postgres().unwrap());
        let begins = if day == OFFICE { OFFICE } else { 0 };
        let mut world = World { dir: folder.path().to_owned(), store: String::new(), day: begins };
        world.store = address(&world.dir, database.as_ref());
        world.write();
        if day == 1 {
            drop(run(world.work(world.morning(), &Points::recording())).unwrap());
            world.day = 1;
            world.dawn();
        }
        Self { world, database, _folder: folder }
    }

    fn copy(&self) -> Copy {
        let folder = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(&self.world.dir).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        let database = self.database.as_ref().map(|database| database.copy().unwrap());
        let store = address(folder.path(), database.as_ref());
        let world = World { dir: folder.path().to_owned(), store, day: self.world.day };
        Copy { world, _database: database, _folder: folder }
    }
}

fn address(dir: &Path, database: Option<&Database>) -> String {
    match database {
        Some(database) => database.url().to_owned(),
        None => format!("sqlite:{}", dir.join("muster.db").display()),
    }
}

/// The calls in a world's log, each call with its changes.
fn calls(dir: &Path) -> Vec<Vec<String>> {
    let log = std::fs::read_to_string(dir.join("calls.log")).unwrap_or_default();
    log.split("call\n").skip(1).map(|call| call.lines().map(str::to_owned).collect()).collect()
}

/// What is wrong with the calls of a run that was interrupted after its first `before` calls.
fn call_problems(expected: &[Vec<String>], calls: &[Vec<String>], before: usize) -> Vec<String> {
    let count = |calls: &[Vec<String>]| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        calls.iter().flatten().for_each(|change| *counts.entry(change.clone()).or_default() += 1);
        counts
    };
    let (wanted, mut found) = (count(expected), count(calls));
    // Systems work side by side: the last call to each may have been under way.
    let mut under_way: BTreeMap<&str, &Vec<String>> = BTreeMap::new();
    for call in &calls[..before] {
        under_way.insert(call[0].split(' ').next().unwrap(), call);
    }
    for change in under_way.into_values().flatten() {
        if let Some(n) = found.get_mut(change).filter(|n| **n == 2) {
            *n -= 1;
        }
    }
    let lines = |counts: &BTreeMap<String, usize>| -> Vec<String> {
        counts.iter().map(|(change, n)| format!("{n} x {change}")).collect()
    };
    difference(&lines(&wanted), &lines(&found))
}

/// Lines that only one of two lists has.
fn difference(wanted: &[String], found: &[String]) -> Vec<String> {
    let missing = wanted.iter().filter(|line| !found.contains(line)).map(|l| format!("- {l}"));
    let extra = found.iter().filter(|line| !wanted.contains(line)).map(|l| format!("+ {l}"));
    missing.chain(extra).collect()
}

/// Works until the end and answers what is left behind.
async fn end(world: &World, time: &str, points: &Arc<Points>) -> Result<Vec<String>, Error> {
    let opened = world.work(time, points).await?;
    if world.day == OFFICE {
        return Ok(office::picture(world, &opened).await);
    }
    Ok(picture(world, &opened).await)
}

/// Dies at every place of a day's work; answers the names of the places.
fn die_everywhere(postgres: bool, day: usize) -> Vec<String> {
    let prepared = Prepared::new(postgres, day);
    let undisturbed = prepared.copy();
    let points = Points::recording();
    let wanted = run(end(&undisturbed.world, undisturbed.world.morning(), &points)).unwrap();
    let wanted_calls = calls(&undisturbed.world.dir);
    let places = points.names();
    let next = AtomicUsize::new(0);
    let problems = Mutex::new(String::new());
    let work = || {
        while let Some(place) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
            let world = &prepared.copy();
            let world = &world.world;
            assert!(die(world, place), "`{place}` was not passed");
            let before = calls(&world.dir).len();
            let mut wrong = match run(end(world, LATER[day], &Points::recording())) {
                Ok(found) => difference(&wanted, &found),
                Err(error) => vec![crate::support::report(&error)],
            };
            wrong.extend(call_problems(&wanted_calls, &calls(&world.dir), before));
            if !wrong.is_empty() {
                let text = format!("=== died at `{place}`\n{}\n", wrong.join("\n"));
                problems.lock().unwrap().push_str(&text);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    let problems = problems.into_inner().unwrap();
    assert!(problems.is_empty(), "{problems}");
    places
}

/// How often each kind of place was passed.
fn summary(places: &[String]) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for place in places {
        *kinds.entry(place.rsplit_once(' ').unwrap().0).or_default() += 1;
    }
    kinds.iter().map(|(kind, n)| format!("{n} x {kind}")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_first_import_that_dies_anywhere_on_sqlite_ends_the_same() {
    insta::assert_snapshot!(summary(&die_everywhere(false, 0)), @r"
    23 x apply: commit after
    23 x apply: commit before
    3 x apply: directory apply after
    3 x apply: directory apply before
    2 x apply: directory get after
    2 x apply: directory get before
    4 x apply: ledger apply after
    4 x apply: ledger apply before
    1 x apply: wiki apply after
    1 x apply: wiki apply before
    1 x open: commit after
    1 x open: commit before
    2 x plan: commit after
    2 x plan: commit before
    18 x sync: commit after
    18 x sync: commit before
    17 x verify: commit after
    17 x verify: commit before
    ");
}

#[test]
fn a_day_of_changes_that_dies_anywhere_on_sqlite_ends_the_same() {
    insta::assert_snapshot!(summary(&die_everywhere(false, 1)), @r"
    38 x apply: commit after
    38 x apply: commit before
    8 x apply: directory apply after
    8 x apply: directory apply before
    5 x apply: ledger apply after
    5 x apply: ledger apply before
    3 x apply: wiki apply after
    3 x apply: wiki apply before
    1 x assign: commit after
    1 x assign: commit before
    2 x plan: commit after
    2 x plan: commit before
    3 x release: commit after
    3 x release: commit before
    16 x sync: commit after
    16 x sync: commit before
    17 x verify: commit after
    17 x verify: commit before
    ");
}

#[test]
fn a_first_import_that_dies_anywhere_on_postgresql_ends_the_same() {
    assert_eq!(die_everywhere(true, 0).len(), 142);
}

#[test]
fn a_day_of_changes_that_dies_anywhere_on_postgresql_ends_the_same() {
    assert_eq!(die_everywhere(true, 1).len(), 186);
}

#[test]
fn a_day_of_tickets_reviews_and_workflows_that_dies_anywhere_ends_the_same() {
    insta::assert_snapshot!(summary(&die_everywhere(false, OFFICE)), @r"
    1 x open: commit after
    1 x open: commit before
    1 x review: commit after
    1 x review: commit before
    48 x run: commit after
    48 x run: commit before
    2 x run: directory apply after
    2 x run: directory apply before
    2 x run: greet after
    2 x run: greet before
    1 x run: manual apply after
    1 x run: manual apply before
    8 x ticket: commit after
    8 x ticket: commit before
    19 x verify: commit after
    19 x verify: commit before
    ");
}
