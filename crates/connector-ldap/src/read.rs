//! Reads entries page by page, and single ones by id or by name.

use ldap3::{LdapResult, Scope};
use muster_connector::{BadObject, ConnectorError, Field, ReadEnd, ReadObject, ReadRequest, Sink};
use muster_model::{Object, ObjectRef};

use crate::{
    Directory,
    ad::{ids, range},
    changes::{Answer, Question},
    control, dn,
    entry::{Entry, ID_ATTRIBUTES, Shape},
    error::{code, from_result, sentence},
    link::{Found, Link, first_entry},
    settings::Class,
};

/// Reads every object of a class into `sink`, or what changed since a cursor.
///
/// A directory that stops early, for whatever reason, makes the read incomplete; so does a part of the tree that lies
/// on another server.
pub(crate) async fn read(
    directory: &Directory,
    request: &ReadRequest,
    sink: &mut dyn Sink,
) -> Result<ReadEnd, ConnectorError> {
    if request.class.is_empty() {
        let wanted = "an LDAP read needs an object class, such as `class: inetOrgPerson`";
        return Err(ConnectorError::Settings(wanted.to_owned()));
    }
    let class = directory.settings.class(&request.class);
    let shape = Shape::new(&directory.settings, &class, &request.fields);
    let link = directory.pool.any().await?;
    let question = Question { directory, link: &link, class: &class, shape: &shape, request };
    if let Some(since) = &request.since
        && let Answer::Done(end) = question.since(since, sink).await?
    {
        return Ok(end);
    }
    // Before the read: what changes while it goes on comes again with the next one.
    let cursor = question.cursor_of_now().await?;
    let mut end = read_all(&question, sink).await?;
    if end.complete {
        end.cursor = cursor;
    }
    Ok(end)
}

/// Reads everything, page by page.
async fn read_all(question: &Question<'_>, sink: &mut dyn Sink) -> Result<ReadEnd, ConnectorError> {
    let Question { directory, link, class, shape, request } = *question;
    let mut cookie = Vec::new();
    let mut begun = false;
    let mut elsewhere = None;
    loop {
        let found = match page(directory, link, class, shape, cookie).await {
            Ok(found) => found,
            Err(error) if begun => return Ok(ended(Some(error.to_string()))),
            Err(error) => return Err(error),
        };
        if !begun && found.entries.is_empty() {
            refuse_hopeless(&found.result, class)?;
        }
        begun = true;
        // A domain always points to its other partitions, which are none of the base's.
        if !directory.settings.is_domain() {
            elsewhere = elsewhere.or(found.elsewhere);
        }
        let batch = Batch { link, shape, size: request.batch.max(1) };
        let entries = found.entries.into_iter().map(Entry::parse).collect();
        match batch.hand_over(entries, sink).await? {
            None => {}
            Some(problem) => return Ok(ended(Some(problem))),
        }
        if found.result.rc != code::SUCCESS {
            return Ok(ended(Some(sentence(&found.result))));
        }
        cookie = control::next_page(&found.result.ctrls);
        if cookie.is_empty() {
            let problem = elsewhere
                .map(|place| format!("a part of the tree lies on another server: {place}"));
            return Ok(ended(problem));
        }
    }
}

async fn page(
    directory: &Directory,
    link: &Link,
    class: &Class,
    shape: &Shape<'_>,
    cookie: Vec<u8>,
) -> Result<Found, ConnectorError> {
    let controls = vec![control::page(directory.settings.page_size, cookie)];
    link.search(&class.base, Scope::Subtree, &class.selection(), shape.attributes(), controls).await
}

/// Turns an end before the first entry into an error, unless it is an end of the ordinary kind.
fn refuse_hopeless(result: &LdapResult, class: &Class) -> Result<(), ConnectorError> {
    match result.rc {
        code::SUCCESS | code::SIZE_LIMIT => Ok(()),
        code::NO_SUCH_OBJECT => Err(ConnectorError::Settings(format!(
            "the directory has no entry `{}`, or the account may not see it; check `base`",
            class.base
        ))),
        _ => Err(from_result(result, &class.base)),
    }
}

