//! Replaces a target file as a whole: readers see the old file or the new one, never a part.
//!
//! The new content goes to a temporary file in the same folder, is forced to disk and then takes the old name. A process
//! that dies on the way leaves the old file as it was.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use muster_connector::ConnectorError;

use crate::{input::Stamp, place::Place};

/// Writes the whole content of a file.
pub(crate) type Content<'c> = &'c dyn Fn(&mut dyn Write) -> io::Result<()>;

/// How long a writer waits for another one: this many times this long.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// The paths that belong to one target.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    /// The file itself, links followed, so that a link stays a link.
    file: PathBuf,
    /// Its folder.
    folder: PathBuf,
    /// Where the new content is written.
    new: PathBuf,
    /// What keeps two writers apart.
    lock: PathBuf,
}

impl Paths {
    /// Finds them for the file at `path`, which need not exist.
    pub(crate) fn of(path: &Path) -> Self {
        let file = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            Some(_) | None => PathBuf::from("."),
        };
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self {
            new: folder.join(format!(".{name}.muster-new")),
            lock: folder.join(format!(".{name}.muster-lock")),
            file,
            folder,
        }
    }
}

/// Takes the advisory lock of a target; it is free again when the answer is dropped or the process ends.
pub(crate) async fn lock(place: &Place, paths: &Paths) -> Result<File, ConnectorError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&paths.lock)
        .map_err(|error| write_error(place, paths, &error))?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
            Err(TryLockError::Error(error)) => return Err(write_error(place, paths, &error)),
        }
    }
    Err(ConnectorError::Unreachable(format!(
        "another process is writing `{}`; wait until it has ended",
        place.shown
    )))
}

/// Writes `content` in place of the file; answers the state of the new file.
///
/// A file that is not in the state `loaded` any more, in which it was read, is left alone.
pub(crate) fn replace(
    place: &Place,
    paths: &Paths,
    loaded: Option<Stamp>,
    content: Content<'_>,
) -> Result<Stamp, ConnectorError> {
    let replaced = write_new(place, paths, content)
        .map_err(|error| write_error(place, paths, &error))
        .and_then(|()| check_unchanged(place, loaded))
        .and_then(|()| swap_in(paths).map_err(|error| write_error(place, paths, &error)));
    if replaced.is_err() {
        // Best effort: the next write overwrites a rest anyway.
        drop(std::fs::remove_file(&paths.new));
    }
    replaced
}

fn check_unchanged(place: &Place, loaded: Option<Stamp>) -> Result<(), ConnectorError> {
    if Stamp::at(&place.path).ok() == Some(loaded) {
        return Ok(());
    }
    Err(ConnectorError::Unreachable(format!(
        "another program changed `{}` at the same time, so it was left as it is",
        place.shown
    )))
}

/// Writes the new content beside the file and forces it to disk.
pub(crate) fn write_new(place: &Place, paths: &Paths, content: Content<'_>) -> io::Result<()> {
    match std::fs::remove_file(&paths.new) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let file = OpenOptions::new().create_new(true).write(true).open(&paths.new)?;
    if let Ok(metadata) = std::fs::metadata(&paths.file) {
        file.set_permissions(metadata.permissions())?;
    }
    write_content(place, content, &file)?;
    file.sync_all()
}

/// Gives the new content the file's name and forces the folder to disk.
fn swap_in(paths: &Paths) -> io::Result<Stamp> {
    std::fs::rename(&paths.new, &paths.file)?;
    #[cfg(unix)]
    File::open(&paths.folder)?.sync_all()?;
    Ok(Stamp::of(&std::fs::metadata(&paths.file)?))
}

/// Writes the content, compressed where the file's name says so.
pub(crate) fn write_content(place: &Place, content: Content<'_>, file: &File) -> io::Result<()> {
    if place.gzip {
        let mut gzip = GzEncoder::new(BufWriter::new(file), Compression::default());
        content(&mut gzip)?;
        gzip.finish()?.flush()
    } else {
        let mut plain = BufWriter::new(file);
        content(&mut plain)?;
        plain.flush()
    }
}

/// What a failed write means and what to do about it; the file itself is unchanged in every case.
pub(crate) fn write_error(place: &Place, paths: &Paths, error: &io::Error) -> ConnectorError {
    let shown = &place.shown;
    let folder = Path::new(&**shown).parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| ".".to_owned(), |folder| folder.display().to_string());
    let kind = error.kind();
    let is_read_only = [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem];
    let is_full =
        [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge];
    if is_read_only.contains(&kind) {
        ConnectorError::Refused(format!(
            "the folder `{folder}` of `{shown}` is read-only; give the account that runs muster the right to write into it ({error})"
        ))
    } else if kind == io::ErrorKind::NotFound {
        ConnectorError::Unreachable(format!(
            "the folder `{folder}` of `{shown}` is not there; create it or check `path`"
        ))
    } else if is_full.contains(&kind) {
        ConnectorError::Unreachable(format!(
            "the disk with the folder `{folder}` is full; free some space; `{shown}` is as it was"
        ))
    } else {
        ConnectorError::Unreachable(format!(
            "cannot write `{}` beside `{shown}`: {error}; `{shown}` is as it was",
            paths.new.file_name().unwrap_or_default().display()
        ))
    }
}
