//! A statement while it is written: text and values, which never mix.

use std::fmt::Write as _;

use muster_model::Text;

use crate::{
    cell::Column,
    dialect::{Dialect, TableName},
};

/// A value on its way to the database.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Param {
    /// NULL.
    Null,
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text, or anything in its text form.
    Text(Text),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A column of texts; PostgreSQL only.
    Texts(Vec<Option<Text>>),
}

/// A statement and its values.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    dialect: Dialect,
    /// The text; what people or other systems gave stands in it only as a quoted identifier.
    pub(crate) text: String,
    /// The values of the placeholders, in order.
    pub(crate) params: Vec<Param>,
}

impl Sql {
    /// Begins a statement.
    pub(crate) fn new(dialect: Dialect, text: &str) -> Self {
        Self { dialect, text: text.to_owned(), params: Vec::new() }
    }

    /// Adds text of ours.
    pub(crate) fn add(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a quoted identifier.
    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        self.text.push_str(&self.dialect.quote(name));
        self
    }

    /// Adds a quoted table.
    pub(crate) fn table(&mut self, table: &TableName) -> &mut Self {
        self.text.push_str(&table.quoted(self.dialect));
        self
    }

    /// Adds a placeholder for a value of `column`.
    pub(crate) fn bind(&mut self, param: Param, column: &Column) -> &mut Self {
        self.params.push(param);
        let number = self.params.len();
        match self.dialect {
            Dialect::Postgres => {
                let cast = column.cast();
                _ = write!(self.text, "${number}::text{cast}");
            }
            Dialect::MySql | Dialect::Sqlite => self.text.push('?'),
        }
        self
    }

    /// Adds a placeholder for a text.
    pub(crate) fn bind_text(&mut self, text: impl Into<Text>) -> &mut Self {
        self.bind(Param::Text(text.into()), &Column::text(""))
    }

    /// Adds a placeholder for a column of texts; PostgreSQL only.
    pub(crate) fn bind_texts(&mut self, texts: Vec<Option<Text>>) -> &mut Self {
        self.params.push(Param::Texts(texts));
        let number = self.params.len();
        _ = write!(self.text, "${number}::text[]");
        self
    }

    /// Adds `column` as it is selected: what the driver cannot decode comes as text.
    pub(crate) fn select(&mut self, prefix: &str, column: &Column) -> &mut Self {
        self.add(prefix).name(&column.name);
        if self.dialect == Dialect::Postgres && column.kind.comes_as_text() {
            self.add(if column.is_array { "::text[]" } else { "::text" });
        }
        self
    }

    /// Adds `column = value`, byte for byte even where the column compares otherwise.
    pub(crate) fn equals(&mut self, prefix: &str, column: &Column, param: Param) -> &mut Self {
        self.add(prefix).name(&column.name).add(" = ").bind(param.clone(), column);
        if matches!(param, Param::Text(_)) && column.kind.is_text() {
            match self.dialect {
                Dialect::Postgres => {}
                Dialect::MySql => {
                    self.add(" AND BINARY CONVERT(").add(prefix).name(&column.name);
                    self.add(" USING utf8mb4) = ").bind(param, column);
                }
                Dialect::Sqlite => {
                    self.add(" AND ").add(prefix).name(&column.name).add(" = ");
                    self.bind(param, column).add(" COLLATE BINARY");
                }
            }
        }
        self
    }

    /// Adds `column IN (values)`.
    pub(crate) fn is_in(&mut self, prefix: &str, column: &Column, params: Vec<Param>) -> &mut Self {
        self.add(prefix).name(&column.name);
        if self.dialect == Dialect::Postgres {
            let texts = params.into_iter().map(|param| match param {
                Param::Text(text) => Some(text),
                Param::Null
                | Param::Int(_)
                | Param::Float(_)
                | Param::Bytes(_)
                | Param::Texts(_) => None,
            });
            let texts = texts.collect();
            self.add(" = ANY (").bind_texts(texts);
            let cast = column.cast();
            if !cast.is_empty() {
                self.add(&cast).add("[]");
            }
            return self.add(")");
        }
        self.add(" IN (");
        for (index, param) in params.into_iter().enumerate() {
            self.add(if index == 0 { "" } else { ", " }).bind(param, column);
        }
        self.add(")")
    }
}
