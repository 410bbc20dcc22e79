//! Addresses of pages, with whatever a name may hold.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is in a part of an address.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as a part of a path or a query.
pub(crate) fn part(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

/// The page of a person.
pub(crate) fn person(subject: &str) -> String {
    format!("/people/{}", part(subject))
}

/// The page that says why somebody has an access.
pub(crate) fn why(subject: &str, access: &str) -> String {
    format!("/people/{}/why?what={}", part(subject), part(access))
}

/// The page of a role.
pub(crate) fn role(name: &str) -> String {
    format!("/roles/{}", part(name))
}

/// The page of a system.
pub(crate) fn system(name: &str) -> String {
    format!("/systems/{}", part(name))
}

/// The page of an order.
pub(crate) fn order(name: &str) -> String {
    format!("/queue/{name}")
}

/// A line of a model file.
pub(crate) fn line(at: &muster_model::Location) -> String {
    format!("/model?file={}&line={1}#L{1}", part(&at.file), at.line)
}

/// The form for an entry of a model file; for the file where none is named.
pub(crate) fn edit(file: &str, block: &str) -> String {
    with("/model/edit", &[("file", file), ("block", block)])
}

/// An address with these values in its query; those without a text are left out.
pub(crate) fn with(path: &str, values: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        address.push_str(&part(value));
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_place_in_an_address() {
        assert_eq!(person("a/../b?c#d \"e"), "/people/a%2F..%2Fb%3Fc%23d%20%22e");
        assert_eq!(
            with("/queue", &[("state", "failed"), ("system", ""), ("after", "a&b")]),
            "/queue?state=failed&after=a%26b"
        );
    }
}
