//! Cuts an expression into tokens, to know where everything stands and to refuse what is too long or too deep.
//!
//! It runs before the parser, whose recursion it bounds, and does not decide what is an expression.

use crate::types::{Problem, Span};

/// The longest expression in bytes.
pub(crate) const MAX_SOURCE: usize = 8 * 1024;
/// The most tokens in an expression.
const MAX_TOKENS: usize = 1_500;
/// How deep brackets and `? :` may be nested.
const MAX_DEPTH: usize = 64;
/// How many operators and `.` may wait for one another.
const MAX_CHAIN: usize = 128;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Name,
    Number,
    Text,
    /// `(`
    Group,
    /// `[` or `{`
    Open,
    Close,
    Operator,
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
    /// For a bracket, the position in the list of the one that belongs to it.
    pub(crate) partner: usize,
}

/// All tokens of an expression, in order.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    list: Vec<Token>,
    /// The most brackets, choices and operators that wait for one another at some point.
    pub(crate) depth: usize,
}

impl Tokens {
    /// The position of the token that starts at byte `start`.
    pub(crate) fn at(&self, start: usize) -> Option<usize> {
        self.list.binary_search_by_key(&start, |token| token.span.start).ok()
    }

    /// The token at a position.
    pub(crate) fn get(&self, index: usize) -> Option<Token> {
        self.list.get(index).copied()
    }

    /// The first token that ends after byte `offset`.
    pub(crate) fn after(&self, offset: usize) -> Option<Token> {
        self.list.iter().find(|token| token.span.end > offset).copied()
    }

    /// The span with the parentheses that stand directly around it.
    pub(crate) fn widen(&self, mut span: Span) -> Span {
        while let Some(wider) = self.widen_once(span) {
            span = wider;
        }
        span
    }

    fn widen_once(&self, span: Span) -> Option<Span> {
        let first = self.at(span.start)?;
        let open = self.get(first.checked_sub(1)?)?;
        let is_call = first
            .checked_sub(2)
            .and_then(|before| self.get(before))
            .is_some_and(|before| before.kind == TokenKind::Name);
        if open.kind != TokenKind::Group || is_call {
            return None;
        }
        let close = self.get(open.partner)?;
        let last = self.get(open.partner.checked_sub(1)?)?;
        (last.span.end == span.end).then(|| open.span.to(close.span))
    }
}

/// Cuts `source` into tokens.
pub(crate) fn tokens(source: &str) -> Result<Tokens, Problem> {
    if source.len() > MAX_SOURCE {
        return Err(Problem::new(
            "E0302",
            Span::new(0, source.len()),
            format!("the expression has {} bytes, {MAX_SOURCE} are allowed", source.len()),
            "too long",
        )
        .help("move parts of it into a computed attribute"));
    }
    let mut lexer = Lexer {
        source,
        at: 0,
        tokens: Vec::new(),
        open: Vec::new(),
        levels: vec![Level::default()],
        deepest: 0,
    };
    while lexer.skip_blank() {
        lexer.token()?;
        if lexer.tokens.len() > MAX_TOKENS {
            return Err(Problem::new(
                "E0302",
                Span::new(0, source.len()),
                format!("the expression has more than {MAX_TOKENS} parts"),
                "too complex",
            )
            .help("move parts of it into a computed attribute"));
        }
    }
    if let Some(token) = lexer.open.last().and_then(|open| lexer.tokens.get(*open)) {
        let text = source.get(token.span.start..token.span.end).unwrap_or_default();
        return Err(Problem::new(
            "E0301",
            token.span,
            format!("`{text}` is not closed"),
            "opened here",
        ));
    }
    if lexer.tokens.is_empty() {
        return Err(Problem::new(
            "E0301",
            Span::new(0, source.len()),
            "the expression is empty",
            "nothing here",
        ));
    }
    Ok(Tokens { list: lexer.tokens, depth: lexer.deepest })
}

