//! `/decide/{secret}`: one card for whoever was mailed its link, on a telephone and without the console around it.
//!
//! Looking decides nothing, however often a program that reads mail does it: a form does. The link signs nobody in and leads nowhere
//! else. Where it is not enough, its person proves who they are first, and comes back. To whoever is signed in as somebody else, it
//! opens nothing.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{FromRequestParts as _, Path, RawForm, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{Html, IntoResponse as _, Response},
    routing::{get, post},
};
use muster_app::{Ctx, Error, Kind, Opened};
use muster_governance::{Answer, LinkView, Verdict, decide_by_link, see_decision_link};
use muster_model::{EntityId, Language};
use muster_signin::{Own, session_cookie};
use muster_web::{Problem, RequestId, Router, Service};
use tokio::runtime::Handle;

use crate::{
    address, escape::visible, frame::CONTENT, given::Given, pages::approvals::Card, texts::Texts,
};

/// Who decides, in the journal, when nobody has proved who they are; the person stands beside it.
const ACTOR: &str = "decision-link";

#[derive(Template)]
#[template(path = "by_link.html")]
struct Page {
    texts: &'static Texts,
    message: Option<String>,
    /// Whether the message says what was decided.
    is_done: bool,
    card: Option<(String, Card)>,
    /// Where they prove who they are, when they have to.
    sign_in: Option<String>,
}

/// The routes.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/decide/{secret}", get(show))
        .route("/decide/{secret}/approve", post(approve))
        .route("/decide/{secret}/refuse", post(refuse))
}

/// Whoever opens a link.
struct Visitor {
    ctx: Ctx,
    opened: Arc<Opened>,
    texts: &'static Texts,
    secret: String,
    /// Who is signed in, and whether they proved it lately.
    session: Option<(EntityId, bool)>,
}

/// The card.
async fn show(
    State(service): State<Service>,
    Path(secret): Path<String>,
    parts: Parts,
) -> Result<Response, Problem> {
    on_a_thread(async move {
        let visitor = Visitor::of(&parts, &service, secret).await?;
        visitor.shown(StatusCode::OK, None).await
    })
    .await
}

async fn approve(
    State(service): State<Service>,
    Path(secret): Path<String>,
    parts: Parts,
    RawForm(form): RawForm,
) -> Result<Response, Problem> {
    on_a_thread(async move { decide(&service, secret, parts, (&form, Verdict::Approve)).await })
        .await
}

async fn refuse(
    State(service): State<Service>,
    Path(secret): Path<String>,
    parts: Parts,
    RawForm(form): RawForm,
) -> Result<Response, Problem> {
    on_a_thread(async move { decide(&service, secret, parts, (&form, Verdict::Refuse)).await })
        .await
}

/// Decides. What could not be decided is said above the card.
async fn decide(
    service: &Service,
    secret: String,
    mut parts: Parts,
    (form, verdict): (&[u8], Verdict),
) -> Result<Response, Problem> {
    Own::from_request_parts(&mut parts, service).await?;
    let visitor = Visitor::of(&parts, service, secret).await?;
    let texts = &visitor.texts.asking;
    let Some(view) = visitor.look().await? else { return visitor.nothing() };
    let answer = answer(form, verdict, &visitor.ctx);
    let answer = match answer {
        Ok(answer) => answer,
        Err(problem) => return visitor.shown(problem.status, Some(problem.detail.into())).await,
    };
    let proved = visitor.session.filter(|(_, is_fresh)| *is_fresh).map(|(who, _)| who);
    let ctx = visitor.ctx_of(proved, service).await?;
    let with = (&*visitor.secret, proved);
    match decide_by_link(&ctx, &visitor.opened, with, &answer).await {
        Ok(_) => {
            let said = match verdict {
                Verdict::Approve => texts.link_approved,
                Verdict::Refuse => texts.link_refused,
            };
            let said = Some(format!("{said} {}: {}", view.request.display, view.request.role));
            visitor.page(StatusCode::OK, (said, None, None))
        }
        Err(error) if error.kind() == Kind::NotFound => visitor.nothing(),
        Err(error) => {
            let problem = Problem::from(error);
            if !problem.status.is_client_error() {
                return Err(problem);
            }
            visitor.shown(problem.status, Some(problem.detail.into())).await
        }
    }
}

