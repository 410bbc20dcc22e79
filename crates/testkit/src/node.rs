//! Programs of Node.js that tests run: installed once, in the versions of a lock file.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{
    process::{find_program, run},
    python::made_once,
};

const PACKAGE: &str = include_str!("../npm/package.json");
const LOCK: &str = include_str!("../npm/package-lock.json");

/// Runs a module of JavaScript, which may import the packages of the list, with these arguments. Answers what it wrote; an error
/// says what it wrote too.
pub fn run_node(module: &str, arguments: &[&str]) -> Result<String> {
    let node = find_program("node", &["/usr/bin/node"], "nodejs")?;
    let folder = packages()?;
    // The module has to lie where its packages are found.
    let file = tempfile::Builder::new().suffix(".mjs").tempfile_in(&folder)?;
    fs::write(file.path(), module)?;
    let written = run(Command::new(node).arg(file.path()).args(arguments), "")?;
    Ok(String::from_utf8(written)?)
}

/// A file of the packages of the list, such as a script that is run in a browser.
pub fn npm_file(path: &str) -> Result<String> {
    let path = packages()?.join("node_modules").join(path);
    fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))
}

fn packages() -> Result<PathBuf> {
    made_once("muster-testkit-node", &(PACKAGE, LOCK), make)
}

fn make(folder: &Path) -> Result<()> {
    let npm: PathBuf = find_program("npm", &["/usr/bin/npm"], "npm")?;
    if folder.exists() {
        fs::remove_dir_all(folder).context("cannot remove half-made packages of Node.js")?;
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join("package.json"), PACKAGE)?;
    fs::write(folder.join("package-lock.json"), LOCK)?;
    let mut install = Command::new(npm);
    install.current_dir(folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    run(&mut install, "").context("cannot install the packages of Node.js that tests use").map(drop)
}
