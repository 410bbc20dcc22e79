//! The `cel` crate's interpreter as an oracle: without `null`, both languages agree.

use proptest::prelude::*;

use super::support::{now, show, with_frame};
use crate::{Clock, compile};

/// Whole numbers, texts and conditions over literals only; what both languages have.
fn int() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (-20_i64..20).prop_map(|n| format!("({n})")),
        Just("9223372036854775807".to_owned())
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (
                inner.clone(),
                prop_oneof![Just("+"), Just("-"), Just("*"), Just("/"), Just("%")],
                inner.clone()
            )
                .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (condition_of(inner.clone()), inner.clone(), inner.clone())
                .prop_map(|(c, a, b)| format!("({c} ? {a} : {b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            text().prop_map(|text| format!("size({text})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("[{a}, {b}].map(x, x + 1)[1]")),
        ]
    })
}

fn condition_of(
    int: impl Strategy<Value = String> + Clone + 'static,
) -> impl Strategy<Value = String> {
    let operator =
        prop_oneof![Just("=="), Just("!="), Just("<"), Just("<="), Just(">"), Just(">=")];
    (int.clone(), operator, int).prop_map(|(a, op, b)| format!("({a} {op} {b})"))
}

fn text() -> impl Strategy<Value = String> {
    let leaf =
        prop_oneof![Just("''".to_owned()), "[a-cäß]{1,3}".prop_map(|text| format!("'{text}'"))];
    leaf.prop_recursive(3, 8, 2, |inner| {
        (inner.clone(), inner).prop_map(|(a, b)| format!("({a} + {b})"))
    })
}

fn condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        condition_of(int().boxed()),
        (text(), prop_oneof![Just("=="), Just("!="), Just("<"), Just(">=")], text())
            .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        (text(), text()).prop_map(|(a, b)| format!("{a}.startsWith({b})")),
        (text(), text()).prop_map(|(a, b)| format!("{a}.contains({b})")),
        (text(), text()).prop_map(|(a, b)| format!("{a}.endsWith({b})")),
        (text(), text(), text()).prop_map(|(a, b, c)| format!("({a} in [{b}, {c}])")),
        text().prop_map(|a| format!("{a}.matches('^a+[bß]')")),
        (text(), text()).prop_map(|(a, b)| format!("[{a}, {b}].exists(x, x == 'a')")),
        (text(), text()).prop_map(|(a, b)| format!("[{a}, {b}].all(x, x.contains('a'))")),
        (text(), text()).prop_map(|(a, b)| format!("[{a}, {b}].exists_one(x, x < 'b')")),
        (text(), text()).prop_map(|(a, b)| format!("(size([{a}, {b}].filter(x, x > 'b')) == 1)")),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

/// What the interpreter says, on a stack that is large enough for whatever was drawn.
fn theirs(source: &str) -> Option<String> {
    std::thread::scope(|scope| {
        let run = std::thread::Builder::new().stack_size(64 << 20);
        run.spawn_scoped(scope, || interpreted(source)).unwrap().join().unwrap()
    })
}

fn interpreted(source: &str) -> Option<String> {
    let program = cel::Program::compile(source).unwrap();
    let value = program.execute(&cel::Context::default()).ok()?;
    if let cel::Value::Int(i) = value {
        return Some(i.to_string());
    }
    if let cel::Value::Bool(holds) = value {
        return Some(holds.to_string());
    }
    let cel::Value::String(text) = value else { panic!("{source}: {value:?}") };
    Some(format!("'{text}'"))
}

fn ours(source: &str) -> Option<String> {
    let env = super::support::env();
    match compile(source, &env, None) {
        Ok(program) => Some(with_frame(&Clock::new(now()), |frame| show(&program.eval(frame)))),
        Err(problems) if problems.iter().all(|problem| problem.code == "E0302") => None,
        Err(problems) => panic!("{}", super::support::print(source, &problems)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Where theirs is an error (overflow, division by zero), ours goes on with `null`; there is nothing to compare.
    #[test]
    fn whole_numbers_agree_with_the_interpreter(source in int()) {
        if let (Some(ours), Some(theirs)) = (ours(&source), theirs(&source)) {
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn conditions_agree_with_the_interpreter(source in condition()) {
        if let (Some(ours), Some(theirs)) = (ours(&source), theirs(&source)) {
            prop_assert_eq!(ours, theirs);
        }
    }
}

#[test]
fn an_error_of_the_interpreter_is_null_here() {
    for source in ["1 / 0", "1 % 0", "9223372036854775807 + 1", "[1][5]"] {
        assert_eq!(theirs(source), None, "{source}");
        assert_eq!(ours(source).as_deref(), Some("null"), "{source}");
    }
}
