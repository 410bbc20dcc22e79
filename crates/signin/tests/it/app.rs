//! An authenticator app, made anew from the standard.

use aws_lc_rs::hmac;
use jiff::Timestamp;

/// An authenticator app.
pub(crate) struct App(hmac::Key);

impl App {
    /// One that reads the address of a seed.
    pub(crate) fn from_uri(uri: &str) -> Self {
        let seed = uri.split("secret=").nth(1).unwrap().split(['&', '<']).next().unwrap();
        let bits = seed.bytes().flat_map(|letter| {
            let five = match letter {
                b'A'..=b'Z' => letter - b'A',
                _ => letter - b'2' + 26,
            };
            (0..5).rev().map(move |bit| five >> bit & 1)
        });
        let bits: Vec<u8> = bits.collect();
        let bytes =
            bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit));
        Self(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes.collect::<Vec<u8>>()))
    }

    /// What it shows.
    pub(crate) fn code(&self, at: Timestamp) -> String {
        let tag = hmac::sign(&self.0, &(at.as_second() / 30).to_be_bytes());
        let offset = usize::from(tag.as_ref()[19] & 15);
        let four: [u8; 4] = tag.as_ref()[offset..offset + 4].try_into().unwrap();
        format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
    }
}
