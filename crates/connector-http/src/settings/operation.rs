//! Requests as the settings describe them, and how a list goes on.

use muster_connector::SettingReader;
use muster_http::Method;
use muster_model::Text;

use super::keys;
use crate::template::{Document, Template};

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    /// The method.
    pub(crate) method: Method,
    /// The path below `url`.
    pub(crate) path: Template,
    /// The query.
    pub(crate) query: Vec<(Text, Template)>,
    /// The body, when it is not the usual one.
    pub(crate) body: Option<Document>,
    /// The type of the body.
    pub(crate) content_type: Text,
    /// Where the object stands in the answer.
    pub(crate) item: Text,
}

/// A list of objects.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    /// The first request.
    pub(crate) operation: Operation,
    /// Where the objects stand in an answer.
    pub(crate) items: Text,
    /// How the list goes on.
    pub(crate) paging: Paging,
    /// How to ask for changes only.
    pub(crate) since: Option<Since>,
    /// Where an object says that it is deleted.
    pub(crate) deleted: Option<Text>,
}

/// How a list goes on after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Paging {
    /// It does not.
    None,
    /// By the number of the page.
    Page(Page),
    /// By the number of objects before.
    Offset(Page),
    /// By a value from the answer.
    Cursor {
        /// The parameter.
        parameter: Text,
        /// Where the value stands.
        next: Text,
    },
    /// By the header `Link` with `rel="next"` (RFC 8288).
    Link,
    /// By an address in the answer.
    Next {
        /// Where it stands.
        next: Text,
    },
}

/// Paging by numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// The parameter.
    pub(crate) parameter: Text,
    /// Its first value.
    pub(crate) first: u64,
    /// How many objects a full page has, if that is known; a shorter one is then the last.
    pub(crate) size: Option<u64>,
}

/// How to ask for changes only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Since {
    /// The parameter that takes the cursor.
    pub(crate) parameter: Text,
    /// Where an answer holds the next cursor, if not in its objects.
    pub(crate) cursor: Option<Text>,
    /// The attribute of objects whose greatest value is the next cursor.
    pub(crate) field: Option<Text>,
}

const METHODS: [(&str, Method); 5] = [
    ("GET", Method::Get),
    ("POST", Method::Post),
    ("PUT", Method::Put),
    ("PATCH", Method::Patch),
    ("DELETE", Method::Delete),
];

/// Reads one operation in whose templates `known` may stand; a text alone is its path.
pub(super) fn read(
    reader: &mut SettingReader<'_>,
    default: Method,
    known: &[&str],
) -> Option<Operation> {
    let names = METHODS.map(|(name, _)| name);
    let method = reader.choice("method", &names).and_then(|index| METHODS.get(index));
    let method = method.map_or(default, |(_, method)| *method);
    let path = reader.required("path").and_then(|text| template(reader, "path", &text, known));
    let query = read_query(reader, known);
    let body = reader.text("body").and_then(|text| match Document::parse(&text, known) {
        Ok(document) => Some(document),
        Err(problem) => {
            reader.problem("body", format!("setting `body` {problem}"), None);
            None
        }
    });
    let content_type = reader.text("content_type").unwrap_or_else(|| "application/json".into());
    let item = reader.text("item").unwrap_or_else(|| "".into());
    path.map(|path| Operation { method, path, query, body, content_type, item })
}

/// Reads a list.
pub(super) fn read_list(reader: &mut SettingReader<'_>) -> Option<Listing> {
    let kinds = ["none", "page", "offset", "cursor", "link", "next", "odata"];
    let (mut is_odata, mut size_query) = (false, None);
    let paging = reader.map("paging", |paging| {
        let kind = paging.choice("kind", &kinds).unwrap_or(0);
        is_odata = kind == 6;
        let size = paging.number("size", 1..=100_000);
        let size_name = paging.text("size_parameter");
        let size_name = if is_odata { size_name.or(Some("$top".into())) } else { size_name };
        size_query = size_name.zip(size);
        let mut numbers = |name: &str, first: u64| Page {
            parameter: paging.text("parameter").unwrap_or_else(|| name.into()),
            first: paging.number("first", 0..=1_000_000).unwrap_or(first),
            size,
        };
        Some(match kind {
            1 => Paging::Page(numbers("page", 1)),
            2 => Paging::Offset(numbers("offset", 0)),
            3 => Paging::Cursor {
                parameter: paging.required("parameter")?,
                next: paging.required("next")?,
            },
            4 => Paging::Link,
            5 => Paging::Next { next: paging.required("next")? },
            6 if paging.boolean("skip") == Some(true) => {
                Paging::Offset(Page { parameter: "$skip".into(), first: 0, size })
            }
            6 => Paging::Next { next: "@odata.nextLink".into() },
            _ => Paging::None,
        })
    });
    let since = reader.map("since", read_since);
    let deleted = reader.text("deleted");
    let items = reader.text("items");
    let items = items.unwrap_or_else(|| if is_odata { "value".into() } else { "".into() });
    let mut operation = read(reader, Method::Get, &[])?;
    if let Some((name, size)) = size_query
        && let Ok(size) = Template::parse(&size.to_string(), &[])
    {
        operation.query.push((name, size));
    }
    Some(Listing { operation, items, paging: paging.unwrap_or(Paging::None), since, deleted })
}

fn read_since(reader: &mut SettingReader<'_>) -> Option<Since> {
    let parameter = reader.required("parameter");
    let cursor = reader.text("cursor");
    let field = reader.text("field");
    if cursor.is_some() == field.is_some() {
        let message = "a list of changes needs either `since.cursor` or `since.field`";
        let help = "`cursor` names the place in the answer, `field` an attribute of the objects";
        reader.problem("cursor", message, Some(help.to_owned()));
    }
    parameter.map(|parameter| Since { parameter, cursor, field })
}

fn read_query(reader: &mut SettingReader<'_>, known: &[&str]) -> Vec<(Text, Template)> {
    let names = keys(reader, "query");
    let read = |query: &mut SettingReader<'_>| {
        let mut all = Vec::new();
        for name in &names {
            let value = query.text(name).and_then(|text| template(query, name, &text, known));
            all.extend(value.map(|value| (name.clone(), value)));
        }
        Some(all)
    };
    reader.map("query", read).unwrap_or_default()
}

fn template(
    reader: &mut SettingReader<'_>,
    key: &str,
    text: &str,
    known: &[&str],
) -> Option<Template> {
    match Template::parse(text, known) {
        Ok(template) => Some(template),
        Err(problem) => {
            reader.problem(key, format!("setting `{key}`: {problem}"), None);
            None
        }
    }
}
