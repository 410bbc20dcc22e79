//! The `DirSync` control of Active Directory: which objects changed since a cookie.
//!
//! It tells of a whole partition and only the attributes that changed. So it is asked for ids, and the objects are
//! read again as they are now: what is no longer below the base or no longer meets the filter is gone for us.

use std::{collections::BTreeSet, fmt::Write as _};

use ldap3::{Scope, controls::RawControl};
use muster_connector::{ConnectorError, Sink};
use muster_model::Text;

use super::{Answer, Question, broken_off};
use crate::{
    ad::{self, ids, time},
    ber::{self, tag},
    control, dn,
    entry::Entry,
    error::{code, from_result, sentence},
    link::Found,
    read::Batch,
};

const OID: &str = "1.2.840.113556.1.4.841";
/// Only the values of a list that changed, rather than the whole list.
const INCREMENTAL_VALUES: i64 = i32::MIN as i64;
/// How many bytes of attributes a server may send at once.
const MOST_BYTES: i64 = 1024 * 1024;
/// How many objects are read again with one search.
const AT_ONCE: usize = 100;
/// Meets no object, so that a cookie can be had without everything that is there.
const NOTHING: &str = "(!(objectClass=*))";

/// Attributes that are computed, or that every domain controller keeps for itself: their changes are not told.
const UNTOLD: [&str; 14] = [
    "allowedAttributes",
    "badPasswordTime",
    "badPwdCount",
    "canonicalName",
    "directReports",
    "lastLogoff",
    "lastLogon",
    "logonCount",
    "managedObjects",
    "memberOf",
    "modifyTimestamp",
    "primaryGroupToken",
    "tokenGroups",
    "whenChanged",
];

/// True for an attribute whose changes `DirSync` does not tell.
pub(super) fn is_untold(attribute: &str) -> bool {
    UNTOLD.iter().any(|name| name.eq_ignore_ascii_case(attribute))
        || attribute.to_ascii_lowercase().ends_with("computed") && time::is_time(attribute)
}

/// A page of changes.
struct Page {
    found: Found,
    more: bool,
    cookie: Vec<u8>,
}

/// An object that changed.
struct Changed {
    id: String,
    /// False for one that lies elsewhere and has neither been made nor moved: it never was ours.
    may_be_ours: bool,
}

/// The cookie of the present state; `None` when the directory does not give one to this account.
pub(super) async fn cookie_of_now(
    question: &Question<'_>,
) -> Result<Option<Vec<u8>>, ConnectorError> {
    let mut cookie = Vec::new();
    loop {
        match page(question, NOTHING, cookie).await? {
            Some(page) if page.more => cookie = page.cookie,
            Some(page) => return Ok(Some(page.cookie)),
            None => return Ok(None),
        }
    }
}

/// Hands over what changed since `cookie`.
pub(super) async fn since(
    question: &Question<'_>,
    mut cookie: Vec<u8>,
    sink: &mut dyn Sink,
) -> Result<Answer, ConnectorError> {
    let filter = classes(question);
    let mut changed: Vec<Changed> = Vec::new();
    loop {
        let Some(page) = page(question, &filter, cookie).await? else {
            return Ok(Answer::ReadAll);
        };
        for answer in page.found.entries {
            let Ok(entry) = Entry::parse(answer) else { return Ok(Answer::ReadAll) };
            let Some(found) = changed_of(question, &entry) else { return Ok(Answer::ReadAll) };
            changed.push(found);
        }
        cookie = page.cookie;
        if !page.more {
            break;
        }
    }
    let mut deleted = Vec::new();
    for chunk in changed.chunks(AT_ONCE) {
        match read_again(question, chunk, sink).await? {
            Ok(gone) => deleted.extend(gone),
            Err(problem) => return Ok(broken_off(problem)),
        }
    }
    deleted.sort_unstable();
    deleted.dedup();
    Ok(question.ended(&cookie, deleted))
}

/// Selects by class alone, as a deleted object has lost most of its attributes.
fn classes(question: &Question<'_>) -> String {
    let mut filter = "(&".to_owned();
    for class in &question.class.object_classes {
        // Writing into a String cannot fail.
        _ = write!(filter, "(objectClass={})", dn::escape_filter(class));
    }
    filter.push(')');
    filter
}

/// The attributes whose changes count: those that are read, and those that decide whether an object is ours.
fn attributes(question: &Question<'_>) -> Vec<String> {
    let mut wanted: BTreeSet<String> =
        [ad::GUID, ad::CONTROL, "isDeleted", "name"].map(str::to_owned).into();
    wanted.extend(question.request.fields.iter().map(|field| field.name.to_string()));
    let filter = question.class.filter.as_deref().unwrap_or_default();
    for condition in filter.split(['(', '&', '|', '!']) {
        let end = condition.find(['=', '<', '>', '~', ':']).unwrap_or(0);
        let name = condition.get(..end).unwrap_or_default().trim();
        if !name.is_empty() {
            wanted.insert(name.to_owned());
        }
    }
    wanted.into_iter().collect()
}

