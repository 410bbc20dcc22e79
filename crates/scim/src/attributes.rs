//! Attribute definitions (RFC 7643, 7).

use serde_json::{Map, Value, json};

use crate::access::member;

/// What is known of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// The type of its values.
    pub kind: AttributeKind,
    /// It has several values.
    pub many: bool,
    /// It must have a value.
    pub required: bool,
    /// Upper and lower case differ.
    pub case_exact: bool,
    /// Whether it can be changed.
    pub mutability: Mutability,
    /// When it is returned.
    pub returned: Returned,
    /// Where its values are unique.
    pub uniqueness: Uniqueness,
    /// What it means.
    pub description: String,
    /// The sub-attributes of a complex one.
    pub sub: Vec<Self>,
    /// What a reference may lead to.
    pub references: Vec<String>,
    /// Values that are suggested.
    pub suggested: Vec<String>,
}

macro_rules! words {
    ($(#[$about:meta])* $name:ident, $default:ident: $($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)?) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant),* }

        impl $name {
            /// The word of the RFC.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// Reads the word in any case; another one is the default.
            fn read(value: Option<&Value>) -> Self {
                let word = value.and_then(Value::as_str).unwrap_or_default();
                $(if word.eq_ignore_ascii_case($word) { return Self::$variant; })*
                Self::$default
            }
        }
    };
}

words! {
    /// The type of an attribute's values.
    AttributeKind, Text:
    /// Text.
    Text = "string",
    /// True or false.
    Boolean = "boolean",
    /// A number with a fraction.
    Decimal = "decimal",
    /// A whole number.
    Integer = "integer",
    /// A point in time.
    DateTime = "dateTime",
    /// Bytes in base 64.
    Binary = "binary",
    /// The address of another resource.
    Reference = "reference",
    /// An object with sub-attributes.
    Complex = "complex",
}

words! {
    /// Whether an attribute can be changed.
    Mutability, ReadWrite:
    /// Only the server changes it.
    ReadOnly = "readOnly",
    /// By everybody with the right.
    ReadWrite = "readWrite",
    /// It is set with the resource and stays.
    Immutable = "immutable",
    /// It can be set and not be read.
    WriteOnly = "writeOnly",
}

words! {
    /// When an attribute is returned.
    Returned, Default:
    /// Always.
    Always = "always",
    /// Never.
    Never = "never",
    /// Unless others are asked for.
    Default = "default",
    /// When it is asked for.
    Request = "request",
}

words! {
    /// Where values are unique.
    Uniqueness, None:
    /// Nowhere.
    None = "none",
    /// On this server.
    Server = "server",
    /// Everywhere.
    Global = "global",
}

impl Attribute {
    /// An attribute with one text that may be changed and left out.
    pub fn text(name: &str, description: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: AttributeKind::Text,
            many: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            description: description.to_owned(),
            sub: Vec::new(),
            references: Vec::new(),
            suggested: Vec::new(),
        }
    }

    /// Reads a definition; `None` without a name.
    pub fn from_json(value: &Value) -> Option<Self> {
        let flag = |name: &str| member(value, name).and_then(Value::as_bool).unwrap_or(false);
        let texts = |name: &str| -> Vec<String> {
            let list = member(value, name).and_then(Value::as_array);
            let texts = list.into_iter().flatten().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        };
        let sub = member(value, "subAttributes").and_then(Value::as_array);
        Some(Self {
            name: member(value, "name")?.as_str()?.to_owned(),
            kind: AttributeKind::read(member(value, "type")),
            many: flag("multiValued"),
            required: flag("required"),
            case_exact: flag("caseExact"),
            mutability: Mutability::read(member(value, "mutability")),
            returned: Returned::read(member(value, "returned")),
            uniqueness: Uniqueness::read(member(value, "uniqueness")),
            description: member(value, "description")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            sub: sub.into_iter().flatten().filter_map(Self::from_json).collect(),
            references: texts("referenceTypes"),
            suggested: texts("canonicalValues"),
        })
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
        put("name", json!(self.name));
        put("type", json!(self.kind.word()));
        put("multiValued", json!(self.many));
        put("description", json!(self.description));
        put("required", json!(self.required));
        if matches!(
            self.kind,
            AttributeKind::Text | AttributeKind::Reference | AttributeKind::Binary
        ) {
            put("caseExact", json!(self.case_exact));
        }
        put("mutability", json!(self.mutability.word()));
        put("returned", json!(self.returned.word()));
        if self.kind != AttributeKind::Complex {
            put("uniqueness", json!(self.uniqueness.word()));
        }
        if !self.suggested.is_empty() {
            put("canonicalValues", json!(self.suggested));
        }
        if !self.references.is_empty() {
            put("referenceTypes", json!(self.references));
        }
        if !self.sub.is_empty() {
            put("subAttributes", self.sub.iter().map(Self::to_json).collect());
        }
        Value::Object(map)
    }

    /// The sub-attribute of that name, in any case.
    pub fn sub_attribute(&self, name: &str) -> Option<&Self> {
        self.sub.iter().find(|sub| sub.name.eq_ignore_ascii_case(name))
    }
}
