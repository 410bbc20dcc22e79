use super::*;

/// Decodes `bytes`, fed in small portions.
fn decoded(bytes: &[u8], encoding: &'static Encoding) -> Vec<u8> {
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            let (now, later) = self.0.split_at(self.0.len().min(3).min(target.len()));
            target[..now.len()].copy_from_slice(now);
            self.0 = later;
            Ok(now.len())
        }
    }

    let mut text = Vec::new();
    Transcoder::new(Drip(bytes), encoding).read_to_end(&mut text).unwrap();
    text
}

#[test]
fn what_is_encoded_decodes_to_the_same() {
    let text = "Zoë, Jörg; €uro\r\n".repeat(50_000);
    let known = [
        encoding_rs::UTF_16LE,
        encoding_rs::UTF_16BE,
        encoding_rs::WINDOWS_1252,
        encoding_rs::ISO_8859_15,
        encoding_rs::GB18030,
    ];
    for encoding in known {
        let mut bytes = Vec::new();
        encode(&text, encoding, &mut bytes).unwrap();
        assert!(decoded(&bytes, encoding) == text.as_bytes(), "{}", encoding.name());
    }
}

#[test]
fn a_character_that_an_encoding_lacks_is_named() {
    let mut bytes = Vec::new();
    assert_eq!(encode("aël", encoding_rs::WINDOWS_1252, &mut bytes), Ok(()));
    assert_eq!(encode("ał", encoding_rs::WINDOWS_1252, &mut bytes), Err('ł'));
    assert_eq!(bytes, b"a\xebl");
}

#[test]
fn wrong_sequences_become_a_byte_that_is_never_valid() {
    // A high surrogate without its partner, and an odd byte at the end.
    let bytes = [b'a', 0, 0x00, 0xd8, b'b', 0, b'c'];
    let text = decoded(&bytes, encoding_rs::UTF_16LE);
    assert_eq!(text, b"a\xffb\xff");
    assert_eq!(decoded(b"\x81\xff", encoding_rs::SHIFT_JIS), b"\xff");
}