/// What waits inside one pair of brackets.
#[derive(Default)]
struct Level {
    /// `?` since the last comma.
    choices: usize,
    /// Operators since the last comma, `&&` or `||`.
    chain: usize,
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    tokens: Vec<Token>,
    open: Vec<usize>,
    levels: Vec<Level>,
    deepest: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// Passes over blanks and comments; false at the end.
    fn skip_blank(&mut self) -> bool {
        loop {
            let rest = self.rest();
            let blank =
                rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{c}']).len();
            self.at += blank;
            if !self.rest().starts_with("//") {
                return !self.rest().is_empty();
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn token(&mut self) -> Result<(), Problem> {
        let Some(first) = self.rest().chars().next() else { return Ok(()) };
        if let Some(length) = self.text_length()? {
            self.push(TokenKind::Text, length);
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = self.length_while(|c| c.is_ascii_alphanumeric() || c == '_');
            self.name(length);
        } else if first.is_ascii_digit() {
            self.push(TokenKind::Number, number_length(self.rest()));
        } else if "([{".contains(first) {
            self.open.push(self.tokens.len());
            self.levels.push(Level::default());
            self.push(if first == '(' { TokenKind::Group } else { TokenKind::Open }, 1);
        } else if ")]}".contains(first) {
            self.close(first)?;
        } else {
            self.operator(first)?;
        }
        self.check_depth()
    }

    fn name(&mut self, length: usize) {
        if self.rest().get(..length) == Some("in") {
            self.chain();
            self.push(TokenKind::Operator, length);
        } else {
            self.push(TokenKind::Name, length);
        }
    }

    fn length_while(&self, accept: impl Fn(char) -> bool) -> usize {
        self.rest().find(|c| !accept(c)).unwrap_or(self.rest().len())
    }

    fn push(&mut self, kind: TokenKind, length: usize) {
        let span = Span::new(self.at, self.at + length);
        self.tokens.push(Token { kind, span, partner: self.tokens.len() });
        self.at += length;
    }

    fn close(&mut self, bracket: char) -> Result<(), Problem> {
        let here = Span::new(self.at, self.at + 1);
        let index = self.tokens.len();
        let Some((open_index, open)) =
            self.open.pop().and_then(|open| Some((open, self.tokens.get_mut(open)?)))
        else {
            return Err(Problem::new(
                "E0301",
                here,
                format!("`{bracket}` closes nothing"),
                "not opened",
            ));
        };
        let opened = self.source.get(open.span.start..open.span.end).unwrap_or_default();
        if !matches!((opened, bracket), ("(", ')') | ("[", ']') | ("{", '}')) {
            return Err(Problem::new(
                "E0301",
                here,
                format!("`{opened}` is closed by `{bracket}`"),
                "does not fit",
            ));
        }
        open.partner = index;
        self.push(TokenKind::Close, 1);
        if let Some(close) = self.tokens.last_mut() {
            close.partner = open_index;
        }
        self.levels.pop();
        // What was in the brackets is one step of the chain around them.
        self.chain();
        Ok(())
    }

    fn chain(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            level.chain += 1;
        }
    }

    fn operator(&mut self, first: char) -> Result<(), Problem> {
        const TWO: [&str; 6] = ["==", "!=", "<=", ">=", "&&", "||"];
        let found = TWO.into_iter().find(|operator| self.rest().starts_with(*operator));
        let length = if found.is_some() {
            2
        } else if "+-*/%<>!?:.,".contains(first) {
            1
        } else {
            return Err(self.unknown(first));
        };
        if let Some(level) = self.levels.last_mut() {
            match (found, first) {
                (Some("&&" | "||"), _) => level.chain = 0,
                (None, ',') => *level = Level::default(),
                (None, '?') => level.choices += 1,
                _ => level.chain += 1,
            }
        }
        self.push(TokenKind::Operator, length);
        Ok(())
    }

    fn unknown(&self, c: char) -> Problem {
        let here = Span::new(self.at, self.at + c.len_utf8());
        let help = match c {
            '=' => "compare with `==`",
            '&' => "write `&&` for and",
            '|' => "write `||` for or",
            '`' => "write a name that is not an identifier as `record[\"Emp No\"]`",
            c if c.is_alphabetic() => {
                "names have only a to z, digits and `_`; write others as `record[\"Größe\"]`"
            }
            _ => "remove it, or put text into quotes",
        };
        Problem::new(
            "E0301",
            here,
            format!("`{}` is not known here", c.escape_debug()),
            "not expected",
        )
        .help(help)
    }

    fn check_depth(&mut self) -> Result<(), Problem> {
        let depth = self.open.len() + self.levels.iter().map(|level| level.choices).sum::<usize>();
        let chain: usize = self.levels.iter().map(|level| level.chain).sum();
        self.deepest = self.deepest.max(depth + chain);
        if depth <= MAX_DEPTH && chain <= MAX_CHAIN {
            return Ok(());
        }
        let here = self.tokens.last().map_or(Span::new(0, 0), |token| token.span);
        let message = if depth > MAX_DEPTH {
            format!("more than {MAX_DEPTH} brackets or choices are nested")
        } else {
            format!("more than {MAX_CHAIN} operators follow one another")
        };
        Err(Problem::new("E0302", here, message, "too deep")
            .help("move parts of it into a computed attribute"))
    }

    /// The length of the text literal that starts here, if one does.
    fn text_length(&self) -> Result<Option<usize>, Problem> {
        let rest = self.rest();
        let prefix = rest.find(|c: char| !"rRbB".contains(c)).unwrap_or(rest.len());
        let quoted = rest.get(prefix..).unwrap_or_default();
        if prefix > 2 || !quoted.starts_with(['"', '\'']) {
            return Ok(None);
        }
        let raw = rest.get(..prefix).is_some_and(|letters| letters.contains(['r', 'R']));
        let quote =
            [r#"""""#, "'''", "\"", "'"].into_iter().find(|quote| quoted.starts_with(*quote));
        let quote = quote.unwrap_or("'");
        let mut at = prefix + quote.len();
        loop {
            let rest = rest.get(at..).unwrap_or_default();
            if rest.starts_with(quote) {
                return Ok(Some(at + quote.len()));
            }
            let mut chars = rest.chars();
            match chars.next() {
                Some('\n' | '\r') if quote.len() == 1 => return Err(self.unclosed(at)),
                Some('\\') if !raw => at += 1 + chars.next().map_or(0, char::len_utf8),
                Some(c) => at += c.len_utf8(),
                None => return Err(self.unclosed(at)),
            }
        }
    }

    fn unclosed(&self, length: usize) -> Problem {
        let end = (self.at + length).min(self.source.len());
        Problem::new("E0301", Span::new(self.at, end), "the text is not closed", "starts here")
            .help("add the closing quote")
    }
}

fn number_length(text: &str) -> usize {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())
    };
    if let Some(hex) = text.strip_prefix("0x") {
        return 2 + hex.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(hex.len());
    }
    let mut at = digits(0);
    let starts = |at: usize, set: &[char]| text.get(at..).is_some_and(|rest| rest.starts_with(set));
    if starts(at, &['.']) && digits(at + 1) > 0 {
        at += 1 + digits(at + 1);
    }
    if starts(at, &['e', 'E']) {
        let sign = usize::from(starts(at + 1, &['+', '-']));
        if digits(at + 1 + sign) > 0 {
            at += 1 + sign + digits(at + 1 + sign);
        }
    }
    at + usize::from(starts(at, &['u', 'U']))
}