impl Visitor {
    async fn of(parts: &Parts, service: &Service, secret: String) -> Result<Self, Problem> {
        let (opened, headers) = (service.opened(), &parts.headers);
        let correlation = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
        let clock = Arc::clone(service.clock());
        let ctx = Ctx::new(ACTOR.into(), correlation.unwrap_or_else(|| "".into()), clock);
        let session = match session_cookie(headers) {
            Some(cookie) => service.authenticator().find(&opened, cookie, ctx.now()).await?,
            None => None,
        };
        let session = session.map(|session| (session.identity, session.is_fresh(ctx.now())));
        Ok(Self { texts: Texts::of(language(headers)), ctx, opened, secret, session })
    }

    /// In whose name the journal is written: of who proved who they are, or of the link.
    async fn ctx_of(&self, proved: Option<EntityId>, service: &Service) -> Result<Ctx, Problem> {
        let mut ctx = self.ctx.clone();
        if let Some(who) = proved {
            let name = service.authenticator().name_of(&self.opened, who, ctx.now()).await?;
            ctx.actor = name.subject;
        }
        Ok(ctx)
    }

    /// What the link leads to, if it leads to anything for whoever is signed in.
    async fn look(&self) -> Result<Option<LinkView>, Problem> {
        match see_decision_link(&self.ctx, &self.opened, &self.secret).await {
            Ok(view) if self.session.is_none_or(|(who, _)| who == view.approver) => Ok(Some(view)),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn shown(
        &self,
        status: StatusCode,
        message: Option<String>,
    ) -> Result<Response, Problem> {
        let Some(LinkView { request, needs_proof, .. }) = self.look().await? else {
            return self.nothing();
        };
        let path = format!("/decide/{}", self.secret);
        let has_proof = self.session.is_some_and(|(_, is_fresh)| is_fresh);
        let waits = needs_proof && !has_proof;
        let sign_in = [("again", "1"), ("return_to", path.as_str())];
        let sign_in = waits.then(|| address::with("/signin", &sign_in));
        let title = format!("{}: {}", request.display, request.role);
        let posts_to = (!waits).then_some(path);
        let card = Card::new(self.texts, &self.opened, (&request, posts_to));
        self.page(status, (message, Some((title, card)), sign_in))
    }

    /// The same page for every link that opens nothing.
    fn nothing(&self) -> Result<Response, Problem> {
        let message = Some(self.texts.asking.link_dead.to_owned());
        self.page(StatusCode::NOT_FOUND, (message, None, None))
    }

    fn page(
        &self,
        status: StatusCode,
        (message, card, sign_in): (Option<String>, Option<(String, Card)>, Option<String>),
    ) -> Result<Response, Problem> {
        let is_done = status == StatusCode::OK && card.is_none();
        let page = Page { texts: self.texts, message, is_done, card, sign_in };
        let text = page.render().map_err(|error| {
            Problem::from(Error::bug("a page cannot be filled in").caused_by(error))
        })?;
        let headers =
            [(header::CONTENT_SECURITY_POLICY, CONTENT), (header::VARY, "Accept-Language")];
        Ok((status, headers, Html(visible(text))).into_response())
    }
}

fn answer(form: &[u8], verdict: Verdict, ctx: &Ctx) -> Result<Answer, Problem> {
    let mut given = Given::default();
    given.add_form(form)?;
    let note = given.text("comment").to_owned();
    let until = given.days_after("days", ctx.now())?;
    Ok(Answer { verdict, note, until })
}

fn language(headers: &HeaderMap) -> Language {
    let said = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Language::of_reader(said)
}

/// On SQLite nothing in a use case ever waits.
async fn on_a_thread(
    work: impl Future<Output = Result<Response, Problem>> + Send + 'static,
) -> Result<Response, Problem> {
    let runtime = Handle::current();
    let done = tokio::task::spawn_blocking(move || runtime.block_on(work)).await;
    done.unwrap_or_else(|_| Err(Error::bug("a page ended with a panic").into()))
}
