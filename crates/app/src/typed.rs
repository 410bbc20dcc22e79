//! Random texts that people type: passes and recovery codes.

use crate::{Error, random};

/// Signs of such a text: none that is taken for another one, and 4.9 bits each.
const SIGNS: &[u8] = b"23456789abcdefghjkmnpqrstvwxyz";
/// Signs between two dashes.
const GROUP: usize = 5;

/// A random text of so many signs, each equally likely, in groups of five.
pub fn typed_secret(length: usize) -> Result<String, Error> {
    let mut signs = String::new();
    while signs.len() < length {
        // 240 is the greatest multiple of 30 in a byte.
        let usable = random::<32>()?.into_iter().filter(|byte| *byte < 240);
        let picked = usable.filter_map(|byte| SIGNS.get(usize::from(byte) % SIGNS.len()));
        let missing = length - signs.len();
        signs.extend(picked.take(missing).map(|sign| char::from(*sign)));
    }
    Ok(grouped(&signs))
}

/// Such a text as it was made, however it was typed: case, dashes and space do not count. At most `length` signs and one more,
/// so that a longer text is none.
pub fn typed_secret_folded(typed: &str, length: usize) -> String {
    let signs = typed.chars().filter(char::is_ascii_alphanumeric).take(length + 1);
    grouped(&signs.map(|sign| sign.to_ascii_lowercase()).collect::<String>())
}

fn grouped(signs: &str) -> String {
    let mut text = String::new();
    for (place, sign) in signs.chars().enumerate() {
        if place > 0 && place.is_multiple_of(GROUP) {
            text.push('-');
        }
        text.push(sign);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_same_however_it_is_typed() {
        let text = typed_secret(15).unwrap();
        assert_eq!((text.len(), text.matches('-').count()), (17, 2));
        for typed in [&*text, &text.to_uppercase(), &text.replace('-', ""), &format!(" {text} ")] {
            assert_eq!(typed_secret_folded(typed, 15), text, "{typed}");
        }
        for wrong in ["", "-", &format!("{text}2")] {
            assert_ne!(typed_secret_folded(wrong, 15), text, "{wrong}");
        }
        assert_ne!(typed_secret(15).unwrap(), text);
    }
}
