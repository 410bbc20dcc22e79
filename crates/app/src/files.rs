//! The model files of a project folder.

use std::{panic, path::Path, thread};

use muster_project::{Catalogue, File, Loaded};
use sha2::{Digest as _, Sha256};

use crate::{Error, Kind};

/// No model file needs more; larger ones are refused rather than read.
pub(crate) const MAX_FILE: u64 = 4 << 20;
/// Bytes of the stack on which files are checked.
const STACK: usize = 16 << 20;
/// Folders below this depth are not looked into.
const MAX_DEPTH: usize = 16;

/// Reads every `.yaml` and `.yml` file of the project, in order of path. Hidden folders and `data` are passed over.
pub fn read_project(dir: &Path) -> Result<Vec<File>, Error> {
    if dir.join("muster.yaml").is_dir() {
        return Err(Error::new(
            Kind::Project,
            format!("`{}` is a folder and must be a file", dir.join("muster.yaml").display()),
        )
        .hint("rename it; muster init makes a project in an empty folder"));
    }
    if !dir.join("muster.yaml").is_file() {
        return Err(Error::not_found(format!(
            "there is no project in `{}`: it has no `muster.yaml`",
            dir.display()
        ))
        .hint("muster init makes one; -C DIR names the folder of another"));
    }
    let mut files = Vec::new();
    collect(dir, "", 0, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(dir: &Path, prefix: &str, depth: usize, files: &mut Vec<File>) -> Result<(), Error> {
    let fail = |error: std::io::Error| {
        Error::invalid(format!("cannot read the folder `{}`", dir.display())).caused_by(error)
    };
    for entry in std::fs::read_dir(dir).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = entry.path();
        let shown = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let kind = entry.file_type().map_err(fail)?;
        if kind.is_dir() {
            if is_looked_into(&name, depth) {
                collect(&path, &shown, depth + 1, files)?;
            }
        } else if is_model_file(&name) {
            files.push(read_file(&path, &shown)?);
        }
    }
    Ok(())
}

/// True when a file of this path, relative to the project and with `/`, is one of its model files.
pub fn belongs_to_project(path: &str) -> bool {
    let mut folders: Vec<&str> = path.split('/').collect();
    let name = folders.pop().unwrap_or_default();
    let is_reached =
        folders.iter().enumerate().all(|(depth, folder)| is_looked_into(folder, depth));
    is_reached && is_model_file(name)
}

fn is_looked_into(folder: &str, depth: usize) -> bool {
    let is_data = depth == 0 && folder == "data";
    !folder.starts_with('.') && !is_data && depth < MAX_DEPTH
}

fn is_model_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == "yaml" || end == "yml")
}

fn read_file(path: &Path, shown: &str) -> Result<File, Error> {
    let fail = |error: std::io::Error| {
        Error::new(Kind::Project, format!("cannot read the model file `{shown}`"))
            .caused_by(error)
            .hint("every file that ends in .yaml or .yml belongs to the project; repair, rename or remove it")
    };
    let size = std::fs::metadata(path).map_err(fail)?.len();
    if size > MAX_FILE {
        return Err(Error::new(
            Kind::Project,
            format!("the model file `{shown}` has {size} bytes, the limit is {MAX_FILE}"),
        )
        .hint("keep data out of model files; a source belongs into `data/`"));
    }
    let bytes = std::fs::read(path).map_err(fail)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::new(Kind::Project, format!("the model file `{shown}` is not UTF-8"))
            .hint("save it as UTF-8")
    })?;
    Ok(File { path: shown.into(), text: text.into() })
}

/// Checks the files of a project on a stack of its own: expressions are parsed by recursion, and whoever asks may stand deep
/// already.
pub(crate) fn check_files(files: &[File], catalogue: &(dyn Catalogue + Sync)) -> Loaded {
    thread::scope(|scope| {
        let check = || muster_project::load(files.to_vec(), catalogue);
        match thread::Builder::new().stack_size(STACK).spawn_scoped(scope, check) {
            Ok(checking) => checking.join().unwrap_or_else(|cause| panic::resume_unwind(cause)),
            // No thread is to be had: here it is, then.
            Err(_) => check(),
        }
    })
}

/// Reads and checks the project.
pub fn load_project(dir: &Path, catalogue: &(dyn Catalogue + Sync)) -> Result<Loaded, Error> {
    Ok(check_files(&read_project(dir)?, catalogue))
}

/// The hash of the files, in hexadecimal digits: equal text, equal revision.
pub fn project_hash(files: &[File]) -> String {
    use std::fmt::Write as _;
    let mut sha = Sha256::new();
    for File { path, text } in files {
        for part in [path, text] {
            sha.update((part.len() as u64).to_be_bytes());
            sha.update(part.as_bytes());
        }
    }
    sha.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing into a String cannot fail.
        _ = write!(hex, "{byte:02x}");
        hex
    })
}
