//! Files as sources and targets: CSV and TSV, workbooks (XLSX), LDIF, JSON.
//!
//! What all formats share: a file is judged strictly when it is read, and as a target (`writable: true`) it is the state,
//! which each batch of changes replaces as a whole. CSV is read as a stream (`csv`); the others are read whole, within a
//! limit (`whole`). Nothing here guesses at types: values are text.

mod cell;
mod csv;
mod feed;
mod input;
mod place;
mod replace;

use std::{path::Path, sync::Arc};

use muster_connector::{Connector, ConnectorError};
use muster_model::{Capabilities, SettingProblem, Settings};

/// The name of the connector for CSV and TSV files in model files.
pub const CSV: &str = "csv";

/// The names of all connectors of this crate in model files.
pub const KINDS: [&str; 1] = [CSV];

/// What can be done with these settings, or every problem in them. Looks at no file.
///
/// `kind` is one of [`KINDS`].
pub fn capabilities(kind: &str, settings: &Settings) -> Result<Capabilities, Vec<SettingProblem>> {
    _ = kind;
    csv::capabilities(settings)
}

/// Makes a connector for the file that `settings` names; a relative path is relative to `base`, the project folder.
///
/// `kind` is one of [`KINDS`]. The file is opened by the calls, not here, so it may appear later. Wrong settings are
/// [`ConnectorError::Settings`].
pub fn open(
    kind: &str,
    settings: &Settings,
    base: &Path,
) -> Result<Arc<dyn Connector>, ConnectorError> {
    _ = kind;
    csv::open(settings, base)
}
