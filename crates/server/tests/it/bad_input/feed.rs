//! Feeds that are empty, cut, broken, wrong or hostile.

use std::{fs::File, io::Write as _};

use super::support::{PEOPLE, Place, feed};

#[test]
fn an_empty_file_concludes_nothing() {
    let place = Place::settled();
    place.write("data/hr.csv", "");
    place.run("sync").says(5, &["data/hr.csv", "the file is empty", "deliver it again"]);
    place.is_unharmed();
    place.recovers();
}

#[test]
fn a_header_alone_is_held_and_can_be_rejected() {
    let place = Place::settled();
    place.write("data/hr.csv", "number,first,last,boss,end\n");
    place.run("sync").says(11, &["40 of 40 records are gone", "--release 1 --confirm 40"]);
    place.is_unharmed();
    place.run("sync --reject 1").says(0, &[]);
    place.recovers();
}

#[test]
fn a_missing_column_is_named_with_those_there_are() {
    let place = Place::settled();
    place.feed(|line, text| if line == 1 { text.replace("last", "lst") } else { text.to_owned() });
    place.run("sync").says(5, &["no column `last`", "did you mean `lst`?"]);
    place.is_unharmed();
    place.recovers();
}

#[test]
fn doubled_and_missing_keys_are_left_out_by_line() {
    let place = Place::settled();
    let rows = "4,Other,Person,1,\n,No,Key,1,\n   ,No,Key,1,\n";
    place.write("data/hr.csv", feed(PEOPLE) + rows);
    let answer = place.run("sync");
    answer.says(12, &["line 42: key `4` was there before", "line 43: it has no key", "line 44"]);
    place.is_unharmed();
    place.recovers();
}

#[test]
fn a_row_that_is_broken_is_not_a_person_who_is_gone() {
    let place = Place::settled();
    // Every tenth row is broken, each in a way of its own; all keys can still be told.
    place.feed(|line, text| match line {
        5 => text.replace(',', ",,"),
        15 => "14".to_owned(),
        25 => text.replace("First24", "\"First\"24"),
        35 => text.replace("2999-01-31", "soon"),
        _ => text.to_owned(),
    });
    let answer = place.run("sync");
    answer.says(12, &["line 5:", "line 15:", "line 25:", "line 35: end: `soon` cannot be read"]);
    assert!(!answer.out.contains("gone"), "{}", answer.out);
    place.is_unharmed();
    place.recovers();
}

#[test]
fn a_row_without_a_legible_key_may_be_anybody_who_is_missing() {
    let place = Place::settled();
    place.feed(|line, text| if line == 5 { "?".to_owned() } else { text.to_owned() });
    place.run("sync").says(12, &["INCOMPLETE", "line 5", "repair those first"]);
    place.run("users --where lifecycle=='leaver'").says(0, &["nothing found"]);
    place.is_unharmed();
    place.recovers();
}

#[test]
fn a_wrong_encoding_is_named_and_a_named_one_is_read() {
    let place = Place::settled();
    let mut bytes = feed(PEOPLE).into_bytes();
    let at = feed(PEOPLE).find("First7").unwrap();
    bytes.splice(at..=at, [0xfc]);
    place.write("data/hr.csv", &bytes);
    place.run("sync").says(12, &["line 8", "`first` is not valid UTF-8", "windows-1252"]);
    place.is_unharmed();
    let utf16: Vec<u8> = feed(PEOPLE).encode_utf16().flat_map(u16::to_le_bytes).collect();
    place.write("data/hr.csv", &utf16);
    place.run("sync").says(5, &["NUL", "encoding: utf-16le"]);
    place.is_unharmed();
    place.write("data/hr.csv", feed(PEOPLE).replace("First5,", "Fi\0rst5,"));
    place.run("sync").says(12, &["line 6", "`first` holds a NUL character"]);
    place.is_unharmed();
    place.recovers();
}

#[test]
fn a_line_of_a_gibibyte_takes_no_memory() {
    let place = Place::settled();
    let mut file = File::options().append(true).open(place.dir.join("data/hr.csv")).unwrap();
    file.write_all(b"99,\"").unwrap();
    // Zeros that take no room on the disk; the quote is never closed.
    file.set_len(1 << 30).unwrap();
    drop(file);
    let mut child = std::process::Command::new("sh");
    let script = format!("ulimit -v 1500000; exec '{}' sync", env!("CARGO_BIN_EXE_muster"));
    child.args(["-c", &script]).current_dir(&place.dir);
    let answer = super::support::Answer::of(&child.output().unwrap());
    answer.says(12, &["line 42 is longer than 1048576 bytes", "max_line"]);
    place.is_unharmed();
    place.recovers();
}

