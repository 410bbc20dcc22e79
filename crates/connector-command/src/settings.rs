//! The settings of a script, as written and checked.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use muster_connector::{ConnectorError, Secret, SecretRef, Secrets, SettingReader};
use muster_model::{Capabilities, NameRule, Setting, SettingProblem, Settings, Text};

use crate::redact::Redactor;

/// What a script may offer, in the words of `can`.
pub(crate) const ABILITIES: [&str; 9] =
    ["read", "get", "create", "update", "rename", "enable", "delete", "members", "incremental"];

/// Variables that a script sees without being asked for.
const INHERITED: [&str; 7] = ["PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"];

/// What `settings:` says, with defaults filled in and nothing looked up.
#[derive(Debug, Clone)]
pub(crate) struct CommandSettings {
    /// Program and arguments.
    pub(crate) run: Vec<Text>,
    /// The abilities claimed, by their position in [`ABILITIES`].
    pub(crate) can: [bool; 9],
    /// True when one process answers many calls.
    pub(crate) keep: bool,
    /// How long the script may be silent while it is asked for something.
    pub(crate) timeout: Duration,
    /// How long one call may take in all.
    pub(crate) longest: Duration,
    /// How long one line of the script may be, in bytes.
    pub(crate) max_line: usize,
    /// How much of standard error is kept, in bytes.
    pub(crate) stderr: usize,
    /// Changes in one request at most.
    pub(crate) batch: usize,
    /// Processes at once.
    pub(crate) parallel: u16,
    /// How names compare.
    pub(crate) names: NameRule,
    /// Names of variables passed on.
    inherit: Vec<Text>,
    /// Variables that are set.
    env: BTreeMap<Text, Variable>,
}

/// The value of a variable as written.
#[derive(Debug, Clone)]
enum Variable {
    Plain(Text),
    Secret(SecretRef),
}

/// What is needed to start the script.
#[derive(Debug)]
pub(crate) struct Launch {
    /// The settings.
    pub(crate) settings: CommandSettings,
    /// The project folder, in which the script runs.
    pub(crate) folder: PathBuf,
    /// All variables that it sees.
    pub(crate) env: BTreeMap<String, Secret>,
    /// Takes the secrets out of its words.
    pub(crate) redactor: Redactor,
}

impl CommandSettings {
    /// Reads the settings.
    pub(crate) fn read(settings: &Settings) -> Result<Self, Vec<SettingProblem>> {
        let mut reader = SettingReader::new(settings);
        let run = read_run(&mut reader);
        let can = read_can(&mut reader);
        let keep = reader.choice("process", &["keep", "each"]).unwrap_or(0) == 0;
        let timeout = read_limit(&mut reader, "timeout", 60);
        let longest = read_limit(&mut reader, "longest", 3600);
        let max_line = read_size(&mut reader, "max_line", 4 << 20);
        let stderr = read_size(&mut reader, "stderr", 16 << 10);
        let batch = reader.number("batch", 1..=100_000).unwrap_or(100);
        let parallel = reader.number("parallel", 1..=64).unwrap_or(1);
        let names = match reader.choice("names", &["exact", "ignore_case", "dn"]) {
            Some(1) => NameRule::CaseInsensitive,
            Some(2) => NameRule::DistinguishedName,
            Some(_) | None => NameRule::Exact,
        };
        let inherit = reader.list("inherit");
        let env = read_env(&mut reader);
        let problems = reader.finish();
        match (run, can, problems.is_empty()) {
            (Some(run), Some(can), true) => Ok(Self {
                run,
                can,
                keep,
                timeout,
                longest,
                max_line,
                stderr,
                batch: usize::try_from(batch).unwrap_or(100),
                parallel: u16::try_from(parallel).unwrap_or(1),
                names,
                inherit,
                env,
            }),
            _ => Err(problems),
        }
    }

    /// True when the script is said to offer `ability`.
    pub(crate) fn offers(&self, ability: &str) -> bool {
        self.claimed().any(|claimed| claimed == ability)
    }

