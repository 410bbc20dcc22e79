//! Values on their way into and out of a directory, where everything is bytes and most of it text.
//!
//! Booleans are `TRUE` and `FALSE` there, instants `20260131080000Z`, pictures bytes; what is compared is the
//! repository's text form of them. Which attribute is of which kind the directory's schema says.

use jiff::{Timestamp, civil::Date};
use muster_model::{Value, ValueType, parse_value};

/// The values of an attribute of that kind as the directory takes them; nothing for `Null` and for empty text.
pub(crate) fn to_directory(value: &Value, kind: ValueType) -> Vec<Vec<u8>> {
    value.items().iter().filter_map(|value| one_to_directory(value, kind)).collect()
}

fn one_to_directory(value: &Value, kind: ValueType) -> Option<Vec<u8>> {
    if let Value::Binary(bytes) = value {
        return Some(bytes.to_vec());
    }
    let Value::Text(text) = value.to_wire_text() else { return None };
    let other = match kind {
        ValueType::Bool => match &*text {
            "true" => Some(b"TRUE".to_vec()),
            "false" => Some(b"FALSE".to_vec()),
            _ => None,
        },
        ValueType::DateTime => to_generalized_time(&text).map(String::into_bytes),
        ValueType::Binary => match parse_value(&text, ValueType::Binary) {
            Ok(Value::Binary(bytes)) => Some(bytes.to_vec()),
            Ok(_) | Err(_) => None,
        },
        ValueType::Text
        | ValueType::Int
        | ValueType::Float
        | ValueType::Date
        | ValueType::Uuid
        | ValueType::Link(_) => None,
    };
    Some(other.unwrap_or_else(|| text.as_bytes().to_vec()))
}

fn to_generalized_time(text: &str) -> Option<String> {
    let instant = text.parse::<Timestamp>().map(|at| at.strftime("%Y%m%d%H%M%SZ").to_string());
    instant
        .or_else(|_| text.parse::<Date>().map(|day| day.strftime("%Y%m%d000000Z").to_string()))
        .ok()
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

    #[test]
    fn a_value_comes_back_in_the_text_form_that_it_is_compared_in() {
        let at: Timestamp = "2026-01-31T08:00:00Z".parse().unwrap();
        for (value, kind) in [
            (Value::text("Ada"), ValueType::Text),
            (Value::Bool(true), ValueType::Bool),
            (Value::DateTime(at), ValueType::DateTime),
            (Value::Binary([0u8, 255].as_slice().into()), ValueType::Binary),
            (Value::Uuid([7; 16]), ValueType::Uuid),
            (Value::Int(-5), ValueType::Int),
        ] {
            let text = value.to_wire_text();
            // Whether it is handed over as a value or as its text, and whether the directory has a syntax for it.
            for (given, known) in [(&value, kind), (&text, kind), (&text, ValueType::Text)] {
                if known != kind && kind == ValueType::Binary {
                    continue;
                }
                let bytes = to_directory(given, known);
                assert_eq!(Value::text(from_directory(&bytes[0], kind).unwrap()), text);
            }
        }
    }

    #[test]
    fn the_directory_gets_its_own_forms_where_its_syntax_asks_for_them() {
        let sent = |text: &str, kind| {
            String::from_utf8(to_directory(&Value::text(text), kind).remove(0)).unwrap()
        };
        assert_eq!(sent("true", ValueType::Bool), "TRUE");
        assert_eq!(sent("true", ValueType::Text), "true");
        assert_eq!(sent("2026-01-31T09:00:00+01:00", ValueType::DateTime), "20260131080000Z");
        assert_eq!(sent("2026-01-31", ValueType::DateTime), "20260131000000Z");
        assert_eq!(sent("20260131080000Z", ValueType::DateTime), "20260131080000Z");
        assert_eq!(to_directory(&Value::text("00ff"), ValueType::Binary), [vec![0, 255]]);
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
        assert!(to_directory(&Value::text(""), ValueType::Text).is_empty());
    }
}
