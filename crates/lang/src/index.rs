//! Finds the tests by which conditions can be looked up instead of tried one by one.

use std::sync::Arc;

use muster_model::{Text, Value};

use crate::{
    code::{Code, Equality},
    program::{Inner, Path, Program},
    types::Type,
};

/// A test that must hold whenever the whole expression does, so that rules can be looked up by value.
#[derive(Debug, Clone)]
pub struct IndexKey {
    /// What is tested, as written; equal texts over the same environment are the same thing.
    pub text: Text,
    /// Computes the value that is tested.
    pub value: Program,
    /// The test.
    pub test: IndexTest,
}

/// See [`IndexKey`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexTest {
    /// The value equals one of these (`==`, `in [..]`).
    OneOf(Vec<Value>),
    /// The text starts with this (`startsWith`).
    Prefix(Text),
}

/// A test before its value is a program of its own.
struct Found<'c> {
    code: &'c Code,
    test: IndexTest,
}

/// The best test of a condition: the fewest values, then the longest beginning.
pub(crate) fn best(inner: &Inner) -> Option<IndexKey> {
    let single = [(&inner.code, inner.paths.as_slice())];
    let several: Vec<(&Code, &[Path])> =
        inner.parts.iter().map(|part| (&part.code, part.paths.as_slice())).collect();
    let parts = if several.is_empty() { single.as_slice() } else { several.as_slice() };
    let (found, paths) = parts
        .iter()
        .filter_map(|(code, paths)| Some((test_of(code)?, *paths)))
        .min_by_key(|(found, _)| rank(&found.test))?;
    // A part with one test reads one path; through `||` it is the same one each time.
    let path = paths.first()?.clone();
    let lowered = matches!(found.code, Code::Call(..));
    let text: Text =
        if lowered { format!("lower({})", path.text).into() } else { path.text.clone() };
    let value = Program {
        inner: Arc::new(Inner {
            schema: Arc::clone(&inner.schema),
            source: text.clone(),
            ty: if lowered { Type::TEXT } else { type_of(&path, inner) },
            code: found.code.clone(),
            paths: vec![path],
            now: false,
            zoned: false,
            parts: Vec::new(),
        }),
    };
    Some(IndexKey { text, value, test: found.test })
}

fn rank(test: &IndexTest) -> (u8, usize) {
    match test {
        IndexTest::OneOf(values) => (0, values.len()),
        IndexTest::Prefix(text) => (1, usize::MAX - text.len()),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only what is listed can be looked up")]
fn test_of(code: &Code) -> Option<Found<'_>> {
    match code {
        Code::Equal(Equality::Same, true, sides) => {
            let [a, b] = &**sides;
            let (path, literal) = match (a.literal(), b.literal()) {
                (None, Some(literal)) => (a, literal),
                (Some(literal), None) => (b, literal),
                _ => return None,
            };
            let test = IndexTest::OneOf(vec![literal.clone()]);
            is_key(path).then_some(Found { code: path, test })
        }
        Code::In(Equality::Same, sides) => {
            let [item, list] = &**sides;
            let values = list.literal()?.items().to_vec();
            let usable = is_key(item) && values.iter().all(|value| !value.is_null());
            usable.then_some(Found { code: item, test: IndexTest::OneOf(values) })
        }
        Code::Call(function, args) if function.name == "startsWith" => {
            let [text, prefix] = args.as_slice() else { return None };
            let prefix = prefix.literal()?.as_text()?.clone();
            is_key(text).then_some(Found { code: text, test: IndexTest::Prefix(prefix) })
        }
        Code::Or(parts) => {
            let mut found = parts.iter().map(test_of);
            let mut all = found.next()??;
            for next in found {
                let next = next?;
                let (IndexTest::OneOf(values), IndexTest::OneOf(more)) = (&mut all.test, next.test)
                else {
                    return None;
                };
                if !same(all.code, next.code) {
                    return None;
                }
                values.extend(more);
            }
            Some(all)
        }
        _ => None,
    }
}

/// A path, or the lower-case form of one.
fn is_key(code: &Code) -> bool {
    if let Code::Call(function, args) = code {
        return function.name == "lower" && args.first().is_some_and(Code::is_path);
    }
    code.is_path()
}

/// Whether two keys are the same.
fn same(a: &Code, b: &Code) -> bool {
    match (a, b) {
        (Code::Variable(a), Code::Variable(b)) => a == b,
        (Code::Column(a, c), Code::Column(b, d)) => a == b && c == d,
        (Code::Own(a, s), Code::Own(b, t)) => a == b && s == t,
        (Code::Attribute(a, s), Code::Attribute(b, t)) => s == t && same(a, b),
        (Code::Call(f, a), Code::Call(g, b)) => {
            f.name == g.name && a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        _ => false,
    }
}

fn type_of(path: &Path, inner: &Inner) -> Type {
    path.steps
        .last()
        .and_then(|(type_id, slot)| inner.schema.attribute(*type_id, *slot))
        .map_or(Type::TEXT, |attribute| Type::of(attribute.value_type, attribute.many))
}
