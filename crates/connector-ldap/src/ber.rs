//! Basic Encoding Rules (X.690), as much of them as controls need: elements are read one by one and written whole.
//!
//! Nothing here fails: what cannot be read is `None`. Lengths are definite, as LDAP wants them.

/// One element and what follows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'b> {
    pub(crate) tag: u8,
    pub(crate) content: &'b [u8],
    pub(crate) rest: &'b [u8],
}

pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const OCTETS: u8 = 0x04;
    pub(crate) const ENUMERATED: u8 = 0x0a;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;
}

/// The first element of `bytes`.
pub(crate) fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let (tag, bytes) = bytes.split_first()?;
    let (first, bytes) = bytes.split_first()?;
    let (length, bytes) = if first & 0x80 == 0 {
        (usize::from(*first), bytes)
    } else {
        let (digits, bytes) = bytes.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > 4 {
            return None;
        }
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), bytes)
    };
    let (content, rest) = bytes.split_at_checked(length)?;
    Some(Element { tag: *tag, content, rest })
}

/// The elements of `bytes` one after another, up to the first that cannot be read.
pub(crate) fn elements(bytes: &[u8]) -> impl Iterator<Item = Element<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let found = element(rest)?;
        rest = found.rest;
        Some(found)
    })
}

/// A number of at most eight bytes.
pub(crate) fn integer(content: &[u8]) -> Option<i64> {
    if content.len() > 8 {
        return None;
    }
    let first = *content.first()?;
    let start = if first & 0x80 == 0 { 0 } else { -1 };
    Some(content.iter().fold(start, |number: i64, byte| number << 8 | i64::from(*byte)))
}

/// An element of that tag.
pub(crate) fn write(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let digits: Vec<u8> =
                content.len().to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
            bytes.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
            bytes.extend(digits);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

/// A number in the fewest bytes, as an element of that tag.
pub(crate) fn write_integer(tag: u8, number: i64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let is_padding = |pair: &[u8]| {
        matches!(pair, [0, next] if next & 0x80 == 0)
            || matches!(pair, [0xff, next] if next & 0x80 != 0)
    };
    let skip = bytes.windows(2).take_while(|pair| is_padding(pair)).count();
    write(tag, bytes.get(skip..).unwrap_or(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for number in [0, 1, 127, 128, 255, 256, -1, -128, -129, i64::from(i32::MIN), i64::MAX] {
            let bytes = write_integer(tag::INTEGER, number);
            assert_eq!(integer(element(&bytes).unwrap().content), Some(number));
        }
        assert_eq!(write_integer(tag::INTEGER, 128), [2, 2, 0, 128]);
        assert_eq!(write_integer(tag::INTEGER, i64::from(i32::MIN)), [2, 4, 0x80, 0, 0, 0]);
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; length];
            let bytes = write(tag::OCTETS, &content);
            let read = element(&bytes).unwrap();
            assert_eq!((read.tag, read.content, read.rest), (tag::OCTETS, &*content, &[][..]));
        }
    }

    #[test]
    fn damage_is_no_element() {
        assert!(element(&[0x30]).is_none());
        assert!(element(&[0x30, 0x05, 0x01]).is_none());
        assert!(element(&[0x30, 0x85, 1, 1, 1, 1, 1]).is_none());
        assert!(integer(&[]).is_none());
        assert!(integer(&[1; 9]).is_none());
    }
}
