//! Hostile names in the output, pipes that close, and documents that programs can read.

use std::{fs::File, process::Stdio};

use super::support::{PEOPLE, Place, feed};

fn hostile() -> Place {
    let place = Place::new();
    let rows = "51,\u{1b}[31mRed\u{1b}]0;title\u{7},<script>x</script>,1,\n52,=1+1,@SUM(1),1,\n53,two\u{202e},\"a|b`c[d](e)\",1,\n54,\"two\nlines\",x,1,\n";
    place.write("data/hr.csv", feed(2) + rows);
    place.run("sync").says(0, &["6 new"]);
    place
}

#[test]
fn names_cannot_write_to_the_terminal_nor_pass_for_a_formula_or_a_link() {
    let place = hostile();
    for line in [
        "users",
        "users -o csv",
        "users -o md",
        "plan",
        "plan -o md",
        "plan -o csv",
        "explain 51",
        "audit search",
    ] {
        let answer = place.run(line);
        answer.says(0, &[]);
        for c in ['\u{1b}', '\u{7}', '\u{202e}'] {
            assert!(!answer.all().contains(c), "{line}: {}", answer.all());
        }
    }
    place.run("users -o csv").says(0, &["52,'=1+1 @SUM(1),active", "\"two\nlines x\""]);
    let page = place.run("users -o md");
    page.says(0, &["&lt;script>", "a\\|b\\`c\\[d](e)", "two<br>lines x"]);
    let document = place.run("users -o json").json();
    let names: Vec<&str> = document["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|item| item["display"].as_str())
        .collect();
    assert!(names.contains(&"=1+1 @SUM(1)") && names.contains(&"two\nlines x"), "{names:?}");
    place.work_on();
}

impl Place {
    /// The target is a file of exact values: what was given is what arrives.
    fn work_on(&self) {
        self.run("apply --auto-approve").says(0, &["6 ok, 0 failed"]);
        assert!(self.text("data/shop.csv").contains("=1+1 @SUM(1)"));
        self.run("sync").says(0, &["6 verified"]);
        self.run("plan").says(0, &["Nothing to do"]);
    }
}

#[test]
fn a_reader_who_stops_reading_is_no_failure() {
    let place = Place::settled();
    for line in ["users", "audit export", "plan --all", "help", "accounts -o json"] {
        let args: Vec<&str> = line.split_whitespace().collect();
        let mut child =
            place.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && !err.contains("error"), "{line}: {err}");
    }
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = place.command(&["users"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write the output"));
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let place = Place::settled();
    assert!(!place.run("users").out.contains('\u{1b}'));
    assert!(place.run("users --color always").out.contains('\u{1b}'));
    assert!(!place.run("users --color never").out.contains('\u{1b}'));
    let output = place.command(&["check"]).env("NO_COLOR", "1").output().unwrap();
    assert!(!String::from_utf8(output.stdout).unwrap().contains('\u{1b}'));
}

/// The commands that the program itself lists.
fn listed(place: &Place) -> Vec<String> {
    let help = place.run("help").out;
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    lines
        .take_while(|line| !line.is_empty())
        // What is indented more goes on with the line before.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
        .collect()
}

/// How to call a command, and its exit code; `None` for those that print text and no data.
#[expect(clippy::too_many_lines, reason = "a table with a line for each command")]
fn call(command: &str) -> Option<Vec<(&'static str, i32)>> {
    Some(match command {
        "demo" => vec![("demo --dir ../demo", 0)],
        "init" => vec![("init", 1)],
        "check" => vec![("check", 0)],
        "fmt" => vec![("fmt", 0)],
        "test" => vec![("test", 0)],
        "sync" => vec![("sync", 0), ("sync --held", 0), ("sync nowhere", 1)],
        "plan" => vec![("plan", 0), ("plan --at 2027-01-01", 0), ("plan --exit-code", 0)],
        "apply" => vec![("apply", 1)],
        "profile" => vec![
            ("profile add far --at https://muster.example --token token", 0),
            ("profile list", 0),
            ("profile remove far", 0),
            ("profile remove far", 1),
        ],
        "provision" => vec![("provision 1", 0), ("provision x", 1)],
        "token" => vec![
            ("token create hr --scope scim", 0),
            ("token list", 0),
            ("token rotate hr", 0),
            ("token revoke hr 99", 1),
            ("token end hr", 0),
            ("token end hr", 1),
        ],
        "pass" => vec![("pass create nobody", 1)],
        "password" => vec![("password set nobody", 1)],
        "sessions" => vec![("sessions list", 0), ("sessions end nobody", 1)],
        "factors" => vec![("factors list nobody", 1), ("factors remove nobody app", 1)],
        "sign-ins" => vec![("sign-ins", 0), ("sign-ins --of nobody", 1)],
        "applications" => vec![
            ("applications list", 0),
            ("applications secret nowhere", 1),
            ("applications secrets nowhere", 1),
            ("applications revoke nowhere 1", 1),
            ("applications keys", 0),
            ("applications rotate", 0),
        ],
        "orders" => vec![("orders list", 0), ("orders show 1", 2), ("orders show 7f3a2c1b/12", 1)],
        "requests" => vec![
            ("requests list --of all", 0),
            ("requests catalogue --as 1", 0),
            ("requests suggestions --as 1", 0),
            ("requests shorten nothing --as 1", 1),
            ("requests show 9", 1),
            ("requests create nothing --as 1", 1),
        ],
        "conflicts" => vec![
            ("conflicts", 0),
            ("conflicts exceptions", 0),
            ("conflicts solve 1 nothing", 1),
            ("conflicts end 9 --reason x", 1),
        ],
        "risk" => vec![("risk", 0), ("risk 1", 0), ("risk nobody", 1)],
        "reviews" => vec![
            ("reviews list", 0),
            ("reviews items --as 1", 0),
            ("reviews items --of all", 2),
            ("reviews open nothing", 1),
            ("reviews status nothing", 1),
            ("reviews evidence nothing --to ../evidence.zip", 1),
            ("reviews verify muster.yaml", 14),
            ("reviews keep 9 --as 1", 1),
        ],
        "forms" => vec![
            ("forms list --as 1", 0),
            ("forms drafts --as 1", 0),
            ("forms start x --as 1", 1),
            ("forms show 9 --as 1", 1),
            ("forms find 9 x y --as 1", 1),
            ("forms preview 9 --as 1", 1),
            ("forms save 9 --as 1", 1),
            ("forms submit 9 --as 1", 1),
            ("forms return 9 --note x --as 1", 1),
            ("forms refuse 9 --note x --as 1", 1),
            ("forms withdraw 9 --as 1", 1),
        ],
        "guests" => vec![
            ("guests list", 0),
            ("guests show 1", 1),
            ("guests invite ada@tern.example --name Ada --role x", 2),
        ],
        "notices" => vec![
            ("notices show --as 1", 0),
            ("notices set --reviews daily --language de --as 1", 0),
            ("notices set --by chat --as 1", 2),
            ("notices set --reviews sometimes --as 1", 2),
            ("notices text request", 0),
        ],
        "approvals" => vec![
            ("approvals list --as 1", 0),
            ("approvals delegations --as 1", 0),
            ("approvals approve 9 --as 1", 1),
            ("approvals link 9 --as 1", 2),
        ],
        "systems" => vec![
            ("systems", 0),
            ("systems show shop", 0),
            ("systems show nowhere", 1),
            ("systems pause shop --reason x", 0),
            ("systems resume shop", 0),
        ],
        "tickets" => vec![("tickets list", 0), ("tickets show 1", 1)],
        "report" => vec![
            ("report list", 0),
            ("report leavers", 0),
            ("report access", 0),
            ("report subject 1", 0),
            ("report subject nobody", 1),
            ("report orphans --system nowhere", 1),
            ("report pack nothing --to ../pack", 1),
        ],
        "explain" => {
            vec![("explain 1", 0), ("explain 1 shop", 0), ("explain 1 .first", 0), ("explain x", 1)]
        }
        "simulate" => vec![("simulate --at 2999-12-01", 0)],
        "decide" => vec![("decide 1 read page", 0)],
        "plans" => vec![("plans", 0)],
        "problems" => vec![("problems", 0)],
        "events" => vec![("events list", 0)],
        "webhooks" => vec![("webhooks list", 0), ("webhooks test x", 1)],
        "keys" => vec![("keys list", 0), ("keys rotate", 2)],
        "backup" => vec![("backup ../all.backup", 0), ("backup ../all.backup --check", 0)],
        "restore" => vec![("restore ../none.backup --to sqlite:../new.db", 5)],
        "migrate" => vec![("migrate --to sqlite:../moved.db", 0)],
        "healthcheck" => vec![("healthcheck --address 127.0.0.1:1", 5)],
        "users" => vec![("users", 0), ("users --limit x", 2)],
        "people" => vec![
            ("people terminate 1 --reason x", 0),
            ("people facts 1", 0),
            ("people reinstate 1 --reason x", 0),
            ("people suspend 1 --reason x", 2),
            ("people facts x", 1),
        ],
        "accounts" => vec![("accounts", 0)],
        "orphans" => vec![("orphans", 0), ("orphans owner 1 2 --comment x", 2)],
        "matches" => vec![("matches list", 0), ("matches undo shop:x --reason x", 1)],
        "revisions" => vec![("revisions", 0)],
        "takeover" => vec![("takeover", 0)],
        "drift" => vec![("drift", 0), ("drift show 1", 1)],
        "alarms" => vec![("alarms", 0), ("alarms ack 1", 1)],
        "roles" => vec![("roles", 0), ("roles employee", 0)],
        "assign" => vec![("assign 1 employee --reason x", 0)],
        "unassign" => vec![("unassign 1 employee --reason x", 0)],
        "assignments" => vec![("assignments 1", 0)],
        "workflows" => vec![
            ("workflows list", 0),
            ("workflows due", 0),
            ("workflows run x", 1),
            ("workflows answer 99 done", 1),
        ],
        "audit" => vec![("audit search", 0), ("audit verify", 0), ("audit verify muster.yaml", 14)],
        "doctor" => vec![("doctor", 0)],
        "schema" => vec![("schema", 0)],
        "version" => vec![("version", 0)],
        // The documents of `run` are one a line; the test below calls it. `serve` does not end.
        "completion" | "man" | "help" | "agent" | "run" | "serve" => return None,
        other => panic!("say here how `{other}` is called"),
    })
}

#[test]
fn every_command_answers_programs_with_documents() {
    let place = Place::settled();
    let commands = listed(&place);
    assert!(commands.len() > 20, "{commands:?}");
    for (line, code) in commands.iter().filter_map(|command| call(command)).flatten() {
        let answer = place.run(&format!("{line} -o json"));
        assert_eq!(answer.code, code, "{line}: {}", answer.all());
        let document = answer.json();
        assert_eq!(document.get("error").is_some(), code != 0, "{line}: {document}");
        if code != 0 {
            assert_eq!(document["error"]["exit"], code, "{line}");
        }
    }
    for line in [
        "users",
        "accounts",
        "orphans",
        "roles",
        "plans",
        "audit search",
        "audit export",
        "schema",
        "doctor",
        "plan",
        "run --once",
        "orders list",
        "systems",
        "drift",
        "alarms",
        "revisions",
    ] {
        let answer = place.run(&format!("{line} -o jsonl"));
        for part in answer.says(0, &[]).out.lines() {
            serde_json::from_str::<serde_json::Value>(part)
                .unwrap_or_else(|error| panic!("{line}: {error}: {part}"));
        }
    }
    assert_eq!(place.n_open(), PEOPLE);
}
