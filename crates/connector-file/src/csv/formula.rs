//! Values that a spreadsheet program would run as a formula when a person opens the file there.
//!
//! Machines read these files too, so a value is written exactly as it is unless the settings say otherwise.

use std::borrow::Cow;

use muster_connector::SettingReader;

/// What is done with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Formulas {
    /// Nothing.
    Keep,
    /// A `'` in front, which reading takes away again.
    Escape,
    /// They are refused.
    Refuse,
}

impl Formulas {
    /// The setting `formulas`.
    pub(crate) fn read(reader: &mut SettingReader<'_>) -> Self {
        match reader.choice("formulas", &["keep", "escape", "refuse"]) {
            Some(1) => Self::Escape,
            Some(2) => Self::Refuse,
            Some(_) | None => Self::Keep,
        }
    }

    /// The cell for a text; the error says what is wrong with it.
    pub(crate) fn cell(self, text: String) -> Result<String, String> {
        match self {
            Self::Escape if is_formula(text.trim_start_matches('\'')) => Ok(format!("'{text}")),
            Self::Refuse if text.starts_with(['=', '@', '\t', '\r', '\n']) => Err(
                "begins like a formula, which `formulas: refuse` forbids; correct it at its source"
                    .to_owned(),
            ),
            Self::Keep | Self::Escape | Self::Refuse => Ok(text),
        }
    }

    /// The text of a cell.
    #[inline]
    pub(crate) fn text(self, cell: Cow<'_, str>) -> Cow<'_, str> {
        if self == Self::Escape { unescaped(cell) } else { cell }
    }
}

fn unescaped(cell: Cow<'_, str>) -> Cow<'_, str> {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest.trim_start_matches('\'')) => Cow::Owned(rest.to_owned()),
        Some(_) | None => cell,
    }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_escaped_comes_back_exactly() {
        for text in
            ["=1+1", "+49 30", "-7", "@x", "'=1", "''+", "'quoted'", "plain", "", "\tx", "a=b"]
        {
            let cell = Formulas::Escape.cell(text.to_owned()).unwrap();
            assert!(!is_formula(&cell), "{cell}");
            assert_eq!(Formulas::Escape.text(Cow::Borrowed(&cell)), text);
        }
        assert_eq!(Formulas::Escape.cell("+49 30".to_owned()).unwrap(), "'+49 30");
    }

    #[test]
    fn by_default_nothing_is_touched() {
        for text in ["=1+1", "'=1"] {
            assert_eq!(Formulas::Keep.cell(text.to_owned()).unwrap(), text);
            assert_eq!(Formulas::Keep.text(Cow::Borrowed(text)), text);
        }
        assert!(Formulas::Refuse.cell("=1+1".to_owned()).is_err());
        assert!(Formulas::Refuse.cell("+49 30".to_owned()).is_ok(), "a telephone number");
    }
}
