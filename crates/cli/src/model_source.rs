//! Where another model comes from: a folder, a revision of the repository, or a revision of the project's git repository.

use std::{ffi::OsStr, path::Path, process::Command};

use muster_app::{Opened, belongs_to_project, read_project};
use muster_project::File;

use crate::{Result, error::CommandError, shell::Shell};

/// Opens the same repository with the model that `text` names: a number is a revision, a folder is a project, anything else is
/// a revision of git.
pub(crate) async fn open_model(shell: &Shell, opened: &Opened, text: &str) -> Result<Opened> {
    if let Ok(number) = text.parse::<i64>() {
        return Ok(opened.at_revision(number).await?);
    }
    let folder = shell.path(Path::new(text));
    let files = if folder.is_dir() { read_project(&folder)? } else { from_git(&opened.dir, text)? };
    Ok(opened.with_files(files, opened.revision).await?)
}

/// The model files of the project as a revision of git has them.
fn from_git(project: &Path, revision: &str) -> Result<Vec<File>> {
    if revision.is_empty() || revision.starts_with('-') {
        return Err(CommandError::usage(format!("`{revision}` is no model")).hint(
            "name a folder, the number of a revision (muster revisions) or a revision of git",
        ));
    }
    let listing =
        git(project, revision, ["ls-tree", "-r", "-z", "--name-only", revision, "--", "."])?;
    let mut files = Vec::new();
    for path in listing.split('\0').filter(|path| belongs_to_project(path)) {
        let text = git(project, revision, ["show", &format!("{revision}:./{path}")])?;
        files.push(File { path: path.into(), text: text.into() });
    }
    if files.iter().all(|file| &*file.path != "muster.yaml") {
        return Err(CommandError::usage(format!("`{revision}` of git has no `muster.yaml` here"))
            .hint(
                "name a folder, the number of a revision (muster revisions) or a revision of git",
            ));
    }
    Ok(files)
}

fn git<A: AsRef<OsStr>>(
    project: &Path,
    revision: &str,
    arguments: impl IntoIterator<Item = A>,
) -> Result<String> {
    let failed = |why: &str| {
        CommandError::usage(format!(
            "`{revision}` is no folder, and git knows no such revision: {}",
            why.trim()
        ))
        .hint("name a folder, the number of a revision (muster revisions) or a revision of git")
    };
    let output = Command::new("git").arg("-C").arg(project).args(arguments).output();
    let output = output.map_err(|error| failed(&format!("git cannot be started: {error}")))?;
    if !output.status.success() {
        return Err(failed(&String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|_| failed("a model file in it is not UTF-8"))
}
