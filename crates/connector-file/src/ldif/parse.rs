//! From the bytes of an LDIF file to entries: folded lines, base64, comments, and what is refused.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use muster_model::Text;

use super::{Entry, LdifFormat};
use crate::whole::Content;

/// Reads a whole file; the error is for a file that is none.
pub(super) fn parse(bytes: &[u8]) -> Result<Content<LdifFormat>, String> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err("the file is empty; deliver it again".to_owned());
    }
    let mut content = Content::default();
    let mut record = Record::default();
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line.split_first() {
            None => record.finish(&mut content),
            Some((b' ', rest)) => record.fold(rest),
            Some(_) => record.line(line, number),
        }
    }
    record.finish(&mut content);
    if !bytes.ends_with(b"\n") {
        content.problem = Some("the file is cut off: its last line has no end".to_owned());
    }
    Ok(content)
}

/// The lines of one record, unfolded, without comments.
#[derive(Default)]
struct Record<'b> {
    line: u64,
    lines: Vec<Cow<'b, [u8]>>,
    in_comment: bool,
    has_stray_fold: bool,
}

impl<'b> Record<'b> {
    fn line(&mut self, line: &'b [u8], number: u64) {
        self.in_comment = line.starts_with(b"#");
        if self.in_comment {
            return;
        }
        if self.lines.is_empty() {
            self.line = number;
        }
        self.lines.push(Cow::Borrowed(line));
    }

    fn fold(&mut self, rest: &[u8]) {
        match self.lines.last_mut() {
            _ if self.in_comment => {}
            Some(last) => last.to_mut().extend_from_slice(rest),
            None => self.has_stray_fold = true,
        }
    }

    /// Ends the record and starts a new one.
    fn finish(&mut self, content: &mut Content<LdifFormat>) {
        let Self { line, lines, in_comment: _, has_stray_fold } = std::mem::take(self);
        let mut lines = lines.as_slice();
        if let [first, rest @ ..] = lines
            && is_version(first)
        {
            lines = rest;
        }
        if lines.is_empty() {
            if has_stray_fold {
                content.push_bad(line, "a folded line continues nothing", None);
            }
            return;
        }
        let former = content.items.last().and_then(Option::as_ref);
        match entry(lines, former.map_or(&[], |(entry, _)| entry.values.as_slice())) {
            Ok(entry) => content.push(entry, line),
            Err((problem, dn)) => content.push_bad(line, problem, dn.as_deref()),
        }
    }
}

fn is_version(line: &[u8]) -> bool {
    line.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"version:"))
}

/// The entry of a record; the error has the name as far as it is known. Entries are mostly alike, so that the names of
/// attributes are those of `former` where they are the same.
fn entry(
    lines: &[Cow<'_, [u8]>],
    former: &[(Text, Vec<u8>)],
) -> Result<Entry, (String, Option<String>)> {
    let mut lines = lines.iter();
    let first =
        lines.next().map(|line| pair(line)).transpose().map_err(|problem| (problem, None))?;
    let dn = match first {
        Some((name, dn)) if name.eq_ignore_ascii_case("dn") => {
            String::from_utf8(dn.into_owned())
                .map_err(|_| ("the name is not valid UTF-8".to_owned(), None))?
        }
        Some(_) | None => {
            return Err(("the record does not begin with `dn:`".to_owned(), None));
        }
    };
    let fail = |problem: String| (problem, Some(dn.clone()));
    if dn.is_empty() {
        return Err(fail("the entry has no name".to_owned()));
    }
    let mut values = Vec::with_capacity(lines.len());
    for line in lines {
        let (name, value) = pair(line).map_err(fail)?;
        if name.eq_ignore_ascii_case("control") {
            return Err(fail("it is a change with a control, not an entry".to_owned()));
        }
        if name.eq_ignore_ascii_case("changetype") {
            if values.is_empty() && value.eq_ignore_ascii_case(b"add") {
                continue;
            }
            let kind = String::from_utf8_lossy(&value);
            let problem = format!(
                "it is a change (`changetype: {kind}`), not an entry; apply it to a directory and export that"
            );
            return Err(fail(problem));
        }
        if name.eq_ignore_ascii_case("dn") {
            return Err(fail("it has two names; an empty line is missing".to_owned()));
        }
        let known = former.get(values.len()).filter(|(known, _)| **known == *name);
        let name = known.map_or_else(|| Text::from(name), |(known, _)| known.clone());
        values.push((name, value.into_owned()));
    }
    Ok(Entry { dn: dn.into(), values })
}

/// An attribute and its value.
fn pair(line: &[u8]) -> Result<(&str, Cow<'_, [u8]>), String> {
    let shown = || String::from_utf8_lossy(line).chars().take(40).collect::<String>();
    let colon = line.iter().position(|byte| *byte == b':');
    let Some((name, value)) = colon.and_then(|at| line.split_at_checked(at)) else {
        return Err(format!("the line `{}` has no colon", shown()));
    };
    let name = std::str::from_utf8(name).map_err(|_| format!("`{}` is no attribute", shown()))?;
    if super::check_name(name).is_err() {
        return Err(format!("`{}` does not begin with the name of an attribute", shown()));
    }
    match value.get(1..).unwrap_or(&[]) {
        [b'<', ..] => Err(format!("`{name}` takes its value from a URL, which is refused")),
        [b':', coded @ ..] => {
            let coded: Vec<u8> =
                coded.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            let plain = STANDARD.decode(coded);
            plain
                .map(|plain| (name, Cow::Owned(plain)))
                .map_err(|_| format!("the value of `{name}` is not valid base64"))
        }
        plain => {
            let start = plain.iter().position(|byte| *byte != b' ').unwrap_or(plain.len());
            Ok((name, Cow::Borrowed(plain.get(start..).unwrap_or(&[]))))
        }
    }
}
