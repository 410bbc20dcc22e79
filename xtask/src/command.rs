//! Runs child processes: shown as they are typed, failing with what was typed.

use std::{
    ffi::OsString,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::{repo::Repo, steps::say};

/// The cargo that started us, or the one on the path.
pub(crate) fn cargo(repo: &Repo, arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(repo.root()).args(arguments);
    command
}

/// Runs a command with our own standard output and error.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let shown = shown(&command);
    say(&format!("$ {shown}"));
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Runs a command, passes its standard output on line by line and returns the lines that `keep` wants, also when it fails.
pub(crate) fn run_and_keep(
    mut command: Command,
    keep: impl Fn(&str) -> bool,
) -> Result<(Vec<String>, bool)> {
    let shown = shown(&command);
    say(&format!("$ {shown}"));
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{shown}`"))?;
    let mut kept = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.with_context(|| format!("cannot read what `{shown}` prints"))?;
            let line = String::from_utf8_lossy(&line).into_owned();
            say(&line);
            if keep(&line) {
                kept.push(line);
            }
        }
    }
    let status = child.wait().with_context(|| format!("cannot wait for `{shown}`"))?;
    Ok((kept, status.success()))
}

/// Runs a command and returns what it prints on standard output.
pub(crate) fn output(mut command: Command) -> Result<String> {
    let shown = shown(&command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` ended with {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed no UTF-8"))
}

/// The program's path, looked for on the path and then in `more` folders.
pub(crate) fn find_program(name: &str, more: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(more.iter().cloned())
        .map(|folder| folder.join(name))
        .find(|candidate| is_file(candidate))
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut text = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
