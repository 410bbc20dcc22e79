//! Who looks at a page, and what they may see.

use std::sync::Arc;

use axum::http::{header, request::Parts};
use jiff::Timestamp;
use muster_app::{Authority, Ctx, Opened};
use muster_model::{EntityId, Language, Text};
use muster_policy::Right;
use muster_signin::session_cookie;
use muster_web::{Problem, RequestId, Service};

use crate::{flash::Said, given::Given, moment::Moment, texts::Texts, view_as};

/// A request of somebody who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// The project.
    pub(crate) opened: Arc<Opened>,
    /// What serves this, which another model can be put into.
    pub(crate) service: Service,
    /// The texts of the language they read.
    pub(crate) texts: &'static Texts,
    /// How they are called.
    pub(crate) display: Text,
    /// What was asked with.
    pub(crate) given: Given,
    /// The path that was asked for.
    pub(crate) path: String,
    /// What was done right before.
    pub(crate) said: Option<Said>,
    /// As whom they see this, where one may see as somebody else; empty for themselves.
    pub(crate) viewing: Option<String>,
    /// Everything that is not about anybody; [`Visit::may`] hands it out narrowed by a right, [`Visit::myself`] for what needs none.
    ctx: Ctx,
    authority: Arc<Authority>,
}

impl Visit {
    /// Whoever the session of the browser belongs to; `None` when nobody is signed in.
    pub(crate) async fn of(parts: &Parts, service: &Service) -> Result<Option<Self>, Problem> {
        let (opened, auth) = (service.opened(), service.authenticator());
        let correlation = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
        let correlation = correlation.unwrap_or_else(|| "".into());
        let mut ctx = Ctx::new("".into(), correlation, Arc::clone(service.clock()));
        let now = ctx.now();
        let Some(cookie) = session_cookie(&parts.headers) else { return Ok(None) };
        let Some(session) = auth.find(&opened, cookie, now).await? else { return Ok(None) };
        let authority = Authority::of(&ctx, &opened, session.identity).await?;
        let Some(authority) = authority.map(Arc::new) else { return Ok(None) };
        let display = auth.name_of(&opened, session.identity, now).await?.display;
        let viewed = view_as::chosen(parts, &ctx, &opened).await?;
        ctx.actor = authority.subject().clone();
        ctx.on_behalf_of = viewed.as_ref().map(|viewed| viewed.subject().clone());
        let viewing = view_as::is_allowed(parts)
            .then(|| ctx.on_behalf_of.as_deref().unwrap_or_default().to_owned());
        let language = parts.headers.get(header::ACCEPT_LANGUAGE);
        let language = language.and_then(|value| value.to_str().ok());
        Ok(Some(Self {
            opened,
            service: service.clone(),
            texts: Texts::of(Language::of_reader(language)),
            display,
            given: Given::default(),
            path: parts.uri.path().to_owned(),
            said: Said::of(&parts.headers),
            viewing,
            ctx,
            authority: viewed.unwrap_or(authority),
        }))
    }

    /// The way to the use cases: narrowed to those for whom they have the right; `None` when they do not have it at all.
    pub(crate) fn may(&self, right: Right) -> Option<Ctx> {
        let reach = self.authority.reach(right)?;
        Some(Ctx { reach, ..self.ctx.clone() })
    }

    /// As [`Visit::may`], for what is about nobody in particular: `None` also for those who may see some people only.
    pub(crate) fn may_for_everybody(&self, right: Right) -> Option<Ctx> {
        self.may(right).filter(|ctx| ctx.reach.is_everybody())
    }

    /// Who they are, with the way to what everybody may do for themselves; the use cases say what that is.
    pub(crate) fn myself(&self) -> (Ctx, EntityId) {
        (self.ctx.clone(), self.authority.person())
    }

    /// How the journal names them.
    pub(crate) fn subject(&self) -> &Text {
        self.authority.subject()
    }

    /// An instant as it is shown.
    pub(crate) fn moment(&self, at: Timestamp) -> Moment {
        Moment::new(at, &self.opened.model.timezone)
    }

    /// As [`Visit::moment`], where there is one.
    pub(crate) fn maybe(&self, at: Option<Timestamp>) -> Option<Moment> {
        at.map(|at| self.moment(at))
    }
}
