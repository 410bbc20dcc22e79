//! Runs that end early, meet each other, or find the clock and the disk in a bad state.

use std::io::Write as _;
use std::{path::Path, process::Command, sync::Arc, sync::atomic::Ordering};

use muster_app::{Kind, Opened};
use muster_engine::{
    ApplyOptions, ApplyReport, CancelFlag, NoProgress, PlanOptions, SyncOptions, apply, make_plan,
    sync,
};

use super::{
    LATER, Prepared, calls, die, difference, end,
    picture::picture,
    points::Points,
    run,
    world::{World, ctx},
};
use crate::support::report;

/// Brings a world to the point where its first plan is made and not applied.
async fn planned(world: &World, points: &Arc<Points>) -> Opened {
    let ctx = ctx(world.morning());
    let opened = world.open(&ctx, points).await.unwrap();
    sync(&ctx, &opened, &SyncOptions::default(), &NoProgress).await.unwrap();
    let options = PlanOptions { save: true, ..PlanOptions::default() };
    make_plan(&ctx, &opened, &options, &NoProgress).await.unwrap();
    opened
}

async fn apply_all(
    world: &World,
    opened: &Opened,
    cancel: &CancelFlag,
) -> Result<ApplyReport, muster_app::Error> {
    let options =
        ApplyOptions { confirm: Some(37), auto_approve: false, ..ApplyOptions::default() };
    apply(&ctx(world.morning()), opened, None, &options, &NoProgress, cancel).await
}

#[test]
fn a_run_that_is_stopped_between_any_two_calls_says_so_and_can_be_continued() {
    let prepared = Prepared::new(false, 0);
    let undisturbed = prepared.copy();
    let wanted = run(end(&undisturbed.world, undisturbed.world.morning(), &Points::recording()));
    let wanted = wanted.unwrap();
    let mut stops = 0;
    for stop_at in 1.. {
        let copy = prepared.copy();
        let cancel = CancelFlag::default();
        let (flag, n) = (cancel.clone(), std::sync::atomic::AtomicUsize::new(0));
        let points = Points::new(move |place| {
            if place.contains("apply after") && n.fetch_add(1, Ordering::Relaxed) + 1 == stop_at {
                flag.0.store(true, Ordering::Relaxed);
            }
        });
        let first = run(async {
            let opened = planned(&copy.world, &points).await;
            apply_all(&copy.world, &opened, &cancel).await.unwrap()
        });
        if !first.interrupted {
            assert_eq!(first.left, 0);
            break;
        }
        stops += 1;
        assert!(first.left > 0 && first.failed.is_empty() && first.skipped == 0, "{first:?}");
        let (second, found) = run(async {
            let opened = copy.world.open(&ctx(LATER[0]), &Points::recording()).await.unwrap();
            let second = apply_all(&copy.world, &opened, &CancelFlag::default()).await.unwrap();
            (second, end(&copy.world, LATER[0], &Points::recording()).await.unwrap())
        });
        assert_eq!((second.executed, second.done_before), (first.left, first.executed));
        assert!(!second.interrupted);
        assert_eq!(
            difference(&wanted, &found),
            Vec::<String>::new(),
            "stopped after call {stop_at}"
        );
        assert_eq!(calls(&copy.world.dir).len(), calls(&undisturbed.world.dir).len());
    }
    assert!(stops > 3, "{stops}");
}

#[test]
fn an_apply_beside_another_one_is_refused_and_told_who_is_at_it() {
    for postgres in [false, true] {
        let copy = Prepared::new(postgres, 0).copy();
        run(async {
            let opened = planned(&copy.world, &Points::recording()).await;
            let (first, second) = (CancelFlag::default(), CancelFlag::default());
            let (first, second) = tokio::join!(
                apply_all(&copy.world, &opened, &first),
                apply_all(&copy.world, &opened, &second)
            );
            let (done, refused) = if first.is_ok() { (first, second) } else { (second, first) };
            assert_eq!(done.unwrap().left, 0);
            let refused = refused.unwrap_err();
            assert_eq!(refused.kind(), Kind::Busy);
            assert!(
                refused.to_string().contains(&format!("(process {})", std::process::id())),
                "{refused}"
            );
        });
        assert_eq!(
            calls(&copy.world.dir).iter().flatten().filter(|c| c.contains("Members")).count(),
            2
        );
    }
}