    /// The abilities claimed.
    pub(crate) fn claimed(&self) -> impl Iterator<Item = &'static str> {
        ABILITIES.into_iter().zip(self.can).filter_map(|(name, can)| can.then_some(name))
    }

    /// What can be done with these settings.
    pub(crate) fn capabilities(&self) -> Capabilities {
        Capabilities {
            read: self.offers("read"),
            create: self.offers("create"),
            update: self.offers("update"),
            rename: self.offers("rename"),
            enable: self.offers("enable"),
            delete: self.offers("delete"),
            members: self.offers("members"),
            incremental: self.offers("incremental"),
            text_only: true,
            names: self.names,
            parallel: self.parallel,
        }
    }

    /// Fetches the variables; relative paths are relative to `folder`.
    pub(crate) fn launch(
        self,
        folder: &Path,
        secrets: &dyn Secrets,
    ) -> Result<Launch, ConnectorError> {
        let mut env = BTreeMap::new();
        let inherited = INHERITED.into_iter().chain(self.inherit.iter().map(|name| &**name));
        for name in inherited {
            if let Some(value) = secrets.env(name) {
                env.insert(name.to_owned(), Secret::new(value));
            }
        }
        let mut hidden = Vec::new();
        for (name, variable) in &self.env {
            let value = match variable {
                Variable::Plain(text) => Secret::new(&**text),
                Variable::Secret(place) => {
                    let secret = place.resolve(secrets)?;
                    hidden.push(secret.clone());
                    secret
                }
            };
            env.insert(name.to_string(), value);
        }
        let redactor = Redactor::new(hidden.iter());
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.into() };
        Ok(Launch { settings: self, folder, env, redactor })
    }
}

fn read_run(reader: &mut SettingReader<'_>) -> Option<Vec<Text>> {
    let is_one_text = matches!(reader.raw("run"), Some(Setting::Scalar(..)));
    let run = reader.list("run");
    let help = || Some("write `run: [python3, scripts/payroll.py]`".to_owned());
    match run.first() {
        None => {
            reader.problem("run", "the setting `run` is missing or empty", help());
            None
        }
        Some(program) if program.trim().is_empty() => {
            reader.problem("run", "setting `run` begins with an empty text", help());
            None
        }
        Some(program) if is_one_text && program.contains(char::is_whitespace) => {
            let message =
                "setting `run` is a list of the program and its arguments; no shell is used";
            reader.problem("run", message, help());
            None
        }
        Some(_) if run.iter().any(|part| part.contains('\0')) => {
            reader.problem("run", "setting `run` holds a NUL character", None);
            None
        }
        Some(_) => Some(run),
    }
}

/// What the script is said to offer; `None` after a problem.
fn read_can(reader: &mut SettingReader<'_>) -> Option<[bool; 9]> {
    let mut can = [false; 9];
    let names = reader.list("can");
    if names.is_empty() {
        if let Some(read) = can.first_mut() {
            *read = true;
        }
        return Some(can);
    }
    for name in names {
        let place = ABILITIES.iter().position(|ability| *ability == &*name);
        let Some(slot) = place.and_then(|place| can.get_mut(place)) else {
            let message = format!("setting `can` names `{name}`, which is no ability");
            let help = muster_connector::closest(&name, ABILITIES).map_or_else(
                || format!("abilities: `{}`", ABILITIES.join("`, `")),
                |near| format!("did you mean `{near}`?"),
            );
            reader.problem("can", message, Some(help));
            return None;
        };
        *slot = true;
    }
    Some(can)
}

fn read_limit(reader: &mut SettingReader<'_>, key: &str, default: u64) -> Duration {
    let limit = reader.duration(key).unwrap_or(Duration::from_secs(default));
    if limit.is_zero() {
        let message = format!("setting `{key}` is zero, so that nothing could be answered in time");
        reader.problem(key, message, Some(format!("the default is `{default}s`")));
    }
    limit
}

fn read_size(reader: &mut SettingReader<'_>, key: &str, default: u64) -> usize {
    let size = reader.size(key).unwrap_or(default);
    if !(1024..=1 << 30).contains(&size) {
        let message = format!("setting `{key}` must be between 1KiB and 1GiB");
        let help = format!("the default is `{}KiB`", default >> 10);
        reader.problem(key, message, Some(help));
    }
    usize::try_from(size).unwrap_or(usize::MAX)
}

/// The variables that are set for the script; one that is named like a secret must be one.
fn read_env(reader: &mut SettingReader<'_>) -> BTreeMap<Text, Variable> {
    let written = match reader.raw("env") {
        Some(Setting::Map(written)) => written.clone(),
        Some(_) | None => Settings { entries: BTreeMap::new(), span: reader.span("env") },
    };
    let variables = reader.map("env", |inner| {
        let mut variables = BTreeMap::new();
        for (name, (_, setting)) in &written.entries {
            if name.is_empty() || name.contains(['=', '\0']) {
                inner.problem(name, format!("`{name}` cannot be the name of a variable"), None);
            }
            let is_plain = matches!(setting, Setting::Scalar(..));
            let variable = if is_plain && !is_secret(name) {
                inner.text(name).map(Variable::Plain)
            } else {
                inner.secret(name).map(Variable::Secret)
            };
            variables.extend(variable.map(|variable| (name.clone(), variable)));
        }
        Some(variables)
    });
    variables.unwrap_or_default()
}

/// True for names under which only a secret can stand.
fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "APIKEY", "API_KEY", "PRIVATE_KEY", "CREDENTIAL"]
        .iter()
        .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests;
