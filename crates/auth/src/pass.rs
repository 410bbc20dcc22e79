//! Temporary passes that operators give, and the password that somebody who came with one gives themselves.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Opened, Validity, new_pass, resolve_person};
use muster_model::EntityId;
use muster_store::{ReadTx, TemporaryPass};
use serde_json::json;

use crate::{
    Amr, Attempt, Authenticator, Need, NotSet, Refused, Secret, Step, Weak,
    flow::Proof,
    set_password::{NewPassword, guests_have_none, may_have_one},
    standing::evaluate,
};

/// The shortest and the longest time for which a pass is valid, in minutes.
const MINUTES: std::ops::RangeInclusive<i64> = 10..=43_200;
/// Changes of a lifecycle that are looked at for the one that lets somebody in.
const CHANGES: usize = 16;

impl Authenticator {
    /// Gives a person a pass, valid from now on, or from when their lifecycle lets them in. The one before opens nothing any more.
    pub async fn make_pass(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        person: &str,
        length: SignedDuration,
        once: bool,
    ) -> Result<(Secret, TemporaryPass), Error> {
        if !MINUTES.contains(&length.as_mins()) {
            return Err(Error::invalid("a pass cannot be valid for so long or so short a time")
                .hint("10 to 43,200 minutes, which are 30 days, are possible"));
        }
        let mut tx = opened.store.begin().await?;
        let identity = resolve_person(ctx, opened, &mut tx, person).await?.row.id;
        if !may_have_one(&mut tx, opened, identity).await? {
            return Err(guests_have_none());
        }
        let from = alive_from(&mut tx, opened, identity, ctx.now()).await?;
        let from = from.ok_or_else(|| {
            Error::invalid(format!(
                "the lifecycle of `{person}` lets them in neither now nor later"
            ))
            .hint("`muster explain` says in which state they are, and why")
        })?;
        let (pass, kept) = new_pass(identity, Validity { from, length, once }, ctx.now())?;
        tx.save_temporary_pass(&kept).await?;
        let (from, until) = (kept.valid_from.to_string(), kept.valid_until.to_string());
        let detail = json!({ "from": from, "until": until, "once": once });
        self.write_down(&mut tx, ctx, opened, identity, ("pass.make", detail)).await?;
        tx.commit().await?;
        Ok((Secret::new(pass), kept))
    }

    /// Gives somebody who came with a pass the password of the attempt, as the next step of their sign-in; the pass opens nothing any more.
    pub async fn first_password(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        attempt: Attempt<'_>,
        secret: &str,
    ) -> Result<Result<Step, Weak>, Refused> {
        let flow = self.flow_at(opened, &attempt, secret, Need::Password).await?;
        let new = self.new_hash(ctx, opened, flow.identity, attempt.password).await;
        let hash = match new {
            Ok(hash) => hash,
            Err(NotSet::Weak(weak)) => return Ok(Err(weak)),
            Err(NotSet::Trouble(error)) => return Err(error.into()),
        };
        let mut tx = opened.store.begin().await?;
        let identity = flow.identity;
        let new = NewPassword { identity, hash, kept_flow: &flow.hash, action: "password.set" };
        self.save_in(&mut tx, ctx, opened, new).await?;
        let proof = Proof { amr: Amr::Password, counted: None };
        Ok(Ok(self.go_on(tx, opened, &attempt, &flow, proof).await?))
    }
}

/// From when on the lifecycle of an identity lets them in, if nothing changes but the time.
async fn alive_from(
    tx: &mut ReadTx,
    opened: &Opened,
    identity: EntityId,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let mut at = now;
    for _ in 0..CHANGES {
        let (is_alive, next) = evaluate(tx, opened, identity, at).await?;
        if is_alive {
            return Ok(Some(at));
        }
        let Some(next) = next else { return Ok(None) };
        at = next;
    }
    Ok(None)
}
