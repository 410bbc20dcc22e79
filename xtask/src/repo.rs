//! The repository's files: the ones git knows or would take, read as text.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

/// The checkout this command works on.
#[derive(Debug)]
pub(crate) struct Repo {
    root: PathBuf,
}

/// One text file; the path is relative to the root, with `/`.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Repo {
    /// The repository that holds this crate, wherever the binary lies (the build folder may be shared by clones).
    pub(crate) fn find() -> Result<Self> {
        let crate_folder = std::env::var_os("CARGO_MANIFEST_DIR")
            .context("run this as `cargo xtask COMMAND`, so that cargo says where the code is")?;
        let root = Path::new(&crate_folder)
            .parent()
            .context("the folder of xtask has no parent")?
            .to_owned();
        Ok(Self { root })
    }

    /// The top folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the top folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Reads one file.
    pub(crate) fn read(&self, relative: &str) -> Result<String> {
        fs::read_to_string(self.path(relative)).with_context(|| format!("cannot read `{relative}`"))
    }

    /// All text files, sorted by path. Files that are no UTF-8 are left out; links too.
    pub(crate) fn files(&self) -> Result<Vec<File>> {
        let mut files = Vec::new();
        for path in self.paths()? {
            let full = self.path(&path);
            if !full.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
                continue; // deleted but not yet committed, or a link
            }
            let bytes = fs::read(&full).with_context(|| format!("cannot read `{path}`"))?;
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(File { path, text });
            }
        }
        Ok(files)
    }

    fn paths(&self) -> Result<Vec<String>> {
        let output = Command::new("git")
            .current_dir(&self.root)
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .output()
            .context("cannot start `git`, which tells what belongs to the repository")?;
        if !output.status.success() {
            bail!("`git ls-files` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let mut paths: Vec<String> = String::from_utf8_lossy(&output.stdout)
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
            .collect();
        paths.sort();
        paths.dedup();
        Ok(paths)
    }
}