fn changed_of(question: &Question<'_>, entry: &Entry) -> Option<Changed> {
    let id = entry.values(ad::GUID).first().and_then(|bytes| ids::guid_text(bytes))?;
    // The name comes along when an object was made, moved, renamed or deleted.
    let has_name = !entry.values("name").is_empty();
    Some(Changed { id, may_be_ours: has_name || dn::is_within(&entry.dn, &question.class.base) })
}

/// Reads objects as they are now, hands them over and answers the ids of those that are not there (for us) any more.
async fn read_again(
    question: &Question<'_>,
    changed: &[Changed],
    sink: &mut dyn Sink,
) -> Result<Result<Vec<Text>, String>, ConnectorError> {
    let Question { link, class, shape, request, .. } = question;
    let any: String = changed.iter().filter_map(|changed| ids::guid_filter(&changed.id)).collect();
    let filter = format!("(&{}(|{any}))", class.selection());
    let found =
        link.search(&class.base, Scope::Subtree, &filter, shape.attributes(), Vec::new()).await;
    let found = match found {
        Ok(found) if found.result.rc == code::SUCCESS => found,
        Ok(found) => return Ok(Err(sentence(&found.result))),
        Err(error) => return Ok(Err(error.to_string())),
    };
    let entries: Vec<_> = found.entries.into_iter().map(Entry::parse).collect();
    let there: BTreeSet<Text> = entries.iter().flatten().map(Entry::id).collect();
    let gone = changed
        .iter()
        .filter(|changed| changed.may_be_ours && !there.contains(changed.id.as_str()))
        .map(|changed| changed.id.as_str().into())
        .collect();
    let batch = Batch { link, shape, size: request.batch.max(1) };
    match batch.hand_over(entries, sink).await? {
        Some(problem) => Ok(Err(problem)),
        None => Ok(Ok(gone)),
    }
}

/// A page of changes since `cookie`; `None` when the directory will not tell.
async fn page(
    question: &Question<'_>,
    filter: &str,
    cookie: Vec<u8>,
) -> Result<Option<Page>, ConnectorError> {
    let context = context(question).await?;
    let asked = vec![request(&cookie)];
    let found =
        question.link.search(&context, Scope::Subtree, filter, attributes(question), asked).await?;
    if found.result.rc != code::SUCCESS {
        let error = from_result(&found.result, &context);
        return if error.is_transient() { Err(error) } else { Ok(None) };
    }
    let next = next(control::value(&found.result.ctrls, OID));
    Ok(next.map(|(more, cookie)| Page { found, more, cookie }))
}

/// The partition that holds the base; the control takes no other place.
async fn context(question: &Question<'_>) -> Result<String, ConnectorError> {
    let root = question.link.entry("", vec!["namingContexts".to_owned()]).await?;
    let contexts = root.map(|root| root.texts("namingContexts")).unwrap_or_default();
    let base = &question.directory.settings.base;
    let holding = contexts.into_iter().filter(|context| dn::is_within(base, context));
    Ok(holding.max_by_key(String::len).unwrap_or_else(|| base.clone()))
}

/// `SEQUENCE { flags, most bytes, cookie }`
fn request(cookie: &[u8]) -> RawControl {
    let mut content = ber::write_integer(tag::INTEGER, INCREMENTAL_VALUES);
    content.extend(ber::write_integer(tag::INTEGER, MOST_BYTES));
    content.extend(ber::write(tag::OCTETS, cookie));
    RawControl { ctype: OID.to_owned(), crit: true, val: Some(ber::write(tag::SEQUENCE, &content)) }
}

/// Whether there is more, and the next cookie: `SEQUENCE { more, unused, cookie }`.
fn next(value: Option<&[u8]>) -> Option<(bool, Vec<u8>)> {
    let more = ber::element(ber::element(value?)?.content)?;
    let unused = ber::element(more.rest)?;
    let cookie = ber::element(unused.rest)?;
    (cookie.tag == tag::OCTETS)
        .then(|| (ber::integer(more.content).unwrap_or(0) != 0, cookie.content.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_what_domain_controllers_read() {
        let bytes = request(&[0xab]).val.unwrap();
        assert_eq!(bytes, [0x30, 14, 2, 4, 0x80, 0, 0, 0, 2, 3, 0x10, 0, 0, 4, 1, 0xab]);
    }

    #[test]
    fn the_answer_is_read_and_damage_is_no_answer() {
        let bytes = [0x30, 9, 2, 1, 1, 2, 1, 0, 4, 1, 0xcd];
        assert_eq!(next(Some(&bytes)), Some((true, vec![0xcd])));
        for n in 0..bytes.len() {
            assert_eq!(next(Some(&bytes[..n])), None);
        }
        assert_eq!(next(None), None);
    }
}
