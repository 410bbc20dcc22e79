use super::*;

#[test]
fn every_scalar_prints_what_it_was_read_from() {
    for (text, wanted) in [
        ("true", ValueType::Bool),
        ("-42", ValueType::Int),
        ("4.25", ValueType::Float),
        ("Ada", ValueType::Text),
        ("2026-02-28", ValueType::Date),
        ("2026-02-28T08:00:00Z", ValueType::DateTime),
        ("00ff10", ValueType::Binary),
        ("0190163d-8694-739b-aea5-966c26f8ad90", ValueType::Uuid),
    ] {
        assert_eq!(parse_value(text, wanted).unwrap().to_string(), text);
    }
}

#[test]
fn a_day_that_does_not_exist_is_refused_with_the_form_that_is_accepted() {
    let error = parse_value("2026-02-30", ValueType::Date).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`2026-02-30` is not a valid date: write the day as YYYY-MM-DD; other forms are read with `date(text, format)`"
    );
}

#[test]
fn empty_text_is_no_value_for_every_type() {
    assert_eq!(parse_value("", ValueType::Int), Ok(Value::Null));
    assert_eq!(Value::text("").to_wire_text(), Value::Null);
}

#[test]
fn a_set_has_one_order_and_no_doubles() {
    let set = |items: &[&str]| Value::set(items.iter().map(|t| Value::text(*t)).collect());
    assert_eq!(set(&["b", "a", "b"]), set(&["a", "b"]));
    assert_eq!(set(&[]), Value::Null);
}
