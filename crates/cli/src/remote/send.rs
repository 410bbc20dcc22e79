//! What is sent: the arguments of a command as the parameters of an operation.

use clap::ArgMatches;
use jiff::{Timestamp, tz::TimeZone};
use muster_api::{Field, Operation, Shape};
use muster_app::read_project;
use muster_http::{Method, Request, encode};
use serde_json::{Map, Value as Json};

use super::{Given, Line, method, server::Server};
use crate::{
    Result, commands::token::parse_length, error::CommandError, shell::Shell, when::parse_when,
};

/// The parameters of the operation.
pub(super) async fn values(
    shell: &Shell,
    line: &Line,
    given: &Given<'_>,
    operation: &Operation,
    server: &Server,
) -> Result<Map<String, Json>> {
    let mut values = Map::new();
    let mut zone = None;
    for argument in line.arguments().filter(|argument| !argument.parameter.is_empty()) {
        let texts = match argument.fixed {
            Some("@project") => {
                values.insert(argument.parameter.to_owned(), project(shell)?);
                continue;
            }
            Some(text) => vec![text.to_owned()],
            None if given.has(argument.name) => written(given.matches, argument.name),
            None => continue,
        };
        // An order is a plan and a place in it.
        if let (Some((one, other)), Some(text)) =
            (argument.parameter.split_once('/'), texts.first())
        {
            let (plan, number) = text.split_once('/').unwrap_or((text, ""));
            values.insert(one.to_owned(), plan.into());
            values.insert(other.to_owned(), number.into());
            continue;
        }
        let shape = shape(operation, argument.parameter);
        if matches!(bare(&shape), Shape::Instant) && zone.is_none() {
            zone = Some(timezone(server).await?);
        }
        let instants = Instants { zone: zone.as_ref(), now: shell.host.clock.now() };
        let value = value(bare(&shape), &texts, instants)?;
        values.insert(argument.parameter.to_owned(), value);
    }
    Ok(values)
}

/// The request that carries them.
pub(super) fn request(operation: &Operation, values: &Map<String, Json>) -> Result<Request> {
    let plain = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut path = String::from("api/v1");
    for part in operation.path.split('/').filter(|part| !part.is_empty()) {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        path.push('/');
        match name {
            Some(name) => path.push_str(&encode(&values.get(name).map(plain).unwrap_or_default())),
            None => path.push_str(part),
        }
    }
    let mut request = Request::new(method(operation), path);
    for field in &operation.query.0 {
        if let Some(value) = values.get(field.name) {
            request = request.query(field.name, plain(value));
        }
    }
    let Some(body) = operation.body.as_ref().filter(|body| !body.0.is_empty()) else {
        return Ok(request);
    };
    let own = |field: &Field| Some((field.name.to_owned(), values.get(field.name)?.clone()));
    let body: Map<String, Json> = body.0.iter().filter_map(own).collect();
    request
        .json("application/json", &Json::Object(body))
        .map_err(|error| CommandError::usage(error.to_string()))
}

/// True when pages of the operation go on after a cursor.
pub(super) fn is_paged(operation: &Operation) -> bool {
    operation.query.field("after").is_some_and(|after| after.shape == Shape::Cursor)
}

/// What was written for an argument; a flag has no text.
fn written(given: &ArgMatches, name: &str) -> Vec<String> {
    let texts = given.try_get_raw(name).ok().flatten().into_iter().flatten();
    texts.map(|text| text.to_string_lossy().into_owned()).collect()
}

fn shape(operation: &Operation, parameter: &str) -> Shape {
    let bodies = operation.body.iter().flat_map(|body| &body.0);
    let mut fields = operation.query.0.iter().chain(bodies);
    let found = fields.find(|field| field.name == parameter).map(|field| field.shape.clone());
    found.unwrap_or_else(|| Operation::path_shape(parameter))
}

/// The shape of what is not null.
fn bare(shape: &Shape) -> &Shape {
    if let Shape::Nullable(of) = shape { bare(of) } else { shape }
}

/// How instants are read: where days begin, and from when lengths of time count.
#[derive(Clone, Copy)]
struct Instants<'z> {
    zone: Option<&'z TimeZone>,
    now: Timestamp,
}

impl Instants<'_> {
    fn read(self, text: &str) -> Result<Timestamp> {
        if let Ok(length) = parse_length(text) {
            let end = self.now.checked_add(length);
            return end.map_err(|_| CommandError::usage(format!("`{text}` is too long")));
        }
        let when = parse_when(text).map_err(CommandError::usage)?;
        Ok(when.instant(self.zone.unwrap_or(&TimeZone::UTC)))
    }
}

fn value(shape: &Shape, texts: &[String], instants: Instants<'_>) -> Result<Json> {
    let text = texts.first().map(String::as_str).unwrap_or_default();
    let number = |text: &str| {
        let number = text.parse::<i64>().map(Json::from);
        number.map_err(|_| CommandError::usage(format!("`{text}` is no number")))
    };
    Ok(match shape {
        Shape::Int | Shape::Limit => number(text)?,
        // A flag that takes no text is written as `true`.
        Shape::Flag => (text != "false").into(),
        Shape::Instant => instants.read(text)?.to_string().into(),
        Shape::Cursor if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("c{text}").into()
        }
        Shape::Values => assigned(texts),
        Shape::Texts => named(texts),
        Shape::List(of) | Shape::Some(of) => {
            let each =
                texts.iter().map(|text| value(bare(of), std::slice::from_ref(text), instants));
            Json::Array(each.collect::<Result<_>>()?)
        }
        Shape::Text
        | Shape::Filled
        | Shape::String
        | Shape::Client
        | Shape::Cursor
        | Shape::Number
        | Shape::Words(_)
        | Shape::Any
        | Shape::Map
        | Shape::Nullable(_)
        | Shape::Named(_) => text.into(),
    })
}

/// `attribute=value`, as people write it: without a value it is cleared, and what is there twice has both.
fn assigned(texts: &[String]) -> Json {
    let mut values: Map<String, Json> = Map::new();
    for (name, text) in texts.iter().filter_map(|text| text.split_once('=')) {
        let value = if text.is_empty() { Json::Null } else { text.into() };
        let value = match values.remove(name.trim()) {
            None => value,
            Some(Json::Array(mut several)) => {
                several.push(value);
                Json::Array(several)
            }
            Some(one) => Json::Array(vec![one, value]),
        };
        values.insert(name.trim().to_owned(), value);
    }
    Json::Object(values)
}

/// `name=text`, as people write it: what is there twice are two lines.
fn named(texts: &[String]) -> Json {
    let mut values: Map<String, Json> = Map::new();
    for (name, text) in texts.iter().filter_map(|text| text.split_once('=')) {
        let before = values.get(name.trim()).and_then(Json::as_str);
        let text = before.map_or_else(|| text.to_owned(), |before| format!("{before}\n{text}"));
        values.insert(name.trim().to_owned(), text.into());
    }
    Json::Object(values)
}

/// The files of the project folder, to be looked at by a server.
fn project(shell: &Shell) -> Result<Json> {
    let files = read_project(&shell.project_dir())?.into_iter();
    Ok(Json::Object(files.map(|file| (file.path.to_string(), (*file.text).into())).collect()))
}

/// The zone in which days begin there.
async fn timezone(server: &Server) -> Result<TimeZone> {
    let me: Json =
        server.ask(Request::new(Method::Get, "api/v1/me")).await?.json().unwrap_or_default();
    let name = me.get("timezone").and_then(Json::as_str).unwrap_or("UTC");
    Ok(TimeZone::get(name).unwrap_or(TimeZone::UTC))
}
