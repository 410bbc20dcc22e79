//! From somebody's CSV files to a project that passes `check`: what each column is, what it is called, and the model
//! files that follow. Pure: bytes in, files out.
//!
//! It guesses and says how sure it is; it never asks, and it changes no data beyond a header that cannot be used.

mod columns;
mod decide;
mod names;
mod sheet;
#[cfg(test)]
mod tests;
mod write;
mod yaml;

pub(crate) use self::{
    decide::{Confidence, Proposal},
    sheet::SheetError,
};

/// A CSV file as it was given.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    /// Its name without folders.
    pub(crate) name: String,
    /// Where it lies within the project, when it is there already; otherwise it is copied.
    pub(crate) inside: Option<String>,
    /// What it holds, gunzipped when its name ends with `.gz`.
    pub(crate) bytes: Vec<u8>,
}

/// A file of the new project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewFile {
    /// Where it goes, relative to the project folder.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) content: Content,
}

/// What a new file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// This text.
    Text(String),
    /// The input with this position, byte for byte.
    Copy(usize),
}

/// What the files say, and the project that follows. Without files it is a small project to begin with.
pub(crate) fn propose(inputs: &[Input]) -> Result<Proposal, SheetError> {
    let sheets = inputs.iter().map(sheet::read).collect::<Result<Vec<_>, _>>()?;
    let mut proposal = decide::decide(sheets)?;
    write::files(&mut proposal, inputs);
    Ok(proposal)
}
