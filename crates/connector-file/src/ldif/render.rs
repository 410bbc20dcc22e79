//! From entries to the bytes of an LDIF file: version 1, lines of 76 characters, base64 where a value is not plain.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::Entry;

/// Bytes in a line.
const WIDTH: usize = 76;

/// The whole file.
pub(super) fn render<'e>(entries: impl Iterator<Item = &'e Entry>) -> Vec<u8> {
    let mut out = b"version: 1\n".to_vec();
    for entry in entries {
        out.push(b'\n');
        line(&mut out, "dn", entry.dn.as_bytes());
        for (name, value) in &entry.values {
            line(&mut out, name, value);
        }
    }
    out
}

/// One value, folded.
fn line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    let mut text = name.as_bytes().to_vec();
    if is_plain(value) {
        text.extend_from_slice(b": ");
        text.extend_from_slice(value);
    } else {
        text.extend_from_slice(b":: ");
        text.extend_from_slice(STANDARD.encode(value).as_bytes());
    }
    let mut rest = text.as_slice();
    let mut width = WIDTH;
    loop {
        let (now, later) = rest.split_at(width.min(rest.len()));
        out.extend_from_slice(now);
        out.push(b'\n');
        if later.is_empty() {
            return;
        }
        out.push(b' ');
        rest = later;
        width = WIDTH - 1;
    }
}

/// A SAFE-STRING of RFC 2849 that also does not end with a space.
fn is_plain(value: &[u8]) -> bool {
    let starts_well = !matches!(value.first(), Some(b' ' | b':' | b'<'));
    let ends_well = value.last() != Some(&b' ');
    let is_safe = |byte: &u8| byte.is_ascii() && !matches!(byte, 0 | b'\n' | b'\r');
    starts_well && ends_well && value.iter().all(is_safe)
}
