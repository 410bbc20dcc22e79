//! What the notation means, and that every form of the table is read.

use serde_json::json;

use super::*;
use crate::{forms::FORMS, operation::Answered, operations};

#[test]
fn the_notation_says_what_may_be_null_left_out_or_come_often() {
    let form = Form::read("a:text b:int?* c:flag[]* d:x|y*");
    assert_eq!(form.check(&json!({ "a": "1" })), Ok(()));
    assert_eq!(form.check(&json!({ "a": "1", "b": 1.0 })), Ok(()));
    assert_eq!(form.check(&json!({ "a": "1", "b": null, "c": [true], "d": "y" })), Ok(()));
    for (wrong, why) in [
        (json!({}), "`a` is missing"),
        (json!({ "a": null }), "`a`: text is needed"),
        (json!({ "a": "1", "b": "2" }), "`b`: a whole number is needed"),
        (json!({ "a": "1", "b": 1e16 }), "`b`: a whole number is needed"),
        (json!({ "a": "1", "b": 1.5 }), "`b`: a whole number is needed"),
        (json!({ "a": "1", "c": [1] }), "`c`: `true` or `false` is needed"),
        (json!({ "a": "1", "d": "z" }), "`d`: possible: x, y"),
        (json!({ "a": "1", "e": 1 }), "there is no field `e`; possible: a, b, c, d"),
        (json!([]), "an object is needed"),
    ] {
        assert_eq!(form.check(&wrong), Err(why.to_owned()));
    }
}

#[test]
fn texts_and_lists_of_requests_have_an_end() {
    let form = Form::read("a:text b:int[]* c:int[+]*");
    assert!(form.check_request(&json!({ "a": "", "c": [] })).is_err());
    assert_eq!(form.request_schema()["properties"]["b"]["maxItems"], 1000);
    assert!(form.check_request(&json!({ "a": "x".repeat(2001) })).is_err());
    assert!(form.check_request(&json!({ "a": "\0" })).is_err());
    assert!(form.check_request(&json!({ "a": "", "b": vec![1; 1001] })).is_err());
    assert!(form.check_request(&json!({ "a": "x".repeat(2000), "b": vec![1; 1000] })).is_ok());
}

#[test]
fn what_the_document_says_of_a_text_is_what_is_checked() {
    let fits = |shape: &'static str, text: &str| Shape::read(shape).check(&json!(text)).is_ok();
    for (shape, right, wrong) in [
        ("text", ["", "a\nb", "é"], ["\0", "a\0b", "\0\0"]),
        ("filled", ["a", " a\n", "\u{a0}é"], ["", " \t\n", "a\0"]),
        ("client", ["a", "A.b_c-9", "0"], ["", "a b", "ä"]),
        ("cursor", ["c0", "c42", "c999999999999999999"], ["42", "c", "c-1"]),
    ] {
        assert!(right.iter().all(|text| fits(shape, text)), "{shape}");
        assert!(wrong.iter().all(|text| !fits(shape, text)), "{shape}");
    }
    assert_eq!(Shape::Instant.check(&json!("9999-12-31T23:59:59-01:00")), Ok(()));
    assert!(Shape::Instant.check(&json!("9999-12-31")).is_err());
}

#[test]
fn a_number_has_one_way_to_be_written_in_an_address() {
    assert_eq!(Shape::Int.of_text("12"), Ok(json!(12)));
    for wrong in ["+1", "01", "1.0", " 1", "", "9007199254740993"] {
        assert!(Shape::Int.of_text(wrong).is_err(), "{wrong}");
    }
    assert!(Shape::Limit.of_text("1001").is_err() && Shape::Limit.of_text("0").is_err());
    assert!(Shape::Instant.of_text("2027-02-01T08:00:00Z").is_ok());
    assert!(Shape::Instant.of_text("tomorrow").is_err());
}

fn known(shape: &Shape) {
    if let Shape::Named(name) = shape {
        assert!(forms::form(name).is_some(), "there is no form {name}");
    } else if let Shape::List(of) | Shape::Nullable(of) = shape {
        known(of);
    } else if let Shape::Words(words) = shape {
        assert!(words.contains('|'), "{words} is no shape");
    }
}

#[test]
fn every_shape_of_the_table_is_known() {
    for (name, _, notation) in FORMS {
        let form = Form::read(notation);
        assert!(!form.0.is_empty(), "{name}");
        form.0.iter().for_each(|field| known(&field.shape));
    }
    for operation in operations() {
        let body = operation.body.iter().flat_map(|body| &body.0);
        body.chain(&operation.query.0).for_each(|field| known(&field.shape));
        match &operation.answered {
            Answered::One(shape) | Answered::List(shape) => known(shape),
            Answered::Lines | Answered::File(_) | Answered::Job => {}
        }
    }
}
