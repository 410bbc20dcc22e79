//! Nothing that can be written overflows, panics or takes for ever.

use proptest::prelude::*;

use super::support::{check, env, now, print, with_frame};
use crate::{Clock, compile};

/// The first problem's code, or the type.
fn outcome(source: &str) -> String {
    match compile(source, &env(), None) {
        Ok(_) => "fine".to_owned(),
        Err(problems) => problems.first().map_or("no problem", |problem| problem.code).to_owned(),
    }
}

#[test]
fn brackets_may_be_nested_64_deep() {
    let nested =
        |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
    assert_eq!(outcome(&nested("(", ")", 64)), "fine");
    assert_eq!(outcome(&nested("(", ")", 65)), "E0302");
    assert_eq!(outcome(&nested("[", "]", 64)), "fine");
    assert_eq!(outcome(&nested("abs(", ")", 64)), "fine");
    for n in [65, 500, 2000] {
        for (open, close) in
            [("(", ")"), ("[", "]"), ("{", "}"), ("abs(", ")"), ("-(", ")"), ("[(", ")]")]
        {
            assert_eq!(outcome(&nested(open, close, n)), "E0302", "{open} {n}");
            assert!(outcome(&open.repeat(n)).starts_with("E03"), "{open} {n}");
        }
    }
}

#[test]
fn the_deepest_expression_that_is_allowed_fits_a_small_stack() {
    let worst = [
        format!("{}level{}", "(".repeat(62), " + 1)".repeat(62)),
        format!("{}1{}", "(1 + ".repeat(62), ")".repeat(62)),
        format!("{}level == 1{}", "!(".repeat(62), ")".repeat(62)),
        format!("person{}", ".manager".repeat(120)),
        format!("{}1", "1 + ".repeat(120)),
        format!("{}1", "true ? 1 : ".repeat(60)),
        format!("{}1{}", "[".repeat(60), "][0]".repeat(60)),
        format!("title{}", ".lower()".repeat(60)),
        "true || ".repeat(700) + "true",
        format!("{}level", "-".repeat(125)),
        format!("{}title{}", "lower(".repeat(62), ")".repeat(62)),
        format!("{}title{}", "default(null, [".repeat(31), "][0])".repeat(31)),
        format!("{}title{}", "default(".repeat(40), " + title, title + title)".repeat(40)),
    ];
    let run = move || {
        for source in worst {
            assert_eq!(outcome(&source), "fine", "{source}");
            let program = compile(&source, &env(), None).unwrap();
            with_frame(&Clock::new(now()), |frame| {
                drop((program.eval(frame), program.conditions(frame)));
            });
        }
    };
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(run).unwrap().join().unwrap();
}

#[test]
fn what_is_hardly_nested_needs_little_stack() {
    let run = || {
        for source in
            ["lower(lower(lower(lower(title))))", "((((level))))", "lower(a.b) == 'x'", "[[[[1]]]]"]
        {
            assert_ne!(outcome(source), "E0302", "{source}");
        }
    };
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(run).unwrap().join().unwrap();
}

#[test]
fn long_chains_are_refused() {
    assert_eq!(outcome(&format!("a{}", ".a".repeat(3000))), "E0302");
    assert_eq!(outcome(&format!("{}1", "1 + ".repeat(1000))), "E0302");
    assert_eq!(outcome(&format!("{}true", "!".repeat(4000))), "E0302");
    assert_eq!(outcome(&format!("{}1", "true ? 1 : ".repeat(100))), "E0302");
    assert_eq!(outcome(&format!("title{}", ".lower()".repeat(300))), "E0302");
    assert_eq!(outcome(&format!("phones{}", "[0]".repeat(300))), "E0302");
    assert_eq!(outcome(&"true && ".repeat(2000)), "E0302");
    assert_eq!(outcome(&"x".repeat(10_000)), "E0302");
    assert_eq!(outcome(&format!("[{}]", "1,".repeat(1400))), "E0302");
}

