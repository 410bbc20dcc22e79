//! The named entries of a model file as text: a role, a system, a duty, each with the comments before it, so that one can be
//! changed without the rest of the file.
//!
//! It reads lines and their indentation only. Entries that stand on one line with their key, like `roles: { a: {} }`, are none.

use std::ops::Range;

/// A named entry of a model file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The top-level key under which it stands: `roles`.
    pub section: String,
    /// Its name.
    pub name: String,
    /// Its lines, counted from 0, with the comments right before it.
    pub lines: Range<usize>,
}

/// The entries of a file, in their order.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut section: Option<String> = None;
    // Where comments and empty lines began that may belong to the next entry.
    let mut before = None;
    let mut is_open = false;
    let lines: Vec<&str> = text.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let rest = line.trim();
        if rest.is_empty() || (rest.starts_with('#') && indent <= 2) {
            // An empty line parts a comment from what is before it.
            if rest.is_empty() || before.is_none() {
                before = Some(if rest.is_empty() { number + 1 } else { number });
            }
            continue;
        }
        if indent <= 2 {
            let end = before.filter(|_| is_open);
            close(&mut blocks, is_open, number, end);
            is_open = false;
        }
        match indent {
            0 => {
                let key = rest.split(" #").next().unwrap_or_default().trim_end();
                section = key.strip_suffix(':').filter(|key| is_name(key)).map(str::to_owned);
            }
            2 => {
                let name = rest.split_once(':').map(|(name, _)| name.trim_matches(['"', '\'']));
                if let (Some(section), Some(name)) = (&section, name.filter(|name| is_name(name))) {
                    let start = before.unwrap_or(number);
                    let (section, name) = (section.clone(), name.to_owned());
                    blocks.push(Block { section, name, lines: start..number });
                    is_open = true;
                }
            }
            _ => {}
        }
        before = None;
    }
    close(&mut blocks, is_open, lines.len(), before);
    for block in &mut blocks {
        let of = lines.get(block.lines.clone()).unwrap_or_default();
        let n_empty = of.iter().rev().take_while(|line| line.trim().is_empty()).count();
        block.lines.end -= n_empty;
    }
    blocks
}

/// The lines of the entry `section/name`.
pub fn block_named(text: &str, named: &str) -> Option<Range<usize>> {
    let (section, name) = named.split_once('/')?;
    let of = |block: &Block| block.section == section && block.name == name;
    blocks(text).into_iter().find(of).map(|block| block.lines)
}

/// Ends the last block: before the comments that belong to the next.
fn close(blocks: &mut [Block], is_open: bool, number: usize, before: Option<usize>) {
    if let Some(last) = blocks.last_mut().filter(|_| is_open) {
        last.lines.end = before.unwrap_or(number).max(last.lines.start + 1);
    }
}

/// A file in which these lines are others.
pub fn with_lines(text: &str, lines: &Range<usize>, new: &str) -> String {
    let mut out = String::with_capacity(text.len() + new.len());
    let new = || new.split_inclusive('\n');
    let old = text.split_inclusive('\n').enumerate();
    let (before, after): (Vec<_>, Vec<_>) = old
        .filter(|(number, _)| !lines.contains(number))
        .partition(|(number, _)| *number < lines.start);
    let before = before.into_iter().map(|(_, line)| line);
    for line in before.chain(new()).chain(after.into_iter().map(|(_, line)| line)) {
        // The last line of either may lack its end.
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(line);
    }
    out
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains([' ', '{', '[', ':', '#', '&', '*', '!', '|', '>', '%'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Who gets what.\nroles:\n  # --- Everybody ---\n\n  # All of them.\n  employee:\n    when: \"true\"\n    # inside\n\n    grants: []\n\n  sales: { when: \"false\" }\n  # The end.\nduties: { pay: [] }\nsystems:\n  hr:\n    text: |\n      roles:\n        x:\n";

    fn shown(text: &str) -> Vec<String> {
        let lines: Vec<&str> = text.lines().collect();
        let of = |block: &Block| {
            format!("{}/{}: {}", block.section, block.name, lines[block.lines.clone()].join("⏎"))
        };
        blocks(text).iter().map(of).collect()
    }

    #[test]
    fn an_entry_has_the_comments_right_before_it() {
        let wanted = [
            "roles/employee:   # All of them.⏎  employee:⏎    when: \"true\"⏎    # inside⏎⏎    grants: []",
            "roles/sales:   sales: { when: \"false\" }",
            "systems/hr:   hr:⏎    text: |⏎      roles:⏎        x:",
        ];
        assert_eq!(shown(TEXT), wanted);
    }

    #[test]
    fn what_is_put_back_unchanged_changes_nothing() {
        for text in
            [TEXT, "roles:\n  a: {}", "", "---\nroles:\n  a:\n    b: 1\n---\nroles:\n  c: {}\n"]
        {
            let lines: Vec<&str> = text.lines().collect();
            for block in blocks(text) {
                let same = lines[block.lines.clone()].join("\n") + "\n";
                let put = with_lines(text, &block.lines, &same);
                assert_eq!(put.trim_end(), text.trim_end());
            }
        }
    }

    #[test]
    fn one_entry_is_changed_taken_away_and_followed_by_another() {
        let of =
            |name: &str| blocks(TEXT).into_iter().find(|block| block.name == name).unwrap().lines;
        let changed = with_lines(TEXT, &of("sales"), "  sales: {}\n  press: {}");
        assert_eq!(
            changed,
            TEXT.replace("  sales: { when: \"false\" }\n", "  sales: {}\n  press: {}\n")
        );
        let gone = with_lines(TEXT, &of("sales"), "");
        assert_eq!(gone, TEXT.replace("  sales: { when: \"false\" }\n", ""));
    }
}
