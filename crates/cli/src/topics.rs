//! Pages of `muster help TOPIC` that belong to no command.

use std::fmt::Write as _;

use crate::{exit, host::VARIABLES};

/// The names of the topics, each with what it is about.
pub(crate) const TOPICS: [(&str, &str); 3] = [
    ("exit-codes", "what the exit codes mean"),
    ("environment", "the environment variables that are read"),
    ("formats", "what --output text, json, jsonl, csv and md give"),
];

/// The page of a topic, or `None`.
pub(crate) fn page(topic: &str) -> Option<String> {
    match topic {
        "exit-codes" => Some(exit_codes()),
        "environment" => Some(environment()),
        "formats" => Some(FORMATS.to_owned()),
        _ => None,
    }
}

fn exit_codes() -> String {
    let mut page = "Exit codes, the same for all commands\n\n".to_owned();
    for (exit, meaning) in exit::TABLE {
        // Writing into a String cannot fail, here and below.
        _ = writeln!(page, "{:>5}  {meaning}", exit.code());
    }
    page.push_str(
        "\nTreat every other code but 0 as a failure.\n\
         `muster plan --detailed-exitcode` gives 0 for no difference, 1 for a failure, 2 for differences.\n",
    );
    page
}

fn environment() -> String {
    let mut page = "Environment variables\n\n".to_owned();
    let width = VARIABLES.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, meaning) in VARIABLES {
        _ = writeln!(page, "  {name:<width$} {meaning}");
    }
    page.push_str(
        "\nOptions on the command line come first. Secrets of systems come from the variables or files that the project\n\
         names: `password: { env: LDAP_PASSWORD }` or `password: { file: ldap.secret }`.\n",
    );
    page
}

const FORMATS: &str = "\
What --output gives

  text   for people; may change in any version
  json   one document; a list is {\"items\": [...], \"next\": ...}
  jsonl  one document a line: each item of a list, else the whole result
  csv    a header and one row for each item
  md     a Markdown table, for comments on changes

Results go to standard output, everything else to standard error. Lists come in pages: --limit says how long a page is,
--after takes the `next` of the page before. With json, an error is {\"error\": {\"code\", \"exit\", \"message\", \"hints\"}} on
standard output. Fields may be added in any version; unknown ones are to be ignored.
";
