//! Cells and values: what a cell means and how a value is written into one.

use muster_model::Value;

/// The value of a cell: nothing when it is empty, else its text.
pub(crate) fn single(cell: &str) -> Value {
    if cell.is_empty() { Value::Null } else { Value::Text(cell.into()) }
}

/// The values of a cell that holds several; `\` keeps a separator or another `\` from being special.
pub(crate) fn several(cell: &str, separator: Option<char>) -> Value {
    let Some(separator) = separator else {
        return Value::set(vec![single(cell)]);
    };
    if !cell.contains(['\\', separator]) {
        return Value::set(vec![single(cell)]);
    }
    let mut items = Vec::new();
    let mut item = String::new();
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            item.push(chars.next().unwrap_or('\\'));
        } else if c == separator {
            items.push(single(&item));
            item.clear();
        } else {
            item.push(c);
        }
    }
    items.push(single(&item));
    Value::set(items)
}

/// The cell for `value`. Several values need a separator; without one they are refused.
pub(crate) fn write(value: &Value, separator: Option<char>) -> Result<String, String> {
    match (value.to_wire_text(), separator) {
        (Value::Null, _) => Ok(String::new()),
        (Value::List(items), Some(separator)) => {
            let mut cell = String::new();
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    cell.push(separator);
                }
                for c in item.to_string().chars() {
                    if c == separator || c == '\\' {
                        cell.push('\\');
                    }
                    cell.push(c);
                }
            }
            Ok(cell)
        }
        (Value::List(items), None) => match &*items {
            [only] => Ok(only.to_string()),
            several => Err(format!(
                "holds {} values, and a cell holds one; set `many`, for example `many: \"|\"`",
                several.len()
            )),
        },
        (single, _) => Ok(single.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[&str]) -> Value {
        Value::set(items.iter().map(|item| Value::text(*item)).collect())
    }

    #[test]
    fn an_empty_cell_is_no_value() {
        assert_eq!(single(""), Value::Null);
        assert_eq!(several("", Some('|')), Value::Null);
        assert_eq!(single(" "), Value::text(" "));
    }

    #[test]
    fn several_values_in_a_cell_come_back_as_they_were_written() {
        let lists: [&[&str]; 5] =
            [&["a", "b"], &["a|b", "c"], &["\\", "|"], &["x\\|y", "trailing\\"], &["one"]];
        for items in lists {
            let cell = write(&list(items), Some('|')).unwrap();
            assert_eq!(several(&cell, Some('|')), list(items), "{cell}");
        }
    }

    #[test]
    fn several_values_need_a_separator() {
        assert_eq!(write(&list(&["one"]), None).unwrap(), "one");
        let problem = write(&list(&["a", "b"]), None).unwrap_err();
        assert!(problem.contains("set `many`"), "{problem}");
    }

    #[test]
    fn typed_values_are_written_as_text() {
        assert_eq!(write(&Value::Int(-7), None).unwrap(), "-7");
        assert_eq!(write(&Value::Bool(true), Some('|')).unwrap(), "true");
    }
}
