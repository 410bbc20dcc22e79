//! Where a file lies and what may be done with it: the settings that every format shares.

use std::path::{Path, PathBuf};

use encoding_rs::Encoding;
use muster_connector::SettingReader;
use muster_model::Text;

/// One file.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The path as written, for messages.
    pub(crate) shown: Text,
    /// The path on disk.
    pub(crate) path: PathBuf,
    /// True when the file is compressed with gzip.
    pub(crate) gzip: bool,
    /// The encoding when the file has no byte order mark.
    pub(crate) encoding: &'static Encoding,
    /// True when muster may change the file.
    pub(crate) writable: bool,
}

impl Place {
    /// The file at `path` as written; a relative path is relative to `base`.
    pub(crate) fn new(
        path: Text,
        base: &Path,
        encoding: &'static Encoding,
        writable: bool,
    ) -> Self {
        Self {
            path: base.join(&*path),
            gzip: has_extension(&path, "gz"),
            shown: path,
            encoding,
            writable,
        }
    }
}

/// Where and how a file says whether an account is enabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnabledColumn {
    /// The column.
    pub(crate) column: Text,
    /// The cell of an enabled account.
    pub(crate) on: Text,
    /// The cell of a disabled account.
    pub(crate) off: Text,
}

impl EnabledColumn {
    /// The state that `cell` stands for; an empty cell stands for none.
    pub(crate) fn state(&self, cell: &str) -> Result<Option<bool>, String> {
        let Self { column, on, off } = self;
        if *cell == **on {
            Ok(Some(true))
        } else if *cell == **off {
            Ok(Some(false))
        } else if cell.is_empty() {
            Ok(None)
        } else {
            let found: String = cell.chars().take(60).collect();
            Err(format!("column `{column}` holds `{found}`, which is neither `{on}` nor `{off}`"))
        }
    }
}

/// True when the name of the file ends in `.wanted`, in any case.
pub(crate) fn has_extension(path: &str, wanted: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// The setting `encoding`.
pub(crate) fn read_encoding(reader: &mut SettingReader<'_>) -> &'static Encoding {
    let Some(label) = reader.text("encoding") else { return encoding_rs::UTF_8 };
    match Encoding::for_label(label.as_bytes()) {
        Some(encoding) if encoding != encoding_rs::REPLACEMENT => encoding,
        Some(_) | None => {
            let message = format!("setting `encoding` names an unknown encoding, `{label}`");
            let help = "write for example `utf-8`, `utf-16le`, `windows-1252` or `iso-8859-15`";
            reader.problem("encoding", message, Some(help.to_owned()));
            encoding_rs::UTF_8
        }
    }
}

/// What stands inside the setting `enabled`.
pub(crate) fn read_enabled(reader: &mut SettingReader<'_>) -> Option<EnabledColumn> {
    let column = reader.required("column");
    let on = reader.text("on").unwrap_or_else(|| "true".into());
    let off = reader.text("off").unwrap_or_else(|| "false".into());
    if on == off {
        let message = "settings `enabled.on` and `enabled.off` are the same";
        reader.problem("off", message, Some("an account could never be disabled".to_owned()));
    }
    column.map(|column| EnabledColumn { column, on, off })
}
