//! The server as the command line speaks with it.

use std::{io, time::Duration};

use muster_connector::{Secrets, SettingReader, json::settings_of};
use muster_http::{HttpClient, HttpSettings, Method, Request, Response};
use serde_json::{Map, Value as Json, json};

use super::profiles::Profile;
use crate::{
    Exit, Result,
    error::{CommandError, chain},
    shell::Shell,
};

/// How often is looked whether a job ended.
const LOOK: Duration = Duration::from_millis(200);

/// A server with the token for it.
#[derive(Debug)]
pub(super) struct Server(HttpClient);

/// The token lies in a file; nothing else is looked up.
struct TokenFile;

impl Secrets for TokenFile {
    fn env(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, path: &str) -> io::Result<String> {
        std::fs::read_to_string(path)
    }
}

/// A client of the server that signs in with the token of the profile. Nothing is sent yet.
pub(crate) fn client(profile: &Profile) -> Result<HttpClient> {
    let mut settings = Map::new();
    settings.insert("url".to_owned(), profile.server.clone().into());
    settings.insert("auth".to_owned(), json!({ "bearer": { "file": profile.token_file } }));
    if let Some(ca) = &profile.ca {
        settings.insert("tls".to_owned(), json!({ "ca": ca }));
    }
    let settings = settings_of(&settings);
    let mut reader = SettingReader::new(&settings);
    let checked = HttpSettings::read(&mut reader);
    if let Some(problem) = reader.finish().into_iter().next() {
        let error = CommandError::usage(format!("`{}`: {}", profile.server, problem.message));
        return Err(problem.help.into_iter().fold(error, CommandError::hint));
    }
    HttpClient::open(&checked, &TokenFile)
        .map_err(|error| CommandError::new(Exit::Failed, chain(&error)))
}

impl Server {
    /// Nothing is sent yet.
    pub(super) fn open(profile: &Profile) -> Result<Self> {
        client(profile).map(Self)
    }

    /// Sends one request; what is refused is the error it names.
    pub(super) async fn ask(&self, request: Request) -> Result<Response> {
        let answer = self.0.send(&request).await.map_err(|error| {
            CommandError::new(Exit::Unreachable, format!("{}: {}", self.0.base(), chain(&error)))
        })?;
        if answer.is_success() {
            return Ok(answer);
        }
        let problem: Json = answer.json().unwrap_or_default();
        Err(refused(&problem, answer.status()))
    }

    /// Waits for the end of a job and answers what came of it.
    pub(super) async fn follow(&self, shell: &Shell, job: &Json) -> Result<Json> {
        let id = job.get("id").and_then(Json::as_i64).unwrap_or_default();
        let mut asked_to_stop = false;
        loop {
            let answer = self.ask(Request::new(Method::Get, format!("api/v1/jobs/{id}"))).await?;
            let job: Json = answer.json().unwrap_or_default();
            let field = |name: &str| job.get(name).cloned().unwrap_or_default();
            match field("state").as_str() {
                Some("running") => {}
                Some("done") => return Ok(field("result")),
                Some("interrupted") => {
                    return Err(CommandError::new(Exit::Interrupted, "the server was stopped")
                        .hint("it is safe to begin it again"));
                }
                Some(_) | None => return Err(refused(&field("problem"), 500)),
            }
            if shell.is_interrupted() && !asked_to_stop {
                asked_to_stop = true;
                self.ask(Request::new(Method::Post, format!("api/v1/jobs/{id}/stop"))).await?;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// The failure that a problem document tells of.
fn refused(problem: &Json, status: u16) -> CommandError {
    let text = |name: &str| problem.get(name).and_then(Json::as_str).unwrap_or_default();
    let exit = match text("code") {
        "denied" | "unauthenticated" => Exit::Denied,
        "unavailable" => Exit::Unreachable,
        "held" => Exit::Held,
        "stale" => Exit::Stale,
        "broken-chain" => Exit::BrokenChain,
        "project" => Exit::Invalid,
        _ => Exit::Failed,
    };
    let mut error = match text("detail") {
        "" => CommandError::new(exit, format!("the server answered {status}")),
        detail => CommandError::new(exit, detail),
    };
    if !text("code").is_empty() {
        text("code").clone_into(&mut error.code);
    }
    let hints = problem.get("hints").and_then(Json::as_array).into_iter().flatten();
    error.hints = hints.filter_map(Json::as_str).map(str::to_owned).collect();
    error
}
