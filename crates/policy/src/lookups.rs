//! Conditions that are looked up by the values they test instead of tried one by one.

use muster_lang::{Frame, IndexTest, Program};
use muster_model::{Fingerprint, Hasher, Text, Value};
use rustc_hash::FxHashMap;

/// Conditions over one environment, each with a position that says whose it is.
#[derive(Debug, Default)]
pub struct Lookups {
    /// Tests shared by many conditions: the value is computed once and looked up.
    tests: Vec<Test>,
    /// Those that cannot be looked up and are always tried.
    always: Vec<usize>,
}

#[derive(Debug)]
struct Test {
    text: Text,
    value: Program,
    equal: FxHashMap<Fingerprint, Vec<usize>>,
    prefixes: Vec<(Text, usize)>,
    all: Vec<usize>,
}

/// What becomes of conditions whose tested value is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// They do not hold, so they are no candidates.
    Fails,
    /// Nobody knows, so they are candidates.
    Counts,
}

impl Lookups {
    /// Adds a condition; positions come in rising order. Without one, `position` is always a candidate.
    pub fn add(&mut self, position: usize, condition: Option<&Program>) {
        let Some(key) = condition.and_then(Program::index_key) else {
            self.always.push(position);
            return;
        };
        let at = self.tests.iter().position(|test| test.text == key.text).unwrap_or_else(|| {
            self.tests.push(Test {
                text: key.text.clone(),
                value: key.value.clone(),
                equal: FxHashMap::default(),
                prefixes: Vec::new(),
                all: Vec::new(),
            });
            self.tests.len() - 1
        });
        let Some(test) = self.tests.get_mut(at) else { return };
        test.all.push(position);
        match key.test {
            IndexTest::OneOf(values) => {
                for value in values {
                    let positions = test.equal.entry(fingerprint(&value)).or_default();
                    if positions.last() != Some(&position) {
                        positions.push(position);
                    }
                }
            }
            IndexTest::Prefix(prefix) => test.prefixes.push((prefix, position)),
        }
    }

    /// Calls `each` with every position whose condition may hold. Whoever is not called for does not.
    pub fn candidates(&self, frame: &Frame<'_>, missing: Missing, mut each: impl FnMut(usize)) {
        for test in &self.tests {
            let value = test.value.eval(frame);
            if value.is_null() {
                if missing == Missing::Counts {
                    test.all.iter().copied().for_each(&mut each);
                }
                continue;
            }
            if let Some(positions) = test.equal.get(&fingerprint(&value)) {
                positions.iter().copied().for_each(&mut each);
            }
            if let Some(text) = value.as_text() {
                let begun = test.prefixes.iter().filter(|(prefix, _)| text.starts_with(&**prefix));
                begun.map(|(_, position)| *position).for_each(&mut each);
            }
        }
        self.always.iter().copied().for_each(&mut each);
    }
}

fn fingerprint(value: &Value) -> Fingerprint {
    let mut hasher = Hasher::new();
    value.fingerprint(&mut hasher);
    hasher.finish()
}
