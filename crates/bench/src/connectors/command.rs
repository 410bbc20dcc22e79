//! The command connector beside the same script, written to directly.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};
use muster_connector::Secrets;
use serde_json::{Value as Json, json};

use super::{Args, COLUMNS, change, create, person, read, settings};
use crate::{
    output::{figures, say},
    pairs::{compare, timed},
};

/// Reads the number of rows from its argument and keeps nothing.
const SCRIPT: &str = r#"
import json, sys
rows = open("rows.jsonl").readlines()
out = sys.stdout
for line in sys.stdin:
    ask = json.loads(line)
    if ask["op"] == "hello": out.write('{"protocol":1}\n')
    elif ask["op"] == "read":
        for row in rows: out.write(row)
        out.write('{"end":{"complete":true}}\n')
    elif ask["op"] == "apply":
        for change in ask["changes"]: out.write(json.dumps({"done": {"id": change["name"]}}) + "\n")
    out.flush()
"#;

struct Environment;

impl Secrets for Environment {
    #[expect(clippy::disallowed_methods, reason = "a composition root reads the environment")]
    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &str) -> std::io::Result<String> {
        std::fs::read_to_string(path)
    }
}

pub(crate) async fn run(args: Args) -> Result<()> {
    say(&format!(
        "connector-command: {} objects read, {} created by a Python script, directly and through the connector",
        args.rows, args.accounts
    ))?;
    let folder = tempfile::tempdir()?;
    let rows: Vec<String> = (0..args.rows).map(|i| object(i).to_string()).collect();
    std::fs::write(folder.path().join("rows.jsonl"), rows.join("\n") + "\n")?;
    std::fs::write(folder.path().join("script.py"), SCRIPT)?;
    let options = json!({"run": ["python3", "script.py"], "can": ["read", "create"]});
    let connector =
        muster_connector_command::open(&settings(&options), folder.path(), &Environment)?;
    connector.test().await.ok();
    let changes: Vec<_> = (0..args.accounts).map(|i| change("user", i)).collect();
    let requests: Vec<String> = changes.chunks(100).map(|batch| apply_line(batch.len())).collect();
    let mut direct = Direct::start(folder.path())?;
    direct.ask("{\"op\":\"hello\",\"seq\":1,\"protocol\":1}\n", 1)?;
    let bare =
        async |_| timed(async { direct.ask("{\"op\":\"read\",\"seq\":2}\n", args.rows + 1) }).await;
    let ours = async |_| read(&connector, "user", COLUMNS, args.rows).await;
    let reading = compare(args.pairs, args.rows, bare, ours).await?;
    let bare = async |_| {
        let mut batches = requests.iter().zip(changes.chunks(100));
        timed(async { batches.try_for_each(|(line, batch)| direct.ask(line, batch.len())) }).await
    };
    let ours = async |_| create(&connector, &changes).await;
    let creating = compare(args.pairs, args.accounts, bare, ours).await?;
    figures(&json!({ "read": reading, "create": creating }))
}

fn object(i: usize) -> Json {
    let [login, first, last, title, phone] = person(i);
    let values = json!({ "first": first, "last": last, "title": title, "phone": phone });
    json!({ "object": { "name": login, "values": values } })
}

fn apply_line(n: usize) -> String {
    let change = |i| {
        let Some(Json::Object(mut map)) = object(i).get("object").cloned() else {
            return Json::Null;
        };
        map.insert("do".to_owned(), json!("create"));
        Json::Object(map)
    };
    let changes: Vec<Json> = (0..n).map(change).collect();
    format!("{}\n", json!({ "op": "apply", "seq": 3, "changes": changes }))
}

/// The script, without anything in between.
struct Direct {
    child: std::process::Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Direct {
    fn start(folder: &Path) -> Result<Self> {
        let mut child = Command::new("python3")
            .arg("script.py")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Self { child, output })
    }

    /// Sends a request and parses the lines that answer it.
    fn ask(&mut self, request: &str, n_lines: usize) -> Result<()> {
        let input = self.child.stdin.as_mut().context("no input")?;
        input.write_all(request.as_bytes())?;
        input.flush()?;
        let mut line = String::new();
        for _ in 0..n_lines {
            line.clear();
            self.output.read_line(&mut line)?;
            serde_json::from_str::<Json>(&line)?;
        }
        Ok(())
    }
}

impl Drop for Direct {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
