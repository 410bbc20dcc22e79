//! The parameters of a request: a form or a query, each name once.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use crate::refused::Refused;

/// Parameters at most.
const MOST: usize = 64;

/// Parameters by name. One without a value is as if it were not there (RFC 6749, 3.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads `a=1&b=2`. Refused: a name that comes twice, and what is not text.
    pub(crate) fn read(text: &str) -> Result<Self, Refused> {
        let mut params = BTreeMap::new();
        for (count, pair) in text.split('&').filter(|pair| !pair.is_empty()).enumerate() {
            if count >= MOST {
                return Err(Refused::request("there are too many parameters"));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if params.insert(name, value).is_some() {
                return Err(Refused::request("a parameter is there twice"));
            }
        }
        params.retain(|_, value: &mut String| !value.is_empty());
        Ok(Self(params))
    }

    /// Reads the body of a form.
    pub(crate) fn of_body(body: &[u8]) -> Result<Self, Refused> {
        let text = std::str::from_utf8(body).map_err(|_| Refused::request("this is no form"))?;
        Self::read(text)
    }

    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a parameter that has to be there.
    pub(crate) fn need(&self, name: &str, detail: &'static str) -> Result<&str, Refused> {
        self.get(name).ok_or_else(|| Refused::request(detail))
    }

    /// All parameters, in order of name.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The words of a parameter.
    pub(crate) fn words(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get(name).unwrap_or_default().split(' ').filter(|word| !word.is_empty())
    }
}

/// A name or a value: `+` is a blank, the rest percent-encoded text.
pub(crate) fn decoded(text: &str) -> Result<String, Refused> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    let decoded = decoded.map_err(|_| Refused::request("a parameter is not text"))?;
    if decoded.contains('\0') {
        return Err(Refused::request("a parameter is not text"));
    }
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_and_empty_ones_are_not_there() {
        let params = Params::read("a=1+2&b=%C3%A9%3D&c=&d").unwrap();
        assert_eq!(params.get("a"), Some("1 2"));
        assert_eq!(params.get("b"), Some("é="));
        assert_eq!((params.get("c"), params.get("d"), params.get("e")), (None, None, None));
        assert_eq!(params.words("a").collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn a_parameter_that_comes_twice_is_refused() {
        assert_eq!(Params::read("a=1&a=1").unwrap_err().code, "invalid_request");
        assert_eq!(Params::read("a=&a=1").unwrap_err().code, "invalid_request");
    }

    #[test]
    fn what_is_not_text_is_refused() {
        assert!(Params::read("a=%FF").is_err());
        assert!(Params::read("a=%00").is_err());
        assert!(Params::of_body(&[0xff]).is_err());
        assert!(Params::read(&"a&".repeat(100)).is_err());
    }
}
