//! `muster keys`.

use muster_app::{init_keys, json, list_keys, rotate_keys};
use muster_store::{JournalKey, hex};

use crate::{Exit, Result, shell::Shell, ui::Report, when};

/// The key that signs the journal: make it, replace it, list what was used
///
/// The private half is the file that `audit: { key: … }` names; the store keeps public halves only. Note the first public
/// key somewhere else: with it, `muster audit verify --key` needs to trust nobody.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    /// Make the first key
    Init,
    /// Replace the key; the old one endorses the new one, and what it signed stays valid
    Rotate,
    /// List all public keys, the latest last
    List,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let report = match args.verb {
        Verb::Init => one(&init_keys(&ctx, &opened).await?),
        Verb::Rotate => one(&rotate_keys(&ctx, &opened).await?),
        Verb::List => {
            let keys = list_keys(&opened).await?;
            let items = keys.iter().map(|key| {
                let row =
                    vec![key.number.to_string(), when::shown(key.made_at), hex(&key.public_key)];
                (row, json::journal_key(key))
            });
            Report::list(&["number", "made", "public key"], items, None)
                .empty("no key; muster keys init")
        }
    };
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

fn one(key: &JournalKey) -> Report {
    let public = hex(&key.public_key);
    let fields = vec![("number", key.number.to_string()), ("public key", public.clone())];
    Report::one(fields, json::journal_key(key)).text(format!("key {}: {public}", key.number))
}
