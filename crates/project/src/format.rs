//! Brings a model file into one form: two blanks of indentation, one blank after `:`, short maps and lists in braces on
//! one line, long ones in blocks. Comments and the author's choice of quotes stay.
//!
//! Nothing is taken on trust: the result is read again, and where it does not say exactly the same, the text is
//! returned as it was.

mod comments;
mod print;

use muster_model::Diagnostic;

use crate::yaml::{self, Document};

/// Formats a model file. Formatting twice is formatting once; the meaning stays.
///
/// The error is the first problem that keeps the text from being read.
#[expect(
    clippy::result_large_err,
    reason = "called once per file; a diagnostic is what its callers draw"
)]
pub fn format(text: &str) -> Result<String, Diagnostic> {
    let documents = read(text)?;
    let Some(formatted) = step(text, &documents) else { return Ok(text.to_owned()) };
    // A form that would change again is none.
    let again = read(&formatted).ok().and_then(|documents| step(&formatted, &documents));
    if again.as_ref() == Some(&formatted) { Ok(formatted) } else { Ok(text.to_owned()) }
}

#[expect(clippy::result_large_err, reason = "as `format`")]
fn read(text: &str) -> Result<Vec<Document>, Diagnostic> {
    let mut problems = Vec::new();
    let documents = yaml::read(0, text, &mut problems);
    problems.into_iter().next().map_or(Ok(documents), Err)
}

/// One pass; `None` when the result would not say the same.
fn step(text: &str, documents: &[Document]) -> Option<String> {
    let found = comments::find(text, documents);
    let mut before: Vec<String> = found.iter().map(|comment| comment.text.clone()).collect();
    let printed = print::print(text, documents, found)?;
    let read = read(&printed).ok()?;
    let mut after: Vec<String> =
        comments::find(&printed, &read).into_iter().map(|comment| comment.text).collect();
    before.sort();
    after.sort();
    let same = documents.len() == read.len()
        && documents.iter().zip(&read).all(|(a, b)| a.root.same_meaning(&b.root));
    (same && before == after).then_some(printed)
}

#[cfg(test)]
mod tests;
