//! Whether a new password is one that will be guessed, after NIST SP 800-63B: length and what is common count, sorts of
//! letters do not. Pure.
//!
//! `common.bin` knows the most common passwords (the list of Django, BSD-3-Clause) by the first four bytes of their
//! SHA-256, sorted: 79 KB that name nobody's password. One other password in 200,000 is taken for one of them.

use std::collections::HashSet;

use muster_policy::PasswordPolicy;
use sha2::{Digest as _, Sha256};

/// Letters of a password at most; what is longer is no password that somebody knows.
pub(crate) const LONGEST: usize = 256;

static COMMON: &[u8] = include_bytes!("common.bin");

/// Why a password cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// It is shorter than the model asks for.
    #[error("it is shorter than {0} letters")]
    Short(usize),
    /// It is longer than is taken.
    #[error("it is longer than {LONGEST} letters")]
    Long,
    /// Others use it, or it is one of those with something before or after.
    #[error("it is one of those that are tried first")]
    Common,
    /// It is one piece again and again, or letters in a row.
    #[error("it repeats itself")]
    Repeats,
    /// It is little more than a name of its owner.
    #[error("it is little more than a name")]
    Name,
    /// It is the present one or a former one.
    #[error("it was used before")]
    Former,
    /// Whose it would be is a guest.
    #[error("guests have none, a code is mailed to them when they sign in")]
    Guest,
}

/// Checks a new password. `names` are those of its owner, `blocked` are words in lower case that the model refuses too.
pub(crate) fn check(
    password: &str,
    policy: &PasswordPolicy,
    names: &[&str],
    blocked: &HashSet<String>,
) -> Result<(), Weak> {
    let n_letters = password.chars().count();
    if n_letters < policy.shortest {
        return Err(Weak::Short(policy.shortest));
    }
    if n_letters > LONGEST {
        return Err(Weak::Long);
    }
    let folded = password.to_lowercase();
    let core = folded.trim_matches(|sign: char| !sign.is_alphabetic());
    let is_blocked = |word: &str| blocked.contains(word) || is_common(word);
    if is_blocked(&folded) || (!core.is_empty() && is_blocked(core)) {
        return Err(Weak::Common);
    }
    if let Some(piece) = piece_of(&folded) {
        return Err(if is_blocked(&piece) { Weak::Common } else { Weak::Repeats });
    }
    let mut names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let telling = names.iter().filter(|name| name.chars().count() > 2);
    let rest = telling.fold(folded.clone(), |rest, name| rest.replace(name, ""));
    if rest.len() < folded.len() && rest.chars().count() < PasswordPolicy::FLOOR {
        return Err(Weak::Name);
    }
    Ok(())
}

fn is_common(word: &str) -> bool {
    let hash = Sha256::digest(word);
    let Some(wanted) = hash.first_chunk::<4>() else { return false };
    COMMON.as_chunks::<4>().0.binary_search(wanted).is_ok()
}

/// The piece that a text consists of, when it is the same piece again and again or letters in a row.
fn piece_of(text: &str) -> Option<String> {
    let letters: Vec<char> = text.chars().collect();
    let repeats = |length: &usize| letters.iter().skip(*length).zip(&letters).all(|(a, b)| a == b);
    if let Some(length) = (1..=letters.len() / 2).find(repeats) {
        return Some(letters.iter().take(length).collect());
    }
    let steps = letters.windows(2).map(|pair| match pair {
        [a, b] => i64::from(u32::from(*b)) - i64::from(u32::from(*a)),
        _ => 0,
    });
    let in_a_row = steps.filter(|step| matches!(step, 1 | -1)).count();
    // Two breaks are allowed: `123456789012345` is in a row.
    (in_a_row + 3 >= letters.len()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(password: &str) -> String {
        let policy = PasswordPolicy { shortest: 8, ..PasswordPolicy::default() };
        let blocked = HashSet::from(["ternwerke".to_owned()]);
        match check(password, &policy, &["ada", "Lovelace"], &blocked) {
            Ok(()) => "good".to_owned(),
            Err(weak) => weak.to_string(),
        }
    }

    #[test]
    fn what_is_tried_first_is_refused_however_it_is_dressed_up() {
        for common in [
            "iloveyou",
            "PassWord1",
            "password2026!",
            "!!Dragon!!",
            "TernWerke2026",
            "passwordpassword",
        ] {
            assert_eq!(said(common), "it is one of those that are tried first", "{common}");
        }
        for again in [
            "aaaaaaaaaaaaaaaa",
            "xyzzyxyzzyxyzzy",
            "123456789012345",
            "abcdefghijklmno",
            "zyxwvutsrqponm",
        ] {
            assert!(said(again) != "good", "{again}");
        }
        assert_eq!(said("Ada-Lovelace"), "it is little more than a name");
        assert_eq!(said("ada1815"), "it is shorter than 8 letters");
        assert_eq!(said(&"ab c".repeat(65)), "it is longer than 256 letters");
    }

    #[test]
    fn a_sentence_and_letters_of_any_script_are_good() {
        for good in [
            "a lamp, a boat, and rain",
            "übergroße Äpfel im Mai",
            "совершенно секретно",
            "ada likes long walks",
        ] {
            assert_eq!(said(good), "good");
        }
        // Length is counted in letters, not in bytes.
        assert_eq!(said("äöüßäöü"), "it is shorter than 8 letters");
    }
}
