//! Reads the LDIF (RFC 2849) that `ldapsearch -LLL -o ldif-wrap=no` writes.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

/// An entry as the directory's own tools show it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// The distinguished name.
    pub dn: String,
    /// The values by attribute name as the server spells it, in the order sent.
    pub attributes: BTreeMap<String, Vec<Vec<u8>>>,
}

impl Entry {
    /// The values of `attribute` as text, sorted; bytes that are no UTF-8 are replaced.
    pub fn values(&self, attribute: &str) -> Vec<String> {
        let mut values: Vec<String> = self
            .attributes
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(attribute))
            .flat_map(|(_, values)| values)
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .collect();
        values.sort();
        values
    }

    /// The first value of `attribute` as text.
    pub fn value(&self, attribute: &str) -> Option<String> {
        self.values(attribute).into_iter().next()
    }
}

/// Reads entries from unwrapped LDIF.
pub fn parse_ldif(text: &str) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, rest) = line.split_once(':').with_context(|| format!("no colon in `{line}`"))?;
        let value = match rest.strip_prefix(':') {
            Some(coded) => {
                decode_base64(coded.trim()).with_context(|| format!("bad base64 in `{line}`"))?
            }
            None => rest.strip_prefix(' ').unwrap_or(rest).as_bytes().to_vec(),
        };
        if name == "dn" {
            let dn = String::from_utf8(value).context("a name that is no UTF-8")?;
            entries.push(Entry { dn, attributes: BTreeMap::new() });
        } else if let Some(entry) = entries.last_mut() {
            entry.attributes.entry(name.to_owned()).or_default().push(value);
        }
    }
    Ok(entries)
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut buffer, mut n_bits) = (0u32, 0u32);
    for c in text.bytes().take_while(|c| *c != b'=') {
        let six = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        buffer = buffer << 6 | u32::from(six);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push(u8::try_from(buffer >> n_bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_plain_and_in_base64() {
        let entries =
            parse_ldif("dn: cn=a,dc=x\ncn: a\nsn:: TcO8bGxlcg==\n\ndn:: Y249w6Q=\n").unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].value("SN").as_deref(), Some("Müller"));
        assert_eq!(entries[1].dn, "cn=ä");
    }
}
