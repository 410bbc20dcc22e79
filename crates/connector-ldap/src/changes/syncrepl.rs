//! Content synchronisation (RFC 4533), as OpenLDAP offers it with the overlay `syncprov`.
//!
//! The directory sends what changed since a cookie and, while its session log reaches back that far, the ids of what
//! went away. Where the log does not, it would name everything that is still there; then everything is read instead.

use ldap3::{ResultEntry, Scope, asn1::StructureTag, controls::RawControl};
use muster_connector::{ConnectorError, Sink};
use muster_model::{Text, Value};

use super::{Answer, Question, broken_off};
use crate::{
    ber::{self, tag},
    control,
    entry::Entry,
    error::{code, from_result},
    link::Found,
    read::Batch,
};

const REQUEST: &str = "1.3.6.1.4.1.4203.1.9.1.1";
const STATE: &str = "1.3.6.1.4.1.4203.1.9.1.2";
const DONE: &str = "1.3.6.1.4.1.4203.1.9.1.3";
/// Meets no entry, so that a cookie can be had without everything that is there.
const NOTHING: &str = "(!(objectClass=*))";

/// The cookie of the present state; `None` when the directory does not offer one.
pub(super) async fn cookie_of_now(
    question: &Question<'_>,
) -> Result<Option<Vec<u8>>, ConnectorError> {
    let found = search(question, NOTHING, None).await?;
    Ok(found.and_then(|found| end(&found)?.cookie))
}

/// Hands over what changed since `cookie`.
pub(super) async fn since(
    question: &Question<'_>,
    cookie: Vec<u8>,
    sink: &mut dyn Sink,
) -> Result<Answer, ConnectorError> {
    let filter = question.class.selection();
    let Some(found) = search(question, &filter, Some(&cookie)).await? else {
        return Ok(Answer::ReadAll);
    };
    let Some(end) = end(&found) else { return Ok(Answer::ReadAll) };
    let Some(changes) = changes(found, &end) else { return Ok(Answer::ReadAll) };
    let batch =
        Batch { link: question.link, shape: question.shape, size: question.request.batch.max(1) };
    if let Some(problem) = batch.hand_over(changes.entries, sink).await? {
        return Ok(broken_off(problem));
    }
    // Without a new cookie nothing has happened since the old one.
    Ok(question.ended(end.cookie.as_deref().unwrap_or(&cookie), changes.deleted))
}

async fn search(
    question: &Question<'_>,
    filter: &str,
    cookie: Option<&[u8]>,
) -> Result<Option<Found>, ConnectorError> {
    let (class, shape) = (question.class, question.shape);
    let asked = vec![request(cookie)];
    let found = question
        .link
        .search(&class.base, Scope::Subtree, filter, shape.attributes(), asked)
        .await?;
    if found.result.rc == code::SUCCESS {
        return Ok(Some(found));
    }
    let error = from_result(&found.result, &class.base);
    if error.is_transient() { Err(error) } else { Ok(None) }
}

/// `SEQUENCE { refreshOnly, cookie }`
fn request(cookie: Option<&[u8]>) -> RawControl {
    let mut content = ber::write_integer(tag::ENUMERATED, 1);
    content.extend(cookie.iter().flat_map(|cookie| ber::write(tag::OCTETS, cookie)));
    RawControl {
        ctype: REQUEST.to_owned(),
        crit: true,
        val: Some(ber::write(tag::SEQUENCE, &content)),
    }
}

/// How the directory ended its answer.
#[derive(Debug, PartialEq, Eq)]
struct End {
    cookie: Option<Vec<u8>>,
    /// True when it named what went away; otherwise what it did not name went away.
    names_deleted: bool,
}

fn end(found: &Found) -> Option<End> {
    read_end(control::value(&found.result.ctrls, DONE)?)
}

fn read_end(value: &[u8]) -> Option<End> {
    let content = ber::element(value)?.content;
    let mut end = End { cookie: None, names_deleted: false };
    for part in ber::elements(content) {
        match part.tag {
            tag::OCTETS => end.cookie = Some(part.content.to_vec()),
            tag::BOOLEAN => end.names_deleted = part.content.first().is_some_and(|byte| *byte != 0),
            _ => {}
        }
    }
    Some(end)
}

/// What changed.
struct Delta {
    entries: Vec<Result<Entry, muster_connector::BadObject>>,
    deleted: Vec<Text>,
}

/// What an answer tells; `None` when it names what is still there rather than what went away.
fn changes(found: Found, end: &End) -> Option<Delta> {
    let mut changes = Delta { entries: Vec::new(), deleted: Vec::new() };
    for answer in found.entries {
        let (state, id) = state(&answer)?;
        match state {
            1 | 2 => changes.entries.push(Entry::parse(answer)),
            3 => changes.deleted.push(id),
            _ => return None,
        }
    }
    for note in found.notes {
        changes.deleted.extend(ids(&note)?);
    }
    if !end.names_deleted {
        return None;
    }
    changes.deleted.sort_unstable();
    changes.deleted.dedup();
    Some(changes)
}

/// The state of an entry (0 present, 1 added, 2 changed, 3 deleted) and its id.
fn state(answer: &ResultEntry) -> Option<(i64, Text)> {
    let content = ber::element(control::value(&answer.1, STATE)?)?.content;
    let state = ber::element(content)?;
    let id = ber::element(state.rest)?;
    Some((ber::integer(state.content)?, uuid(id.content)?))
}

/// The ids that a message between the entries names as deleted; `None` when it names those that are still there.
fn ids(note: &ResultEntry) -> Option<Vec<Text>> {
    let parts = note.0.clone().expect_constructed()?;
    let value =
        parts.into_iter().find(|part| part.id == 1).and_then(StructureTag::expect_primitive)?;
    let info = ber::element(&value)?;
    // The choices are numbered: a new cookie, the end of a phase (deleted or present), a set of ids.
    match info.tag & 0x1f {
        0 | 1 => Some(Vec::new()),
        3 => {
            let parts: Vec<_> = ber::elements(info.content).collect();
            let is_deleted = parts.iter().any(|part| {
                part.tag == tag::BOOLEAN && part.content.first().is_some_and(|b| *b != 0)
            });
            let set = parts.iter().find(|part| part.tag == tag::SET)?;
            is_deleted
                .then(|| ber::elements(set.content).filter_map(|id| uuid(id.content)).collect())
        }
        _ => None,
    }
}

fn uuid(bytes: &[u8]) -> Option<Text> {
    Some(Value::Uuid(bytes.try_into().ok()?).to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_answer_is_read_whatever_it_leaves_out() {
        let cookie = Some(b"csn=1".to_vec());
        let bytes = [&[0x30, 10, 4, 5][..], b"csn=1", &[1, 1, 0xff]].concat();
        assert_eq!(read_end(&bytes), Some(End { cookie, names_deleted: true }));
        assert_eq!(read_end(&bytes[..9]), None);
        assert_eq!(read_end(&[0x30, 0]), Some(End { cookie: None, names_deleted: false }));
    }

    #[test]
    fn the_request_asks_for_a_refresh_only() {
        assert_eq!(request(None).val.unwrap(), [0x30, 3, 10, 1, 1]);
        assert_eq!(request(Some(b"x")).val.unwrap(), [0x30, 6, 10, 1, 1, 4, 1, b'x']);
    }
}
