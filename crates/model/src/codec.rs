//! The compact form in which the repository keeps attribute values.
//!
//! A row is a version byte and then, for each value that is not `Null`, the attribute's number, a tag and the payload.
//! Numbers are handed out once per type and attribute and never reused, so a model may gain, lose and reorder
//! attributes and old rows still read.

use std::sync::Arc;

use jiff::{Timestamp, civil::Date};

use crate::{EntityId, Reference, Row, Slot, TypeId, Value};

const VERSION: u8 = 1;

/// Stored bytes that are not a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes end in the middle of a value.
    #[error("stored values end too early")]
    Truncated,
    /// The bytes were written by a newer version.
    #[error("stored values have format {0}, this version reads format 1")]
    Version(u8),
    /// A tag or payload that no version writes.
    #[error("stored values are damaged at byte {0}")]
    Damaged(usize),
}

/// Which stored attribute number stands for which slot of a type, both ways.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttributeNumbers {
    by_slot: Vec<u32>,
    by_number: Vec<Option<Slot>>,
}

impl AttributeNumbers {
    /// From the number of each slot in order.
    pub fn new(by_slot: Vec<u32>) -> Self {
        let size = by_slot.iter().max().map_or(0, |max| *max as usize + 1);
        let mut by_number = vec![None; size];
        for (slot, number) in by_slot.iter().enumerate() {
            if let Some(place) = by_number.get_mut(*number as usize) {
                *place = u16::try_from(slot).ok().map(Slot);
            }
        }
        Self { by_slot, by_number }
    }

    fn slot(&self, number: u64) -> Option<Slot> {
        self.by_number.get(usize::try_from(number).ok()?).copied().flatten()
    }
}

/// Writes the values of `row` that `keep` accepts; `Null` takes no space.
pub fn encode_row(row: &Row, numbers: &AttributeNumbers, keep: impl Fn(Slot) -> bool) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    for (index, (value, number)) in row.values.iter().zip(&numbers.by_slot).enumerate() {
        let slot = Slot(u16::try_from(index).unwrap_or(u16::MAX));
        if !value.is_null() && keep(slot) {
            put_varint(&mut bytes, u64::from(*number));
            put_value(&mut bytes, value);
        }
    }
    bytes
}

/// Fills `row` from stored bytes. Attributes that the model no longer has are passed over.
pub fn decode_row(
    bytes: &[u8],
    numbers: &AttributeNumbers,
    row: &mut Row,
) -> Result<(), CodecError> {
    let mut reader = Reader { bytes, at: 0 };
    match reader.byte()? {
        VERSION => {}
        other => return Err(CodecError::Version(other)),
    }
    while reader.at < bytes.len() {
        let number = reader.varint()?;
        if let Some(slot) = numbers.slot(number) {
            row.set(slot, reader.value(0)?);
        } else {
            reader.value(0)?;
        }
    }
    Ok(())
}

/// Writes a list of values in order, `Null` included.
pub fn encode_values(values: &[Value]) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    put_varint(&mut bytes, values.len() as u64);
    for value in values {
        put_value(&mut bytes, value);
    }
    bytes
}

/// Reads what [`encode_values`] wrote.
pub fn decode_values(bytes: &[u8]) -> Result<Vec<Value>, CodecError> {
    let mut reader = Reader { bytes, at: 0 };
    match reader.byte()? {
        VERSION => {}
        other => return Err(CodecError::Version(other)),
    }
    let n = reader.length()?;
    (0..n).map(|_| reader.value(0)).collect()
}

fn put_varint(bytes: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        bytes.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    bytes.push((n & 0x7f) as u8);
}

fn zigzag(n: i64) -> u64 {
    (n.cast_unsigned() << 1) ^ (n >> 63).cast_unsigned()
}

fn unzigzag(n: u64) -> i64 {
    (n >> 1).cast_signed() ^ -((n & 1).cast_signed())
}

fn put_bytes(bytes: &mut Vec<u8>, content: &[u8]) {
    put_varint(bytes, content.len() as u64);
    bytes.extend_from_slice(content);
}

