//! Tells applications that somebody's session is over (OpenID Connect Back-Channel Logout), and forgets what expired.
//!
//! A session ends when its person signs out, when their sign-in is ended, or when the fact comes that makes them a leaver. What has to
//! be told is written down with the end of the session, and tried until it was accepted.

use std::{future::Future, time::Duration};

use jiff::{SignedDuration, Timestamp};
use muster_app::{Deliver, DeliverError, Error, WebhookCall, WebhookKind};
use muster_model::{EntityId, Setting, Settings, Span};
use muster_policy::Application;
use muster_store::{ApplicationSession, LogoutNotice};
use muster_web::Service;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    asked::{Asked, Kept},
    hashed::random,
    jose, page,
    refused::Refused,
    sessions::{self, Why},
};

/// The type of a logout token.
const TYPE: &str = "logout+jwt";
/// What a logout token says has happened.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// Time alone may end a session: that is looked for so often.
const SWEEP: SignedDuration = SignedDuration::from_secs(30);
/// How long a logout token is valid.
const LIFETIME: SignedDuration = SignedDuration::from_mins(2);
/// How long an answer may take.
const PATIENCE: SignedDuration = SignedDuration::from_secs(10);
/// The first pause after a failure; it doubles with each.
const FIRST: SignedDuration = SignedDuration::from_secs(5);
/// The longest pause.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);
/// After so long nobody is told any more: no token of the session is valid then.
const GIVE_UP: SignedDuration = SignedDuration::from_hours(24);
/// Rows looked at in one step.
const PAGE: usize = 200;

/// What a logout token says.
#[derive(Debug, Serialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    jti: String,
    sid: String,
    events: Value,
}

/// Ends sessions whose people are gone, and tells the applications.
#[derive(Debug)]
pub struct Teller {
    service: Service,
    kept: Kept,
    /// The state of the facts when people were last looked for, and when that was.
    swept: Option<(i64, Timestamp)>,
    /// Sign-ins that ended before this have been looked at.
    since: Timestamp,
    forgot_at: Option<Timestamp>,
}

impl Teller {
    /// For a service. It looks back a day, for what ended while nothing ran.
    pub fn new(service: Service) -> Self {
        let now = service.clock().now();
        let since = now.checked_sub(GIVE_UP).unwrap_or(now);
        Self { service, kept: Kept::default(), swept: None, since, forgot_at: None }
    }

    /// Goes on until `stop` is done.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "applications could not be told who signed out");
            }
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// One look; returns how many applications were told.
    pub async fn round(&mut self) -> Result<usize, Error> {
        let Some(asked) = Asked::by_itself(&self.service, &self.kept) else { return Ok(0) };
        self.forget(&asked).await?;
        self.end_signed_out(&asked).await?;
        self.end_gone(&asked).await?;
        tell_due(&asked).await
    }

    /// Ends the sessions at applications whose sign-in was ended.
    async fn end_signed_out(&mut self, asked: &Asked) -> Result<(), Error> {
        let ended = asked.opened.store.read().await?.sessions_ended_since(self.since).await?;
        for (id, _) in &ended {
            let open = asked.opened.store.read().await?.application_sessions_of(*id).await?;
            // Who asked to stay signed in without being there stays so, until they leave.
            let ends = open.iter().filter(|session| !sessions::outlives_sign_in(session));
            for session in ends {
                end(asked, session).await?;
            }
        }
        // Those of the very last instant are looked at again: another may come in it.
        self.since = ended.last().map_or(self.since, |(_, at)| *at);
        Ok(())
    }

    /// Ends the sessions of people who may not be here any more, at applications that want to be told.
    async fn end_gone(&mut self, asked: &Asked) -> Result<(), Error> {
        let version = asked.opened.store.read().await?.facts_version().await?;
        let is_done = self.swept.is_some_and(|(swept, at)| {
            swept == version && at <= asked.now && asked.now.duration_since(at) < SWEEP
        });
        if is_done {
            return Ok(());
        }
        let mut after: Option<(EntityId, i64)> = None;
        loop {
            let mut tx = asked.opened.store.read().await?;
            let page = tx.open_application_sessions(after, PAGE).await?;
            drop(tx);
            let Some(last) = page.last() else { break };
            after = Some((last.entity, last.id));
            for session in &page {
                let application = asked.application(&session.application);
                let told = application.filter(|application| application.logout_uri.is_some());
                if let Some(application) = told
                    && !sessions::is_of_somebody(asked, application, session).await?
                {
                    end(asked, session).await?;
                }
            }
        }
        self.swept = Some((version, asked.now));
        Ok(())
    }

    /// Forgets what expired, once an hour.
    async fn forget(&mut self, asked: &Asked) -> Result<(), Error> {
        let hour = SignedDuration::from_hours(1);
        if self.forgot_at.is_some_and(|at| asked.now.duration_since(at) < hour) {
            return Ok(());
        }
        self.forgot_at = Some(asked.now);
        let ago = asked.now.checked_sub(hour).unwrap_or(asked.now);
        let mut tx = asked.opened.store.begin().await?;
        tx.forget_handles(ago).await?;
        let long_ago = asked.now.checked_sub(GIVE_UP).unwrap_or(asked.now);
        tx.forget_application_sessions(long_ago).await?;
        Ok(tx.commit().await?)
    }
}

