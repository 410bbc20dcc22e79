//! Scopes: what an application asks for, and what it gets.

use muster_policy::Application;

/// Scopes with a meaning of their own; all others are entitlements of the application's system.
pub(crate) const KNOWN: &[&str] =
    &["openid", "profile", "email", "address", "phone", "groups", "roles", "offline_access"];

/// Scopes in the order asked for, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scopes(Vec<String>);

impl Scopes {
    /// The words of a text.
    pub(crate) fn of(text: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            if !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
        Self(words)
    }

    /// Whether a word is among them.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.0.iter().any(|known| known == word)
    }

    /// Whether all of them are among others.
    pub(crate) fn are_within(&self, others: &Self) -> bool {
        self.0.iter().all(|word| others.has(word))
    }

    /// Those that fit.
    pub(crate) fn only(&self, fits: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|word| fits(word)).cloned().collect())
    }

    /// True when there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// What an application may ask for on its own account: whatever is not about people.
pub(crate) fn on_its_own(application: &Application) -> Scopes {
    let words = application.scopes.iter().filter(|word| !KNOWN.contains(&&***word));
    Scopes(words.map(ToString::to_string).collect())
}
