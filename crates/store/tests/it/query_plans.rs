//! The query plan of every statement.