fn ended(problem: Option<String>) -> ReadEnd {
    ReadEnd {
        complete: problem.is_none(),
        incremental: false,
        cursor: None,
        deleted: Vec::new(),
        problem,
    }
}

/// How entries become objects and are handed over.
pub(crate) struct Batch<'a> {
    pub(crate) link: &'a Link,
    pub(crate) shape: &'a Shape<'a>,
    pub(crate) size: usize,
}

impl Batch<'_> {
    /// Hands over what the entries are; answers a problem when something is missing of them.
    pub(crate) async fn hand_over(
        &self,
        entries: Vec<Result<Entry, BadObject>>,
        sink: &mut dyn Sink,
    ) -> Result<Option<String>, ConnectorError> {
        let mut objects = Vec::with_capacity(entries.len().min(self.size));
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(bad) => {
                    sink.bad(bad).await?;
                    continue;
                }
            };
            match range::complete(self.link, &mut entry).await {
                Ok(()) => {}
                // It went away in between.
                Err(ConnectorError::NotFound { .. }) => continue,
                Err(error) => return Ok(Some(error.to_string())),
            }
            match self.shape.object(&entry) {
                Ok(object) => objects.push(ReadObject { object, line: 0 }),
                Err(bad) => sink.bad(bad).await?,
            }
            if objects.len() == self.size {
                sink.objects(std::mem::take(&mut objects)).await?;
            }
        }
        if !objects.is_empty() {
            sink.objects(objects).await?;
        }
        Ok(None)
    }
}

/// One object, by id where it has one that survives renames, else by name.
pub(crate) async fn get(
    directory: &Directory,
    object: &ObjectRef,
    fields: &[Field],
) -> Result<Option<Object>, ConnectorError> {
    let class = directory.settings.class(&object.class);
    let shape = Shape::new(&directory.settings, &class, fields);
    let link = directory.pool.any().await?;
    let entry = match id_filter(directory, &object.id) {
        Some(_) => find_by_id(directory, &link, &object.id, shape.attributes()).await?,
        None => None,
    };
    let entry = match entry {
        Some(entry) => Some(entry),
        None if object.name.is_empty() && object.id.is_empty() => None,
        None => {
            let name = if object.name.is_empty() { &object.id } else { &object.name };
            link.entry(&directory.full_name(name), shape.attributes()).await?
        }
    };
    let entry = match entry {
        Some(mut entry) => {
            range::complete(&link, &mut entry).await?;
            Some(entry)
        }
        None => None,
    };
    let read = |entry: Entry| {
        let bad =
            |bad: BadObject| ConnectorError::Malformed(format!("`{}`: {}", bad.place, bad.problem));
        shape.object(&entry).map_err(bad)
    };
    entry.map(read).transpose()
}

/// The entry with this id, wherever it is below the base.
pub(crate) async fn find_by_id(
    directory: &Directory,
    link: &Link,
    id: &str,
    attributes: Vec<String>,
) -> Result<Option<Entry>, ConnectorError> {
    let Some(filter) = id_filter(directory, id) else { return Ok(None) };
    let base = &directory.settings.base;
    let found = link.search(base, Scope::Subtree, &filter, attributes, Vec::new()).await?;
    match found.result.rc {
        code::SUCCESS => first_entry(found),
        code::NO_SUCH_OBJECT => Ok(None),
        _ => Err(from_result(&found.result, id)),
    }
}

/// Which attribute an id is a value of, by its form; `None` for the id of an entry that has only its name.
pub(crate) fn id_attribute(id: &str) -> Option<&'static str> {
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    let hexadecimal = id.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    let [uuid, unique_id] = ID_ATTRIBUTES;
    match groups.as_slice() {
        [8, 4, 4, 4, 12] if hexadecimal => Some(uuid),
        [8, 8, 8, 8] if hexadecimal => Some(unique_id),
        _ => None,
    }
}

fn id_filter(directory: &Directory, id: &str) -> Option<String> {
    if directory.settings.is_domain() {
        return ids::guid_filter(id);
    }
    Some(format!("({}={})", id_attribute(id)?, dn::escape_filter(id)))
}
