//! `muster token`.

use jiff::{SignedDuration, Timestamp};
use muster_app::{
    Ctx, Scope, Scopes, TokenMade, create_token_for, list_clients, revoke_token, rotate_token,
    token_json,
};
use muster_store::{Client, ClientToken};
use serde_json::{Value as Json, json};

use crate::{Exit, Result, error::CommandError, shell::Shell, ui::Report, when};

/// Give programs the right to call Muster, and take it away
///
/// A program is a client with a name. It shows its token with every request. A token is shown once, when it is made; only
/// its hash is kept.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Make a token, and the client if there is none of that name
    Create {
        /// The client's name
        #[arg(value_name = "NAME")]
        name: String,
        /// What it may be used for; more than once for several
        #[arg(long = "scope", value_name = "SCOPE", required = true, help = scope_help())]
        scopes: Vec<Scope>,
        /// Act for this person: the rights of their roles narrow the token, and the journal names them
        #[arg(long = "as", value_name = "PERSON")]
        person: Option<String>,
        #[command(flatten)]
        lifetime: Lifetime,
    },
    /// List clients and their tokens
    List {
        /// How many clients at most
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        /// Go on after this client, which the page before named
        #[arg(long, value_name = "ID")]
        after: Option<i64>,
    },
    /// Make a new token for a client; those it has end soon after
    Rotate {
        /// The client's name
        #[arg(value_name = "NAME")]
        name: String,
        /// How long the former tokens still work: 30m, 12h, 7d
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse_length)]
        overlap: SignedDuration,
        #[command(flatten)]
        lifetime: Lifetime,
    },
    /// Refuse a token from now on
    Revoke {
        /// The client's name
        #[arg(value_name = "NAME")]
        name: String,
        /// The token's number, as the list shows it
        #[arg(value_name = "TOKEN")]
        token: i64,
    },
    /// End a client: all its tokens are refused from now on
    End {
        /// The client's name
        #[arg(value_name = "NAME")]
        name: String,
    },
}

#[derive(clap::Args, Debug)]
struct Lifetime {
    /// How long the token works: 12h, 90d
    #[arg(long, value_name = "TIME", default_value = "365d", value_parser = parse_length)]
    expires: SignedDuration,
}

impl Lifetime {
    fn end(&self, ctx: &Ctx) -> Result<Timestamp> {
        let end = ctx.now().checked_add(self.expires);
        end.map_err(|_| CommandError::usage("no token lasts that long"))
    }
}

fn scope_help() -> String {
    let words = Scope::ALL.map(Scope::word).join(", ");
    format!("What it may be used for; more than once for several [possible values: {words}]")
}

/// Reads `30m`, `12h`, `90d`: a number and a unit, greater than nothing.
pub(crate) fn parse_length(text: &str) -> std::result::Result<SignedDuration, String> {
    let wrong = || format!("`{text}` is no length of time; write 30m, 12h or 90d");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: i64 = text.trim_end_matches(unit).parse().map_err(|_| wrong())?;
    let length = number.checked_mul(seconds).filter(|seconds| *seconds > 0).ok_or_else(wrong)?;
    Ok(SignedDuration::from_secs(length))
}

const COLUMNS: [&str; 7] = ["id", "client", "token", "begins", "scopes", "expires", "state"];

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    match args.command {
        Command::Create { name, scopes, person, lifetime } => {
            let scopes: Scopes = scopes.into_iter().collect();
            let end = lifetime.end(&ctx)?;
            let made =
                create_token_for(&ctx, &opened, &name, &scopes, Some(end), person.as_deref())
                    .await?;
            show_made(shell, &ctx, &made)?;
        }
        Command::Rotate { name, overlap, lifetime } => {
            let old_end = ctx.now().checked_add(overlap).unwrap_or(Timestamp::MAX);
            let end = lifetime.end(&ctx)?;
            let made = rotate_token(&ctx, &opened, &name, old_end, Some(end)).await?;
            show_made(shell, &ctx, &made)?;
        }
        Command::List { limit, after } => {
            let limit = limit.max(1);
            let clients = list_clients(&opened, after, limit).await?;
            let next = clients.last().filter(|_| clients.len() == limit);
            let next = next.map(|(client, _)| client.id.to_string());
            let items = clients.iter().flat_map(|(client, tokens)| {
                tokens.iter().map(|token| (row(&ctx, client, token), document(&ctx, client, token)))
            });
            shell.ui.show(&Report::list(&COLUMNS, items, next).empty("there are no clients"))?;
        }
        Command::Revoke { name, token } => {
            revoke_token(&ctx, &opened, &name, token).await?;
            let done = json!({ "client": name, "token": token, "valid": false });
            let text = format!("token {token} of {name} is refused");
            shell.ui.show(&Report::one(Vec::new(), done).text(text))?;
        }
        Command::End { name } => {
            muster_app::end_client(&ctx, &opened, &name).await?;
            let done = json!({ "client": name, "valid": false });
            let text = format!("client {name} is gone; its tokens are refused");
            shell.ui.show(&Report::one(Vec::new(), done).text(text))?;
        }
    }
    Ok(Exit::Done)
}

/// The token alone goes to standard output, so that it can be piped to where it is kept.
fn show_made(shell: &mut Shell, ctx: &Ctx, made: &TokenMade) -> Result<()> {
    let mut document = token_json(&made.kept, ctx.now());
    if let Some(fields) = document.as_object_mut() {
        fields.insert("client".to_owned(), (*made.client).into());
        fields.insert("secret".to_owned(), made.token.clone().into());
    }
    shell.ui.show(&Report::one(Vec::new(), document).text(made.token.clone()))?;
    let end = made.kept.expires_at.map_or_else(String::new, when::shown);
    shell.ui.say(&format!(
        "token {} of client {}, for {}, until {end}; it is not shown again",
        made.kept.id, made.client, made.kept.scopes
    ))?;
    Ok(())
}

fn row(ctx: &Ctx, client: &Client, token: &ClientToken) -> Vec<String> {
    let now = ctx.now();
    let state = if client.ended_at.is_some() {
        "client gone"
    } else if token.revoked_at.is_some() {
        "revoked"
    } else if token.expires_at.is_some_and(|at| at <= now) {
        "expired"
    } else {
        "valid"
    };
    vec![
        client.id.to_string(),
        client.name.to_string(),
        token.id.to_string(),
        token.hint.to_string(),
        token.scopes.to_string(),
        token.expires_at.map_or_else(|| "never".to_owned(), when::shown),
        state.to_owned(),
    ]
}

fn document(ctx: &Ctx, client: &Client, token: &ClientToken) -> Json {
    let mut document = token_json(token, ctx.now());
    if let Some(fields) = document.as_object_mut() {
        fields.insert("client".to_owned(), (*client.name).into());
        fields.insert("client_id".to_owned(), client.id.into());
        let ended = client.ended_at.map(|at| at.to_string());
        fields.insert("client_ended_at".to_owned(), ended.into());
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_a_unit_and_are_something() {
        assert_eq!(parse_length("90d").unwrap(), SignedDuration::from_hours(90 * 24));
        assert_eq!(parse_length("30m").unwrap(), SignedDuration::from_mins(30));
        for wrong in ["", "d", "0d", "-1d", "90", "1.5h", "90 d", "99999999999999999d", "1é"] {
            assert!(parse_length(wrong).unwrap_err().contains("90d"), "{wrong}");
        }
    }
}
