//! Makes the Debian package: the program with its manual pages, completions and service, as `dpkg-deb` wants it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{command, repo::Repo, steps::say};

/// Shells that get completions, with the place of theirs.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/muster"),
    ("zsh", "usr/share/zsh/vendor-completions/_muster"),
    ("fish", "usr/share/fish/vendor_completions.d/muster.fish"),
];

/// Commands with a manual page of their own; the page of the program names all others.
const MANUALS: [&str; 8] = ["", "apply", "backup", "check", "plan", "restore", "serve", "sync"];

const AFTER_INSTALL: &str = "#!/bin/sh
set -e
if ! getent passwd muster >/dev/null; then
    useradd --system --user-group --home-dir /var/lib/muster --shell /usr/sbin/nologin muster
fi
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
";

/// Builds the program and the package into `target/package`.
pub(crate) fn run(repo: &Repo) -> Result<()> {
    let build = ["build", "--release", "--locked", "-p", "muster-server"];
    command::run(command::cargo(repo, &build))?;
    let made = make(repo, &repo.path("target/release/muster"), &repo.path("target/package"))?;
    say(&format!("made {}", made.display()));
    Ok(())
}

/// Makes the package of `binary` below `target`, and returns its path.
fn make(repo: &Repo, binary: &Path, target: &Path) -> Result<PathBuf> {
    let root = target.join("root");
    if root.exists() {
        fs::remove_dir_all(&root).context("cannot clear the former tree")?;
    }
    let put = |path: &str, content: &[u8]| write(&root.join(path), content);
    put("usr/bin/muster", &fs::read(binary).context("cannot read the program")?)?;
    executable(&root.join("usr/bin/muster"))?;
    for (shell, place) in COMPLETIONS {
        put(place, ask(binary, &["completion", shell])?.as_bytes())?;
    }
    for manual in MANUALS {
        let words: Vec<&str> =
            ["man", manual].into_iter().filter(|word| !word.is_empty()).collect();
        let name = if manual.is_empty() { "muster".to_owned() } else { format!("muster-{manual}") };
        put(&format!("usr/share/man/man1/{name}.1"), ask(binary, &words)?.as_bytes())?;
    }
    put(
        "usr/lib/systemd/system/muster.service",
        repo.read("packaging/systemd/muster.service")?.as_bytes(),
    )?;
    let licences = [repo.read("LICENSE-MIT")?, repo.read("LICENSE-APACHE")?].join("\n");
    put("usr/share/doc/muster/copyright", licences.as_bytes())?;
    let (version, architecture) = (env!("CARGO_PKG_VERSION"), architecture());
    put("DEBIAN/control", control(version, architecture, &root)?.as_bytes())?;
    put("DEBIAN/postinst", AFTER_INSTALL.as_bytes())?;
    executable(&root.join("DEBIAN/postinst"))?;
    let package = target.join(format!("muster_{version}_{architecture}.deb"));
    let mut build = Command::new("dpkg-deb");
    build.args(["--root-owner-group", "--build"]).arg(&root).arg(&package);
    command::run(build)?;
    Ok(package)
}

fn control(version: &str, architecture: &str, root: &Path) -> Result<String> {
    let kibibytes = size(root)?.div_ceil(1024);
    Ok(format!(
        "Package: muster\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: Muster <muster@localhost>\n\
         Installed-Size: {kibibytes}\nDepends: libc6, passwd\nRecommends: ca-certificates\nSection: admin\n\
         Priority: optional\nDescription: Keeps every account in every system right, and can say why\n \
         An identity platform in one program: repository, lifecycle, provisioning, API.\n"
    ))
}

/// The name that Debian has for what we were built for.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        "x86_64" => "amd64",
        other => other,
    }
}

fn ask(binary: &Path, words: &[&str]) -> Result<String> {
    let mut command = Command::new(binary);
    command.args(words);
    command::output(command)
}

fn size(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { size(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, content))
        .with_context(|| format!("cannot write `{}`", path.display()))
}

#[cfg(unix)]
fn executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}

#[cfg(not(unix))]
fn executable(_path: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
