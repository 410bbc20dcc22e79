//! The settings that all formats share which are read as a whole.

use std::path::Path;

use muster_connector::SettingReader;
use muster_model::{Capabilities, SettingProblem, Settings, Text};

use super::Format;
use crate::place::{EnabledColumn, Place, read_enabled};

/// The largest content of a file in bytes, unless `max_size` says otherwise.
const DEFAULT_MAX_SIZE: u64 = 256 << 20;

/// What `settings:` says, with defaults filled in.
#[derive(Debug, Clone)]
pub(crate) struct WholeSettings<F: Format> {
    /// The file.
    pub(crate) place: Place,
    /// The attribute that names the object.
    pub(crate) key: Text,
    /// Where the file says whether an account is enabled.
    pub(crate) enabled: Option<EnabledColumn>,
    /// The largest content in bytes, uncompressed.
    pub(crate) max_size: u64,
    /// What only this format has.
    pub(crate) format: F,
}

impl<F: Format> WholeSettings<F> {
    /// Reads the settings; relative paths are relative to `base`.
    pub(crate) fn read(settings: &Settings, base: &Path) -> Result<Self, Vec<SettingProblem>> {
        let mut reader = SettingReader::new(settings);
        let path = reader.required("path");
        let key = F::read_key(&mut reader);
        let enabled = reader.map("enabled", read_enabled);
        if let (Some(enabled), Some(key)) = (&enabled, &key)
            && enabled.column == *key
        {
            let message = "setting `enabled.column` names the key column";
            reader.problem("enabled", message, Some("use a column of its own".to_owned()));
        }
        let max_size = reader.size("max_size").unwrap_or(DEFAULT_MAX_SIZE);
        if !(1024..=16 << 30).contains(&max_size) {
            let message = "setting `max_size` must be between 1KiB and 16GiB";
            reader.problem("max_size", message, Some("the default is 256MiB".to_owned()));
        }
        let writable = reader.boolean("writable").unwrap_or(false);
        let encoding = F::read_encoding(&mut reader);
        let mut format = F::read_settings(&mut reader);
        let problems = reader.finish();
        match (path, key, problems.is_empty()) {
            (Some(path), Some(key), true) => {
                format.see_path(&path);
                let place = Place::new(path, base, encoding, writable);
                Ok(Self { place, key, enabled, max_size, format })
            }
            _ => Err(problems),
        }
    }

    /// What can be done with a file that has these settings.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let writable = self.place.writable;
        Capabilities {
            read: true,
            create: writable,
            update: writable,
            rename: writable,
            enable: writable && self.enabled.is_some(),
            delete: writable,
            members: writable && F::HAS_MEMBERS,
            incremental: false,
            text_only: true,
            names: F::NAMES,
            parallel: 1,
        }
    }
}
