//! Ids that are bytes on the wire: `objectGUID` and `objectSid`, and their text forms.

use std::fmt::Write as _;

/// The text of a GUID as everybody writes it.
pub(crate) fn guid_text(bytes: &[u8]) -> Option<String> {
    let bytes = turned(bytes.try_into().ok()?);
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing into a String cannot fail.
        _ = write!(text, "{byte:02x}");
    }
    Some(text)
}

/// The filter that finds the object with the GUID of this text; `None` for a text of another form.
pub(crate) fn guid_filter(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if digits.len() != 32 || text.len() != 36 {
        return None;
    }
    let number = u128::from_str_radix(&digits, 16).ok()?;
    let mut filter = format!("({}=", super::GUID);
    for byte in turned(number.to_be_bytes()) {
        _ = write!(filter, "\\{byte:02x}");
    }
    filter.push(')');
    Some(filter)
}

/// The first three groups of a GUID have their bytes the other way round on the wire.
fn turned(mut bytes: [u8; 16]) -> [u8; 16] {
    let mut rest = bytes.as_mut_slice();
    for length in [4, 2, 2] {
        let (group, behind) = rest.split_at_mut(length);
        group.reverse();
        rest = behind;
    }
    bytes
}

/// The text of a security identifier (`S-1-5-21-…-1103`).
pub(crate) fn sid_text(bytes: &[u8]) -> Option<String> {
    let (head, parts) = bytes.split_at_checked(8)?;
    let [revision, count, authority @ ..] = head else { return None };
    if parts.len() != usize::from(*count) * 4 {
        return None;
    }
    let authority = authority.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    let mut text = format!("S-{revision}-{authority}");
    for part in parts.chunks_exact(4) {
        _ = write!(text, "-{}", u32::from_le_bytes(part.try_into().ok()?));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_written_as_tools_write_it_and_found_by_its_bytes() {
        let bytes = [
            0x6a, 0x1e, 0x49, 0xa8, 0xcc, 0x34, 0x21, 0x4b, 0x93, 0xe3, 0x93, 0xaa, 0x3d, 0x2c,
            0x40, 0xcd,
        ];
        let text = guid_text(&bytes).unwrap();
        assert_eq!(text, "a8491e6a-34cc-4b21-93e3-93aa3d2c40cd");
        assert_eq!(
            guid_filter(&text).unwrap(),
            "(objectGUID=\\6a\\1e\\49\\a8\\cc\\34\\21\\4b\\93\\e3\\93\\aa\\3d\\2c\\40\\cd)"
        );
        assert_eq!(guid_text(&bytes[1..]), None);
        assert_eq!(guid_filter("a8491e6a-34cc-4b21-93e3-93aa3d2c40c*"), None);
        assert_eq!(guid_filter("CN=Ada"), None);
    }

    #[test]
    fn a_security_identifier_has_its_usual_text() {
        let bytes = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
        assert_eq!(sid_text(&bytes).unwrap(), "S-1-5-32-544");
        assert_eq!(sid_text(&bytes[..15]), None);
        assert_eq!(sid_text(&[]), None);
    }
}
