//! Texts of others in files that people open: every sign is seen, and none is taken for a formula.

use std::borrow::Cow;

/// A text in which signs that nobody sees, or that turn the direction of writing, are written by their number.
pub(crate) fn seen(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut seen = String::with_capacity(text.len() + 32);
    for sign in text.chars() {
        if is_hidden(sign) {
            seen.extend(sign.escape_unicode());
        } else {
            seen.push(sign);
        }
    }
    Cow::Owned(seen)
}

/// True for what is invisible, moves what follows or turns the direction of writing. Lines and tabs are neither.
fn is_hidden(sign: char) -> bool {
    (sign.is_control() && !matches!(sign, '\n' | '\t'))
        || matches!(sign, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
            | '\u{fffe}' | '\u{ffff}')
}

/// A text for a cell of a file that a spreadsheet program may open: a `'` stands before what it would run as a formula.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    let seen = seen(text);
    if seen.starts_with(['=', '+', '-', '@', '\t', '\n']) && &*seen != "-" {
        return Cow::Owned(format!("'{seen}"));
    }
    seen
}

/// The beginning of a text, in at most so many units of UTF-16; a `…` stands where it was cut.
pub(crate) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    let mut units = 0;
    for (place, sign) in text.char_indices() {
        units += sign.len_utf16();
        if units > most {
            let kept = text.get(..place).unwrap_or_default();
            let kept = kept
                .char_indices()
                .next_back()
                .map_or("", |(last, _)| kept.get(..last).unwrap_or_default());
            return Cow::Owned(format!("{kept}…"));
        }
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_neither_a_formula_nor_hidden() {
        assert_eq!(harmless("=1+1"), "'=1+1");
        assert_eq!(harmless("@x"), "'@x");
        assert_eq!(harmless("-"), "-");
        assert_eq!(harmless("a\u{202e}b\u{7}"), "a\\u{202e}b\\u{7}");
        assert_eq!(harmless("Ürün"), "Ürün");
    }

    #[test]
    fn a_long_text_is_cut_at_a_sign() {
        assert_eq!(cut("Ürün", 4), "Ürün");
        assert_eq!(cut("Ürün", 3), "Ür…");
        assert_eq!(cut("😀😀", 3), "…");
    }
}
