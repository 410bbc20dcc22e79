//! The request and response controls in use: paged results (RFC 2696), post-read (RFC 4527), assertion (RFC 4528).
//!
//! Responses are read here rather than by the LDAP library, whose readers panic on bytes they do not expect.

use ldap3::controls::{Assertion, Control, PagedResults, PostRead, RawControl};

use crate::{ber::element, dn};

/// Object identifiers as a directory lists them in `supportedControl`.
pub(crate) mod oid {
    pub(crate) const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
    pub(crate) const POST_READ: &str = "1.3.6.1.1.13.2";
    pub(crate) const ASSERTION: &str = "1.3.6.1.1.12";
}

/// Asks for a page of `size` entries, beginning where `cookie` points.
pub(crate) fn page(size: i32, cookie: Vec<u8>) -> RawControl {
    PagedResults { size, cookie }.into()
}

/// Asks for `attributes` of the entry as it is after the change.
pub(crate) fn read_after(attributes: &[&'static str]) -> RawControl {
    PostRead::new(attributes.to_vec())
}

/// Lets the change happen only when the entry's `attribute` is `value`.
pub(crate) fn only_if(attribute: &str, value: &str) -> Option<RawControl> {
    let filter = format!("({attribute}={})", dn::escape_filter(value));
    // The library panics on a filter that it cannot read.
    ldap3::parse_filter(&filter).ok()?;
    let mut control = Assertion::new(filter);
    control.crit = true;
    Some(control)
}

/// Where the next page begins; empty after the last one and when the directory does not page.
pub(crate) fn next_page(controls: &[Control]) -> Vec<u8> {
    let cookie = || {
        let sequence = element(value(controls, oid::PAGED_RESULTS)?)?.content;
        let estimate = element(sequence)?;
        Some(element(estimate.rest)?.content.to_vec())
    };
    cookie().unwrap_or_default()
}

/// The first value of the first of `attributes` that the answer to [`read_after`] holds.
pub(crate) fn value_after(controls: &[Control], attributes: &[&str]) -> Option<String> {
    let entry = element(value(controls, oid::POST_READ)?)?.content;
    let mut rest = element(element(entry)?.rest)?.content;
    let mut found: Vec<(&[u8], &[u8])> = Vec::new();
    while let Some(attribute) = element(rest) {
        rest = attribute.rest;
        let name = element(attribute.content)?;
        if let Some(first) = element(element(name.rest)?.content) {
            found.push((name.content, first.content));
        }
    }
    let named =
        |wanted: &&str| found.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted.as_bytes()));
    let (_, value) = attributes.iter().find_map(named)?;
    String::from_utf8(value.to_vec()).ok()
}

/// The value of the control `oid` among those of an answer.
pub(crate) fn value<'c>(controls: &'c [Control], oid: &str) -> Option<&'c [u8]> {
    controls.iter().find(|control| control.1.ctype == oid)?.1.val.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(oid: &str, bytes: &[u8]) -> Vec<Control> {
        vec![Control(
            None,
            RawControl { ctype: oid.to_owned(), crit: false, val: Some(bytes.to_vec()) },
        )]
    }

    #[test]
    fn the_cookie_of_a_page_is_read_and_damage_is_no_cookie() {
        let bytes = [0x30, 0x07, 0x02, 0x01, 0x00, 0x04, 0x02, 0xab, 0xcd];
        assert_eq!(next_page(&control(oid::PAGED_RESULTS, &bytes)), [0xab, 0xcd]);
        for n in 0..bytes.len() {
            assert!(next_page(&control(oid::PAGED_RESULTS, &bytes[..n])).is_empty());
        }
        assert!(
            next_page(&control(oid::PAGED_RESULTS, &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]))
                .is_empty()
        );
    }
}
