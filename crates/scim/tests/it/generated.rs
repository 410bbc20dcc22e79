//! Properties that hold for any filter and any two states of a resource.

use muster_scim::{
    AttributePath, Comparison, Filter, Literal, MakeMissing, Patch, Style, diff, normalize,
    parse_filter, parse_path,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn name() -> impl Strategy<Value = String> {
    "[a-z][a-zA-Z0-9_-]{0,6}".prop_filter("no keyword", |name| name != "not")
}

fn attribute() -> impl Strategy<Value = AttributePath> {
    let schema = prop_oneof![
        Just(None),
        Just(Some("urn:ietf:params:scim:schemas:core:2.0:User".to_owned())),
        Just(Some("urn:x:y".to_owned())),
    ];
    (schema, name(), proptest::option::of(name())).prop_map(|(schema, name, sub)| AttributePath {
        schema,
        name,
        sub,
    })
}

fn comparison() -> impl Strategy<Value = Filter> {
    let operator = proptest::sample::select(vec![
        Comparison::Eq,
        Comparison::Ne,
        Comparison::Co,
        Comparison::Sw,
        Comparison::Ew,
        Comparison::Gt,
        Comparison::Ge,
        Comparison::Lt,
        Comparison::Le,
    ]);
    let literal = prop_oneof![
        any::<String>().prop_map(Literal::Text),
        any::<i64>().prop_map(|number| Literal::Number(number.into())),
        any::<bool>().prop_map(Literal::Boolean),
        Just(Literal::Null),
    ];
    prop_oneof![
        (attribute(), operator, literal)
            .prop_map(|(path, op, literal)| Filter::Compare(path, op, literal)),
        attribute().prop_map(Filter::Present),
    ]
}

fn joined(leaf: impl Strategy<Value = Filter> + 'static) -> impl Strategy<Value = Filter> {
    leaf.prop_recursive(4, 24, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            pair.clone().prop_map(|(a, b)| Filter::And(Box::new(a), Box::new(b))),
            pair.prop_map(|(a, b)| Filter::Or(Box::new(a), Box::new(b))),
            inner.prop_map(|a| Filter::Not(Box::new(a))),
        ]
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    let whole = attribute().prop_map(|path| AttributePath { sub: None, ..path });
    let values = (whole, joined(comparison()))
        .prop_map(|(path, inner)| Filter::Values(path, Box::new(inner)));
    joined(prop_oneof![3 => comparison(), 1 => values])
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-c]{0,2}".prop_map(|text| json!(text)),
        (0..3).prop_map(|number| json!(number)),
        any::<bool>().prop_map(|flag| json!(flag)),
        Just(Value::Null),
    ]
}

fn object() -> impl Strategy<Value = Value> {
    let kind = proptest::option::of(prop_oneof![Just("work"), Just("home")]);
    (kind, proptest::option::of("[ab]"), proptest::option::of(scalar()), any::<bool>()).prop_map(
        |(kind, value, display, primary)| {
            json!({"type": kind, "value": value, "display": display, "primary": primary.then_some(true)})
        },
    )
}

fn resource() -> impl Strategy<Value = Value> {
    let attribute = prop_oneof![
        scalar(),
        object(),
        proptest::collection::vec(object(), 0..4).prop_map(Value::Array),
        proptest::collection::vec(scalar(), 0..3).prop_map(Value::Array),
    ];
    let key = prop_oneof![
        Just("userName".to_owned()),
        Just("emails".to_owned()),
        Just("name".to_owned()),
        Just("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User".to_owned()),
        Just("urn:x:2.0:Other".to_owned()),
    ];
    proptest::collection::btree_map(key, attribute, 0..5)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

/// The same with every list in one order, which does not count.
fn sorted(mut value: Value) -> Value {
    fn sort(value: &mut Value) {
        match value {
            Value::Array(items) => {
                items.iter_mut().for_each(sort);
                items.sort_by_key(ToString::to_string);
            }
            Value::Object(map) => map.values_mut().for_each(sort),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    normalize(&mut value);
    sort(&mut value);
    value
}

proptest! {
    #[test]
    fn a_printed_filter_is_read_as_the_same_filter(filter in filter()) {
        prop_assert_eq!(parse_filter(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn a_printed_path_is_read_as_the_same_path(
        attribute in attribute(),
        inner in proptest::option::of(joined(comparison())),
    ) {
        let path = muster_scim::Path { attribute, filter: inner };
        prop_assert_eq!(parse_path(&path.to_string()), Ok(path));
    }

    #[test]
    fn no_text_makes_the_parser_fall_over(text in ".{0,60}") {
        drop((parse_filter(&text), parse_path(&text)));
    }

    #[test]
    fn the_difference_applied_to_the_former_state_is_the_latter(
        before in resource(),
        after in resource(),
        entra in any::<bool>(),
    ) {
        let style = if entra { Style::Entra } else { Style::Rfc };
        let patch = diff(&before, &after, style);
        let sent = if entra { patch.to_entra_json() } else { patch.to_json() };
        let mut reached = before;
        normalize(&mut reached);
        Patch::from_json(&sent).unwrap().apply(&mut reached, MakeMissing::No).unwrap();
        prop_assert_eq!(sorted(reached), sorted(after), "{}", sent);
    }

    #[test]
    fn a_resource_differs_from_itself_in_nothing(resource in resource()) {
        prop_assert_eq!(diff(&resource, &resource, Style::Rfc).operations, vec![]);
    }
}
