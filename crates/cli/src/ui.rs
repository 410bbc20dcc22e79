//! Everything that is written: data to standard output, talk to standard error, both without colour unless a person
//! looks at a terminal.

mod colour;
mod report;
mod table;

use std::io::{self, BufRead, Write as _};

use serde_json::json;

pub(crate) use self::{colour::Paint, report::Report, table::Width};
use crate::{error::CommandError, exit::Exit, host::Streams};

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON document
    Json,
    /// One JSON document a line
    Jsonl,
    /// Comma-separated values with a header
    Csv,
    /// Markdown, for comments on changes
    Md,
}

/// When colour is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum ColourChoice {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How output is wanted, after arguments and environment were put together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UiOptions {
    pub(crate) format: Format,
    pub(crate) colour: ColourChoice,
    pub(crate) no_colour_variable: bool,
    pub(crate) columns: Option<u16>,
    pub(crate) quiet: bool,
    pub(crate) progress: bool,
}

/// The one way to write.
pub(crate) struct Ui {
    streams: Streams,
    options: UiOptions,
}

impl Ui {
    pub(crate) fn new(streams: Streams, options: UiOptions) -> Self {
        Self { streams, options }
    }

    /// How results are written.
    pub(crate) fn format(&self) -> Format {
        self.options.format
    }

    /// True when moving progress bars are in place.
    pub(crate) fn shows_progress(&self) -> bool {
        self.options.progress && !self.options.quiet && self.streams.err_is_terminal
    }

    /// Colours for standard output.
    pub(crate) fn paint(&self) -> Paint {
        Paint::new(self.has_colour(self.streams.out_is_terminal))
    }

    /// Colours for standard error.
    pub(crate) fn paint_talk(&self) -> Paint {
        Paint::new(self.has_colour(self.streams.err_is_terminal))
    }

    fn width(&self) -> Width {
        match (self.streams.out_is_terminal, self.options.columns) {
            (false, _) => Width::Unlimited,
            (true, Some(columns)) => Width::Columns(columns),
            (true, None) => Width::Terminal,
        }
    }

    fn has_colour(&self, is_terminal: bool) -> bool {
        match self.options.colour {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto => is_terminal && !self.options.no_colour_variable,
        }
    }

    /// Writes a result in the wanted format.
    pub(crate) fn show(&mut self, report: &Report) -> Result<(), CommandError> {
        let text = report.render(self.options.format, self.paint(), self.width());
        self.write(&text)?;
        if let (Some(next), Format::Text | Format::Md) = (&report.next, self.options.format) {
            self.say(&format!("more: add --after {next}"))?;
        }
        Ok(())
    }

    /// True when a person reads standard output, in the form for people.
    pub(crate) fn is_read_by_a_person(&self) -> bool {
        self.streams.out_is_terminal && self.options.format == Format::Text
    }

    /// Writes data as it is.
    pub(crate) fn write(&mut self, data: &str) -> Result<(), CommandError> {
        self.streams.out.write_all(data.as_bytes())?;
        Ok(())
    }

    /// Says something to the person at the terminal, unless they asked for quiet.
    pub(crate) fn say(&mut self, text: &str) -> Result<(), CommandError> {
        if !self.options.quiet {
            writeln!(self.streams.err, "{text}")?;
        }
        Ok(())
    }

    /// Warns; not silenced by `--quiet`.
    pub(crate) fn warn(&mut self, text: &str) -> Result<(), CommandError> {
        let word = self.paint_talk().yellow("warning:");
        writeln!(self.streams.err, "{word} {text}")?;
        Ok(())
    }

    /// Writes an error for people, or as a document with `--output json`.
    pub(crate) fn fail(&mut self, error: &CommandError) {
        if error.message.is_empty() {
            return;
        }
        // Nobody is left to tell when even this cannot be written.
        drop(match self.options.format {
            Format::Json | Format::Jsonl => self.fail_json(error),
            Format::Text | Format::Csv | Format::Md => self.fail_text(error),
        });
    }

    /// Shows an error of the arguments, in the parser's words.
    pub(crate) fn refuse(&mut self, error: &clap::Error) {
        let text = error.render();
        // Nobody is left to tell when this cannot be written.
        drop(match self.options.format {
            Format::Json | Format::Jsonl => {
                let plain = text.to_string();
                let message = plain.lines().next().unwrap_or_default();
                let message = message.strip_prefix("error: ").unwrap_or(message);
                self.fail_json(
                    &CommandError::usage(message).hint("muster help shows every command"),
                )
            }
            Format::Text | Format::Csv | Format::Md if self.paint_talk().is_on() => {
                write!(self.streams.err, "{}", text.ansi())
            }
            Format::Text | Format::Csv | Format::Md => write!(self.streams.err, "{text}"),
        });
    }

    fn fail_text(&mut self, error: &CommandError) -> io::Result<()> {
        let paint = self.paint_talk();
        writeln!(self.streams.err, "{} {}", paint.red("error:"), printable(&error.message))?;
        for (index, hint) in error.hints.iter().enumerate() {
            if index == 0 {
                writeln!(self.streams.err)?;
            }
            writeln!(self.streams.err, "{} {}", paint.cyan("hint:"), printable(hint))?;
        }
        Ok(())
    }

    fn fail_json(&mut self, error: &CommandError) -> io::Result<()> {
        let document = json!({ "error": {
            "code": error.code, "exit": error.exit.code(), "message": error.message, "hints": error.hints,
        }});
        writeln!(self.streams.out, "{document}")
    }

    /// Asks on a terminal and answers what was typed; `None` when nobody is there to answer.
    pub(crate) fn ask(&mut self, question: &str) -> Result<Option<String>, CommandError> {
        if !(self.streams.input_is_terminal && self.streams.err_is_terminal) {
            return Ok(None);
        }
        write!(self.streams.err, "{question} ")?;
        self.streams.err.flush()?;
        let mut line = String::new();
        let read = self.streams.input.read_line(&mut line).map_err(|error| {
            CommandError::new(Exit::Failed, format!("cannot read the answer: {error}"))
        })?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    }

    /// Standard input, for `-` as a file name.
    pub(crate) fn input(&mut self) -> &mut dyn BufRead {
        &mut *self.streams.input
    }

    /// Makes sure that everything is out.
    pub(crate) fn flush(&mut self) {
        drop(self.streams.out.flush());
        drop(self.streams.err.flush());
    }
}

impl std::fmt::Debug for Ui {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ui").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Text without control characters other than line ends and tabs, and without invisible ones and those that turn the
/// direction of writing, so that no value can write to the terminal or pass for another.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if turns || (c.is_control() && c != '\n' && c != '\t') {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// `1 file`, `2 files`, `2 identities`.
pub(crate) fn counted(n: usize, thing: &str) -> String {
    match (n, thing.strip_suffix("ty")) {
        (1, _) => format!("1 {thing}"),
        (_, Some(stem)) => format!("{n} {stem}ties"),
        (_, None) => format!("{n} {thing}s"),
    }
}
