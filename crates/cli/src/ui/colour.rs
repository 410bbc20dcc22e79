//! Colours that vanish when nobody looks.

use owo_colors::OwoColorize as _;

/// Paints text, or leaves it as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    pub(crate) fn new(on: bool) -> Self {
        Self { on }
    }

    /// True when text is painted.
    pub(crate) fn is_on(self) -> bool {
        self.on
    }

    /// Black on white, whatever the terminal has.
    pub(crate) fn on_paper(self, text: &str) -> String {
        if self.on { text.black().on_white().to_string() } else { text.to_owned() }
    }

    /// What failed.
    pub(crate) fn red(self, text: &str) -> String {
        if self.on { text.red().bold().to_string() } else { text.to_owned() }
    }

    /// What went well.
    pub(crate) fn green(self, text: &str) -> String {
        if self.on { text.green().to_string() } else { text.to_owned() }
    }

    /// What needs a look.
    pub(crate) fn yellow(self, text: &str) -> String {
        if self.on { text.yellow().bold().to_string() } else { text.to_owned() }
    }

    /// What helps.
    pub(crate) fn cyan(self, text: &str) -> String {
        if self.on { text.cyan().to_string() } else { text.to_owned() }
    }

    /// What matters less.
    pub(crate) fn dim(self, text: &str) -> String {
        if self.on { text.dimmed().to_string() } else { text.to_owned() }
    }

    /// Headings.
    pub(crate) fn bold(self, text: &str) -> String {
        if self.on { text.bold().to_string() } else { text.to_owned() }
    }
}
