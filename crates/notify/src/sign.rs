//! HMAC-SHA-256 (RFC 2104), for those who want to know that a document came from us.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL},
};
use sha2::{Digest as _, Sha256};

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// `sha256=` and the HMAC of `body` in hexadecimal digits.
pub fn signature(secret: &[u8], body: &[u8]) -> String {
    let mut text = "sha256=".to_owned();
    for byte in hmac(secret, body) {
        use std::fmt::Write as _;
        _ = write!(text, "{byte:02x}");
    }
    text
}

/// The value of the header `webhook-signature` of Standard Webhooks; `None` when the secret is not one.
pub(crate) fn standard_signature(secret: &str, id: &str, at: i64, body: &[u8]) -> Option<String> {
    let key = key_of(secret)?;
    let mut signed = format!("{id}.{at}.").into_bytes();
    signed.extend_from_slice(body);
    Some(format!("v1,{}", BASE64.encode(hmac(&key, &signed))))
}

/// Claims as a JWS signed with HS256 and the bytes behind `whsec_`; `None` when there are fewer than 32, which HS256 asks for
/// (RFC 7518, 3.2).
pub(crate) fn security_event_token(secret: &str, claims: &[u8]) -> Option<String> {
    let key = key_of(secret).filter(|key| key.len() >= 32)?;
    let header = BASE64URL.encode(br#"{"alg":"HS256","typ":"secevent+jwt"}"#);
    let signed = format!("{header}.{}", BASE64URL.encode(claims));
    let signature = BASE64URL.encode(hmac(&key, signed.as_bytes()));
    Some(format!("{signed}.{signature}"))
}

fn key_of(secret: &str) -> Option<Vec<u8>> {
    let key = BASE64.decode(secret.strip_prefix("whsec_")?).ok()?;
    (24..=64).contains(&key.len()).then_some(key)
}

fn hmac(secret: &[u8], body: &[u8]) -> [u8; 32] {
    let hashed: [u8; 32];
    let secret = if secret.len() > BLOCK {
        hashed = Sha256::digest(secret).into();
        hashed.as_slice()
    } else {
        secret
    };
    let padded = |with: u8| {
        let mut block = [with; BLOCK];
        block.iter_mut().zip(secret).for_each(|(place, byte)| *place ^= byte);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(body).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}