#[test]
fn a_date_that_does_not_exist_clears_nothing() {
    let place = Place::settled();
    place.feed(|line, text| match line {
        5 => text.replace("2999-01-31", "2999-02-30"),
        6 => text.replace("2999-01-31", "0000-00-00"),
        7 => text.replace("2999-01-31", "31.01.2999"),
        _ => text.to_owned(),
    });
    place.run("sync").says(12, &["line 5: end: `2999-02-30`", "line 6", "line 7"]);
    place.run("explain 4 .end").says(0, &["2999-01-31"]);
    place.recovers();
}

#[test]
fn a_link_to_nobody_waits_and_is_told() {
    let place = Place::settled();
    place.feed(|line, text| if line == 5 { text.replace(",1,", ",999,") } else { text.to_owned() });
    place.run("sync").says(0, &["1 changed"]);
    place.run("doctor").says(
        0,
        &["1 link leads to somebody or something that is not there yet", "correct the source"],
    );
    place.write("data/hr.csv", place.text("data/hr.csv") + "999,Late,Boss,1,\n");
    place.run("sync").says(0, &["1 new"]);
    let shown = place.run("users --where boss.number=='999'");
    shown.says(0, &["First4 Last4"]);
}

#[test]
fn circles_of_links_are_only_data() {
    let place = Place::settled();
    place.feed(|line, text| match line {
        5 => text.replace(",1,", ",5,"),
        6 => text.replace(",1,", ",4,"),
        7 => text.replace(",1,", ",6,"),
        _ => text.to_owned(),
    });
    place.write("data/units.csv", "code,parent\nA,B\nB,A\nC,C\n");
    place.run("sync").says(0, &[]);
    place.is_unharmed();
    place.run("users --type department --where path=='B/A'").says(0, &["A"]);
    place.run("users --type department --where path=='C/C'").says(0, &["C"]);
    place.run("explain 4").says(0, &["First4 Last4"]);
    place.recovers();
}

#[test]
fn a_folder_and_a_loop_instead_of_a_file_are_named() {
    let place = Place::settled();
    std::fs::remove_file(place.dir.join("data/hr.csv")).unwrap();
    place.run("sync").says(5, &["there is no file `data/hr.csv`"]);
    std::fs::create_dir(place.dir.join("data/hr.csv")).unwrap();
    place.run("sync").says(5, &["`data/hr.csv` is a folder"]);
    std::fs::remove_dir(place.dir.join("data/hr.csv")).unwrap();
    std::os::unix::fs::symlink("hr.csv", place.dir.join("data/hr.csv")).unwrap();
    place.run("sync").says(5, &["data/hr.csv"]);
    std::fs::remove_file(place.dir.join("data/hr.csv")).unwrap();
    place.is_unharmed();
    place.recovers();
}

#[test]
fn a_file_that_is_cut_off_or_replaced_while_it_is_read_concludes_nothing() {
    let place = Place::settled();
    place.write("data/hr.csv", feed(20) + "21,Fir");
    place.run("sync").says(12, &["INCOMPLETE", "cut off in its last line"]);
    place.is_unharmed();
    // Somebody replaces the file all the time, the careful way: every read sees one whole file or says that it did not.
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (done, place) = (&done, &place);
        scope.spawn(move || {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                place.write("data/new.csv", feed(PEOPLE));
                std::fs::rename(place.dir.join("data/new.csv"), place.dir.join("data/hr.csv"))
                    .unwrap();
            }
        });
        for _ in 0..10 {
            let answer = place.run("sync");
            assert!([0, 12].contains(&answer.code), "{}", answer.all());
            assert!(!answer.out.contains("gone"), "{}", answer.out);
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    place.is_unharmed();
    place.recovers();
}

#[test]
fn a_broken_row_in_a_target_is_not_an_account_that_is_gone() {
    let place = Place::settled();
    let good = place.text("data/shop.csv");
    place.write("data/shop.csv", good.replace("first4.last4,open", "first4.last4,open,"));
    let answer = place.run("sync");
    answer.says(12, &["bad line", "the row has 4 cells and the header 3"]);
    assert!(!answer.out.contains("gone"), "{}", answer.out);
    place.is_unharmed();
    place.write("data/shop.csv", good.replace("first4.last4,open,First4 Last4", "?"));
    place.run("sync").says(12, &["INCOMPLETE", "bad line"]);
    place.is_unharmed();
    place.write("data/shop.csv", good);
    place.recovers();
}
