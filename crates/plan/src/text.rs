//! How a plan reads: for a terminal and as Markdown for a pull request.

use std::{collections::BTreeMap, fmt::Write as _};

use muster_model::Value;

use crate::{GuardCheck, Kind, Operation, Plan};

/// What the operations are put together by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grouping {
    /// By the rule they follow from.
    #[default]
    Rule,
    /// By person.
    Person,
    /// By system.
    System,
}

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// What operations are put together by.
    pub grouping: Grouping,
    /// Operations shown in each group; the rest is counted.
    pub per_group: usize,
}

/// One operation in a line, without its person and system: `disable account`, `title "Accountant" -> "Planner"`.
pub fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Create { values, enabled } => {
            let state = if *enabled { "" } else { ", disabled" };
            format!("create account with {} attributes{state}", values.len())
        }
        Kind::Update { changes } => {
            let parts = changes.iter().map(|change| {
                format!("{} {} -> {}", change.attribute, quoted(&change.old), quoted(&change.new))
            });
            parts.collect::<Vec<_>>().join(", ")
        }
        Kind::Rename { to } => format!("rename to {}", printable(to)),
        Kind::Enable => "enable account".to_owned(),
        Kind::Disable => "disable account".to_owned(),
        Kind::Delete => "delete account".to_owned(),
        Kind::Grant { entitlement, name } => format!("grant {entitlement} {}", printable(name)),
        Kind::Revoke { entitlement, name } => format!("revoke {entitlement} {}", printable(name)),
    }
}

fn quoted(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::Text(text) => format!("\"{}\"", printable(text)),
        Value::List(items) => {
            format!("[{}]", items.iter().map(quoted).collect::<Vec<_>>().join(", "))
        }
        Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Binary(_)
        | Value::Uuid(_)
        | Value::Link(_)
        | Value::Reference(_) => value.to_string(),
    }
}

