//! `muster profile`.

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use crate::{
    Exit, Result,
    error::CommandError,
    remote::profiles::{self, Profile},
    shell::Shell,
    ui::Report,
};

/// Name servers, so that commands can be carried out there: muster --profile NAME …
///
/// A profile names the file with the token and holds no token itself. Keep that file readable for its owner only.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    /// Add a profile, or change one
    Add(Add),
    /// List the profiles
    List,
    /// Remove a profile; the token stays valid until it is revoked
    Remove(Named),
}

#[derive(clap::Args, Debug)]
struct Add {
    /// What it is called
    #[arg(value_name = "NAME")]
    name: String,
    /// Where the server is, such as `https://muster.example`
    #[arg(id = "address", long = "at", value_name = "URL")]
    address: String,
    /// The file with the token
    #[arg(id = "token", long = "token", value_name = "FILE")]
    token: PathBuf,
    /// A file with the authority of the server's certificate, in PEM form
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

#[derive(clap::Args, Debug)]
struct Named {
    /// What it is called
    #[arg(value_name = "NAME")]
    name: String,
}

pub(crate) fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let mut profiles = profiles::read(&shell.host)?;
    match args.verb {
        Verb::List => {
            let items = profiles.iter().map(|(name, profile)| {
                let row = vec![name.clone(), profile.server.clone(), profile.token_file.clone()];
                (row, shown(name, profile))
            });
            let report = Report::list(&["name", "server", "token file"], items, None);
            shell.ui.show(&report.empty("no profile; muster profile add"))?;
        }
        Verb::Add(Add { name, address, token, ca }) => {
            let path = |path: PathBuf| shell.path(&path).to_string_lossy().into_owned();
            let profile = Profile { server: address, token_file: path(token), ca: ca.map(path) };
            let report = Report::one(vec![("name", name.clone())], shown(&name, &profile));
            profiles.insert(name.clone(), profile);
            profiles::write(&shell.host, &profiles)?;
            shell.ui.show(&report.text(format!("use it: muster --profile {name} systems list")))?;
        }
        Verb::Remove(Named { name }) => {
            if profiles.remove(&name).is_none() {
                return Err(CommandError::not_found(format!("there is no profile `{name}`"))
                    .hint("muster profile list shows them"));
            }
            profiles::write(&shell.host, &profiles)?;
            let report = Report::one(vec![("name", name.clone())], json!({ "profile": name }));
            shell.ui.show(&report.text(format!("profile {name} is removed")))?;
        }
    }
    Ok(Exit::Done)
}

fn shown(name: &str, profile: &Profile) -> Json {
    let mut json = profiles::document(profile);
    if let Some(fields) = json.as_object_mut() {
        fields.insert("profile".to_owned(), name.into());
    }
    json
}