#[test]
fn macros_may_be_nested_three_deep() {
    let nested = |n: usize| {
        let open: Vec<String> = (0..n).map(|i| format!("[1].exists(x{i}, ")).collect();
        format!("{}true{}", open.concat(), ")".repeat(n))
    };
    assert_eq!(outcome(&nested(3)), "fine");
    assert_eq!(outcome(&nested(4)), "E0302");
}

#[test]
fn regular_expressions_are_bounded() {
    assert_eq!(outcome("title.matches('(a{1000}){1000}')"), "E0404");
    assert_eq!(outcome("title.matches('(a+)+$')"), "fine");
    assert_eq!(
        check("title.matches('(a')"),
        "E0404 at `'(a'`: the regular expression cannot be used: unclosed group (write it as r'…', so that `\\` stays what it is)"
    );
}

/// Pieces that make expressions, in any order.
const PIECES: [&str; 52] = [
    "person",
    "record",
    ".",
    "title",
    "department",
    "positions",
    "manager",
    "phones",
    "level",
    "now",
    "==",
    "!=",
    "<",
    ">=",
    "&&",
    "||",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "?",
    ":",
    "(",
    ")",
    "[",
    "]",
    ",",
    " ",
    "in",
    "'a'",
    "\"b\"",
    "1",
    "2.5",
    "0x1F",
    "null",
    "true",
    "exists",
    "map",
    "filter",
    "has",
    "size",
    "join",
    "start_of",
    "x",
    "{",
    "}",
    "link('department', ",
    "ü",
    "\\",
    "//",
];

/// Sound expressions of a type, from which larger ones are made.
pub(super) fn sound() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        Just("title".to_owned()),
        Just("manager.title".to_owned()),
        Just("'x'".to_owned()),
        Just("null".to_owned()),
        Just("record.emp_no".to_owned()),
        Just("join(phones, '')".to_owned()),
    ];
    text.prop_recursive(5, 40, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} + {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("default({a}, {b})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} == {b} ? {b} : {c})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("replace({a}, {b}, {c})")),
            (inner.clone(), any::<i64>()).prop_map(|(a, n)| format!("substring({a}, {n})")),
            (inner.clone(), any::<i64>(), inner.clone())
                .prop_map(|(a, n, c)| format!("pad_left({a}, {n}, {c})")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("join(split({a}, {b}).map(x, x + {b}), 'ä')")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("(split({a}, '').exists(x, x == {b}) ? {a} : null)")),
            (inner.clone(), any::<i64>())
                .prop_map(|(a, n)| format!("string(int(default({a}, title)) / {n} - level)")),
            (inner.clone(), any::<i64>()).prop_map(|(a, n)| format!(
                "format(add_months(date(default({a}, title)), {n}), '%Y')"
            )),
            inner.clone().prop_map(|a| format!("ascii(upper(capitalize({a})))")),
            inner.clone().prop_map(|a| format!("hash(slug(initials({a})), 3)")),
            inner.prop_map(|a| format!("dn('uid', {a}, 'ou=people')")),
        ]
    })
}

/// Compiles and, if that works, evaluates; the problems must point into the text.
fn survives(source: &str) {
    match compile(source, &env(), None) {
        Ok(program) => with_frame(&Clock::new(now()), |frame| {
            let value = program.eval(frame);
            assert_eq!(program.holds(frame), value == muster_model::Value::Bool(true));
            drop((program.conditions(frame), program.constant(), program.index_key()));
        }),
        Err(problems) => {
            assert!(!problems.is_empty(), "{source}: refused without a problem");
            assert!(!print(source, &problems).contains("OUT OF RANGE"), "{source}: {problems:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(source in "\\PC{0,60}") {
        survives(&source);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_order_of_pieces_is_read_or_refused(pieces in proptest::collection::vec(0..PIECES.len(), 0..30)) {
        let source: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        survives(&source);
    }

    #[test]
    fn sound_expressions_compile_and_evaluate(source in sound()) {
        match compile(&source, &env(), None) {
            Ok(_) => survives(&source),
            Err(problems) => {
                // Only what is too deep or too long may be refused.
                let all = problems.iter().all(|problem| problem.code == "E0302");
                prop_assert!(all, "{}", print(&source, &problems));
            }
        }
    }
}
