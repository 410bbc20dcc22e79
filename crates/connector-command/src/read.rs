//! Reads: streams of objects, and the search for one.

use async_trait::async_trait;
use muster_connector::{BadObject, ConnectorError, Field, ReadEnd, ReadObject, ReadRequest, Sink};
use muster_model::{NameRule, Object, ObjectRef, Text, name_key};
use serde_json::Value as Json;

use crate::{
    call::{Call, Pool},
    protocol::{self, Answer, EndLine, ObjectLine},
};

/// Reads everything, or what changed, into `sink`.
pub(crate) async fn read(
    pool: &Pool,
    request: &ReadRequest,
    sink: &mut dyn Sink,
) -> Result<ReadEnd, ConnectorError> {
    let since = request.since.as_deref().filter(|_| pool.launch.settings.offers("incremental"));
    let mut rest = vec![("class", Json::from(&*request.class))];
    rest.extend(protocol::attributes(&request.fields));
    rest.push(("since", since.map_or(Json::Null, Json::from)));
    rest.push(("batch", Json::from(request.batch)));
    let mut call = pool.call("read", &rest).await?;
    let size = request.batch.max(1);
    let mut batch: Vec<ReadObject> = Vec::new();
    let mut line = String::new();
    loop {
        let answer = match call.next(&mut line).await {
            Ok(answer) => answer,
            Err(error) => return failed(call.n_answers > 0, batch, error, sink).await,
        };
        if let Some(error) = call.refusal(&answer, &request.class) {
            // The script may well go on; what it was asked is answered.
            let has_begun = call.n_answers > 1;
            call.finish().await;
            return failed(has_begun, batch, error, sink).await;
        }
        let Answer { object, objects, bad, end, .. } = answer;
        let lines = object.flatten().into_iter().chain(objects.unwrap_or_default());
        for line in lines {
            take(&call, &line, &request.fields, &mut batch, sink).await?;
            if batch.len() >= size {
                sink.objects(std::mem::take(&mut batch)).await?;
            }
        }
        if let Some(bad) = bad {
            let problem = call.clean(&bad.problem);
            let name = bad.name.map(Text::from);
            sink.bad(BadObject { place: bad.place, problem, name }).await?;
        }
        if let Some(end) = end {
            let end = read_end(*end, since.is_some(), |text| call.clean(text));
            call.finish().await;
            flush(batch, sink).await?;
            return Ok(end);
        }
    }
}

async fn take(
    call: &Call<'_>,
    line: &ObjectLine<'_>,
    fields: &[Field],
    batch: &mut Vec<ReadObject>,
    sink: &mut dyn Sink,
) -> Result<(), ConnectorError> {
    match line.object(fields) {
        Ok(object) => {
            batch.push(ReadObject { object, line: line.line });
            Ok(())
        }
        Err(problem) => {
            let place = match line.line {
                0 => format!("object {}", call.n_answers),
                number => format!("line {number}"),
            };
            let name = (!line.name.is_empty()).then(|| (&*line.name).into());
            sink.bad(BadObject { place, problem, name }).await
        }
    }
}

/// The answer for a read that failed: an error when nothing came before, else an incomplete read.
async fn failed(
    has_begun: bool,
    batch: Vec<ReadObject>,
    error: ConnectorError,
    sink: &mut dyn Sink,
) -> Result<ReadEnd, ConnectorError> {
    if !has_begun {
        return Err(error);
    }
    flush(batch, sink).await?;
    Ok(ReadEnd {
        complete: false,
        incremental: false,
        cursor: None,
        deleted: Vec::new(),
        problem: Some(error.to_string()),
    })
}

async fn flush(batch: Vec<ReadObject>, sink: &mut dyn Sink) -> Result<(), ConnectorError> {
    if batch.is_empty() { Ok(()) } else { sink.objects(batch).await }
}

fn read_end(end: EndLine, was_since: bool, clean: impl Fn(&str) -> String) -> ReadEnd {
    let EndLine { complete, incremental, cursor, deleted, problem } = end;
    let problem = match (complete, problem) {
        (true, _) => None,
        (false, Some(problem)) if !problem.is_empty() => Some(clean(&problem)),
        (false, _) => Some("the script said that it is not complete, and not why".to_owned()),
    };
    ReadEnd {
        complete,
        incremental: incremental && was_since,
        cursor: cursor.filter(|_| complete).map(Text::from),
        deleted: deleted.into_iter().map(Text::from).collect(),
        problem,
    }
}

/// Fetches one object, through `get` or, where the script does not offer it, through a read of everything.
pub(crate) async fn get(
    pool: &Pool,
    object: &ObjectRef,
    fields: &[Field],
) -> Result<Option<Object>, ConnectorError> {
    if !pool.launch.settings.offers("get") {
        return search(pool, object, fields).await;
    }
    let mut rest = vec![
        ("class", Json::from(&*object.class)),
        ("id", Json::from(&*object.id)),
        ("name", Json::from(&*object.name)),
    ];
    rest.extend(protocol::attributes(fields));
    let mut call = pool.call("get", &rest).await?;
    let mut line = String::new();
    let answer = call.next(&mut line).await?;
    match call.refusal(&answer, &object.name) {
        Some(ConnectorError::NotFound { .. }) => {
            call.finish().await;
            return Ok(None);
        }
        Some(error) => {
            call.finish().await;
            return Err(error);
        }
        None => {}
    }
    let Some(found) = answer.object else {
        return Err(call.broken("an answer to `get` without `object`").await);
    };
    call.finish().await;
    found
        .map(|line| line.object(fields))
        .transpose()
        .map_err(|problem| ConnectorError::Malformed(format!("`{}`: {problem}", object.name)))
}

async fn search(
    pool: &Pool,
    object: &ObjectRef,
    fields: &[Field],
) -> Result<Option<Object>, ConnectorError> {
    let rule = pool.launch.settings.names;
    let mut finder = Finder { rule, key: name_key(rule, &object.name), object, found: None };
    let class = object.class.clone();
    let request = ReadRequest { class, fields: fields.to_vec(), since: None, batch: 500 };
    let end = read(pool, &request, &mut finder).await?;
    match (finder.found, end.problem) {
        (None, Some(problem)) => Err(ConnectorError::Unreachable(problem)),
        (found, _) => Ok(found),
    }
}

/// Keeps the one object that is looked for: by id, failing that by name.
struct Finder<'o> {
    rule: NameRule,
    key: String,
    object: &'o ObjectRef,
    found: Option<Object>,
}

#[async_trait]
impl Sink for Finder<'_> {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        for ReadObject { object, .. } in objects {
            let is_id = !self.object.id.is_empty() && object.id == self.object.id;
            if is_id || (self.found.is_none() && name_key(self.rule, &object.name) == self.key) {
                self.found = Some(object);
            }
        }
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        match bad.name {
            Some(name) if name == self.object.name => Err(ConnectorError::Malformed(bad.problem)),
            Some(_) | None => Ok(()),
        }
    }
}
