//! What operators do about somebody's second factors: they see which there are, and take away what was lost.

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened, resolve_person};
use muster_model::{EntityId, Text};
use muster_store::Tx;
use serde_json::{Value as Json, json};

use crate::Authenticator;

/// What an operator calls the authenticator app.
const APP: &str = "app";
/// And the recovery codes.
const CODES: &str = "codes";
/// And mailed codes.
const MAIL: &str = "mail";
/// And all passkeys; one of them is `passkey-7`.
const PASSKEYS: &str = "passkeys";
const ONE_PASSKEY: &str = "passkey-";

/// A factor that somebody has, without what is secret of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldFactor {
    /// How it is called when it is to be removed.
    pub factor: String,
    /// How its owner calls it.
    pub name: Option<Text>,
    /// Since when they have it.
    pub since: Option<Timestamp>,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
    /// How many there are left.
    pub left: Option<usize>,
}

impl HeldFactor {
    fn called(factor: impl Into<String>) -> Self {
        let factor = factor.into();
        Self { factor, name: None, since: None, used_at: None, left: None }
    }
}

/// Which factors are meant.
#[derive(Debug, Clone, Copy)]
enum Which {
    App,
    Codes,
    Mail,
    Passkeys,
    Passkey(i64),
}

impl Which {
    fn read(word: &str) -> Option<Self> {
        match word {
            APP => Some(Self::App),
            CODES => Some(Self::Codes),
            MAIL => Some(Self::Mail),
            PASSKEYS => Some(Self::Passkeys),
            _ => word.strip_prefix(ONE_PASSKEY)?.parse().ok().map(Self::Passkey),
        }
    }

    /// Takes it away; false when there is none.
    async fn remove(self, tx: &mut Tx, identity: EntityId, now: Timestamp) -> Result<bool, Error> {
        Ok(match self {
            Self::App => {
                tx.save_recovery_codes(identity, &[], now).await?;
                tx.delete_totp(identity).await?
            }
            Self::Codes => {
                let had = tx.recovery_codes(identity).await? > 0;
                tx.save_recovery_codes(identity, &[], now).await?;
                had
            }
            Self::Mail => tx.delete_mail_factor(identity).await?,
            Self::Passkeys => tx.remove_passkeys(identity, None).await? > 0,
            Self::Passkey(id) => tx.remove_passkeys(identity, Some(id)).await? > 0,
        })
    }
}

impl Authenticator {
    /// The second factors of a person: the app, the recovery codes, mailed codes, the passkeys.
    pub async fn list_factors(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        person: &str,
    ) -> Result<Vec<HeldFactor>, Error> {
        let mut tx = opened.store.read().await?;
        let identity = resolve_person(ctx, opened, &mut tx, person).await?.row.id;
        let app = tx
            .totp(identity)
            .await?
            .map(|app| HeldFactor { since: Some(app.confirmed_at), ..HeldFactor::called(APP) });
        let left = tx.recovery_codes(identity).await?;
        let codes =
            (left > 0).then(|| HeldFactor { left: Some(left), ..HeldFactor::called(CODES) });
        let mail = tx
            .mail_factor(identity)
            .await?
            .map(|since| HeldFactor { since: Some(since), ..HeldFactor::called(MAIL) });
        let passkeys = tx.passkeys_of(identity).await?.into_iter().map(|passkey| HeldFactor {
            name: Some(passkey.name),
            since: Some(passkey.created_at),
            used_at: passkey.used_at,
            ..HeldFactor::called(format!("{ONE_PASSKEY}{}", passkey.id))
        });
        Ok(app.into_iter().chain(codes).chain(mail).chain(passkeys).collect())
    }

    /// Takes a second factor of a person away, the last way in too; returns how many sessions ended, which are all. The codes go
    /// with the app.
    pub async fn remove_factor(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        (person, factor): (&str, &str),
    ) -> Result<u64, Error> {
        let mut tx = opened.store.begin().await?;
        let identity = resolve_person(ctx, opened, &mut tx, person).await?.row.id;
        let ended = self.take_away(tx, ctx, opened, (identity, factor)).await?;
        ended.ok_or_else(|| {
            Error::not_found(format!("`{person}` has no factor `{factor}`"))
                .hint("`muster factors list` shows those that there are")
        })
    }

    /// Takes a second factor of one's own away, as [`Authenticator::remove_factor`] calls it; false when there was none. All
    /// sessions end: what they were opened with is worth nothing any more.
    pub async fn remove_own_factor(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        (identity, factor): (EntityId, &str),
    ) -> Result<bool, Error> {
        let tx = opened.store.begin().await?;
        Ok(self.take_away(tx, ctx, opened, (identity, factor)).await?.is_some())
    }

    async fn take_away(
        &self,
        mut tx: Tx,
        ctx: &Ctx,
        opened: &Opened,
        (identity, factor): (EntityId, &str),
    ) -> Result<Option<u64>, Error> {
        let which = Which::read(factor).ok_or_else(|| {
            Error::invalid(format!("`{factor}` is no factor"))
                .hint("`app`, `codes`, `mail`, `passkeys` or one of them, such as `passkey-7`, can be removed")
        })?;
        if !which.remove(&mut tx, identity, ctx.now()).await? {
            return Ok(None);
        }
        let ended = tx.end_sessions(identity, None, ctx.now()).await?;
        tx.end_sign_in_flows(identity, &[]).await?;
        tx.end_recoveries(identity).await?;
        let detail = json!({ "factor": factor, "sessions_ended": ended });
        self.write_down(&mut tx, ctx, opened, identity, ("factor.remove", detail)).await?;
        tx.commit().await?;
        Ok(Some(ended))
    }
}

/// A factor as programs see it.
pub fn factor_json(held: &HeldFactor) -> Json {
    let HeldFactor { factor, name, since, used_at, left } = held;
    let at = |at: &Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "factor": factor, "name": name.as_deref(), "since": at(since), "used_at": at(used_at),
        "left": left,
    })
}
