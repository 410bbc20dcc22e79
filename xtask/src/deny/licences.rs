//! Reads SPDX licence expressions and says whether one of the ways to satisfy them is allowed.
//!
//! Grammar: names joined by `AND`, `OR` and the old `/` (which means `OR`), with parentheses; `X WITH Y` is one name.

/// True when the expression can be satisfied with `allowed` licences only.
pub(super) fn is_allowed(expression: &str, allowed: &[&str]) -> Result<bool, String> {
    let tokens = tokens(expression);
    let mut reader = Reader { tokens: &tokens, allowed };
    let answer = reader.any()?;
    match reader.tokens.first() {
        None => Ok(answer),
        Some(token) => Err(format!("`{token}` is not expected in `{expression}`")),
    }
}

fn tokens(expression: &str) -> Vec<String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut tokens: Vec<String> = Vec::new();
    let mut words = spaced.split_whitespace();
    while let Some(word) = words.next() {
        match (word, tokens.last_mut()) {
            ("WITH", Some(licence)) => {
                let exception = words.next().unwrap_or_default();
                licence.push_str(" WITH ");
                licence.push_str(exception);
            }
            _ => tokens.push(word.to_owned()),
        }
    }
    tokens
}

struct Reader<'a> {
    tokens: &'a [String],
    allowed: &'a [&'a str],
}

impl Reader<'_> {
    fn any(&mut self) -> Result<bool, String> {
        let mut answer = self.all()?;
        while self.take("OR") {
            answer |= self.all()?;
        }
        Ok(answer)
    }

    fn all(&mut self) -> Result<bool, String> {
        let mut answer = self.one()?;
        while self.take("AND") {
            answer &= self.one()?;
        }
        Ok(answer)
    }

    fn one(&mut self) -> Result<bool, String> {
        if self.take("(") {
            let answer = self.any()?;
            return if self.take(")") { Ok(answer) } else { Err("a `)` is missing".to_owned()) };
        }
        match self.tokens.split_first() {
            Some((name, rest)) if !matches!(name.as_str(), "AND" | "OR" | ")") => {
                self.tokens = rest;
                Ok(self.allowed.contains(&name.as_str()))
            }
            Some((token, _)) => Err(format!("`{token}` stands where a licence should")),
            None => Err("a licence is missing at the end".to_owned()),
        }
    }

    fn take(&mut self, expected: &str) -> bool {
        match self.tokens.split_first() {
            Some((token, rest)) if token == expected => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }
}
