//! One line of the table: an operation with everything that is known of it.

use std::{future::Future, pin::Pin, sync::Arc};

use axum::http::Method;
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
pub(crate) type Handler = Arc<dyn Fn(Asked) -> Answering + Send + Sync>;

/// What is answered when all goes well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// A document of this shape.
    One(Shape),
    /// A list of this, with `next`.
    List(Shape),
    /// JSON lines.
    Lines,
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
    pub(crate) handler: Handler,
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

    /// The shape of a value in the address.
    pub fn path_shape(name: &str) -> Shape {
        if matches!(name, "id" | "revision") { Shape::Int } else { Shape::Text }
    }

    fn new<H, F>(
        method: Method,
        (id, path, summary): (&'static str, &'static str, &'static str),
        right: impl Into<Option<Right>>,
        answered: Answered,
        handler: H,
    ) -> Self
    where
        H: Fn(Asked) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Told, Problem>> + 'static,
    {
        let body = (method == Method::POST || method == Method::PATCH).then(Form::default);
        Self {
            id,
            method,
            path,
            summary,
            right: right.into(),
            query: Form::default(),
            body,
            answered,
            status: 200,
            tagged: false,
            handler: Arc::new(move |asked| Box::pin(handler(asked))),
        }
    }

    /// Sees one thing.
    pub(crate) fn get<H, F>(
        line: (&'static str, &'static str, &'static str),
        right: impl Into<Option<Right>>,
        shape: &'static str,
        handler: H,
    ) -> Self
    where
        H: Fn(Asked) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Told, Problem>> + 'static,
    {
        Self::new(Method::GET, line, right, Answered::One(Shape::read(shape)), handler)
    }

    /// Sees many things, page by page.
    pub(crate) fn list<H, F>(
        line: (&'static str, &'static str, &'static str),
        right: impl Into<Option<Right>>,
        shape: &'static str,
        handler: H,
    ) -> Self
    where
        H: Fn(Asked) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Told, Problem>> + 'static,
    {
        Self::new(Method::GET, line, right, Answered::List(Shape::read(shape)), handler)
    }

    /// Does something.
    pub(crate) fn post<H, F>(
        line: (&'static str, &'static str, &'static str),
        right: impl Into<Option<Right>>,
        shape: &'static str,
        handler: H,
    ) -> Self
    where
        H: Fn(Asked) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Told, Problem>> + 'static,
    {
        Self::new(Method::POST, line, right, Answered::One(Shape::read(shape)), handler)
    }

    /// Begins something that takes long.
    pub(crate) fn job<H, F>(
        line: (&'static str, &'static str, &'static str),
        right: impl Into<Option<Right>>,
        handler: H,
    ) -> Self
    where
        H: Fn(Asked) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Told, Problem>> + 'static,
    {
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

    /// Answers JSON lines.
    #[must_use]
    pub(crate) fn lines(mut self) -> Self {
        self.answered = Answered::Lines;
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
        self.query("limit:limit* after:text*")
    }

    /// Values in the body.
    #[must_use]
    pub(crate) fn body(mut self, notation: &'static str) -> Self {
        self.body = Some(Form::read(notation));
        self
    }

    /// Carries an `ETag`.
    #[must_use]
    pub(crate) fn tagged(mut self) -> Self {
        self.tagged = true;
        self
    }
}
