//! One question as a picture, in fixed columns: person, cause, roles, access. A table says the same.

use askama::Template;
use muster_policy::{Because, Reason};

use crate::texts::{Texts, filled};

/// Points from one column to the next.
const ACROSS: usize = 220;
/// Points from one row to the next.
const DOWN: usize = 56;
/// Width and height of a box.
const BOX: (usize, usize) = (180, 36);
/// Around the picture.
const MARGIN: usize = 8;
/// Signs that a box has room for.
const ROOM: usize = 21;

/// The picture of why somebody has an access.
#[derive(Debug, Template)]
#[template(path = "graph.html")]
pub(crate) struct Graph {
    texts: &'static Texts,
    about: String,
    width: usize,
    height: usize,
    boxes: Vec<Node>,
    lines: Vec<[(usize, usize); 2]>,
    /// Each reason as a row: cause, roles, access.
    rows: Vec<[String; 3]>,
}

/// A box with what is written in it.
#[derive(Debug)]
struct Node {
    at: (usize, usize),
    short: String,
    full: String,
}

impl Node {
    /// A box in a column, at a row that may lie between two: `row` counts halves.
    fn new(column: usize, row: usize, text: &str) -> Self {
        let at = (MARGIN + column * ACROSS, MARGIN + row * DOWN / 2);
        let short = match text.chars().count() {
            n if n > ROOM => text.chars().take(ROOM - 1).chain(['…']).collect(),
            _ => text.to_owned(),
        };
        Self { at, short, full: text.to_owned() }
    }

    fn line_to(&self, other: &Self) -> [(usize, usize); 2] {
        let middle = BOX.1 / 2;
        [(self.at.0 + BOX.0, self.at.1 + middle), (other.at.0, other.at.1 + middle)]
    }
}

impl Graph {
    /// The picture of all reasons; `None` where there is none.
    pub(crate) fn of(
        texts: &'static Texts,
        who: &str,
        access: &str,
        reasons: &[Reason],
    ) -> Option<Self> {
        let chains: Vec<Vec<String>> = reasons.iter().map(|reason| chain(texts, reason)).collect();
        let longest = chains.iter().map(Vec::len).max()?;
        let middle = chains.len() - 1;
        let person = Node::new(0, middle, who);
        let goal = Node::new(longest + 1, middle, access);
        let (mut boxes, mut lines, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for (row, names) in chains.iter().enumerate() {
            let nodes: Vec<Node> =
                (1..).zip(names).map(|(column, name)| Node::new(column, row * 2, name)).collect();
            lines.extend(nodes.first().map(|first| person.line_to(first)));
            lines.extend(nodes.iter().zip(nodes.iter().skip(1)).map(|(a, b)| a.line_to(b)));
            lines.extend(nodes.last().map(|last| last.line_to(&goal)));
            boxes.extend(nodes);
            if let Some((cause, roles)) = names.split_first() {
                rows.push([cause.clone(), roles.join(" → "), access.to_owned()]);
            }
        }
        boxes.extend([person, goal]);
        Some(Self {
            texts,
            about: filled(texts.access.picture_of, &[("who", who), ("what", access)]),
            width: (longest + 1) * ACROSS + BOX.0 + 2 * MARGIN,
            height: middle * DOWN + BOX.1 + 2 * MARGIN,
            boxes,
            lines,
            rows,
        })
    }
}

/// The cause, then the roles from the one that came by it to the one that gives the access.
fn chain(texts: &Texts, reason: &Reason) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = reason;
    loop {
        names.push(at.role.to_string());
        match &at.because {
            Because::Included(outer) => at = outer,
            Because::Rule { at, .. } => {
                let file = at.file.rsplit('/').next().unwrap_or_default();
                names.push(format!("{} {file}:{}", texts.access.by_rule, at.line));
                break;
            }
            Because::Assigned { by, .. } => {
                names.push(filled(texts.access.by_somebody, &[("by", by)]));
                break;
            }
        }
    }
    names.reverse();
    names
}

#[cfg(test)]
mod tests {
    use muster_model::Language;
    use muster_model::Location;

    use super::*;

    fn at(line: u32) -> Location {
        Location { file: "policy/roles.yaml".into(), line, column: 1 }
    }

    #[test]
    fn every_reason_is_a_row_from_the_person_to_the_access() {
        let rule = Because::Rule { conditions: Vec::new(), at: at(4) };
        let outer = Reason { role: "clerk".into(), at: at(3), because: rule.clone() };
        let inner = Because::Included(Box::new(outer));
        let both = [
            Reason { role: "finance".into(), at: at(9), because: inner },
            Reason { role: "finance".into(), at: at(9), because: rule },
        ];
        let texts = Texts::of(Language::English);
        let graph = Graph::of(texts, "Maya", "ledger:view", &both).unwrap();
        assert_eq!((graph.boxes.len(), graph.lines.len()), (7, 7));
        assert_eq!(graph.rows[0][1], "clerk → finance");
        assert!(graph.lines.iter().all(|[from, to]| from.0 < to.0));
        assert!(graph.boxes.iter().all(|one| one.at.0 + BOX.0 < graph.width));
        assert!(Graph::of(texts, "Maya", "ledger:view", &[]).is_none());
    }
}
