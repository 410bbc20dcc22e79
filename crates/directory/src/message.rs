//! Messages on the wire: where one ends, what it says, and the one answer that is written a thousand times.
//!
//! The codec of `ldap3_proto` reads and writes; here is what it does not do: refuse what is too long before it is there, and
//! write entries without copying their values.

use bytes::{BufMut as _, Bytes, BytesMut};
use ldap3_lber::{parse::Parser, structure::StructureTag, write};
use ldap3_proto::proto::LdapMsg;

/// How deep a message may be nested: filters and everything around them.
const DEEPEST: usize = 40;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OCTETS: u8 = 0x04;
const INTEGER: u8 = 0x02;
const SEARCH_RESULT_ENTRY: u8 = 0x64;

/// Why a connection cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It does not begin as a message does, or has no definite length.
    #[error("this is not a message of LDAP")]
    NoMessage,
    /// It is longer than allowed.
    #[error("the message is longer than {most} bytes")]
    TooLong {
        /// The limit.
        most: usize,
    },
    /// Something in it is not as the protocol has it, or it is nested too deep.
    #[error("the message cannot be read")]
    Unreadable,
}

/// Takes the next message from the buffer; `None` when more bytes are needed. No more than `most` bytes are ever waited for.
pub fn next_message(buffer: &mut BytesMut, most: usize) -> Result<Option<LdapMsg>, Malformed> {
    let Some(whole) = length(buffer, most)? else { return Ok(None) };
    if buffer.len() < whole {
        return Ok(None);
    }
    let bytes = buffer.split_to(whole).freeze();
    read(&bytes).map(Some)
}

/// The length of the message that the buffer begins with, once enough of it is there.
fn length(buffer: &[u8], most: usize) -> Result<Option<usize>, Malformed> {
    let mut bytes = buffer.iter().copied();
    match bytes.next() {
        None => return Ok(None),
        Some(SEQUENCE) => {}
        Some(_) => return Err(Malformed::NoMessage),
    }
    let Some(first) = bytes.next() else { return Ok(None) };
    let (header, length) = match first {
        0..=0x7f => (2, usize::from(first)),
        0x81..=0x84 => {
            let n = usize::from(first - 0x80);
            let mut length = 0usize;
            for _ in 0..n {
                let Some(byte) = bytes.next() else { return Ok(None) };
                length = length << 8 | usize::from(byte);
            }
            (2 + n, length)
        }
        0x80 | 0x85..=0xff => return Err(Malformed::NoMessage),
    };
    let whole = header + length;
    if whole > most { Err(Malformed::TooLong { most }) } else { Ok(Some(whole)) }
}

fn read(bytes: &Bytes) -> Result<LdapMsg, Malformed> {
    // The error holds the bytes, and these may be a password: it goes nowhere.
    let (rest, tag) = Parser::new(DEEPEST).parse(bytes).map_err(|_| Malformed::Unreadable)?;
    if !rest.is_empty() {
        return Err(Malformed::Unreadable);
    }
    LdapMsg::try_from(tag).map_err(|_| Malformed::Unreadable)
}

/// Appends a message.
pub(crate) fn push(out: &mut BytesMut, message: LdapMsg) {
    let tag: StructureTag = message.into();
    let before = out.len();
    if write::encode_into(out, tag).is_err() {
        // Only a value beyond what a length can say; the client then waits in vain, and its time ends.
        out.truncate(before);
    }
}

/// Appends an entry as it was found.
pub(crate) fn push_entry<'v>(
    out: &mut BytesMut,
    id: i32,
    dn: &str,
    attributes: impl Iterator<Item = (&'v str, &'v [Bytes])>,
) {
    let mut list = BytesMut::with_capacity(512);
    for (name, values) in attributes {
        let n_values: usize = values.iter().map(|value| wrapped(value.len())).sum();
        let inner = wrapped(name.len()) + wrapped(n_values);
        header(&mut list, SEQUENCE, inner);
        octets(&mut list, name.as_bytes());
        header(&mut list, SET, n_values);
        for value in values {
            octets(&mut list, value);
        }
    }
    let entry = wrapped(dn.len()) + wrapped(list.len());
    let id = id.to_be_bytes();
    let zeros = id.iter().take(3).take_while(|byte| **byte == 0).count();
    // A leading one bit would make it negative.
    let keep_zero = zeros > 0 && id.get(zeros).is_some_and(|byte| *byte > 0x7f);
    let id = id.get(zeros - usize::from(keep_zero)..).unwrap_or_default();
    header(out, SEQUENCE, wrapped(id.len()) + wrapped(entry));
    header(out, INTEGER, id.len());
    out.put_slice(id);
    header(out, SEARCH_RESULT_ENTRY, entry);
    octets(out, dn.as_bytes());
    header(out, SEQUENCE, list.len());
    out.put_slice(&list);
}

/// The length of something with its header.
fn wrapped(length: usize) -> usize {
    1 + n_length(length) + length
}

fn n_length(length: usize) -> usize {
    match length {
        0..=0x7f => 1,
        0x80..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xff_ffff => 4,
        _ => 5,
    }
}

fn header(out: &mut BytesMut, tag: u8, length: usize) {
    out.put_u8(tag);
    let n = n_length(length);
    let bytes = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    if n > 1 {
        out.put_u8(0x80 | u8::try_from(n - 1).unwrap_or(4));
    }
    let used = if n == 1 { 1 } else { n - 1 };
    out.put_slice(bytes.get(4 - used..).unwrap_or_default());
}

fn octets(out: &mut BytesMut, value: &[u8]) {
    header(out, OCTETS, value.len());
    out.put_slice(value);
}

#[cfg(test)]
mod tests;
