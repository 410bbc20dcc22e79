//! Sealing: secrets that have to be read again, such as private keys and seeds, are encrypted before they are stored.
//!
//! The key is a file beside the store, never in it: whoever takes the database or a backup has nothing. What a sealed value
//! is for is bound to it, so that one cannot be put in the place of another.

use std::{path::Path, sync::Arc};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hmac, rand,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use crate::{
    Error, Kind, Opened,
    keys::{read_key_file, write_key_file},
};

/// How the file of a sealing key begins.
const HEAD: &str = "muster-sealing-key-1 ";
/// The file, unless the model names another one.
const FILE: &str = "muster.key";
/// The first byte of a sealed value: how it is made.
const FORM: u8 = 1;
/// `{"alg":"HS256"}`: the head of everything that is vouched for.
const JWS_HEAD: &str = "eyJhbGciOiJIUzI1NiJ9";
/// Bytes that name the key.
const ID_LEN: usize = 8;

/// Seals and opens.
pub struct Sealer {
    key: RandomizedNonceKey,
    /// Makes the keys of what is only vouched for.
    vouching: hmac::Key,
    id: [u8; ID_LEN],
}

impl Sealer {
    /// A sealer with this key.
    fn new(key: &[u8]) -> Option<Self> {
        let mut id = [0; ID_LEN];
        let digest = Sha256::new().chain_update(HEAD).chain_update(key).finalize();
        id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        let vouching = hmac::Key::new(hmac::HMAC_SHA256, key);
        Some(Self { key: RandomizedNonceKey::new(&AES_256_GCM, key).ok()?, vouching, id })
    }

    /// Reads the key from its file, which is made when it is not there.
    fn of_file(path: &Path) -> Result<Self, Error> {
        if !path.exists() {
            let mut key = [0; 32];
            rand::fill(&mut key).map_err(|_| {
                Error::new(Kind::Unavailable, "the operating system gives no random bytes")
            })?;
            match write_key_file(path, HEAD, &key) {
                // Another process made it in between.
                Err(_) if path.exists() => {}
                written => written?,
            }
        }
        let key = read_key_file(path, HEAD)?;
        key.and_then(|key| Self::new(&key)).ok_or_else(|| {
            Error::invalid(format!("`{}` holds no key for sealing", path.display()))
                .hint("put the right file back; without it, what was sealed cannot be read")
        })
    }

    /// Seals a secret; `purpose` says what it is and whose.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, Error> {
        let mut body = secret.to_vec();
        let sealed = self.key.seal_in_place_append_tag(Aad::from(purpose), &mut body);
        let nonce = sealed.map_err(|_| Error::bug("a secret cannot be sealed"))?;
        let head = [&[FORM][..], &self.id, nonce.as_ref()].concat();
        Ok([head, body].concat())
    }

    /// Opens what was sealed for the same purpose.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let damaged = || {
            Error::new(Kind::Unavailable, format!("the sealed {purpose} is damaged"))
                .hint("restore the store from a backup")
        };
        let (form, rest) = sealed.split_first().ok_or_else(damaged)?;
        let (id, rest) = rest.split_at_checked(ID_LEN).ok_or_else(damaged)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or_else(damaged)?;
        if *form != FORM || id != self.id {
            let message = format!("the {purpose} is sealed with another key");
            return Err(Error::new(Kind::Unavailable, message)
                .hint("put the right key file back; `sealing: { key: FILE }` names it"));
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut body = body.to_vec();
        let opened = self.key.open_in_place(nonce, Aad::from(purpose), &mut body);
        opened.map(|secret| secret.to_vec()).map_err(|_| damaged())
    }
}

impl Sealer {
    /// Claims that only we can have made, as a JWS in its compact form with HS256 (RFC 7515, RFC 7518): everybody can read them.
    /// `purpose` says what they are, and has a key of its own.
    pub fn vouch(&self, purpose: &str, claims: &Json) -> String {
        let signed = format!("{JWS_HEAD}.{}", BASE64URL.encode(claims.to_string()));
        let tag = hmac::sign(&self.voucher(purpose), signed.as_bytes());
        format!("{signed}.{}", BASE64URL.encode(tag))
    }