async fn end(asked: &Asked, session: &ApplicationSession) -> Result<(), Error> {
    let mut tx = asked.opened.store.begin().await?;
    sessions::end(asked, &mut tx, session, Why::Over).await?;
    Ok(tx.commit().await?)
}

/// Tells every application that is due.
async fn tell_due(asked: &Asked) -> Result<usize, Error> {
    let due = asked.opened.store.read().await?.due_logout_notices(asked.now, PAGE).await?;
    let Some(deliver) = asked.opened.deliver().filter(|_| !due.is_empty()) else { return Ok(0) };
    let mut told = 0;
    for notice in due {
        let went = tell(asked, &*deliver, &notice).await;
        let mut tx = asked.opened.store.begin().await?;
        match went {
            Ok(()) => {
                told += 1;
                tx.delete_logout_notice(notice.application_session).await?;
            }
            Err(error) => {
                let is_old = asked.now.duration_since(notice.made_at) >= GIVE_UP;
                if is_old || !error.later {
                    tracing::error!(%error, session = notice.application_session, "an application was not told of a sign-out");
                    tx.delete_logout_notice(notice.application_session).await?;
                } else {
                    tx.save_logout_notice(&later(asked, &notice, &error)).await?;
                }
            }
        }
        tx.commit().await?;
    }
    Ok(told)
}

/// The notice, to be tried again after a pause.
fn later(asked: &Asked, notice: &LogoutNotice, error: &DeliverError) -> LogoutNotice {
    let doubled = u32::try_from(notice.tries).unwrap_or(u32::MAX).min(16);
    let pause = FIRST.saturating_mul(1 << doubled).min(LONGEST);
    let reason = Some(error.problem.as_str().into());
    LogoutNotice { tries: notice.tries + 1, next_try: asked.after(pause), reason, ..notice.clone() }
}

async fn tell(
    asked: &Asked,
    deliver: &dyn Deliver,
    notice: &LogoutNotice,
) -> Result<(), DeliverError> {
    let failed = |error: &dyn std::fmt::Display| DeliverError::for_now(error.to_string());
    let mut tx = asked.opened.store.read().await.map_err(|error| failed(&error))?;
    let session = tx.application_session(notice.application_session).await;
    drop(tx);
    let gone = || DeliverError::for_good("the application does not want to be told any more");
    let session = session.map_err(|error| failed(&error))?.ok_or_else(gone)?;
    let application = asked.application(&session.application).ok_or_else(gone)?;
    let uri = application.logout_uri.as_ref().ok_or_else(gone)?;
    let token = token(asked, application, &session).await;
    let token = token.map_err(|refused| failed(&refused.detail))?;
    let body = page::with_query("", &[("logout_token", &token)]);
    let span = Span { file: 0, start: 0, end: 0 };
    let url = ("url".into(), (span, Setting::Scalar(uri.clone(), span)));
    let settings = Settings { entries: [url].into(), span };
    let call = WebhookCall {
        settings: &settings,
        body: body.trim_start_matches('?').as_bytes().to_vec(),
        id: &session.id.to_string(),
        timeout: PATIENCE,
        kind: WebhookKind::Form,
    };
    deliver.webhook(&call).await
}

async fn token(
    asked: &Asked,
    application: &Application,
    session: &ApplicationSession,
) -> Result<String, Refused> {
    let iat = asked.now.as_second();
    let claims = Claims {
        iss: asked.issuer.to_string(),
        sub: session.entity.0.to_string(),
        aud: application.name.to_string(),
        iat,
        exp: iat + LIFETIME.as_secs(),
        jti: random()?,
        sid: session.id.to_string(),
        events: json!({ EVENT: {} }),
    };
    let signer = asked.signer(application.algorithm).await?;
    Ok(jose::sign(&signer, TYPE, &claims)?)
}
