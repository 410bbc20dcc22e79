//! Names and times that do not exist: what was meant is suggested.

use super::support::Place;

#[test]
fn what_is_unknown_is_answered_with_what_is_near() {
    let place = Place::settled();
    for (line, code, parts) in [
        ("usr", 2, ["unrecognized subcommand 'usr'", "'users'"]),
        ("sync shopp", 1, ["no system `shopp`", "did you mean `shop`?"]),
        ("explain 1 shp", 1, ["no system `shp`", "did you mean `shop`?"]),
        ("accounts --system shp", 1, ["no system `shp`", "did you mean `shop`?"]),
        ("explain first1.lst1", 1, ["no identity `first1.lst1`", "did you mean `first1.last1`?"]),
        ("explain 1 .frist", 1, ["no attribute `frist`", "did you mean `first`?"]),
        ("assign 1 emplyee --reason x", 1, ["no role `emplyee`", "did you mean `employee`?"]),
        ("assign 1 employee --until 2020-01-01 --reason x", 2, ["is over already", "--until"]),
        ("apply zzzz", 1, ["no plan `zzzz`", "muster plans"]),
        ("sync --release 99", 1, ["no change set 99", "--held"]),
        ("plan --at 2026-02-30", 2, ["'2026-02-30'", "2027-02-01"]),
        ("users --where nmber=='1'", 2, ["nothing is called `nmber`", ""]),
        ("-C /nowhere users", 1, ["no project in `/nowhere`", "-C DIR"]),
        ("help nosuch", 2, ["no command `nosuch`", "muster help"]),
        ("help E9999", 1, ["no error code `E9999`", "muster check"]),
    ] {
        place.run(line).says(code, &parts);
    }
    place.recovers();
}