/// Control characters escaped, so that no value can write to the terminal, and long text shortened.
fn printable(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(80)
        .flat_map(|c| if is_hidden(c) { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
        .collect();
    if text.chars().nth(80).is_some() {
        shown.push('…');
    }
    shown
}

/// True for what moves the cursor, is invisible or turns the direction of writing.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The plan for a terminal. `name` is the short name it was saved under.
pub fn plan_text(plan: &Plan, name: &str, options: TextOptions) -> String {
    let mut out = String::new();
    // Writing into a String cannot fail, here and below.
    _ = writeln!(out, "Plan {name}  base: revision {}, {}", plan.base.revision, reads(plan));
    if plan.operations.is_empty() && plan.waiting.is_empty() {
        out.push_str("\nNothing to do: every system is as the model says.\n");
    }
    let mut left_out = 0;
    for (heading, operations) in groups(&plan.operations, options.grouping) {
        _ = writeln!(out, "\n  {heading}  {}", people(&operations));
        for operation in operations.iter().take(options.per_group) {
            _ = writeln!(out, "  {}", line(operation));
        }
        if let Some(more) = operations.len().checked_sub(options.per_group).filter(|more| *more > 0)
        {
            left_out += more;
            _ = writeln!(out, "    … {more} more");
        }
    }
    if left_out > 0 {
        _ = writeln!(
            out,
            "\n  {left_out} not shown: muster plan --all | --by person | --by system"
        );
    }
    if !plan.observed_only.is_empty() {
        _ = writeln!(
            out,
            "\n  {} differences on systems in mode observe are reported only: muster plan --all",
            plan.observed_only.len()
        );
    }
    if !plan.drift.is_empty() {
        _ = writeln!(
            out,
            "\n  {} more would undo what was changed outside; they are not planned: muster drift list",
            plan.drift.len()
        );
    }
    for (system, n) in &plan.waiting {
        _ = writeln!(
            out,
            "\n  {n} operations wait until `{system}` was read completely once: muster sync {system}"
        );
    }
    out.push('\n');
    out.push_str(&sums(plan));
    out
}

/// The plan as Markdown, for a comment on a change.
pub fn plan_markdown(plan: &Plan, name: &str, options: TextOptions) -> String {
    let mut out = format!("### Muster plan `{name}`\n\n");
    for (heading, operations) in groups(&plan.operations, options.grouping) {
        _ = writeln!(
            out,
            "<details><summary>{} ({})</summary>\n",
            escaped(&heading),
            operations.len()
        );
        out.push_str("| | who | system | what | why |\n|---|---|---|---|---|\n");
        for operation in operations.iter().take(options.per_group) {
            let at = operation.reason.at.as_ref().map_or_else(String::new, |at| format!(" ({at})"));
            _ = writeln!(
                out,
                "| {} | {} | {} | {} | {}{} |",
                operation.kind.symbol(),
                escaped(&printable(&operation.subject)),
                escaped(&operation.target.system),
                escaped(&describe(&operation.kind)),
                escaped(&operation.reason.text),
                escaped(&at),
            );
        }
        if let Some(more) = operations.len().checked_sub(options.per_group).filter(|more| *more > 0)
        {
            _ = writeln!(out, "\n… {more} more");
        }
        out.push_str("\n</details>\n\n");
    }
    out.push_str("```\n");
    out.push_str(&sums(plan));
    out.push_str("```\n");
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('|', "\\|")
}

fn reads(plan: &Plan) -> String {
    let never: Vec<&str> =
        plan.base.systems.iter().filter(|s| s.at.is_none()).map(|s| &*s.system).collect();
    let oldest = plan.base.systems.iter().filter_map(|s| s.at.map(|at| (at, &s.system))).min();
    let mut text = match oldest {
        Some((at, system)) => {
            format!("oldest read {} ({system})", at.strftime("%Y-%m-%d %H:%M:%SZ"))
        }
        None => "no system was read yet".to_owned(),
    };
    if !never.is_empty() && oldest.is_some() {
        _ = write!(text, "; never read: {}", never.join(", "));
    }
    text
}

fn line(operation: &Operation) -> String {
    let blocked = operation
        .blocked
        .as_ref()
        .map_or_else(String::new, |conflict| format!("   BLOCKED by conflict `{conflict}`"));
    format!(
        "{} {:<20} {:<12} {}{blocked}",
        operation.kind.symbol(),
        printable(&operation.subject),
        operation.target.system,
        describe(&operation.kind),
    )
}

fn people(operations: &[&Operation]) -> String {
    let mut ids: Vec<_> = operations.iter().map(|operation| operation.identity).collect();
    ids.sort_unstable();
    ids.dedup();
    let n = ids.len();
    if n == 1 { "1 identity".to_owned() } else { format!("{n} identities") }
}

/// Operations by heading; what takes access comes first.
fn groups(operations: &[Operation], grouping: Grouping) -> Vec<(String, Vec<&Operation>)> {
    let mut groups: BTreeMap<(u8, String), Vec<&Operation>> = BTreeMap::new();
    for operation in operations {
        let key = match grouping {
            Grouping::Rule => {
                let at =
                    operation.reason.at.as_ref().map_or_else(String::new, |at| format!("  ({at})"));
                (u8::from(operation.kind.symbol() != '-'), format!("{}{at}", operation.reason.text))
            }
            Grouping::Person => (0, printable(&operation.subject)),
            Grouping::System => (0, operation.target.system.to_string()),
        };
        groups.entry(key).or_default().push(operation);
    }
    groups.into_iter().map(|((_, heading), operations)| (heading, operations)).collect()
}

fn sums(plan: &Plan) -> String {
    let count =
        |symbol: char| plan.to_do().filter(|operation| operation.kind.symbol() == symbol).count();
    let blocked = plan.operations.len() - plan.to_do().count();
    let mut out = format!(
        "Changes: {}   + {} create/enable/grant   ~ {} update   - {} revoke/disable/delete",
        plan.to_do().count(),
        count('+'),
        count('~'),
        count('-'),
    );
    if blocked > 0 {
        _ = write!(out, "   {blocked} blocked");
    }
    out.push('\n');
    for guard in &plan.guards {
        let verdict = if guard.is_crossed() { "HELD" } else { "ok" };
        _ = writeln!(out, "Guard:   {}  {verdict}", describe_guard(guard));
    }
    out
}

/// A guard in a line: `directory disable 7 of 200 (limit 5 or 2 %)`.
pub fn describe_guard(guard: &GuardCheck) -> String {
    let recent = if guard.recent > 0 {
        format!(" and {} in the last day", guard.recent)
    } else {
        String::new()
    };
    let population = guard.population.map_or_else(String::new, |n| format!(" of {n}"));
    let GuardCheck { system, kind, planned, limit, .. } = guard;
    format!(
        "{system} {kind} {planned}{recent}{population} (limit {} or {} %)",
        limit.max, limit.percent
    )
}
