//! `muster users`.

use muster_app::{PeopleQuery, Person, json, list_people};

use crate::{
    Exit, Result,
    shell::Shell,
    ui::Report,
    when::{When, parse_when},
};

/// List people, or other entities
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: muster users --where 'department.code == \"FIN\" && endDate != null'"
)]
pub(crate) struct Args {
    /// `list`, which may be left out
    #[arg(value_enum, value_name = "VERB", default_value_t, hide_default_value = true)]
    verb: Verb,
    /// Only those for which this expression holds
    #[arg(long = "where", value_name = "EXPR")]
    condition: Option<String>,
    /// Entities of this type [default: the first identity type]
    #[arg(long = "type", value_name = "TYPE")]
    type_name: Option<String>,
    /// As it was recorded on this day or at this instant
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    as_of: Option<When>,
    /// Attributes to show as well, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Vec<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on after this place, which the page before named
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
}

#[derive(clap::ValueEnum, Debug, Clone, Copy, Default)]
enum Verb {
    /// List them
    #[default]
    List,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let Verb::List = args.verb;
    let (ctx, opened, as_of) = shell.open_as_of(args.as_of).await?;
    let query = PeopleQuery {
        type_name: args.type_name,
        condition: args.condition,
        as_of,
        after: args.after,
        limit: args.limit.max(1),
    };
    let page = list_people(&ctx, &opened, &query).await?;
    let extra = args.columns;
    let items = page.items.iter().map(|person| (row(person, &extra), json::person(person)));
    let mut report = Report::list(
        &["key", "display", "lifecycle"],
        items,
        page.next.map(|next| next.to_string()),
    );
    report.columns.extend(extra.iter().cloned());
    shell.ui.show(&report)?;
    Ok(Exit::Done)
}

fn row(person: &Person, extra: &[String]) -> Vec<String> {
    let value = |name: &String| {
        let found = person.values.iter().find(|(attribute, _)| **attribute == **name);
        found.map_or_else(String::new, |(_, value)| value.to_string())
    };
    let lifecycle = person.lifecycle.as_ref().map_or_else(String::new, ToString::to_string);
    let mut row = vec![person.key.to_string(), person.display.to_string(), lifecycle];
    row.extend(extra.iter().map(value));
    row
}
