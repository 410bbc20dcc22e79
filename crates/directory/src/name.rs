//! Distinguished names (RFC 4514): taking apart, comparing, putting together; and the form in which texts compare.

use muster_policy::ldap_attribute;

/// A distinguished name in the form in which names compare, the first part first. The empty one is the root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Name(Vec<Part>);

/// A part of a name: the attribute in lower case, by its usual name, and the value in the form in which values compare.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Part {
    pub(crate) attribute: String,
    pub(crate) value: String,
}

impl Name {
    /// Reads a name; `None` when it is none. Parts of several values and values in BER are none of ours.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Self::default());
        }
        let mut parts = Vec::new();
        let mut rest = text.chars().peekable();
        loop {
            let mut attribute = String::new();
            loop {
                match rest.next()? {
                    '=' => break,
                    c if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ' ') => {
                        attribute.push(c);
                    }
                    _ => return None,
                }
            }
            let (value, more) = read_value(&mut rest)?;
            let attribute = attribute.trim();
            let usual = ldap_attribute(attribute).and_then(|known| known.names.first());
            let attribute = usual.map_or(attribute, |usual| usual).to_ascii_lowercase();
            if attribute.is_empty() || value.is_empty() {
                return None;
            }
            parts.push(Part { attribute, value: fold(&value) });
            if !more {
                return Some(Self(parts));
            }
        }
    }

    /// Equal for names that are equal.
    pub(crate) fn comparable(&self) -> String {
        let parts = self.0.iter().map(|part| format!("{}={}", part.attribute, part.value));
        parts.collect::<Vec<_>>().join("\0")
    }

    /// True for the name of the root.
    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The first part and the name of what is above.
    pub(crate) fn split_first(&self) -> Option<(&Part, Self)> {
        let (first, rest) = self.0.split_first()?;
        Some((first, Self(rest.to_vec())))
    }

    /// The name of what is above; `None` for the root.
    pub(crate) fn above(&self) -> Option<Self> {
        self.split_first().map(|(_, above)| above)
    }

    /// True when it is `other` or lies below it.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.0.ends_with(&other.0)
    }
}

/// A value up to `,` or `;`, escapes undone, and whether another part follows.
fn read_value(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<(String, bool)> {
    let mut bytes: Vec<u8> = Vec::new();
    // Where the last character that is not a bare space ends.
    let mut end = 0;
    let mut more = false;
    while rest.peek() == Some(&' ') {
        rest.next();
    }
    while let Some(c) = rest.next() {
        match c {
            ',' | ';' => {
                more = true;
                break;
            }
            '+' | '"' | '<' | '>' => return None,
            '#' if bytes.is_empty() => return None,
            '\\' => {
                let first = rest.next()?;
                match (first.to_digit(16), rest.peek().and_then(|c| c.to_digit(16))) {
                    (Some(high), Some(low)) => {
                        rest.next();
                        bytes.push(u8::try_from(high << 4 | low).ok()?);
                    }
                    _ => push_char(&mut bytes, first),
                }
                end = bytes.len();
            }
            ' ' => bytes.push(b' '),
            _ => {
                push_char(&mut bytes, c);
                end = bytes.len();
            }
        }
    }
    bytes.truncate(end);
    Some((String::from_utf8(bytes).ok()?, more))
}

fn push_char(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// A name made of a part and what is above, as text.
pub(crate) fn below(attribute: &str, value: &str, above: &str) -> String {
    let mut name = String::with_capacity(attribute.len() + value.len() + above.len() + 2);
    name.push_str(attribute);
    name.push('=');
    let last = value.chars().count().saturating_sub(1);
    for (n, c) in value.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=' => {
                name.push('\\');
                name.push(c);
            }
            ' ' if n == 0 || n == last => name.push_str("\\ "),
            '#' if n == 0 => name.push_str("\\#"),
            '\0' => name.push_str("\\00"),
            _ => name.push(c),
        }
    }
    if !above.is_empty() {
        name.push(',');
        name.push_str(above);
    }
    name
}

/// A text in the form in which texts compare: lower case, one space for many, none around.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        if word.is_ascii() {
            folded.extend(word.chars().map(|c| c.to_ascii_lowercase()));
        } else {
            folded.push_str(&word.to_lowercase());
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::read(text).unwrap()
    }

    #[test]
    fn names_compare_without_regard_to_case_spaces_escapes_and_aliases() {
        let ada = name("uid=ada,ou=People,dc=tern,dc=example");
        for same in [
            "UID = Ada , OU=people,DC=tern, dc=EXAMPLE",
            "userid=ada;ou=people;dc=tern;dc=example",
            "uid=\\61da,organizationalUnitName=people,dc=tern,0.9.2342.19200300.100.1.25=example",
        ] {
            assert_eq!(name(same), ada, "{same}");
        }
        assert_ne!(name("uid=ada\\,ou\\=people,dc=tern,dc=example"), ada);
        assert!(ada.is_within(&name("dc=tern,dc=example")) && ada.is_within(&Name::default()));
        assert!(!ada.is_within(&name("dc=ern,dc=example")));
    }

    #[test]
    fn what_is_written_is_read() {
        for value in ["Ada", " Ada ", "#1", "a,b+c", "a\\b=\"c\"<d>", "Zoë", "a  b"] {
            let written = below("cn", value, "dc=tern");
            let (part, above) = name(&written).split_first().map(|(p, a)| (p.clone(), a)).unwrap();
            assert_eq!((part.value, above), (fold(value), name("dc=tern")), "{written}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "ada",
            "uid=",
            "=ada",
            "uid=a+cn=b,dc=x",
            "uid=#04",
            "u\\id=a",
            "uid=\\",
            "uid=\\ff",
            "uid=a,",
        ] {
            assert_eq!(Name::read(text), None, "{text}");
        }
    }
}
