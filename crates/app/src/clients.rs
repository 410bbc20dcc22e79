//! Clients, the programs that call us: they get a token, are known by it, and lose it.
//!
//! A token is 256 random bits and is shown once. Only its SHA-256 is kept: there is nothing to guess, so a slow hash would
//! cost every request and protect nothing.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use muster_model::{EntityId, Text};
use muster_store::{Client, ClientToken, Entry, ReadTx, Sequence, Store, Tx};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::{Ctx, Error, Opened, Scopes, random, resolve_person};

/// Every token begins so, which lets scanners of source code find one that was left there.
const PREFIX: &str = "mst_";
/// Letters of a token that are kept, so that people can tell tokens apart.
const HINT: usize = PREFIX.len() + 4;
/// Letters of a name at most.
const LONGEST_NAME: usize = 64;
/// What the name of a client is, as a regular expression.
pub const CLIENT_NAME: &str = "^[A-Za-z0-9._-]{1,64}$";

/// A token that was just made.
pub struct TokenMade {
    /// The token. It cannot be shown again.
    pub token: String,
    /// What is kept of it.
    pub kept: ClientToken,
    /// The client's name.
    pub client: Text,
}

impl fmt::Debug for TokenMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenMade").field("kept", &self.kept).finish_non_exhaustive()
    }
}

/// A client that showed a valid token.
#[derive(Debug, Clone)]
pub struct KnownClient {
    /// Which client.
    pub id: i64,
    /// Its name.
    pub name: Text,
    /// The token it showed.
    pub token: i64,
    /// What the token may be used for.
    pub scopes: Scopes,
    /// Whose rights narrow it.
    pub acts_for: Option<EntityId>,
}

/// Makes a token for the client of this name, and the client when there is none.
pub async fn create_token(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    scopes: &Scopes,
    expires_at: Option<Timestamp>,
) -> Result<TokenMade, Error> {
    create_token_for(ctx, opened, name, scopes, expires_at, None).await
}

/// As [`create_token`], for a client that acts for a person: it may do what that person may do in Muster, no more.
pub async fn create_token_for(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    scopes: &Scopes,
    expires_at: Option<Timestamp>,
    person: Option<&str>,
) -> Result<TokenMade, Error> {
    let name_key = checked_name(name)?;
    if scopes.is_empty() {
        return Err(Error::invalid("a token without a scope is of no use"));
    }
    if expires_at.is_some_and(|at| at <= ctx.now()) {
        return Err(Error::invalid("the token would have expired already"));
    }
    if person.is_some() && scopes.iter().any(|scope| !scope.is_narrowed_by_rights()) {
        return Err(Error::invalid("a token that acts for a person is for the API only")
            .hint("give it the scope api:read or api:write; the person's roles say the rest"));
    }
    let mut tx = opened.store.begin().await?;
    let acts_for = match person {
        Some(person) => Some(resolve_person(ctx, opened, &mut tx, person).await?.row.id),
        None => None,
    };
    let client = match tx.client_named(&name_key).await? {
        Some(client) => client,
        None => new_client(&mut tx, ctx, name, name_key).await?,
    };
    let made = new_token(&mut tx, ctx, &client, scopes, expires_at, acts_for).await?;
    entry(&mut tx, ctx, "token.create", &client, document(&made.kept)).await?;
    tx.commit().await?;
    Ok(made)
}

/// Makes a new token with the scopes of the client's newest living one; the living ones end at `old_end` at the latest, so
/// that the client can change over without a gap.
pub async fn rotate_token(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    old_end: Timestamp,
    expires_at: Option<Timestamp>,
) -> Result<TokenMade, Error> {
    let mut tx = opened.store.begin().await?;
    let client = living(&mut tx, name).await?;
    let now = ctx.now();
    let tokens = tx.client_tokens(client.id).await?;
    let living: Vec<&ClientToken> = tokens.iter().filter(|token| is_valid(token, now)).collect();
    let Some(newest) = living.last() else {
        return Err(Error::not_found(format!("client `{name}` has no valid token"))
            .hint("muster token create makes one"));
    };
    let made =
        new_token(&mut tx, ctx, &client, &newest.scopes.parse()?, expires_at, newest.acts_for)
            .await?;
    for token in &living {
        tx.shorten_client_token(token.id, old_end).await?;
    }
    let detail = json!({ "token": document(&made.kept), "old_end": old_end.to_string() });
    entry(&mut tx, ctx, "token.rotate", &client, detail).await?;
    tx.commit().await?;
    Ok(made)
}

/// Refuses a token from now on.
pub async fn revoke_token(ctx: &Ctx, opened: &Opened, name: &str, token: i64) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    let client = living(&mut tx, name).await?;
    let tokens = tx.client_tokens(client.id).await?;
    if tokens.iter().all(|kept| kept.id != token) {
        return Err(Error::not_found(format!("client `{name}` has no token {token}"))
            .hint("muster token list shows them"));
    }
    if tx.revoke_client_token(token, ctx.now()).await? {
        entry(&mut tx, ctx, "token.revoke", &client, json!({ "token": token })).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Ends a client: all its tokens are refused from now on, and its name is free.
pub async fn end_client(ctx: &Ctx, opened: &Opened, name: &str) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    let client = living(&mut tx, name).await?;
    tx.end_client(client.id, ctx.now()).await?;
    entry(&mut tx, ctx, "client.end", &client, Json::Null).await?;
    tx.commit().await?;
    Ok(())
}

