//! From good input to damaged input, by number: the same seed, corpus and number always give the same bytes.

/// No input is longer: what reads from the network is limited before it parses.
const LONGEST: usize = 1 << 17;

/// A small generator of numbers (`SplitMix64`); good enough to choose, and the same everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// A generator for the input `number` of a run with `seed`.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `n`; 0 when `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % n).unwrap_or_default()
    }

    fn one_of<'a, T: ?Sized>(&mut self, things: &[&'a T]) -> Option<&'a T> {
        things.get(self.below(things.len())).copied()
    }

    /// Two places of a text of `n` bytes, in order.
    fn range(&mut self, n: usize) -> std::ops::Range<usize> {
        let (one, other) = (self.below(n + 1), self.below(n + 1));
        one.min(other)..one.max(other)
    }
}

/// Damages an input of `corpus` with words of the format.
pub(crate) fn mutate(dice: &mut Dice, corpus: &[Vec<u8>], words: &[&str]) -> Vec<u8> {
    let pick = dice.below(corpus.len());
    let mut input = corpus.get(pick).cloned().unwrap_or_default();
    for _ in 0..=dice.below(6) {
        let at = dice.range(input.len());
        match dice.below(8) {
            0 => drop(input.drain(at)),
            1 => flip(dice, &mut input),
            2 => {
                let byte = u8::try_from(dice.below(256)).unwrap_or_default();
                input.insert(at.start, byte);
            }
            3 => {
                let word = dice.one_of(words).unwrap_or_default().as_bytes().to_vec();
                drop(input.splice(at.start..at.start, word));
            }
            4 => {
                let word = dice.one_of(words).unwrap_or_default().as_bytes().to_vec();
                drop(input.splice(at, word));
            }
            // Deep nesting and long runs are what ends a program that is written with care elsewhere.
            5 => {
                let times = 1 << dice.below(16);
                let word = dice.one_of(words).unwrap_or_default();
                let start = at.start;
                drop(input.splice(start..start, word.repeat(times).into_bytes()));
            }
            6 => {
                let part = input.get(at.clone()).unwrap_or_default().repeat(1 << dice.below(8));
                drop(input.splice(at, part));
            }
            _ => {
                let pick = dice.below(corpus.len());
                let other = corpus.get(pick).map(Vec::as_slice).unwrap_or_default();
                let part = other.get(dice.range(other.len())).unwrap_or_default().to_vec();
                drop(input.splice(at, part));
            }
        }
        input.truncate(LONGEST);
    }
    input
}

fn flip(dice: &mut Dice, input: &mut [u8]) {
    let (at, bit) = (dice.below(input.len()), dice.below(8));
    if let Some(byte) = input.get_mut(at) {
        *byte ^= 1 << bit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_gives_the_same_input_and_another_number_another() {
        let corpus = vec![b"userName eq \"ada\"".to_vec()];
        let make = |number| mutate(&mut Dice::new(1, number), &corpus, &["(", "not "]);
        assert_eq!(make(7), make(7));
        let different: std::collections::BTreeSet<Vec<u8>> = (0..200).map(make).collect();
        assert!(different.len() > 150, "{}", different.len());
    }
}
