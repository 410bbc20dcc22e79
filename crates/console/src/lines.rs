//! What is different between two texts, line by line.

/// Pairs of lines that are compared at most; beyond that the middle counts as wholly different.
const MOST: usize = 4_000_000;
/// Unchanged lines that are shown around a change.
const AROUND: usize = 2;

/// A line of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line<'t> {
    /// In both.
    Same(&'t str),
    /// Only in the old text.
    Gone(&'t str),
    /// Only in the new text.
    New(&'t str),
    /// So many lines that are in both are left out.
    LeftOut(usize),
}

/// The lines that differ, with some around them; nothing when the texts are equal.
pub(crate) fn compared<'t>(old: &'t str, new: &'t str) -> Vec<Line<'t>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (old.get(before..), new.get(before..));
    let (old_rest, new_rest) = (old_rest.unwrap_or_default(), new_rest.unwrap_or_default());
    let after =
        old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let old_middle = old_rest.get(..old_rest.len() - after).unwrap_or_default();
    let new_middle = new_rest.get(..new_rest.len() - after).unwrap_or_default();
    if old_middle.is_empty() && new_middle.is_empty() {
        return Vec::new();
    }
    let same = |line: &&'t str| Line::Same(line);
    let mut all: Vec<Line<'t>> = old.iter().take(before).map(same).collect();
    all.extend(middle(old_middle, new_middle));
    all.extend(old.iter().skip(old.len() - after).map(same));
    shortened(&all)
}

/// The shortest way from one to the other, by the longest common run of lines.
fn middle<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<Line<'t>> {
    if old.len().saturating_mul(new.len()) > MOST {
        let gone = old.iter().map(|line| Line::Gone(line));
        return gone.chain(new.iter().map(|line| Line::New(line))).collect();
    }
    // Row `i` says how many lines the rests from `i` of the old text have in common with each rest of the new one.
    let mut common: Vec<Vec<u32>> = vec![vec![0; new.len() + 1]];
    for line in old.iter().rev() {
        let below = common.last().map_or(&[][..], Vec::as_slice);
        let mut row = vec![0; new.len() + 1];
        let mut right = 0;
        for (at, other) in new.iter().enumerate().rev() {
            let down = below.get(at).copied().unwrap_or(0);
            let across = below.get(at + 1).copied().unwrap_or(0);
            right = if line == other { across + 1 } else { down.max(right) };
            if let Some(cell) = row.get_mut(at) {
                *cell = right;
            }
        }
        common.push(row);
    }
    common.reverse();
    let in_common =
        |i: usize, j: usize| common.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0);
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    loop {
        match (old.get(i), new.get(j)) {
            (Some(a), Some(b)) if a == b => {
                lines.push(Line::Same(a));
                (i, j) = (i + 1, j + 1);
            }
            (Some(a), b) if b.is_none() || in_common(i + 1, j) >= in_common(i, j + 1) => {
                lines.push(Line::Gone(a));
                i += 1;
            }
            (_, Some(b)) => {
                lines.push(Line::New(b));
                j += 1;
            }
            _ => return lines,
        }
    }
}

/// Leaves out what is the same and far from every change.
fn shortened<'t>(all: &[Line<'t>]) -> Vec<Line<'t>> {
    let is_near = |at: usize| {
        let around = all.iter().skip(at.saturating_sub(AROUND)).take(at.min(AROUND) + AROUND + 1);
        around.into_iter().any(|line| !matches!(line, Line::Same(_)))
    };
    let mut lines = Vec::new();
    for (at, line) in all.iter().enumerate() {
        match (is_near(at), lines.last_mut()) {
            (true, _) => lines.push(*line),
            (false, Some(Line::LeftOut(n))) => *n += 1,
            (false, _) => lines.push(Line::LeftOut(1)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Line::*, *};

    #[test]
    fn equal_texts_have_no_lines() {
        assert_eq!(compared("a\nb\n", "a\nb\n"), []);
    }

    #[test]
    fn what_came_and_went_stands_among_some_lines_around_it() {
        let old = "1\n2\n3\n4\nold\n5\n6\n7\n8\n9";
        let new = "1\n2\n3\n4\n5\n6\n7\nnew\n8\n9";
        let lines = [
            LeftOut(2),
            Same("3"),
            Same("4"),
            Gone("old"),
            Same("5"),
            Same("6"),
            Same("7"),
            New("new"),
            Same("8"),
            Same("9"),
        ];
        assert_eq!(compared(old, new), lines);
        assert_eq!(compared("", "a"), [New("a")]);
        assert_eq!(compared("a\nb", "b\na"), [Gone("a"), Same("b"), New("a")]);
    }
}
