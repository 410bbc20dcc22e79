use super::*;

const USUAL: Dialect = Dialect { delimiter: b',', quote: Some(b'"') };

/// Hands out few bytes at a time, so that every row crosses the end of a chunk.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let (now, later) = self.0.split_at(self.0.len().min(self.1).min(target.len()));
        target[..now.len()].copy_from_slice(now);
        self.0 = later;
        Ok(now.len())
    }
}

/// One line per row: its line number, its cells, and what is wrong.
fn rows_by(text: &[u8], dialect: Dialect, max_row: usize, step: usize) -> String {
    let mut splitter = Splitter::new(Slow(text, step), dialect, max_row);
    let mut out = Vec::new();
    loop {
        let row = splitter.next_row().unwrap();
        let cells: Vec<String> = (0..splitter.n_cells())
            .map(|i| String::from_utf8_lossy(&splitter.cell(i).unwrap()).into_owned())
            .collect();
        let line = splitter.line();
        match row {
            Row::Good => out.push(format!("{line} {cells:?}")),
            Row::StrayText(cell) => out.push(format!("{line} stray text in cell {cell}")),
            Row::Unclosed => out.push(format!("{line} unclosed")),
            Row::TooLong => out.push(format!("{line} too long")),
            Row::End => {}
        }
        if matches!(row, Row::Unclosed | Row::TooLong | Row::End) {
            assert_eq!(splitter.next_row().unwrap(), Row::End);
            return out.join("\n");
        }
    }
}

fn rows(text: &str) -> String {
    let whole = rows_by(text.as_bytes(), USUAL, 1000, usize::MAX);
    for step in [1, 2, 3, 7] {
        assert_eq!(rows_by(text.as_bytes(), USUAL, 1000, step), whole, "{step} bytes at a time");
    }
    whole
}

#[test]
fn cells_are_split_at_delimiters_and_rows_at_line_ends() {
    insta::assert_snapshot!(rows("a,b\n1,2\r\n3,\n,\r4,5"), @r#"
    1 ["a", "b"]
    2 ["1", "2"]
    3 ["3", ""]
    4 ["", ""]
    5 ["4", "5"]
    "#);
}

#[test]
fn quoted_cells_hold_delimiters_quotes_and_line_ends() {
    insta::assert_snapshot!(rows("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n\"two\r\nlines\",\"\"\nlast, \"as is\"\n"), @r#"
    1 ["a", "b"]
    2 ["x,y", "say \"hi\""]
    3 ["two\r\nlines", ""]
    5 ["last", " \"as is\""]
    "#);
}

#[test]
fn empty_lines_are_passed_over_and_counted() {
    insta::assert_snapshot!(rows("\n\na,b\n\r\n\n1,2\n\"\"\n\n"), @r#"
    3 ["a", "b"]
    6 ["1", "2"]
    7 [""]
    "#);
}

#[test]
fn text_after_a_closing_quote_spoils_one_row_only() {
    insta::assert_snapshot!(rows("a,b\n1,\"x\" y,\"z\"w\n3,4\n"), @r#"
    1 ["a", "b"]
    2 stray text in cell 2
    3 ["3", "4"]
    "#);
}

#[test]
fn a_quote_that_is_never_closed_ends_the_rows() {
    insta::assert_snapshot!(rows("a,b\n1,2\n3,\"four\n5,6\n"), @r#"
    1 ["a", "b"]
    2 ["1", "2"]
    3 unclosed
    "#);
}

#[test]
fn a_row_that_is_too_long_ends_the_rows_without_filling_memory() {
    let mut text = b"a,b\n1,2\n".to_vec();
    text.extend(std::iter::repeat_n(b'x', 3_000_000));
    text.extend(b",y\n3,4\n");
    for step in [1000, usize::MAX] {
        let mut splitter = Splitter::new(Slow(&text, step), USUAL, 1000);
        assert_eq!(splitter.next_row().unwrap(), Row::Good);
        assert_eq!(splitter.next_row().unwrap(), Row::Good);
        assert_eq!(splitter.next_row().unwrap(), Row::TooLong);
        assert_eq!(splitter.line(), 3);
        assert!(splitter.buffer.len() <= 2 * CHUNK, "{}", splitter.buffer.len());
    }
}

#[test]
fn a_row_of_exactly_the_limit_is_read() {
    let text = format!("{}\n{}\n", "x".repeat(63), "y".repeat(64));
    assert_eq!(
        rows_by(text.as_bytes(), USUAL, 64, 10),
        format!("1 [\"{}\"]\n2 too long", "x".repeat(63))
    );
}

#[test]
fn without_a_quote_character_quotes_are_text() {
    let dialect = Dialect { delimiter: b';', quote: None };
    assert_eq!(rows_by(b"\"a;b\"\n", dialect, 100, 3), "1 [\"\\\"a\", \"b\\\"\"]");
}

/// Numbers from a seed, so that a failing case can be repeated.
fn scramble(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

#[test]
fn good_rows_are_those_that_the_csv_crate_reads() {
    let alphabet = b"ab\",\"\n\r ,\"x";
    let mut n_compared = 0;
    for seed in 0..8_000u64 {
        let mut state = seed;
        let n_bytes = scramble(&mut state) % 24;
        let text: Vec<u8> = (0..n_bytes)
            .map(|_| alphabet[usize::try_from(scramble(&mut state)).unwrap() % alphabet.len()])
            .collect();
        let mut splitter = Splitter::new(Slow(&text, 5), USUAL, 1000);
        let mut other =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&text[..]);
        for record in other.byte_records() {
            let row = splitter.next_row().unwrap();
            if row != Row::Good {
                // That crate forgives what is a bad row here.
                break;
            }
            let cells: csv::ByteRecord =
                (0..splitter.n_cells()).map(|i| splitter.cell(i).unwrap()).collect();
            assert_eq!(cells, record.unwrap(), "{:?}", String::from_utf8_lossy(&text));
            n_compared += 1;
        }
    }
    assert!(n_compared > 5_000, "{n_compared}");
}
