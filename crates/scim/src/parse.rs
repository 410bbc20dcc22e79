//! Reads filters and paths (RFC 7644, figure 1), with limits on length and depth and the place of each mistake.

use serde_json::{Number, Value};

use crate::{AttributePath, Comparison, Filter, Literal, Path};

/// The longest text that is read, in bytes.
const LONGEST: usize = 16 * 1024;
/// How deep brackets and `not` may be nested.
const DEEPEST: u32 = 32;
/// How many comparisons a filter may hold.
const MOST_TERMS: u32 = 256;

/// What is wrong with a filter or a path, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at position {at}")]
pub struct SyntaxError {
    /// The byte at which it was found, counted from 0.
    pub at: usize,
    /// What was expected or is too much.
    pub problem: &'static str,
}

/// Reads a filter such as `userName eq "ada" and active eq true`.
pub fn parse_filter(text: &str) -> Result<Filter, SyntaxError> {
    let mut parser = Parser::new(text)?;
    let filter = parser.disjunction(0, false)?;
    parser.end()?;
    Ok(filter)
}

/// Reads a path such as `emails[type eq "work"].value`.
pub fn parse_path(text: &str) -> Result<Path, SyntaxError> {
    let mut parser = Parser::new(text)?;
    parser.spaces();
    let mut attribute = parser.attribute()?;
    let mut filter = None;
    if attribute.sub.is_none() && parser.take(b'[') {
        filter = Some(parser.disjunction(1, true)?);
        parser.expect(b']', "expected `]`")?;
        if parser.take(b'.') {
            let name = parser.word();
            if !is_name(name) {
                return Err(parser.error("expected the name of a sub-attribute"));
            }
            attribute.sub = Some(name.to_owned());
        }
    }
    parser.end()?;
    Ok(Path { attribute, filter })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    terms: u32,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, SyntaxError> {
        if text.len() > LONGEST {
            return Err(SyntaxError { at: LONGEST, problem: "the text is too long" });
        }
        Ok(Self { text, at: 0, terms: 0 })
    }

    fn error(&self, problem: &'static str) -> SyntaxError {
        SyntaxError { at: self.at, problem }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn expect(&mut self, byte: u8, problem: &'static str) -> Result<(), SyntaxError> {
        self.spaces();
        if self.take(byte) { Ok(()) } else { Err(self.error(problem)) }
    }

    fn end(&mut self) -> Result<(), SyntaxError> {
        self.spaces();
        if self.peek().is_none() { Ok(()) } else { Err(self.error("expected the end")) }
    }

    fn spaces(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Letters, digits and what else names and URNs hold.
    fn word(&mut self) -> &'a str {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_$:.+".contains(c);
        let rest = self.rest();
        let length = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Takes `keyword`, in any case, when it stands here as a whole word.
    fn keyword(&mut self, keyword: &str) -> bool {
        let (start, word) = (self.at, self.word());
        if word.eq_ignore_ascii_case(keyword) {
            return true;
        }
        self.at = start;
        false
    }

    fn disjunction(&mut self, depth: u32, in_value: bool) -> Result<Filter, SyntaxError> {
        let mut left = self.conjunction(depth, in_value)?;
        loop {
            self.spaces();
            if !self.keyword("or") {
                return Ok(left);
            }
            let right = self.conjunction(depth, in_value)?;
            left = Filter::Or(Box::new(left), Box::new(right));
        }
    }

    fn conjunction(&mut self, depth: u32, in_value: bool) -> Result<Filter, SyntaxError> {
        let mut left = self.term(depth, in_value)?;
        loop {
            self.spaces();
            if !self.keyword("and") {
                return Ok(left);
            }
            let right = self.term(depth, in_value)?;
            left = Filter::And(Box::new(left), Box::new(right));
        }
    }

    fn term(&mut self, depth: u32, in_value: bool) -> Result<Filter, SyntaxError> {
        self.terms += 1;
        if self.terms > MOST_TERMS || depth > DEEPEST {
            return Err(self.error("the filter is too complicated"));
        }
        self.spaces();
        let start = self.at;
        if self.take(b'(') {
            return self.group(depth, in_value);
        }
        if self.keyword("not") {
            self.spaces();
            if self.take(b'(') {
                return Ok(Filter::Not(Box::new(self.group(depth, in_value)?)));
            }
            self.at = start;
        }
        let attribute = self.attribute()?;
        if self.peek() == Some(b'[') {
            if in_value || attribute.sub.is_some() {
                return Err(self.error("a filter in brackets cannot stand here"));
            }
            self.at += 1;
            let filter = self.disjunction(depth + 1, true)?;
            self.expect(b']', "expected `]`")?;
            return Ok(Filter::Values(attribute, Box::new(filter)));
        }
        self.comparison(attribute)
    }

    fn group(&mut self, depth: u32, in_value: bool) -> Result<Filter, SyntaxError> {
        let inner = self.disjunction(depth + 1, in_value)?;
        self.expect(b')', "expected `)`")?;
        Ok(inner)
    }

    fn comparison(&mut self, attribute: AttributePath) -> Result<Filter, SyntaxError> {
        self.spaces();
        let start = self.at;
        let word = self.word();
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(attribute));
        }
        let Some(comparison) = Comparison::from_word(word) else {
            let problem = "expected one of eq, ne, co, sw, ew, gt, ge, lt, le, pr";
            return Err(SyntaxError { at: start, problem });
        };
        self.spaces();
        let literal = self.literal()?;
        Ok(Filter::Compare(attribute, comparison, literal))
    }

    fn literal(&mut self) -> Result<Literal, SyntaxError> {
        if self.peek() == Some(b'"') {
            return self.string().map(Literal::Text);
        }
        let start = self.at;
        let word = self.word();
        let number = || word.parse::<Number>().ok().map(Literal::Number);
        match word.to_ascii_lowercase().as_str() {
            "true" => Ok(Literal::Boolean(true)),
            "false" => Ok(Literal::Boolean(false)),
            "null" => Ok(Literal::Null),
            _ => number().ok_or(SyntaxError {
                at: start,
                problem: "expected a text in double quotes, a number, true, false or null",
            }),
        }
    }

    /// A JSON string.
    fn string(&mut self) -> Result<String, SyntaxError> {
        let (start, rest) = (self.at, self.rest());
        let wrong =
            SyntaxError { at: start, problem: "the text in double quotes has no right end" };
        let mut is_escaped = false;
        let end = rest.bytes().enumerate().skip(1).find(|(_, byte)| {
            let is_end = *byte == b'"' && !is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped;
            is_end
        });
        let quoted = end.and_then(|(end, _)| rest.get(..=end)).ok_or_else(|| wrong.clone())?;
        self.at += quoted.len();
        match serde_json::from_str(quoted) {
            Ok(Value::String(text)) => Ok(text),
            Ok(_) | Err(_) => Err(wrong),
        }
    }

    fn attribute(&mut self) -> Result<AttributePath, SyntaxError> {
        let start = self.at;
        let word = self.word();
        let wrong = |problem| Err(SyntaxError { at: start, problem });
        let is_urn = word.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("urn:"));
        let (schema, name) = match word.rsplit_once(':') {
            Some((schema, name)) if is_urn => (Some(schema.to_owned()), name),
            Some(_) => return wrong("a schema begins with `urn:`"),
            None => (None, word),
        };
        let (name, sub) = match name.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (name, None),
        };
        if !is_name(name) || !sub.is_none_or(is_name) {
            return wrong("expected the name of an attribute");
        }
        Ok(AttributePath { schema, name: name.to_owned(), sub: sub.map(str::to_owned) })
    }
}

/// True for the name of an attribute: a letter or `$`, then letters, digits, `-` and `_`.
fn is_name(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '$')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}
