//! Publishing a model that somebody sends: its files take the place of those in the project folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use muster_project::File;
use tokio::sync::Mutex;

use crate::{
    Change, ChangeKind, Ctx, Error, Kind, ModelQuery, Opened, belongs_to_project, compare_models,
    files::MAX_FILE, read_project, simulate::CONFLICT,
};

/// Files of a model at most.
const MOST_FILES: usize = 1000;

/// People who would come into a conflict, of whom names are told.
const NAMED_VIOLATORS: usize = 20;

/// One is published at a time; each looks at what the one before left.
static PUBLISHING: Mutex<()> = Mutex::const_new(());

/// The files of a model from their texts by path, sorted.
///
/// # Errors
/// Paths that no project has, and more or longer files than are read from a folder.
pub fn model_files(texts: BTreeMap<String, String>) -> Result<Vec<File>, Error> {
    if texts.len() > MOST_FILES {
        return Err(Error::invalid(format!("a model has {MOST_FILES} files at most")));
    }
    if !texts.contains_key("muster.yaml") {
        return Err(Error::invalid("the model has no `muster.yaml`"));
    }
    let file = |(path, text): (String, String)| {
        let is_plain = |part: &str| {
            !part.is_empty() && !part.chars().any(|c| c.is_control() || matches!(c, '\\' | ':'))
        };
        let shown: String = path.chars().take(100).collect();
        if !belongs_to_project(&path) || !path.split('/').all(is_plain) {
            return Err(Error::invalid(format!("`{shown}` is no path of a model file")).hint(
                "use paths like `roles/sales.yaml`, without `..`, hidden folders and `data`",
            ));
        }
        if text.len() as u64 > MAX_FILE {
            return Err(Error::invalid(format!("`{shown}` has more than {MAX_FILE} bytes")));
        }
        Ok(File { path: path.into(), text: text.into() })
    };
    texts.into_iter().map(file).collect()
}

/// Puts these files in the place of those of the project folder and publishes them, if `base` is still the present
/// revision; the project as it is then. Files that are in the folder and not among these are removed.
///
/// The files are written before the revision: should the process die in between, the next start publishes them.
///
/// # Errors
///
/// `Held` when people would come into a conflict of duties and `confirm` is not their number; the hint names them.
pub async fn publish_model(
    ctx: &Ctx,
    opened: &Opened,
    files: Vec<File>,
    base: i64,
    confirm: Option<u64>,
) -> Result<Opened, Error> {
    let _one = PUBLISHING.lock().await;
    let latest = opened.store.read().await?.latest_revision().await?;
    if latest.is_some_and(|latest| latest.number != base) {
        return Err(Error::new(
            Kind::Stale,
            format!("revision {base} is no longer the present one"),
        )
        .hint("get the model again, and put your change into it"));
    }
    // Checked before anything is written.
    let there = opened.with_files(files.clone(), base).await?;
    if there.model.store != opened.model.store {
        return Err(Error::invalid("`store` is not changed while it is served")
            .hint("stop the server, then muster migrate"));
    }
    agree_to_conflicts(ctx, opened, &there, confirm).await?;
    write(&opened.dir, &files)?;
    opened.published(ctx, &files).await
}

/// Holds a model back that would bring people into a conflict, as long as nobody agreed to their number.
async fn agree_to_conflicts(
    ctx: &Ctx,
    opened: &Opened,
    there: &Opened,
    confirm: Option<u64>,
) -> Result<(), Error> {
    if there.model.conflicts.is_empty() {
        return Ok(());
    }
    let query =
        ModelQuery { thing: Some(CONFLICT.to_owned()), after: None, limit: NAMED_VIOLATORS };
    let compared = compare_models(opened, there, ctx.now(), &query, &|_| {}).await?;
    let gained: u64 = compared.impacts.iter().map(|impact| impact.gained).sum();
    if gained == 0 || confirm == Some(gained) {
        return Ok(());
    }
    let gains = |change: &&Change| change.kind == ChangeKind::Gained;
    let violators = compared.people.iter().flat_map(|person| {
        let gained = person.changes.iter().filter(gains);
        gained.map(|change| format!("{} ({})", person.subject, change.thing.name()))
    });
    let mut named: Vec<String> = violators.take(NAMED_VIOLATORS).collect();
    if usize::try_from(gained).is_ok_and(|gained| gained > named.len()) {
        named.push("…".to_owned());
    }
    let message = format!("{gained} conflicts of duties would begin, and nobody agreed to that");
    Err(Error::new(Kind::Held, message)
        .hint(format!("it is about {}", named.join(", ")))
        .hint(format!("if that is right: send `confirm: {gained}` too")))
}

fn write(dir: &Path, files: &[File]) -> Result<(), Error> {
    let fail = |error: std::io::Error| {
        Error::new(Kind::Unavailable, "the files of the model cannot be written").caused_by(error)
    };
    let present: BTreeSet<_> = read_project(dir)?.into_iter().map(|file| file.path).collect();
    let beside = |path: &str| dir.join(format!("{path}.new"));
    for file in files {
        let path = beside(&file.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(fail)?;
        }
        fs::write(&path, file.text.as_bytes()).map_err(fail)?;
    }
    for file in files {
        fs::rename(beside(&file.path), dir.join(&*file.path)).map_err(fail)?;
    }
    let gone = present.iter().filter(|path| files.iter().all(|file| file.path != **path));
    for path in gone {
        fs::remove_file(dir.join(&**path)).map_err(fail)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(path: &str) -> Result<Vec<File>, Error> {
        let texts = ["muster.yaml", path].map(|path| (path.to_owned(), String::new()));
        model_files(texts.into())
    }

    #[test]
    fn only_paths_of_model_files_are_written() {
        for path in ["roles/sales.yaml", "a/b/c.yml"] {
            assert_eq!(named(path).unwrap().len(), 2, "{path}");
        }
        for path in [
            "../x.yaml",
            "/etc/x.yaml",
            "a//x.yaml",
            "a/../../x.yaml",
            ".hidden/x.yaml",
            "data/x.yaml",
            "x.txt",
            "a\\x.yaml",
            "C:/x.yaml",
            "x\n.yaml",
            "",
            "/",
        ] {
            assert!(named(path).is_err(), "{path}");
        }
        assert!(model_files(BTreeMap::new()).is_err());
    }
}
