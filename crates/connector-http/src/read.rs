//! Reads: page after page, or one object.

use std::collections::BTreeSet;

use futures_util::future::join;
use muster_connector::{
    BadObject, ConnectorError, Field, ReadEnd, ReadObject, ReadRequest, Sink,
    json::{Node as _, Tree},
};
use muster_http::{Request, Response};
use muster_model::{Object, ObjectRef, Text, name_key};
use serde_json::Value as Json;

use crate::{
    Rest, item,
    settings::{Class, Listing, Paging},
    template::Scope,
};

/// The most answers to one list; more is a list that never ends.
const MOST_PAGES: u64 = 1_000_000;

/// A list under way.
struct Pages<'r> {
    rest: &'r Rest,
    list: &'r Listing,
    /// The request for the next answer; nothing when the list is at its end.
    next: Option<Request>,
    /// The query that goes with every request of the list.
    since: Option<Text>,
    n_answers: u64,
    n_objects: u64,
    /// Addresses and cursors that were followed, so that none is followed twice.
    followed: BTreeSet<String>,
    last_body: Vec<u8>,
}

impl<'r> Pages<'r> {
    fn new(rest: &'r Rest, list: &'r Listing, since: Option<Text>) -> Self {
        let mut pages = Self {
            rest,
            list,
            next: None,
            since,
            n_answers: 0,
            n_objects: 0,
            followed: BTreeSet::new(),
            last_body: Vec::new(),
        };
        let first = match &list.paging {
            Paging::Page(page) | Paging::Offset(page) => {
                Some((page.parameter.clone(), page.first.to_string()))
            }
            Paging::None | Paging::Cursor { .. } | Paging::Link | Paging::Next { .. } => None,
        };
        pages.next = pages.request(first);
        pages
    }

    /// The list's request with one more parameter.
    fn request(&self, more: Option<(Text, String)>) -> Option<Request> {
        let scope = Scope::default();
        let mut request = self.rest.request(&self.list.operation, &scope)?;
        if let (Some(since), Some(cursor)) = (&self.list.since, &self.since) {
            request = request.query(&*since.parameter, &**cursor);
        }
        if let Some((name, value)) = more {
            request = request.query(&*name, value);
        }
        Some(request)
    }

    /// The next answer.
    async fn answer(&mut self) -> Result<Option<Response>, ConnectorError> {
        let Some(request) = self.next.take() else { return Ok(None) };
        self.n_answers += 1;
        if self.n_answers > MOST_PAGES {
            return Err(malformed(&format!("the list did not end after {MOST_PAGES} answers")));
        }
        self.rest.call(&request, &"".into()).await.map(Some)
    }

    /// The document of an answer and its objects; what comes next is known then.
    fn items<'b>(
        &mut self,
        response: &'b Response,
    ) -> Result<(Tree<'b>, Vec<Tree<'b>>), ConnectorError> {
        let mut document: Tree<'_> = response.json()?;
        let items = take_items(&mut document, &self.list.items)?;
        self.next = self.following(response, &document, items.len())?;
        if self.next.is_some() && !items.is_empty() && **response.body() == *self.last_body {
            let problem = "it answered two pages with the same content; check `paging.parameter`";
            return Err(malformed(problem));
        }
        self.last_body = response.body().to_vec();
        self.n_objects += items.len() as u64;
        Ok((document, items))
    }

    fn following(
        &mut self,
        response: &Response,
        document: &Tree<'_>,
        n_items: usize,
    ) -> Result<Option<Request>, ConnectorError> {
        match &self.list.paging {
            Paging::None => Ok(None),
            Paging::Page(page) | Paging::Offset(page) => {
                let is_short = page.size.is_some_and(|size| (n_items as u64) < size);
                if n_items == 0 || is_short {
                    return Ok(None);
                }
                let by_page = matches!(self.list.paging, Paging::Page(_));
                let step = if by_page { self.n_answers } else { self.n_objects + n_items as u64 };
                Ok(self.request(Some((page.parameter.clone(), (page.first + step).to_string()))))
            }
            Paging::Cursor { parameter, next } => match item::text(document, next) {
                None => Ok(None),
                Some(cursor) => {
                    self.follow(&cursor)?;
                    Ok(self.request(Some((parameter.clone(), cursor.to_string()))))
                }
            },
            Paging::Link => self.address(response.header("link").and_then(next_of_link)),
            Paging::Next { next } => self.address(item::text(document, next).as_deref()),
        }
    }

    /// The request for an address that the service named; the client refuses other hosts.
    fn address(&mut self, address: Option<&str>) -> Result<Option<Request>, ConnectorError> {
        let Some(address) = address.map(str::trim).filter(|address| !address.is_empty()) else {
            return Ok(None);
        };
        self.follow(address)?;
        let full = full_address(self.rest.client.base(), address).ok_or_else(|| {
            malformed("it named a next page by an address that is neither absolute nor begins with `/` or `?`")
        });
        Ok(Some(Request::new(self.list.operation.method, full?)))
    }

    fn follow(&mut self, next: &str) -> Result<(), ConnectorError> {
        if self.followed.insert(next.to_owned()) {
            Ok(())
        } else {
            Err(malformed("it named the same next page twice, so the list would never end"))
        }
    }
}

