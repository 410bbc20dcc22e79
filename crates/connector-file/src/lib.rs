//! Files as sources and targets: CSV and TSV, workbooks (XLSX), LDIF, JSON.
//!
//! What all formats share: a file is judged strictly when it is read, and as a target (`writable: true`) it is the state,
//! which each batch of changes replaces as a whole. CSV is read as a stream (`csv`); the others are read whole, within a
//! limit (`whole`). Nothing here guesses at types: values are text.

mod cell;
mod csv;
mod feed;
mod input;
mod json;
mod ldif;
mod place;
mod replace;
mod whole;
mod xlsx;

use std::{path::Path, sync::Arc};

use muster_connector::{Connector, ConnectorError};
use muster_model::{Capabilities, SettingProblem, Settings};

use crate::{json::JsonFormat, ldif::LdifFormat, xlsx::XlsxFormat};

/// The name of the connector for CSV and TSV files in model files.
pub const CSV: &str = "csv";
/// The name of the connector for workbooks.
pub const XLSX: &str = "xlsx";
/// The name of the connector for LDIF files.
pub const LDIF: &str = "ldif";
/// The name of the connector for JSON files.
pub const JSON: &str = "json";

/// The names of all connectors of this crate in model files.
pub const KINDS: [&str; 4] = [CSV, XLSX, LDIF, JSON];

/// What can be done with these settings, or every problem in them. Looks at no file.
///
/// `kind` is one of [`KINDS`].
pub fn capabilities(kind: &str, settings: &Settings) -> Result<Capabilities, Vec<SettingProblem>> {
    match kind {
        XLSX => whole::capabilities::<XlsxFormat>(settings),
        LDIF => whole::capabilities::<LdifFormat>(settings),
        JSON => whole::capabilities::<JsonFormat>(settings),
        _ => csv::capabilities(settings),
    }
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
    match kind {
        XLSX => whole::open::<XlsxFormat>(settings, base),
        LDIF => whole::open::<LdifFormat>(settings, base),
        JSON => whole::open::<JsonFormat>(settings, base),
        _ => csv::open(settings, base),
    }
}

#[cfg(test)]
mod tests;
