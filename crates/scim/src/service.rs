//! What a service provider says that it can do (RFC 7643, 5; RFC 9865, 4).

use serde_json::{Value, json};

use crate::{access::member, message::number, urn};

/// A service provider's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a list of independent abilities is what this is"
)]
pub struct ServiceConfig {
    /// PATCH is understood.
    pub patch: bool,
    /// Filters are understood.
    pub filter: bool,
    /// The most results of one answer.
    pub most_results: Option<u64>,
    /// Entity tags are given and checked.
    pub etag: bool,
    /// Results can be sorted.
    pub sort: bool,
    /// Bulk requests are understood.
    pub bulk: bool,
    /// How pages are asked for, where the server says.
    pub pages: Option<PageLimits>,
}

/// See [`ServiceConfig::pages`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageLimits {
    /// By cursor.
    pub cursor: bool,
    /// By index.
    pub index: bool,
    /// The largest page.
    pub largest: Option<u64>,
}

impl ServiceConfig {
    /// Reads a configuration; what is missing is not supported.
    pub fn from_json(value: &Value) -> Self {
        let supports = |name: &str| flag(member(value, name), "supported");
        let filter = member(value, "filter");
        let pages = member(value, "pagination").map(|pages| PageLimits {
            cursor: flag(Some(pages), "cursor"),
            index: flag(Some(pages), "index"),
            largest: member(pages, "maxPageSize").and_then(number),
        });
        Self {
            patch: supports("patch"),
            filter: supports("filter"),
            most_results: filter
                .and_then(|filter| member(filter, "maxResults"))
                .and_then(number)
                .filter(|most| *most > 0),
            etag: supports("etag"),
            sort: supports("sort"),
            bulk: supports("bulk"),
            pages,
        }
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let mut config = json!({
            "schemas": [urn::SERVICE_CONFIG],
            "patch": { "supported": self.patch },
            "bulk": { "supported": self.bulk, "maxOperations": 0, "maxPayloadSize": 0 },
            "filter": { "supported": self.filter, "maxResults": self.most_results.unwrap_or(0) },
            "changePassword": { "supported": false },
            "sort": { "supported": self.sort },
            "etag": { "supported": self.etag },
            "authenticationSchemes": [],
        });
        if let (Some(pages), Some(map)) = (&self.pages, config.as_object_mut()) {
            let mut limits = json!({ "cursor": pages.cursor, "index": pages.index });
            if let (Some(largest), Some(limits)) = (pages.largest, limits.as_object_mut()) {
                limits.insert("maxPageSize".to_owned(), json!(largest));
            }
            map.insert("pagination".to_owned(), limits);
        }
        config
    }
}

fn flag(value: Option<&Value>, name: &str) -> bool {
    match value.and_then(|value| member(value, name)) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        Some(Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_)) | None => false,
    }
}
