//! Claims that an application names one by one in its request (OpenID Connect Core, 5.5).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::{params::Params, person::is_claim, refused::Refused};

/// Letters of the parameter at most.
const LONGEST: usize = 8 << 10;

/// The names that were asked for. Those that are told of nobody are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// In the ID token.
    pub(crate) id_token: BTreeSet<String>,
    /// From userinfo.
    pub(crate) userinfo: BTreeSet<String>,
}

impl Wanted {
    /// All names.
    pub(crate) fn all(&self) -> BTreeSet<String> {
        self.id_token.union(&self.userinfo).cloned().collect()
    }
}

/// The parameter `claims`, read.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub(crate) wanted: Wanted,
    /// Whom the application wants to hear of.
    pub(crate) subject: Option<String>,
    /// How sure the sign-in has to be: any of these.
    pub(crate) acr: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    id_token: BTreeMap<String, Option<Wish>>,
    userinfo: BTreeMap<String, Option<Wish>>,
}

/// What is said of a claim. Whether it is essential makes no difference: what is there is told, and nobody is asked to add what is not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wish {
    value: Option<Json>,
    values: Vec<Json>,
}

impl Named {
    /// Reads the parameter.
    pub(crate) fn read(params: &Params) -> Result<Self, Refused> {
        let Some(text) = params.get("claims") else { return Ok(Self::default()) };
        let wrong = || Refused::request("`claims` is not as OpenID Connect has it");
        if text.len() > LONGEST {
            return Err(wrong());
        }
        let object: Map<String, Json> = serde_json::from_str(text).map_err(|_| wrong())?;
        let written = serde_json::from_value(object.into()).map_err(|_| wrong())?;
        let Written { mut id_token, userinfo } = written;
        let mut words = |claim: &str| id_token.remove(claim).flatten().map(Wish::words);
        let subject = words("sub").and_then(|words| words.into_iter().next());
        let acr = words("acr").unwrap_or_default();
        let known = |names: BTreeMap<String, _>| {
            names.into_keys().filter(|name| is_claim(name)).collect::<BTreeSet<_>>()
        };
        let wanted = Wanted { id_token: known(id_token), userinfo: known(userinfo) };
        Ok(Self { wanted, subject, acr })
    }
}

impl Wish {
    /// The texts that are wished for.
    fn words(self) -> Vec<String> {
        let all = self.value.into_iter().chain(self.values);
        all.filter_map(|value| value.as_str().map(ToOwned::to_owned)).collect()
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    use super::*;

    fn read(text: &str) -> Result<Named, Refused> {
        let encoded = utf8_percent_encode(text, NON_ALPHANUMERIC);
        Named::read(&Params::read(&format!("claims={encoded}")).unwrap())
    }

    #[test]
    fn what_is_told_of_somebody_is_kept_and_everything_else_left_out() {
        let text = r#"{ "userinfo": { "name": { "essential": true }, "shoe_size": null, "email": null },
            "id_token": { "sub": { "value": "7" }, "acr": { "values": ["a", "b"], "essential": true }, "address": null }, "x": 1 }"#;
        let named = read(text).unwrap();
        assert_eq!(named.wanted.userinfo, ["email", "name"].map(str::to_owned).into());
        assert_eq!(named.wanted.id_token, ["address".to_owned()].into());
        assert_eq!((named.subject.as_deref(), named.acr.len()), (Some("7"), 2));
    }

    #[test]
    fn what_is_no_such_object_is_refused() {
        let deep = "[".repeat(5000);
        let long = format!("{{\"userinfo\":{{\"{}\":null}}}}", "a".repeat(LONGEST));
        for text in ["x", "[]", "{\"userinfo\":[]}", "{\"userinfo\":{\"name\":1}}", &deep, &long] {
            assert_eq!(read(text).unwrap_err().code, "invalid_request", "{text:.40}");
        }
        assert!(read("{}").unwrap().wanted.all().is_empty());
    }
}
