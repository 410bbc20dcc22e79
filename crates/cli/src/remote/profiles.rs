//! Servers by name: where each is, and the file with the token for it. A token itself is kept in no profile.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value as Json, json};

use crate::{
    Result,
    error::CommandError,
    host::Host,
    shell::{read_file, write_file},
};

/// One server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    /// Its address.
    pub(crate) server: String,
    /// The file with the token.
    pub(crate) token_file: String,
    /// A file with the authority of its certificate, when the system does not know it.
    pub(crate) ca: Option<String>,
}

/// The file that holds the profiles.
pub(crate) fn file(host: &Host) -> Result<PathBuf> {
    if let Some(file) = host.variable("MUSTER_PROFILES") {
        return Ok(host.current_dir.join(file));
    }
    let folder = host.variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = folder.or_else(|| Some(Path::new(host.variable("HOME")?).join(".config")));
    let folder = folder.ok_or_else(|| {
        CommandError::usage("there is no home folder to keep profiles in")
            .hint("set MUSTER_PROFILES to a file, or use --server with --token-file")
    })?;
    Ok(folder.join("muster").join("profiles.json"))
}

/// All profiles by name; none when there is no file.
pub(crate) fn read(host: &Host) -> Result<BTreeMap<String, Profile>> {
    let path = file(host)?;
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let wrong = || {
        CommandError::usage(format!("`{}` holds no profiles", path.display()))
            .hint("remove it, and add the profiles again: muster profile add")
    };
    let json: Map<String, Json> =
        serde_json::from_slice(&read_file(&path)?).map_err(|_| wrong())?;
    let profile = |(name, json): (String, Json)| {
        let text = |field: &str| json.get(field).and_then(Json::as_str).map(str::to_owned);
        let (server, token_file) = text("server").zip(text("token_file")).ok_or_else(wrong)?;
        Ok((name, Profile { server, token_file, ca: text("ca") }))
    };
    json.into_iter().map(profile).collect()
}

/// Keeps the profiles.
pub(crate) fn write(host: &Host, profiles: &BTreeMap<String, Profile>) -> Result<()> {
    let map: Map<String, Json> =
        profiles.iter().map(|(name, profile)| (name.clone(), document(profile))).collect();
    write_file(&file(host)?, format!("{:#}\n", Json::Object(map)).as_bytes())
}

/// A profile as it is kept and shown.
pub(crate) fn document(profile: &Profile) -> Json {
    let Profile { server, token_file, ca } = profile;
    json!({ "server": server, "token_file": token_file, "ca": ca })
}
