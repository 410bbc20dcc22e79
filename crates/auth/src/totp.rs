//! Codes of authenticator apps (RFC 6238): HMAC-SHA-1, six digits, a new one every 30 seconds. Pure.

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY},
};
use jiff::Timestamp;
use unicode_normalization::UnicodeNormalization as _;

/// Seconds for which a code holds.
const STEP: i64 = 30;
/// Steps before and after the present one whose codes are taken, for clocks that are a little wrong.
const DRIFT: i64 = 1;
/// Digits of a code.
pub(crate) const DIGITS: usize = 6;
/// Bytes of a seed: as many as SHA-1 has.
pub(crate) const SEED: usize = 20;

/// The step of time whose code was given, if it is later than `taken`, the last one whose code was taken.
pub(crate) fn step_of(seed: &[u8], digits: &str, now: Timestamp, taken: i64) -> Option<i64> {
    let present = now.as_second().div_euclid(STEP);
    let key = hmac::Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let fits = |step: &i64| {
        verify_slices_are_equal(code(&key, *step).as_bytes(), digits.as_bytes()).is_ok()
    };
    let steps = present.saturating_sub(DRIFT)..=present.saturating_add(DRIFT);
    steps.filter(fits).find(|step| *step > taken)
}

/// The digits of what was typed, if it is a code: wide and other digits become usual ones, space and dashes are left out.
pub(crate) fn digits(typed: &str) -> Option<String> {
    digits_of(typed, DIGITS)
}

/// As [`digits`], of a code with so many.
pub(crate) fn digits_of(typed: &str, n: usize) -> Option<String> {
    let usual = typed.chars().take(4 * n).nfkc();
    let kept = usual.filter(|sign| !sign.is_whitespace() && *sign != '-');
    let digits: String = kept.collect();
    let is_code = digits.len() == n && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_code.then_some(digits)
}

fn code(key: &hmac::Key, step: i64) -> String {
    let tag = hmac::sign(key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = bytes.last().map_or(0, |last| usize::from(last & 15));
    let four = bytes.get(offset..).and_then(|rest| rest.first_chunk::<4>()).copied();
    let number = u32::from_be_bytes(four.unwrap_or_default()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// A seed as apps read it (RFC 4648, base 32 without padding).
pub(crate) fn base32(seed: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for chunk in seed.chunks(5) {
        let mut bytes = [0; 8];
        bytes.iter_mut().skip(3).zip(chunk).for_each(|(to, from)| *to = *from);
        let bits = u64::from_be_bytes(bytes);
        let n_letters = (chunk.len() * 8).div_ceil(5);
        for place in 0..n_letters {
            let five = usize::try_from(bits >> (35 - 5 * place) & 31).unwrap_or(0);
            text.extend(LETTERS.get(five).map(|letter| char::from(*letter)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC: &[u8] = b"12345678901234567890";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six of its eight digits.
        for (second, digits) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step_of(RFC, digits, at(second), 0), Some(second / 30), "{second}");
        }
    }

    #[test]
    fn a_clock_may_be_one_step_wrong_and_no_more() {
        let step = 1_111_111_109 / 30;
        for (shift, is_taken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let found = step_of(RFC, "081804", at(1_111_111_109 + 30 * shift), 0);
            assert_eq!(found, is_taken.then_some(step), "{shift}");
        }
        assert_eq!(step_of(RFC, "081804", at(1_111_111_109), step), None);
        assert_eq!(step_of(RFC, "081804", at(1_111_111_109), step - 1), Some(step));
        assert_eq!(step_of(RFC, "081805", at(1_111_111_109), 0), None);
    }

    #[test]
    fn digits_are_read_however_they_are_written() {
        for typed in
            ["287082", " 287 082 ", "２８７０８２", "287-082", "287\u{a0}082", "２８７　０８２"]
        {
            assert_eq!(digits(typed).as_deref(), Some("287082"), "{typed}");
        }
        for typed in ["", "28708", "2870820", "28708a", "²87082a", "-1.0e5", &"1".repeat(5000)] {
            assert_eq!(digits(typed), None, "{typed}");
        }
    }

    #[test]
    fn seeds_are_written_as_apps_read_them() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "MY"),
            (b"fo", "MZXQ"),
            (b"foo", "MZXW6"),
            (b"foob", "MZXW6YQ"),
            (b"fooba", "MZXW6YTB"),
            (b"foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes), text);
        }
    }
}