#[test]
fn a_run_that_was_dropped_half_way_holds_nothing_up() {
    let copy = Prepared::new(false, 0).copy();
    run(async {
        let opened = planned(&copy.world, &Points::recording()).await;
        let cancel = CancelFlag::default();
        {
            let mut half = Box::pin(apply_all(&copy.world, &opened, &cancel));
            // Polled until it waits for a file for the first time, then given up, as a web server gives up a request.
            std::future::poll_fn(|context| {
                assert!(half.as_mut().poll(context).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
        }
        // The calls that were under way end first; until then the run that was given up still counts as one.
        loop {
            match apply_all(&copy.world, &opened, &cancel).await {
                Err(error) if error.kind() == Kind::Busy => tokio::task::yield_now().await,
                ended => {
                    ended.unwrap();
                    break;
                }
            }
        }
    });
}

#[test]
fn an_operator_who_does_not_continue_but_begins_again_ends_with_the_same_accounts() {
    let prepared = Prepared::new(false, 1);
    let undisturbed = prepared.copy();
    let points = Points::recording();
    let targets = |lines: &[String]| -> Vec<String> {
        let is_target =
            |line: &&String| line.contains(".csv:\n") || line.starts_with("directory:\n");
        lines.iter().filter(is_target).cloned().collect()
    };
    let wanted = run(end(&undisturbed.world, undisturbed.world.morning(), &points)).unwrap();
    for place in points.names().iter().filter(|place| place.contains("apply after")) {
        let copy = prepared.copy();
        assert!(die(&copy.world, place));
        let found = run(async {
            let ctx = ctx(LATER[1]);
            let opened = copy.world.open(&ctx, &Points::recording()).await.unwrap();
            let options = SyncOptions::default();
            sync(&ctx, &opened, &options, &NoProgress).await.unwrap();
            drop(opened);
            // What was read meanwhile is known; then the plan is continued, and the day's work goes on.
            end(&copy.world, "2026-03-03T12:02:00Z", &Points::recording()).await.unwrap()
        });
        assert_eq!(targets(&found), targets(&wanted), "{place}");
        let accounts = |lines: &[String]| -> Vec<String> {
            lines.iter().filter(|line| line.starts_with("account ")).cloned().collect()
        };
        assert_eq!(accounts(&found), accounts(&wanted), "{place}");
    }
}

#[test]
fn a_clock_that_jumps_back_a_day_does_no_harm() {
    let prepared = Prepared::new(false, 1);
    let undisturbed = prepared.copy();
    let wanted = run(end(&undisturbed.world, "2026-03-03T12:00:00Z", &Points::recording()));
    let copy = prepared.copy();
    let found = run(end(&copy.world, "2026-03-01T12:00:00Z", &Points::recording()));
    assert_eq!(difference(&wanted.unwrap(), &found.unwrap()), Vec::<String>::new());
}

/// A small disk of its own, or `None` where this process may not mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=6m", "none"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        if !mounted {
            assert!(std::env::var_os("CI").is_none(), "this machine may not mount a small disk");
            let mut stderr = std::io::stderr().lock();
            writeln!(stderr, "LEFT OUT: this process may not mount a small disk").unwrap();
        }
        mounted.then(|| Self(folder))
    }

    /// Takes all the room that is left but `n` kilobytes.
    fn fill(&self, n: usize) {
        let all = "x".repeat(8 << 20);
        drop(std::fs::write(self.0.path().join("filler"), all));
        let filler =
            std::fs::File::options().write(true).open(self.0.path().join("filler")).unwrap();
        let length = filler.metadata().unwrap().len();
        filler.set_len(length.saturating_sub(n as u64 * 1024)).unwrap();
    }

    fn free(&self) {
        std::fs::remove_file(self.0.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0.path()).output());
    }
}

fn copy_files(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_full_disk_is_an_error_that_loses_nothing() {
    let prepared = Prepared::new(false, 1);
    let undisturbed = prepared.copy();
    let wanted = run(end(&undisturbed.world, undisturbed.world.morning(), &Points::recording()));
    let wanted = wanted.unwrap();
    let mut failures = 0;
    for room in [0, 8, 16, 32, 64, 96, 128, 192, 256, 384] {
        let Some(disk) = SmallDisk::mount() else { return };
        copy_files(&prepared.world.dir, disk.0.path());
        let store = format!("sqlite:{}", disk.0.path().join("muster.db").display());
        let world = World { dir: disk.0.path().to_owned(), store, day: 1 };
        let ctx = ctx(world.morning());
        let found = run(async {
            let opened = world.open(&ctx, &Points::recording()).await.unwrap();
            disk.fill(room);
            let first = world.sync_and_plan(&ctx, &opened, &Points::recording()).await;
            if let Err(error) = first {
                failures += 1;
                let text = report(&error);
                assert!(text.contains("full") || text.contains("No space left"), "{text}");
            }
            disk.free();
            drop(opened);
            let opened = world.work(LATER[1], &Points::recording()).await;
            let opened = opened.unwrap_or_else(|error| panic!("{room}: {}", report(&error)));
            picture(&world, &opened).await
        });
        assert_eq!(difference(&wanted, &found), Vec::<String>::new(), "{room}");
    }
    assert!(failures > 2, "{failures}");
}
