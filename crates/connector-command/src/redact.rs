//! Takes secrets out of texts that people will see.

use muster_connector::Secret;

const MARK: &str = "[secret]";

/// Knows the secrets that a script was given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redactor {
    /// Longest first, so that a secret that holds another one goes as a whole.
    secrets: Vec<Secret>,
}

impl Redactor {
    /// A redactor of these secrets; of one with several lines, each longer line is a secret too.
    pub(crate) fn new<'s>(secrets: impl Iterator<Item = &'s Secret>) -> Self {
        let mut all: Vec<Secret> = Vec::new();
        for secret in secrets {
            all.push(secret.clone());
            let lines = secret.reveal().lines().filter(|line| line.trim().len() > 3);
            all.extend(lines.map(|line| Secret::new(line.trim())));
        }
        all.retain(|secret| !secret.reveal().is_empty());
        all.sort_by_key(|secret| std::cmp::Reverse(secret.reveal().len()));
        Self { secrets: all }
    }

    /// The text with `[secret]` in place of every secret.
    pub(crate) fn clean(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for secret in &self.secrets {
            if clean.contains(secret.reveal()) {
                clean = clean.replace(secret.reveal(), MARK);
            }
        }
        clean
    }
}

/// The last part of what a script said on standard error.
#[derive(Debug)]
pub(crate) struct Tail {
    bytes: Vec<u8>,
    limit: usize,
    is_cut: bool,
}

impl Tail {
    /// Keeps the last `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, is_cut: false }
    }

    /// Takes more of it.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > self.limit {
            self.is_cut = true;
            self.bytes.drain(..self.bytes.len() - self.limit);
        }
    }

    /// What was kept, without secrets. After a cut it begins with a whole line, so that no half of a secret is left.
    pub(crate) fn shown(&self, redactor: &Redactor) -> String {
        let kept = if self.is_cut {
            let at =
                self.bytes.iter().position(|byte| *byte == b'\n').map_or(self.limit, |n| n + 1);
            self.bytes.get(at..).unwrap_or(&[])
        } else {
            self.bytes.as_slice()
        };
        redactor.clean(String::from_utf8_lossy(kept).trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_wherever_it_stands() {
        let secrets =
            [Secret::new("horse"), Secret::new("correct horse"), Secret::new("a\nline two")];
        let redactor = Redactor::new(secrets.iter());
        assert_eq!(redactor.clean("pw=correct horse!"), "pw=[secret]!");
        assert_eq!(redactor.clean("horse, line two"), "[secret], [secret]");
    }

    #[test]
    fn the_last_words_begin_with_a_whole_line() {
        let secret = Secret::new("hunter2hunter2");
        let redactor = Redactor::new(std::iter::once(&secret));
        let mut tail = Tail::new(24);
        tail.push(b"x hunter2hunter2\nTraceback here\n");
        // Half of the secret was still kept.
        assert_eq!(tail.shown(&redactor), "Traceback here");
        let mut tail = Tail::new(10);
        tail.push(b"hunter2hunter2");
        assert_eq!(tail.shown(&redactor), "");
    }
}