/// An absolute address: as it is, on the base's host, or in the base's place with another query.
fn full_address(base: &str, address: &str) -> Option<String> {
    if address.contains("://") {
        return Some(address.to_owned());
    }
    if address.starts_with('?') {
        return Some(format!("{}{address}", base.trim_end_matches('/')));
    }
    if !address.starts_with('/') || address.starts_with("//") {
        return None;
    }
    let (scheme, rest) = base.split_once("://")?;
    let host = rest.split('/').next()?;
    Some(format!("{scheme}://{host}{address}"))
}

/// The address in `Link: <address>; rel="next"`.
fn next_of_link(header: &str) -> Option<&str> {
    header.split(',').find_map(|link| {
        let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else { return false };
            let mut kinds = value.trim().trim_matches('"').split(' ');
            name.trim().eq_ignore_ascii_case("rel")
                && kinds.any(|kind| kind.eq_ignore_ascii_case("next"))
        });
        is_next.then_some(address)
    })
}

fn take_items<'b>(document: &mut Tree<'b>, path: &str) -> Result<Vec<Tree<'b>>, ConnectorError> {
    let taken = if path.starts_with('/') || path.is_empty() {
        document.take(path)
    } else if document.member(path).is_some() {
        document.take(&format!("/{}", path.replace('~', "~0").replace('/', "~1")))
    } else {
        document.take(&format!("/{}", path.replace('.', "/")))
    };
    if let Some(Tree::List(items)) = taken {
        return Ok(items);
    }
    let at = if path.is_empty() { "the document" } else { path };
    Err(malformed(&format!("{at} is no list; check the setting `items`")))
}

fn malformed(problem: &str) -> ConnectorError {
    ConnectorError::Malformed(format!("the answer to a list is not what it should be: {problem}"))
}

/// Reads everything, or what changed, into `sink`.
pub(crate) async fn read(
    rest: &Rest,
    request: &ReadRequest,
    sink: &mut dyn Sink,
) -> Result<ReadEnd, ConnectorError> {
    let class = rest.class(&request.class)?;
    let Some(list) = &class.list else {
        return Err(ConnectorError::Settings(format!(
            "class `{}` has no `list`, so it cannot be read",
            request.class
        )));
    };
    let since = request.since.clone().filter(|_| list.since.is_some());
    let mut end = ReadEnd {
        complete: true,
        incremental: since.is_some(),
        cursor: since.clone().filter(|_| list.since.as_ref().is_some_and(|s| s.field.is_some())),
        deleted: Vec::new(),
        problem: None,
    };
    let mut pages = Pages::new(rest, list, since);
    let mut feed = Feed {
        class,
        list,
        fields: &request.fields,
        size: request.batch.max(1),
        number: 0,
        batch: Vec::new(),
    };
    let mut next = pages.answer().await;
    loop {
        let page = match &next {
            Ok(None) => break,
            Ok(Some(response)) => pages.items(response),
            Err(error) => Err(error.clone()),
        };
        let (document, items) = match page {
            Ok(page) => page,
            Err(error) if pages.n_answers <= 1 => return Err(error),
            Err(error) => {
                end.complete = false;
                end.cursor = None;
                end.problem = Some(error.to_string());
                break;
            }
        };
        if let Some(place) = list.since.as_ref().and_then(|since| since.cursor.as_ref())
            && let Some(cursor) = item::text(&document, place)
        {
            end.cursor = Some(cursor);
        }
        // While the objects of one page are made, the service works on the next.
        let (asked, taken) = join(pages.answer(), feed.take_all(&items, &mut end, sink)).await;
        taken?;
        next = asked;
    }
    feed.flush(sink).await?;
    Ok(end)
}

/// Turns items into batches of objects.
struct Feed<'r> {
    class: &'r Class,
    list: &'r Listing,
    fields: &'r [Field],
    size: usize,
    number: u64,
    batch: Vec<ReadObject>,
}

impl Feed<'_> {
    async fn take_all(
        &mut self,
        items: &[Tree<'_>],
        end: &mut ReadEnd,
        sink: &mut dyn Sink,
    ) -> Result<(), ConnectorError> {
        for item in items {
            self.take(item, end, sink).await?;
        }
        Ok(())
    }

    async fn take(
        &mut self,
        item: &Tree<'_>,
        end: &mut ReadEnd,
        sink: &mut dyn Sink,
    ) -> Result<(), ConnectorError> {
        self.number += 1;
        if let Some(field) = self.list.since.as_ref().and_then(|since| since.field.as_ref())
            && let Some(value) = item::text(item, field)
            && end.cursor.as_ref().is_none_or(|cursor| is_later(&value, cursor))
        {
            end.cursor = Some(value);
        }
        if let Some(deleted) = &self.list.deleted
            && item::text(item, deleted).is_some_and(|value| &*value != "false")
        {
            // A deleted object is not there; only a read of changes has to say so.
            if end.incremental {
                end.deleted.extend(item::text(item, &self.class.id));
            }
            return Ok(());
        }
        match item::object(self.class, item, self.fields) {
            Ok(object) => self.batch.push(ReadObject { object, line: self.number }),
            Err(problem) => {
                let name = item::text(item, &self.class.name);
                let place = format!("object {}", self.number);
                sink.bad(BadObject { place, problem, name }).await?;
            }
        }
        if self.batch.len() >= self.size { self.flush(sink).await } else { Ok(()) }
    }

    async fn flush(&mut self, sink: &mut dyn Sink) -> Result<(), ConnectorError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        sink.objects(std::mem::take(&mut self.batch)).await
    }
}

