//! Hashes that other systems made: bcrypt, PBKDF2, and salted SHA as directories keep it.

use std::num::NonZero;

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512},
    pbkdf2::{self, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512},
};
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::HashError;

/// Base 64 with or without what fills it up.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// The most rounds of PBKDF2 that are done.
const MOST_ROUNDS: u32 = 5_000_000;
/// The most that bcrypt may cost, as a power of two.
const MOST_BCRYPT: u32 = 15;

/// A hash in an old form.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum OldHash {
    Bcrypt(String),
    Pbkdf2 { algorithm: pbkdf2::Algorithm, rounds: NonZero<u32>, salt: Vec<u8>, hash: Vec<u8> },
    Salted { algorithm: &'static digest::Algorithm, salt: Vec<u8>, hash: Vec<u8> },
}

impl OldHash {
    /// Takes a hash apart, by the form that its beginning tells.
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hex || ["{NT}", "{SAMBA}", "$3$"].iter().any(|mark| text.starts_with(mark)) {
            return Err(HashError::Ntlm);
        }
        let bare = text.strip_prefix("{CRYPT}").or_else(|| text.strip_prefix("{BCRYPT}"));
        let bare = bare.unwrap_or(text);
        if ["$2a$", "$2b$", "$2y$"].iter().any(|mark| bare.starts_with(mark)) {
            let cost = bare.get(4..6).and_then(|cost| cost.parse::<u32>().ok());
            let fits =
                bare.len() == 60 && cost.is_some_and(|cost| (4..=MOST_BCRYPT).contains(&cost));
            return if fits { Ok(Self::Bcrypt(bare.to_owned())) } else { Err(HashError::Broken) };
        }
        for (mark, algorithm) in
            [("{SSHA}", &SHA1_FOR_LEGACY_USE_ONLY), ("{SSHA256}", &SHA256), ("{SSHA512}", &SHA512)]
        {
            if let Some(rest) = text.strip_prefix(mark) {
                let bytes = BASE64.decode(rest).map_err(|_| HashError::Broken)?;
                let (hash, salt) =
                    bytes.split_at_checked(algorithm.output_len()).ok_or(HashError::Broken)?;
                let (salt, hash) = (salt.to_vec(), hash.to_vec());
                return Ok(Self::Salted { algorithm, salt, hash });
            }
        }
        pbkdf2_of(text)
    }

    pub(super) fn fits(&self, password: &[u8]) -> bool {
        match self {
            Self::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            Self::Pbkdf2 { algorithm, rounds, salt, hash } => {
                pbkdf2::verify(*algorithm, *rounds, salt, password, hash).is_ok()
            }
            Self::Salted { algorithm, salt, hash } => {
                let mut context = digest::Context::new(algorithm);
                context.update(password);
                context.update(salt);
                verify_slices_are_equal(context.finish().as_ref(), hash).is_ok()
            }
        }
    }
}

/// PBKDF2 as Django writes it (`pbkdf2_sha256$ROUNDS$SALT$HASH`), passlib (`$pbkdf2-sha256$ROUNDS$…`), the PHC form
/// (`$pbkdf2-sha256$i=ROUNDS,l=32$…`) and directories (`{PBKDF2-SHA256}ROUNDS$…`).
fn pbkdf2_of(text: &str) -> Result<OldHash, HashError> {
    let marks = [
        ("pbkdf2_sha256$", PBKDF2_HMAC_SHA256, true),
        ("pbkdf2_sha1$", PBKDF2_HMAC_SHA1, true),
        ("$pbkdf2-sha256$", PBKDF2_HMAC_SHA256, false),
        ("$pbkdf2-sha512$", PBKDF2_HMAC_SHA512, false),
        ("$pbkdf2$", PBKDF2_HMAC_SHA1, false),
        ("{PBKDF2-SHA256}", PBKDF2_HMAC_SHA256, false),
        ("{PBKDF2-SHA512}", PBKDF2_HMAC_SHA512, false),
        ("{PBKDF2}", PBKDF2_HMAC_SHA1, false),
    ];
    let found = marks
        .into_iter()
        .find_map(|(mark, algorithm, plain)| Some((text.strip_prefix(mark)?, algorithm, plain)));
    let (rest, algorithm, is_salt_plain) = found.ok_or(HashError::Unknown)?;
    let parts: Vec<&str> = rest.split('$').collect();
    let [rounds, salt, hash] = parts.as_slice() else { return Err(HashError::Broken) };
    let rounds = rounds.split(',').next().unwrap_or_default();
    let rounds = rounds.strip_prefix("i=").unwrap_or(rounds).parse::<u32>().ok();
    let rounds = rounds.filter(|rounds| *rounds <= MOST_ROUNDS).and_then(NonZero::new);
    let bytes = |text: &str| BASE64.decode(text.replace('.', "+")).ok();
    let salt = if is_salt_plain { Some(salt.as_bytes().to_vec()) } else { bytes(salt) };
    let hash = bytes(hash).filter(|hash| (16..=64).contains(&hash.len()));
    match (rounds, salt, hash) {
        (Some(rounds), Some(salt), Some(hash)) => {
            Ok(OldHash::Pbkdf2 { algorithm, rounds, salt, hash })
        }
        _ => Err(HashError::Broken),
    }
}
