//! The forms of evidence for people: a page without script, a table, and what says how to check both.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::{CampaignView, ItemView, Live};

/// The columns of the table.
const COLUMNS: [&str; 19] = [
    "item",
    "person",
    "name",
    "kind",
    "access",
    "asked because",
    "seen",
    "now",
    "recommended",
    "reviewer",
    "by rule",
    "decision",
    "decided by",
    "decided at",
    "reason",
    "ends",
    "outcome",
    "seen at",
    "how",
];

/// An item as a row of the table.
fn cells(item: &ItemView) -> [String; 19] {
    let at = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let text = |text: &Option<muster_model::Text>| text.as_deref().unwrap_or("").to_owned();
    let live = match &item.live {
        Live::Same => "as seen",
        Live::Changed(_) => "changed",
        Live::Gone => "gone",
    };
    let decision = match item.state.word() {
        "decided" => item.verdict.word(),
        other => other,
    };
    [
        item.id.to_string(),
        text(&item.person),
        text(&item.display),
        item.kind.word().to_owned(),
        item.thing.to_string(),
        item.cause.clone(),
        item.why.clone(),
        live.to_owned(),
        format!("{} {}", item.recommend, item.recommend_why).trim().to_owned(),
        item.reviewer.to_string(),
        item.rule.clone(),
        decision.to_owned(),
        text(&item.decided_by),
        at(item.decided_at),
        item.reason.to_string(),
        at(item.until),
        item.outcome.word().to_owned(),
        at(item.outcome_at),
        item.outcome_note.to_string(),
    ]
}

/// The first line of the table (RFC 4180).
pub(crate) fn heads() -> String {
    csv(&COLUMNS.map(str::to_owned))
}

/// An item as a line of the table.
pub(crate) fn row(item: &ItemView) -> String {
    csv(&cells(item))
}

fn csv(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell in quotes. What a spreadsheet would take for a formula begins with an apostrophe.
fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if is_formula { "'" } else { "" }, cell.replace('"', "\"\""))
}

/// A page that is made item by item.
pub(crate) struct Report(String);

impl Report {
    pub(crate) fn begin(view: &CampaignView, now: Timestamp) -> Self {
        let title = escaped(&view.title);
        let mut facts = vec![
            ("What for", view.description.clone()),
            ("Review", view.review.to_string()),
            ("Opened", format!("{} ({})", view.opened_at, view.cause)),
            ("Answers until", view.due_at.to_string()),
            ("Over", view.closed_at.map_or_else(|| "no".to_owned(), |at| at.to_string())),
            ("Items", view.asked.to_string()),
            ("Wait", view.waiting.to_string()),
            ("Kept", view.kept.to_string()),
            ("Revoked", format!("{}, of which seen to be gone: {}", view.removed, view.gone)),
            ("End earlier", view.narrowed.to_string()),
            ("Gone before a decision", view.over.to_string()),
            ("Evidence made", now.to_string()),
        ];
        for (cause, n) in &view.aside {
            facts.push(("Nobody asked", format!("{n}, because: {cause}")));
        }
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
             <style>body{{font:14px sans-serif}}table{{border-collapse:collapse}}td,th{{border:1px solid #888;padding:2px 6px;text-align:left;vertical-align:top}}</style></head>\n\
             <body><h1>{title}</h1>\n<table>\n"
        );
        // Writing into a String cannot fail.
        for (name, value) in facts {
            _ = writeln!(page, "<tr><th>{name}</th><td>{}</td></tr>", escaped(&value));
        }
        let heads = COLUMNS.map(|head| format!("<th>{head}</th>")).concat();
        _ = writeln!(page, "</table>\n<h2>Items</h2>\n<table>\n<tr>{heads}<th>said</th></tr>");
        Self(page)
    }

    pub(crate) fn add(&mut self, item: &ItemView) {
        let row = cells(item).map(|cell| format!("<td>{}</td>", escaped(&cell))).concat();
        let said = item.answers.iter().map(|answer| {
            let by = answer.by.as_deref().unwrap_or("nobody");
            let place = answer.in_place_of.as_deref();
            let place = place.map(|of| format!(", in place of {of}")).unwrap_or_default();
            let (at, stage, what, note) = (answer.at, &answer.stage, &answer.what, &answer.note);
            escaped(&format!("{at}, {stage}: {what} by {by}{place}. {note}"))
        });
        let said = said.collect::<Vec<_>>().join("<br>");
        let conflicts = escaped(&item.conflicts.join("; "));
        _ = writeln!(self.0, "<tr>{row}<td>{said} {conflicts}</td></tr>");
    }

    pub(crate) fn end(mut self) -> String {
        self.0.push_str("</table>\n</body></html>\n");
        self.0
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for of in text.chars() {
        match of {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\r' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

/// What says what the files are and how they are checked.
pub(crate) fn readme(view: &CampaignView, files: &[&str]) -> String {
    format!(
        "Evidence of the access review {} (campaign {}).\n\n\
         report.html     everything, for people; it needs nothing but a browser\n\
         items.csv       the items as a table\n\
         campaign.json   the campaign, its terms, what nobody was asked about, the revision of the model\n\
         items.jsonl     one item a line: what was seen when it was opened, how it is now, who was asked by which rule,\n\
         \u{20}               what was said and decided, what came of it and which read showed it\n\
         journal.jsonl   the journal from the opening on, up to a signed checkpoint; entries about other things say nothing\n\
         manifest.json   the SHA-256 of each file, and the first 8 bytes of that of each line\n\
         signature.json  who signed manifest.json, and the signature (Ed25519, RFC 8032)\n\n\
         There are {} files and no other. To check them: muster reviews verify FILE --key KEY\n\
         KEY is the first public key of the installation, as it was noted when it was made (muster keys list). Without it, a\n\
         pack that somebody made anew with keys of their own looks as good as this one.\n",
        muster_governance::one_line(&view.title),
        view.id,
        files.len(),
    )
}