/// Numbers compare as numbers, everything else as text.
fn is_later(value: &str, than: &str) -> bool {
    match (value.parse::<u64>(), than.parse::<u64>()) {
        (Ok(value), Ok(than)) => value > than,
        _ => value > than,
    }
}

/// The object that `object` names, as the service holds it.
pub(crate) async fn fetch(
    rest: &Rest,
    class: &Class,
    object: &ObjectRef,
) -> Result<Option<Json>, ConnectorError> {
    if let Some(get) = &class.get
        && !(get.path.uses("id") && object.id.is_empty())
    {
        let scope = Scope::default().with("id", &*object.id).with("name", &*object.name);
        let Some(request) = rest.request(get, &scope) else { return Ok(None) };
        match rest.call(&request, &object.name).await {
            Err(ConnectorError::NotFound { .. }) if object.id.is_empty() => return Ok(None),
            // Ids may have changed; the name may still be there.
            Err(ConnectorError::NotFound { .. }) => {}
            Err(error) => return Err(error),
            Ok(response) => {
                let document: Json = response.json()?;
                return Ok(document_item(&document, &get.item));
            }
        }
    }
    let Some(list) = class.find.as_ref().or(class.list.as_ref()) else { return Ok(None) };
    search(rest, class, list, &object.name).await
}

/// The object in an answer; a list is no object.
fn document_item(document: &Json, path: &str) -> Option<Json> {
    let found = item::at(document, path)?.clone();
    found.is_object().then_some(found)
}

async fn search(
    rest: &Rest,
    class: &Class,
    list: &Listing,
    name: &Text,
) -> Result<Option<Json>, ConnectorError> {
    let rule = rest.settings.capabilities().names;
    let key = name_key(rule, name);
    let is_it = |item: &&Tree<'_>| {
        item::text(*item, &class.name).is_some_and(|found| name_key(rule, &found) == key)
    };
    if class.find.is_some() {
        let scope = Scope::default().with("name", &**name);
        let Some(request) = rest.request(&list.operation, &scope) else { return Ok(None) };
        let response = match rest.call(&request, name).await {
            Err(ConnectorError::NotFound { .. }) => return Ok(None),
            answer => answer?,
        };
        let items = take_items(&mut response.json()?, &list.items)?;
        return Ok(items.iter().find(is_it).map(Tree::to_json));
    }
    let mut pages = Pages::new(rest, list, None);
    while let Some(response) = pages.answer().await? {
        let (_, items) = pages.items(&response)?;
        if let Some(found) = items.iter().find(is_it) {
            return Ok(Some(found.to_json()));
        }
    }
    Ok(None)
}

/// The object that `object` names with the values of `fields`.
pub(crate) async fn get(
    rest: &Rest,
    object: &ObjectRef,
    fields: &[Field],
) -> Result<Option<Object>, ConnectorError> {
    let class = rest.class(&object.class)?;
    let Some(found) = fetch(rest, class, object).await? else { return Ok(None) };
    item::object(class, &found, fields)
        .map(Some)
        .map_err(|problem| ConnectorError::Malformed(format!("`{}`: {problem}", object.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_in_the_header() {
        let link = |header| next_of_link(header);
        assert_eq!(
            link(r#"<https://h/a?p=1>; rel="prev", <https://h/a?p=3>; rel="next""#),
            Some("https://h/a?p=3")
        );
        assert_eq!(link("</a?p=3>; rel=next"), Some("/a?p=3"));
        assert_eq!(link(r#"<https://h/a>; rel="last""#), None);
        assert_eq!(link("nonsense"), None);
    }

    #[test]
    fn addresses_stay_on_the_host() {
        let full = |address| full_address("https://h:8/api/v1/", address);
        assert_eq!(full("/api/v1/u?p=2").as_deref(), Some("https://h:8/api/v1/u?p=2"));
        assert_eq!(full("?p=2").as_deref(), Some("https://h:8/api/v1?p=2"));
        assert_eq!(
            full("https://evil/x").as_deref(),
            Some("https://evil/x"),
            "the client refuses it"
        );
        assert_eq!(full("//evil/x"), None);
        assert_eq!(full("u?p=2"), None);
    }

    #[test]
    fn cursors_compare_as_what_they_are() {
        assert!(is_later("10", "9"));
        assert!(is_later("2026-02-01T00:00:00Z", "2026-01-31T00:00:00Z"));
    }
}
