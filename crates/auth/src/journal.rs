//! Entries of the journal about an identity.

use muster_app::{Ctx, Error, Opened};
use muster_model::EntityId;
use muster_store::{Entry, Tx};
use serde_json::Value as Json;

use crate::Authenticator;

impl Authenticator {
    /// Writes down what was done to an identity.
    pub(crate) async fn write_down(
        &self,
        tx: &mut Tx,
        ctx: &Ctx,
        opened: &Opened,
        identity: EntityId,
        (action, detail): (&'static str, Json),
    ) -> Result<(), Error> {
        let subject = self.name_in(tx, opened, identity, ctx.now()).await?.subject;
        tx.append_journal(&Entry {
            at: ctx.now(),
            actor: ctx.actor.clone(),
            on_behalf_of: ctx.on_behalf_of.clone(),
            action: action.into(),
            subject,
            detail: detail.to_string().into(),
            correlation: Some(ctx.correlation.clone()),
        })
        .await?;
        Ok(())
    }
}
