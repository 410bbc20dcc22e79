//! What looks after sign-in beside the requests: it sends mails, notices sprays, and forgets what is of no use any more.

use std::{collections::BTreeSet, future::Future, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use muster_app::{Clock, Ctx, Error, NewAlarm, Opened, clear_alarms, raise_alarm};
use muster_store::{AlarmKind, SignIn, SignInFilter, StoreError, Tx};
use serde_json::json;

use crate::{browser::BROWSER_KEPT, mail::send_due};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// Rows that are forgotten in one transaction.
const PIECE: usize = 1000;
/// How often it is looked for what is to be forgotten.
const OFTEN: SignedDuration = SignedDuration::from_mins(10);
/// How long what is over is kept: applications are told for a day who signed out.
const OVER: SignedDuration = SignedDuration::from_hours(48);
/// Networks that an alarm names.
const NAMED: usize = 20;
/// Names that are counted; nobody needs to know of more.
const COUNTED: usize = 10_000;
/// What the alarm is about.
const ABOUT: &str = "sign-in";

/// Looks after sign-in as long as the process serves.
#[expect(missing_debug_implementations, reason = "it holds a function")]
pub struct Caretaker<F> {
    opened: F,
    clock: Arc<dyn Clock>,
    forgot_at: Option<Timestamp>,
}

impl<F: Fn() -> Arc<Opened>> Caretaker<F> {
    /// For the project as `opened` gives it each time.
    pub fn new(opened: F, clock: Arc<dyn Clock>) -> Self {
        Self { opened, clock, forgot_at: None }
    }

    /// Goes on until `stop` is done. A mail server that hangs holds up mail only; what is on its way at the end is sent again.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { opened, clock, mut forgot_at } = self;
        let looking = async {
            loop {
                if let Err(error) = look(&opened(), &clock, &mut forgot_at).await {
                    tracing::warn!(%error, "nobody looked after sign-in");
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        let mailing = async {
            loop {
                if let Err(error) = send_due(&opened(), clock.now()).await {
                    tracing::warn!(%error, "no mails about signing in are sent");
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            () = stop => {}
            () = looking => {}
            () = mailing => {}
        }
    }

    /// One look, and the mails that are due.
    pub async fn round(&mut self) -> Result<(), Error> {
        let opened = (self.opened)();
        look(&opened, &self.clock, &mut self.forgot_at).await?;
        send_due(&opened, self.clock.now()).await.map(drop)
    }
}

async fn look(
    opened: &Opened,
    clock: &Arc<dyn Clock>,
    forgot_at: &mut Option<Timestamp>,
) -> Result<(), Error> {
    let ctx = Ctx::new("sign-in".into(), "".into(), Arc::clone(clock));
    let now = ctx.now();
    watch_sprays(&ctx, opened).await?;
    if forgot_at.is_none_or(|at| at > now || now.duration_since(at) >= OFTEN) {
        forget(opened, now).await?;
        *forgot_at = Some(now);
    }
    Ok(())
}

/// Raises an alarm when many names have a wrong try, and clears it when they are few again. Nobody is locked for it.
pub async fn watch_sprays(ctx: &Ctx, opened: &Opened) -> Result<(), Error> {
    let (policy, now) = (&opened.model.sign_in.spray, ctx.now());
    let since = now.saturating_sub(policy.within).unwrap_or(now);
    let mut tx = opened.store.read().await?;
    let names = tx.names_tried_since(since, COUNTED).await?;
    let is_spray = names >= u64::from(policy.names);
    if tx.has_alarm(AlarmKind::Spray, ABOUT).await? == is_spray {
        return Ok(());
    }
    // At least one of each name.
    let lately = SignInFilter {
        outcome: Some("refused".into()),
        from: Some(since),
        ..SignInFilter::default()
    };
    let refused = tx.sign_ins(&lately, None, usize::try_from(names).unwrap_or(COUNTED)).await?;
    drop(tx);
    let mut tx = opened.store.begin().await?;
    if is_spray {
        let alarm = alarm(names, policy.within, &refused);
        raise_alarm(&mut tx, ctx, &alarm).await?;
    } else {
        clear_alarms(&mut tx, ctx, AlarmKind::Spray, &[ABOUT.into()]).await?;
    }
    Ok(tx.commit().await?)
}

fn alarm(names: u64, within: SignedDuration, refused: &[SignIn]) -> NewAlarm {
    let networks: BTreeSet<&str> = refused.iter().map(|one| &*one.network).collect();
    let (n_networks, named) = (networks.len(), networks.into_iter().take(NAMED));
    let named: Vec<&str> = named.collect();
    NewAlarm {
        kind: AlarmKind::Spray,
        about: ABOUT.into(),
        system_no: None,
        subject: ABOUT.into(),
        message: format!(
            "{names} names have a wrong try and no right one within {within:#}, from {n_networks} \
             networks"
        )
        .into(),
        detail: json!({ "names": names, "n_networks": n_networks, "networks": named }),
    }
}

/// Forgets tries, sessions and sign-ins that are over and older than the model keeps them, in pieces; returns how many rows.
pub async fn forget(opened: &Opened, now: Timestamp) -> Result<u64, Error> {
    let settings = &opened.model.sign_in;
    let ago = |length: SignedDuration| now.saturating_sub(length).unwrap_or(now);
    let tried = settings.lockout.forget.max(settings.spray.within).max(settings.lockout.longest);
    let (kept, tried, over) = (ago(settings.log.keep), ago(tried), ago(OVER));
    let mut forgotten = 0;
    for (what, before) in [
        (Old::SignIns, kept),
        (Old::Lockouts, tried),
        (Old::Sessions, over),
        (Old::Flows, over),
        (Old::Recoveries, over),
        (Old::MailedCodes, now),
        (Old::Browsers, ago(BROWSER_KEPT)),
        (Old::Budgets, over),
    ] {
        loop {
            let mut tx = opened.store.begin().await?;
            let n = what.forget(&mut tx, before).await?;
            tx.commit().await?;
            forgotten += n;
            if n < PIECE as u64 {
                break;
            }
        }
    }
    Ok(forgotten)
}

/// What is forgotten.
#[derive(Debug, Clone, Copy)]
enum Old {
    SignIns,
    Lockouts,
    Sessions,
    Flows,
    Recoveries,
    MailedCodes,
    Browsers,
    Budgets,
}

impl Old {
    /// Forgets a piece of it; returns how many rows.
    async fn forget(self, tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
        match self {
            Self::SignIns => tx.forget_sign_ins(before, PIECE).await,
            Self::Lockouts => tx.forget_lockouts(before, PIECE).await,
            Self::Sessions => tx.forget_sessions(before, PIECE).await,
            Self::Flows => tx.forget_sign_in_flows(before, PIECE).await,
            Self::Recoveries => tx.forget_recoveries(before, PIECE).await,
            Self::MailedCodes => tx.forget_mailed_codes(before, PIECE).await,
            Self::Browsers => tx.forget_browsers(before, PIECE).await,
            Self::Budgets => tx.forget_budgets(before, PIECE).await,
        }
    }
}
