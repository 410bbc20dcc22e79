//! Model files: strict YAML with spans, all problems at once, formatter, JSON Schema.
