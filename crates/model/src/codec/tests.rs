use super::*;
use crate::{ValueType, parse_value};

fn samples() -> Vec<Value> {
    let mut values = vec![
        Value::Null,
        Value::Int(i64::MIN),
        Value::Int(i64::MAX),
        Value::Float(-0.0),
        Value::Link(EntityId(7)),
        Value::text("Žofie"),
        Value::Reference(Arc::new(Reference { to: TypeId(3), key: "D007".into() })),
        Value::List([Value::text("a"), Value::Int(2)].into()),
    ];
    for (text, wanted) in [
        ("true", ValueType::Bool),
        ("-0044-03-15", ValueType::Text),
        ("1969-12-31T23:59:59.5Z", ValueType::DateTime),
        ("2024-02-29", ValueType::Date),
        ("beef", ValueType::Binary),
        ("0190163d-8694-739b-aea5-966c26f8ad90", ValueType::Uuid),
    ] {
        values.push(parse_value(text, wanted).unwrap());
    }
    values
}

#[test]
fn what_was_written_is_read() {
    assert_eq!(decode_values(&encode_values(&samples())).unwrap(), samples());
}

#[test]
fn attributes_that_moved_or_went_are_still_read_right() {
    let row = Row {
        id: EntityId(1),
        type_id: TypeId(0),
        values: vec![Value::Int(1), Value::Int(2), Value::Int(3)],
        next_change: None,
    };
    let bytes = encode_row(&row, &AttributeNumbers::new(vec![0, 1, 2]), |_| true);
    let mut later = Row::empty(EntityId(1), TypeId(0), 3);
    decode_row(&bytes, &AttributeNumbers::new(vec![2, 5, 0]), &mut later).unwrap();
    assert_eq!(later.values, vec![Value::Int(3), Value::Null, Value::Int(1)]);
}

#[test]
fn damaged_bytes_are_an_error_and_never_a_panic() {
    let bytes = encode_values(&samples());
    for end in 0..bytes.len() {
        assert!(decode_values(&bytes[..end]).is_err());
    }
    for at in 0..bytes.len() {
        for flip in [1u8, 0x80, 0xff] {
            let mut broken = bytes.clone();
            broken[at] ^= flip;
            // Any answer will do, as long as there is one.
            drop(decode_values(&broken));
        }
    }
}
