//! Limits of time and size, what a script sees, and what is left of it afterwards.

use std::time::{Duration, Instant};

use super::*;

fn changes(n: usize) -> Vec<Change> {
    (0..n).map(|n| create(&format!("user{n}"))).collect()
}

/// True when a process with this number is there.
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_silent_script_is_stopped_with_all_it_started() {
    let project = Project::answering(
        "child = subprocess.Popen(['sleep', '600'])\n\
         open('pids', 'w').write(f'{os.getpid()} {child.pid}')\n\
         time.sleep(600)",
    )
    .set("timeout", json!("500ms"));
    let error = project.open().test().await.unwrap_err();
    assert!(matches!(error, ConnectorError::Unreachable(_)), "{error}");
    assert!(error.to_string().contains("longer than `timeout`"), "{error}");
    let pids = fs::read_to_string(project.path("pids")).unwrap();
    for pid in pids.split(' ') {
        until("the script and its child are gone", || !runs(pid)).await;
    }
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_no_process() {
    let project = Project::answering("open('pids', 'w').write(f'{os.getpid()}')\ntime.sleep(600)");
    let connector = project.open();
    let waiting = tokio::spawn(async move { connector.test().await });
    until("the script has started", || {
        fs::read_to_string(project.path("pids")).is_ok_and(|pids| !pids.is_empty())
    })
    .await;
    let pid = fs::read_to_string(project.path("pids")).unwrap();
    assert!(runs(&pid));
    waiting.abort();
    until("the script is gone", || !runs(&pid)).await;
}

#[tokio::test]
async fn a_script_that_trickles_for_ever_is_stopped() {
    let project = Project::answering(
        "while True:\n print('{\"object\":{\"name\":\"a\"}}', flush=True)\n time.sleep(0.05)",
    )
    .set("timeout", json!("10s"))
    .set("longest", json!("400ms"));
    let text = read(&*project.open(), &[]).await;
    assert!(text.contains("INCOMPLETE") && text.contains("longer than `longest`"), "{text}");
}

#[tokio::test]
async fn a_crash_half_way_leaves_the_answered_changes_answered() {
    let project = Project::answering(
        "for n, c in enumerate(ask['changes']):\n if c['name'] == 'user3': sys.exit('the disk is full')\n print('{\"done\":{}}', flush=True)",
    )
    .set("can", json!(["read", "create"]));
    let answers = project.open().apply(&changes(6)).await;
    let done: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(done, [true, true, true, false, false, false]);
    let errors: Vec<ConnectorError> = answers.into_iter().filter_map(Result::err).collect();
    assert!(errors.iter().all(|error| error.is_transient() && *error == errors[0]));
    insta::assert_snapshot!(errors[0], @"cannot reach the system: the script ended (exit status: 1) before it had answered; its last words: the disk is full");
}

#[tokio::test]
async fn after_a_crash_the_script_is_started_again() {
    let project = Project::answering(
        "if not os.path.exists('seen'):\n open('seen', 'w'); sys.exit(1)\nprint('{\"message\":\"here again\"}', flush=True)",
    );
    let connector = project.open();
    assert!(connector.test().await.unwrap_err().is_transient());
    assert_eq!(connector.test().await.unwrap(), "here again");
}

#[tokio::test]
async fn one_process_answers_many_calls_or_each_call_has_its_own() {
    let body = "print(json.dumps({'message': str(os.getpid())}), flush=True)";
    let (kept, each) =
        (Project::answering(body), Project::answering(body).set("process", json!("each")));
    let (kept_folder, each_folder) = (kept, each);
    let (kept, each) = (kept_folder.open(), each_folder.open());
    assert_eq!(kept.test().await.unwrap(), kept.test().await.unwrap());
    assert_ne!(each.test().await.unwrap(), each.test().await.unwrap());
}

#[tokio::test]
async fn secrets_do_not_show_in_errors() {
    let project = Project::answering(
        "sys.stderr.write('login with ' + os.environ['TOKEN'] + ' failed\\n'); sys.exit(1)",
    )
    .set("env", json!({"TOKEN": {"env": "PAYROLL_TOKEN"}}));
    let error = project.open().test().await.unwrap_err().to_string();
    assert!(error.contains("login with [secret] failed"), "{error}");
    let project = Project::answering("print('bad ' + os.environ['TOKEN'], flush=True)")
        .set("env", json!({"TOKEN": {"env": "PAYROLL_TOKEN"}}));
    let connector = project.open();
    let error = connector.test().await.unwrap_err().to_string();
    assert!(error.contains("bad [secret]") && !error.contains("hunter2"), "{error}");
    assert!(!format!("{connector:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_script_sees_only_what_it_is_given() {
    let project = Project::answering(
        "print(json.dumps({'message': ' '.join(sorted(os.environ))}), flush=True)",
    )
    .set("env", json!({"LEVEL": "debug", "TOKEN": {"env": "PAYROLL_TOKEN"}}));
    let names = project.open().test().await.unwrap();
    let names: Vec<&str> = names.split(' ').filter(|name| *name != "LC_CTYPE").collect();
    assert_eq!(names, ["LEVEL", "PATH", "TOKEN"]);
}

#[tokio::test]
async fn no_shell_looks_at_the_arguments() {
    let project = Project::python(
        "import json, sys\nfor line in sys.stdin:\n print(json.dumps({'protocol': 1} if 'hello' in line else {'message': sys.argv[1]}), flush=True)",
    )
    .set("run", json!([python(), "script.py", "$(touch pwned); `id` && * | cat"]));
    assert_eq!(project.open().test().await.unwrap(), "$(touch pwned); `id` && * | cat");
    assert!(!project.path("pwned").exists());
}

#[tokio::test]
async fn lines_are_limited_and_must_be_of_the_protocol() {
    for (body, problem) in [
        ("print('x' * 5000, flush=True)", "longer than 2048 bytes"),
        ("print('debug: here', flush=True)", "not of the protocol"),
        ("print('{\"objekt\":{}}', flush=True)", "unknown field `objekt`"),
        ("print('{\"seq\":77,\"message\":\"x\"}', flush=True)", "an answer to request 77"),
        ("sys.stdout.buffer.write(b'\\xff\\n'); sys.stdout.flush()", "not UTF-8"),
    ] {
        let project = Project::answering(body).set("max_line", json!("2KiB"));
        let error = project.open().test().await.unwrap_err();
        assert!(matches!(error, ConnectorError::Malformed(_)), "{error}");
        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[tokio::test]
async fn a_script_that_writes_much_and_reads_late_does_not_get_stuck() {
    let project = Project::python(
        "import json, sys\n\
         sys.stderr.write('e' * 300000)\n\
         print('{\"protocol\":1}', flush=True)\n\
         for n in range(300): print('{\"done\":{}}', flush=True)\n\
         sys.stderr.write('e' * 300000)\n\
         sys.stdin.read(1 << 22)",
    )
    .set("can", json!(["read", "create"]))
    .set("batch", json!(300));
    let mut changes = changes(300);
    for change in &mut changes {
        if let Change::Create { values, .. } = change {
            values.push(("note".into(), Value::text("n".repeat(5000))));
        }
    }
    assert!(project.open().apply(&changes).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_program_that_is_not_there_is_a_setting_that_is_wrong() {
    let project = Project::python("").set("run", json!(["scripts/nope"]));
    let error = project.open().test().await.unwrap_err();
    assert!(matches!(error, ConnectorError::Settings(_)), "{error}");
    assert!(error.to_string().contains("cannot start `scripts/nope`"), "{error}");
}