/// Clients with their tokens, the oldest first; also those that are gone.
pub async fn list_clients(
    opened: &Opened,
    after: Option<i64>,
    limit: usize,
) -> Result<Vec<(Client, Vec<ClientToken>)>, Error> {
    let mut tx = opened.store.read().await?;
    let mut listed = Vec::new();
    for client in tx.clients(after, limit).await? {
        let tokens = tx.client_tokens(client.id).await?;
        listed.push((client, tokens));
    }
    Ok(listed)
}

/// The client that `token` belongs to; `None` when it is unknown, expired or revoked, or its client is gone.
#[tracing::instrument(name = "use_case", skip_all, fields(otel.name = "known_client"))]
pub async fn known_client(
    store: &Store,
    token: &str,
    now: Timestamp,
) -> Result<Option<KnownClient>, Error> {
    if !token.starts_with(PREFIX) {
        return Ok(None);
    }
    let mut tx = store.read().await?;
    let kept = tx.client_token(&hash(token)).await?.filter(|kept| is_valid(kept, now));
    let Some(kept) = kept else { return Ok(None) };
    let client = tx.client(kept.client).await?.filter(|client| client.ended_at.is_none());
    let Some(client) = client else { return Ok(None) };
    let scopes = kept.scopes.parse()?;
    Ok(Some(KnownClient {
        id: client.id,
        name: client.name,
        token: kept.id,
        scopes,
        acts_for: kept.acts_for,
    }))
}

/// Whether the token that a client has shown is still valid.
pub async fn is_still_known(
    tx: &mut ReadTx,
    client: &KnownClient,
    now: Timestamp,
) -> Result<bool, Error> {
    let tokens = tx.client_tokens(client.id).await?;
    let is_valid = tokens.iter().any(|kept| kept.id == client.token && is_valid(kept, now));
    let known = tx.client(client.id).await?;
    Ok(is_valid && known.is_some_and(|client| client.ended_at.is_none()))
}

/// A token as people and programs may see it.
pub fn token_json(token: &ClientToken, now: Timestamp) -> Json {
    let mut document = document(token);
    if let Some(fields) = document.as_object_mut() {
        fields.insert("valid".to_owned(), is_valid(token, now).into());
        fields.insert("created_at".to_owned(), token.created_at.to_string().into());
        fields.insert("created_by".to_owned(), (*token.created_by).into());
        let revoked = token.revoked_at.map(|at| at.to_string());
        fields.insert("revoked_at".to_owned(), revoked.into());
    }
    document
}

fn document(token: &ClientToken) -> Json {
    let expires = token.expires_at.map(|at| at.to_string());
    json!({
        "token": token.id, "begins": &*token.hint, "scopes": &*token.scopes, "expires_at": expires,
        "acts_for": token.acts_for.map(|person| person.0),
    })
}

fn is_valid(token: &ClientToken, now: Timestamp) -> bool {
    token.revoked_at.is_none() && token.expires_at.is_none_or(|at| now < at)
}

/// True for what may be the name of a client: what [`CLIENT_NAME`] says.
pub fn is_client_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(fits)
}

/// The name folded, when it is one that looks like no other.
fn checked_name(name: &str) -> Result<Text, Error> {
    if !is_client_name(name) {
        return Err(Error::invalid(format!("`{}` is no name for a client", shortened(name)))
            .hint("use up to 64 of the letters a to z, digits, `.`, `_` and `-`"));
    }
    Ok(name.to_ascii_lowercase().into())
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_NAME).collect()
}

async fn living(tx: &mut ReadTx, name: &str) -> Result<Client, Error> {
    let found = tx.client_named(&name.to_ascii_lowercase()).await?;
    found.ok_or_else(|| {
        Error::not_found(format!("there is no client `{}`", shortened(name)))
            .hint("muster token list shows them")
    })
}

async fn new_client(tx: &mut Tx, ctx: &Ctx, name: &str, name_key: Text) -> Result<Client, Error> {
    let client = Client {
        id: tx.take_ids(Sequence::Client, 1).await?,
        name: name.into(),
        name_key,
        created_at: ctx.now(),
        created_by: ctx.actor.clone(),
        ended_at: None,
    };
    tx.insert_client(&client).await?;
    Ok(client)
}

async fn new_token(
    tx: &mut Tx,
    ctx: &Ctx,
    client: &Client,
    scopes: &Scopes,
    expires_at: Option<Timestamp>,
    acts_for: Option<EntityId>,
) -> Result<TokenMade, Error> {
    let token = random_token(PREFIX)?;
    let kept = ClientToken {
        id: tx.take_ids(Sequence::ClientToken, 1).await?,
        client: client.id,
        hash: hash(&token),
        hint: hint(&token),
        scopes: scopes.to_string().into(),
        acts_for,
        created_at: ctx.now(),
        created_by: ctx.actor.clone(),
        expires_at,
        revoked_at: None,
    };
    tx.insert_client_token(&kept).await?;
    Ok(TokenMade { token, kept, client: client.name.clone() })
}

/// 256 random bits as text, after letters that say what it is.
pub(crate) fn random_token(prefix: &str) -> Result<String, Error> {
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random::<32>()?)))
}

/// What is kept of a token so that people can tell tokens apart.
pub(crate) fn hint(token: &str) -> Text {
    token.chars().take(HINT).collect::<String>().into()
}

/// Under what a token is kept.
pub(crate) fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

async fn entry(
    tx: &mut Tx,
    ctx: &Ctx,
    action: &str,
    client: &Client,
    detail: Json,
) -> Result<(), Error> {
    let entry = Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: action.into(),
        subject: format!("client {}", client.name).into(),
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    };
    tx.append_journal(&entry).await?;
    Ok(())
}
