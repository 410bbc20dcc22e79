//! `muster applications`.

use jiff::SignedDuration;
use muster_app::{
    Opened, application_json, application_secret_json, create_application_secret,
    list_application_secrets, revoke_application_secret,
};
use muster_oidc::{KeyView, list_signing_keys, rotate_signing_keys};
use muster_policy::{GrantType, SigningAlgorithm};
use muster_store::ApplicationSecret;
use serde_json::{Value as Json, json};

use crate::{
    Exit, Result, commands::token::parse_length, error::CommandError, shell::Shell, ui::Report,
    when,
};

/// See the applications that rely on Muster, and give them secrets
///
/// Applications are defined in the model. A secret is shown once, when it is made; only its hash is kept. The keys that
/// sign tokens are made by themselves and replaced every 90 days.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// List the applications of the model
    List,
    /// Make a secret; those the application has stay valid
    Secret {
        /// The application's name
        #[arg(value_name = "NAME")]
        name: String,
        /// How long the secret works: 90d; without it, until it is revoked
        #[arg(long, value_name = "TIME", value_parser = parse_length)]
        expires: Option<SignedDuration>,
    },
    /// List the secrets of an application, without the secrets
    Secrets {
        /// The application's name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Refuse a secret from now on
    Revoke {
        /// The application's name
        #[arg(value_name = "NAME")]
        name: String,
        /// The secret's number, as the list shows it
        #[arg(value_name = "SECRET")]
        secret: i64,
    },
    /// List the keys that sign tokens
    Keys,
    /// Make the next signing key; it is published for a day before it signs
    Rotate {
        /// What it signs with
        #[arg(long, value_name = "ALGORITHM", default_value = "ES256", value_parser = algorithm)]
        algorithm: SigningAlgorithm,
        /// Sign with it now and refuse everything that former keys signed: when one of them has been seen by others
        #[arg(long)]
        at_once: bool,
    },
}

fn algorithm(word: &str) -> std::result::Result<SigningAlgorithm, String> {
    let known = SigningAlgorithm::WORDS.join(", ");
    SigningAlgorithm::named(word).ok_or_else(|| format!("`{word}` is none of {known}"))
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    match args.command {
        Command::List => list(shell, &opened)?,
        Command::Secret { name, expires } => {
            let end = expires.map(|length| ctx.now().checked_add(length)).transpose();
            let end = end.map_err(|_| CommandError::usage("no secret lasts that long"))?;
            let made = create_application_secret(&ctx, &opened, &name, end).await?;
            let document = made.json(ctx.now());
            // The secret alone goes to standard output, so that it can be piped to where it is kept.
            shell.ui.show(&Report::one(Vec::new(), document).text(made.secret))?;
            let number = made.kept.id;
            shell.ui.say(&format!("secret {number} of {name}; it is not shown again"))?;
        }
        Command::Secrets { name } => {
            let secrets = list_application_secrets(&opened, &name).await?;
            let items = secrets.iter().map(|secret| {
                let document = application_secret_json(secret, ctx.now());
                (row(secret, &document), document)
            });
            let report = Report::list(&SECRETS, items, None);
            shell.ui.show(&report.empty("the application has no secret"))?;
        }
        Command::Revoke { name, secret } => {
            revoke_application_secret(&ctx, &opened, &name, secret).await?;
            let done = json!({ "application": name, "secret": secret, "valid": false });
            let text = format!("secret {secret} of {name} is refused");
            shell.ui.show(&Report::one(Vec::new(), done).text(text))?;
        }
        Command::Keys => {
            let keys = list_signing_keys(&opened).await?;
            let items = keys.iter().map(key);
            let report = Report::list(&KEYS, items, None);
            shell.ui.show(&report.empty("no token was signed yet"))?;
        }
        Command::Rotate { algorithm, at_once } => {
            let made = rotate_signing_keys(&ctx, &opened, algorithm, at_once).await?;
            let (_, document) = key(&made);
            let from = when::shown(made.signs_from);
            let text = format!("key {} signs from {from} on", made.kid);
            shell.ui.show(&Report::one(Vec::new(), document).text(text))?;
        }
    }
    Ok(Exit::Done)
}

const APPLICATIONS: [&str; 4] = ["application", "authentication", "grants", "scopes"];
const SECRETS: [&str; 4] = ["secret", "begins", "made", "state"];
const KEYS: [&str; 4] = ["key", "algorithm", "signs from", "gone"];

fn list(shell: &mut Shell, opened: &Opened) -> Result<()> {
    let items = opened.model.applications.iter().map(|of| {
        let grants: Vec<&str> = of.grants.iter().copied().map(GrantType::word).collect();
        let scopes: Vec<&str> = of.scopes.iter().map(|word| &**word).collect();
        let row = vec![
            of.name.to_string(),
            of.authentication.word().to_owned(),
            grants.join(" "),
            scopes.join(" "),
        ];
        (row, application_json(of))
    });
    let report = Report::list(&APPLICATIONS, items, None);
    shell.ui.show(&report.empty("the model has no applications"))
}

fn row(secret: &ApplicationSecret, document: &Json) -> Vec<String> {
    let is_valid = document.get("valid").and_then(Json::as_bool).unwrap_or(false);
    let state = match (is_valid, secret.revoked_at) {
        (true, _) => "valid",
        (false, Some(_)) => "revoked",
        (false, None) => "expired",
    };
    let made = when::shown(secret.created_at);
    vec![secret.id.to_string(), secret.hint.to_string(), made, state.to_owned()]
}

fn key(key: &KeyView) -> (Vec<String>, Json) {
    let row = vec![
        key.kid.to_string(),
        key.algorithm.to_string(),
        when::shown(key.signs_from),
        key.gone_at.map_or_else(String::new, when::shown),
    ];
    let document = json!({
        "key": &*key.kid, "algorithm": &*key.algorithm, "signs_from": key.signs_from.to_string(),
        "gone_at": key.gone_at.map(|at| at.to_string()),
    });
    (row, document)
}
