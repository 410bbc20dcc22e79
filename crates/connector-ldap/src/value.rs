//! Values on their way into and out of a directory, where everything is bytes and most of it text.
//!
//! Booleans are `TRUE` and `FALSE` there, instants `20260131080000Z`; the repository's text forms are others.

use jiff::Timestamp;
use muster_model::{Value, ValueType};

/// The values of an attribute as the directory takes them; nothing for `Null` and for empty text.
pub(crate) fn to_directory(value: &Value) -> Vec<Vec<u8>> {
    value.items().iter().filter_map(one_to_directory).collect()
}

fn one_to_directory(value: &Value) -> Option<Vec<u8>> {
    let bytes = match value {
        Value::Null | Value::List(_) => return None,
        Value::Text(text) => text.as_bytes().to_vec(),
        Value::Bool(true) => b"TRUE".to_vec(),
        Value::Bool(false) => b"FALSE".to_vec(),
        Value::Binary(bytes) => bytes.to_vec(),
        Value::DateTime(at) => at.strftime("%Y%m%d%H%M%SZ").to_string().into_bytes(),
        Value::Int(_)
        | Value::Float(_)
        | Value::Date(_)
        | Value::Uuid(_)
        | Value::Link(_)
        | Value::Reference(_) => value.to_string().into_bytes(),
    };
    (!bytes.is_empty()).then_some(bytes)
}

/// The text form of a value that the directory sent; `None` when bytes came where text was wanted.
pub(crate) fn from_directory(bytes: &[u8], wanted: ValueType) -> Option<String> {
    if wanted == ValueType::Binary {
        return Some(Value::Binary(bytes.into()).to_string());
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let other = match wanted {
        ValueType::Bool => match text {
            "TRUE" => Some("true".to_owned()),
            "FALSE" => Some("false".to_owned()),
            _ => None,
        },
        ValueType::DateTime => generalized_time(text).map(|at| at.to_string()),
        ValueType::Date => generalized_time(text).map(|at| at.strftime("%Y-%m-%d").to_string()),
        ValueType::Uuid => Some(text.to_lowercase()),
        ValueType::Text
        | ValueType::Int
        | ValueType::Float
        | ValueType::Binary
        | ValueType::Link(_) => None,
    };
    Some(other.unwrap_or_else(|| text.to_owned()))
}

/// Reads generalized time (RFC 4517, 3.3.13) in the forms that directories write.
fn generalized_time(text: &str) -> Option<Timestamp> {
    let zoned = match text.strip_suffix('Z') {
        Some(plain) => format!("{plain}+0000"),
        None => text.to_owned(),
    };
    ["%Y%m%d%H%M%S%z", "%Y%m%d%H%M%S%.f%z", "%Y%m%d%H%M%z"]
        .iter()
        .find_map(|format| Timestamp::strptime(format, &zoned).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(value: &Value, wanted: ValueType) -> String {
        let bytes = to_directory(value);
        from_directory(&bytes[0], wanted).unwrap()
    }

    #[test]
    fn a_value_comes_back_in_the_text_form_that_it_is_compared_in() {
        let at: Timestamp = "2026-01-31T08:00:00Z".parse().unwrap();
        for (value, wanted) in [
            (Value::text("Ada"), ValueType::Text),
            (Value::Bool(true), ValueType::Bool),
            (Value::DateTime(at), ValueType::DateTime),
            (Value::Binary([0u8, 255].as_slice().into()), ValueType::Binary),
            (Value::Uuid([7; 16]), ValueType::Uuid),
            (Value::Int(-5), ValueType::Int),
        ] {
            assert_eq!(Value::text(there_and_back(&value, wanted)), value.to_wire_text());
        }
    }

    #[test]
    fn the_directorys_own_times_are_understood() {
        let read = |text: &str, wanted| from_directory(text.as_bytes(), wanted).unwrap();
        assert_eq!(read("20260131080000Z", ValueType::DateTime), "2026-01-31T08:00:00Z");
        assert_eq!(read("20260131080000.5Z", ValueType::DateTime), "2026-01-31T08:00:00.5Z");
        assert_eq!(read("202601310900+0100", ValueType::DateTime), "2026-01-31T08:00:00Z");
        assert_eq!(read("20260131080000Z", ValueType::Date), "2026-01-31");
        assert_eq!(read("soon", ValueType::DateTime), "soon");
    }

    #[test]
    fn bytes_that_are_no_text_are_only_read_as_binary() {
        assert_eq!(from_directory(&[0xff, 0xfe], ValueType::Text), None);
        assert_eq!(from_directory(&[0xff, 0xfe], ValueType::Binary).unwrap(), "fffe");
        assert!(to_directory(&Value::text("")).is_empty());
    }
}
