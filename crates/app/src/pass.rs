//! Temporary passes: a secret to sign in with, for who has no password yet or not any more. Only a salted hash is kept.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jiff::{SignedDuration, Timestamp};
use muster_model::{EntityId, TypeId};
use muster_store::TemporaryPass;
use sha2::{Digest as _, Sha256};

use crate::{Error, Opened, random, typed_secret, typed_secret_folded};

/// Signs of a pass: 98 bits.
const LENGTH: usize = 20;

/// From when until when a pass opens something, and how often.
#[derive(Debug, Clone, Copy)]
pub struct Validity {
    /// From when.
    pub from: Timestamp,
    /// For how long.
    pub length: SignedDuration,
    /// Whether the sign-in that it opens uses it up.
    pub once: bool,
}

/// Whether identities of a type may have a password, or a pass that leads to one. Guests never do: they show each time that their
/// address is still theirs.
pub fn may_have_password(opened: &Opened, type_id: TypeId) -> bool {
    opened.model.guests.as_ref().is_none_or(|guests| guests.type_id != type_id)
}

/// A new pass, and what is kept of it. The text cannot be had again.
pub fn new_pass(
    entity: EntityId,
    Validity { from, length, once }: Validity,
    made_at: Timestamp,
) -> Result<(String, TemporaryPass), Error> {
    let pass = typed_secret(LENGTH)?;
    let salt = random::<16>()?.to_vec();
    let hash = hash(&salt, &pass);
    let valid_until = from.saturating_add(length).unwrap_or(from);
    let valid_from = from;
    Ok((pass, TemporaryPass { entity, salt, hash, valid_from, valid_until, made_at, once }))
}

/// Whether what was given is this pass, and it is valid now. Case and dashes do not count.
pub fn pass_opens(pass: &TemporaryPass, given: &str, now: Timestamp) -> bool {
    let given = typed_secret_folded(given, LENGTH);
    let fits = verify_slices_are_equal(&hash(&pass.salt, &given), &pass.hash).is_ok();
    fits && pass.valid_from <= now && now < pass.valid_until
}

fn hash(salt: &[u8], pass: &str) -> Vec<u8> {
    Sha256::new().chain_update(salt).chain_update(pass).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(minutes * 60).unwrap()
    }

    #[test]
    fn a_pass_opens_from_its_beginning_to_its_end_however_it_is_typed() {
        let validity = Validity { from: at(5), length: SignedDuration::from_mins(10), once: false };
        let (text, pass) = new_pass(EntityId(1), validity, at(0)).unwrap();
        assert_eq!((text.len(), text.matches('-').count()), (23, 3));
        for typed in [&*text, &text.to_uppercase(), &text.replace('-', ""), &format!(" {text} ")] {
            assert!(pass_opens(&pass, typed, at(5)), "{typed}");
            assert!(pass_opens(&pass, typed, at(14)), "{typed}");
        }
        for minute in [0, 4, 15, 16] {
            assert!(!pass_opens(&pass, &text, at(minute)), "{minute}");
        }
        for wrong in ["", "-", &format!("{text}2")] {
            assert!(!pass_opens(&pass, wrong, at(5)), "{wrong}");
        }
    }
}
