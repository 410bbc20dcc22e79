//! `muster sign-ins`.

use muster_auth::{Authenticator, SignInQuery, sign_in_json};
use muster_model::Text;
use muster_store::SignIn;

use crate::{
    Exit, Result,
    shell::Shell,
    ui::Report,
    when::{When, parse_when, shown},
};

/// List who tried to sign in, the newest first
///
/// Every try at every door is here once, with what came of it and why. A name that nobody has is not kept: people type
/// passwords there.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Under a name of this person
    #[arg(long = "of", value_name = "PERSON")]
    person: Option<String>,
    /// Only those of which this came
    #[arg(long, value_enum, value_name = "OUTCOME")]
    outcome: Option<Outcome>,
    /// From this day or instant on
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    from: Option<When>,
    /// Before this day or instant
    #[arg(long, value_name = "WHEN", value_parser = parse_when)]
    until: Option<When>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on before this place, which the page before named
    #[arg(long, value_name = "PLACE")]
    before: Option<i64>,
}

#[derive(clap::ValueEnum, Debug, Clone, Copy)]
enum Outcome {
    /// They are in
    Allowed,
    /// They are not
    Refused,
}

const COLUMNS: [&str; 9] =
    ["place", "at", "person", "door", "outcome", "reason", "from", "on", "browser"];

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (ctx, opened) = shell.open().await?;
    let outcome = args.outcome.map(|outcome| match outcome {
        Outcome::Allowed => "allowed".into(),
        Outcome::Refused => "refused".into(),
    });
    let query = SignInQuery {
        person: args.person,
        outcome,
        from: Shell::instant(&opened, args.from),
        until: Shell::instant(&opened, args.until),
        before: args.before,
        limit: args.limit.max(1),
    };
    let authenticator = Authenticator::new(&opened.model.sign_in);
    let page = authenticator.list_sign_ins(&ctx, &opened, &query).await?;
    let items = page.items.iter().map(|(sign_in, person)| {
        (row(sign_in, person.as_ref()), sign_in_json(sign_in, person.as_ref()))
    });
    let next = page.next.map(|next| next.to_string());
    shell.ui.show(&Report::list(&COLUMNS, items, next).empty("nobody tried to sign in"))?;
    Ok(Exit::Done)
}

fn row(sign_in: &SignIn, person: Option<&Text>) -> Vec<String> {
    vec![
        sign_in.seq.to_string(),
        shown(sign_in.at),
        person.map(ToString::to_string).unwrap_or_default(),
        sign_in.door.to_string(),
        sign_in.outcome.to_string(),
        sign_in.reason.to_string(),
        sign_in.network.to_string(),
        sign_in.device.to_string(),
        sign_in.browser.as_deref().unwrap_or_default().to_owned(),
    ]
}
