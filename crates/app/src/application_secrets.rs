//! Secrets of applications: made once, shown once, kept as hashes.

use std::fmt;

use jiff::Timestamp;
use muster_model::Text;
use muster_policy::Application;
use muster_store::{ApplicationSecret, Entry, Sequence, Tx};
use serde_json::{Value as Json, json};

use crate::{
    Ctx, Error, Opened,
    clients::{hash, hint, random_token},
    similar,
};

/// Every secret begins so, which lets scanners of source code find one that was left there.
const PREFIX: &str = "mss_";

/// A secret that was just made.
pub struct SecretMade {
    /// The secret. It cannot be shown again.
    pub secret: String,
    /// What is kept of it.
    pub kept: ApplicationSecret,
}

impl SecretMade {
    /// The secret, with what is kept of it.
    pub fn json(&self, now: Timestamp) -> Json {
        let mut document = application_secret_json(&self.kept, now);
        if let Some(fields) = document.as_object_mut() {
            fields.insert("value".to_owned(), self.secret.as_str().into());
        }
        document
    }
}

impl fmt::Debug for SecretMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretMade").field("kept", &self.kept).finish_non_exhaustive()
    }
}

/// Makes a secret of an application. Those it has stay, so that it can change over without a gap.
pub async fn create_application_secret(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    expires_at: Option<Timestamp>,
) -> Result<SecretMade, Error> {
    let application = application_named(opened, name)?;
    if expires_at.is_some_and(|at| at <= ctx.now()) {
        return Err(Error::invalid("the secret would have expired already"));
    }
    let secret = random_token(PREFIX)?;
    let mut tx = opened.store.begin().await?;
    let kept = ApplicationSecret {
        id: tx.take_ids(Sequence::ApplicationSecret, 1).await?,
        application: application.name.clone(),
        hash: hash(&secret),
        hint: hint(&secret),
        created_at: ctx.now(),
        created_by: ctx.actor.clone(),
        expires_at,
        revoked_at: None,
    };
    tx.insert_application_secret(&kept).await?;
    let detail =
        json!({ "secret": kept.id, "begins": &*kept.hint, "expires_at": shown(expires_at) });
    entry(&mut tx, ctx, "application-secret.create", &kept.application, detail).await?;
    tx.commit().await?;
    Ok(SecretMade { secret, kept })
}

/// The secrets of an application, the oldest first; also those that are refused.
pub async fn list_application_secrets(
    opened: &Opened,
    name: &str,
) -> Result<Vec<ApplicationSecret>, Error> {
    let application = application_named(opened, name)?;
    Ok(opened.store.read().await?.application_secrets(&application.name).await?)
}

/// Refuses a secret from now on.
pub async fn revoke_application_secret(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    id: i64,
) -> Result<(), Error> {
    let application = application_named(opened, name)?;
    let mut tx = opened.store.begin().await?;
    let kept = tx.application_secrets(&application.name).await?;
    if kept.iter().all(|kept| kept.id != id) {
        return Err(Error::not_found(format!("application `{name}` has no secret {id}"))
            .hint("muster applications secrets shows them"));
    }
    if tx.revoke_application_secret(&application.name, id, ctx.now()).await? {
        let detail = json!({ "secret": id });
        entry(&mut tx, ctx, "application-secret.revoke", &application.name, detail).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The application with this name.
pub fn application_named<'a>(opened: &'a Opened, name: &str) -> Result<&'a Application, Error> {
    let known = &opened.model.applications;
    known.iter().find(|application| &*application.name == name).ok_or_else(|| {
        let error = Error::not_found(format!("there is no application `{name}`"));
        match similar(name, known.iter().map(|application| &application.name)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("applications are defined under `applications:` in the project"),
        }
    })
}

/// An application as people and programs may see it.
pub fn application_json(of: &Application) -> Json {
    let texts = |texts: &[Text]| texts.iter().map(|text| &**text).collect::<Json>();
    let grants: Json = of.grants.iter().map(|grant| grant.word()).collect();
    json!({
        "application": &*of.name, "title": &*of.title, "authentication": of.authentication.word(), "grants": grants,
        "scopes": texts(&of.scopes), "redirect_uris": texts(&of.redirect_uris), "algorithm": of.algorithm.word(),
    })
}

/// A secret as people and programs may see it.
pub fn application_secret_json(secret: &ApplicationSecret, now: Timestamp) -> Json {
    let is_valid = secret.revoked_at.is_none() && secret.expires_at.is_none_or(|at| now < at);
    json!({
        "application": &*secret.application, "secret": secret.id, "begins": &*secret.hint, "valid": is_valid,
        "created_at": secret.created_at.to_string(), "created_by": &*secret.created_by,
        "expires_at": shown(secret.expires_at), "revoked_at": shown(secret.revoked_at),
    })
}

fn shown(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

async fn entry(
    tx: &mut Tx,
    ctx: &Ctx,
    action: &str,
    application: &Text,
    detail: Json,
) -> Result<(), Error> {
    let entry = Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: action.into(),
        subject: format!("application {application}").into(),
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    };
    tx.append_journal(&entry).await?;
    Ok(())
}