fn put_value(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => bytes.push(0),
        Value::Bool(false) => bytes.push(1),
        Value::Bool(true) => bytes.push(2),
        Value::Int(n) => {
            bytes.push(3);
            put_varint(bytes, zigzag(*n));
        }
        Value::Float(x) => {
            bytes.push(4);
            bytes.extend_from_slice(&x.to_bits().to_le_bytes());
        }
        Value::Text(text) => {
            bytes.push(5);
            put_bytes(bytes, text.as_bytes());
        }
        Value::Date(date) => {
            bytes.push(6);
            put_varint(bytes, zigzag(i64::from(date.year())));
            bytes.push(date.month().unsigned_abs());
            bytes.push(date.day().unsigned_abs());
        }
        Value::DateTime(at) => {
            bytes.push(7);
            put_varint(bytes, zigzag(at.as_second()));
            put_varint(bytes, zigzag(i64::from(at.subsec_nanosecond())));
        }
        Value::Binary(content) => {
            bytes.push(8);
            put_bytes(bytes, content);
        }
        Value::Uuid(content) => {
            bytes.push(9);
            bytes.extend_from_slice(content);
        }
        Value::Link(id) => {
            bytes.push(10);
            put_varint(bytes, zigzag(id.0));
        }
        Value::Reference(reference) => {
            bytes.push(11);
            put_varint(bytes, u64::from(reference.to.0));
            put_bytes(bytes, reference.key.as_bytes());
        }
        Value::List(items) => {
            bytes.push(12);
            put_varint(bytes, items.len() as u64);
            items.iter().for_each(|item| put_value(bytes, item));
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, CodecError> {
        let byte = self.bytes.get(self.at).copied().ok_or(CodecError::Truncated)?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], CodecError> {
        let end = self.at.checked_add(n).ok_or(CodecError::Truncated)?;
        let part = self.bytes.get(self.at..end).ok_or(CodecError::Truncated)?;
        self.at = end;
        Ok(part)
    }

    fn varint(&mut self) -> Result<u64, CodecError> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(n);
            }
        }
        Err(CodecError::Damaged(self.at))
    }

    /// A count, which can never be more than the bytes that are left.
    fn length(&mut self) -> Result<usize, CodecError> {
        let n = usize::try_from(self.varint()?).map_err(|_| CodecError::Truncated)?;
        if n > self.bytes.len() - self.at { Err(CodecError::Truncated) } else { Ok(n) }
    }

    fn text(&mut self) -> Result<&'a str, CodecError> {
        let n = self.length()?;
        let at = self.at;
        std::str::from_utf8(self.take(n)?).map_err(|_| CodecError::Damaged(at))
    }

    fn value(&mut self, depth: u8) -> Result<Value, CodecError> {
        let at = self.at;
        let damaged = CodecError::Damaged(at);
        Ok(match self.byte()? {
            0 => Value::Null,
            1 => Value::Bool(false),
            2 => Value::Bool(true),
            3 => Value::Int(unzigzag(self.varint()?)),
            4 => Value::Float(f64::from_bits(u64::from_le_bytes(
                self.take(8)?.try_into().map_err(|_| damaged)?,
            ))),
            5 => Value::Text(self.text()?.into()),
            6 => {
                let year = i16::try_from(unzigzag(self.varint()?)).map_err(|_| damaged)?;
                let month = self.byte()?.cast_signed();
                let day = self.byte()?.cast_signed();
                Value::Date(Date::new(year, month, day).map_err(|_| damaged)?)
            }
            7 => {
                let second = unzigzag(self.varint()?);
                let nanosecond = i32::try_from(unzigzag(self.varint()?)).map_err(|_| damaged)?;
                Value::DateTime(Timestamp::new(second, nanosecond).map_err(|_| damaged)?)
            }
            8 => {
                let n = self.length()?;
                Value::Binary(self.take(n)?.into())
            }
            9 => Value::Uuid(self.take(16)?.try_into().map_err(|_| damaged)?),
            10 => Value::Link(EntityId(unzigzag(self.varint()?))),
            11 => {
                let to = TypeId(u16::try_from(self.varint()?).map_err(|_| damaged)?);
                Value::Reference(Arc::new(Reference { to, key: self.text()?.into() }))
            }
            12 if depth < 4 => {
                let n = self.length()?;
                let items: Result<Vec<Value>, CodecError> =
                    (0..n).map(|_| self.value(depth + 1)).collect();
                Value::List(items?.into())
            }
            _ => return Err(damaged),
        })
    }
}

#[cfg(test)]
mod tests;
