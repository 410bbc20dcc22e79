//! Signs that nobody sees, or that turn the direction of writing, are shown by their number.
//!
//! Templates write every value as text; this goes over the whole page after that, so no template can forget it: a name cannot pass
//! itself off as another one, and nothing on a page moves what stands beside it.

/// A page in which every sign is seen.
pub(crate) fn visible(page: String) -> String {
    if !page.contains(is_hidden) {
        return page;
    }
    let mut seen = String::with_capacity(page.len() + 64);
    for sign in page.chars() {
        if is_hidden(sign) {
            seen.extend(sign.escape_unicode());
        } else {
            seen.push(sign);
        }
    }
    seen
}

/// Whether a text has no sign that [`visible`] would write by its number.
pub(crate) fn is_all_seen(text: &str) -> bool {
    !text.contains(is_hidden)
}

/// True for what is invisible, moves what follows or turns the direction of writing. Lines and tabs are neither.
fn is_hidden(sign: char) -> bool {
    (sign.is_control() && !matches!(sign, '\n' | '\t'))
        || matches!(sign, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_of_a_page_is_seen() {
        let page = visible("<b>a\u{202e}\u{7}\u{200b}Ürün\n\tשלום</b>".to_owned());
        assert_eq!(page, "<b>a\\u{202e}\\u{7}\\u{200b}Ürün\n\tשלום</b>");
    }
}
