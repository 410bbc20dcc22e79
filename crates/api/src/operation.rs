//! One line of the table: an operation with everything that is known of it.

use std::{future::Future, pin::Pin, sync::Arc};

use axum::http::Method;
use muster_app::Scope;
use muster_policy::Right;
use muster_web::Problem;

use crate::{answer::Told, asked::Asked, form::Form, form::Shape};

/// Where a value of a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the address.
    Path,
    /// In the query.
    Query,
    /// In the body.
    Body,
}

/// A handler runs on a thread of its own, so its future need not move between threads.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<Told, Problem>>>>;

/// What carries an operation out: a function from what is asked to what is answered.
pub(crate) trait Handler: Send + Sync + 'static {
    /// Carries it out.
    fn answer(&self, asked: Asked) -> Answering;
}

impl<H, F> Handler for H
where
    H: Fn(Asked) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Told, Problem>> + 'static,
{
    fn answer(&self, asked: Asked) -> Answering {
        Box::pin(self(asked))
    }
}

/// What an operation is called, its address, and what it does.
type Line = (&'static str, &'static str, &'static str);

/// What is answered when all goes well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// A document of this shape.
    One(Shape),
    /// A list of this, with `next`.
    List(Shape),
    /// JSON lines.
    Lines,
    /// A file of one of these media types.
    File(&'static [&'static str]),
    /// A job.
    Job,
}

/// An operation.
pub struct Operation {
    /// `people.list`: the resource and what is done.
    pub id: &'static str,
    /// The method.
    pub method: Method,
    /// The address below `/api/v1`, with `{name}` for values.
    pub path: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// What the caller needs; `None`: anybody with a token for the API.
    pub right: Option<Right>,
    /// The scope that a token needs where no right says it; `None`: that of the API.
    pub own_scope: Option<Scope>,
    /// True when no token is needed, and none is looked at.
    pub is_open: bool,
    /// Values in the query.
    pub query: Form,
    /// Values in the body; `None`: no body.
    pub body: Option<Form>,
    /// What is answered.
    pub answered: Answered,
    /// The status when all goes well.
    pub status: u16,
    /// True when the answer carries an `ETag`, and changes of the same thing take `If-Match`.
    pub tagged: bool,
    /// True when nothing is changed without `If-Match`.
    pub only_as_seen: bool,
    pub(crate) handler: Arc<dyn Handler>,
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operation").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Operation {
    /// The names of the values in the address.
    pub fn path_names(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }

    /// The scope that a token needs, whoever it acts for.
    pub fn scope(&self) -> Scope {
        match (self.right, self.own_scope) {
            (Some(right), _) => muster_web::scope_of(right),
            (None, Some(scope)) => scope,
            (None, None) if self.method == Method::GET => Scope::ApiRead,
            (None, None) => Scope::ApiWrite,
        }
    }

    /// True when this shows, with a tag, what `other` changes: its address begins that of `other`.
    pub(crate) fn shows(&self, other: &Self) -> bool {
        let rest = other.path.strip_prefix(self.path).filter(|_| self.tagged);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The shape of a value in the address.
    pub fn path_shape(name: &str) -> Shape {
        match name {
            "id" | "revision" => Shape::Int,
            "client" => Shape::Client,
            _ => Shape::Text,
        }
    }

    fn new(
        method: Method,
        (id, path, summary): Line,
        right: impl Into<Option<Right>>,
        answered: Answered,
        handler: impl Handler,
    ) -> Self {
        let body = (method == Method::POST).then(Form::default);
        Self {
            id,
            method,
            path,
            summary,
            right: right.into(),
            own_scope: None,
            is_open: false,
            query: Form::default(),
            body,
            answered,
            status: 200,
            tagged: false,
            only_as_seen: false,
            handler: Arc::new(handler),
        }
    }

    /// Sees one thing.
    pub(crate) fn get(
        line: Line,
        right: impl Into<Option<Right>>,
        shape: &'static str,
        handler: impl Handler,
    ) -> Self {
        Self::new(Method::GET, line, right, Answered::One(Shape::read(shape)), handler)
    }

    /// Sees many things, page by page.
    pub(crate) fn list(
        line: Line,
        right: impl Into<Option<Right>>,
        shape: &'static str,
        handler: impl Handler,
    ) -> Self {
        Self::new(Method::GET, line, right, Answered::List(Shape::read(shape)), handler)
    }

    /// Does something.
    pub(crate) fn post(
        line: Line,
        right: impl Into<Option<Right>>,
        shape: &'static str,
        handler: impl Handler,
    ) -> Self {
        Self::new(Method::POST, line, right, Answered::One(Shape::read(shape)), handler)
    }

    /// Begins something that takes long.
    pub(crate) fn job(line: Line, right: impl Into<Option<Right>>, handler: impl Handler) -> Self {
        let made = Self::new(Method::POST, line, right, Answered::Job, handler);
        Self { status: 202, ..made }
    }

    /// Other than what the kind of operation says.
    #[must_use]
    pub(crate) fn with(mut self, method: Method) -> Self {
        self.body = self.body.filter(|_| method != Method::DELETE);
        self.method = method;
        self
    }

    /// For tokens of a scope of its own.
    #[must_use]
    pub(crate) fn scoped(mut self, scope: Scope) -> Self {
        self.own_scope = Some(scope);
        self
    }

    /// For whoever comes, without a token. Its handler is told nothing of the caller but where they come from.
    #[must_use]
    pub(crate) fn open(mut self) -> Self {
        self.is_open = true;
        self
    }

    /// Answers JSON lines.
    #[must_use]
    pub(crate) fn lines(mut self) -> Self {
        self.answered = Answered::Lines;
        self
    }

    /// Answers a file of one of these media types.
    #[must_use]
    pub(crate) fn files(mut self, media: &'static [&'static str]) -> Self {
        self.answered = Answered::File(media);
        self
    }

    /// Makes something: answers 201.
    #[must_use]
    pub(crate) fn makes(mut self) -> Self {
        self.status = 201;
        self
    }

    /// Values in the query, beside those of every list.
    #[must_use]
    pub(crate) fn query(mut self, notation: &'static str) -> Self {
        self.query.0.extend(Form::read(notation).0);
        self
    }

    /// A list that goes on after a cursor.
    #[must_use]
    pub(crate) fn paged(self) -> Self {
        self.query("limit:limit* after:cursor*")
    }

    /// Values in the body.
    #[must_use]
    pub(crate) fn body(mut self, notation: &'static str) -> Self {
        self.body = Some(Form::read(notation));
        self
    }

    /// Changes nothing without `If-Match`.
    #[must_use]
    pub(crate) fn only_as_seen(mut self) -> Self {
        self.only_as_seen = true;
        self
    }

    /// Carries an `ETag`.
    #[must_use]
    pub(crate) fn tagged(mut self) -> Self {
        self.tagged = true;
        self
    }
}