    /// The claims of what [`Sealer::vouch`] made for the same purpose; `None` for anything else.
    pub fn vouched(&self, purpose: &str, token: &str) -> Option<Json> {
        let (signed, tag) = token.rsplit_once('.')?;
        let (head, claims) = signed.split_once('.')?;
        let tag = BASE64URL.decode(tag).ok()?;
        hmac::verify(&self.voucher(purpose), signed.as_bytes(), &tag).ok()?;
        (head == JWS_HEAD).then_some(())?;
        serde_json::from_slice(&BASE64URL.decode(claims).ok()?).ok()
    }

    fn voucher(&self, purpose: &str) -> hmac::Key {
        let key = hmac::sign(&self.vouching, format!("voucher {purpose}").as_bytes());
        hmac::Key::new(hmac::HMAC_SHA256, key.as_ref())
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

impl Opened {
    /// What seals the secrets of this project. The key is made when nothing was sealed before.
    pub fn sealer(&self) -> Result<Arc<Sealer>, Error> {
        if let Some(sealer) = self.sealer.get() {
            return Ok(Arc::clone(sealer));
        }
        let file = self.model.sealing_key.as_deref().unwrap_or(FILE);
        let sealer = Sealer::of_file(&self.dir.join(file))?;
        Ok(Arc::clone(self.sealer.get_or_init(|| Arc::new(sealer))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(key: u8) -> Sealer {
        Sealer::new(&[key; 32]).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_only() {
        let sealed = sealer(1).seal("seed of ada", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(sealer(1).open("seed of ada", &sealed).unwrap(), b"secret");
        let error = sealer(1).open("seed of bob", &sealed).unwrap_err();
        assert_eq!(error.to_string(), "the sealed seed of bob is damaged");
    }

    #[test]
    fn what_is_vouched_for_is_believed_for_its_purpose_and_as_it_was() {
        let claims = serde_json::json!({ "n": 1 });
        let token = sealer(1).vouch("task", &claims);
        assert_eq!(sealer(1).vouched("task", &token), Some(claims));
        assert_eq!(sealer(1).vouched("denial", &token), None);
        assert_eq!(sealer(2).vouched("task", &token), None);
        let (signed, tag) = token.rsplit_once('.').unwrap();
        let (head, _) = signed.split_once('.').unwrap();
        let other = BASE64URL.encode(r#"{"n":2}"#);
        for wrong in [format!("{head}.{other}.{tag}"), format!("{signed}."), signed.to_owned()] {
            assert_eq!(sealer(1).vouched("task", &wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_same_secret_is_sealed_otherwise_each_time() {
        assert_ne!(sealer(1).seal("x", b"s").unwrap(), sealer(1).seal("x", b"s").unwrap());
    }

    #[test]
    fn another_key_says_that_it_is_another_one() {
        let sealed = sealer(1).seal("seed", b"secret").unwrap();
        let error = sealer(2).open("seed", &sealed).unwrap_err();
        assert_eq!(error.to_string(), "the seed is sealed with another key");
    }

    #[test]
    fn no_changed_bit_goes_unnoticed() {
        let sealed = sealer(1).seal("seed", b"secret").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer(1).open("seed", &changed).is_err(), "byte {at}");
        }
        for length in 0..sealed.len() {
            assert!(sealer(1).open("seed", &sealed[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn the_key_is_made_once_and_only_its_owner_can_read_it() {
        let folder = std::env::temp_dir().join(format!("muster-sealing-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("made.key");
        let sealed = Sealer::of_file(&path).unwrap().seal("seed", b"secret").unwrap();
        assert_eq!(Sealer::of_file(&path).unwrap().open("seed", &sealed).unwrap(), b"secret");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(&path, "muster-sealing-key-1 00").unwrap();
        assert!(Sealer::of_file(&path).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
