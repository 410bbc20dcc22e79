//! Long lists of values, which the directory gives out in ranges (`member;range=0-1499`).

use std::collections::BTreeSet;

use muster_connector::ConnectorError;

use crate::{entry::Entry, link::Link};

/// How many values are asked for at once; a server may give fewer.
const AT_ONCE: usize = 1_500;
/// A server that goes on for ever is given up after so many ranges.
const MOST_RANGES: usize = 100_000;

/// The attributes whose lists may be long.
pub(crate) fn is_long(attribute: &str) -> bool {
    ["member", "memberOf"].iter().any(|name| name.eq_ignore_ascii_case(attribute))
}

/// Asks for the first range of those attributes that may be long.
pub(crate) fn first_ranges(attributes: BTreeSet<String>) -> Vec<String> {
    let first = |name: String| if is_long(&name) { range(&name, 0) } else { name };
    attributes.into_iter().map(first).collect()
}

fn range(attribute: &str, start: usize) -> String {
    format!("{attribute};range={start}-{}", start + AT_ONCE - 1)
}

/// Fetches what is missing of the lists of `entry`.
///
/// A list that changes meanwhile may come with holes; the change makes the object come again in the next read.
pub(crate) async fn complete(link: &Link, entry: &mut Entry) -> Result<(), ConnectorError> {
    for _ in 0..MOST_RANGES {
        let Some((attribute, next)) = entry.unfinished_range() else { return Ok(()) };
        let wanted = range(&attribute, next);
        let Some(more) = link.entry(&entry.dn, vec![wanted]).await? else {
            return Err(ConnectorError::NotFound { name: entry.dn.as_str().into() });
        };
        entry.extend_range(&attribute, next, more);
    }
    Err(ConnectorError::Malformed(format!("the list of `{}` does not end", entry.dn)))
}

/// The attribute and, when the range is not the last one, where the next begins: `member;range=0-1499` → 1500.
pub(crate) fn parse(description: &str) -> Option<(&str, Option<usize>)> {
    let (attribute, options) = description.split_once(';')?;
    let range = options.split(';').find_map(|option| {
        let (key, range) = option.split_once('=')?;
        key.eq_ignore_ascii_case("range").then_some(range)
    })?;
    let (_, last) = range.split_once('-')?;
    if last == "*" {
        return Some((attribute, None));
    }
    Some((attribute, Some(last.parse::<usize>().ok()?.checked_add(1)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_tell_where_the_next_one_begins() {
        assert_eq!(parse("member;range=0-1499"), Some(("member", Some(1500))));
        assert_eq!(parse("member;Range=1500-*"), Some(("member", None)));
        assert_eq!(parse("member"), None);
        assert_eq!(parse("member;range=0-x"), None);
        assert_eq!(parse("member;range=0-18446744073709551615"), None);
        let asked = first_ranges(["cn", "member"].map(str::to_owned).into());
        assert_eq!(asked, ["cn", "member;range=0-1499"]);
    }
}
