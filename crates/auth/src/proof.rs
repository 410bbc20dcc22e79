//! What somebody proved who they are with, and how much that is worth.

use muster_model::Text;
use muster_policy::Assurance;

/// A proof that was given (`amr`, RFC 8176 where it has a word).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Amr {
    /// A password.
    Password,
    /// A code of the moment.
    Otp,
    /// A recovery code.
    Recovery,
    /// A temporary access pass.
    Pass,
    /// A passkey, its owner checked.
    Passkey,
    /// A code that was mailed.
    Mail,
    /// A certificate whose key is in software.
    Certificate,
    /// A certificate whose key is on a card that asks its owner for a number.
    Card,
}

impl Amr {
    const ALL: [Self; 8] = [
        Self::Password,
        Self::Otp,
        Self::Recovery,
        Self::Pass,
        Self::Passkey,
        Self::Certificate,
        Self::Card,
        Self::Mail,
    ];

    /// The word that is stored, and stands in tokens.
    pub fn word(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::Otp => "otp",
            Self::Recovery => "recovery",
            Self::Pass => "pass",
            Self::Passkey => "hwk",
            Self::Mail => "mail",
            Self::Certificate => "swk",
            Self::Card => "sc",
        }
    }

    /// The proofs of a stored list; words that are none are left out.
    pub(crate) fn list(words: &str) -> Vec<Self> {
        let known = |word| Self::ALL.into_iter().find(|amr| amr.word() == word);
        words.split(' ').filter_map(known).collect()
    }

    /// The proofs as they are stored.
    pub(crate) fn join(proofs: &[Self]) -> Text {
        proofs.iter().map(|amr| amr.word()).collect::<Vec<_>>().join(" ").into()
    }
}

/// How sure it is (`acr`); more is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Acr {
    /// One proof.
    One,
    /// Two proofs of different sorts.
    Two,
    /// A proof that cannot be given to somebody who pretends to be us.
    Resistant,
}

impl Acr {
    /// What these proofs are worth together.
    pub fn of(proofs: &[Amr]) -> Self {
        let has = |wanted: &[Amr]| proofs.iter().any(|amr| wanted.contains(amr));
        if has(&[Amr::Passkey, Amr::Card]) {
            Self::Resistant
        } else if has(&[Amr::Password, Amr::Pass, Amr::Certificate])
            && has(&[Amr::Otp, Amr::Recovery, Amr::Mail])
        {
            Self::Two
        } else {
            Self::One
        }
    }

    /// The word in tokens.
    pub fn word(self) -> &'static str {
        match self {
            Self::One => "urn:muster:acr:1",
            Self::Two => "urn:muster:acr:2",
            Self::Resistant => "urn:muster:acr:3",
        }
    }

    /// The one with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::One, Self::Two, Self::Resistant].into_iter().find(|acr| acr.word() == word)
    }
}

impl From<Assurance> for Acr {
    fn from(assurance: Assurance) -> Self {
        match assurance {
            Assurance::One => Self::One,
            Assurance::Two => Self::Two,
            Assurance::Resistant => Self::Resistant,
        }
    }
}
